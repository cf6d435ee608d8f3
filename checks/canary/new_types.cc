#include "checks/canary/new_types.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "checks/proto_time.h"
#include "checks/stats/combine.h"

namespace gate {
namespace {

double EventsOf(const v1::EventType& type, const std::string& cohort) {
  const auto found = type.events().find(cohort);
  return found == type.events().end() ? 0 : found->second;
}

// Log of the evidence that n events which all fell on the canary, with its share of the exposure,
// are more than chance: the beta-binomial mixture of Lindon & Malek, Anytime-valid inference for
// multinomial count data, NeurIPS 2022, arXiv:2011.03567, equation 6, over shares above the null.
// One unit for all of it, since one fault shows itself many times at once: events count as their
// logarithm to the base of two, rounded up.
double LogEvidence(double events, double share) {
  const double units = std::ceil(std::log2(events + 1));
  // Integral over t in (share, 1) of (t / share)^n, with a uniform prior.
  const double log_top =
      (units + 1) * std::log(1 / share) + std::log1p(-std::pow(share, units + 1));
  return log_top + std::log(share / ((units + 1) * (1 - share)));
}

}  // namespace

std::vector<NewType> NewTypes(const v1::MetricSeries& series, const stats::CountBlock& exposure,
                              double alpha) {
  std::vector<NewType> types;
  std::vector<double> evidence;
  if (!(exposure.canary_exposure > 0 && exposure.baseline_exposure > 0)) return {};
  for (const v1::EventType& type : series.types()) {
    const double events = EventsOf(type, "canary");
    const bool known =
        type.past_events() > 0 || EventsOf(type, "baseline") > 0 || EventsOf(type, "stable") > 0;
    // Those of old code alone count among the many in which chance had its way.
    evidence.push_back(known || !(events > 0) || !std::isfinite(events)
                           ? -std::numeric_limits<double>::infinity()
                           : LogEvidence(events, exposure.CanaryShare()));
    types.push_back({type.name(), events, FromProto(type.first_seen()), evidence.back()});
  }
  const std::vector<bool> standing_out = stats::StandingOut(evidence, alpha);
  std::vector<NewType> found;
  for (size_t i = 0; i < types.size(); ++i) {
    if (standing_out[i]) found.push_back(std::move(types[i]));
  }
  std::ranges::sort(found, {}, &NewType::name);
  return found;
}

}  // namespace gate
