#include "checks/capacity/capacity.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/capacity/load_test.h"
#include "checks/capacity/parameters.h"
#include "checks/capacity/report.h"
#include "checks/capacity/resource.h"
#include "checks/capacity/rules.h"
#include "checks/capacity/shift.h"
#include "checks/capacity/words.h"
#include "checks/conclude.h"
#include "checks/proto_time.h"
#include "checks/stage.h"

namespace gate {
namespace capacity {
namespace {

// Under these the evidence is said to be of something else than the peak.
constexpr double kLittleOfThePeak = 0.5;
constexpr double kFewOfTheEndpoints = 0.9;

v1::CheckOutcome Skipped(std::string_view why) {
  v1::CheckOutcome outcome;
  outcome.set_outcome(v1::OUTCOME_SKIPPED);
  outcome.set_summary(std::string(why));
  return outcome;
}

// The load of the last weeks and its forecast; nothing where it is not known, and then that is
// reported.
std::optional<Setting> Look(const v1::Change& change, const Evidence& evidence,
                            const v1::CapacityPolicy& policy, absl::Time now, Report& report) {
  const Parameters parameters(policy);
  std::string why;
  std::optional<History> load = ReadHistory(evidence.Get(kLoadId), now, parameters.history,
                                            parameters.history_step, parameters.max_age, why);
  if (!load) {
    report.AddUnproven("capacity.no_data",
                       {"load", absl::StrCat("The load of ", change.service(), ": ", why, "."),
                        "See that the metrics server answers for the load, and ask again."});
    return std::nullopt;
  }
  const stats::PeakForecast peak = PeakOf(*load);
  if (!peak.Known()) {
    report.AddUnproven(
        "capacity.short_history",
        {"load",
         absl::StrCat("Of ", peak.weeks, peak.weeks == 1 ? " whole week" : " whole weeks",
                      " the load of ", change.service(),
                      " is known: the peak of the coming week cannot be forecast from that."),
         "Let the metrics server keep at least two weeks of the load, better five."});
    return std::nullopt;
  }
  return Setting{change, policy, evidence, parameters, now, *std::move(load), peak};
}

std::string History(const stats::PeakForecast& peak) {
  return absl::StrCat(Amount(peak.estimate), " requests/s, ", Amount(peak.lower), " to ",
                      Amount(peak.upper), ", by ", peak.weeks, " weeks",
                      peak.low_weeks > 0
                          ? absl::StrCat(" of which ", peak.low_weeks, " low ",
                                         peak.low_weeks == 1 ? "one does" : "ones do", " not count")
                          : "");
}

// Which part of the load still to come, and of the endpoints, the evidence has seen.
std::string TellCoverage(const Setting& setting, const std::vector<ResourceAnswer>& answers,
                         Report& report) {
  const auto seen = std::ranges::find_if(
      answers, [](const ResourceAnswer& answer) { return answer.cost.has_value(); });
  if (seen == answers.end()) return "";
  const Cost& cost = *seen->cost;
  const double load = setting.load.Highest(cost.first - cost.length, cost.last);
  if (std::isnan(load)) return "";
  const double part = load / setting.peak.estimate;
  std::string text = absl::StrCat("the evidence has seen ", Amount(load),
                                  " requests/s: ", Percent(part), " of the peak");
  double covered = 1;
  if (!cost.endpoints.empty()) {
    double all = 0, by_canary = 0;
    size_t both = 0;
    for (const auto& [endpoint, count] : cost.endpoints) {
      all += count;
      if (!cost.canary_endpoints.contains(endpoint)) continue;
      by_canary += count;
      ++both;
    }
    covered = by_canary / all;
    absl::StrAppend(&text, ", and ", both, " of ", cost.endpoints.size(), " endpoints (",
                    Percent(covered), " of the requests)");
  }
  if (part < kLittleOfThePeak || covered < kFewOfTheEndpoints) {
    text[0] = 'T';
    report.Add("capacity.coverage",
               {setting.change.service(),
                absl::StrCat(text, ". What a request costs at the peak may be something else",
                             covered < kFewOfTheEndpoints
                                 ? "; to endpoints that the canary has not served it is taken to "
                                   "cost what it did."
                                 : "."),
                "Look again under the first peak, and go in steps until then."});
    text[0] = 't';
  }
  return text;
}

// `in_order` is for a PASS.
v1::CheckOutcome Conclude(Report& report, const std::string& in_order, absl::Time now) {
  v1::CheckOutcome& outcome = report.outcome();
  gate::Conclude({.not_shown = "Not shown to last: ",
                  .unblock = "Do what the findings say instead, or have them overridden.",
                  .in_order = in_order},
                 outcome);
  if (outcome.outcome() == v1::OUTCOME_INCONCLUSIVE && report.retry() > now) {
    *outcome.mutable_retry_at() = ToProto(report.retry());
  }
  return std::move(outcome);
}

// How far the rollout may go, and how much of a peak has seen all of it.
void TellPace(const Setting& setting, const std::vector<ResourceAnswer>& answers,
              v1::CheckOutcome& outcome) {
  v1::Pace& pace = *outcome.mutable_pace();
  for (const ResourceAnswer& answer : answers) {
    if (!answer.cost) continue;
    if (!pace.has_largest_safe_share() || answer.safe_share < pace.largest_safe_share()) {
      pace.set_largest_safe_share(answer.safe_share);
    }
  }
  const v1::RolloutStage& stage = setting.change.stage();
  if (!stage.has_complete_at()) return;
  // In intervals that have begun since.
  const double load =
      setting.load.Highest(FromProto(stage.complete_at()) + setting.load.step, setting.now);
  if (!std::isnan(load)) pace.set_peak_seen(load / setting.peak.estimate);
}

v1::Advice AdviceOf(const v1::CheckOutcome& outcome) {
  switch (outcome.outcome()) {
    case v1::OUTCOME_FAIL:
      return v1::ADVICE_ROLL_BACK;
    case v1::OUTCOME_PASS:
      return v1::ADVICE_PROCEED;
    default:
      return v1::ADVICE_WAIT;
  }
}

// The resource that gives way first comes first, in findings and in words.
void PutWorstFirst(std::vector<ResourceAnswer>& answers, v1::CheckOutcome& outcome) {
  std::ranges::stable_sort(answers, [](const ResourceAnswer& a, const ResourceAnswer& b) {
    return a.use.estimate > b.use.estimate;
  });
  const auto place = [&](const v1::Finding& finding) {
    return std::ranges::find(answers, finding.subject(), &ResourceAnswer::name) - answers.begin();
  };
  std::stable_sort(outcome.mutable_findings()->begin(), outcome.mutable_findings()->end(),
                   [&](const v1::Finding& a, const v1::Finding& b) { return place(a) < place(b); });
}

v1::CheckOutcome JudgeCohorts(const Setting& setting, Report& report) {
  std::vector<ResourceAnswer> answers;
  for (const v1::CapacityResource& resource : setting.policy.resources()) {
    answers.push_back(JudgeResource(setting, resource, report));
  }
  PutWorstFirst(answers, report.outcome());
  const std::string coverage = TellCoverage(setting, answers, report);
  TellLoadTest(setting, answers, report);
  std::vector<std::string> parts;
  for (const ResourceAnswer& answer : answers) parts.push_back(answer.in_short);
  v1::CheckOutcome outcome = Conclude(
      report,
      absl::StrCat("At the coming weekly peak (", History(setting.peak), ") ",
                   absl::StrJoin(parts, ", "), coverage.empty() ? "" : "; ", coverage, "."),
      setting.now);
  const auto over = std::ranges::count_if(answers, &ResourceAnswer::over);
  if (over > 1) {
    outcome.set_summary(absl::StrCat(answers[0].name, " gives way first. ", outcome.summary()));
  }
  const bool on_its_way =
      setting.change.canary().has_started_at() ||
      std::ranges::any_of(answers, [](const auto& answer) { return answer.cost.has_value(); });
  if (on_its_way) outcome.set_advice(AdviceOf(outcome));
  TellPace(setting, answers, outcome);
  return outcome;
}

v1::CheckOutcome JudgeOrigins(const Setting& setting, Report& report) {
  const std::string parts = JudgeShift(setting, report);
  v1::CheckOutcome outcome =
      Conclude(report,
               absl::StrCat("At the coming weekly peak (", History(setting.peak), ") ", parts,
                            " of their workers are busy."),
               setting.now);
  if (!setting.change.canary().has_started_at()) return outcome;
  // A pool that is too small for the peak to come can be enlarged until then; who waits, waits now.
  const bool waits = std::ranges::any_of(outcome.findings(), [](const v1::Finding& finding) {
    return finding.rule() == "capacity.wait_grows" && finding.severity() == v1::SEVERITY_BLOCK &&
           !IsUnproven(finding);
  });
  outcome.set_advice(waits                                   ? v1::ADVICE_ROLL_BACK
                     : outcome.outcome() == v1::OUTCOME_PASS ? v1::ADVICE_PROCEED
                                                             : v1::ADVICE_WAIT);
  return outcome;
}

// Pools of origins are judged before anything shifts.
std::string_view NotDue(const v1::Change& change) {
  return change.kind() == v1::CHANGE_KIND_TRAFFIC_SHIFT ? "" : BeforeTraffic(change);
}

v1::CheckOutcome Judge(const v1::Change& change, const Evidence& evidence,
                       const v1::PolicyRule& rule, absl::Time now) {
  const v1::CapacityPolicy& policy = rule.checks().capacity();
  const bool shifts = change.kind() == v1::CHANGE_KIND_TRAFFIC_SHIFT;
  if (!shifts && !ExposesACohort(change.kind())) {
    return Skipped("the change puts no new code under traffic");
  }
  if (!shifts && policy.resources().empty()) return Skipped("the policy names no resource");
  Report report(policy);
  if (shifts && !change.has_traffic_shift()) {
    report.AddUnproven("capacity.no_data",
                       {change.service(), "From where to where the traffic shifts is not told.",
                        "Tell it: gatectl check --origin NAME=BEFORE:AFTER,workers=N"});
    return Conclude(report, "", now);
  }
  const std::optional<Setting> setting = Look(change, evidence, policy, now, report);
  v1::CheckOutcome outcome = !setting ? Conclude(report, "", now)
                             : shifts ? JudgeOrigins(*setting, report)
                                      : JudgeCohorts(*setting, report);
  const std::string& takes_back = change.traffic_shift().takes_back();
  if (shifts && !takes_back.empty()) LetPass("capacity.taken_back", takes_back, outcome);
  return outcome;
}

}  // namespace
}  // namespace capacity

const Check kCapacityCheck = {"capacity",
                              "Shared resources bear the change at the coming weekly peak.",
                              capacity::Validate,
                              capacity::Needs,
                              capacity::Judge,
                              capacity::Rules,
                              nullptr,
                              capacity::NotDue};

}  // namespace gate
