// What the rehearsal has not looked at, or not as it was given, and on which server.
#include "absl/strings/str_cat.h"
#include "checks/migration/proof_parts.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

constexpr int kShownLosses = 3;

// What is seen and has no place in a list may be what forbids.
void TellWhatIsLeftOut(Proving& proof) {
  const v1::LeftOut& left_out = proof.rehearsal.left_out();
  const size_t count = proof.not_told + static_cast<size_t>(left_out.statements()) +
                       static_cast<size_t>(left_out.broken_statements()) +
                       static_cast<size_t>(left_out.result_changes()) +
                       static_cast<size_t>(left_out.effects());
  if (count == 0) return;
  proof.Add(
      "rehearsal_coverage", nullptr,
      {.effects = {v1::EFFECT_UNPROVEN},
       .message = absl::StrCat("The rehearsal has seen ", Count(count, "thing"),
                               " more than are told of here: statements of the running version "
                               "that fail in other ways, differences of the schema, locks. What "
                               "they are is not known."),
       .instead = {.now = "Split the release."},
       .severity = v1::SEVERITY_BLOCK});
}

void TellVersion(Proving& proof) {
  proof.Add(
      "rehearsal_coverage", nullptr,
      {.subject = "version",
       .message = absl::StrCat("The release was rehearsed on PostgreSQL ",
                               proof.rehearsal.postgres_major_version(), ", and production has ",
                               proof.release.postgres_version,
                               ": locks, rewrites and the grammar may differ."),
       .instead = {.now = absl::StrCat(
                       "Install PostgreSQL ", proof.release.postgres_version,
                       "'s server where the gate rehearses, and name its folder of programs "
                       "(rehearsal.programs of gated, GATE_POSTGRES_PROGRAMS for gatectl).")}});
}

void TellRepairs(Proving& proof) {
  const int repaired =
      proof.rehearsal.repaired_statements_size() + proof.rehearsal.left_out().repaired_statements();
  const v1::RepairedStatement& first = proof.rehearsal.repaired_statements(0);
  proof.Add(
      "rehearsal_coverage", nullptr,
      {.subject = "workload",
       .message = absl::StrCat(
           Count(repaired, "statement"), " of the workload ", repaired == 1 ? "does" : "do",
           " not prepare as recorded, without constants, and ", repaired == 1 ? "was" : "were",
           " tried as repaired: ", OnOneLine(first.sql()), " (", first.how(), ")",
           repaired > 1 ? absl::StrCat("; and ", repaired - 1, " more") : "", ".")});
}

}  // namespace

void TellCoverage(Proving& proof) {
  TellWhatIsLeftOut(proof);
  const int listed = proof.rehearsal.lost_coverage_size();
  const int lost = listed + proof.rehearsal.left_out().lost_coverage();
  bool inputs_lost =
      (proof.rehearsal.workload_statements() > 0 && proof.rehearsal.covered_statements() == 0) ||
      (proof.rehearsal.bodies() > 0 && proof.rehearsal.covered_bodies() == 0);
  std::string message = absl::StrCat("The rehearsal could not look at ", Count(lost, "thing"), ":");
  for (int i = 0; i < listed; ++i) {
    const v1::LostCoverage& one = proof.rehearsal.lost_coverage(i);
    inputs_lost = inputs_lost || one.kind() == v1::COVERAGE_KIND_SCHEMA ||
                  one.kind() == v1::COVERAGE_KIND_MIGRATION;
    if (i >= kShownLosses) continue;
    const std::string& text = one.has_statement() ? one.statement().sql() : one.text();
    absl::StrAppend(&message, i == 0 ? " " : "; ", OnOneLine(text), text.empty() ? "" : ": ",
                    one.reason());
  }
  if (lost > kShownLosses) absl::StrAppend(&message, "; and ", lost - kShownLosses, " more");
  if (lost > 0) proof.Add("rehearsal_coverage", nullptr, {.message = message + "."});
  if (proof.rehearsal.repaired_statements_size() > 0) TellRepairs(proof);
  if (proof.OtherVersion()) TellVersion(proof);
  if (proof.release.required && inputs_lost) {
    proof.findings.push_back(
        NotRehearsed("the rehearsal did not see all of the schema, the migration or the "
                     "workload, or no body of "
                     "a function",
                     proof.release.required));
  }
}

}  // namespace gate::migration
