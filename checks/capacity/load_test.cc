#include "checks/capacity/load_test.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/capacity/mix.h"
#include "checks/capacity/words.h"

namespace gate::capacity {
namespace {

// The part of the requests that both have in common, and what production has most of besides.
std::string Mix(const Shares& test, const Shares& production) {
  if (test.empty())
    return "Which endpoints it asked is not told, so how far it stands for production is not "
           "known.";
  if (production.empty()) {
    return "Its mix of endpoints cannot be compared: set endpoint_label in the policy.";
  }
  const std::vector<std::string> names = TooFew(production, test, "in the test");
  return absl::StrCat(
      "Its mix of endpoints is production's to ", Percent(Overlap(production, test)),
      ", and it stands for no more than that",
      names.empty() ? "." : "; too little asked: " + absl::StrJoin(names, ", ") + ".");
}

}  // namespace

void TellLoadTest(const Setting& setting, const std::vector<ResourceAnswer>& answers,
                  Report& report) {
  const v1::LoadTest& test = setting.change.load_test();
  for (const v1::LoadTest::Cost& told : test.costs()) {
    const auto policy =
        std::ranges::find(setting.policy.resources(), told.resource(), &v1::CapacityResource::name);
    const auto answer = std::ranges::find(answers, told.resource(), &ResourceAnswer::name);
    if (policy == setting.policy.resources().end() || !std::isfinite(told.per_request())) continue;
    const std::string unit = policy->unit().empty() ? "units" : policy->unit();
    std::string message = absl::StrCat(
        "Load test in ", test.environment().empty() ? "another environment" : test.environment(),
        ": a request cost ", Amount(told.per_request()), " ", unit, " of ", told.resource(), ".");
    Shares production;
    if (answer != answers.end() && answer->cost) {
      const Bounds& seen = answer->cost->canary;
      const bool agrees = told.per_request() >= seen.lower && told.per_request() <= seen.upper;
      absl::StrAppend(&message, " In production the canary's cost ", Amount(seen.estimate),
                      agrees ? ": they agree." : ": they do not agree, and production counts.");
      production = SharesOf(answer->cost->endpoints);
    } else {
      message += " Production has not shown yet what it costs there.";
    }
    absl::StrAppend(
        &message, " At the coming weekly peak that is ", Amount(setting.peak.estimate),
        " requests/s x ", Amount(told.per_request()), " = ",
        Amount(setting.peak.estimate * told.per_request()), " ", unit, "/s",
        policy->capacity() > 0
            ? absl::StrCat(" of ", Amount(policy->capacity()), "/s: ",
                           Percent(setting.peak.estimate * told.per_request() / policy->capacity()),
                           ".")
            : ". ",
        policy->capacity() > 0 ? " " : "", Mix(SharesOf(test.requests()), production));
    report.AddWarning("capacity.load_test",
                      {told.resource(), message,
                       "Believe it for the endpoints that it asked, and watch the canary for the "
                       "rest."});
  }
}

}  // namespace gate::capacity
