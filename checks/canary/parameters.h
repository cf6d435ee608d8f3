// The canary check's parameters with their defaults, and what they may be.
#ifndef CHECKS_CANARY_PARAMETERS_H_
#define CHECKS_CANARY_PARAMETERS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/check.h"
#include "gate/v1/policy.pb.h"

namespace gate {

// A policy as it is meant: every default filled in.
struct CanaryParameters {
  explicit CanaryParameters(const v1::CanaryPolicy& policy);

  std::string canary;
  std::string baseline;
  absl::Duration window;
  absl::Duration step;
  absl::Duration max_age;
  double alpha;
};

double MarginOf(const v1::CanaryMetric& metric);
// 0: off, as it is wherever less is worse.
double ToleratedRateOf(const v1::CanaryMetric& metric);
v1::Direction DirectionOf(const v1::CanaryMetric& metric);

// The part of alpha that metric `index` gets: weighted Bonferroni, a critical metric weighs as much
// as three others. The parts sum to alpha, so the chance that any metric raises a false alarm is at
// most alpha, whatever the metrics have to do with each other (Vovk & Wang, E-values: calibration,
// combination and applications, Ann. Statist. 49(3) 2021, section 4).
double AlphaOf(const v1::CanaryPolicy& policy, int index);

// Check::validate.
std::vector<ParameterIssue> ValidateCanary(const v1::Policy& policy, const v1::PolicyRule& rule);

}  // namespace gate

#endif  // CHECKS_CANARY_PARAMETERS_H_
