// The statements that a version of the service executes, and which of them fail when the schema
// changes under them. Each is parsed once; what it uses is kept as values. Names that only the
// schema can resolve (an unqualified column of a join, a table found by the search path) are
// resolved when a question comes, by the schema for which the statements were written.
//
// A statement that cannot be read is lost coverage: kept and counted. No answer of a workload shows
// that nothing fails, since what runs once a month is not in it; it only names what does.
#ifndef CHECKS_MIGRATION_WORKLOAD_H_
#define CHECKS_MIGRATION_WORKLOAD_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/migration/catalog.h"
#include "checks/migration/sql/uses.h"
#include "gate/v1/change.pb.h"

namespace gate::migration {

// A statement that fails, and how.
struct Failing {
  const v1::WorkloadStatement* statement = nullptr;
  std::string_view sqlstate;
  bool certain = false;  // else it may
};

struct LostStatement {
  const v1::WorkloadStatement* statement = nullptr;
  std::string reason;
};

// What statements name and the schema does not have.
struct MissingObject {
  std::string name;  // "orders.note"
  std::vector<Failing> failing;
};

// Immutable once made; questions may be asked from any thread.
class Workload {
 public:
  Workload() = default;
  // The statements outlive this. In their order: SET search_path holds for those behind it.
  template <typename Statements>
  explicit Workload(const Statements& statements) {
    for (const v1::WorkloadStatement& statement : statements) Add(statement);
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  const std::vector<LostStatement>& lost() const { return lost_; }

  // What fails, by statement in their order, when ...
  // the table is gone (42P01);
  std::vector<Failing> WithoutTable(const Name& table, const Catalog& schema) const;
  // the column has another name: what names it (42703), and what has prepared a result with all
  // columns (0A000);
  std::vector<Failing> WithoutColumnName(const Name& table, std::string_view column,
                                         const Catalog& schema) const;
  // the column is gone: the same, and what counts the columns (42601);
  std::vector<Failing> WithoutColumn(const Name& table, std::string_view column,
                                     const Catalog& schema) const;
  // nothing fills the column any more, be it one that the version does not know: what inserts
  // without it (23502);
  std::vector<Failing> WithoutDefault(const Name& table, std::string_view column,
                                      const Catalog& schema) const;
  // the column refuses NULL: what writes it as a value (23502);
  std::vector<Failing> WithoutNull(const Name& table, std::string_view column,
                                   const Catalog& schema) const;
  // results with the column have another type: what has prepared one (0A000);
  std::vector<Failing> WithOtherResult(const Name& table, std::string_view column,
                                       const Catalog& schema) const;
  // the column has another type: the same, and what else names it (42804 where it writes, 42883
  // where it compares);
  std::vector<Failing> WithOtherType(const Name& table, std::string_view column,
                                     const Catalog& schema) const;
  // no unique key has just these columns (42P10);
  std::vector<Failing> WithoutUniqueKey(const Name& table, const std::vector<std::string>& columns,
                                        const Catalog& schema) const;
  // the table's constraint of this name is gone (42704);
  std::vector<Failing> WithoutConstraint(const Name& table, std::string_view constraint,
                                         const Catalog& schema) const;
  // the function is gone, or takes other arguments (42883);
  std::vector<Failing> WithoutFunction(const Name& function) const;
  // the enum has no such labels (22P02): what casts one to it, and what may write one of them to a
  // column of the type or compare it with one.
  std::vector<Failing> WithoutLabels(const Name& type, const std::vector<std::string>& labels,
                                     const Catalog& schema) const;
  // the column's type has no such labels: the same, of this column alone.
  std::vector<Failing> WithoutLabelsIn(const Name& table, std::string_view column, const Name& type,
                                       const std::vector<std::string>& labels,
                                       const Catalog& schema) const;

  // What is certain not to be in the schema, by name. Not what belongs to PostgreSQL itself.
  std::vector<MissingObject> MissingFrom(const Catalog& schema) const;

  // The statements that could be read, for who asks them something else.
  struct Entry {
    const v1::WorkloadStatement* statement = nullptr;
    Uses uses;
    std::vector<std::string> search_path;  // empty: the default
  };
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  void Add(const v1::WorkloadStatement& statement);
  template <typename F>
  std::vector<Failing> Ask(const std::string& table, F how) const;

  size_t size_ = 0;
  size_t uses_ = 0;
  std::vector<Entry> entries_;
  std::vector<LostStatement> lost_;
  std::map<std::string, std::vector<size_t>, std::less<>> by_table_;    // by name without schema
  std::map<std::string, std::vector<std::string>, std::less<>> paths_;  // by origin, while adding
};

// Over which time the running workload was recorded, and what the policy asks of it.
struct Recording {
  absl::Time since = absl::InfinitePast();
  absl::Time until = absl::InfinitePast();
  absl::Time now = absl::InfinitePast();
  absl::Duration unused_for = absl::InfiniteDuration();
  absl::Duration max_age = absl::ZeroDuration();
  std::vector<std::string> versions;  // that ran in that time
  // Why what is not in it proves nothing, for people; empty where it does.
  std::string flaw;
};

// What both versions execute, as far as it is known.
struct Workloads {
  Workload running;
  Workload next;  // the new version's
  std::optional<Recording> recording = {};
};

Recording RecordingOf(const v1::WorkloadCoverage& coverage, absl::Duration unused_for,
                      absl::Duration max_age, absl::Time now, const Workload& running);

// "2026-11-21 12:00 UTC", "7 days", "90m".
std::string Moment(absl::Time time);
std::string InWords(absl::Duration duration);

// When the statement last ran.
absl::Time LastUse(const v1::WorkloadStatement& statement, const Recording& recording);

// Both, each statement once, as the more certain of the two says.
std::vector<Failing> Either(std::vector<Failing> a, const std::vector<Failing>& b);
// The same, but none of them certain.
std::vector<Failing> Maybe(std::vector<Failing> failing);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_WORKLOAD_H_
