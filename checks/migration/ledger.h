// What a release does, from its first file to its last: for rules that judge it as a whole.
#ifndef CHECKS_MIGRATION_LEDGER_H_
#define CHECKS_MIGRATION_LEDGER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/migration/catalog.h"
#include "checks/migration/phase.h"
#include "checks/migration/rule.h"
#include "checks/migration/workload.h"

namespace gate::migration {

// An action, and what the rules found about it; or a statement that changes rows.
struct Deed {
  size_t file = 0;
  std::string_view text;  // the file's
  Span statement;
  std::optional<Action> action;
  std::optional<Uses> uses = {};  // of a statement that changes rows, where it could be read
  Phase phase = Phase::kNeutral;
  // The table that it changes, with its schema, by its name before the release.
  std::optional<Name> table;
  // Whether the running version can know what it does something to, and did not get it from this
  // release.
  bool existed = false;

  struct Found {
    const Rule* rule;
    Remark remark;
  };
  std::vector<Found> found;
};

struct Ledger {
  std::vector<std::string> paths;  // of the files
  std::vector<Deed> deeds;         // in the order in which they run
  // Whether there were more than are kept: then nothing is said about the release as a whole.
  bool cut = false;
  const Catalog& start;  // the schema before the release
  const Catalog& end;    // and after it, not yet settled
  const Workloads& workloads;
  int postgres_version = 0;
};

// Whether a rule found that the running version breaks by it, and nothing shows that it does not.
bool Breaks(const Deed& deed);

// "db/2.sql:3".
std::string PlaceOf(const Ledger& ledger, const Deed& deed);

// The column that a contraction takes away, renames or retypes; "" where it is about none.
std::string ColumnOf(const Action& contract);

// What a release adds to a table, or beside it, while it contracts the table: places in the ledger.
struct Expansion {
  std::vector<size_t> adds;       // columns of it, and what takes its data over
  std::vector<size_t> copies;     // statements that carry its data there
  std::vector<size_t> contracts;  // what takes away, renames or retypes
};

// The expansion that a contraction of this table comes too early for; nothing where the release
// only contracts it. `table` is a Deed's.
std::optional<Expansion> ExpansionOf(const Ledger& ledger, const Name& table);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_LEDGER_H_
