#include "gate/evidence/rehearsal/trial.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gate/evidence/rehearsal/script.h"

namespace gate {
namespace {

constexpr std::string_view kPreparable[] = {"(",     "DELETE", "INSERT", "MERGE", "SELECT",
                                            "TABLE", "UPDATE", "VALUES", "WITH"};
constexpr std::string_view kHarmless[] = {
    "ABORT",    "BEGIN",  "CLOSE",  "COMMIT",   "DEALLOCATE", "DISCARD",
    "END",      "LISTEN", "NOTIFY", "RELEASE",  "RESET",      "SET",
    "ROLLBACK", "SHOW",   "START",  "UNLISTEN", "SAVEPOINT"};

constexpr std::string_view kPrefix = "trial";

std::string Explain(size_t index, size_t parameters) {
  std::string sql = absl::StrCat("EXPLAIN (COSTS OFF) EXECUTE ", std::string(kPrefix), index);
  for (size_t i = 0; i < parameters; ++i) sql += i == 0 ? "(NULL" : ", NULL";
  return parameters == 0 ? sql : sql + ")";
}

// A server keeps what is prepared, and its plan.
constexpr size_t kAtATime = 500;

Trial NoRoom() {
  Trial trial;
  trial.described.error = SqlError{"", "the workload returns more columns than there is room for"};
  return trial;
}

void TrySome(Session& session, std::span<const std::string> statements, std::span<Trial> trials) {
  std::vector<Described> described = session.PrepareAll(statements, kPrefix);
  std::vector<std::string> explains;
  std::vector<size_t> explained;
  for (size_t i = 0; i < trials.size(); ++i) {
    trials[i].described = std::move(described[i]);
    if (!trials[i].described.ok()) continue;
    explains.push_back(Explain(i, trials[i].described.parameters.size()));
    explained.push_back(i);
  }
  std::vector<std::optional<SqlError>> errors = session.RunAll(explains);
  for (size_t i = 0; i < explained.size(); ++i) {
    trials[explained[i]].plan_error = std::move(errors[i]);
  }
  session.Run("DEALLOCATE ALL");
}

}  // namespace

TextKind KindOf(std::string_view sql) {
  const std::string word = ScriptStep{.sql = sql}.FirstWord();
  if (std::ranges::find(kPreparable, word) != std::end(kPreparable)) return TextKind::kPreparable;
  if (std::ranges::find(kHarmless, word) != std::end(kHarmless)) return TextKind::kHarmless;
  return TextKind::kUtility;
}

bool IsOurLimit(const SqlError& error) {
  const std::string_view sqlstate = error.sqlstate;
  return sqlstate.empty() || sqlstate.starts_with("08") || sqlstate.starts_with("53") ||
         sqlstate.starts_with("57");
}

std::vector<Trial> TryAll(Session& session, std::span<const std::string> statements,
                          size_t column_bytes) {
  session.Run("SET plan_cache_mode = force_generic_plan");
  std::vector<Trial> trials(statements.size());
  size_t bytes = 0;
  for (size_t begin = 0; begin < statements.size(); begin += kAtATime) {
    const std::span<const std::string> some =
        statements.subspan(begin, std::min(kAtATime, statements.size() - begin));
    TrySome(session, some, std::span(trials).subspan(begin, some.size()));
    for (Trial& trial : std::span(trials).subspan(begin, some.size())) {
      for (const auto& column : trial.described.columns)
        bytes += sizeof column + column.name.size();
      if (bytes > column_bytes) trial = NoRoom();
    }
  }
  return trials;
}

TypeNames NameTypes(Session& session, std::span<const Trial> trials) {
  TypeNames names;
  for (const Trial& trial : trials) {
    for (const Oid type : trial.described.parameters) names[{type, -1}];
    for (const auto& column : trial.described.columns) names[{column.type, column.modifier}];
  }
  const auto list = [&](const auto& part) { return absl::StrJoin(names, ",", part); };
  const SqlResult result = session.Query(absl::StrCat(
      "SELECT t, m, format_type(t, m) FROM unnest('{",
      list([](std::string* out, const auto& type) { absl::StrAppend(out, type.first.first); }),
      "}'::oid[], '{",
      list([](std::string* out, const auto& type) { absl::StrAppend(out, type.first.second); }),
      "}'::int[]) AS type(t, m)"));
  for (const auto& row : result.rows) {
    names[{static_cast<Oid>(std::stoul(row[0])), std::stoi(row[1])}] = row[2];
  }
  return names;
}

}  // namespace gate
