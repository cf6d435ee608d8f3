#include "checks/migration/proof.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/proof_parts.h"

namespace gate::migration {
namespace {

constexpr size_t kShownFacts = 10;  // of one finding

void SayNothingFailed(const Proving& proof, v1::Finding& finding) {
  const bool covered =
      proof.rehearsal.covered_statements() > 0 &&
      proof.rehearsal.covered_statements() == proof.rehearsal.workload_statements();
  if (!covered || !Has(finding, v1::EFFECT_BREAKS_RUNNING_VERSION)) return;
  // Through the body of a function it may.
  if (std::ranges::any_of(proof.rehearsal.effects(), &v1::SchemaEffect::has_body)) return;
  if (!finding.witnesses().empty() || finding.severity() == v1::SEVERITY_INFO) return;
  absl::StrAppend(finding.mutable_message(), " Tried on a scratch ", proof.server,
                  ", no statement of the given workload fails by it.");
}

void Strengthen(const Proving& proof, v1::Finding& finding, Proving::Proven& proven) {
  std::vector<v1::Witness>& witnesses = proven.witnesses;
  // A statement may fail in more than one way.
  std::ranges::stable_sort(witnesses, [](const v1::Witness& a, const v1::Witness& b) {
    return std::tuple(std::string_view(a.sql()), !a.certain()) <
           std::tuple(std::string_view(b.sql()), !b.certain());
  });
  const auto same = [](const v1::Witness& a, const v1::Witness& b) { return a.sql() == b.sql(); };
  witnesses.erase(std::unique(witnesses.begin(), witnesses.end(), same), witnesses.end());
  if (witnesses.empty() && proven.facts.empty()) return SayNothingFailed(proof, finding);

  auto certain = static_cast<size_t>(std::ranges::count_if(witnesses, &v1::Witness::certain));
  size_t rest = witnesses.size() - certain;
  (certain > 0 ? certain : rest) += proven.more;
  const size_t facts = proven.facts.size();
  if (facts > kShownFacts) {
    proven.facts.resize(kShownFacts);
    proven.facts.push_back(absl::StrCat(facts - kShownFacts, " more of that kind"));
  }
  std::string said = absl::StrJoin(proven.facts, "; ");
  if (!witnesses.empty()) {
    absl::StrAppend(
        &said, said.empty() ? "" : "; ",
        certain > 0 ? absl::StrCat(Count(certain, "statement"), " of the running version ",
                                   certain == 1 ? "fails" : "fail",
                                   rest > 0 ? absl::StrCat(", ", rest, " more may") : "")
                    : absl::StrCat(Count(rest, "statement"), " of the running version may fail"));
  }
  absl::StrAppend(finding.mutable_message(), " Proven on a scratch ", proof.server, ": ", said,
                  ".");
  // What the rule names beside these fails when it is executed, if it does, which was not tried.
  for (const v1::Witness& witness : finding.witnesses()) {
    if (std::ranges::none_of(witnesses, [&](const auto& one) { return same(one, witness); })) {
      witnesses.push_back(witness);
    }
  }
  size_t count = 0;
  std::vector<v1::Witness> all;
  SetWitnesses(std::move(witnesses), all, count);
  count += proven.more;
  finding.set_witness_count(std::max(finding.witness_count(), static_cast<int32_t>(count)));
  finding.mutable_witnesses()->Assign(all.begin(), all.end());
}

}  // namespace

void ApplyRehearsal(const v1::Rehearsal& rehearsal, const Rehearsed& release,
                    std::vector<v1::Finding>& findings) {
  Proving proof(rehearsal, release, findings);
  if (rehearsal.end() != v1::REHEARSAL_END_COMPLETED) return ReadStop(proof);
  ReadBroken(proof);
  ReadResults(proof);
  ReadEffects(proof);
  ReadLocks(proof);
  for (size_t i = 0; i < proof.proven.size(); ++i) Strengthen(proof, findings[i], proof.proven[i]);
  TellCoverage(proof);
}

v1::Finding NotRehearsed(std::string_view why, bool required) {
  static const Places& nowhere = *new Places("");
  Identities identities;
  Remark remark{
      .message = absl::StrCat("Nothing was proven by running the migrations: ", std::string(why),
                              ". What is said about them is concluded from their text."),
      .severity = v1::SEVERITY_INFO};
  if (required) {
    remark.severity = v1::SEVERITY_BLOCK;
    remark.effects = {v1::EFFECT_UNPROVEN};
    remark.instead.now =
        "Ask again where it was a matter of time (gather_timeout bounds it); give the schema "
        "before with the change.";
  }
  v1::Finding finding =
      MakeFinding(*FindRuleByStem("not_rehearsed"), remark, {}, "", "", nowhere, identities);
  finding.clear_location();
  return finding;
}

}  // namespace gate::migration
