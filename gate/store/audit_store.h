// The audit log: who did what, and what came of it. Rows are only ever added; both databases refuse
// to change or delete one. A part of Store, with its errors.
//
// What is done to verdicts and rollouts leaves its row in the transaction of its own write
// (VerdictRecord::audit, RolloutMove::audit): both are there or neither is. What changes nothing
// else, a call that was refused, a policy that came into force, is appended here.
#ifndef GATE_STORE_AUDIT_STORE_H_
#define GATE_STORE_AUDIT_STORE_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/v1/audit.pb.h"

namespace gate {

// Who acts where nobody called.
inline constexpr char kGateActor[] = "gate";
// Who acts where nobody has proven who they are.
inline constexpr char kNobody[] = "nobody";

// Which entries to list. Empty or unset fields match all.
struct AuditFilter {
  std::string service;
  std::string environment;
  std::string actor;
  std::string resource;
  std::string outcome;
  std::optional<absl::Time> start;  // inclusive
  std::optional<absl::Time> end;    // exclusive
  // As VerdictFilter::for_people.
  bool for_people = false;
};

// Behind every entry.
inline constexpr int64_t kAuditEnd = std::numeric_limits<int64_t>::max();

// Thread-safe.
class AuditStore {
 public:
  virtual ~AuditStore() = default;

  // Adds entries, all or none; on disk when this returns. Their sequence is given here. After
  // UNAVAILABLE they may be there or not. Texts that are too long for a row are cut.
  virtual absl::Status Append(const std::vector<v1::AuditEntry>& entries) = 0;

  // At most `limit` entries with a sequence before `before`, newest first. By service, actor,
  // resource or DENIED an index leads to them; by environment, time and other outcomes alone the
  // log is walked from its end.
  virtual absl::StatusOr<std::vector<v1::AuditEntry>> List(const AuditFilter& filter,
                                                           int64_t before, int limit) = 0;

  // The newest entry of action "policy.load", where there is one.
  virtual absl::StatusOr<std::optional<v1::AuditEntry>> NewestPolicy() = 0;
};

}  // namespace gate

#endif  // GATE_STORE_AUDIT_STORE_H_
