// What people and other rollouts hold up, read from the store for each question, or for several at
// once: a freeze counts for every evaluation that begins after it was declared, on every replica.
// Always there, under the name "gate".
#ifndef GATE_EVIDENCE_HOLDS_H_
#define GATE_EVIDENCE_HOLDS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "gate/base/shared_read.h"
#include "gate/evidence/source.h"
#include "gate/store/hold_store.h"

namespace gate {

// Thread-safe.
class HoldsSource final : public Source {
 public:
  // `store` outlives it.
  explicit HoldsSource(HoldStore& store) : store_(store) {}

  std::string_view name() const override { return "gate"; }
  bool Answers(const v1::Query& query) const override { return query.has_holds(); }
  bool Immediate() const override { return store_.IsAtHand(); }
  bool WaitsForStoreAlone() const override { return true; }
  // Moving rollouts are told to a rollout before its first step, and to nobody else: they are many,
  // change by the minute, and are kept with each verdict.
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override;

 private:
  using Read = SharedRead<absl::StatusOr<v1::Holds>>;
  static bool Failed(const absl::StatusOr<v1::Holds>& holds) { return !holds.ok(); }

  HoldStore& store_;
  Read holds_{Failed}, with_moving_{Failed};
};

}  // namespace gate

#endif  // GATE_EVIDENCE_HOLDS_H_
