// Table locks that others notice: those that stop reads or writes. PostgreSQL gives none of them
// back before the transaction ends ("Explicit Locking" in its manual has the table of conflicts).
#ifndef CHECKS_MIGRATION_LOCKS_H_
#define CHECKS_MIGRATION_LOCKS_H_

#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/migration/catalog.h"
#include "checks/migration/sql/ast.h"

namespace gate::migration {

enum class LockMode { kShare, kShareRowExclusive, kExclusive, kAccessExclusive };

std::string_view Words(LockMode mode);  // "ACCESS EXCLUSIVE"
// Whether reads wait for it; writes wait for each of them.
inline bool StopsReads(LockMode mode) { return mode == LockMode::kAccessExclusive; }

struct TableLock {
  Name table;  // as the action names it
  LockMode mode = LockMode::kAccessExclusive;
};

// What the action takes on tables that running code can know.
std::vector<TableLock> LocksOf(const Action& action, const Catalog& before);

// What a transaction holds.
class HeldLocks {
 public:
  void Take(const Action& action, const Catalog& before);
  // The strongest on that table; nullptr where there is none.
  const TableLock* On(const Catalog& catalog, const Name& table) const;
  // The strongest of all, the first of equals; nullptr where there is none.
  const TableLock* Strongest() const {
    return strongest_.table.name.empty() ? nullptr : &strongest_;
  }

  // How many tables nobody can read.
  int closed() const { return closed_; }

 private:
  std::map<std::pair<std::string, std::string>, TableLock> held_;  // by schema and name
  TableLock strongest_;
  int closed_ = 0;
};

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_LOCKS_H_
