// What is asked of a metrics server for one metric of the policy.
#ifndef CHECKS_CANARY_METRIC_QUERY_H_
#define CHECKS_CANARY_METRIC_QUERY_H_

#include <string>

#include "checks/canary/parameters.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/policy.pb.h"

namespace gate {

std::string QueryId(const v1::CanaryMetric& metric);
// Of the same metric since the schema changed beside the canary.
std::string SinceSchemaChangeId(const v1::CanaryMetric& metric);

// What the query of a metric needs and the change does not say: "${version}". Empty where nothing
// is missing.
std::string Missing(const v1::CanaryMetric& metric, const CanaryParameters& parameters,
                    const v1::Change& change);

// All cohorts, strata and types at once. Nothing is missing.
v1::Query QueryFor(const v1::CanaryMetric& metric, const v1::CanaryPolicy& policy,
                   const CanaryParameters& parameters, const v1::Change& change);

}  // namespace gate

#endif  // CHECKS_CANARY_METRIC_QUERY_H_
