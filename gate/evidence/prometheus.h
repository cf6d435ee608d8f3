// Metrics from a server that speaks the Prometheus HTTP API: Prometheus, Thanos, Mimir,
// VictoriaMetrics. Answers for cohorts are made of raw counters, see cohort_counts.h; values over
// time are the server's own. Samples that no later one changes are not asked for again, see
// range_cache.h; of several addresses one answers, see endpoints.h.
//
// An answer is kept for as long as the same question would get the same one, one step; equal
// questions at the same time share one fetch.
#ifndef GATE_EVIDENCE_PROMETHEUS_H_
#define GATE_EVIDENCE_PROMETHEUS_H_

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gate/base/mutex.h"
#include "gate/config/v1/config.pb.h"
#include "gate/evidence/endpoints.h"
#include "gate/evidence/interval_grid.h"
#include "gate/evidence/prometheus_api.h"
#include "gate/evidence/range_cache.h"
#include "gate/evidence/source.h"

namespace gate {

// Thread-safe.
class PrometheusSource final : public Source {
 public:
  // `observer` may be null and outlives the source.
  explicit PrometheusSource(const config::v1::MetricsServer& server,
                            EndpointObserver* observer = nullptr);

  std::string_view name() const override { return name_; }
  bool Answers(const v1::Query& query) const override;
  bool Immediate() const override { return false; }
  std::shared_ptr<const v1::Observation> AtHand(const v1::Query& query,
                                                const FetchContext& context) override
      GATE_EXCLUDES(mu_);
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override
      GATE_EXCLUDES(mu_);

 private:
  using Deadline = PrometheusApi::Deadline;

  // A fetch that is on its way or done; those who ask the same wait for it.
  struct Answer {
    bool done = false;
    size_t bytes = 0;
    v1::Observation observation;
  };

  // One try at one address.
  struct Attempt {
    int endpoint = 0;
    absl::Time now;
    Deadline deadline;
  };

  v1::Observation FetchOnce(const v1::Query& query, const std::string& key,
                            const IntervalGrid& grid, const FetchContext& context)
      GATE_EXCLUDES(mu_);
  void Keep(const std::string& key, std::shared_ptr<Answer> answer) GATE_REQUIRES(mu_);
  v1::Observation AskInTurn(const v1::Query& query, const IntervalGrid& grid,
                            const FetchContext& context) GATE_EXCLUDES(mu_);
  // One address after the other, until one answers.
  v1::Observation AskAny(const v1::Query& query, const IntervalGrid& grid,
                         const FetchContext& context) GATE_EXCLUDES(mu_);
  bool Ask(const v1::Query& query, const IntervalGrid& grid, const Attempt& attempt,
           v1::Observation& observation, v1::Absence& absence) GATE_EXCLUDES(mu_);
  bool AskCohorts(const v1::Query& query, const IntervalGrid& grid, const Attempt& attempt,
                  v1::Observation& observation, v1::Absence& absence) GATE_EXCLUDES(mu_);
  bool AskSeries(const v1::Query& query, const IntervalGrid& grid, const Attempt& attempt,
                 v1::Observation& observation, v1::Absence& absence);
  // Tells the address's record what came of an attempt; whether the next one is to be tried.
  bool Settle(const Attempt& attempt, std::chrono::nanoseconds had, const v1::Absence& absence);
  // One expression on a grid, in as many queries as it takes.
  bool Read(const std::string& promql, const IntervalGrid& grid, const Attempt& attempt,
            std::vector<PrometheusSeries>& series, v1::Absence& absence);
  // A range that is too large for one answer is halved, `halvings` times at the most.
  bool FetchRange(const RangeQuery& query, const Attempt& attempt, int halvings,
                  std::vector<PrometheusSeries>& series, v1::Absence& absence);

  const std::string source_;  // As policies name it.
  const std::string name_;
  const std::chrono::nanoseconds timeout_;
  const int max_in_flight_;
  Endpoints endpoints_;
  std::vector<std::unique_ptr<PrometheusApi>> apis_;  // By endpoint.
  RangeCache ranges_;

  Mutex mu_;
  CondVar changed_;
  int in_flight_ GATE_GUARDED_BY(mu_) = 0;
  std::map<std::string, std::shared_ptr<Answer>> answers_ GATE_GUARDED_BY(mu_);
  std::deque<std::string> kept_ GATE_GUARDED_BY(mu_);  // Keys of done answers, oldest first.
  size_t kept_bytes_ GATE_GUARDED_BY(mu_) = 0;
  std::map<std::string, bool> native_ GATE_GUARDED_BY(mu_);  // By a histogram's selector.
};

}  // namespace gate

#endif  // GATE_EVIDENCE_PROMETHEUS_H_
