// The order in which the tools run migrations. Folder by folder, by name; in a folder by version,
// number by number, and what runs at every change (Flyway's R__) last. Where each migration is a
// folder of its own (Prisma, Diesel: 20240101_add_orders/migration.sql), that name counts, and the
// folder is the one around. A file without a version comes behind those that have one, by name.
#ifndef CHECKS_MIGRATION_ORDER_H_
#define CHECKS_MIGRATION_ORDER_H_

#include <string>
#include <string_view>
#include <vector>

namespace gate::migration {

// Where a migration's path puts it, taken apart once: for who sorts many.
struct RunKey {
  std::string folder;
  std::string name;  // from the part that has the version on
  std::vector<std::string> version;
  bool repeatable = false;
  std::string path;
};
RunKey RunKeyOf(std::string_view path);
bool operator<(const RunKey& a, const RunKey& b);  // whether it runs before

// Whether migration `a` runs before `b`. A strict weak order; paths that only differ in "./" or
// "//" stand side by side.
bool RunsBefore(std::string_view a, std::string_view b);

// The folder whose migrations run one after another: "db/migrations".
std::string FolderOf(std::string_view path);

// Whether it names itself the first one: version 0 or 1 (0001_users.sql, V1__a.sql), or "init" or
// "initial" among its words, as tools write it (20240101_init/migration.sql).
bool IsFirst(std::string_view path);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_ORDER_H_
