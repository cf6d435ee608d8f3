// What the gate says about itself: a Prometheus registry and everything in it. The names are a
// contract of alerts and dashboards; tests hold the text to `promtool check metrics`.
#ifndef GATE_METRICS_METRICS_H_
#define GATE_METRICS_METRICS_H_

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/base/clock.h"
#include "gate/base/mutex.h"
#include "gate/evidence/endpoints.h"
#include "gate/evidence/gatherer.h"
#include "gate/store/keeping.h"
#include "gate/v1/verdict.pb.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
template <typename T>
class Family;
class Registry;
}  // namespace prometheus

namespace gate {

// Thread-safe.
class Metrics final : public GatherObserver, public EndpointObserver {
 public:
  explicit Metrics(Clock& clock = Clock::System());
  ~Metrics() override;

  // An evaluation was taken on; OnEvaluated ends it. `verdict` is null where there is none.
  void OnEvaluationStarted();
  void OnEvaluated(const absl::Status& status, const v1::Verdict* verdict,
                   std::chrono::steady_clock::duration took);
  // Any other call; `method` is of our own naming: "gate.v1.Gate/GetVerdict".
  void OnCall(std::string_view method, const absl::Status& status);
  void OnAppended(const absl::Status& status, std::chrono::steady_clock::duration took);
  void OnFetched(std::string_view source, const v1::Observation& observation,
                 std::chrono::steady_clock::duration took) override GATE_EXCLUDES(mu_);
  void OnEndpoint(std::string_view source, std::string_view url, bool answered,
                  bool left_alone) override;
  // A policy was read: the one at the start, or one that changed.
  void OnPolicyLoaded(bool ok, absl::Time now);
  // The store kept house (store/keeping.h).
  void OnHousekeeping(const absl::StatusOr<Housekeeping>& house);
  // A listing that a replica of the database may answer was read there, or on the primary.
  void OnListing(bool from_replica);
  // The tokens file was read.
  void OnTokensLoaded(bool ok);
  void SetLogLinesDropped(int64_t lines);

  // All of it in Prometheus' text format 0.0.4.
  std::string Text() const;

 private:
  // Found once per source: making a histogram to look one up is dearer than observing.
  struct SourceMetrics {
    prometheus::Histogram* seconds;
    prometheus::Histogram* age;
  };
  SourceMetrics MetricsOf(std::string_view source) GATE_EXCLUDES(mu_);

  Clock& clock_;
  std::unique_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& evaluations_;
  prometheus::Histogram& evaluation_seconds_;
  prometheus::Gauge& in_flight_;
  prometheus::Family<prometheus::Counter>& verdicts_;
  prometheus::Family<prometheus::Counter>& disagreements_;
  prometheus::Family<prometheus::Counter>& calls_;
  prometheus::Family<prometheus::Counter>& appends_;
  prometheus::Histogram& append_seconds_;
  prometheus::Family<prometheus::Counter>& fetches_;
  prometheus::Family<prometheus::Histogram>& fetch_seconds_;
  prometheus::Family<prometheus::Histogram>& evidence_age_;
  prometheus::Family<prometheus::Counter>& endpoint_questions_;
  prometheus::Family<prometheus::Gauge>& endpoint_asked_;
  prometheus::Family<prometheus::Counter>& policy_loads_;
  prometheus::Gauge& policy_ok_;
  prometheus::Gauge& policy_loaded_;
  prometheus::Family<prometheus::Counter>& token_loads_;
  prometheus::Gauge& tokens_ok_;
  prometheus::Gauge& log_dropped_;
  prometheus::Family<prometheus::Counter>& forgotten_;
  prometheus::Gauge& house_ok_;
  prometheus::Family<prometheus::Counter>& listings_;
  std::array<prometheus::Counter*, 4> decided_;  // By v1::Decision, for status OK.
  prometheus::Counter& appended_;                // For status OK.
  Mutex mu_;
  std::map<std::string, SourceMetrics, std::less<>> by_source_ GATE_GUARDED_BY(mu_);
};

}  // namespace gate

#endif  // GATE_METRICS_METRICS_H_
