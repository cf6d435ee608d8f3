// What people may do to an override, as pure functions of the override as it stands.
//
// Errors carry their reason: gate/v1/overrides.proto lists them.
#ifndef GATE_OVERRIDES_DECIDE_H_
#define GATE_OVERRIDES_DECIDE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/v1/override.pb.h"

namespace gate::overrides {

// Who does something to an override, when, and on which of its states they have decided.
struct Act {
  std::string actor;
  absl::Time now;
  std::string etag;  // of what was read; not asked for by Review
  std::string why;
};

absl::StatusOr<v1::Override> Approve(const v1::Override& current, const Act& act);
absl::StatusOr<v1::Override> Revoke(const v1::Override& current, const Act& act);
absl::StatusOr<v1::Override> Review(const v1::Override& current, const Act& act, bool justified);

}  // namespace gate::overrides

#endif  // GATE_OVERRIDES_DECIDE_H_
