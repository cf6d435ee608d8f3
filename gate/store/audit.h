// Entries of the audit log in the form in which both stores write them.
#ifndef GATE_STORE_AUDIT_H_
#define GATE_STORE_AUDIT_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gate/store/audit_store.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

struct EncodedAudit {
  int64_t time = 0;  // microseconds since 1970
  std::string actor;
  std::string action;
  std::string resource;
  std::string service;
  std::string environment;
  std::string outcome;
  std::string detail;
  std::string request_id;

  // In the order of the columns.
  std::array<const std::string*, 8> Texts() const {
    return {&actor, &action, &resource, &service, &environment, &outcome, &detail, &request_id};
  }
};

// Every entry can be stored, since nobody may get around the log by what they send: texts are cut
// to what an index holds, and what is no text without control characters becomes one.
EncodedAudit EncodeAudit(const v1::AuditEntry& entry);

// What is said of a verdict: `audit` has who asked and by which call, the verdict all else. Without
// an actor it was the gate itself.
EncodedAudit EncodeAudit(const v1::AuditEntry& audit, const v1::Verdict& verdict);

// The columns that are given: time and EncodedAudit::Texts.
inline constexpr std::string_view kAuditColumns =
    "time, actor, action, resource, service, environment, outcome, detail, request_id";

// SELECT sequence and kAuditColumns. The parameters are, in this order: before; service,
// environment, actor, resource and outcome where the filter has them; start, end where it has them;
// limit. DENIED is no parameter: only so the planner finds its index.
std::string AuditListSql(std::string_view table, const AuditFilter& filter);
// Without parameters.
std::string NewestPolicySql(std::string_view table);

// The parameters among them that are texts.
std::vector<std::string_view> AuditListTexts(const AuditFilter& filter);

// From a row as AuditListSql reads it.
v1::AuditEntry DecodeAudit(int64_t sequence, int64_t time,
                           const std::array<std::string_view, 8>& texts);

}  // namespace gate

#endif  // GATE_STORE_AUDIT_H_
