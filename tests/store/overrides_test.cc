// What every store promises of overrides (gate/store/override_store.h), and of verdicts that
// consume them, held to both.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/field_error.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OverridesTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(, OverridesTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

constexpr char kRollout[] = "rollouts/R1";

std::string OverrideId(int number) { return absl::StrCat("O", 1000 + number); }
std::string OverrideName(int number) { return absl::StrCat("overrides/", OverrideId(number)); }

// Approved, made a minute after the one before, for a day.
v1::Override OverrideAt(int number) {
  v1::Override override;
  override.set_name(OverrideName(number));
  override.set_state(v1::OVERRIDE_STATE_APPROVED);
  override.set_service("orders");
  override.set_environment("production");
  override.set_artifact_digest("sha256:aa");
  override.add_rules("migration.drop_column");
  override.set_reason("the column is empty");
  *override.mutable_create_time() = ToProto(Noon() + absl::Minutes(number));
  *override.mutable_expire_time() = ToProto(Noon() + absl::Hours(24));
  return override;
}

NewOverride New(v1::Override override, std::string request_id = "") {
  if (request_id.empty()) request_id = "make " + override.name();
  std::string digest = "digest of " + request_id;
  return {std::move(request_id), std::move(digest), std::move(override), {}, Noon()};
}

OverrideChange ChangeOf(int number, const std::string& request_id) {
  return {OverrideId(number), request_id, "digest of " + request_id, Noon()};
}

DecideOverride Revoke() {
  return [](const v1::Override& current) -> absl::StatusOr<OverrideWrite> {
    if (current.state() != v1::OVERRIDE_STATE_APPROVED) {
      return WithReason(absl::AbortedError("it has ended"), "OVERRIDE_ENDED");
    }
    OverrideWrite write{current, {}};
    write.override.set_state(v1::OVERRIDE_STATE_REVOKED);
    return write;
  };
}

v1::OverridesQuery QueryOf(const std::string& rollout = "") {
  v1::OverridesQuery query;
  query.set_service("orders");
  query.set_environment("production");
  query.set_artifact_digest("sha256:aa");
  query.set_rollout(rollout);
  return query;
}

std::vector<std::string> Names(const absl::StatusOr<std::vector<v1::Override>>& overrides) {
  if (!overrides.ok()) return {overrides.status().ToString()};
  std::vector<std::string> names;
  for (const v1::Override& override : *overrides) names.push_back(override.name().substr(10));
  return names;
}

// An ALLOW that counts these in.
VerdictRecord Consuming(int number, const std::vector<int>& overrides,
                        const std::string& rollout = "") {
  VerdictRecord record = Record(number);
  for (const int one : overrides) record.verdict.add_overrides(OverrideName(one));
  record.verdict.set_rollout(rollout);
  return record;
}

v1::Override Read(Store& store, int number, absl::Time now = Noon()) {
  const auto override = store.overrides().Get(OverrideId(number), now);
  return override.ok() ? *override : v1::Override();
}

TEST_P(OverridesTest, WhatWasMadeIsThereAlsoAfterOpeningAgain) {
  { ASSERT_TRUE(Open()->overrides().Create(New(OverrideAt(1))).ok()); }
  const auto store = Open();
  const v1::Override stored = Read(*store, 1);
  EXPECT_EQ(stored.name(), OverrideName(1));
  EXPECT_EQ(stored.state(), v1::OVERRIDE_STATE_APPROVED);
  EXPECT_EQ(stored.reason(), "the column is empty");
  EXPECT_EQ(stored.etag(), "1");
  EXPECT_FALSE(stored.has_consume_time());
  EXPECT_TRUE(absl::IsNotFound(store->overrides().Get("unknown", Noon()).status()));
}

TEST_P(OverridesTest, ARepeatedRequestMakesOne) {
  const auto store = Open();
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1), "once")).ok());
  const auto again = store->overrides().Create(New(OverrideAt(2), "once"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->name(), OverrideName(1));
  NewOverride other = New(OverrideAt(3), "once");
  other.request_digest = "another";
  const auto refused = store->overrides().Create(other);
  EXPECT_TRUE(absl::IsAlreadyExists(refused.status())) << refused.status();
  EXPECT_EQ(ReasonOf(refused.status()), "REQUEST_ID_REUSED");
  EXPECT_THAT(Names(store->overrides().List({}, "", 10, Noon())), ElementsAre("O1001"));
}

TEST_P(OverridesTest, AChangeIsMadeOnceAndGivesAnotherEtag) {
  const auto store = Open();
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1))).ok());
  const auto revoked = store->overrides().Change(ChangeOf(1, "revoke"), Revoke());
  ASSERT_TRUE(revoked.ok()) << revoked.status();
  EXPECT_EQ(revoked->state(), v1::OVERRIDE_STATE_REVOKED);
  EXPECT_EQ(revoked->etag(), "2");
  const auto again = store->overrides().Change(ChangeOf(1, "revoke"), Revoke());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->etag(), "2");
  const auto refused = store->overrides().Change(ChangeOf(1, "once more"), Revoke());
  EXPECT_TRUE(absl::IsAborted(refused.status())) << refused.status();
  EXPECT_EQ(ReasonOf(refused.status()), "OVERRIDE_ENDED");
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("override_requests")), "2\n");
  EXPECT_TRUE(absl::IsNotFound(store->overrides().Change(ChangeOf(9, "no"), Revoke()).status()));
}

TEST_P(OverridesTest, TimeAloneEndsThem) {
  const auto store = Open();
  v1::Override pending = OverrideAt(2);
  pending.set_state(v1::OVERRIDE_STATE_PENDING);
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1))).ok());
  ASSERT_TRUE(store->overrides().Create(New(pending)).ok());
  const absl::Time end = Noon() + absl::Hours(24);
  EXPECT_EQ(Read(*store, 1, end - absl::Seconds(1)).state(), v1::OVERRIDE_STATE_APPROVED);
  EXPECT_EQ(Read(*store, 1, end).state(), v1::OVERRIDE_STATE_EXPIRED);
  EXPECT_EQ(Read(*store, 2, end).state(), v1::OVERRIDE_STATE_EXPIRED);
  const auto listed = [&](v1::OverrideState state, absl::Time now) {
    return Names(store->overrides().List({.state = state}, "", 10, now));
  };
  EXPECT_THAT(listed(v1::OVERRIDE_STATE_EXPIRED, Noon()), IsEmpty());
  EXPECT_THAT(listed(v1::OVERRIDE_STATE_APPROVED, Noon()), ElementsAre("O1001"));
  EXPECT_THAT(listed(v1::OVERRIDE_STATE_PENDING, Noon()), ElementsAre("O1002"));
  EXPECT_THAT(listed(v1::OVERRIDE_STATE_EXPIRED, end), ElementsAre("O1002", "O1001"));
  EXPECT_THAT(listed(v1::OVERRIDE_STATE_APPROVED, end), IsEmpty());
  EXPECT_THAT(Names(store->overrides().Live(QueryOf(), Noon())), ElementsAre("O1001"));
  EXPECT_THAT(Names(store->overrides().Live(QueryOf(), end)), IsEmpty());
}

TEST_P(OverridesTest, ListsPageByPageNewestFirst) {
  const auto store = Open();
  for (int i = 1; i <= 5; ++i) {
    v1::Override override = OverrideAt(i);
    if (i == 2) override.set_service("web");
    if (i == 4) override.set_break_glass(true);
    if (i == 5) override.set_environment("staging");
    ASSERT_TRUE(store->overrides().Create(New(override)).ok());
  }
  OverrideStore& overrides = store->overrides();
  EXPECT_THAT(Names(overrides.List({}, "", 2, Noon())), ElementsAre("O1005", "O1004"));
  EXPECT_THAT(Names(overrides.List({}, "O1004", 2, Noon())), ElementsAre("O1003", "O1002"));
  EXPECT_THAT(Names(overrides.List({.service = "web"}, "", 9, Noon())), ElementsAre("O1002"));
  EXPECT_THAT(Names(overrides.List({.environment = "staging"}, "", 9, Noon())),
              ElementsAre("O1005"));
  EXPECT_THAT(Names(overrides.List({.awaiting_review = true}, "", 9, Noon())),
              ElementsAre("O1004"));
  EXPECT_TRUE(absl::IsInvalidArgument(overrides.List({}, "unknown", 1, Noon()).status()));
}

TEST_P(OverridesTest, OnlyTheVerySameArtefactInTheSamePlaceIsMeant) {
  const auto store = Open();
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1))).ok());
  v1::Override by_revision = OverrideAt(2);
  by_revision.clear_artifact_digest();
  by_revision.set_head_revision("cafe");
  ASSERT_TRUE(store->overrides().Create(New(by_revision)).ok());
  v1::OverridesQuery query = QueryOf();
  query.set_artifact_digest("sha256:bb");
  EXPECT_THAT(Names(store->overrides().Live(query, Noon())), IsEmpty());
  query = QueryOf();
  query.set_environment("staging");
  EXPECT_THAT(Names(store->overrides().Live(query, Noon())), IsEmpty());
  query = QueryOf();
  query.clear_artifact_digest();
  query.set_head_revision("cafe");
  EXPECT_THAT(Names(store->overrides().Live(query, Noon())), ElementsAre("O1002"));
}

TEST_P(OverridesTest, AnAllowConsumesWhatItNames) {
  const auto store = Open();
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1))).ok());
  const auto first = AppendNow(*store, Consuming(1, {1}));
  ASSERT_TRUE(first.ok()) << first.status();
  const v1::Override consumed = Read(*store, 1, Noon() + absl::Hours(48));
  EXPECT_EQ(consumed.state(), v1::OVERRIDE_STATE_CONSUMED);
  EXPECT_EQ(consumed.consumed_by(), "verdicts/" + IdOf(1));
  EXPECT_EQ(FromProto(consumed.consume_time()), Noon() + absl::Seconds(1));
  EXPECT_EQ(consumed.etag(), "2");

  const auto second = AppendNow(*store, Consuming(2, {1}));
  EXPECT_TRUE(absl::IsAborted(second.status())) << second.status();
  EXPECT_EQ(ReasonOf(second.status()), "OVERRIDE_GONE");
  EXPECT_TRUE(absl::IsNotFound(store->GetVerdict(IdOf(2)).status()));
  EXPECT_FALSE(store->overrides().Change(ChangeOf(1, "revoke"), Revoke()).ok());
}

TEST_P(OverridesTest, TheSameRequestGetsItsVerdictAgainAlthoughTheOverrideIsUsed) {
  const auto store = Open();
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1))).ok());
  ASSERT_TRUE(AppendNow(*store, Consuming(1, {1})).ok());
  VerdictRecord again = Consuming(2, {1});
  again.verdict.set_request_id("request-1");
  again.request_digest = Record(1).request_digest;
  const auto appended = AppendNow(*store, again);
  ASSERT_TRUE(appended.ok()) << appended.status();
  EXPECT_TRUE(appended->replayed);
  EXPECT_EQ(appended->verdict.name(), "verdicts/" + IdOf(1));
}

TEST_P(OverridesTest, WhatIsNotAnAllowConsumesNothing) {
  const auto store = Open();
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1))).ok());
  for (const v1::Decision decision : {v1::DECISION_HOLD, v1::DECISION_BLOCK}) {
    VerdictRecord record = Consuming(decision, {1});
    record.verdict.set_decision(decision);
    ASSERT_TRUE(AppendNow(*store, record).ok());
  }
  EXPECT_EQ(Read(*store, 1).state(), v1::OVERRIDE_STATE_APPROVED);
}

TEST_P(OverridesTest, AllOrNothing) {
  const auto store = Open();
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1))).ok());
  v1::Override pending = OverrideAt(2);
  pending.set_state(v1::OVERRIDE_STATE_PENDING);
  ASSERT_TRUE(store->overrides().Create(New(pending)).ok());
  for (const std::vector<int>& wanted : {std::vector<int>{1, 2}, {1, 7}}) {
    const auto appended = AppendNow(*store, Consuming(1, wanted));
    EXPECT_EQ(ReasonOf(appended.status()), "OVERRIDE_GONE") << appended.status();
  }
  EXPECT_EQ(Read(*store, 1).state(), v1::OVERRIDE_STATE_APPROVED);
}

TEST_P(OverridesTest, OneThatIsOverAtTheVerdictsTimeIsGone) {
  const auto store = Open();
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1))).ok());
  VerdictRecord record = Consuming(1, {1});
  *record.verdict.mutable_create_time() = ToProto(Noon() + absl::Hours(24));
  EXPECT_EQ(ReasonOf(AppendNow(*store, record).status()), "OVERRIDE_GONE");
}

TEST_P(OverridesTest, ARolloutKeepsWhatItHasConsumed) {
  const auto store = Open();
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1))).ok());
  ASSERT_TRUE(AppendNow(*store, Consuming(1, {1}, kRollout)).ok());
  const std::string etag = Read(*store, 1).etag();
  VerdictRecord later = Consuming(2, {1}, kRollout);
  *later.verdict.mutable_create_time() = ToProto(Noon() + absl::Hours(100));
  ASSERT_TRUE(AppendNow(*store, later).ok());
  EXPECT_EQ(Read(*store, 1).consumed_by(), kRollout);
  EXPECT_EQ(Read(*store, 1).etag(), etag);
  EXPECT_EQ(ReasonOf(AppendNow(*store, Consuming(3, {1}, "rollouts/R2")).status()),
            "OVERRIDE_GONE");
  const absl::Time late = Noon() + absl::Hours(100);
  EXPECT_THAT(Names(store->overrides().Live(QueryOf(kRollout), late)), ElementsAre("O1001"));
  EXPECT_THAT(Names(store->overrides().Live(QueryOf("rollouts/R2"), Noon())), IsEmpty());
  EXPECT_THAT(Names(store->overrides().Live(QueryOf(), Noon())), IsEmpty());
}

TEST_P(OverridesTest, OneOfAGroupDoesNotFailTheOthers) {
  const auto store = Open({.write_connections = 1});
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1))).ok());
  std::vector<VerdictRecord> records;
  for (int i = 1; i <= 60; ++i) {
    records.push_back(i % 3 == 0 ? Consuming(i, {1}) : Record(i));
  }
  const auto answers = AppendAll(*store, records);
  int winners = 0;
  for (int i = 1; i <= 60; ++i) {
    const auto& answer = answers[static_cast<size_t>(i - 1)];
    if (i % 3 == 0) {
      winners += answer.ok();
      EXPECT_EQ(ReasonOf(answer.status()), answer.ok() ? "" : "OVERRIDE_GONE") << answer.status();
    } else {
      EXPECT_TRUE(answer.ok()) << answer.status();
    }
  }
  EXPECT_EQ(winners, 1);
}

TEST_P(OverridesTest, OfManyThatWantItOneGetsIt) {
  constexpr int kOverrides = 20, kThreads = 8;
  const auto store = Open();
  // Replicas, where the store has any.
  std::vector<std::unique_ptr<Store>> others;
  if (GetParam() == Engine::kPostgres) others.push_back(Open());
  for (int i = 0; i < kOverrides; ++i) {
    ASSERT_TRUE(store->overrides().Create(New(OverrideAt(i))).ok());
  }
  std::vector<std::atomic<int>> winners(kOverrides);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      Store& mine = others.empty() || thread % 2 == 0 ? *store : *others.front();
      std::vector<VerdictRecord> records;
      for (int i = 0; i < kOverrides; ++i) {
        records.push_back(Consuming(thread * kOverrides + i, {i, (i + 1) % kOverrides}));
      }
      const auto answers = AppendAll(mine, std::move(records));
      for (int i = 0; i < kOverrides; ++i) {
        const auto& answer = answers[static_cast<size_t>(i)];
        if (answer.ok()) {
          ++winners[static_cast<size_t>(i)];
          ++winners[static_cast<size_t>((i + 1) % kOverrides)];
        } else if (ReasonOf(answer.status()) != "OVERRIDE_GONE") {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  for (int i = 0; i < kOverrides; ++i) {
    const v1::Override override = Read(*store, i);
    EXPECT_EQ(winners[static_cast<size_t>(i)], override.state() == v1::OVERRIDE_STATE_CONSUMED)
        << override.name();
  }
}

TEST_P(OverridesTest, ARevocationAndAVerdictTakeTurns) {
  const auto store = Open();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store->overrides().Create(New(OverrideAt(i))).ok());
    absl::StatusOr<v1::Override> revoked;
    std::thread revoker([&] {
      revoked = store->overrides().Change(ChangeOf(i, absl::StrCat("revoke-", i)), Revoke());
    });
    const auto appended = AppendNow(*store, Consuming(i, {i}));
    revoker.join();
    EXPECT_NE(appended.ok(), revoked.ok()) << appended.status() << "\n" << revoked.status();
  }
}

TEST_P(OverridesTest, TheTableItselfKeepsWhatWasConsumed) {
  const auto store = Open();
  ASSERT_TRUE(store->overrides().Create(New(OverrideAt(1))).ok());
  ASSERT_TRUE(AppendNow(*store, Consuming(1, {1})).ok());
  EXPECT_ANY_THROW(Sql("UPDATE " + Table("overrides") + " SET state = 2"));
  EXPECT_ANY_THROW(Sql("UPDATE " + Table("overrides") + " SET consumed_by = ''"));
  EXPECT_ANY_THROW(Sql("DELETE FROM " + Table("overrides")));
}

}  // namespace
}  // namespace gate
