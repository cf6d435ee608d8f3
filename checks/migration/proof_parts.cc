#include "checks/migration/proof_parts.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/migration/failure.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

constexpr size_t kMaxWitnesses = 100;

}  // namespace

Proving::Proving(const v1::Rehearsal& rehearsal, const Rehearsed& release,
                 std::vector<v1::Finding>& findings)
    : rehearsal(rehearsal),
      release(release),
      findings(findings),
      steps(release.files),
      proven(findings.size()),
      server(absl::StrCat(
          "PostgreSQL ", rehearsal.postgres_major_version(),
          OtherVersion() ? absl::StrCat(" (production has ", release.postgres_version, ")") : "")) {
  for (size_t i = 0; i < findings.size(); ++i) {
    for (const v1::Witness& witness : findings[i].witnesses()) {
      by_witness.emplace(witness.sql(), i);
    }
  }
}

v1::Finding& Proving::Add(std::string_view stem, const Step* step, const Remark& remark) {
  static const Places& nowhere = *new Places("");
  const Rule& rule = *FindRuleByStem(stem);
  if (step == nullptr) {
    findings.push_back(MakeFinding(rule, remark, {}, "", "", nowhere, identities));
    findings.back().clear_location();
  } else {
    findings.push_back(MakeFinding(rule, remark, step->statement.span, step->file->text,
                                   step->file->path, step->file->places, identities));
  }
  return findings.back();
}

void Proving::Disagree(std::string_view rule, const Step* step, std::string_view rule_says,
                       std::string_view shown) {
  Add("rule_disagrees", step,
      {.subject = absl::StrCat("migration.", std::string(rule)),
       .message = absl::StrCat(std::string(rule_says), " On a scratch ", server, " ",
                               std::string(shown), ". What was run is believed.")});
}

bool Proving::SchemaIsWhole() const {
  return migration::SchemaIsWhole(rehearsal, release.schema_given);
}

bool Proving::SameVersion() const {
  return release.postgres_version == rehearsal.postgres_major_version();
}

bool Proving::OtherVersion() const { return release.postgres_version != 0 && !SameVersion(); }

std::string Count(size_t number, std::string_view noun) {
  return absl::StrCat(number, " ", std::string(noun), number == 1 ? "" : "s");
}

bool Has(const v1::Finding& finding, v1::Effect effect) {
  return std::ranges::find(finding.effects(), effect) != finding.effects().end();
}

bool IsOf(const v1::Finding& finding, const std::vector<std::string_view>& rules) {
  constexpr std::string_view kCheck = "migration.";
  return std::ranges::find(rules, std::string_view(finding.rule()).substr(kCheck.size())) !=
         rules.end();
}

bool IsCleared(const v1::Finding& finding) {
  return finding.severity() == v1::SEVERITY_INFO &&
         !Has(finding, v1::EFFECT_BREAKS_RUNNING_VERSION);
}

std::string ObjectIn(std::string_view message) {
  const size_t quote = message.find('"');
  if (quote != message.npos) {
    const size_t end = message.find('"', quote + 1);
    return LastName(message.substr(quote + 1, end - quote - 1));
  }
  for (const std::string_view head : {"column ", "function ", "table ", "sequence "}) {
    const size_t at = message.find(head);
    if (at == message.npos) continue;
    const std::string_view rest = message.substr(at + head.size());
    return LastName(rest.substr(0, rest.find_first_of(" (")));
  }
  return "";
}

v1::Witness WitnessOf(const v1::WorkloadStatement& statement, std::string_view sqlstate,
                      bool certain) {
  v1::Witness witness;
  witness.set_sql(OnOneLine(statement.sql()));
  witness.set_calls_per_hour(statement.calls_per_hour());
  witness.set_origin(statement.origin());
  witness.set_sqlstate(std::string(sqlstate));
  witness.set_certain(certain);
  return witness;
}

void SetWitnesses(std::vector<v1::Witness> found, std::vector<v1::Witness>& witnesses,
                  size_t& count) {
  std::ranges::stable_sort(found, [](const v1::Witness& a, const v1::Witness& b) {
    return std::tuple(!a.certain(), -a.calls_per_hour(), a.sql()) <
           std::tuple(!b.certain(), -b.calls_per_hour(), b.sql());
  });
  count = found.size();
  if (found.size() > kMaxWitnesses) found.resize(kMaxWitnesses);
  witnesses = std::move(found);
}

}  // namespace gate::migration
