// What every store promises of declared freezes, incidents and places under caps
// (gate/store/hold_store.h), held to both.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HoldsTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(, HoldsTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

HoldWrite Write(const std::string& request_id, absl::Time now = Noon()) {
  return {request_id, "digest of " + request_id, now, {}};
}

v1::Freeze FreezeOf(int number, absl::Time start, std::optional<absl::Time> end) {
  v1::Freeze freeze;
  freeze.set_name(absl::StrCat("freezes/F", number));
  freeze.set_reason("a failover");
  *freeze.mutable_start_time() = *freeze.mutable_create_time() = ToProto(start);
  if (end) *freeze.mutable_end_time() = ToProto(*end);
  return freeze;
}

v1::Incident IncidentOf(const std::string& id, const std::string& service = "") {
  v1::Incident incident;
  incident.set_name("incidents/I" + id);
  incident.set_source("pager");
  incident.set_external_id(id);
  incident.set_title("mails are late");
  incident.set_reporter("webhook:pager");
  if (!service.empty()) incident.add_services(service);
  return incident;
}

v1::Incident Says(const std::string& id, v1::IncidentState state) {
  v1::Incident incident = IncidentOf(id);
  incident.set_state(state);
  return incident;
}

template <typename Things>
std::vector<std::string> Names(const Things& things) {
  std::vector<std::string> names;
  for (const auto& thing : things) names.push_back(thing.name().substr(thing.name().find('/') + 1));
  return names;
}

TEST_P(HoldsTest, AFreezeIsDeclaredOnceAndOutlivesTheProcess) {
  const v1::Freeze freeze = FreezeOf(1, Noon(), std::nullopt);
  {
    const auto store = Open();
    const auto created = store->holds().CreateFreeze({Write("a"), freeze});
    ASSERT_TRUE(created.ok()) << created.status();
    v1::Freeze second = FreezeOf(2, Noon(), std::nullopt);
    EXPECT_EQ(store->holds().CreateFreeze({Write("a"), second})->name(), "freezes/F1");
    HoldWrite other = Write("a");
    other.request_digest = "another";
    const auto refused = store->holds().CreateFreeze({other, second});
    EXPECT_TRUE(absl::IsAlreadyExists(refused.status())) << refused.status();
    EXPECT_EQ(ReasonOf(refused.status()), "REQUEST_ID_REUSED");
  }
  const auto store = Open();
  EXPECT_TRUE(MessageDifferencer::Equals(*store->holds().GetFreeze("F1"), freeze));
  EXPECT_TRUE(absl::IsNotFound(store->holds().GetFreeze("F2").status()));
  EXPECT_THAT(Names(store->holds().ReadHolds(Noon(), false)->freezes()), ElementsAre("F1"));
}

TEST_P(HoldsTest, ALiftedFreezeHoldsNobodyAndStaysLifted) {
  const auto store = Open();
  ASSERT_TRUE(store->holds().CreateFreeze({Write("a"), FreezeOf(1, Noon(), std::nullopt)}).ok());
  const absl::Time later = Noon() + absl::Minutes(5);
  const auto lifted = store->holds().LiftFreeze({Write("l", later), "F1", "bob", "it is done"});
  ASSERT_TRUE(lifted.ok()) << lifted.status();
  EXPECT_EQ(lifted->lifted_by(), "bob");
  EXPECT_EQ(FromProto(lifted->lift_time()), later);
  EXPECT_THAT(store->holds().ReadHolds(later, false)->freezes(), IsEmpty());
  const auto again = store->holds().LiftFreeze({Write("m", later), "F1", "carol", "me too"});
  EXPECT_EQ(again->lifted_by(), "bob");
  EXPECT_TRUE(absl::IsNotFound(store->holds().LiftFreeze({Write("n"), "F9", "bob", "?"}).status()));
}

TEST_P(HoldsTest, FreezesAreReadUntilTheyAreOverAndListedByTheirTime) {
  const auto store = Open();
  const absl::Time noon = Noon(), hour = noon + absl::Hours(1);
  ASSERT_TRUE(store->holds().CreateFreeze({Write("1"), FreezeOf(1, noon, hour)}).ok());
  ASSERT_TRUE(store->holds().CreateFreeze({Write("2"), FreezeOf(2, hour, std::nullopt)}).ok());
  EXPECT_THAT(Names(store->holds().ReadHolds(noon, false)->freezes()), ElementsAre("F1", "F2"))
      << "a coming one bounds verdicts";
  EXPECT_THAT(Names(store->holds().ReadHolds(hour - absl::Nanoseconds(1), false)->freezes()),
              ElementsAre("F1", "F2"));
  EXPECT_THAT(Names(store->holds().ReadHolds(hour + absl::Microseconds(2), false)->freezes()),
              ElementsAre("F2"));

  EXPECT_THAT(Names(*store->holds().ListFreezes(noon, hour)), ElementsAre("F1"));
  EXPECT_THAT(Names(*store->holds().ListFreezes(hour, hour + absl::Hours(1))), ElementsAre("F2"));
  ASSERT_TRUE(store->holds().LiftFreeze({Write("3", noon), "F2", "bob", "never mind"}).ok());
  EXPECT_THAT(*store->holds().ListFreezes(hour, hour + absl::Hours(1)), IsEmpty())
      << "lifted before it began";
}

TEST_P(HoldsTest, RetriedReportsAreOneIncident) {
  const auto store = Open();
  const auto first = store->holds().ReportIncident({Write("", Noon()), IncidentOf("1")});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->severity(), v1::INCIDENT_SEVERITY_CRITICAL) << "what nobody has told";
  EXPECT_EQ(first->state(), v1::INCIDENT_STATE_OPEN);
  v1::Incident again = IncidentOf("1");
  again.set_name("incidents/other");
  again.set_title("mails and texts are late");
  const absl::Time later = Noon() + absl::Minutes(1);
  EXPECT_EQ(store->holds().ReportIncident({Write("", later), again})->name(), "incidents/I1");
  EXPECT_EQ(store->holds().GetIncident("I1")->title(), "mails and texts are late");
  EXPECT_THAT(Names(*store->holds().ListIncidents({}, "", 10)), ElementsAre("I1"));
}

TEST_P(HoldsTest, ARequestIdIsOneIncidentThoughEachTryHasANewId) {
  const auto store = Open();
  ASSERT_TRUE(store->holds().ReportIncident({Write("r"), IncidentOf("1")}).ok());
  EXPECT_EQ(store->holds().ReportIncident({Write("r"), IncidentOf("2")})->name(), "incidents/I1");
  EXPECT_TRUE(absl::IsNotFound(store->holds().GetIncident("I2").status()));
  const absl::Time later = Noon() + absl::Minutes(1);
  ASSERT_TRUE(store->holds().ResolveIncident({Write("x", later), "I1", "bob"}).ok());
  EXPECT_EQ(store->holds().ReportIncident({Write("r"), IncidentOf("1")})->state(),
            v1::INCIDENT_STATE_RESOLVED);
}

TEST_P(HoldsTest, WhatComesLateOpensNothingAgain) {
  const auto store = Open();
  const absl::Time t1 = Noon(), t2 = t1 + absl::Minutes(1), t3 = t1 + absl::Minutes(2);
  const auto report = [&](absl::Time time, v1::IncidentState state) {
    return store->holds().ReportIncident({Write("", time), Says("1", state)})->state();
  };
  EXPECT_EQ(report(t2, v1::INCIDENT_STATE_RESOLVED), v1::INCIDENT_STATE_RESOLVED);
  EXPECT_EQ(report(t1, v1::INCIDENT_STATE_OPEN), v1::INCIDENT_STATE_RESOLVED) << "older";
  EXPECT_EQ(report(t2, v1::INCIDENT_STATE_OPEN), v1::INCIDENT_STATE_RESOLVED) << "as old";
  EXPECT_THAT(store->holds().ReadHolds(t2, false)->incidents(), IsEmpty());
  EXPECT_EQ(report(t3, v1::INCIDENT_STATE_OPEN), v1::INCIDENT_STATE_OPEN) << "it is back";
  EXPECT_EQ(report(t2, v1::INCIDENT_STATE_RESOLVED), v1::INCIDENT_STATE_OPEN) << "older";
  EXPECT_EQ(report(t3, v1::INCIDENT_STATE_RESOLVED), v1::INCIDENT_STATE_RESOLVED);
}

TEST_P(HoldsTest, WhoResolvesItHasTheLastWord) {
  const auto store = Open();
  ASSERT_TRUE(store->holds().ReportIncident({Write("", Noon()), IncidentOf("1")}).ok());
  // The clock of whoever resolves it is behind.
  const auto resolved =
      store->holds().ResolveIncident({Write("", Noon() - absl::Minutes(1)), "I1", "bob"});
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->resolver(), "bob");
  EXPECT_EQ(store->holds().ReportIncident({Write("", Noon()), IncidentOf("1")})->state(),
            v1::INCIDENT_STATE_RESOLVED);
  EXPECT_TRUE(absl::IsNotFound(store->holds().ResolveIncident({Write(""), "I9", "bob"}).status()));
}

TEST_P(HoldsTest, IncidentsAreListedNewestFirstPageByPage) {
  const auto store = Open();
  for (int i = 1; i <= 4; ++i) {
    const auto reported =
        store->holds().ReportIncident({Write("", Noon() + absl::Minutes(i)),
                                       IncidentOf(absl::StrCat(i), i % 2 == 0 ? "web-*" : "mail")});
    ASSERT_TRUE(reported.ok()) << reported.status();
  }
  ASSERT_TRUE(store->holds().ResolveIncident({Write(""), "I4", "bob"}).ok());
  EXPECT_THAT(Names(*store->holds().ListIncidents({}, "", 10)),
              ElementsAre("I4", "I3", "I2", "I1"));
  EXPECT_THAT(Names(*store->holds().ListIncidents({}, "", 2)), ElementsAre("I4", "I3"));
  EXPECT_THAT(Names(*store->holds().ListIncidents({}, "I3", 2)), ElementsAre("I2", "I1"));
  EXPECT_THAT(Names(*store->holds().ListIncidents({.open = true}, "", 10)),
              ElementsAre("I3", "I2", "I1"));
  EXPECT_THAT(Names(*store->holds().ListIncidents({.service = "web-shop"}, "", 10)),
              ElementsAre("I4", "I2"));
  EXPECT_TRUE(absl::IsInvalidArgument(store->holds().ListIncidents({}, "unknown", 1).status()));
}

// A rollout that waits for its first step, as the store has it.
StoredRollout Pending(Store& store, int number) {
  v1::Rollout rollout;
  rollout.set_name(absl::StrCat("rollouts/R", number));
  rollout.mutable_change()->set_service(absl::StrCat("service-", number));
  rollout.mutable_change()->set_environment("production");
  rollout.set_state(v1::ROLLOUT_STATE_PENDING);
  *rollout.mutable_create_time() = ToProto(Noon());
  const Blob change = BlobOf("the change");
  const auto started = store.rollouts().Start(
      {absl::StrCat("start-", number), "digest", rollout.change().service(), "production", change,
       Noon()},
      [&](const std::optional<StoredRollout>&, int64_t) -> absl::StatusOr<StartDecision> {
        return StartDecision{{.rollout = rollout, .change_digest = change.digest, .due = Noon()},
                             std::nullopt};
      });
  EXPECT_TRUE(started.ok()) << started.status();
  return *store.rollouts().Get(absl::StrCat("R", number));
}

RolloutMove MoveTo(const StoredRollout& stored, v1::RolloutState state) {
  RolloutMove move{stored.rollout, stored.version, stored.change_digest, Noon(), {}};
  move.rollout.set_state(state);
  if (move.rollout.taken().empty()) move.rollout.add_taken();
  return move;
}

RolloutMove FirstStep(const StoredRollout& stored, int at_most) {
  RolloutMove move = MoveTo(stored, v1::ROLLOUT_STATE_PROGRESSING);
  v1::ConcurrencyCap& cap = move.caps.emplace_back();
  cap.set_name("few");
  cap.add_services("service-*");
  cap.set_at_most(at_most);
  return move;
}

TEST_P(HoldsTest, APlaceIsGivenUpByWhoBakesEndsOrGoesBackAndKeptByWhoIsPaused) {
  const auto store = Open();
  Pending(*store, 1);
  Pending(*store, 2);
  const auto read = [&](int number) { return *store->rollouts().Get(absl::StrCat("R", number)); };
  ASSERT_TRUE(store->rollouts().Move(FirstStep(read(1), 1)).ok());
  EXPECT_THAT(Names(store->holds().ReadHolds(Noon(), true)->moving()), ElementsAre("R1"));
  EXPECT_THAT(store->holds().ReadHolds(Noon(), false)->moving(), IsEmpty());

  const absl::Status full = store->rollouts().Move(FirstStep(read(2), 1));
  EXPECT_TRUE(absl::IsAborted(full)) << full;
  EXPECT_EQ(ReasonOf(full), "CAP_FULL");
  EXPECT_THAT(std::string(full.message()), HasSubstr("rollouts/R1"));
  EXPECT_EQ(read(2).version, 1) << "nothing of it is written";

  RolloutMove paused = MoveTo(read(1), v1::ROLLOUT_STATE_PAUSED);
  paused.rollout.set_paused_from(v1::ROLLOUT_STATE_PROGRESSING);
  ASSERT_TRUE(store->rollouts().Move(paused).ok());
  EXPECT_EQ(ReasonOf(store->rollouts().Move(FirstStep(read(2), 1))), "CAP_FULL");
  EXPECT_TRUE(store->rollouts().Move(FirstStep(read(2), 2)).ok());
  for (const auto state : {v1::ROLLOUT_STATE_BAKING, v1::ROLLOUT_STATE_ROLLING_BACK}) {
    ASSERT_TRUE(store->rollouts().Move(MoveTo(read(1), state)).ok());
    EXPECT_THAT(Names(store->holds().ReadHolds(Noon(), true)->moving()), ElementsAre("R2"));
  }
  RolloutMove ended = MoveTo(read(2), v1::ROLLOUT_STATE_EXPIRED);
  *ended.rollout.mutable_end_time() = ToProto(Noon());
  ASSERT_TRUE(store->rollouts().Move(ended).ok());
  EXPECT_THAT(store->holds().ReadHolds(Noon(), true)->moving(), IsEmpty());
}

// Every thread takes a place whenever there is one, looks around, and gives it up.
TEST_P(HoldsTest, NeverMoreAreMovingThanTheCapSays) {
  constexpr int kRollouts = 8, kRounds = 6, kAtMost = 2;
  const auto store = Open();
  std::atomic<int> moving = 0, most = 0, taken = 0;
  std::vector<std::thread> threads;
  for (int number = 1; number <= kRollouts; ++number) {
    Pending(*store, number);
    threads.emplace_back([&, number] {
      const std::string id = absl::StrCat("R", number);
      for (int round = 0; round < kRounds;) {
        const absl::Status status =
            store->rollouts().Move(FirstStep(*store->rollouts().Get(id), kAtMost));
        if (!status.ok()) {
          ASSERT_EQ(ReasonOf(status), "CAP_FULL") << status;
          std::this_thread::yield();
          continue;
        }
        const int now = ++moving;
        int before = most;
        while (before < now && !most.compare_exchange_weak(before, now)) {
        }
        ++taken;
        ++round;
        --moving;  // Before the store knows: it counts one too many rather than one too few.
        ASSERT_TRUE(store->rollouts()
                        .Move(MoveTo(*store->rollouts().Get(id), v1::ROLLOUT_STATE_BAKING))
                        .ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, kAtMost);
  EXPECT_GE(most, 1);
  EXPECT_EQ(taken, kRollouts * kRounds);
}

TEST_P(HoldsTest, ReadingTakesNoScanOfWhatIsOver) {
  const auto store = Open();
  if (GetParam() == Engine::kSqlite) {
    const std::string plan =
        Sql("EXPLAIN QUERY PLAN SELECT 1, content FROM freezes WHERE lifted = 0 AND over_time > 5"
            " UNION ALL SELECT 2, incident FROM incidents WHERE open = 1"
            " UNION ALL SELECT 3, id FROM rollouts WHERE moving = 1");
    EXPECT_THAT(plan, HasSubstr("freezes_in_force"));
    EXPECT_THAT(plan, HasSubstr("incidents_open"));
    EXPECT_THAT(plan, HasSubstr("rollouts_moving"));
  }
  EXPECT_TRUE(store->holds().ReadHolds(Noon(), true).ok());
}

}  // namespace
}  // namespace gate
