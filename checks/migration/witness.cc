#include "checks/migration/witness.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "checks/migration/sql/lexer.h"

namespace gate::migration {
namespace {

constexpr size_t kMaxWitnesses = 100;
constexpr size_t kMaxSqlBytes = 200;

struct Known {
  Name table;
  std::string column;
};

// As running code knows them. A table in the default schema is left without it: that is how the
// search path finds it.
Known AsRunning(const Scene& scene, const Name& table, const std::string& column) {
  Known known{table, column};
  const Relation* relation = scene.before.Find(table);
  if (relation == nullptr) return known;
  known.table = relation->was.value_or(relation->name);
  if (table.schema.empty() && known.table.schema == "public") known.table.schema.clear();
  const KnownColumn* now = relation->Find(column);
  if (now != nullptr && !now->was.empty()) known.column = now->was;
  return known;
}

using Question = std::vector<Failing> (Workload::*)(const Name&, std::string_view,
                                                    const Catalog&) const;

std::vector<Failing> Ask(const Scene& scene, const Known& known, Question question) {
  return (scene.running.*question)(known.table, known.column, scene.start);
}

// Another column or table has the name by the time of the commit.
bool IsThereAtCommit(const Scene& scene, const Known& known) {
  return scene.AtCommit().Find(known.table, known.column) != nullptr;
}

}  // namespace

std::string OnOneLine(std::string_view sql) {
  std::string line;
  Lexer lexer(sql);
  uint32_t end = 0;
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    if (!line.empty() && token.span.begin > end) line += ' ';
    line += Slice(sql, token.span);
    end = token.span.end;
    if (line.size() > kMaxSqlBytes) break;
  }
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  if (line.size() <= kMaxSqlBytes) return line;
  size_t cut = kMaxSqlBytes;
  while (cut > 0 && (line[cut] & 0xC0) == 0x80) --cut;
  return line.substr(0, cut) + "...";
}

namespace {

std::string Rate(double calls_per_hour) {
  if (!(calls_per_hour > 0)) return "";
  return calls_per_hour < 10 ? absl::StrFormat(" (%.2g calls per hour)", calls_per_hour)
                             : absl::StrFormat(" (%.0f calls per hour)", calls_per_hour);
}

std::string Statements(size_t count) {
  return absl::StrCat(count, count == 1 ? " statement" : " statements");
}

// "2 statements that the running version executes fail (1200 calls per hour); 1 more may. "
std::string WhatFails(const std::vector<Failing>& failing) {
  const auto count = static_cast<size_t>(std::ranges::count_if(failing, &Failing::certain));
  double calls = 0;
  for (const Failing& each : failing) {
    if (each.certain || count == 0) calls += each.statement->calls_per_hour();
  }
  const size_t rest = failing.size() - count;
  if (count == 0) {
    return absl::StrCat(Statements(rest), " that the running version executes may fail",
                        Rate(calls), ". ");
  }
  return absl::StrCat(Statements(count), " that the running version executes ",
                      count == 1 ? "fails" : "fail", Rate(calls),
                      rest == 0 ? "" : absl::StrCat("; ", rest, " more may"), ". ");
}

// "1 of the 12 statements of the workload could not be read".
std::string Lost(const Workload& workload) {
  return absl::StrCat(workload.lost().size(), " of the ", Statements(workload.size()),
                      " of the workload could not be read");
}

// Why the workload does not show that nothing uses what the word names; empty where it does.
std::string WhyItProvesNothing(const Scene& scene, const std::string& word, const Name& except) {
  if (!scene.recording->flaw.empty()) return scene.recording->flaw;
  if (!scene.before.whole()) {
    return "the schema is not known as a whole, and a function in it may use it";
  }
  const std::string function = scene.before.FunctionThatSays(word, except);
  return function.empty() ? "" : absl::StrCat("function ", function, " says ", word);
}

}  // namespace

void AddWitnesses(std::vector<Failing> failing, Remark& remark) {
  remark.witness_count = failing.size();
  std::ranges::stable_sort(failing, [](const Failing& a, const Failing& b) {
    return std::tuple(!a.certain, -a.statement->calls_per_hour(), a.statement->sql()) <
           std::tuple(!b.certain, -b.statement->calls_per_hour(), b.statement->sql());
  });
  if (failing.size() > kMaxWitnesses) failing.resize(kMaxWitnesses);
  for (const Failing& each : failing) {
    v1::Witness& witness = remark.witnesses.emplace_back();
    witness.set_sql(OnOneLine(each.statement->sql()));
    witness.set_calls_per_hour(each.statement->calls_per_hour());
    witness.set_origin(each.statement->origin());
    witness.set_sqlstate(std::string(each.sqlstate));
    witness.set_certain(each.certain);
  }
}

Answer WithoutTable(const Scene& scene, const Name& table) {
  const Known known = AsRunning(scene, table, "");
  if (scene.AtCommit().Find(known.table) != nullptr) return std::nullopt;
  return scene.running.WithoutTable(known.table, scene.start);
}

Answer WithoutColumn(const Scene& scene, const Name& table, const std::string& column) {
  const Known known = AsRunning(scene, table, column);
  if (IsThereAtCommit(scene, known)) return std::nullopt;
  return Ask(scene, known, &Workload::WithoutColumn);
}

Answer NeedingColumn(const Scene& scene, const Name& table, const std::string& column) {
  return Ask(scene, AsRunning(scene, table, column), &Workload::WithoutColumn);
}

Answer WithoutColumnName(const Scene& scene, const Name& table, const std::string& column) {
  const Known known = AsRunning(scene, table, column);
  if (IsThereAtCommit(scene, known)) return std::nullopt;
  return Ask(scene, known, &Workload::WithoutColumnName);
}

Answer WithoutDefault(const Scene& scene, const Name& table, const std::string& column) {
  return Ask(scene, AsRunning(scene, table, column), &Workload::WithoutDefault);
}

Answer WithoutNull(const Scene& scene, const Name& table, const std::string& column) {
  return Ask(scene, AsRunning(scene, table, column), &Workload::WithoutNull);
}

Answer WithOtherResult(const Scene& scene, const Name& table, const std::string& column) {
  return Ask(scene, AsRunning(scene, table, column), &Workload::WithOtherResult);
}

Answer WithOtherType(const Scene& scene, const Name& table, const std::string& column) {
  return Ask(scene, AsRunning(scene, table, column), &Workload::WithOtherType);
}

Answer WithoutUniqueKey(const Scene& scene, const Name& table,
                        const std::vector<std::string>& columns) {
  std::vector<std::string> known;
  for (const std::string& column : columns) {
    known.push_back(AsRunning(scene, table, column).column);
  }
  return scene.running.WithoutUniqueKey(AsRunning(scene, table, "").table, known, scene.start);
}

Answer WithoutConstraint(const Scene& scene, const Name& table, const std::string& constraint) {
  return scene.running.WithoutConstraint(AsRunning(scene, table, "").table, constraint,
                                         scene.start);
}

Answer WithoutFunction(const Scene& scene, const Name& function) {
  return scene.running.WithoutFunction(function);
}

Answer WithoutLabels(const Scene& scene, const Name& type, const std::vector<std::string>& labels) {
  return scene.running.WithoutLabels(type, labels, scene.start);
}

Answer WithoutLabelsIn(const Scene& scene, const Name& table, const std::string& column,
                       const std::vector<std::string>& labels) {
  const Known known = AsRunning(scene, table, column);
  const KnownColumn* before = scene.start.Find(known.table, known.column);
  const Name type =
      before != nullptr && before->definition.type ? NameOf(*before->definition.type) : Name();
  return scene.running.WithoutLabelsIn(known.table, known.column, type, labels, scene.start);
}

void Prove(const Scene& scene, const Answer& failing, std::string_view does, Remark& remark) {
  const Workload& running = scene.running;
  if (running.empty() || !failing) return;
  const bool whole = running.lost().empty();
  if (!failing->empty()) {
    remark.message = WhatFails(*failing) + remark.message;
    if (!whole) absl::StrAppend(&remark.message, " ", Lost(running), ".");
    return AddWitnesses(*failing, remark);
  }
  absl::StrAppend(&remark.message, " No statement of the given workload ", std::string(does));
  if (whole) {
    absl::StrAppend(&remark.message, " (", Statements(running.size()),
                    "); what runs rarely, and the version that a rollback brings back, may.");
  } else {
    absl::StrAppend(&remark.message, ", but ", Lost(running), ".");
  }
}

Disuse DisuseOf(absl::Time last_use, const Recording& recording) {
  if (!recording.flaw.empty() || last_use > recording.until - recording.max_age) {
    return {Disuse::State::kUsed, last_use};
  }
  const absl::Time since = std::max(last_use, recording.since);
  const absl::Time clears_at = since + recording.unused_for;
  if (recording.now < clears_at) return {Disuse::State::kTooRecent, since, clears_at};
  return {Disuse::State::kUnused, since};
}

void Clear(const Scene& scene, const Answer& failing, const std::string& word, Remark& remark,
           const Name& except) {
  if (!failing) return;
  if (scene.recording == nullptr) {
    if (!failing->empty()) remark.disuse = Disuse{};
    return;
  }
  const Recording& recording = *scene.recording;
  absl::Time used = absl::InfinitePast();
  for (const Failing& each : *failing) {
    used = std::max(used, LastUse(*each.statement, recording));
  }
  const std::string flaw = WhyItProvesNothing(scene, word, except);
  const Disuse disuse = DisuseOf(used, recording);
  if (!flaw.empty() || disuse.state == Disuse::State::kUsed) {
    if (!failing->empty()) remark.disuse = Disuse{Disuse::State::kUsed, used};
    if (!flaw.empty()) absl::StrAppend(&remark.message, " Disuse is not shown: ", flaw, ".");
    return;
  }
  remark.disuse = disuse;
  if (disuse.state == Disuse::State::kTooRecent) return;
  remark.severity = v1::SEVERITY_INFO;
  std::erase(remark.effects, v1::EFFECT_BREAKS_RUNNING_VERSION);
  std::erase(remark.effects, v1::EFFECT_BREAKS_NEW_VERSION);
  remark.witnesses.clear();
  remark.witness_count = 0;
  remark.instead = {};
  const bool loses =
      std::ranges::find(remark.effects, v1::EFFECT_LOSES_DATA) != remark.effects.end();
  remark.message =
      absl::StrCat("No statement has used ", remark.subject, " since ", Moment(disuse.since),
                   ", for longer than the ", InWords(recording.unused_for),
                   " that the policy asks for (", Statements(scene.running.size()), " recorded",
                   recording.versions.empty()
                       ? ""
                       : absl::StrCat(" of version ", absl::StrJoin(recording.versions, ", ")),
                   ").", loses ? " What is in it is lost all the same." : "");
}

}  // namespace gate::migration
