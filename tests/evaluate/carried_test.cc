// A canary that is asked about again and again: what was judged is gone on from, on record, and
// nothing about the verdict changes by it.
#include "gate/evaluate/carried.h"

#include <future>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evaluate/record.h"
#include "gate/evaluate/replay.h"
#include "gate/evidence/holds.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/scripted_source.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

constexpr char kPolicy[] = R"(
  title: "test"
  rules {
    name: "production"
    match { environments: "production" }
    checks {
      canary {
        source: "main" cohort_label: "track" window { seconds: 7200 } past { seconds: 0 }
        metrics { name: "http_5xx" events: "errors_total" exposure: "requests_total" margin: 0.2 }
      }
    }
  })";

const absl::Time kStart = absl::FromCivil(absl::CivilHour(2026, 11, 17, 12), absl::UTCTimeZone());

std::shared_ptr<const PolicySnapshot> Snapshot(double margin) {
  auto snapshot = std::make_shared<PolicySnapshot>();
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kPolicy, &snapshot->policy));
  snapshot->policy.mutable_rules(0)
      ->mutable_checks()
      ->mutable_canary()
      ->mutable_metrics(0)
      ->set_margin(margin);
  snapshot->bytes = std::make_shared<const std::string>(DeterministicBytes(snapshot->policy));
  snapshot->digest = Sha256Hex(*snapshot->bytes);
  return snapshot;
}

// The minutes of the canary that a source with a window of two hours shows at `now`.
v1::Observation Shown(const v1::Query& query, absl::Time now) {
  v1::Observation observation;
  observation.set_source("prometheus:main");
  *observation.mutable_observed_at() = ToProto(now);
  v1::MetricSeries& series = *observation.mutable_metric();
  series.set_name(query.cohort_metric().metric());
  series.set_kind(v1::METRIC_KIND_COUNTS);
  *series.mutable_step() = ToProto(absl::Minutes(1));
  *series.mutable_settled_until() = ToProto(now - absl::Minutes(10));
  const absl::Time begin = std::max(kStart, now - FromProto(query.cohort_metric().window()));
  for (absl::Time end = begin + absl::Minutes(1); end <= now; end += absl::Minutes(1)) {
    std::mt19937_64 random(static_cast<uint64_t>(absl::ToUnixSeconds(end)));
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(end);
    for (const char* cohort : {"canary", "baseline"}) {
      v1::CohortPoint& did = (*point.mutable_cohorts())[cohort];
      did.set_exposure(300);
      did.set_events(std::binomial_distribution<int>(300, 0.01)(random));
    }
  }
  return observation;
}

// A process with its memory, on a store that others have as well.
class Process {
 public:
  Process(Store& store, double margin = 0.2)
      : policies_(Snapshot(margin)), clock_(kStart), gatherer_(Sources(store), 4, nullptr) {
    evaluator_ =
        std::make_unique<Evaluator>(policies_, gatherer_, store, clock_, EvaluatorOptions{});
  }

  v1::Verdict Ask(absl::Time now) {
    clock_.Set(now);
    v1::EvaluateRequest request;
    v1::Change& change = *request.mutable_change();
    change.set_service("payments");
    change.set_environment("production");
    change.set_kind(v1::CHANGE_KIND_CODE);
    *change.mutable_canary()->mutable_started_at() = ToProto(kStart);
    std::promise<absl::StatusOr<v1::Verdict>> promise;
    evaluator_->Evaluate(request, steady_clock::now() + std::chrono::seconds(30),
                         [&](absl::StatusOr<v1::Verdict> verdict) { promise.set_value(verdict); });
    auto verdict = promise.get_future().get();
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return *verdict;
  }

 private:
  static std::vector<std::unique_ptr<Source>> Sources(Store& store) {
    std::vector<std::unique_ptr<Source>> sources;
    sources.push_back(std::make_unique<HoldsSource>(store.holds()));
    sources.push_back(std::make_unique<ScriptedSource>(
        "prometheus:main", v1::Query::kCohortMetric, true,
        [](const auto& query, const auto& context) { return Shown(query, context.now); }));
    return sources;
  }

  PolicyHolder policies_;
  FakeClock clock_;
  Gatherer gatherer_;
  std::unique_ptr<Evaluator> evaluator_;
};

class CarriedTest : public testing::Test {
 protected:
  CarriedTest() : store_(*OpenStore("sqlite:" + dir_.path() + "/gate.db", {})) {}

  // A store that nobody has written to.
  std::unique_ptr<Store> Empty() {
    return *OpenStore("sqlite:" + dir_.path() + "/" + std::to_string(++stores_) + ".db", {});
  }

  v1::MetricSeries SeenBy(const v1::Verdict& verdict) {
    const auto evidence = LoadEvidence(*store_, verdict);
    EXPECT_TRUE(evidence.ok()) << evidence.status();
    return evidence->Get("canary.http_5xx").metric();
  }

  TempFolder dir_;
  int stores_ = 0;
  std::unique_ptr<Store> store_;
};

// What two verdicts have in common where one goes on from a state and the other does not.
std::string Said(const v1::Verdict& verdict) {
  return verdict.reason() + "\n" + verdict.outcomes(0).DebugString();
}

TEST_F(CarriedTest, WhatIsKeptIsNewAndTheVerdictIsTheSame) {
  Process process(*store_);
  int with_state = 0;
  for (int minute = 5; minute <= 120; minute += 5) {
    const absl::Time now = kStart + absl::Minutes(minute);
    const v1::Verdict verdict = process.Ask(now);
    const auto other = Empty();
    ASSERT_EQ(Said(verdict), Said(Process(*other).Ask(now))) << minute;
    const v1::MetricSeries seen = SeenBy(verdict);
    with_state += seen.has_state();
    // Forty minutes are always shown, thirty not worth it, and one asks every five.
    EXPECT_LE(seen.points_size(), 75);
    EXPECT_EQ(seen.has_state(), !seen.before().empty());
    const auto replayed = ReplayStored(*store_, verdict);
    ASSERT_TRUE(replayed.ok()) << replayed.status();
    EXPECT_TRUE(replayed->identical());
  }
  EXPECT_EQ(with_state, 10);
}

TEST_F(CarriedTest, AnotherPolicyJudgesAllThatWasEverSeen) {
  Process process(*store_);
  v1::Verdict verdict;
  for (int minute = 5; minute <= 115; minute += 5) {
    verdict = process.Ask(kStart + absl::Minutes(minute));
  }
  ASSERT_TRUE(SeenBy(verdict).has_state());
  const auto by_other = JudgeStoredBy(*store_, verdict, *Snapshot(0.4));
  ASSERT_TRUE(by_other.ok()) << by_other.status();
  const auto other = Empty();
  EXPECT_EQ(Said(*by_other), Said(Process(*other, 0.4).Ask(kStart + absl::Minutes(115))));
}

// After a restart a canary that is older than the window is gone on from what is on record.
TEST_F(CarriedTest, OutlivesTheProcessAndTheWindow) {
  const absl::Time now = kStart + absl::Hours(6);
  std::vector<std::unique_ptr<Process>> processes;
  processes.push_back(std::make_unique<Process>(*store_));
  for (int minute = 20; minute < 360; minute += 20) {
    if (minute == 300) processes.push_back(std::make_unique<Process>(*store_));
    processes.back()->Ask(kStart + absl::Minutes(minute));
  }
  const v1::Verdict verdict = Process(*store_).Ask(now);
  const int intervals = SeenBy(verdict).points_size();
  EXPECT_LE(intervals, 90);
  v1::Observation observation;
  observation.set_id("canary.http_5xx");
  *observation.mutable_metric() = SeenBy(verdict);
  ASSERT_TRUE(Unfold(*store_, observation).ok());
  EXPECT_EQ(observation.metric().points_size(), 360);
}

// A chain that is torn is no ground for an answer.
TEST_F(CarriedTest, UnfoldTellsWhatIsMissing) {
  v1::Observation observation;
  *observation.mutable_metric()->mutable_state()->mutable_until() = ToProto(kStart);
  EXPECT_EQ(Unfold(*store_, observation).code(), absl::StatusCode::kDataLoss);
  observation.mutable_metric()->set_before("evidence/" + std::string(64, 'a'));
  EXPECT_EQ(Unfold(*store_, observation).code(), absl::StatusCode::kNotFound);
}

TEST(CarriedStatesTest, KeepsTheLaterOfTwoAndForgetsTheLongestUnused) {
  CarriedStates states(3500);
  const auto carried = [](int minute) {
    Carried one;
    *one.state.mutable_until() = ToProto(kStart + absl::Minutes(minute));
    one.state.mutable_numbers()->Resize(100, 1.0);
    one.before = "evidence/" + std::to_string(minute);
    return one;
  };
  states.Keep("a", carried(2));
  states.Keep("a", carried(1));
  EXPECT_EQ(states.Find("a")->before, "evidence/2");
  states.Keep("b", carried(3));
  states.Find("a");
  states.Keep("c", carried(4));
  states.Keep("d", carried(5));
  EXPECT_EQ(states.Find("b"), nullptr);
  EXPECT_NE(states.Find("d"), nullptr);
}

}  // namespace
}  // namespace gate
