// Where all traffic moves at once, the way back is the whole safety net: it is thought of before.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/traffic/rule.h"

namespace gate::traffic {
namespace {

void Examine(const Shift& shift, Findings& findings) {
  if (!shift.MovesAllAtOnce() || !shift.way_back.empty()) return;
  const Origin& left = *std::ranges::max_element(shift.origins, {}, &Origin::before);
  findings.Add(
      {shift.service,
       absl::StrCat("All traffic moves to ", NamesWithShares(shift.Serving()),
                    " at once, and the change does not say how it goes back. If it fails "
                    "under the full load, every user waits while somebody finds out."),
       absl::StrCat("Say it: --way-back \"weights at the CDN, 2 min, to ", left.name,
                    "\"; and keep ", left.name, " running until a weekly peak has passed.")});
}

}  // namespace

const Rule kNoWayBack = {
    .doc = {"traffic.no_way_back", "All traffic moves at once, and no way back is stated.",
            "Nobody has seen the new origin under the full load. If it fails, all users are down "
            "until the traffic is back, and that takes longest where it was not thought of before: "
            "DNS that is cached for hours, an old origin that is switched off.",
            "State how traffic goes back and how long that takes (--way-back), and keep the old "
            "origin running until a weekly peak has passed."},
    .severity = v1::SEVERITY_WARN,
    .compares = true,
    .examine = Examine,
};

}  // namespace gate::traffic
