// The metrics server of the demo: invented traffic, the same for the same question.
#ifndef GATE_DEMO_METRICS_SOURCE_H_
#define GATE_DEMO_METRICS_SOURCE_H_

#include "gate/evidence/source.h"

namespace gate {

// Canary and baseline take 1,200 requests a minute each, other old code eight times as many; about
// one in a hundred fails. The canary of a version that ends in "-bad" fails five times as often,
// with a kind of error of its own, costs half as much again and is as much slower. Thread-safe.
class DemoMetrics final : public Source {
 public:
  std::string_view name() const override { return "metrics:demo"; }
  bool Answers(const v1::Query& query) const override;
  bool Immediate() const override { return true; }
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override;
};

}  // namespace gate

#endif  // GATE_DEMO_METRICS_SOURCE_H_
