// The way of a request, and the outcome of every failure on it. The rows of the run book's table of
// failures (deploy/RUNBOOK.md) name these tests.
#include "gate/evaluate/evaluator.h"

#include <future>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "checks/hold/hold.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/evaluate/what_if.h"
#include "gate/evidence/holds.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/faulty_holds.h"
#include "tests/fakes/faulty_store.h"
#include "tests/fakes/scripted_source.h"

namespace gate {
namespace {

using std::chrono::steady_clock;
using testing::HasSubstr;

constexpr char kPolicy[] = R"(
  title: "test"
  rules {
    name: "production"
    match { environments: "production" }
    checks {
      canary {
        source: "main" cohort_label: "track" canary: "canary" baseline: "baseline"
        metrics { name: "http_5xx" events: "errors_total" exposure: "requests_total" margin: 0.2 }
      }
      freeze {
        windows {
          id: "weekend" reason: "nobody is there" time_zone: "UTC"
          start: "2026-01-02T18:00:00" duration { seconds: 226800 } recurrence: "FREQ=WEEKLY"
          decision: DECISION_BLOCK
        }
      }
    }
  })";

// Tuesday; the weekend window is closed.
const absl::Time kTuesday = absl::FromCivil(absl::CivilHour(2026, 11, 17, 12), absl::UTCTimeZone());
const absl::Time kSaturday =
    absl::FromCivil(absl::CivilHour(2026, 11, 21, 12), absl::UTCTimeZone());

std::shared_ptr<const PolicySnapshot> Snapshot(const std::string& text) {
  auto snapshot = std::make_shared<PolicySnapshot>();
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &snapshot->policy));
  snapshot->bytes = std::make_shared<const std::string>(DeterministicBytes(snapshot->policy));
  snapshot->digest = Sha256Hex(*snapshot->bytes);
  return snapshot;
}

v1::EvaluateRequest Request(const std::string& id = "") {
  v1::EvaluateRequest request;
  request.set_request_id(id);
  request.mutable_change()->set_service("payments");
  request.mutable_change()->set_environment("production");
  request.mutable_change()->set_kind(v1::CHANGE_KIND_CODE);
  *request.mutable_change()->mutable_canary()->mutable_started_at() =
      ToProto(kTuesday - absl::Hours(1));
  return request;
}

// Sixty minutes of a canary with its share of errors, against a baseline with one in a hundred.
v1::Observation Series(const v1::Query& query, absl::Time now, double canary_errors_per_minute) {
  v1::Observation observation;
  observation.set_source("prometheus:main");
  *observation.mutable_observed_at() = ToProto(now);
  v1::MetricSeries& series = *observation.mutable_metric();
  series.set_name(query.cohort_metric().metric());
  series.set_kind(v1::METRIC_KIND_COUNTS);
  series.set_direction(v1::DIRECTION_HIGHER_IS_WORSE);
  series.set_margin(0.2);
  *series.mutable_step() = ToProto(absl::Minutes(1));
  for (int minute = 59; minute >= 0; --minute) {
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(now - absl::Minutes(minute));
    auto& cohorts = *point.mutable_cohorts();
    cohorts["canary"].set_events(canary_errors_per_minute);
    cohorts["canary"].set_exposure(10'000);
    cohorts["baseline"].set_events(100);
    cohorts["baseline"].set_exposure(10'000);
  }
  return observation;
}

class EvaluatorTest : public testing::Test {
 protected:
  EvaluatorTest() {
    auto store = OpenStore("sqlite:" + dir_.path() + "/gate.db", {});
    EXPECT_TRUE(store.ok()) << store.status();
    real_store_ = *std::move(store);
    store_ = std::make_unique<FaultyStore>(*real_store_);
    holds_ = std::make_unique<FaultyHolds>(real_store_->holds());
    answer_ = [this](const v1::Query& query, const FetchContext& context) {
      return Series(query, context.now, canary_errors_per_minute_);
    };
  }
  void TearDown() override {
    latch_.Open();
    evaluator_.reset();
  }

  Evaluator& evaluator() {
    if (evaluator_) return *evaluator_;
    std::vector<std::unique_ptr<Source>> sources;
    if (with_source_) {
      sources.push_back(std::make_unique<ScriptedSource>(
          "prometheus:main", v1::Query::kCohortMetric, false,
          [this](const auto& query, const auto& context) { return answer_(query, context); }));
    }
    sources.push_back(std::make_unique<HoldsSource>(*holds_));
    gatherer_ = std::make_unique<Gatherer>(std::move(sources), 4, nullptr,
                                           /*grace=*/std::chrono::seconds(0));
    evaluator_ = std::make_unique<Evaluator>(policies_, *gatherer_, *store_, clock_, options_);
    return *evaluator_;
  }

  absl::StatusOr<v1::Verdict> Ask(v1::EvaluateRequest request,
                                  steady_clock::duration time = std::chrono::seconds(30)) {
    std::promise<absl::StatusOr<v1::Verdict>> promise;
    evaluator().Evaluate(std::move(request), steady_clock::now() + time,
                         [&](absl::StatusOr<v1::Verdict> verdict) { promise.set_value(verdict); });
    return promise.get_future().get();
  }

  // The verdict where the only metrics source answers with an absence.
  v1::Verdict AskWithAbsence(v1::AbsenceReason reason) {
    answer_ = [reason](const v1::Query& query, const FetchContext&) {
      return Absent(query.id(), "prometheus:main", reason, "details");
    };
    absl::StatusOr<v1::Verdict> verdict = Ask(Request());
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return verdict.value_or(v1::Verdict());
  }

  TempFolder dir_;
  FakeClock clock_{kTuesday};
  PolicyHolder policies_{Snapshot(kPolicy)};
  EvaluatorOptions options_;
  Latch latch_;
  bool with_source_ = true;
  double canary_errors_per_minute_ = 100;
  ScriptedSource::Answer answer_;
  std::unique_ptr<Store> real_store_;
  std::unique_ptr<FaultyStore> store_;
  std::unique_ptr<FaultyHolds> holds_;
  std::unique_ptr<Gatherer> gatherer_;
  std::unique_ptr<Evaluator> evaluator_;
};

// Nobody knows whether everything was stopped a minute ago.
TEST_F(EvaluatorTest, WhereFreezesCannotBeReadNothingIsAllowed) {
  holds_->failure = absl::UnavailableError("the database is gone");
  const auto verdict = Ask(Request());
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->decision(), v1::DECISION_HOLD);
  EXPECT_NE(verdict->reason().find("the database is gone"), std::string::npos) << verdict->reason();
  holds_->failure = absl::OkStatus();
  EXPECT_EQ(Ask(Request())->decision(), v1::DECISION_ALLOW);
}

TEST_F(EvaluatorTest, AFreezeCountsForTheNextEvaluationAndIsReplayedToTheByte) {
  EXPECT_EQ(Ask(Request())->decision(), v1::DECISION_ALLOW);
  v1::Freeze freeze;
  freeze.set_name("freezes/1");
  freeze.set_reason("a failover");
  *freeze.mutable_start_time() = *freeze.mutable_create_time() = ToProto(clock_.Now());
  ASSERT_TRUE(real_store_->holds().CreateFreeze({{}, freeze}).ok());
  const auto held = Ask(Request());
  EXPECT_EQ(held->decision(), v1::DECISION_HOLD);
  v1::ReplayVerdictRequest replay;
  replay.set_name(held->name());
  ASSERT_TRUE(real_store_->holds().LiftFreeze({{.now = clock_.Now()}, "1", "bob", "done"}).ok());
  EXPECT_TRUE(evaluator().Replay(replay)->identical()) << "as it was then";
  EXPECT_EQ(Ask(Request())->decision(), v1::DECISION_ALLOW);
}

TEST_F(EvaluatorTest, AllowsAHealthyCanaryAndTheVerdictIsOnDisk) {
  const auto verdict = Ask(Request("pipeline-1"));
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->decision(), v1::DECISION_ALLOW) << verdict->DebugString();
  EXPECT_EQ(verdict->policy_rule(), "production");
  EXPECT_EQ(verdict->request_id(), "pipeline-1");
  EXPECT_EQ(FromProto(verdict->create_time()), kTuesday);
  const auto stored = store_->GetVerdict(verdict->name().substr(9));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(DeterministicBytes(*stored), DeterministicBytes(*verdict));
}

TEST_F(EvaluatorTest, EachOutcomeNamesWhatItRestsOn) {
  const auto verdict = Ask(Request());
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  std::set<std::string> seen, rested_on;
  for (const v1::ObservationRef& ref : verdict->observations()) seen.insert(ref.id());
  for (const v1::CheckOutcome& outcome : verdict->outcomes()) {
    rested_on.insert(outcome.observations().begin(), outcome.observations().end());
  }
  EXPECT_FALSE(seen.empty());
  // What is asked of every change, and holds nothing here.
  EXPECT_EQ(seen.erase(kHoldsObservation), 1u);
  EXPECT_EQ(rested_on, seen);
}

TEST_F(EvaluatorTest, BlocksAHarmfulCanary) {
  canary_errors_per_minute_ = 1000;
  const auto verdict = Ask(Request());
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(verdict->reason(), HasSubstr("canary: "));
}

TEST_F(EvaluatorTest, ReplayIsByteForByteTheSame) {
  for (const double errors : {100.0, 130.0, 1000.0}) {
    canary_errors_per_minute_ = errors;
    const auto verdict = Ask(Request());
    ASSERT_TRUE(verdict.ok());
    clock_.Advance(absl::Hours(100));
    v1::ReplayVerdictRequest request;
    request.set_name(verdict->name());
    const auto replay = evaluator().Replay(request);
    ASSERT_TRUE(replay.ok()) << replay.status();
    EXPECT_TRUE(replay->identical()) << testing::PrintToString(replay->differences());
  }
}

// ---- another policy
v1::Policy Edited(const std::string& from, const std::string& to) {
  std::string text = kPolicy;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return Snapshot(text.replace(at, from.size(), to))->policy;
}

TEST_F(EvaluatorTest, AnotherPolicyIsTriedOnOneVerdict) {
  canary_errors_per_minute_ = 130;
  const auto verdict = Ask(Request());
  ASSERT_TRUE(verdict.ok());
  ASSERT_EQ(verdict->decision(), v1::DECISION_BLOCK);
  v1::ReplayVerdictRequest request;
  request.set_name(verdict->name());
  *request.mutable_policy() = Edited("margin: 0.2", "margin: 0.5");
  const auto replay = evaluator().Replay(request);
  ASSERT_TRUE(replay.ok()) << replay.status();
  EXPECT_FALSE(replay->identical());
  EXPECT_THAT(replay->differences(),
              testing::ElementsAre("decision: BLOCK, now ALLOW", "canary: FAIL, now PASS"));
  EXPECT_EQ(replay->verdict().decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(replay->verdict().create_time().seconds(), verdict->create_time().seconds());

  *request.mutable_policy() = Edited("nobody is there", "nobody is there at all");
  EXPECT_TRUE(evaluator().Replay(request)->identical());
}

// Another selector under the same name is another question.
TEST_F(EvaluatorTest, WhatWasNotAskedThenIsNotKnown) {
  const auto verdict = Ask(Request());
  ASSERT_TRUE(verdict.ok());
  ASSERT_EQ(verdict->decision(), v1::DECISION_ALLOW);
  v1::ReplayVerdictRequest request;
  request.set_name(verdict->name());
  *request.mutable_policy() = Edited("errors_total", "failures_total");
  const auto replay = evaluator().Replay(request);
  ASSERT_TRUE(replay.ok()) << replay.status();
  EXPECT_EQ(replay->verdict().decision(), v1::DECISION_HOLD);
  EXPECT_THAT(replay->verdict().reason(), HasSubstr("was not asked for"));
}

TEST_F(EvaluatorTest, AnotherPolicyIsTriedOnAllThatIsOnRecord) {
  for (const double errors : {100.0, 130.0, 1000.0}) {
    canary_errors_per_minute_ = errors;
    ASSERT_TRUE(Ask(Request()).ok());
    clock_.Advance(absl::Hours(1));
  }
  v1::WhatIfRequest request;
  *request.mutable_policy() = Edited("margin: 0.2", "margin: 0.5");
  auto response = WhatIf(*store_, request, clock_.Now());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->replayed(), 3);
  EXPECT_FALSE(response->truncated());
  ASSERT_EQ(response->differences_size(), 1);
  EXPECT_EQ(response->differences(0).was(), v1::DECISION_BLOCK);
  EXPECT_EQ(response->differences(0).would_be(), v1::DECISION_ALLOW);
  EXPECT_EQ(response->differences(0).service(), "payments");

  request.set_limit(2);
  response = WhatIf(*store_, request, clock_.Now());
  EXPECT_EQ(response->replayed(), 2);
  EXPECT_TRUE(response->truncated());
  *request.mutable_since() = ToProto(absl::Minutes(90));
  response = WhatIf(*store_, request, clock_.Now());
  EXPECT_EQ(response->replayed(), 1);
  EXPECT_FALSE(response->truncated());
}

TEST_F(EvaluatorTest, WhatIfIsHeldToItsForm) {
  v1::WhatIfRequest request;
  *request.mutable_policy() = Edited("margin: 0.2", "margin: -1");
  *request.mutable_since() = ToProto(-absl::Hours(1));
  request.set_limit(-1);
  const auto response = WhatIf(*store_, request, clock_.Now());
  EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
  for (const char* field : {"since", "limit", "policy.rules[0].checks.canary.metrics[0].margin"}) {
    EXPECT_THAT(response.status().ToString(), HasSubstr(field));
  }
}

TEST_F(EvaluatorTest, ReplayUsesThePolicyThatWasInForce) {
  const auto verdict = Ask(Request());
  ASSERT_TRUE(verdict.ok());
  policies_.Replace(Snapshot("rules { name: 'other' checks { migration {} } }"));
  v1::ReplayVerdictRequest request;
  request.set_name(verdict->name());
  const auto replay = evaluator().Replay(request);
  ASSERT_TRUE(replay.ok());
  EXPECT_TRUE(replay->identical());
  EXPECT_EQ(replay->verdict().policy_rule(), "production");
}

TEST_F(EvaluatorTest, TheSameRequestGetsTheSameVerdictWhateverHasChanged) {
  const auto first = Ask(Request("once"));
  ASSERT_TRUE(first.ok());
  canary_errors_per_minute_ = 1000;
  clock_.Advance(absl::Minutes(1));
  const auto again = Ask(Request("once"));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(DeterministicBytes(*again), DeterministicBytes(*first));
}

TEST_F(EvaluatorTest, AnotherRequestWithAUsedIdIsRefused) {
  ASSERT_TRUE(Ask(Request("once")).ok());
  v1::EvaluateRequest other = Request("once");
  other.mutable_change()->set_service("orders");
  EXPECT_EQ(Ask(other).status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(EvaluatorTest, ValidateOnlyJudgesAndStoresNothing) {
  v1::EvaluateRequest request = Request("preview");
  request.set_validate_only(true);
  const auto preview = Ask(request);
  ASSERT_TRUE(preview.ok());
  EXPECT_EQ(preview->decision(), v1::DECISION_UNSPECIFIED);
  EXPECT_EQ(preview->observations(0).id(), "canary.http_5xx");
  EXPECT_THAT(*store_->ListVerdicts({}, "", 10), testing::IsEmpty());
}

TEST_F(EvaluatorTest, EveryWrongFieldIsNamed) {
  v1::EvaluateRequest request = Request("spaces are not allowed");
  request.mutable_change()->set_service("");
  request.mutable_change()->set_kind(v1::CHANGE_KIND_UNSPECIFIED);
  request.mutable_change()->set_artifact_digest("sha256:abc");
  const absl::Status status = Ask(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  google::rpc::BadRequest details;
  ASSERT_TRUE(details.ParseFromString(std::string(*status.GetPayload(kBadRequestUrl))));
  std::vector<std::string> fields;
  for (const auto& violation : details.field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, testing::UnorderedElementsAre("change.service", "change.kind",
                                                    "change.artifact_digest", "request_id"));
}

// --- The table of failures -------------------------------------------------------------------

TEST_F(EvaluatorTest, NoRuleMatches) {
  v1::EvaluateRequest request = Request();
  request.mutable_change()->set_environment("moon");
  const auto verdict = Ask(request);
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->decision(), v1::DECISION_HOLD);
  EXPECT_THAT(verdict->reason(), HasSubstr("no policy rule matches payments in moon"));
}

struct AbsenceRow {
  const char* name;
  v1::AbsenceReason reason;
};
class AbsenceTable : public EvaluatorTest, public testing::WithParamInterface<AbsenceRow> {};

TEST_P(AbsenceTable, Holds) {
  const v1::Verdict verdict = AskWithAbsence(GetParam().reason);
  EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD);
  EXPECT_EQ(verdict.outcomes(0).outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_EQ(verdict.observations(0).absence().reason(), GetParam().reason);
  EXPECT_THAT(verdict.reason(), HasSubstr("prometheus:main")) << "says which source";
}

INSTANTIATE_TEST_SUITE_P(Failures, AbsenceTable,
                         testing::ValuesIn(std::vector<AbsenceRow>{
                             {"SourceDown", v1::ABSENCE_REASON_UNREACHABLE},
                             {"SourceSlow", v1::ABSENCE_REASON_TIMEOUT},
                             {"SourceGarbage", v1::ABSENCE_REASON_MALFORMED},
                             {"SourceDenies", v1::ABSENCE_REASON_DENIED},
                             {"SourceAnswersTooMuch", v1::ABSENCE_REASON_TOO_LARGE},
                             {"SourceStale", v1::ABSENCE_REASON_STALE},
                             {"SourceEmpty", v1::ABSENCE_REASON_EMPTY},
                             {"SourceRejectsQuery", v1::ABSENCE_REASON_REJECTED},
                             {"SourceFailsInside", v1::ABSENCE_REASON_INTERNAL},
                         }),
                         [](const auto& row) { return row.param.name; });

TEST_F(EvaluatorTest, SourceNotConfigured) {
  with_source_ = false;
  const auto verdict = Ask(Request());
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->decision(), v1::DECISION_HOLD);
  EXPECT_EQ(verdict->observations(0).absence().reason(), v1::ABSENCE_REASON_NOT_CONFIGURED);
}

TEST_F(EvaluatorTest, SourceThrows) {
  answer_ = [](const v1::Query&, const FetchContext&) -> v1::Observation {
    throw std::runtime_error("boom");
  };
  const auto verdict = Ask(Request());
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->decision(), v1::DECISION_HOLD);
  EXPECT_THAT(verdict->reason(), HasSubstr("boom"));
}

TEST_F(EvaluatorTest, SourceHangsPastTheCallersDeadline) {
  answer_ = [this](const v1::Query& query, const FetchContext& context) {
    latch_.Wait();
    return Series(query, context.now, 100);
  };
  const auto verdict = Ask(Request(), std::chrono::milliseconds(250));
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->decision(), v1::DECISION_HOLD);
  EXPECT_EQ(verdict->observations(0).absence().reason(), v1::ABSENCE_REASON_TIMEOUT);
}

TEST_F(EvaluatorTest, ADecidedBlockDoesNotWaitForAHangingSource) {
  answer_ = [this](const v1::Query& query, const FetchContext& context) {
    latch_.Wait();
    return Series(query, context.now, 100);
  };
  clock_.Set(kSaturday);
  v1::EvaluateRequest not_begun = Request();
  not_begun.mutable_change()->clear_canary();
  const auto verdict = Ask(not_begun, std::chrono::hours(1));
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(verdict->reason(), HasSubstr("weekend"));
  EXPECT_EQ(verdict->observations(0).absence().reason(), v1::ABSENCE_REASON_NOT_AWAITED);
}

// The freeze alone decides; that the canary is to go back only its metrics tell.
TEST_F(EvaluatorTest, ABlockOfAChangeUnderWayWaitsForWhatToDo) {
  answer_ = [this](const v1::Query& query, const FetchContext& context) {
    return Series(query, context.now, 1000);
  };
  clock_.Set(kSaturday);
  v1::EvaluateRequest request = Request();
  *request.mutable_change()->mutable_canary()->mutable_started_at() =
      ToProto(kSaturday - absl::Hours(1));
  const auto verdict = Ask(request);
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->decision(), v1::DECISION_BLOCK);
  EXPECT_EQ(verdict->advice(), v1::ADVICE_ROLL_BACK) << verdict->DebugString();
}

TEST_F(EvaluatorTest, SeriesWithAnotherShapeThanAsked) {
  answer_ = [](const v1::Query& query, const FetchContext&) {
    v1::Observation observation;
    observation.set_id(query.id());
    observation.set_source("prometheus:main");
    observation.mutable_calendar()->set_name("surprise");
    return observation;
  };
  const auto verdict = Ask(Request());
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->decision(), v1::DECISION_HOLD);
}

TEST_F(EvaluatorTest, ClockStepsBack) {
  ASSERT_EQ(Ask(Request())->decision(), v1::DECISION_ALLOW);
  clock_.Advance(-absl::Minutes(3));
  const auto verdict = Ask(Request());
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->decision(), v1::DECISION_HOLD);
  EXPECT_THAT(verdict->reason(), HasSubstr("3m behind"));
  v1::ReplayVerdictRequest request;
  request.set_name(verdict->name());
  EXPECT_TRUE(evaluator().Replay(request)->identical());
  clock_.Advance(absl::Minutes(3));
  EXPECT_EQ(Ask(Request())->decision(), v1::DECISION_ALLOW);
}

TEST_F(EvaluatorTest, ClockStepsBackAcrossARestart) {
  ASSERT_EQ(Ask(Request())->decision(), v1::DECISION_ALLOW);
  evaluator_.reset();
  clock_.Advance(-absl::Hours(1));
  EXPECT_EQ(Ask(Request())->decision(), v1::DECISION_HOLD);
}

struct StoreRow {
  const char* name;
  absl::StatusCode code;
};
class StoreTable : public EvaluatorTest, public testing::WithParamInterface<StoreRow> {};

TEST_P(StoreTable, IsAnErrorAndNeverAVerdict) {
  evaluator();
  store_->FailFrom(0, absl::Status(GetParam().code, "injected"), 1);
  EXPECT_EQ(Ask(Request()).status().code(), GetParam().code);
  EXPECT_EQ(Ask(Request())->decision(), v1::DECISION_ALLOW) << "and recovers by itself";
}

INSTANTIATE_TEST_SUITE_P(Failures, StoreTable,
                         testing::ValuesIn(std::vector<StoreRow>{
                             {"StoreFull", absl::StatusCode::kResourceExhausted},
                             {"StoreLocked", absl::StatusCode::kUnavailable},
                             {"StoreGone", absl::StatusCode::kUnavailable},
                         }),
                         [](const auto& row) { return row.param.name; });

TEST_F(EvaluatorTest, TooManyEvaluations) {
  options_ = {.threads = 1, .capacity = 1};
  answer_ = [this](const v1::Query& query, const FetchContext& context) {
    latch_.Wait();
    return Series(query, context.now, 100);
  };
  std::promise<absl::StatusOr<v1::Verdict>> first;
  evaluator().Evaluate(Request(), steady_clock::now() + std::chrono::seconds(30),
                       [&](auto verdict) { first.set_value(std::move(verdict)); });
  const absl::Status status = Ask(Request()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(status.GetPayload(kRetryInfoUrl).has_value()) << "says when to come back";
  latch_.Open();
  EXPECT_TRUE(first.get_future().get().ok());
}

// Whatever a source does at whichever fetch, and whatever the store does at whichever call, the
// answer is ALLOW only on fresh, healthy evidence.
TEST_F(EvaluatorTest, NoFaultAllowsByAccident) {
  std::mt19937 random(20211006);
  int allowed = 0;
  for (int round = 0; round < 300; ++round) {
    const int fault = static_cast<int>(random() % 16);
    answer_ = [&, fault](const v1::Query& query, const FetchContext& context) {
      if (fault > 0 && fault <= v1::AbsenceReason_MAX) {
        return Absent(query.id(), "prometheus:main", static_cast<v1::AbsenceReason>(fault), "x");
      }
      v1::Observation observation = Series(query, context.now, 100);
      if (fault == 12) observation.mutable_metric()->clear_points();
      for (int last = 50; fault == 13 && last < 60; ++last) {
        observation.mutable_metric()->mutable_points(last)->clear_cohorts();
      }
      if (fault == 14) observation = Series(query, context.now - absl::Hours(2), 100);
      if (fault == 15) observation.clear_result();
      return observation;
    };
    const auto verdict = Ask(Request());
    ASSERT_TRUE(verdict.ok());
    const bool allow = verdict->decision() == v1::DECISION_ALLOW;
    EXPECT_TRUE(!allow || fault == 0) << "fault " << fault;
    allowed += allow;
  }
  EXPECT_GT(allowed, 3);
}

TEST_F(EvaluatorTest, ManyAtOnceEachGetTheirOwnVerdict) {
  constexpr int kThreads = 8, kEach = 25;
  evaluator();
  std::vector<std::thread> threads;
  std::vector<std::vector<std::string>> names(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto verdict = Ask(Request(std::to_string(t) + "-" + std::to_string(i)));
        if (verdict.ok()) names[t].push_back(verdict->name());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> distinct;
  for (const auto& some : names) distinct.insert(some.begin(), some.end());
  EXPECT_EQ(distinct.size(), static_cast<size_t>(kThreads * kEach));
}

}  // namespace
}  // namespace gate
