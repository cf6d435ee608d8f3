// How migration tools write their files: which part goes up and which goes down, and what runs in a
// transaction. One tool is one entry of a table.
#ifndef CHECKS_MIGRATION_FORMATS_H_
#define CHECKS_MIGRATION_FORMATS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/sql/text.h"
#include "gate/v1/change.pb.h"

namespace gate::migration {

// What the runner does about transactions.
enum class Wrapping {
  kNone,            // each statement commits by itself
  kTransaction,     // one around the section
  kIfSeveral,       // sent as one query: several statements share an implicit transaction
  kUnlessForbidden  // one, unless a statement cannot run inside
};

// Whether so many statements run in one transaction; `forbidden`: one of them cannot.
bool IsWrapped(Wrapping wrapping, size_t statements, bool forbidden);

// A stretch of a file that goes up, or down.
struct Section {
  Span span;
  Wrapping wrapping = Wrapping::kNone;
};

// The parts of the file that go up, in order; none where the whole file goes down.
std::vector<Section> UpSections(const v1::MigrationFile& file, std::string_view text);

// What undoes a migration: a text, and its parts in the order in which they run. Without parts
// there is none; a part without a statement is one that does nothing.
struct DownPart {
  std::string text;
  std::vector<Section> sections;
};

// The file's down_sql, else the down part of its own text (Liquibase's --rollback lines as well).
DownPart DownPartOf(const v1::MigrationFile& file);

// Whether, by its name, the file at `down` undoes the migration at `up`: 1_a.down.sql for
// 1_a.up.sql or 1_a.sql, 1_a_down.sql for 1_a_up.sql or 1_a.sql, down.sql beside up.sql or
// migration.sql, Flyway's U1__a.sql for V1__a.sql.
bool Undoes(std::string_view down, std::string_view up);

// The paths without those that undo another of `all`.
std::vector<std::string> WithoutDownParts(std::vector<std::string> paths,
                                          std::span<const std::string> all);

// The tool for which the file is written, from its markers and its name where it does not say.
v1::MigrationFormat FormatOf(const v1::MigrationFile& file, std::string_view text);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_FORMATS_H_
