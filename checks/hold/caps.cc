#include "checks/hold/caps.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "checks/hold/rules.h"
#include "checks/hold/words.h"
#include "checks/name_patterns.h"
#include "checks/stage.h"

namespace gate::hold {

std::vector<const v1::ConcurrencyCap*> CapsFor(const v1::Change& change,
                                               const v1::HoldPolicy& policy) {
  std::vector<const v1::ConcurrencyCap*> caps;
  if (!change.has_stage() || IsUnderWay(change)) return caps;
  for (const v1::ConcurrencyCap& cap : policy.caps()) {
    const bool is_for = Concerns(cap, change.service(), change.environment()) &&
                        std::ranges::count(cap.exempt_kinds(), change.kind()) == 0;
    if (is_for) caps.push_back(&cap);
  }
  return caps;
}

void JudgeCaps(const v1::Change& change, const v1::HoldPolicy& policy, const v1::Holds& holds,
               v1::CheckOutcome& outcome) {
  for (const v1::ConcurrencyCap* cap : CapsFor(change, policy)) {
    std::vector<std::string> holders;
    for (const v1::MovingRollout& moving : holds.moving()) {
      const bool its_own =
          moving.service() == change.service() && moving.environment() == change.environment();
      if (its_own || !Concerns(*cap, moving.service(), moving.environment())) continue;
      holders.push_back(
          absl::StrCat(moving.service(), " in ", moving.environment(), " (", moving.name(), ")"));
    }
    if (static_cast<int>(holders.size()) < cap->at_most()) continue;
    v1::Finding& finding = *outcome.add_findings();
    finding.set_rule(kConcurrency);
    finding.set_severity(v1::SEVERITY_BLOCK);
    finding.set_holds(true);
    finding.set_subject(cap->name());
    finding.set_message(absl::StrCat(
        "The cap ", cap->name(), " lets ", cap->at_most(),
        cap->at_most() == 1 ? " rollout" : " rollouts", " move at a time, and its ",
        cap->at_most() == 1 ? "place is" : "places are", " taken by ", List(holders, 10), "."));
    finding.set_instead(
        "Wait until one of them is all out, has ended or goes back; one that is paused keeps its "
        "place.");
  }
}

}  // namespace gate::hold
