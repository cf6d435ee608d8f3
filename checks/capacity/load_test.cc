#include "checks/capacity/load_test.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/capacity/words.h"

namespace gate::capacity {
namespace {

constexpr size_t kMostEndpoints = 3;

// Shares that sum to 1; empty where there is nothing.
template <typename Counts>
std::map<std::string, double> Shares(const Counts& counts) {
  std::map<std::string, double> shares;
  double sum = 0;
  for (const auto& [name, count] : counts) {
    if (!(count > 0) || !std::isfinite(count)) continue;
    shares[name] = count;
    sum += count;
  }
  for (auto& [name, share] : shares) share /= sum;
  return shares;
}

// The part of the requests that both have in common, and what production has most of besides.
std::string Mix(const std::map<std::string, double>& test,
                const std::map<std::string, double>& production) {
  if (test.empty())
    return "Which endpoints it asked is not told, so how far it stands for production is not "
           "known.";
  if (production.empty()) {
    return "Its mix of endpoints cannot be compared: set endpoint_label in the policy.";
  }
  double overlap = 0;
  std::vector<std::pair<double, std::string>> missed;
  for (const auto& [name, share] : production) {
    const auto found = test.find(name);
    const double tested = found == test.end() ? 0 : found->second;
    overlap += std::min(share, tested);
    if (share - tested > 0.01) missed.emplace_back(tested - share, name);
  }
  std::ranges::sort(missed);
  if (missed.size() > kMostEndpoints) missed.resize(kMostEndpoints);
  std::vector<std::string> names;
  for (const auto& [lack, name] : missed) {
    const auto found = test.find(name);
    names.push_back(absl::StrCat(name, " (", Percent(production.at(name)), " in production, ",
                                 Percent(found == test.end() ? 0 : found->second),
                                 " in the test)"));
  }
  return absl::StrCat(
      "Its mix of endpoints is production's to ", Percent(overlap),
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
    std::map<std::string, double> production;
    if (answer != answers.end() && answer->cost) {
      const Bounds& seen = answer->cost->canary;
      const bool agrees = told.per_request() >= seen.lower && told.per_request() <= seen.upper;
      absl::StrAppend(&message, " In production the canary's cost ", Amount(seen.estimate),
                      agrees ? ": they agree." : ": they do not agree, and production counts.");
      production = Shares(answer->cost->endpoints);
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
        policy->capacity() > 0 ? " " : "", Mix(Shares(test.requests()), production));
    report.AddWarning("capacity.load_test",
                      {told.resource(), message,
                       "Believe it for the endpoints that it asked, and watch the canary for the "
                       "rest."});
  }
}

}  // namespace gate::capacity
