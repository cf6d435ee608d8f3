#include "checks/rollback/rollback.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/asked.h"
#include "checks/migration/databases.h"
#include "checks/migration/proof.h"
#include "checks/migration/undo.h"
#include "checks/rollback/down.h"
#include "checks/rollback/notes.h"
#include "checks/stage.h"

namespace gate {
namespace {

using migration::Undo;
using migration::Way;

constexpr size_t kMaxNamed = 5;

constexpr RuleDoc kRules[] = {
    {"rollback.code", "Whether the version that runs now can run on the schema after the release.",
     "When a release goes wrong, the code is rolled back first. Where the schema that the release "
     "leaves behind breaks the old version, that makes it worse: then all nodes fail.",
     "Split the migration, so that the old version runs on the schema after it; or be ready to "
     "roll "
     "forward."},
    {"rollback.down", "Whether the down parts of the release lead back.",
     "When the schema has to be rolled back as well, the way back should have been gone before. A "
     "rehearsal goes it: up, down, and up again. Without one, only the text tells.",
     "Configure rehearsals on the server, and send the schema before with the change."},
    {"rollback.down_fails", "A statement of a down part fails.",
     "On a scratch PostgreSQL, on the schema that the release leaves behind. A way back that ends "
     "half-way leaves production between two schemas, at the worst moment.",
     "Mend the down part: it runs on the schema after the release, the last migration first."},
    {"rollback.down_incomplete", "The down part of a migration does not lead back.",
     "Up and then down should give the schema back as it was. What is left over makes the next try "
     "fail; what is missing breaks the version that the rollback brings back.",
     "Add to the down part what the finding names."},
    {"rollback.loses_data", "Going back loses data, or does not bring it back.",
     "A down part can make a column or table again, but not what was in it; and one that drops "
     "what "
     "the release made drops what new code has written there.",
     "Roll back the code alone where the old version runs on the new schema. Before data is "
     "dropped, make a copy of it."},
    {"rollback.no_down", "A migration has no down part.",
     "Without one there is no way back to the schema before but a restore.",
     "Write one, or say that the way out is forward."},
    {"rollback.rule_disagrees", "What the text says of the way back, and what a rehearsal showed.",
     "The model of a schema that down parts are read against knows less than PostgreSQL. What was "
     "run is believed; the difference is counted (gate_migration_rule_disagreements_total).",
     "Nothing; tell us where the rule is wrong."},
    {"rollback.up_again_fails", "Once it was undone, the release cannot be tried again as it is.",
     "After a rollback comes the next try. It fails where the down part has left something behind, "
     "or gives another schema than the first time.",
     "Add to the down part what the finding names."},
};

std::span<const RuleDoc> Rules() { return kRules; }

std::vector<ParameterIssue> Validate(const v1::Policy&, const v1::PolicyRule&) { return {}; }

bool HasEffect(const v1::Finding& finding, v1::Effect effect) {
  return std::ranges::find(finding.effects(), effect) != finding.effects().end();
}

// "migration.drop_column at db/7.sql:3"
std::string Named(const v1::Finding& finding) {
  if (!finding.has_location()) return finding.rule();
  return absl::StrCat(finding.rule(), " at ", finding.location().path(), ":",
                      finding.location().line());
}

// What the release as it was judged, and as it was run, means for the code that a rollback brings
// back. `tried` says which of its statements were.
void JudgeCode(const std::vector<v1::Finding>& judged, const v1::MigrationFile& first,
               const std::string& tried, const v1::RollbackPolicy& policy, Notes& notes) {
  const auto breaks = std::ranges::find_if(judged, [](const v1::Finding& finding) {
    return finding.severity() == v1::SEVERITY_BLOCK &&
           HasEffect(finding, v1::EFFECT_BREAKS_RUNNING_VERSION);
  });
  const auto unproven = std::ranges::find_if(
      judged, [](const v1::Finding& finding) { return HasEffect(finding, v1::EFFECT_UNPROVEN); });
  const v1::Severity forbidden = policy.require_code() ? v1::SEVERITY_BLOCK : v1::SEVERITY_WARN;
  if (breaks != judged.end()) {
    const bool proven = breaks->message().find("Proven on a scratch") != std::string::npos;
    notes.AddAt(
        kCode, breaks->location(),
        {.subject = breaks->subject(),
         .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
         .message = absl::StrCat(
             "Once this has run, rolling the code back does not help: the version that runs "
             "now does not work on the schema after it (",
             Named(*breaks), proven ? ", proven by running it" : "", "). The way out is forward."),
         .instead = {.now = "Split the migration as that finding says."},
         .severity = forbidden});
  } else if (unproven != judged.end()) {
    notes.AddAt(
        kCode, unproven->location(),
        {.subject = unproven->subject(),
         .effects = {v1::EFFECT_UNPROVEN},
         .message = absl::StrCat(
             "Whether the version that runs now works on the schema after it is not shown (",
             Named(*unproven), ").", tried),
         .severity = forbidden});
  } else {
    notes.Add(kCode, first,
              {.message = absl::StrCat(
                   "The code can be rolled back without the schema: nothing shows that the version "
                   "that runs now would fail on the schema after the release.",
                   tried)});
  }
}

// What rehearsals have shown of the version that runs now: its statements were prepared and planned
// on the schema after the release.
class Tried {
 public:
  void Add(const v1::Rehearsal& rehearsal) {
    if (rehearsal.end() != v1::REHEARSAL_END_COMPLETED) return;
    given_ += rehearsal.workload_statements();
    covered_ += rehearsal.covered_statements();
    server_ = absl::StrCat("PostgreSQL ", rehearsal.postgres_major_version());
  }
  // "": nothing was tried.
  std::string Say() const {
    if (covered_ == 0) return "";
    return absl::StrCat(" Proven on a scratch ", server_, ": ",
                        covered_ == given_ ? absl::StrCat("all ", covered_)
                                           : absl::StrCat(covered_, " of the ", given_),
                        " statements of it that came with the change work on that schema",
                        covered_ == given_ ? "." : "; the others could not be tried.");
  }

 private:
  int given_ = 0, covered_ = 0;
  std::string server_;
};

void JudgeLosses(const std::vector<v1::Finding>& judged, Notes& notes) {
  for (const v1::Finding& finding : judged) {
    if (!HasEffect(finding, v1::EFFECT_LOSES_DATA) || !finding.rule().starts_with("migration.")) {
      continue;
    }
    notes.AddAt(
        kLosesData, finding.location(),
        {.subject = finding.subject(),
         .effects = {v1::EFFECT_LOSES_DATA, v1::EFFECT_IRREVERSIBLE},
         .message = absl::StrCat("No down part brings back what is in ", finding.subject(), "."),
         .instead = {.now = absl::StrCat("Copy what is in ", finding.subject(),
                                         " to where it stays, before it goes.")},
         .severity = v1::SEVERITY_WARN});
  }
}

// One finding for all that have none: a first deployment may bring hundreds.
void JudgeMissing(const std::vector<Undo>& undos, const v1::RollbackPolicy& policy, Notes& notes) {
  std::vector<std::string> paths;
  const v1::MigrationFile* first = nullptr;
  for (const Undo& undo : undos) {
    if (undo.way != Way::kNone) continue;
    if (first == nullptr) first = undo.file;
    paths.push_back(undo.file->path());
  }
  if (first == nullptr) return;
  const size_t count = paths.size();
  if (count > kMaxNamed) paths.resize(kMaxNamed);
  notes.Add(kNoDown, *first,
            {.subject = first->path(),
             .message = absl::StrCat(
                 count == 1 ? "There is no way back from this migration"
                            : absl::StrCat("There is no way back from ", count, " migrations"),
                 ": no down part undoes ", absl::StrJoin(paths, ", "),
                 count > paths.size() ? ", ..." : "", "."),
             .instead = {.now = "Write the down part, or be ready to go forward."},
             .severity = policy.require_down() ? v1::SEVERITY_BLOCK : v1::SEVERITY_INFO});
}

v1::CheckOutcome Without(v1::Outcome result, std::string summary) {
  v1::CheckOutcome outcome;
  outcome.set_outcome(result);
  outcome.set_summary(std::move(summary));
  return outcome;
}

void Conclude(const std::vector<v1::Finding>& findings, v1::CheckOutcome& outcome) {
  const auto blocks = [](const v1::Finding& finding) {
    return finding.severity() == v1::SEVERITY_BLOCK;
  };
  const auto forbids = std::ranges::find_if(findings, [&](const v1::Finding& finding) {
    return blocks(finding) && !HasEffect(finding, v1::EFFECT_UNPROVEN);
  });
  const auto unproven = std::ranges::find_if(findings, blocks);
  if (forbids != findings.end() || unproven != findings.end()) {
    const bool forbidden = forbids != findings.end();
    outcome.set_outcome(forbidden ? v1::OUTCOME_FAIL : v1::OUTCOME_INCONCLUSIVE);
    outcome.set_summary(forbidden ? forbids->message() : unproven->message());
    outcome.add_unblock(
        "Give the release the way back that the policy asks for, or override the "
        "findings.");
    return;
  }
  outcome.set_outcome(v1::OUTCOME_PASS);
  outcome.set_summary(findings.front().message());
}

v1::CheckOutcome Judge(const v1::Change& change, const Evidence& evidence,
                       const v1::PolicyRule& rule, absl::Time now) {
  if (!migration::ConcernsSchema(change)) {
    return Without(v1::OUTCOME_SKIPPED, "The release has no migration.");
  }
  const v1::Observation& observation = evidence.Get(migration::kSchemaChangeQuery);
  if (!observation.has_schema_change()) {
    return Without(v1::OUTCOME_INCONCLUSIVE,
                   absl::StrCat("The migrations of this release are not known: ",
                                Describe(observation.absence(), observation.source()), "."));
  }
  const v1::SchemaChange& schema_change = observation.schema_change();
  if (schema_change.files().empty()) {
    return Without(v1::OUTCOME_SKIPPED, "The release has no migration.");
  }
  const v1::RollbackPolicy& policy = rule.checks().rollback();
  const v1::Observation& rehearsals = evidence.Get(migration::kRehearsalQuery);
  std::vector<v1::Finding> judged;
  std::vector<Undo> undos;
  Tried tried;
  Notes downs;
  for (const migration::OneDatabase& database : migration::DatabasesOf(schema_change)) {
    migration::Judgement found = migration::JudgeOn(database, rule.checks().migration(), now);
    const v1::Rehearsal* rehearsal = migration::RehearsalOf(database, rehearsals);
    if (rehearsal != nullptr) {
      migration::ApplyRehearsal(
          *rehearsal,
          {database.files, !database.schema_before.empty(), database.postgres_version, false,
           found.recording ? &*found.recording : nullptr},
          found.findings);
      tried.Add(*rehearsal);
    }
    std::ranges::move(found.findings, std::back_inserter(judged));
    migration::Catalog catalog;
    migration::LoadSchema(database.schema_before, catalog);
    const std::vector<Undo> undone = migration::UndoOf(database.files, catalog);
    JudgeDown(database, undone, rehearsal, policy, downs);
    std::ranges::copy(undone, std::back_inserter(undos));
  }
  Notes notes;
  JudgeCode(judged, schema_change.files(0), tried.Say(), policy, notes);
  JudgeLosses(judged, notes);
  JudgeMissing(undos, policy, notes);
  std::ranges::move(downs.findings(), std::back_inserter(notes.findings()));

  v1::CheckOutcome outcome;
  Conclude(notes.findings(), outcome);
  outcome.mutable_findings()->Assign(notes.findings().begin(), notes.findings().end());
  return outcome;
}

}  // namespace

const Check kRollbackCheck = {"rollback", "Whether there is a way back from the schema change",
                              Validate,   migration::QueriesFor,
                              Judge,      Rules,
                              nullptr,    AfterSchemaChange};

}  // namespace gate
