// What every store promises of rollouts and their leases (gate/store/rollout_store.h), held to
// both.
#include <gmock/gmock.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class RolloutsTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(, RolloutsTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

std::string IdAt(int number) { return absl::StrCat("R", 1000 + number); }

// A new rollout, a minute after the one before.
v1::Rollout RolloutAt(int number, const std::string& service = "web",
                      const std::string& environment = "production") {
  v1::Rollout rollout;
  rollout.set_name(absl::StrCat("rollouts/", IdAt(number)));
  rollout.mutable_change()->set_service(service);
  rollout.mutable_change()->set_environment(environment);
  rollout.set_state(v1::ROLLOUT_STATE_PENDING);
  *rollout.mutable_create_time() = ToProto(Noon() + absl::Minutes(number));
  return rollout;
}

v1::WatchRolloutResponse EventAt(int64_t sequence) {
  v1::WatchRolloutResponse event;
  event.set_sequence(sequence);
  event.set_message(absl::StrCat("event ", sequence));
  return event;
}

RolloutStart StartOf(const std::string& request_id, const std::string& service = "web") {
  return {request_id,   "digest of " + request_id, service,
          "production", BlobOf("the change"),      Noon()};
}

// Takes the lease for a new rollout, whatever was there before having ended.
DecideStart New(const v1::Rollout& rollout) {
  return [rollout](const std::optional<StoredRollout>& active,
                   int64_t token) -> absl::StatusOr<StartDecision> {
    if (active) return absl::FailedPreconditionError(active->rollout.name() + " has the lease");
    StartDecision decision;
    decision.taken = {.rollout = rollout, .due = Noon(), .events = {EventAt(1)}};
    decision.taken.change_digest = BlobOf("the change").digest;
    decision.taken.rollout.set_fencing_token(token);
    return decision;
  };
}

absl::StatusOr<v1::Rollout> Begin(Store& store, int number, const std::string& service = "web") {
  return store.rollouts().Start(StartOf(absl::StrCat("start-", number), service),
                                New(RolloutAt(number, service)));
}

RolloutMove MoveOf(const StoredRollout& stored, int64_t sequence) {
  RolloutMove move{stored.rollout, stored.version, stored.change_digest, Noon(), {}};
  move.rollout.set_sequence(sequence);
  move.events.push_back(EventAt(sequence));
  return move;
}

RolloutMove EndOf(const StoredRollout& stored) {
  RolloutMove move{stored.rollout, stored.version, stored.change_digest, Noon(), {}};
  move.rollout.set_state(v1::ROLLOUT_STATE_SUCCEEDED);
  *move.rollout.mutable_end_time() = ToProto(Noon());
  return move;
}

std::vector<std::string> Listed(Store& store, const RolloutFilter& filter,
                                const std::string& before = "", int limit = 100) {
  const auto listed = store.rollouts().List(filter, before, limit);
  if (!listed.ok()) return {listed.status().ToString()};
  std::vector<std::string> ids;
  for (const v1::Rollout& rollout : *listed) ids.push_back(rollout.name().substr(9));
  return ids;
}

TEST_P(RolloutsTest, WhatWasStartedIsThereAlsoAfterOpeningAgain) {
  v1::Rollout started;
  {
    const auto store = Open();
    const auto rollout = Begin(*store, 1);
    ASSERT_TRUE(rollout.ok()) << rollout.status();
    started = *rollout;
  }
  const auto store = Open();
  const auto stored = store->rollouts().Get(IdAt(1));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_TRUE(MessageDifferencer::Equals(stored->rollout, started));
  EXPECT_EQ(stored->version, 1);
  EXPECT_EQ(*store->GetBlob(stored->change_digest), "the change");
  EXPECT_TRUE(absl::IsNotFound(store->rollouts().Get(IdAt(2)).status()));
}

TEST_P(RolloutsTest, ARepeatedStartGetsTheSameTokenWhateverHasHappenedSince) {
  const auto store = Open();
  const auto first = Begin(*store, 1);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(store->rollouts().Move(EndOf(*store->rollouts().Get(IdAt(1)))).ok());
  const auto second = Begin(*store, 2);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_GT(second->fencing_token(), first->fencing_token());
  const auto again = Begin(*store, 1);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->name(), first->name());
  EXPECT_EQ(again->fencing_token(), first->fencing_token());

  RolloutStart other = StartOf("start-1");
  other.request_digest = "another";
  const auto refused = store->rollouts().Start(other, New(RolloutAt(3)));
  EXPECT_TRUE(absl::IsAlreadyExists(refused.status())) << refused.status();
  EXPECT_EQ(ReasonOf(refused.status()), "REQUEST_ID_REUSED");
}

TEST_P(RolloutsTest, WhatIsRefusedLeavesNothing) {
  const auto store = Open();
  ASSERT_TRUE(Begin(*store, 1).ok());
  const auto refused = Begin(*store, 2);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_THAT(Listed(*store, {}), ElementsAre(IdAt(1)));
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("rollout_requests")), "1\n");
}

TEST_P(RolloutsTest, OneMakesRoomForTheOther) {
  const auto store = Open();
  ASSERT_TRUE(Begin(*store, 1).ok());
  const auto second =
      store->rollouts().Start(StartOf("start-2"),
                              [&](const std::optional<StoredRollout>& active,
                                  int64_t token) -> absl::StatusOr<StartDecision> {
                                if (!active) return absl::InternalError("nothing to make room");
                                auto decision = New(RolloutAt(2))(std::nullopt, token);
                                decision->superseded = EndOf(*active);
                                return decision;
                              });
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(store->rollouts().Get(IdAt(1))->rollout.has_end_time());
  EXPECT_THAT(Listed(*store, {.active = true}), ElementsAre(IdAt(2)));
}

TEST_P(RolloutsTest, AMoveNeedsTheVersionThatItHasRead) {
  const auto store = Open();
  ASSERT_TRUE(Begin(*store, 1).ok());
  const auto read = store->rollouts().Get(IdAt(1));
  ASSERT_TRUE(store->rollouts().Move(MoveOf(*read, 2)).ok());
  const absl::Status late = store->rollouts().Move(MoveOf(*read, 2));
  EXPECT_TRUE(absl::IsAborted(late)) << late;
  EXPECT_EQ(store->rollouts().Get(IdAt(1))->version, 2);
  const auto events = store->rollouts().ReadEvents(IdAt(1), 0, 10);
  ASSERT_TRUE(events.ok());
  EXPECT_THAT(*events, SizeIs(2));
}

TEST_P(RolloutsTest, EventsAreReadOnFromWhereOneWas) {
  const auto store = Open();
  ASSERT_TRUE(Begin(*store, 1).ok());
  for (int sequence = 2; sequence <= 5; ++sequence) {
    ASSERT_TRUE(store->rollouts().Move(MoveOf(*store->rollouts().Get(IdAt(1)), sequence)).ok());
  }
  const auto events = store->rollouts().ReadEvents(IdAt(1), 2, 2);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_THAT(*events, SizeIs(2));
  EXPECT_EQ((*events)[0].message(), "event 3");
  EXPECT_EQ((*events)[1].message(), "event 4");
  EXPECT_THAT(*store->rollouts().ReadEvents(IdAt(1), 5, 10), IsEmpty());
  EXPECT_THAT(*store->rollouts().ReadEvents("unknown", 0, 10), IsEmpty());
}

TEST_P(RolloutsTest, ListsNewestFirstPageByPage) {
  const auto store = Open();
  for (const int i : {1, 2}) ASSERT_TRUE(Begin(*store, i, absl::StrCat("service-", i % 2)).ok());
  for (const int i : {1, 2}) {
    ASSERT_TRUE(store->rollouts().Move(EndOf(*store->rollouts().Get(IdAt(i)))).ok());
  }
  for (const int i : {6, 7}) ASSERT_TRUE(Begin(*store, i, absl::StrCat("service-", i % 2)).ok());
  EXPECT_THAT(Listed(*store, {}), ElementsAre(IdAt(7), IdAt(6), IdAt(2), IdAt(1)));
  EXPECT_THAT(Listed(*store, {}, "", 3), ElementsAre(IdAt(7), IdAt(6), IdAt(2)));
  EXPECT_THAT(Listed(*store, {}, IdAt(6)), ElementsAre(IdAt(2), IdAt(1)));
  EXPECT_THAT(Listed(*store, {.active = true}), ElementsAre(IdAt(7), IdAt(6)));
  EXPECT_THAT(Listed(*store, {.service = "service-1"}), ElementsAre(IdAt(7), IdAt(1)));
  EXPECT_THAT(Listed(*store, {.service = "service-1", .environment = "staging"}), IsEmpty());
  EXPECT_TRUE(absl::IsInvalidArgument(store->rollouts().List({}, "unknown", 1).status()));
}

TEST_P(RolloutsTest, WhatIsClaimedIsNotClaimedAgainUntilItIsWrittenOrItsTimeIsOver) {
  const auto store = Open();
  ASSERT_TRUE(Begin(*store, 1, "a").ok());
  ASSERT_TRUE(Begin(*store, 2, "b").ok());
  const auto claim = [&](const std::string& owner, absl::Time now, int limit = 10) {
    std::vector<std::string> ids;
    const auto claimed = store->rollouts().Claim(owner, now, now + absl::Seconds(5), limit);
    if (!claimed.ok()) return std::vector{claimed.status().ToString()};
    for (const StoredRollout& stored : *claimed) ids.push_back(stored.rollout.name().substr(9));
    return ids;
  };
  EXPECT_THAT(claim("one", Noon() - absl::Seconds(1)), IsEmpty()) << "not due";
  EXPECT_THAT(claim("one", Noon(), 1), SizeIs(1));
  EXPECT_THAT(claim("two", Noon()), SizeIs(1));
  EXPECT_THAT(claim("two", Noon() + absl::Seconds(4)), IsEmpty());
  EXPECT_THAT(claim("two", Noon() + absl::Seconds(5)), UnorderedElementsAre(IdAt(1), IdAt(2)))
      << "who held them is gone";

  RolloutMove move = MoveOf(*store->rollouts().Get(IdAt(1)), 2);
  move.due = Noon() + absl::Minutes(1);
  ASSERT_TRUE(store->rollouts().Move(move).ok());
  EXPECT_THAT(claim("one", Noon() + absl::Seconds(59)), ElementsAre(IdAt(2)));
  EXPECT_THAT(claim("one", Noon() + absl::Seconds(60)), ElementsAre(IdAt(1)));
  ASSERT_TRUE(store->rollouts().Move(EndOf(*store->rollouts().Get(IdAt(2)))).ok());
  EXPECT_THAT(claim("one", Noon() + absl::Hours(1)), ElementsAre(IdAt(1))) << "it has ended";
}

TEST_P(RolloutsTest, WhoeverIsStillAtWorkKeepsTheirClaims) {
  const auto store = Open();
  ASSERT_TRUE(Begin(*store, 1, "a").ok());
  const auto claim = [&](const std::string& owner, absl::Time now) {
    return store->rollouts().Claim(owner, now, now + absl::Seconds(5), 10)->size();
  };
  ASSERT_EQ(claim("one", Noon()), 1u);
  ASSERT_TRUE(store->rollouts().KeepClaims("two", Noon() + absl::Seconds(30)).ok());
  ASSERT_TRUE(store->rollouts().KeepClaims("one", Noon() + absl::Seconds(9)).ok());
  EXPECT_EQ(claim("two", Noon() + absl::Seconds(8)), 0u) << "one keeps it";
  EXPECT_EQ(claim("two", Noon() + absl::Seconds(9)), 1u) << "nobody but one has kept it";
}

TEST_P(RolloutsTest, WhatIsPutOffIsDueLaterAndNotWritten) {
  const auto store = Open();
  ASSERT_TRUE(Begin(*store, 1, "a").ok());
  ASSERT_TRUE(Begin(*store, 2, "b").ok());
  const auto claimed =
      store->rollouts().Claim("one", Noon(), Noon() + absl::Seconds(5), /*limit=*/10);
  ASSERT_THAT(*claimed, SizeIs(2));
  const int64_t version = store->rollouts().Get(IdAt(1))->version;
  ASSERT_TRUE(store->rollouts()
                  .PutOff({{"rollouts/" + IdAt(1), version, Noon() + absl::Seconds(2)},
                           {"rollouts/" + IdAt(2), version + 1, Noon() + absl::Seconds(1)}})
                  .ok());
  EXPECT_EQ(store->rollouts().Get(IdAt(1))->version, version);
  EXPECT_THAT(*store->rollouts().Claim("two", Noon() + absl::Seconds(1), Noon(), 10), IsEmpty())
      << "the first is due later, the second has another version and is still claimed";
  EXPECT_THAT(*store->rollouts().Claim("two", Noon() + absl::Seconds(2), Noon(), 10), SizeIs(1));
}

TEST_P(RolloutsTest, WhoeverListensHearsOfEveryEvent) {
  const auto store = Open();
  // SQLite has one process; of PostgreSQL another replica hears as well.
  const auto other = GetParam() == Engine::kPostgres ? Open() : nullptr;
  Store& listening = other == nullptr ? *store : *other;
  std::mutex mu;
  std::vector<std::string> heard;
  listening.rollouts().Listen([&](std::string_view id) {
    const std::lock_guard lock(mu);
    heard.emplace_back(id);
  });
  const auto has_heard = [&](size_t times) {
    const std::lock_guard lock(mu);
    return heard.size() >= times;
  };
  // Until it listens; what was said before is missed.
  int started = 0;
  ASSERT_TRUE(Eventually([&] {
    ++started;
    EXPECT_TRUE(Begin(*store, started, absl::StrCat("s", started)).ok());
    return Eventually([&] { return has_heard(1); }, std::chrono::milliseconds(200));
  }));
  const StoredRollout stored = *store->rollouts().Get(IdAt(started));
  ASSERT_TRUE(store->rollouts().Move(MoveOf(stored, 2)).ok());
  EXPECT_TRUE(Eventually([&] { return has_heard(2); }));
  EXPECT_EQ(heard.back(), IdAt(started));
  listening.rollouts().Listen(nullptr);
}

TEST_P(RolloutsTest, OfManyWhoStartAtOnceOneGetsTheLease) {
  const auto store = Open();
  std::atomic<int> started = 0;
  std::vector<std::thread> threads;
  for (int i = 1; i <= 8; ++i) {
    threads.emplace_back([&, i] { started += Begin(*store, i).ok(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(started, 1);
  EXPECT_THAT(Listed(*store, {.active = true}), SizeIs(1));
}

TEST_P(RolloutsTest, OfManyWhoMoveAtOnceEachSeesTheOthers) {
  const auto store = Open();
  ASSERT_TRUE(Begin(*store, 1).ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int moved = 0; moved < 10;) {
        const auto read = store->rollouts().Get(IdAt(1));
        const absl::Status status = store->rollouts().Move(MoveOf(*read, read->version + 1));
        ASSERT_TRUE(status.ok() || absl::IsAborted(status)) << status;
        moved += status.ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store->rollouts().Get(IdAt(1))->version, 41);
  const auto events = store->rollouts().ReadEvents(IdAt(1), 0, 100);
  ASSERT_THAT(*events, SizeIs(41));
  for (size_t i = 0; i < events->size(); ++i) {
    EXPECT_EQ((*events)[i].sequence(), static_cast<int64_t>(i) + 1);
  }
}

TEST_P(RolloutsTest, TokensGrowAndHistoryStays) {
  const auto store = Open();
  ASSERT_TRUE(Begin(*store, 1).ok());
  EXPECT_ANY_THROW(Sql("UPDATE " + Table("leases") + " SET token = 0"));
  EXPECT_ANY_THROW(Sql("DELETE FROM " + Table("leases")));
  EXPECT_ANY_THROW(Sql("DELETE FROM " + Table("rollouts")));
  EXPECT_ANY_THROW(Sql("DELETE FROM " + Table("rollout_events")));
  EXPECT_ANY_THROW(Sql("UPDATE " + Table("rollout_events") + " SET sequence = 9"));
}

TEST_P(RolloutsTest, NamesThatNoIndexHoldsAreRefused) {
  const auto store = Open();
  const auto refused = Begin(*store, 1, std::string(2000, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status())) << refused.status();
}

}  // namespace
}  // namespace gate
