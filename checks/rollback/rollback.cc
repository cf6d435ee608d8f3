#include "checks/rollback/rollback.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/databases.h"
#include "checks/migration/finding.h"
#include "checks/migration/undo.h"

namespace gate {
namespace {

using migration::Undo;
using migration::Way;

constexpr char kQuery[] = "migration.schema_change";  // the migration check's: fetched once
constexpr size_t kMaxNamed = 5;

constexpr RuleDoc kRules[] = {
    {"rollback.code", "Whether the version that runs now can run on the schema after the release.",
     "When a release goes wrong, the code is rolled back first. Where the schema that the release "
     "leaves behind breaks the old version, that makes it worse: then all nodes fail.",
     "Split the migration, so that the old version runs on the schema after it; or be ready to "
     "roll "
     "forward."},
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
};

std::span<const RuleDoc> Rules() { return kRules; }

// A finding's rule, for what makes findings of remarks.
constexpr migration::Rule RuleOf(std::string_view id) {
  return {.id = id, .severity = v1::SEVERITY_INFO};
}
constexpr migration::Rule kCode = RuleOf("rollback.code"),
                          kDownIncomplete = RuleOf("rollback.down_incomplete"),
                          kLosesData = RuleOf("rollback.loses_data"),
                          kNoDown = RuleOf("rollback.no_down");

std::vector<ParameterIssue> Validate(const v1::Policy&, const v1::PolicyRule&) { return {}; }

std::vector<v1::Query> Needs(const v1::Change& change, const v1::PolicyRule&) {
  if (change.kind() != v1::CHANGE_KIND_MIGRATION && !change.has_schema_change()) return {};
  v1::Query query;
  query.set_id(kQuery);
  query.mutable_schema_change()->set_revision(change.has_schema_change() ? ""
                                                                         : change.head_revision());
  return {query};
}

bool HasEffect(const v1::Finding& finding, v1::Effect effect) {
  return std::ranges::find(finding.effects(), effect) != finding.effects().end();
}

std::string At(const v1::Location& at) { return absl::StrCat(at.path(), ":", at.line()); }

// Findings at the beginning of a file.
class Notes {
 public:
  void Add(const migration::Rule& rule, const v1::MigrationFile& file, migration::Remark remark) {
    const std::string_view text = migration::WithoutByteOrderMark(file.sql());
    const auto flaw = migration::FindFlaw(text);
    const std::string_view readable = flaw ? text.substr(0, flaw->offset) : text;
    findings_.push_back(migration::MakeFinding(rule, remark, {0, 0}, readable, file.path(),
                                               migration::Places(readable), identities_));
  }
  // At the place of another check's finding.
  void AddAt(const migration::Rule& rule, const v1::Finding& found, migration::Remark remark) {
    v1::Finding finding = migration::MakeFinding(rule, remark, {0, 0}, "", found.location().path(),
                                                 migration::Places(""), identities_);
    *finding.mutable_location() = found.location();
    findings_.push_back(std::move(finding));
  }
  std::vector<v1::Finding>& findings() { return findings_; }

 private:
  std::vector<v1::Finding> findings_;
  migration::Identities identities_;
};

// What the static judgement of the release means for the code that a rollback brings back.
void JudgeCode(const std::vector<v1::Finding>& judged, const v1::MigrationFile& first,
               const v1::RollbackPolicy& policy, Notes& notes) {
  const auto breaks = std::ranges::find_if(judged, [](const v1::Finding& finding) {
    return finding.severity() == v1::SEVERITY_BLOCK &&
           HasEffect(finding, v1::EFFECT_BREAKS_RUNNING_VERSION);
  });
  const auto unproven = std::ranges::find_if(
      judged, [](const v1::Finding& finding) { return HasEffect(finding, v1::EFFECT_UNPROVEN); });
  const v1::Severity forbidden = policy.require_code() ? v1::SEVERITY_BLOCK : v1::SEVERITY_WARN;
  if (breaks != judged.end()) {
    notes.AddAt(
        kCode, *breaks,
        {.subject = breaks->subject(),
         .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
         .message = absl::StrCat(
             "Once this has run, rolling the code back does not help: the version that runs "
             "now does not work on the schema after it (",
             breaks->rule(), " at ", At(breaks->location()), "). The way out is forward."),
         .instead = {.now = "Split the migration as that finding says."},
         .severity = forbidden});
  } else if (unproven != judged.end()) {
    notes.AddAt(
        kCode, *unproven,
        {.subject = unproven->subject(),
         .effects = {v1::EFFECT_UNPROVEN},
         .message = absl::StrCat(
             "Whether the version that runs now works on the schema after it is not shown (",
             unproven->rule(), " at ", At(unproven->location()), ")."),
         .severity = forbidden});
  } else {
    notes.Add(kCode, first,
              {.message = "The code can be rolled back without the schema: nothing shows that the "
                          "version that runs now would fail on the schema after the release."});
  }
}

void JudgeLosses(const std::vector<v1::Finding>& judged, Notes& notes) {
  for (const v1::Finding& finding : judged) {
    if (!HasEffect(finding, v1::EFFECT_LOSES_DATA) || !finding.rule().starts_with("migration.")) {
      continue;
    }
    notes.AddAt(
        kLosesData, finding,
        {.subject = finding.subject(),
         .effects = {v1::EFFECT_LOSES_DATA, v1::EFFECT_IRREVERSIBLE},
         .message = absl::StrCat("No down part brings back what is in ", finding.subject(), "."),
         .instead = {.now = absl::StrCat("Copy what is in ", finding.subject(),
                                         " to where it stays, before it goes.")},
         .severity = v1::SEVERITY_WARN});
  }
}

void JudgeUndo(const Undo& undo, const v1::RollbackPolicy& policy, Notes& notes) {
  const v1::MigrationFile& file = *undo.file;
  const std::string down = file.down_path().empty()
                               ? "Its down part"
                               : absl::StrCat("Its down part, ", file.down_path(), ",");
  if (!undo.drops.empty()) {
    notes.Add(kLosesData, file,
              {.subject = absl::StrJoin(undo.drops, ", "),
               .effects = {v1::EFFECT_LOSES_DATA},
               .message = absl::StrCat(down, " drops what new code may have written to ",
                                       absl::StrJoin(undo.drops, ", "), ".")});
  }
  if (undo.way == Way::kElsewhere) {
    notes.Add(kDownIncomplete, file,
              {.subject = file.path(),
               .message = absl::StrCat(down, " does not lead back: after up and down ",
                                       absl::StrJoin(undo.differences, "; "), "."),
               .instead = {.now = "Add to the down part what is missing, or drop what is left."},
               .severity = policy.require_down() ? v1::SEVERITY_BLOCK : v1::SEVERITY_WARN});
  } else if (undo.way == Way::kUnknown) {
    notes.Add(kDownIncomplete, file,
              {.subject = file.path(),
               .effects = {v1::EFFECT_UNPROVEN},
               .message = absl::StrCat(down, " is not shown to lead back. ", undo.reason),
               .severity = policy.require_down() ? v1::SEVERITY_BLOCK : v1::SEVERITY_INFO});
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
  if (Needs(change, rule).empty()) {
    return Without(v1::OUTCOME_SKIPPED, "The release has no migration.");
  }
  const v1::Observation& observation = evidence.Get(kQuery);
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
  std::vector<v1::Finding> judged;
  std::vector<Undo> undos;
  for (const migration::OneDatabase& database : migration::DatabasesOf(schema_change)) {
    std::ranges::move(migration::JudgeOn(database, rule.checks().migration(), now).findings,
                      std::back_inserter(judged));
    migration::Catalog catalog;
    migration::LoadSchema(database.schema_before, catalog);
    std::ranges::move(migration::UndoOf(database.files, catalog), std::back_inserter(undos));
  }
  Notes notes;
  JudgeCode(judged, schema_change.files(0), policy, notes);
  JudgeLosses(judged, notes);
  JudgeMissing(undos, policy, notes);
  for (const Undo& undo : undos) JudgeUndo(undo, policy, notes);

  v1::CheckOutcome outcome;
  Conclude(notes.findings(), outcome);
  outcome.mutable_findings()->Assign(notes.findings().begin(), notes.findings().end());
  return outcome;
}

}  // namespace

const Check kRollbackCheck = {"rollback", "Whether there is a way back from the schema change",
                              Validate,   Needs,
                              Judge,      Rules};

}  // namespace gate
