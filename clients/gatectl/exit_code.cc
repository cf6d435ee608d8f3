#include "clients/gatectl/exit_code.h"

#include <algorithm>
#include <array>

namespace gate::ctl {
namespace {

constexpr std::array<ExitCodeDoc, 10> kExitCodes = {{
    {kAllow, "ALLOW, or success", "go on"},
    {kInternal, "internal: something that should not happen did", "stop; report it"},
    {kUsage, "usage, configuration or input is wrong", "stop; fix the call"},
    {kUnreachable, "the gate could not be reached, or not before the deadline",
     "stop, or try again"},
    {kDenied, "not authenticated, or not allowed", "stop; fix the credentials"},
    {kNotFound, "not found, or changed meanwhile", "stop; ask again"},
    {kBlock, "BLOCK: the change, or the plan, has to change first", "stop"},
    {kHold, "HOLD: not now", "wait, then ask again"},
    {kInconclusive, "HOLD for no other reason than missing evidence (INCONCLUSIVE)",
     "wait, or mend the source"},
    {kInterrupted, "interrupted", "stop"},
}};

bool IsInconclusive(v1::Outcome outcome) {
  return outcome != v1::OUTCOME_PASS && outcome != v1::OUTCOME_FAIL &&
         outcome != v1::OUTCOME_SKIPPED;
}

// Whether the outcome stands in the way under its enforcement.
bool Decides(const v1::CheckOutcome& outcome) {
  return outcome.decision() != v1::DECISION_ALLOW &&
         outcome.enforcement() != v1::ENFORCEMENT_WARN &&
         outcome.enforcement() != v1::ENFORCEMENT_DRY_RUN;
}

ExitCode Code(v1::Decision decision, bool only_evidence_missing) {
  switch (decision) {
    case v1::DECISION_ALLOW:
      return kAllow;
    case v1::DECISION_HOLD:
      return only_evidence_missing ? kInconclusive : kHold;
    case v1::DECISION_BLOCK:
      return kBlock;
    default:
      return kInternal;
  }
}

}  // namespace

std::span<const ExitCodeDoc> AllExitCodes() { return kExitCodes; }

std::string_view Meaning(int code) {
  for (const ExitCodeDoc& doc : kExitCodes) {
    if (doc.code == code) return doc.meaning;
  }
  return "unknown";
}

ExitCode ExitCodeOf(const v1::Verdict& verdict) {
  bool any = false;
  bool all_inconclusive = true;
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    if (!Decides(outcome)) continue;
    any = true;
    all_inconclusive = all_inconclusive && IsInconclusive(outcome.outcome());
  }
  return Code(verdict.decision(), any && all_inconclusive);
}

ExitCode ExitCodeOf(const v1::LintReport& report) {
  const bool holds = std::any_of(
      report.findings().begin(), report.findings().end(), [](const v1::Finding& finding) {
        return finding.holds() && finding.covered_by().empty() &&
               finding.severity() != v1::SEVERITY_INFO && finding.severity() != v1::SEVERITY_WARN;
      });
  return Code(report.decision(), !holds);
}

ExitCode ExitCodeOf(const v1::CheckOutcome& outcome) {
  return Code(outcome.decision(), IsInconclusive(outcome.outcome()));
}

}  // namespace gate::ctl
