// Rollouts over a real evaluator and both kinds of caller: pipelines that advance them, and the
// clock that has them judged. A freeze check decides; the test moves the clock.
#include "gate/rollout/rollouts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/evidence/gatherer.h"
#include "gate/evidence/holds.h"
#include "gate/rollout/driver.h"
#include "gate/rollout/events.h"
#include "gate/store/store.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/scripted_source.h"

namespace gate {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Frozen from 2026-11-27T12:00 for two days, in UTC.
constexpr char kPolicy[] = R"(
  title: "test"
  rules {
    name: "web"
    match { services: "web" }
    checks { freeze { windows { id: "weekend" time_zone: "UTC" start: "2026-11-27T12:00:00"
                                duration { seconds: 172800 } } } }
    rollout {
      steps { share: 0.05 at_least { seconds: 600 } }
      steps { share: 1 }
      lease { seconds: 60 }
    }
  }
  rules {
    name: "capped"
    match { services: "capped-*" }
    checks { hold { caps { name: "one" services: "capped-*" at_most: 1 } } }
    rollout { steps { share: 0.5 } steps { share: 1 } bake { at_least {} peak: 0 } }
  }
  rules { name: "other" match { services: "other" } checks { freeze {} } })";

std::shared_ptr<const PolicySnapshot> Snapshot() {
  PolicySnapshot snapshot;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kPolicy, &snapshot.policy));
  snapshot.bytes = std::make_shared<const std::string>(DeterministicBytes(snapshot.policy));
  snapshot.digest = Sha256Hex(*snapshot.bytes);
  return std::make_shared<const PolicySnapshot>(std::move(snapshot));
}

absl::Time At(int day, int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilSecond(2026, 11, day, hour, minute, 0), absl::UTCTimeZone());
}

class RolloutsTest : public ::testing::Test {
 protected:
  v1::StartRolloutRequest StartOf(const std::string& request_id, const std::string& version = "2",
                                  const std::string& service = "web") {
    v1::StartRolloutRequest request;
    request.mutable_change()->set_service(service);
    request.mutable_change()->set_environment("production");
    request.mutable_change()->set_kind(v1::CHANGE_KIND_CODE);
    request.mutable_change()->set_version(version);
    request.set_request_id(request_id);
    return request;
  }

  v1::Rollout Start(const std::string& request_id, const std::string& version = "2") {
    auto started = rollouts_.Start(StartOf(request_id, version));
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? *started : v1::Rollout();
  }

  absl::StatusOr<v1::AdvanceRolloutResponse> Advance(const v1::Rollout& rollout,
                                                     const std::string& request_id) {
    v1::AdvanceRolloutRequest request;
    request.set_name(rollout.name());
    request.set_fencing_token(rollout.fencing_token());
    request.set_request_id(request_id);
    return rollouts_.Advance(request, Soon());
  }

  static std::chrono::steady_clock::time_point Soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(30);
  }

  static std::string ReasonOf(const absl::Status& status) {
    const auto payload = status.GetPayload(kErrorInfoUrl);
    google::rpc::ErrorInfo info;
    return payload && info.ParseFromString(std::string(*payload)) ? info.reason() : "";
  }

  std::vector<std::unique_ptr<Source>> Sources() {
    std::vector<std::unique_ptr<Source>> sources;
    sources.push_back(std::make_unique<HoldsSource>(store_->holds()));
    sources.push_back(std::make_unique<ScriptedSource>(
        "prometheus:main", v1::Query::kSeries, true,
        [this](const v1::Query& query, const FetchContext& context) {
          return Series(query, context.now);
        }));
    return sources;
  }

  // The signal of incidents: so high at each of the last minutes.
  v1::Observation Series(const v1::Query& query, absl::Time now) const {
    v1::Observation observation;
    observation.set_id(query.id());
    observation.set_source("prometheus:main");
    for (int minute = 30; minute >= 0; --minute) {
      v1::ValuePoint& point = *observation.mutable_series()->add_points();
      *point.mutable_time() = ToProto(now - absl::Minutes(minute));
      point.set_value(FromProto(point.time()) < better_since_ ? 900 : 3);
    }
    return observation;
  }

  absl::Time better_since_ = absl::InfiniteFuture();
  FakeClock clock_{At(23, 15)};
  PolicyHolder policies_{Snapshot()};
  std::unique_ptr<Store> store_ = *OpenStore("sqlite::memory:", {});
  Gatherer gatherer_{Sources(), 4, nullptr};
  Evaluator evaluator_{policies_, gatherer_, *store_, clock_, EvaluatorOptions{4, 64}};
  Rollouts rollouts_{policies_, evaluator_, *store_, clock_};
};

TEST_F(RolloutsTest, APipelineGoesStepByStep) {
  const v1::Rollout rollout = Start("start");
  EXPECT_EQ(rollout.state(), v1::ROLLOUT_STATE_PENDING);
  EXPECT_GT(rollout.fencing_token(), 0);
  auto first = Advance(rollout, "step-1");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->advanced());
  EXPECT_EQ(first->rollout().share(), 0.05);
  EXPECT_EQ(first->verdict().decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(first->rollout().taken(0).verdict(), first->verdict().name());
  EXPECT_TRUE(store_->GetVerdict(first->verdict().name().substr(9)).ok()) << "on record";

  auto early = Advance(rollout, "step-2");
  ASSERT_TRUE(early.ok()) << early.status();
  EXPECT_FALSE(early->advanced());
  EXPECT_EQ(FromProto(early->retry_at()), At(23, 15, 10));
  clock_.Advance(absl::Minutes(10));
  EXPECT_TRUE(Advance(rollout, "step-2")->advanced());
  EXPECT_EQ(rollouts_.Get(rollout.name())->state(), v1::ROLLOUT_STATE_BAKING);
  EXPECT_EQ(rollouts_.Get(rollout.name())->fencing_token(), 0) << "nobody else's business";
}

TEST_F(RolloutsTest, WhoeverLostTheAnswerAsksAgain) {
  const v1::Rollout rollout = Start("start");
  EXPECT_EQ(Start("start").fencing_token(), rollout.fencing_token());
  const auto first = Advance(rollout, "step");
  const auto again = Advance(rollout, "step");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->advanced());
  EXPECT_EQ(again->rollout().taken_size(), 1);
  EXPECT_EQ(again->verdict().name(), first->verdict().name());
}

TEST_F(RolloutsTest, AFreezeThatBeginsHoldsWhatIsUnderWay) {
  clock_.Set(At(27, 11, 55));
  const v1::Rollout rollout = Start("start");
  EXPECT_TRUE(Advance(rollout, "step-1")->advanced());
  clock_.Set(At(27, 12, 5));
  const auto held = Advance(rollout, "step-2");
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_FALSE(held->advanced());
  ASSERT_GE(held->rollout().waits_size(), 1);
  EXPECT_EQ(held->rollout().waits(0).kind(), v1::RolloutWait::KIND_VERDICT);
  EXPECT_EQ(FromProto(held->rollout().waits(0).until()), At(29, 12));
  // Going back is no change that starts.
  v1::AbortRolloutRequest abort;
  abort.set_name(rollout.name());
  abort.set_reason("we do not leave it like this over the weekend");
  EXPECT_EQ(rollouts_.Abort(abort)->state(), v1::ROLLOUT_STATE_ROLLING_BACK);
}

TEST_F(RolloutsTest, APolicyMayLetFinishWhatIsUnderWay) {
  PolicySnapshot snapshot = *policies_.Current();
  snapshot.policy.mutable_rules(0)
      ->mutable_checks()
      ->mutable_freeze()
      ->mutable_windows(0)
      ->set_lets_finish(true);
  policies_.Replace(std::make_shared<const PolicySnapshot>(snapshot));
  clock_.Set(At(27, 11, 55));
  const v1::Rollout rollout = Start("start");
  EXPECT_TRUE(Advance(rollout, "step-1")->advanced());
  clock_.Set(At(27, 12, 5));
  EXPECT_TRUE(Advance(rollout, "step-2")->advanced());

  const v1::Rollout late = Start("start-late", "3");
  EXPECT_FALSE(Advance(late, "late")->advanced()) << "it would start inside";
}

TEST_F(RolloutsTest, AStaleTokenMovesNothing) {
  const v1::Rollout first = Start("start");
  EXPECT_TRUE(Advance(first, "step-1")->advanced());
  EXPECT_EQ(ReasonOf(rollouts_.Start(StartOf("start-again")).status()), "LEASE_HELD");
  clock_.Advance(absl::Minutes(10));
  // Another run of the same pipeline takes over; the first one was only asleep.
  const v1::Rollout second = Start("start-again");
  EXPECT_EQ(second.name(), first.name());
  EXPECT_GT(second.fencing_token(), first.fencing_token());
  const absl::Status stale = Advance(first, "step-2").status();
  EXPECT_EQ(stale.code(), absl::StatusCode::kFailedPrecondition) << stale;
  EXPECT_EQ(ReasonOf(stale), "STALE_FENCING_TOKEN");
  EXPECT_TRUE(Advance(second, "step-2")->advanced());
}

TEST_F(RolloutsTest, TheSameHolderTakesItsLeaseAgainAtOnce) {
  v1::StartRolloutRequest request = StartOf("start");
  request.set_holder("deploy.yml run 7");
  const auto first = rollouts_.Start(request);
  ASSERT_TRUE(first.ok()) << first.status();
  request.set_request_id("start-again");
  const auto second = rollouts_.Start(request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->name(), first->name());
  EXPECT_GT(second->fencing_token(), first->fencing_token());
}

TEST_F(RolloutsTest, AnotherChangeWaitsUntilTheLeaseIsOverOrItBakes) {
  const v1::Rollout first = Start("start");
  EXPECT_TRUE(Advance(first, "step-1")->advanced());
  const absl::Status held = rollouts_.Start(StartOf("hotfix", "3")).status();
  EXPECT_EQ(ReasonOf(held), "LEASE_HELD");
  EXPECT_THAT(std::string(held.message()), HasSubstr("of version 2, PROGRESSING"));
  clock_.Advance(absl::Minutes(10));
  EXPECT_TRUE(Advance(first, "step-2")->advanced());
  const v1::Rollout hotfix = Start("hotfix", "3");
  EXPECT_NE(hotfix.name(), first.name());
  const auto before = rollouts_.Get(first.name());
  EXPECT_EQ(before->state(), v1::ROLLOUT_STATE_SUPERSEDED);
  EXPECT_EQ(before->superseded_by(), hotfix.name());
  EXPECT_EQ(ReasonOf(Advance(first, "late").status()), "ROLLOUT_ENDED");
}

TEST_F(RolloutsTest, WhatAPersonHasPausedNobodyTakesAway) {
  const v1::Rollout first = Start("start");
  v1::PauseRolloutRequest pause;
  pause.set_name(first.name());
  EXPECT_TRUE(absl::IsInvalidArgument(rollouts_.Pause(pause).status())) << "why?";
  pause.set_reason("we look at the logs");
  EXPECT_EQ(rollouts_.Pause(pause)->state(), v1::ROLLOUT_STATE_PAUSED);
  clock_.Advance(absl::Hours(2));
  const absl::Status held = rollouts_.Start(StartOf("hotfix", "3")).status();
  EXPECT_EQ(ReasonOf(held), "LEASE_HELD");
  EXPECT_THAT(std::string(held.message()), HasSubstr("we look at the logs"));
  v1::ResumeRolloutRequest resume;
  resume.set_name(first.name());
  resume.set_reason("nothing there");
  EXPECT_EQ(rollouts_.Resume(resume)->state(), v1::ROLLOUT_STATE_PENDING);
}

// Whoever does something is named in the events and in the audit log; the gate's own doing is its
// own.
TEST_F(RolloutsTest, WhoDidItIsOnRecord) {
  const auto started =
      rollouts_.Start(StartOf("start"), {"token:deploy", "gate.v1.Rollouts.Start", "start"});
  ASSERT_TRUE(started.ok()) << started.status();
  const std::string id = started->name().substr(started->name().find('/') + 1);
  v1::PauseRolloutRequest pause;
  pause.set_name(started->name());
  pause.set_reason("we look at the logs");
  ASSERT_TRUE(rollouts_.Pause(pause, {"dns:console", "gate.v1.Rollouts.Pause", "p"}).ok());
  ASSERT_TRUE(rollouts_.Pause(pause, {"dns:other", "gate.v1.Rollouts.Pause", "q"}).ok());
  clock_.Advance(absl::Hours(24 * 60));  // Its time is over.
  auto stored = store_->rollouts().Get(id);
  ASSERT_TRUE(stored.ok());
  ASSERT_TRUE(rollouts_.Judge(*stored, Soon()).ok());

  const auto events = store_->rollouts().ReadEvents(id, 0, 100);
  ASSERT_TRUE(events.ok() && events->size() >= 3);
  EXPECT_EQ((*events)[0].actor(), "token:deploy");
  EXPECT_EQ((*events)[1].actor(), "dns:console");
  EXPECT_EQ(events->back().actor(), "");
  const auto rows = store_->audit().List({.resource = started->name()}, kAuditEnd, 100);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 3u) << "a pause of what is paused does nothing";
  EXPECT_EQ((*rows)[2].actor(), "token:deploy");
  EXPECT_EQ((*rows)[2].action(), "gate.v1.Rollouts.Start");
  EXPECT_EQ((*rows)[2].service(), "web");
  EXPECT_EQ((*rows)[1].actor(), "dns:console");
  EXPECT_THAT((*rows)[1].detail(), HasSubstr("we look at the logs"));
  EXPECT_EQ((*rows)[0].actor(), kGateActor);
  EXPECT_EQ((*rows)[0].action(), "rollout.judge");
  EXPECT_EQ((*rows)[0].outcome(), "DONE");
}

TEST_F(RolloutsTest, GoingBackIsConfirmedByWhoeverMovesIt) {
  const v1::Rollout rollout = Start("start");
  EXPECT_TRUE(Advance(rollout, "step-1")->advanced());
  v1::AbortRolloutRequest abort;
  abort.set_name(rollout.name());
  abort.set_reason("errors");
  EXPECT_EQ(rollouts_.Abort(abort)->state(), v1::ROLLOUT_STATE_ROLLING_BACK);
  const auto told = Advance(rollout, "step-2");
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_FALSE(told->advanced());
  EXPECT_EQ(told->rollout().advice(), v1::ADVICE_ROLL_BACK);

  v1::ConfirmRollbackRequest confirm;
  confirm.set_name(rollout.name());
  EXPECT_EQ(ReasonOf(rollouts_.ConfirmRollback(confirm).status()), "STALE_FENCING_TOKEN");
  confirm.set_fencing_token(rollout.fencing_token());
  EXPECT_EQ(rollouts_.ConfirmRollback(confirm)->state(), v1::ROLLOUT_STATE_ROLLED_BACK);
}

TEST_F(RolloutsTest, WithoutAPlanNothingStarts) {
  EXPECT_EQ(ReasonOf(rollouts_.Start(StartOf("other", "2", "other")).status()), "NO_ROLLOUT_PLAN");
  EXPECT_EQ(ReasonOf(rollouts_.Start(StartOf("none", "2", "none")).status()), "NO_ROLLOUT_PLAN");
  v1::StartRolloutRequest staged = StartOf("staged");
  staged.mutable_change()->mutable_stage()->set_next_step("100-percent");
  EXPECT_TRUE(absl::IsInvalidArgument(rollouts_.Start(staged).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(rollouts_.Start(StartOf("")).status()));
}

TEST_F(RolloutsTest, ACheckOfTheStartStoresNothing) {
  v1::StartRolloutRequest request = StartOf("");
  request.set_validate_only(true);
  const auto preview = rollouts_.Start(request);
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->plan().steps_size(), 2);
  EXPECT_THAT(*store_->rollouts().List({}, "", 10), ElementsAre());
}

TEST_F(RolloutsTest, TheClockJudgesWhatNobodyAsksAbout) {
  Logger log(STDERR_FILENO);
  RolloutDriver driver(rollouts_, store_->rollouts(), clock_, log);
  const v1::Rollout rollout = Start("start");
  EXPECT_EQ(driver.LookOnce(), 0) << "not due yet";
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(driver.LookOnce(), 1);
  EXPECT_EQ(driver.LookOnce(), 0) << "judged for the next minute";
  EXPECT_EQ(rollouts_.Get(rollout.name())->verdict().decision(), v1::DECISION_ALLOW);
  EXPECT_TRUE(Advance(rollout, "step-1")->advanced());
  clock_.Advance(absl::Minutes(10));
  EXPECT_TRUE(Advance(rollout, "step-2")->advanced());
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(driver.LookOnce(), 1);
  EXPECT_EQ(rollouts_.Get(rollout.name())->state(), v1::ROLLOUT_STATE_SUCCEEDED);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(driver.LookOnce(), 0);

  std::vector<v1::RolloutEventKind> kinds;
  const auto events =
      store_->rollouts().ReadEvents(rollout.name().substr(9), /*after=*/0, /*limit=*/100);
  for (const v1::WatchRolloutResponse& event : *events) kinds.push_back(event.kind());
  EXPECT_THAT(kinds, ElementsAre(v1::ROLLOUT_EVENT_KIND_STARTED, v1::ROLLOUT_EVENT_KIND_JUDGED,
                                 v1::ROLLOUT_EVENT_KIND_STEP_TAKEN, v1::ROLLOUT_EVENT_KIND_JUDGED,
                                 v1::ROLLOUT_EVENT_KIND_STEP_TAKEN, v1::ROLLOUT_EVENT_KIND_JUDGED,
                                 v1::ROLLOUT_EVENT_KIND_ENDED));
}

TEST_F(RolloutsTest, WhatChangesNothingIsNotKept) {
  Logger log(STDERR_FILENO);
  RolloutDriver driver(rollouts_, store_->rollouts(), clock_, log);
  const auto kept = [&] { return store_->ListVerdicts({}, "", 100)->size(); };
  const v1::Rollout rollout = Start("start");
  ASSERT_TRUE(Advance(rollout, "step-1")->advanced());
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(driver.LookOnce(), 1);
  EXPECT_EQ(kept(), 2u) << "the step's, and the first on the new step";
  for (int look = 0; look < 5; ++look) {
    clock_.Advance(absl::Seconds(10));
    EXPECT_EQ(driver.LookOnce(), 1) << "it is looked at all the same";
  }
  EXPECT_EQ(kept(), 2u) << "which says the same";
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(driver.LookOnce(), 1);
  EXPECT_EQ(kept(), 3u) << "a minute old, while it moves";

  clock_.Set(At(27, 11, 59));
  EXPECT_EQ(driver.LookOnce(), 1);
  const size_t before = kept();
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(driver.LookOnce(), 1);
  EXPECT_EQ(kept(), before + 1) << "another answer is news at once";
  EXPECT_EQ(rollouts_.Get(rollout.name())->verdict().decision(), v1::DECISION_HOLD);
}

TEST_F(RolloutsTest, WhoeverWatchesIsToldFromWhereTheyWere) {
  const v1::Rollout rollout = Start("start");
  const auto now = rollouts_.EventsAfter(rollout.name(), 0);
  ASSERT_TRUE(now.ok()) << now.status();
  ASSERT_EQ(now->events.size(), 1u);
  EXPECT_EQ(now->events.front().kind(), v1::ROLLOUT_EVENT_KIND_STARTED);
  EXPECT_EQ(now->events.front().rollout().fencing_token(), 0) << "nobody's but the holder's";

  std::atomic<int> wakes = 0;
  const auto watch = rollouts_.feed().Add(rollout.name(), [&] { ++wakes; });
  ASSERT_TRUE(Advance(rollout, "step-1")->advanced());
  EXPECT_GE(wakes, 1);
  std::vector<v1::RolloutEventKind> kinds;
  const auto rest = rollouts_.EventsAfter(rollout.name(), now->events.front().sequence());
  for (const v1::WatchRolloutResponse& event : rest->events) {
    kinds.push_back(event.kind());
  }
  EXPECT_THAT(kinds, ElementsAre(v1::ROLLOUT_EVENT_KIND_JUDGED, v1::ROLLOUT_EVENT_KIND_STEP_TAKEN));
  EXPECT_TRUE(absl::IsNotFound(rollouts_.EventsAfter("rollouts/none", 0).status()));
}

TEST_F(RolloutsTest, IsJudgedAsOftenAsItMayChange) {
  const v1::Rollout pending = Start("start");
  EXPECT_EQ(rollout::BetweenJudgements(pending, clock_.Now()), absl::Minutes(1));
  const v1::Rollout moving = Advance(pending, "step-1")->rollout();
  EXPECT_EQ(rollout::BetweenJudgements(moving, clock_.Now()), absl::Seconds(10));
  clock_.Advance(absl::Minutes(10));
  const v1::Rollout baking = Advance(pending, "step-2")->rollout();
  EXPECT_EQ(rollout::BetweenJudgements(baking, clock_.Now()), absl::Seconds(10));
  EXPECT_EQ(rollout::BetweenJudgements(baking, clock_.Now() + absl::Minutes(30)),
            absl::Seconds(30));
  EXPECT_EQ(rollout::BetweenJudgements(baking, clock_.Now() + absl::Hours(30)), absl::Minutes(1));
}

TEST_F(RolloutsTest, WhatNobodyMovesEnds) {
  Logger log(STDERR_FILENO);
  RolloutDriver driver(rollouts_, store_->rollouts(), clock_, log);
  const v1::Rollout rollout = Start("start");
  clock_.Advance(absl::Hours(14 * 24));
  EXPECT_EQ(driver.LookOnce(), 1);
  EXPECT_EQ(rollouts_.Get(rollout.name())->state(), v1::ROLLOUT_STATE_EXPIRED);
}

v1::Freeze Freeze(absl::Time now) {
  v1::Freeze freeze;
  freeze.set_name("freezes/1");
  freeze.set_owner("alice");
  freeze.set_reason("a failover");
  *freeze.mutable_start_time() = *freeze.mutable_create_time() = ToProto(now);
  return freeze;
}

TEST_F(RolloutsTest, WhatSomebodyStopsIsHeldAtItsStepAndGoesBackAllTheSame) {
  const v1::Rollout rollout = Start("start");
  EXPECT_TRUE(Advance(rollout, "step-1")->advanced());
  clock_.Advance(absl::Minutes(10));
  ASSERT_TRUE(store_->holds().CreateFreeze({{}, Freeze(clock_.Now())}).ok());
  const auto held = Advance(rollout, "step-2");
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_FALSE(held->advanced());
  EXPECT_EQ(held->rollout().state(), v1::ROLLOUT_STATE_PROGRESSING) << "held, not paused";
  EXPECT_THAT(held->rollout().waits(0).message(), HasSubstr("by alice since 2026-11-23"));
  EXPECT_THAT(held->rollout().waits(0).unblock(0), HasSubstr("gatectl freeze lift freezes/1"));

  v1::AbortRolloutRequest abort;
  abort.set_name(rollout.name());
  abort.set_reason("errors");
  EXPECT_EQ(rollouts_.Abort(abort)->state(), v1::ROLLOUT_STATE_ROLLING_BACK);
  v1::ConfirmRollbackRequest confirm;
  confirm.set_name(rollout.name());
  confirm.set_fencing_token(rollout.fencing_token());
  EXPECT_EQ(rollouts_.ConfirmRollback(confirm)->state(), v1::ROLLOUT_STATE_ROLLED_BACK);
}

TEST_F(RolloutsTest, AFullCapNamesWhoHasItsPlace) {
  const auto start = [&](const std::string& service) {
    return *rollouts_.Start(StartOf("start-" + service, "2", service));
  };
  const v1::Rollout first = start("capped-1"), second = start("capped-2");
  EXPECT_TRUE(Advance(first, "1")->advanced());
  const auto held = Advance(second, "2");
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_FALSE(held->advanced());
  EXPECT_THAT(
      held->verdict().reason(),
      AllOf(HasSubstr("The cap one"), HasSubstr("capped-1 in production (" + first.name())));

  v1::PauseRolloutRequest pause;
  pause.set_name(first.name());
  pause.set_reason("a look");
  ASSERT_TRUE(rollouts_.Pause(pause).ok());
  EXPECT_FALSE(Advance(second, "2")->advanced()) << "who is paused keeps the place";
  v1::ResumeRolloutRequest resume;
  resume.set_name(first.name());
  resume.set_reason("all is well");
  ASSERT_TRUE(rollouts_.Resume(resume).ok());
  EXPECT_TRUE(Advance(first, "1b")->advanced()) << "who has a place takes the next step";
  EXPECT_TRUE(Advance(second, "2")->advanced()) << "who is all out has given it up";
}

// The verdict of the second is made while the place is free, and its step comes too late.
TEST_F(RolloutsTest, TheLastPlaceIsTakenOnceAndTheOtherIsJudgedAnew) {
  std::vector<v1::Rollout> started;
  for (int i = 0; i < 6; ++i) {
    started.push_back(
        *rollouts_.Start(StartOf(absl::StrCat("s", i), "2", absl::StrCat("capped-", i))));
  }
  std::atomic<int> advanced = 0;
  std::vector<std::thread> threads;
  for (const v1::Rollout& rollout : started) {
    threads.emplace_back([&, rollout] {
      const auto answer = Advance(rollout, "step-" + rollout.name());
      EXPECT_TRUE(answer.ok()) << answer.status();
      if (!answer.ok()) return;
      advanced += answer->advanced();
      EXPECT_TRUE(answer->advanced() || answer->verdict().decision() == v1::DECISION_HOLD);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(advanced, 1);
}

TEST_F(RolloutsTest, ARolloutMendsAnIncidentThatIsThere) {
  v1::StartRolloutRequest request = StartOf("start");
  request.set_incident("incidents/unknown");
  const auto refused = rollouts_.Start(request);
  EXPECT_TRUE(absl::IsNotFound(refused.status())) << refused.status();
  EXPECT_EQ(ReasonOf(refused.status()), "NO_SUCH_INCIDENT");
}

v1::Incident Incident(bool with_signal) {
  v1::Incident incident;
  incident.set_name("incidents/1");
  incident.set_source("api");
  incident.set_external_id("1");
  incident.set_title("mails are late");
  if (!with_signal) return incident;
  incident.mutable_signal()->set_source("main");
  incident.mutable_signal()->set_selector("queue_depth");
  incident.mutable_signal()->set_at_most(10);
  return incident;
}

// To 100 %, and past the shortest bake.
v1::Rollout AllOut(Rollouts& rollouts, FakeClock& clock, v1::StartRolloutRequest request) {
  request.mutable_change()->set_service("capped-1");
  request.set_incident("incidents/1");
  auto rollout = rollouts.Start(request);
  EXPECT_TRUE(rollout.ok()) << rollout.status();
  for (const char* step : {"1", "2"}) {
    v1::AdvanceRolloutRequest advance;
    advance.set_name(rollout->name());
    advance.set_fencing_token(rollout->fencing_token());
    advance.set_request_id(step);
    const auto answer =
        rollouts.Advance(advance, std::chrono::steady_clock::now() + std::chrono::seconds(30));
    EXPECT_TRUE(answer.ok() && answer->advanced()) << answer.status();
  }
  clock.Advance(absl::Seconds(10));
  return *rollout;
}

TEST_F(RolloutsTest, AFixEndsWellOnlyWhenTheSignalIsBackInRange) {
  ASSERT_TRUE(store_->holds().ReportIncident({{.now = clock_.Now()}, Incident(true)}).ok());
  const v1::Rollout rollout = AllOut(rollouts_, clock_, StartOf("start"));
  const auto judge = [&] {
    EXPECT_TRUE(rollouts_.Judge(*store_->rollouts().Get(rollout.name().substr(9)), Soon()).ok());
    return *rollouts_.Get(rollout.name());
  };
  v1::Rollout now = judge();
  EXPECT_EQ(now.state(), v1::ROLLOUT_STATE_BAKING) << "neither paused nor taken back";
  EXPECT_THAT(now.waits(0).message(), HasSubstr("queue_depth is 900, and should be at most 10"));

  better_since_ = clock_.Now();
  clock_.Advance(absl::Minutes(5));
  now = judge();
  EXPECT_EQ(now.state(), v1::ROLLOUT_STATE_BAKING);
  EXPECT_THAT(now.waits(0).message(), HasSubstr("has to stay there for 10m"));
  EXPECT_EQ(FromProto(now.waits(0).until()), better_since_ + absl::Minutes(10));

  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(judge().state(), v1::ROLLOUT_STATE_SUCCEEDED);
}

TEST_F(RolloutsTest, WithoutASignalSomebodySaysThatItIsOver) {
  ASSERT_TRUE(store_->holds().ReportIncident({{.now = clock_.Now()}, Incident(false)}).ok());
  const v1::Rollout rollout = AllOut(rollouts_, clock_, StartOf("start"));
  const auto judge = [&] {
    EXPECT_TRUE(rollouts_.Judge(*store_->rollouts().Get(rollout.name().substr(9)), Soon()).ok());
    return *rollouts_.Get(rollout.name());
  };
  EXPECT_EQ(judge().state(), v1::ROLLOUT_STATE_BAKING);
  EXPECT_THAT(judge().waits(0).message(), HasSubstr("which is not resolved"));
  ASSERT_TRUE(store_->holds().ResolveIncident({{.now = clock_.Now()}, "1", "alice"}).ok());
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(judge().state(), v1::ROLLOUT_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace gate
