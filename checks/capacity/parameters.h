// The capacity check's parameters with their defaults, what they may be, and what is asked for
// them.
#ifndef CHECKS_CAPACITY_PARAMETERS_H_
#define CHECKS_CAPACITY_PARAMETERS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/check.h"
#include "gate/v1/policy.pb.h"

namespace gate::capacity {

inline constexpr absl::Duration kWeek = absl::Hours(7 * 24);

// A policy as it is meant: every default filled in.
struct Parameters {
  explicit Parameters(const v1::CapacityPolicy& policy);

  std::string canary, baseline, stable;
  absl::Duration history;       // how far back the load is looked at: whole weeks
  absl::Duration history_step;  // few enough points for one answer of a metrics server
  absl::Duration window, step;
  absl::Duration rate_step;  // of rates and of what is held against them
  absl::Duration max_age;
  // Of one resource. Harm in any of them is a FAIL, so they share alpha; PASS needs every one of
  // them, so each may use the whole of it (intersection-union test).
  double alpha_harm, alpha_safe;
};

double TargetOf(const v1::CapacityPolicy& policy, const v1::CapacityResource& resource);
double TargetOf(const v1::CapacityPolicy& policy);

// Check::validate.
std::vector<ParameterIssue> Validate(const v1::Policy& policy, const v1::PolicyRule& rule);

// Check::needs. The ids: "capacity.load"; of a resource "capacity.NAME." with "cost", "total",
// "capacity", "utilization", "utilization_before" and "spent" beside it, "backlog",
// "backlog_before"; of an origin "capacity.origin.NAME." with "busy", "requests" and "wait";
// "capacity.wait_before" is of all origins together.
std::vector<v1::Query> Needs(const v1::Change& change, const v1::PolicyRule& rule);

inline constexpr char kLoadId[] = "capacity.load";
inline constexpr char kWaitBeforeId[] = "capacity.wait_before";
std::string IdOf(const v1::CapacityResource& resource, std::string_view what);
std::string IdOf(const v1::TrafficShift::Origin& origin, std::string_view what);

// Whether cohorts are compared for it.
bool ExposesACohort(v1::ChangeKind kind);

// Whether no request goes to old code any more.
bool HasAllTraffic(const v1::Change& change);

}  // namespace gate::capacity

#endif  // CHECKS_CAPACITY_PARAMETERS_H_
