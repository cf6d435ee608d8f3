// A store that fails when a test wants it to.
#ifndef TESTS_FAKES_FAULTY_STORE_H_
#define TESTS_FAKES_FAULTY_STORE_H_

#include <atomic>
#include <utility>

#include "gate/store/store.h"

namespace gate {

// Passes calls on to a working store, except for the n-th and those after it, up to a count.
// Thread-safe.
class FaultyStore final : public Store {
 public:
  explicit FaultyStore(Store& store) : store_(store) {}

  // From the call with number `first` on (the next call is 0), `count` calls of any kind fail. Not
  // while a call is under way.
  void FailFrom(int first, absl::Status failure, int count = 1 << 30) {
    failure_ = std::move(failure);
    last_ = count > (1 << 30) - first ? 1 << 30 : first + count;
    first_ = first;
    calls_ = 0;
  }
  // An append that fails has been kept all the same: the answer was lost.
  void KeepWhatFails() { keeps_ = true; }
  int calls() const { return calls_; }

  void Append(VerdictRecord record, Done done) override {
    if (absl::Status failure = Next(); !failure.ok()) {
      if (!keeps_) return done(failure);
      return store_.Append(std::move(record),
                           [done, failure](const absl::StatusOr<Appended>&) { done(failure); });
    }
    store_.Append(std::move(record), std::move(done));
  }
  absl::StatusOr<v1::Verdict> GetVerdict(std::string_view id) override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.GetVerdict(id);
  }
  absl::StatusOr<std::optional<Given>> FindRequest(std::string_view request_id) override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.FindRequest(request_id);
  }
  absl::StatusOr<std::vector<v1::Verdict>> ListVerdicts(const VerdictFilter& filter,
                                                        std::string_view before,
                                                        int limit) override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.ListVerdicts(filter, before, limit);
  }
  absl::StatusOr<std::string> GetBlob(std::string_view digest) override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.GetBlob(digest);
  }
  absl::StatusOr<Reported> ReportMetrics(const MetricsReport& report,
                                         const ReportBounds& bounds) override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.ReportMetrics(report, bounds);
  }
  absl::StatusOr<StoredSeries> ReadSeries(const SeriesRange& range) override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.ReadSeries(range);
  }
  absl::StatusOr<ReportedRun> ReportQaRun(const QaReport& report, const QaBounds& bounds) override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.ReportQaRun(report, bounds);
  }
  absl::StatusOr<v1::QaRuns> ReadQaRuns(const std::string& service,
                                        const std::vector<std::string>& builds) override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.ReadQaRuns(service, builds);
  }
  absl::StatusOr<std::vector<v1::FlagWatch>> ReadFlagWatches(const std::string& environment,
                                                             const std::string& flag) override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.ReadFlagWatches(environment, flag);
  }
  RolloutStore& rollouts() override { return store_.rollouts(); }
  OverrideStore& overrides() override { return store_.overrides(); }
  HoldStore& holds() override { return store_.holds(); }
  AuditStore& audit() override { return store_.audit(); }
  absl::StatusOr<absl::Time> NewestVerdictTime() override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.NewestVerdictTime();
  }
  absl::StatusOr<Housekeeping> KeepHouse(const Retention& retention, absl::Time now,
                                         bool dry_run) override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.KeepHouse(retention, now, dry_run);
  }
  absl::Status Ready() override {
    if (absl::Status failure = Next(); !failure.ok()) return failure;
    return store_.Ready();
  }

 private:
  absl::Status Next() {
    const int call = calls_++;
    return call >= first_ && call < last_ ? failure_ : absl::OkStatus();
  }

  Store& store_;
  absl::Status failure_;
  std::atomic<int> calls_ = 0;
  std::atomic<int> first_ = 1 << 30;
  std::atomic<int> last_ = 1 << 30;
  std::atomic<bool> keeps_ = false;
};

}  // namespace gate

#endif  // TESTS_FAKES_FAULTY_STORE_H_
