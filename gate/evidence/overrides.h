// The overrides that are live for a change, read from the store. Always there, under the name
// "store".
#ifndef GATE_EVIDENCE_OVERRIDES_H_
#define GATE_EVIDENCE_OVERRIDES_H_

#include <string_view>

#include "gate/evidence/source.h"
#include "gate/store/override_store.h"

namespace gate {

// Thread-safe.
class OverridesSource final : public Source {
 public:
  // `store` outlives it.
  explicit OverridesSource(OverrideStore& store) : store_(store) {}

  std::string_view name() const override { return "store"; }
  bool Answers(const v1::Query& query) const override { return query.has_overrides(); }
  bool Immediate() const override { return false; }
  bool WaitsForStoreAlone() const override { return true; }
  // None is an answer, and no absence.
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override;

 private:
  OverrideStore& store_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_OVERRIDES_H_
