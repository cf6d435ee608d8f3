#include "checks/hold/freezes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/hold/rules.h"
#include "checks/hold/words.h"
#include "checks/name_patterns.h"
#include "checks/proto_time.h"
#include "checks/stage.h"

namespace gate::hold {
namespace {

// Nothing of a rollout that is all out starts any more.
bool IsFor(const v1::Freeze& freeze, const v1::Change& change) {
  if (change.stage().has_complete_at()) return false;
  if (IsUnderWay(change) && freeze.lets_finish()) return false;
  return Concerns(freeze, change.service(), change.environment()) &&
         std::ranges::count(freeze.exempt_kinds(), change.kind()) == 0;
}

// One that began when it was declared counts from the moment that it is seen: the clock of whoever
// took it in may be ahead of ours.
bool HasBegun(const v1::Freeze& freeze, absl::Time now) {
  const absl::Time start = FromProto(freeze.start_time());
  return start <= now || start <= FromProto(freeze.create_time());
}

bool IsOver(const v1::Freeze& freeze, absl::Time now) {
  return freeze.has_lift_time() || (freeze.has_end_time() && FromProto(freeze.end_time()) <= now);
}

std::string Why(const v1::Freeze& freeze) {
  return absl::StrCat(std::string(WithoutStop(freeze.reason())),
                      freeze.ticket().empty() ? "" : " (", freeze.ticket(),
                      freeze.ticket().empty() ? "" : ")");
}

v1::Finding InForce(const v1::Freeze& freeze) {
  v1::Finding finding;
  finding.set_rule(kFreeze);
  finding.set_severity(v1::SEVERITY_BLOCK);
  finding.set_holds(true);
  finding.set_subject(freeze.name());
  const bool ends = freeze.has_end_time();
  const std::string until =
      ends ? Rfc3339(FromProto(freeze.end_time())) : std::string("somebody lifts it");
  finding.set_message(absl::StrCat(
      WhatItIsFor(freeze), freeze.services_size() > 1 ? " are" : " is", " frozen until ", until,
      ", by ", freeze.owner().empty() ? "somebody" : freeze.owner(), " since ",
      Rfc3339(FromProto(freeze.start_time())), ": ", Why(freeze), "."));
  finding.set_instead(absl::StrCat(
      ends ? absl::StrCat("Wait until ", until, " (gatectl check --wait does). Before that")
           : std::string("It has no end of its own"),
      ": gatectl freeze lift ", freeze.name(), " --reason '…'"));
  if (ends) *finding.mutable_clears_at() = freeze.end_time();
  return finding;
}

}  // namespace

std::optional<Coming> JudgeFreezes(const v1::Change& change, const v1::Holds& holds, absl::Time now,
                                   v1::CheckOutcome& outcome) {
  std::optional<Coming> next;
  for (const v1::Freeze& freeze : holds.freezes()) {
    if (!IsFor(freeze, change) || IsOver(freeze, now)) continue;
    if (HasBegun(freeze, now)) {
      *outcome.add_findings() = InForce(freeze);
      continue;
    }
    const absl::Time start = FromProto(freeze.start_time());
    if (next && next->start <= start) continue;
    next = {start, absl::StrCat("from ", Rfc3339(start), " on frozen by ", freeze.owner(), ": ",
                                Why(freeze))};
  }
  return next;
}

}  // namespace gate::hold
