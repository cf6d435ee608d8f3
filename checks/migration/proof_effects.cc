// What the migration has changed that running code meets when it executes: columns that have to be
// filled, keys that are gone, bodies of functions that fail.
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/migration/differences.h"
#include "checks/migration/proof_parts.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

constexpr int kShownTriggers = 3;

constexpr char kInsteadOfBreakingABody[] =
    "In the same transaction, give it a body that works without (CREATE OR REPLACE); or keep what "
    "it uses.";

// What is missing when the body of a function fails: note of `record "new" has no field "note"`.
std::string MissingIn(const v1::SchemaEffect& effect) {
  const std::string_view detail = effect.detail();
  constexpr std::string_view kField = "has no field ";
  const size_t field = detail.find(kField);
  return ObjectIn(field == detail.npos ? detail : detail.substr(field + kField.size()));
}

// Whether all statements that it concerns have not run for as long as the policy asks for.
bool IsUnused(const Proving& proof, const v1::SchemaEffect& effect) {
  if (proof.release.recording == nullptr || effect.more_statements() > 0) return false;
  return std::ranges::all_of(effect.statements(), [&](const v1::WorkloadStatement& statement) {
    return DisuseOf(LastUse(statement, *proof.release.recording), *proof.release.recording).state ==
           Disuse::State::kUnused;
  });
}

std::optional<size_t> FindingOf(const Proving& proof, const Difference& difference,
                                const v1::SchemaEffect& effect) {
  std::optional<size_t> of_table;
  for (size_t i = 0; i < proof.proven.size(); ++i) {
    const v1::Finding& finding = proof.findings[i];
    if (!IsOf(finding, difference.rules)) continue;
    if (SameObject(effect.subject(), finding.subject())) return i;
    const std::string_view subject = finding.subject();
    const std::string_view table = subject.substr(0, subject.find_last_of(". ("));
    if (!of_table && SameObject(TableOf(effect), table)) of_table = i;
  }
  // A column's finding is about that column and no other; keys may be called something else.
  const bool of_column = effect.kind() == v1::SCHEMA_EFFECT_KIND_REQUIRED_COLUMN ||
                         effect.kind() == v1::SCHEMA_EFFECT_KIND_DEFAULT_LOST ||
                         effect.kind() == v1::SCHEMA_EFFECT_KIND_NOT_NULL;
  return of_column ? std::nullopt : of_table;
}

std::string SayBody(const Difference& difference, const v1::SchemaEffect& effect) {
  const v1::BrokenBody& body = effect.body();
  const std::string at = body.line() > 0 ? absl::StrCat("line ", body.line(), ": ") : "";
  std::string says = absl::StrCat(
      effect.subject(), " ",
      body.replaced() ? "is replaced by a body that fails" : std::string(difference.what), " (", at,
      body.statement(), body.statement().empty() ? "" : ": ", effect.detail(),
      body.more() > 0 ? absl::StrCat(", and ", body.more(), " more") : "", ")");
  for (int i = 0; i < std::min(body.triggers_size(), kShownTriggers); ++i) {
    absl::StrAppend(&says, i == 0 ? "; run by the trigger " : ", ", body.triggers(i));
  }
  const int rest = body.triggers_size() - kShownTriggers;
  return rest > 0 ? absl::StrCat(says, ", and ", rest, " more") : says;
}

std::string Say(const Difference& difference, const v1::SchemaEffect& effect) {
  if (effect.has_body()) return SayBody(difference, effect);
  return absl::StrCat(effect.subject(), " ", std::string(difference.what),
                      effect.detail().empty() ? "" : absl::StrCat(" (", effect.detail(), ")"),
                      effect.trigger_may_fill() ? ", unless a BEFORE trigger fills it" : "");
}

const Step* CauseOf(const Proving& proof, const v1::SchemaEffect& effect) {
  if (effect.has_body() && !effect.body().replaced()) return proof.steps.CauseOf(MissingIn(effect));
  const std::string name = LastName(effect.subject().substr(0, effect.subject().find('(')));
  const Step* step = proof.steps.CauseOf(name);
  return step != nullptr ? step : proof.steps.CauseOf(LastName(TableOf(effect)));
}

void AddEffect(Proving& proof, const Difference& difference, const v1::SchemaEffect& effect,
               bool explained, std::vector<v1::Witness> witnesses) {
  const Step* step = CauseOf(proof, effect);
  const std::string says = Say(difference, effect);
  const bool doubtful = effect.trigger_may_fill();
  if (explained && !doubtful) {
    proof.Disagree(difference.rule, step, "No rule has seen a break here.", says);
  }
  const size_t count = witnesses.size() + static_cast<size_t>(effect.more_statements());
  const std::string theirs = effect.has_body() ? "may run into it"
                             : count == 1      ? "does so"
                                               : "do so";
  Remark remark{.subject = effect.subject(),
                .effects = {doubtful ? v1::EFFECT_UNPROVEN : difference.effect},
                .message = absl::StrCat(
                    "Proven on a scratch ", proof.server, ": ", says,
                    witnesses.empty() ? "."
                                      : absl::StrCat("; ", Count(count, "statement"),
                                                     " of the running version ", theirs, ".")),
                .instead = {.now = effect.has_body() ? kInsteadOfBreakingABody
                                   : FindRuleByStem(difference.rule)->instead.empty()
                                       ? ""
                                       : std::string(FindRuleByStem(difference.rule)->instead)}};
  if (effect.kind() == v1::SCHEMA_EFFECT_KIND_DEFAULT_LOST) remark.severity = v1::SEVERITY_WARN;
  SetWitnesses(std::move(witnesses), remark.witnesses, remark.witness_count);
  remark.witness_count += static_cast<size_t>(effect.more_statements());
  proof.Add(difference.rule, step, remark);
}

}  // namespace

void ReadEffects(Proving& proof) {
  std::map<v1::SchemaEffectKind, size_t> added;
  for (const v1::SchemaEffect& effect : proof.rehearsal.effects()) {
    const Difference* difference = DifferenceOf(effect.kind());
    if (difference == nullptr) continue;
    std::vector<v1::Witness> witnesses;
    for (const v1::WorkloadStatement& statement : effect.statements()) {
      witnesses.push_back(WitnessOf(
          statement,
          effect.has_body() ? effect.body().sqlstate() : std::string(difference->sqlstate),
          difference->certain && !effect.trigger_may_fill()));
    }
    if (const auto finding = FindingOf(proof, *difference, effect)) {
      Proving::Proven& proven = proof.proven[*finding];
      if (IsCleared(proof.findings[*finding]) && IsUnused(proof, effect)) continue;
      std::ranges::move(witnesses, std::back_inserter(proven.witnesses));
      proven.more += static_cast<size_t>(effect.more_statements());
      proven.facts.push_back(Say(*difference, effect));
      continue;
    }
    const bool explained = proof.steps.Explains(effect);
    if (explained && !difference->definite) continue;
    if (++added[effect.kind()] <= kMaxFindings) {
      AddEffect(proof, *difference, effect, explained, std::move(witnesses));
    } else {
      ++proof.not_told;
    }
  }
}

}  // namespace gate::migration
