#include "checks/migration/migration.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/migration/asked.h"
#include "checks/migration/databases.h"
#include "checks/migration/proof.h"
#include "checks/migration/rule.h"
#include "checks/proto_time.h"
#include "checks/stage.h"

namespace gate {
namespace {

constexpr char kUnproven[] = "migration.unproven";

std::span<const RuleDoc> Rules() {
  static const std::vector<RuleDoc>& docs = *[] {
    auto* all = new std::vector<RuleDoc>;
    for (const migration::RuleEntry& entry : migration::AllRules()) {
      const migration::Rule& rule = *entry.rule;
      all->push_back({rule.id, rule.summary, rule.why, rule.instead});
    }
    return all;
  }();
  return docs;
}

void ValidateTimes(const v1::MigrationPolicy& policy, std::vector<ParameterIssue>& issues) {
  const auto within = [&](const char* field, const google::protobuf::Duration& value,
                          absl::Duration least, absl::Duration most, const char* range) {
    if (FromProto(value) >= least && FromProto(value) <= most) return;
    issues.push_back({absl::StrCat("checks.migration.", field), absl::StrCat("must be ", range)});
  };
  if (policy.has_unused_for()) {
    within("unused_for", policy.unused_for(), absl::Hours(1), absl::Hours(365 * 24), "1h to 365d");
  }
  if (policy.has_max_workload_age()) {
    within("max_workload_age", policy.max_workload_age(), absl::Minutes(1), absl::Hours(24),
           "1m to 24h");
  }
}

std::vector<ParameterIssue> Validate(const v1::Policy&, const v1::PolicyRule& rule) {
  std::vector<ParameterIssue> issues;
  for (const auto& [id, severity] : rule.checks().migration().severities()) {
    const std::string field = absl::StrCat("checks.migration.severities[\"", id, "\"]");
    const auto has_id = [&id = id](const RuleDoc& doc) { return doc.id == id; };
    if (std::ranges::none_of(Rules(), has_id)) {
      issues.push_back({field, absl::StrCat("unknown rule \"", id, "\"")});
    } else if (id == kUnproven) {
      issues.push_back({field,
                        "what is unproven cannot be declared harmless for all changes; write an "
                        "exemption, with reason, owner and expiry"});
    } else if (severity == v1::SEVERITY_UNSPECIFIED) {
      issues.push_back({field, "must be INFO, WARN or BLOCK"});
    }
  }
  if (rule.checks().migration().small_table_bytes() < 0) {
    issues.push_back({"checks.migration.small_table_bytes", "must not be negative"});
  }
  ValidateTimes(rule.checks().migration(), issues);
  return issues;
}

bool IsUnproven(const v1::Finding& finding) {
  return std::ranges::find(finding.effects(), v1::EFFECT_UNPROVEN) != finding.effects().end();
}

void ApplyPolicy(const v1::MigrationPolicy& policy, std::vector<v1::Finding>& findings) {
  for (v1::Finding& finding : findings) {
    if (policy.ignore_suppression_comments()) finding.clear_covered_by();
    const auto severity = policy.severities().find(finding.rule());
    if (severity == policy.severities().end() || IsUnproven(finding)) continue;
    finding.set_severity(severity->second);
  }
}

// "db/2.sql:7: ", or nothing where a finding has no place.
std::string At(const v1::Finding& finding) {
  if (!finding.has_location()) return "";
  return absl::StrCat(finding.location().path(), ":", finding.location().line(), ": ");
}

// "1 finding", "3 findings".
std::string Count(size_t number, std::string_view noun) {
  return absl::StrCat(number, " ", std::string(noun), number == 1 ? "" : "s");
}

v1::CheckOutcome Skipped() {
  v1::CheckOutcome outcome;
  outcome.set_outcome(v1::OUTCOME_SKIPPED);
  outcome.set_summary("The release has no migration.");
  return outcome;
}

v1::CheckOutcome Unknown(const v1::Observation& observation) {
  v1::CheckOutcome outcome;
  outcome.set_outcome(v1::OUTCOME_INCONCLUSIVE);
  outcome.set_summary(absl::StrCat("The migrations of this release are not known: ",
                                   Describe(observation.absence(), observation.source()), "."));
  outcome.add_unblock("Send the migrations with the request (gatectl check collects them).");
  return outcome;
}

// Where time alone clears all that forbids: when it has.
std::optional<absl::Time> ClearsAt(const std::vector<v1::Finding>& findings) {
  std::optional<absl::Time> clears_at;
  for (const v1::Finding& finding : findings) {
    if (!finding.covered_by().empty() || finding.severity() != v1::SEVERITY_BLOCK) continue;
    if (!finding.holds() || !finding.has_clears_at()) return std::nullopt;
    clears_at = std::max(clears_at.value_or(absl::InfinitePast()), FromProto(finding.clears_at()));
  }
  return clears_at;
}

// The worst of what forbids comes first; what is unproven next.
void Conclude(const std::vector<v1::Finding>& findings, size_t files, v1::CheckOutcome& outcome) {
  const v1::Finding* forbids = nullptr;
  const v1::Finding* unproven = nullptr;
  size_t forbidding = 0, unproved = 0;
  for (const v1::Finding& finding : findings) {
    if (!finding.covered_by().empty()) continue;
    if (IsUnproven(finding)) {
      if (unproved++ == 0) unproven = &finding;
    } else if (finding.severity() == v1::SEVERITY_BLOCK) {
      if (forbidding++ == 0) forbids = &finding;
    }
  }
  const auto more = [](size_t count) {
    return count > 1 ? absl::StrCat(" (and ", Count(count - 1, "other finding"), ")")
                     : std::string();
  };
  if (forbids != nullptr) {
    outcome.set_outcome(v1::OUTCOME_FAIL);
    outcome.set_summary(absl::StrCat(At(*forbids), forbids->message(), more(forbidding)));
    if (const std::optional<absl::Time> clears_at = ClearsAt(findings)) {
      *outcome.mutable_retry_at() = ToProto(*clears_at);
      outcome.add_unblock(absl::StrCat("Ask again at ", Rfc3339(*clears_at), "."));
    } else {
      outcome.add_unblock("Split the migration as the findings say, or override them.");
    }
  } else if (unproven != nullptr) {
    outcome.set_outcome(v1::OUTCOME_INCONCLUSIVE);
    outcome.set_summary(
        absl::StrCat("Not shown to be safe: ", At(*unproven), unproven->message(), more(unproved)));
    outcome.add_unblock("Have the unproven statements reviewed, and override their findings.");
  } else {
    outcome.set_outcome(v1::OUTCOME_PASS);
    outcome.set_summary(absl::StrCat("The running version can go on while ",
                                     Count(files, "migration"),
                                     files == 1 ? " is applied." : " are applied."));
  }
}

// What the rehearsal of the database makes of the rules' findings.
void ApplyRehearsal(const v1::Observation& observation, const migration::OneDatabase& database,
                    bool required, migration::Judgement& judgement) {
  std::vector<v1::Finding>& findings = judgement.findings;
  if (const v1::Rehearsal* rehearsal = migration::RehearsalOf(database, observation)) {
    return migration::ApplyRehearsal(
        *rehearsal,
        {database.files, !database.schema_before.empty(), database.postgres_version, required,
         judgement.recording ? &*judgement.recording : nullptr},
        findings);
  }
  if (!observation.has_rehearsals()) return;  // Said once for all.
  findings.push_back(migration::NotRehearsed("this database was left out", required));
}

v1::CheckOutcome Judge(const v1::Change& change, const Evidence& evidence,
                       const v1::PolicyRule& rule, absl::Time now) {
  if (!migration::ConcernsSchema(change)) return Skipped();
  const v1::Observation& observation = evidence.Get(migration::kSchemaChangeQuery);
  if (!observation.has_schema_change()) return Unknown(observation);
  const v1::SchemaChange& schema_change = observation.schema_change();
  if (schema_change.files().empty() && change.kind() != v1::CHANGE_KIND_MIGRATION) return Skipped();

  v1::CheckOutcome outcome;
  if (schema_change.files().empty()) {
    outcome.set_outcome(v1::OUTCOME_INCONCLUSIVE);
    outcome.set_summary("The change is a migration, but no migration file came with it.");
    outcome.add_unblock("Send the migrations with the request (gatectl check collects them).");
    return outcome;
  }
  const v1::MigrationPolicy& policy = rule.checks().migration();
  std::vector<v1::Finding> findings;
  const bool rehearsed = migration::IsRehearsed(change, rule);
  const bool required = rule.checks().migration().rehearsal() == v1::REHEARSAL_MODE_REQUIRED;
  const v1::Observation& rehearsals = evidence.Get(migration::kRehearsalQuery);
  for (const migration::OneDatabase& database : migration::DatabasesOf(schema_change)) {
    migration::Judgement judgement = migration::JudgeOn(database, policy, now);
    if (rehearsed) ApplyRehearsal(rehearsals, database, required, judgement);
    std::ranges::move(judgement.findings, std::back_inserter(findings));
  }
  if (rehearsed && !rehearsals.has_rehearsals()) {
    findings.push_back(
        migration::NotRehearsed(Describe(rehearsals.absence(), rehearsals.source()), required));
  }
  ApplyPolicy(policy, findings);
  Conclude(findings, static_cast<size_t>(schema_change.files_size()), outcome);
  outcome.mutable_findings()->Assign(findings.begin(), findings.end());
  return outcome;
}

}  // namespace

const Check kMigrationCheck = {
    "migration", "Whether the version that is running survives the schema change",
    Validate,    migration::QueriesFor,
    Judge,       Rules,
    nullptr,     AfterSchemaChange};

}  // namespace gate
