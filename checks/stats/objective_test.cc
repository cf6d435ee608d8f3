#include "checks/stats/objective_test.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gate::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

ObjectiveTest::ObjectiveTest(double objective, double margin)
    : objective_(objective), limit_(objective * (1 + margin)), under_(objective) {}

void ObjectiveTest::Add(const RateInterval& interval) {
  if (!(interval.exposure > 0)) return;
  ++intervals_;
  total_.exposure += interval.exposure;
  total_.events += interval.events;
  const CountBlock alone = {interval.exposure, 0, interval.events, 0};
  under_.Add(alone);
  meter_.Add(alone);
  // The requests that failed against those that did not.
  over_.Add({0, 0, interval.events, interval.exposure - interval.events}, limit_);
}

ObjectiveAnswer ObjectiveTest::Answer(double alpha_harm, double alpha_safe) const {
  ObjectiveAnswer answer;
  answer.rate = total_.events / total_.exposure;
  answer.burn_rate = answer.rate / objective_;
  answer.intervals_to_answer = kInfinity;
  if (intervals_ == 0) return answer;
  const double proof_of_harm = -std::log(alpha_harm), proof_of_safety = -std::log(alpha_safe);
  answer.log_e_harm = over_.LogE();
  const double allowed = std::max(kLargestQuietBurst, objective_ * total_.exposure / intervals_);
  const bool quiet = !meter_.OfTotals().Over(allowed);
  answer.log_e_safe = quiet ? under_.LogE() : -kInfinity;
  answer.harm = answer.log_e_harm >= proof_of_harm;
  answer.safe = !answer.harm && answer.log_e_safe >= proof_of_safety;
  if (answer.harm || answer.safe) {
    answer.intervals_to_answer = 0;
  } else if (answer.log_e_harm > 0) {
    answer.intervals_to_answer = (proof_of_harm / answer.log_e_harm - 1) * intervals_;
  } else if (quiet) {
    answer.intervals_to_answer = (under_.TimesUntil(proof_of_safety) - 1) * intervals_;
  }
  return answer;
}

BudgetUse UseOfBudget(const RateInterval& so_far, double window_exposure, double objective,
                      double rate) {
  const double budget = objective * window_exposure;
  const double rest = std::max(0.0, window_exposure - so_far.exposure);
  BudgetUse use;
  use.used = so_far.events / budget;
  use.projected = (so_far.events + rate * rest) / budget;
  const double left = budget - so_far.events;
  if (left > 0) use.exposure_left = rate > 0 ? left / rate : kInfinity;
  return use;
}

}  // namespace gate::stats
