// QA results that were reported (Evidence.ReportQaResults), and which flags have to stay off
// because of a verdict, read from the store. Always there, under the name "reported".
#ifndef GATE_EVIDENCE_QA_RESULTS_H_
#define GATE_EVIDENCE_QA_RESULTS_H_

#include <string>
#include <string_view>

#include "gate/evidence/source.h"
#include "gate/store/store.h"

namespace gate {

// Thread-safe.
class QaResultsSource final : public Source {
 public:
  // `store` outlives it.
  explicit QaResultsSource(Store& store) : store_(store) {}

  std::string_view name() const override { return "reported"; }
  bool Answers(const v1::Query& query) const override;
  bool Immediate() const override { return false; }
  // Runs that are not there are no absence: an empty list, beside the builds that were tested, is
  // an answer. Neither is a flag that nobody watches.
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override;

 private:
  v1::Observation FetchRuns(const v1::Query& query, const FetchContext& context);
  v1::Observation FetchWatches(const v1::Query& query, const FetchContext& context);

  Store& store_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_QA_RESULTS_H_
