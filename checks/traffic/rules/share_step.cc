// Steps are small so that few users meet what is wrong with an origin, and so that it is seen
// before the next one. A service whose sessions cannot be split has no small steps: there it is a
// warning.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/traffic/rule.h"

namespace gate::traffic {
namespace {

// The same shift, cut so that no share grows by more than the step.
std::string FirstStep(const Shift& shift) {
  double growth = 0;
  for (const Origin& origin : shift.origins) growth = std::max(growth, origin.Growth());
  std::vector<std::string> steps;
  for (const Origin& origin : shift.origins) {
    const double after = origin.before + origin.Growth() * shift.largest_step / growth;
    steps.push_back(
        absl::StrCat(origin.name, " from ", Percent(origin.before), " to ", Percent(after)));
  }
  return Enumerate(std::move(steps));
}

void Examine(const Shift& shift, Findings& findings) {
  const bool indivisible = shift.keeps_sessions == Answer::kYes && shift.is_sticky == Answer::kNo &&
                           shift.Serving().size() == 1;
  for (const Origin& origin : shift.origins) {
    if (origin.Growth() <= shift.largest_step + kTolerance) continue;
    std::string message =
        absl::StrCat(origin.name, " grows from ", Percent(origin.before), " to ",
                     Percent(origin.after), " at once; the policy allows ",
                     Percent(shift.largest_step), " in one step. What is wrong with it, ",
                     Percent(origin.Growth()), " of the traffic would meet at the same moment.");
    if (indivisible) {
      findings.AddWarning({origin.name,
                           absl::StrCat(message, " It is not stopped: sessions of ", shift.service,
                                        " cannot be split, so there are no smaller steps."),
                           "With affinity there are: --affinity cookie or tenant."});
    } else {
      findings.Add({origin.name, std::move(message),
                    absl::StrCat("First: ", FirstStep(shift), ". Ask again for the next step.")});
    }
  }
}

}  // namespace

const Rule kShareStep = {
    .doc = {"traffic.share_step",
            "The share of an origin grows by more than the policy allows at once.",
            "A pool that is too small, a cold cache, a wrong route: whatever is wrong with the "
            "origin, all of the share that moves meets it at the same moment.",
            "Go in steps of the size that the policy names (checks.traffic.largest_step), and look "
            "at each under a peak before the next."},
    .severity = v1::SEVERITY_BLOCK,
    .compares = true,
    .examine = Examine,
};

}  // namespace gate::traffic
