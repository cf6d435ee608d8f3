#include "checks/conclude.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

std::string More(size_t count) {
  if (count < 2) return "";
  return absl::StrCat(" (and ", count - 1, count == 2 ? " other finding)" : " other findings)");
}

}  // namespace

bool IsUnproven(const v1::Finding& finding) {
  return std::ranges::count(finding.effects(), v1::EFFECT_UNPROVEN) > 0;
}

void Conclude(const ConcludingWords& words, v1::CheckOutcome& outcome) {
  std::vector<const v1::Finding*> forbidding, unproven;
  for (const v1::Finding& finding : outcome.findings()) {
    if (finding.severity() != v1::SEVERITY_BLOCK) continue;
    (IsUnproven(finding) ? unproven : forbidding).push_back(&finding);
  }
  if (!forbidding.empty()) {
    outcome.set_outcome(v1::OUTCOME_FAIL);
    outcome.set_summary(absl::StrCat(forbidding[0]->message(), More(forbidding.size())));
    outcome.add_unblock(std::string(words.unblock));
  } else if (!unproven.empty()) {
    outcome.set_outcome(v1::OUTCOME_INCONCLUSIVE);
    outcome.set_summary(
        absl::StrCat(std::string(words.not_shown), unproven[0]->message(), More(unproven.size())));
  } else {
    outcome.set_outcome(v1::OUTCOME_PASS);
    outcome.set_summary(words.in_order);
  }
  for (const v1::Finding* finding : unproven) outcome.add_unblock(finding->instead());
}

void LetPass(std::string_view rule, const std::string& takes_back, v1::CheckOutcome& outcome) {
  bool stopped = false;
  for (v1::Finding& finding : *outcome.mutable_findings()) {
    stopped |= finding.severity() == v1::SEVERITY_BLOCK;
    finding.set_severity(std::min(finding.severity(), v1::SEVERITY_WARN));
  }
  v1::Finding& finding = *outcome.add_findings();
  finding.set_rule(std::string(rule));
  finding.set_severity(stopped ? v1::SEVERITY_WARN : v1::SEVERITY_INFO);
  finding.set_subject(takes_back);
  finding.set_message(absl::StrCat("This shift takes back ", takes_back,
                                   ", as the change says, so it is not stopped",
                                   stopped ? "; without that word it would be." : "."));
  outcome.set_outcome(v1::OUTCOME_PASS);
  outcome.set_summary(finding.message());
  outcome.clear_unblock();
  outcome.clear_retry_at();
  outcome.clear_advice();
}

}  // namespace gate
