// One resource under the change, at the coming weekly peak.
#ifndef CHECKS_CAPACITY_RESOURCE_H_
#define CHECKS_CAPACITY_RESOURCE_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "checks/capacity/cost.h"
#include "checks/capacity/history.h"
#include "checks/capacity/report.h"
#include "checks/evidence.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/policy.pb.h"

namespace gate::capacity {

// What all resources are judged by.
struct Setting {
  const v1::Change& change;
  const v1::CapacityPolicy& policy;
  const Evidence& evidence;
  const Parameters parameters;
  const absl::Time now;
  const History load;
  const stats::PeakForecast peak;  // of the load; it is known
};

// What became of one.
struct ResourceAnswer {
  std::string name;
  bool over = false;  // proven to be over its target, by the change
  bool safe = false;
  double safe_share = 0;     // of the traffic on the new version, that is shown to keep it so
  Bounds use;                // of it, at the peak, where all traffic is on the new version
  std::string in_short;      // "redis 44 % (at most 52 %)"
  std::optional<Cost> cost;  // where it was seen
};

// Adds what it finds to the report.
ResourceAnswer JudgeResource(const Setting& setting, const v1::CapacityResource& resource,
                             Report& report);

}  // namespace gate::capacity

#endif  // CHECKS_CAPACITY_RESOURCE_H_
