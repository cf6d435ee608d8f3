// A store that tells how long appends take. Everything else passes through.
#ifndef GATE_METRICS_MEASURED_STORE_H_
#define GATE_METRICS_MEASURED_STORE_H_

#include <utility>

#include "gate/metrics/metrics.h"
#include "gate/store/store.h"

namespace gate {

// Thread-safe. Both outlive it.
class MeasuredStore final : public Store {
 public:
  MeasuredStore(Store& store, Metrics& metrics) : store_(store), metrics_(metrics) {}

  void Append(VerdictRecord record, Done done) override {
    const auto start = std::chrono::steady_clock::now();
    store_.Append(std::move(record), [this, start,
                                      done = std::move(done)](absl::StatusOr<Appended> appended) {
      metrics_.OnAppended(appended.status(), std::chrono::steady_clock::now() - start);
      done(std::move(appended));
    });
  }
  absl::StatusOr<v1::Verdict> GetVerdict(std::string_view id) override {
    return store_.GetVerdict(id);
  }
  absl::StatusOr<std::optional<Given>> FindRequest(std::string_view request_id) override {
    return store_.FindRequest(request_id);
  }
  absl::StatusOr<std::vector<v1::Verdict>> ListVerdicts(const VerdictFilter& filter,
                                                        std::string_view before,
                                                        int limit) override {
    return store_.ListVerdicts(filter, before, limit);
  }
  absl::StatusOr<std::string> GetBlob(std::string_view digest) override {
    return store_.GetBlob(digest);
  }
  absl::StatusOr<Reported> ReportMetrics(const MetricsReport& report,
                                         const ReportBounds& bounds) override {
    return store_.ReportMetrics(report, bounds);
  }
  absl::StatusOr<StoredSeries> ReadSeries(const SeriesRange& range) override {
    return store_.ReadSeries(range);
  }
  absl::StatusOr<ReportedRun> ReportQaRun(const QaReport& report, const QaBounds& bounds) override {
    return store_.ReportQaRun(report, bounds);
  }
  absl::StatusOr<v1::QaRuns> ReadQaRuns(const std::string& service,
                                        const std::vector<std::string>& builds) override {
    return store_.ReadQaRuns(service, builds);
  }
  absl::StatusOr<std::vector<v1::FlagWatch>> ReadFlagWatches(const std::string& environment,
                                                             const std::string& flag) override {
    return store_.ReadFlagWatches(environment, flag);
  }
  RolloutStore& rollouts() override { return store_.rollouts(); }
  OverrideStore& overrides() override { return store_.overrides(); }
  HoldStore& holds() override { return store_.holds(); }
  AuditStore& audit() override { return store_.audit(); }
  absl::StatusOr<absl::Time> NewestVerdictTime() override { return store_.NewestVerdictTime(); }
  Clock& clock() override { return store_.clock(); }
  absl::StatusOr<Housekeeping> KeepHouse(const Retention& retention, absl::Time now,
                                         bool dry_run) override {
    return store_.KeepHouse(retention, now, dry_run);
  }
  absl::Status Ready() override { return store_.Ready(); }

 private:
  Store& store_;
  Metrics& metrics_;
};

}  // namespace gate

#endif  // GATE_METRICS_MEASURED_STORE_H_
