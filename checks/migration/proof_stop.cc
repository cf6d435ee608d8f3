// A rehearsal that has come to no end: what that says of the release.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/failure.h"
#include "checks/migration/proof_parts.h"

namespace gate::migration {
namespace {

// Statements that run code: what they do may depend on rows.
bool RunsCode(const std::string& verb) {
  for (const std::string_view one : {"CALL", "DO", "EXECUTE", "SELECT", "WITH"}) {
    if (verb == one) return true;
  }
  return false;
}

// Whether the statement would fail in production as well.
bool Fails(const Proving& proof, const Step& step) {
  const v1::RehearsalFailure& failure = proof.rehearsal.failure();
  return !proof.OtherVersion() && !RunsCode(step.verb) && FailsEverywhere(failure) &&
         (proof.SchemaIsWhole() || !IsMissing(failure.sqlstate()));
}

std::string WhyNoProof(const Proving& proof, const Step* step) {
  if (proof.OtherVersion()) return "which is another version";
  if (!proof.SchemaIsWhole() && IsMissing(proof.rehearsal.failure().sqlstate())) {
    return "and not all of the schema before is known";
  }
  if (step != nullptr && RunsCode(step->verb)) return "and it runs code that may depend on rows";
  return "where the tables are empty";
}

// A rule may have seen it in the text. One that names the way out takes the proof on; one that
// only doubts the schema has nothing left to say. Returns whether the first has happened.
bool ToldByARule(Proving& proof, const Step& step, const std::string& said) {
  const Places& places = step.file->places;
  const Places::Place begin = places.At(step.statement.span.begin),
                      end = places.At(step.statement.span.end);
  const auto is_here = [&](const v1::Finding& finding, std::string_view rule) {
    const v1::Location& at = finding.location();
    return finding.rule() == rule && finding.covered_by().empty() && at.path() == step.file->path &&
           at.line() >= begin.line && at.line() <= end.line &&
           (at.line() != begin.line || at.column() >= begin.column) &&
           (at.line() != end.line || at.column() <= end.column);
  };
  const auto told = std::ranges::find_if(proof.findings, [&](const v1::Finding& finding) {
    return is_here(finding, "migration.concurrently_in_transaction");
  });
  if (told != proof.findings.end()) {
    told->set_message(absl::StrCat(told->message(), " Proven on a scratch ", proof.server, ": ",
                                   said, ". The release stops here."));
    return true;
  }
  std::erase_if(proof.findings, [&](const v1::Finding& finding) {
    return is_here(finding, "migration.schema_mismatch");
  });
  return false;
}

}  // namespace

void ReadStop(Proving& proof) {
  const v1::RehearsalFailure& failure = proof.rehearsal.failure();
  const std::string said = Describe(failure);
  const Step* step = proof.steps.At(failure.path(), failure.line());
  if (proof.rehearsal.end() == v1::REHEARSAL_END_MIGRATION_FAILED && step != nullptr &&
      Fails(proof, *step)) {
    if (ToldByARule(proof, *step, said)) return;
    proof.Add(
        "fails", step,
        {.effects = {v1::EFFECT_BREAKS_NEW_VERSION},
         .message = absl::StrCat("This statement fails on a scratch ", proof.server,
                                 " with the schema before: ", said, ". The release stops here."),
         .instead = {.now = "Mend the migration, or the schema that was given with it."}});
    return;
  }
  std::string why = said;
  switch (proof.rehearsal.end()) {
    case v1::REHEARSAL_END_MIGRATION_FAILED:
      why = absl::StrCat("a statement of the release fails on the scratch ", proof.server, ", ",
                         WhyNoProof(proof, step), ": ", said);
      break;
    case v1::REHEARSAL_END_REFUSED:
      why = absl::StrCat("a statement needs a right that no rehearsal gives: ", said);
      break;
    case v1::REHEARSAL_END_TIMED_OUT:
      why = absl::StrCat("the time was used up: ", said);
      break;
    default:
      break;
  }
  if (!failure.path().empty()) absl::StrAppend(&why, " at ", failure.path(), ":", failure.line());
  proof.findings.push_back(NotRehearsed(why, proof.release.required));
}

}  // namespace gate::migration
