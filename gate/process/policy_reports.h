// What is told about the policy file: to the log, to metrics, and to /readyz.
#ifndef GATE_PROCESS_POLICY_REPORTS_H_
#define GATE_PROCESS_POLICY_REPORTS_H_

#include "gate/http/monitoring.h"
#include "gate/log/log.h"
#include "gate/metrics/metrics.h"
#include "gate/policy/watcher.h"

namespace gate {

// Tells each reading of the file. Both outlive it.
PolicyWatcher::Listener ReportPolicy(Logger& log, Metrics& metrics);

// Degraded while the file has issues and an older policy is in force.
Condition PolicyCondition(const PolicyStatus& status);

}  // namespace gate

#endif  // GATE_PROCESS_POLICY_REPORTS_H_
