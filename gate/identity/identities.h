// Who callers are, and what the policy in force lets them do.
#ifndef GATE_IDENTITY_IDENTITIES_H_
#define GATE_IDENTITY_IDENTITIES_H_

#include "absl/status/statusor.h"
#include "gate/base/clock.h"
#include "gate/identity/identify.h"
#include "gate/identity/tokens.h"
#include "gate/policy/snapshot.h"
#include "gate/v1/access.pb.h"

namespace gate {

// Thread-safe. Holds references; they outlive it.
class Identities {
 public:
  // Nobody is asked: each caller has every role, under the name that they give.
  static Identities Open() { return Identities(nullptr, nullptr, nullptr); }
  // `tokens` is null where none are taken.
  Identities(const PolicyHolder& policies, const TokenHolder* tokens, Clock& clock)
      : Identities(&policies, tokens, &clock) {}

  bool open() const { return policies_ == nullptr; }

  // The caller, with the rules of the policy in force that are for them, narrowed to the scope of
  // their token. Errors as Identify and IdentifyOpen.
  absl::StatusOr<v1::Caller> Of(const Shown& shown) const;

 private:
  Identities(const PolicyHolder* policies, const TokenHolder* tokens, Clock* clock)
      : policies_(policies), tokens_(tokens), clock_(clock) {}

  const PolicyHolder* policies_;
  const TokenHolder* tokens_;
  Clock* clock_;
};

}  // namespace gate

#endif  // GATE_IDENTITY_IDENTITIES_H_
