// Metrics that services report (Evidence.ReportMetrics), read back from the store, for those
// without a metrics server. Always there, under the name "reported".
#ifndef GATE_EVIDENCE_REPORTED_SOURCE_H_
#define GATE_EVIDENCE_REPORTED_SOURCE_H_

#include "gate/evidence/source.h"
#include "gate/store/store.h"

namespace gate {

// Thread-safe.
class ReportedSource final : public Source {
 public:
  // `store` outlives it.
  explicit ReportedSource(Store& store) : store_(store) {}

  std::string_view name() const override { return "reported"; }
  bool Answers(const v1::Query& query) const override;
  bool Immediate() const override { return false; }
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override;

 private:
  Store& store_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_REPORTED_SOURCE_H_
