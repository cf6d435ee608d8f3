#include "checks/migration/workload.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "checks/migration/sql/parse.h"
#include "checks/proto_time.h"

namespace gate::migration {
namespace {

// More than any service has, and few enough for a hostile request to stay cheap.
constexpr size_t kMaxStatements = 50'000;
constexpr size_t kMaxStatementBytes = size_t{1} << 20;
constexpr size_t kMaxUses = 2'000'000;  // of all statements

constexpr std::string_view kNoTable = "42P01", kNoColumn = "42703", kPlanChanged = "0A000",
                           kOtherCount = "42601", kNull = "23502", kOtherType = "42804",
                           kNoFunction = "42883", kNoLabel = "22P02", kNoKey = "42P10",
                           kNoObject = "42704", kDefaultSchema = "public";

// How far the clock of who recorded a workload may be ahead.
constexpr absl::Duration kClockSkew = absl::Minutes(1);

enum class Sure { kNo, kMaybe, kYes };

// Whether the name in a statement means the relation that is asked about. An asked name without a
// schema is one that the default search path finds.
Sure Same(const Workload::Entry& entry, const Name& used, const Name& asked,
          const Catalog& schema) {
  if (used.name != asked.name) return Sure::kNo;
  const std::string_view in =
      asked.schema.empty() ? kDefaultSchema : std::string_view(asked.schema);
  if (used.schema.empty()) {
    const std::vector<std::string>& path = entry.search_path;
    const std::string_view first = path.empty() ? kDefaultSchema : std::string_view(path.front());
    return first == in ? Sure::kYes : Sure::kMaybe;
  }
  if (used.schema == in) return Sure::kYes;
  // The migrations may run with another search path than the statements are taken from.
  if (asked.schema.empty() && schema.Find(used) == nullptr) return Sure::kMaybe;
  return Sure::kNo;
}

Sure Has(const Name& relation, std::string_view column, const Catalog& schema) {
  if (schema.Find(relation, column) != nullptr) return Sure::kYes;
  return schema.IsAbsent(relation, column) ? Sure::kNo : Sure::kMaybe;
}

// Whether the column that is named is the table's; `table` is asked about.
Sure Means(const Workload::Entry& entry, const ColumnUse& use, const Name& table,
           const Catalog& schema) {
  const auto same = [&](const ColumnUse::Candidate& candidate) {
    return Same(entry, entry.uses.relations[candidate.relation], table, schema);
  };
  // The nearest of the others that has such a column, and that may have one.
  int has = ColumnUse::kNowhere, may_have = use.unknown_level;
  for (const ColumnUse::Candidate& other : use.candidates) {
    if (same(other) != Sure::kNo) continue;
    const Sure sure = Has(entry.uses.relations[other.relation], use.column, schema);
    if (sure != Sure::kNo) may_have = std::min(may_have, other.level);
    if (sure == Sure::kYes) has = std::min(has, other.level);
  }
  Sure best = Sure::kNo;
  for (const ColumnUse::Candidate& candidate : use.candidates) {
    if (has < candidate.level) continue;  // What stands nearer takes the name.
    const Sure sure = same(candidate);
    best = std::max(best, may_have <= candidate.level ? std::min(Sure::kMaybe, sure) : sure);
  }
  return best;
}

// The more certain of two ways to fail.
void Take(Sure sure, std::string_view sqlstate, std::optional<Failing>& failing) {
  if (sure == Sure::kNo) return;
  const bool certain = sure == Sure::kYes;
  if (!failing || (certain && !failing->certain)) failing = Failing{nullptr, sqlstate, certain};
}

void TakeNaming(const Workload::Entry& entry, const Name& table, std::string_view column,
                const Catalog& schema, std::optional<Failing>& failing) {
  for (const ColumnUse& use : entry.uses.columns) {
    if (use.column == column) Take(Means(entry, use, table, schema), kNoColumn, failing);
  }
}

// SELECT * only fails where it was prepared, or where something else counts its columns.
void TakeWholeRows(const Workload::Entry& entry, const Name& table, bool counted,
                   std::string_view sqlstate, const Catalog& schema,
                   std::optional<Failing>& failing) {
  for (const WholeRow& row : entry.uses.whole_rows) {
    if (row.counted != counted) continue;
    if (Same(entry, entry.uses.relations[row.relation], table, schema) == Sure::kNo) continue;
    Take(Sure::kMaybe, sqlstate, failing);
  }
}

// The place of the column in the table, from 0; nothing where that is not known.
std::optional<size_t> PositionOf(const Name& table, std::string_view column,
                                 const Catalog& schema) {
  const Relation* relation = schema.Find(table);
  if (relation == nullptr || !relation->all_columns_known) return std::nullopt;
  for (size_t i = 0; i < relation->columns.size(); ++i) {
    if (relation->columns[i].definition.name == column) return i;
  }
  return relation->columns.size();  // one that is new: behind all others
}

// Whether an INSERT by position counts on the column.
Sure CountsOn(const Write& write, const Name& table, std::string_view column,
              const Catalog& schema) {
  if (!write.inserts || !write.positional) return Sure::kNo;
  const std::optional<size_t> position = PositionOf(table, column, schema);
  if (!write.complete || !position) return Sure::kMaybe;
  if (*position >= write.assignments.size()) return Sure::kNo;
  const bool all = write.assignments.size() == schema.Find(table)->columns.size();
  return all ? Sure::kYes : Sure::kMaybe;
}

Sure LeavesOut(const Write& write, const Name& table, std::string_view column,
               const Catalog& schema) {
  if (!write.positional) {
    for (const Assignment& assignment : write.assignments) {
      if (assignment.column == column) return assignment.by_default ? Sure::kYes : Sure::kNo;
    }
    return Sure::kYes;
  }
  if (!write.complete) return Sure::kMaybe;
  const std::optional<size_t> position = PositionOf(table, column, schema);
  if (!position) return Sure::kMaybe;
  if (*position >= write.assignments.size()) return Sure::kYes;
  return write.assignments[*position].by_default ? Sure::kYes : Sure::kNo;
}

Sure WritesNull(const Assignment& assignment) {
  if (assignment.null) return Sure::kYes;
  return assignment.unknown ? Sure::kMaybe : Sure::kNo;
}

Sure WritesNull(const Write& write, const Name& table, std::string_view column,
                const Catalog& schema) {
  if (!write.positional) {
    for (const Assignment& assignment : write.assignments) {
      if (assignment.column == column) return WritesNull(assignment);
    }
    return Sure::kNo;
  }
  const std::optional<size_t> position = PositionOf(table, column, schema);
  if (!write.complete || !position) return Sure::kMaybe;
  return *position < write.assignments.size() ? WritesNull(write.assignments[*position])
                                              : Sure::kNo;
}

template <typename F>
void TakeWrites(const Workload::Entry& entry, const Name& table, const Catalog& schema, F how,
                std::string_view sqlstate, std::optional<Failing>& failing) {
  for (const Write& write : entry.uses.writes) {
    const Sure same = Same(entry, entry.uses.relations[write.relation], table, schema);
    if (same != Sure::kNo) Take(std::min(same, how(write)), sqlstate, failing);
  }
}

bool Writes(const Write& write, std::string_view column) {
  return std::ranges::find(write.assignments, column, &Assignment::column) !=
         write.assignments.end();
}

}  // namespace

void Workload::Add(const v1::WorkloadStatement& statement) {
  ++size_;
  if (size_ > kMaxStatements || statement.sql().size() > kMaxStatementBytes) {
    lost_.push_back({&statement, absl::StrCat("at most ", kMaxStatements, " statements of ",
                                              kMaxStatementBytes, " bytes are read")});
    return;
  }
  std::vector<std::string>& path = paths_[statement.origin()];
  Entry entry{&statement, {}, path};
  if (std::optional<std::string> reason = ReadUses(statement.sql(), entry.uses)) {
    lost_.push_back({&statement, *std::move(reason)});
    return;
  }
  for (const ColumnUse& use : entry.uses.columns) uses_ += 1 + use.candidates.size();
  if (uses_ > kMaxUses) {
    lost_.push_back({&statement, "the statements before it are too large"});
    return;
  }
  if (entry.uses.search_path) {
    path = *entry.uses.search_path;
    std::erase(path, "$user");
  }
  std::set<std::string_view> names;
  for (const Name& relation : entry.uses.relations) names.insert(relation.name);
  for (const std::string_view name : names) {
    by_table_[std::string(name)].push_back(entries_.size());
  }
  entries_.push_back(std::move(entry));
}

template <typename F>
std::vector<Failing> Workload::Ask(const std::string& table, F how) const {
  std::vector<Failing> all;
  const auto found = by_table_.find(table);
  if (found == by_table_.end()) return all;
  for (const size_t i : found->second) {
    std::optional<Failing> failing;
    how(entries_[i], failing);
    if (!failing) continue;
    failing->statement = entries_[i].statement;
    all.push_back(*failing);
  }
  return all;
}

std::vector<Failing> Workload::WithoutTable(const Name& table, const Catalog& schema) const {
  return Ask(table.name, [&](const Entry& entry, std::optional<Failing>& failing) {
    for (const Name& relation : entry.uses.relations) {
      Take(Same(entry, relation, table, schema), kNoTable, failing);
    }
  });
}

std::vector<Failing> Workload::WithoutColumnName(const Name& table, std::string_view column,
                                                 const Catalog& schema) const {
  return Ask(table.name, [&](const Entry& entry, std::optional<Failing>& failing) {
    TakeNaming(entry, table, column, schema, failing);
    TakeWholeRows(entry, table, false, kPlanChanged, schema, failing);
  });
}

std::vector<Failing> Workload::WithoutColumn(const Name& table, std::string_view column,
                                             const Catalog& schema) const {
  return Ask(table.name, [&](const Entry& entry, std::optional<Failing>& failing) {
    TakeNaming(entry, table, column, schema, failing);
    const auto counts = [&](const Write& write) { return CountsOn(write, table, column, schema); };
    TakeWrites(entry, table, schema, counts, kOtherCount, failing);
    TakeWholeRows(entry, table, true, kOtherCount, schema, failing);
    TakeWholeRows(entry, table, false, kPlanChanged, schema, failing);
  });
}

std::vector<Failing> Workload::WithoutDefault(const Name& table, std::string_view column,
                                              const Catalog& schema) const {
  const auto leaves_out = [&](const Write& write) {
    if (write.inserts) return LeavesOut(write, table, column, schema);
    const auto found = std::ranges::find(write.assignments, column, &Assignment::column);
    return found != write.assignments.end() && found->by_default ? Sure::kYes : Sure::kNo;
  };
  return Ask(table.name, [&](const Entry& entry, std::optional<Failing>& failing) {
    TakeWrites(entry, table, schema, leaves_out, kNull, failing);
  });
}

std::vector<Failing> Workload::WithoutNull(const Name& table, std::string_view column,
                                           const Catalog& schema) const {
  const auto writes = [&](const Write& write) { return WritesNull(write, table, column, schema); };
  return Ask(table.name, [&](const Entry& entry, std::optional<Failing>& failing) {
    TakeWrites(entry, table, schema, writes, kNull, failing);
  });
}

std::vector<Failing> Workload::WithOtherResult(const Name& table, std::string_view column,
                                               const Catalog& schema) const {
  return Ask(table.name, [&](const Entry& entry, std::optional<Failing>& failing) {
    for (const ColumnUse& use : entry.uses.columns) {
      if (!use.returned || use.column != column) continue;
      Take(std::min(Sure::kMaybe, Means(entry, use, table, schema)), kPlanChanged, failing);
    }
    TakeWholeRows(entry, table, false, kPlanChanged, schema, failing);
  });
}

std::vector<Failing> Workload::WithOtherType(const Name& table, std::string_view column,
                                             const Catalog& schema) const {
  const std::vector<Failing> naming =
      Ask(table.name, [&](const Entry& entry, std::optional<Failing>& failing) {
        for (const ColumnUse& use : entry.uses.columns) {
          if (use.column != column) continue;
          const bool writes = std::ranges::any_of(
              entry.uses.writes, [&](const Write& write) { return Writes(write, column); });
          Take(std::min(Sure::kMaybe, Means(entry, use, table, schema)),
               writes ? kOtherType : kNoFunction, failing);
        }
        const auto counts = [&](const Write& write) {
          return std::min(Sure::kMaybe, CountsOn(write, table, column, schema));
        };
        TakeWrites(entry, table, schema, counts, kOtherType, failing);
        TakeWholeRows(entry, table, true, kOtherType, schema, failing);
      });
  return Either(WithOtherResult(table, column, schema), naming);
}

std::vector<Failing> Workload::WithoutUniqueKey(const Name& table,
                                                const std::vector<std::string>& columns,
                                                const Catalog& schema) const {
  const std::set<std::string> asked(columns.begin(), columns.end());
  return Ask(table.name, [&](const Entry& entry, std::optional<Failing>& failing) {
    for (const Inference& inference : entry.uses.inferences) {
      if (!inference.constraint.empty()) continue;
      const std::set<std::string> inferred(inference.columns.begin(), inference.columns.end());
      const bool within = std::ranges::includes(asked, inferred);
      if (inferred != asked && !(inference.says_more && within)) continue;
      const Sure same = Same(entry, entry.uses.relations[inference.relation], table, schema);
      Take(inference.says_more ? std::min(Sure::kMaybe, same) : same, kNoKey, failing);
    }
  });
}

std::vector<Failing> Workload::WithoutConstraint(const Name& table, std::string_view constraint,
                                                 const Catalog& schema) const {
  return Ask(table.name, [&](const Entry& entry, std::optional<Failing>& failing) {
    for (const Inference& inference : entry.uses.inferences) {
      if (inference.constraint != constraint) continue;
      Take(Same(entry, entry.uses.relations[inference.relation], table, schema), kNoObject,
           failing);
    }
  });
}

// Which of several with the same name is called, its arguments decide: never certain.
std::vector<Failing> Workload::WithoutFunction(const Name& function) const {
  std::vector<Failing> all;
  for (const Entry& entry : entries_) {
    const bool calls = std::ranges::any_of(entry.uses.functions, [&](const Name& used) {
      return used.name == function.name &&
             (used.schema.empty() || function.schema.empty() || used.schema == function.schema);
    });
    if (calls) all.push_back({entry.statement, kNoFunction, false});
  }
  return all;
}

namespace {

bool SameType(const Name& used, const Name& asked) {
  return used.name == asked.name &&
         (used.schema.empty() || asked.schema.empty() || used.schema == asked.schema);
}

// A constant fails for certain; what binds a parameter may.
void TakeCasts(const Workload::Entry& entry, const Name& type,
               const std::vector<std::string>& labels, std::optional<Failing>& failing) {
  for (const TypeUse& cast : entry.uses.casts) {
    if (!SameType(cast.type, type)) continue;
    const bool names = cast.label && std::ranges::find(labels, *cast.label) != labels.end();
    if (names || !cast.label) Take(names ? Sure::kYes : Sure::kMaybe, kNoLabel, failing);
  }
}

// Values do not show in a normalised statement, nor do rows by position.
void TakeValuesOf(const Workload::Entry& entry, const Name& table, std::string_view column,
                  const Catalog& schema, std::optional<Failing>& failing) {
  for (const ColumnUse& use : entry.uses.columns) {
    if (use.returned || use.column != column) continue;
    Take(std::min(Sure::kMaybe, Means(entry, use, table, schema)), kNoLabel, failing);
  }
  const auto writes = [&](const Write& write) {
    return write.positional || Writes(write, column) ? Sure::kMaybe : Sure::kNo;
  };
  TakeWrites(entry, table, schema, writes, kNoLabel, failing);
}

}  // namespace

std::vector<Failing> Workload::WithoutLabels(const Name& type,
                                             const std::vector<std::string>& labels,
                                             const Catalog& schema) const {
  std::vector<Failing> all;
  for (const Entry& entry : entries_) {
    std::optional<Failing> failing;
    TakeCasts(entry, type, labels, failing);
    for (const Name& relation : entry.uses.relations) {
      const Relation* known = schema.Find(relation);
      if (known == nullptr) continue;
      for (const KnownColumn& column : known->columns) {
        const std::optional<Type>& of = column.definition.type;
        if (!of || !SameType(NameOf(*of), type)) continue;
        TakeValuesOf(entry, known->name, column.definition.name, schema, failing);
      }
    }
    if (!failing) continue;
    failing->statement = entry.statement;
    all.push_back(*failing);
  }
  return all;
}

std::vector<Failing> Workload::WithoutLabelsIn(const Name& table, std::string_view column,
                                               const Name& type,
                                               const std::vector<std::string>& labels,
                                               const Catalog& schema) const {
  return Ask(table.name, [&](const Entry& entry, std::optional<Failing>& failing) {
    TakeCasts(entry, type, labels, failing);
    TakeValuesOf(entry, table, column, schema, failing);
  });
}

namespace {

constexpr std::string_view kSystemColumns[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"};

bool IsSystem(const Name& relation) {
  return relation.schema == "pg_catalog" || relation.schema == "information_schema" ||
         (relation.schema.empty() && relation.name.starts_with("pg_"));
}

// Of tables that are all there, none of which has the column: its name with the first of them. What
// may be the name of a row (SELECT o FROM orders o) is none.
std::string MissingColumn(const Workload::Entry& entry, const ColumnUse& use,
                          const Catalog& schema) {
  const bool system = std::ranges::find(kSystemColumns, use.column) != std::end(kSystemColumns);
  if (system || use.candidates.empty() || use.unknown_level != ColumnUse::kNowhere) return "";
  for (const ColumnUse::Candidate& candidate : use.candidates) {
    const Name& relation = entry.uses.relations[candidate.relation];
    const bool there = schema.Find(relation) != nullptr && !IsSystem(relation);
    const bool whole = std::ranges::find(entry.uses.whole_rows, candidate.relation,
                                         &WholeRow::relation) != entry.uses.whole_rows.end();
    if (!there || whole || Has(relation, use.column, schema) != Sure::kNo) return "";
  }
  const Name& first = entry.uses.relations[use.candidates.front().relation];
  return absl::StrCat(Quoted(first), ".", Quoted(use.column));
}

}  // namespace

std::vector<MissingObject> Workload::MissingFrom(const Catalog& schema) const {
  std::map<std::string, std::vector<Failing>> missing;
  const auto add = [&](const Entry& entry, const std::string& name, std::string_view sqlstate) {
    std::vector<Failing>& failing = missing[name];
    const bool is_new = failing.empty() || failing.back().statement != entry.statement;
    if (is_new) failing.push_back({entry.statement, sqlstate, true});
  };
  for (const Entry& entry : entries_) {
    for (const Name& relation : entry.uses.relations) {
      const bool found_by_path = relation.schema.empty() && !entry.search_path.empty();
      if (found_by_path || IsSystem(relation) || !schema.IsAbsent(relation)) continue;
      add(entry, Quoted(relation), kNoTable);
    }
    for (const ColumnUse& use : entry.uses.columns) {
      const std::string name = MissingColumn(entry, use, schema);
      if (!name.empty()) add(entry, name, kNoColumn);
    }
  }
  std::vector<MissingObject> objects;
  for (auto& [name, failing] : missing) objects.push_back({name, std::move(failing)});
  return objects;
}

Recording RecordingOf(const v1::WorkloadCoverage& coverage, absl::Duration unused_for,
                      absl::Duration max_age, absl::Time now, const Workload& running) {
  Recording recording{FromProto(coverage.recorded_since()), FromProto(coverage.recorded_until()),
                      now, unused_for, max_age};
  recording.versions.assign(coverage.versions().begin(), coverage.versions().end());
  const absl::Duration age = now - recording.until;
  if (!coverage.has_recorded_since() || !coverage.has_recorded_until() ||
      recording.since > recording.until) {
    recording.flaw = "it is not said from when to when the workload was recorded";
  } else if (age > max_age) {
    recording.flaw = absl::StrCat("the workload was read at ", Moment(recording.until),
                                  ", which is more than ", InWords(max_age), " ago");
  } else if (age < -kClockSkew) {
    recording.flaw = absl::StrCat("the workload was read at ", Moment(recording.until),
                                  ", which is yet to come");
  } else if (!coverage.complete()) {
    recording.flaw = "statements were lost while the workload was recorded";
  } else if (running.empty()) {
    recording.flaw = "there is not one statement in the workload";
  } else if (!running.lost().empty()) {
    recording.flaw = absl::StrCat(running.lost().size(), " of the ", running.size(),
                                  " statements of the workload could not be read");
  }
  return recording;
}

std::string Moment(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

std::string InWords(absl::Duration duration) {
  const int64_t hours = duration / absl::Hours(1);
  if (duration != absl::Hours(hours)) return absl::FormatDuration(duration);
  const bool days = hours % 24 == 0;
  const int64_t count = days ? hours / 24 : hours;
  return absl::StrCat(count, days ? " day" : " hour", count == 1 ? "" : "s");
}

absl::Time LastUse(const v1::WorkloadStatement& statement, const Recording& recording) {
  return statement.has_last_seen() ? FromProto(statement.last_seen()) : recording.until;
}

std::vector<Failing> Either(std::vector<Failing> a, const std::vector<Failing>& b) {
  for (const Failing& failing : b) {
    const auto same = std::ranges::find(a, failing.statement, &Failing::statement);
    if (same == a.end()) {
      a.push_back(failing);
    } else if (failing.certain && !same->certain) {
      *same = failing;
    }
  }
  return a;
}

std::vector<Failing> Maybe(std::vector<Failing> failing) {
  for (Failing& each : failing) each.certain = false;
  return failing;
}

}  // namespace gate::migration
