// Statements of the running version that still run, and return or take something else than before.
#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/proof_parts.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

std::string Columns(const google::protobuf::RepeatedPtrField<v1::ResultColumn>& columns) {
  return absl::StrCat("(",
                      absl::StrJoin(columns, ", ",
                                    [](std::string* out, const auto& column) {
                                      absl::StrAppend(out, column.name(), " ", column.type());
                                    }),
                      ")");
}

// Clients that bind and read one bind and read the other.
bool ReadAlike(std::string_view a, std::string_view b) {
  const auto base = [](std::string_view type) {
    const std::string_view name = type.substr(0, type.find('('));
    return name == "character varying" ? std::string_view("text") : name;
  };
  return base(a) == base(b);
}

// Whether clients that look at the columns that they know find them where they were.
bool KeepsItsColumns(const v1::ResultChange& change) {
  if (change.after_size() < change.before_size()) return false;
  for (int i = 0; i < change.before_size(); ++i) {
    const v1::ResultColumn &was = change.before(i), &is = change.after(i);
    if (was.name() != is.name() || !ReadAlike(was.type(), is.type())) return false;
  }
  return std::ranges::equal(change.parameters_before(), change.parameters_after(), ReadAlike);
}

std::optional<size_t> FindingOf(const Proving& proof, const v1::ResultChange& change) {
  const std::vector<std::string_view> rules = {"change_type", "rename_column", "drop_column"};
  const auto [begin, end] = proof.by_witness.equal_range(OnOneLine(change.statement().sql()));
  for (auto at = begin; at != end; ++at) {
    if (IsOf(proof.findings[at->second], rules)) return at->second;
  }
  for (size_t i = 0; i < proof.proven.size(); ++i) {
    if (!IsOf(proof.findings[i], rules)) continue;
    const std::string column = LastName(proof.findings[i].subject());
    const auto is = [&column](const v1::ResultColumn& one) { return one.name() == column; };
    if (std::ranges::any_of(change.before(), is)) return i;
  }
  return std::nullopt;
}

void AddResults(Proving& proof, const std::vector<const v1::ResultChange*>& changes,
                v1::Severity severity, std::string_view means) {
  if (changes.empty()) return;
  const v1::ResultChange& first = *changes.front();
  std::string object;
  for (int i = 0; i < first.before_size() && object.empty(); ++i) {
    const bool same = i < first.after_size() && first.after(i).name() == first.before(i).name() &&
                      first.after(i).type() == first.before(i).type();
    if (!same) object = first.before(i).name();
  }
  if (object.empty() && first.after_size() > first.before_size()) {
    object = first.after(first.before_size()).name();
  }
  const bool rows = Columns(first.before()) != Columns(first.after());
  Remark remark{
      .subject = object,
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
      .message = absl::StrCat(
          "Seen on a scratch ", proof.server, ": ", Count(changes.size(), "statement"),
          " of the running version ", changes.size() == 1 ? "returns or takes" : "return or take",
          " something else than before, the first ",
          rows ? absl::StrCat(Columns(first.after()), " for ", Columns(first.before()))
               : absl::StrCat("(", absl::StrJoin(first.parameters_after(), ", "), ") for (",
                              absl::StrJoin(first.parameters_before(), ", "), ")"),
          ". ", std::string(means), "."),
      .instead = {.now = "Name the columns in these statements first, and recycle the "
                         "connections of old nodes after the migration."},
      .severity = severity};
  std::vector<v1::Witness> witnesses;
  for (const v1::ResultChange* change : changes) {
    witnesses.push_back(WitnessOf(change->statement(), "0A000", false));
  }
  SetWitnesses(std::move(witnesses), remark.witnesses, remark.witness_count);
  proof.Add("result_change", proof.steps.CauseOf(object), remark);
}

}  // namespace

void ReadResults(Proving& proof) {
  std::vector<const v1::ResultChange*> breaking, once;
  for (const v1::ResultChange& change : proof.rehearsal.result_changes()) {
    if (const auto finding = FindingOf(proof, change)) {
      proof.proven[*finding].witnesses.push_back(WitnessOf(change.statement(), "0A000", false));
    } else {
      (KeepsItsColumns(change) ? once : breaking).push_back(&change);
    }
  }
  AddResults(proof, breaking, v1::SEVERITY_BLOCK,
             "Clients that count on a column's place, name or type fail or read something else");
  AddResults(proof, once, v1::SEVERITY_WARN,
             "Sessions that have prepared them fail once (0A000, \"cached plan must not change "
             "result type\"), unless their driver prepares them again by itself");
}

}  // namespace gate::migration
