#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <memory>

#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/store/store.h"
#include "tests/bench/server.h"

namespace gate {
namespace {

using Steady = std::chrono::steady_clock;

// As one check leaves it behind.
VerdictRecord Record() {
  VerdictRecord record;
  v1::Verdict& verdict = record.verdict;
  const absl::Time now = absl::Now();
  verdict.set_name("verdicts/" + NewId(now));
  verdict.set_request_id(verdict.name().substr(9));
  verdict.set_decision(v1::DECISION_ALLOW);
  verdict.set_reason("nothing stands in the way in 1 check");
  verdict.mutable_change()->set_service("payments");
  verdict.mutable_change()->set_environment("production");
  verdict.mutable_change()->set_kind(v1::CHANGE_KIND_CODE);
  *verdict.mutable_create_time() = ToProto(now);
  *verdict.mutable_valid_until() = ToProto(now + absl::Minutes(10));
  verdict.set_policy_rule("payments");
  verdict.set_policy_digest(std::string(64, 'a'));
  verdict.set_evidence_digest(std::string(64, 'b'));
  v1::CheckOutcome& outcome = *verdict.add_outcomes();
  outcome.set_check("freeze");
  outcome.set_outcome(v1::OUTCOME_PASS);
  outcome.set_summary("no freeze window holds");
  record.request_digest = std::string(64, 'c');
  return record;
}

// Appends again as soon as its append is durable.
class Appender {
 public:
  Appender(Store& store, Steady::time_point end) : store_(store), end_(end) {}

  void Append() {
    store_.Append(Record(), [this](absl::StatusOr<Appended> appended) {
      if (!appended.ok()) {
        std::fprintf(stderr, "%s\n", appended.status().ToString().c_str());
        return done_.set_value();
      }
      ++count_;
      if (Steady::now() < end_) return Append();
      done_.set_value();
    });
  }
  int64_t Finish() {
    done_.get_future().wait();
    return count_;
  }

 private:
  Store& store_;
  const Steady::time_point end_;
  int64_t count_ = 0;
  std::promise<void> done_;
};

}  // namespace

int RunStoreCommits(const std::string& url, int in_flight, double seconds) {
  const auto store = OpenStore(url, {});
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.status().ToString().c_str());
    return 1;
  }
  const auto began = Steady::now();
  const auto end =
      began + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
  std::vector<std::unique_ptr<Appender>> appenders;
  for (int i = 0; i < in_flight; ++i) {
    appenders.push_back(std::make_unique<Appender>(**store, end));
    appenders.back()->Append();
  }
  int64_t count = 0;
  for (auto& appender : appenders) count += appender->Finish();
  const double took = std::chrono::duration<double>(Steady::now() - began).count();
  std::printf("%.0f\n", static_cast<double>(count) / took);
  return 0;
}

}  // namespace gate
