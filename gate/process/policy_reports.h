// What is told about the files that are watched, of the policy and of tokens: to the log, to
// metrics, to /readyz, and to the audit log.
#ifndef GATE_PROCESS_POLICY_REPORTS_H_
#define GATE_PROCESS_POLICY_REPORTS_H_

#include "absl/status/status.h"
#include "gate/base/clock.h"
#include "gate/http/monitoring.h"
#include "gate/identity/token_watcher.h"
#include "gate/log/log.h"
#include "gate/metrics/metrics.h"
#include "gate/policy/watcher.h"
#include "gate/store/audit_store.h"

namespace gate {

// Tells each reading of the file. Both outlive it.
PolicyWatcher::Listener ReportPolicy(Logger& log, Metrics& metrics);

// Puts that another policy comes into force into the audit log, with both digests.
PolicyWatcher::Record RecordPolicy(AuditStore& audit, Clock& clock);

// The same at the start: where the newest row is of another policy than the one that is in force
// now, or there is none.
absl::Status RecordPolicyAtStart(AuditStore& audit, Clock& clock, const PolicySnapshot& policy);

// Tells each reading of the tokens file. Both outlive it.
TokenWatcher::Listener ReportTokens(Logger& log, Metrics& metrics);

// Degraded while the file has issues and an older policy is in force.
Condition PolicyCondition(const PolicyStatus& status);

}  // namespace gate

#endif  // GATE_PROCESS_POLICY_REPORTS_H_
