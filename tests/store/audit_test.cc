// What every store promises of the audit log (gate/store/audit_store.h), held to both.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AuditTest : public StoreTest {
 protected:
  std::unique_ptr<Store> store_ = Open();

  std::vector<v1::AuditEntry> All(const AuditFilter& filter = {}) {
    auto entries = store_->audit().List(filter, kAuditEnd, 1000);
    EXPECT_TRUE(entries.ok()) << entries.status();
    return entries.ok() ? *entries : std::vector<v1::AuditEntry>();
  }
};
INSTANTIATE_TEST_SUITE_P(, AuditTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

v1::AuditEntry Entry(int number, const std::string& outcome = "DONE") {
  v1::AuditEntry entry;
  *entry.mutable_time() = ToProto(Noon() + absl::Minutes(number));
  entry.set_actor(number % 2 == 0 ? "token:even" : "spiffe://example.com/odd");
  entry.set_action("gate.v1.Rollouts.Pause");
  entry.set_resource(absl::StrCat("rollouts/", number));
  entry.set_service(number % 3 == 0 ? "web" : "api");
  entry.set_environment("production");
  entry.set_outcome(outcome);
  entry.set_detail("paused: \"it is late\"");
  entry.set_request_id(absl::StrCat("request-", number));
  return entry;
}

std::vector<std::string> Resources(const std::vector<v1::AuditEntry>& entries) {
  std::vector<std::string> resources;
  for (const auto& entry : entries) resources.push_back(entry.resource());
  return resources;
}

TEST_P(AuditTest, AnEntryComesBackAsItWasGiven) {
  const v1::AuditEntry given = Entry(1);
  ASSERT_TRUE(store_->audit().Append({given}).ok());
  ASSERT_THAT(All(), SizeIs(1));
  v1::AuditEntry read = All().front();
  EXPECT_GT(read.sequence(), 0);
  read.clear_sequence();
  EXPECT_EQ(read.DebugString(), given.DebugString());
}

TEST_P(AuditTest, EntriesAreListedNewestFirstByPageAndFilter) {
  std::vector<v1::AuditEntry> given;
  for (int i = 1; i <= 6; ++i) given.push_back(Entry(i, i == 5 ? "DENIED" : "DONE"));
  ASSERT_TRUE(store_->audit().Append(given).ok());
  EXPECT_THAT(Resources(All()), ElementsAre("rollouts/6", "rollouts/5", "rollouts/4", "rollouts/3",
                                            "rollouts/2", "rollouts/1"));
  const auto first = store_->audit().List({}, kAuditEnd, 4);
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(Resources(*store_->audit().List({}, first->back().sequence(), 4)),
              ElementsAre("rollouts/2", "rollouts/1"));

  EXPECT_THAT(Resources(All({.service = "web"})), ElementsAre("rollouts/6", "rollouts/3"));
  EXPECT_THAT(Resources(All({.actor = "token:even"})),
              ElementsAre("rollouts/6", "rollouts/4", "rollouts/2"));
  EXPECT_THAT(Resources(All({.resource = "rollouts/2"})), ElementsAre("rollouts/2"));
  EXPECT_THAT(Resources(All({.outcome = "DENIED"})), ElementsAre("rollouts/5"));
  EXPECT_THAT(All({.environment = "staging"}), IsEmpty());
  EXPECT_THAT(
      Resources(All({.start = Noon() + absl::Minutes(2), .end = Noon() + absl::Minutes(4)})),
      ElementsAre("rollouts/3", "rollouts/2"));
  EXPECT_THAT(Resources(All({.service = "api",
                             .environment = "production",
                             .actor = "spiffe://example.com/odd",
                             .outcome = "DENIED",
                             .start = Noon()})),
              ElementsAre("rollouts/5"));
  EXPECT_THAT(All({.actor = std::string("a\0b", 3)}), IsEmpty());
}

TEST_P(AuditTest, AVerdictLeavesItsRowOnce) {
  VerdictRecord record = Record(1);
  record.audit.set_actor("token:deploy");
  record.audit.set_action("gate.v1.Gate.Evaluate");
  ASSERT_TRUE(AppendNow(*store_, record).ok());
  VerdictRecord again = Record(1);
  again.audit.set_actor("token:other");
  ASSERT_TRUE(AppendNow(*store_, again).ok());  // The same request: the first verdict stands.
  ASSERT_THAT(All(), SizeIs(1));
  const v1::AuditEntry entry = All().front();
  EXPECT_EQ(entry.actor(), "token:deploy");
  EXPECT_EQ(entry.action(), "gate.v1.Gate.Evaluate");
  EXPECT_EQ(entry.resource(), record.verdict.name());
  EXPECT_EQ(entry.service(), "orders");
  EXPECT_EQ(entry.environment(), "production");
  EXPECT_EQ(entry.outcome(), "ALLOW");
  EXPECT_EQ(entry.request_id(), record.verdict.request_id());
  EXPECT_EQ(FromProto(entry.time()), FromProto(record.verdict.create_time()));
}

TEST_P(AuditTest, AVerdictWithoutACallIsTheGates) {
  ASSERT_TRUE(AppendNow(*store_, Record(1)).ok());
  ASSERT_THAT(All(), SizeIs(1));
  EXPECT_EQ(All().front().actor(), kGateActor);
}

TEST_P(AuditTest, AGroupOfVerdictsLeavesARowForEach) {
  std::vector<VerdictRecord> records;
  for (int i = 1; i <= 50; ++i) records.push_back(Record(i));
  records.push_back(Record(IdOf(99), records[0].verdict.request_id(), "another request"));
  const auto appended = AppendAll(*store_, records);
  // Groups are written side by side, so either of the two that have one request id may be first.
  EXPECT_NE(appended.front().ok(), appended.back().ok());
  EXPECT_THAT(All(), SizeIs(50));
  for (size_t i = 0; i < records.size(); ++i) {
    if (!appended[i].ok()) {
      EXPECT_EQ(appended[i].status().code(), absl::StatusCode::kAlreadyExists) << i;
    }
    EXPECT_THAT(All({.resource = records[i].verdict.name()}), SizeIs(appended[i].ok() ? 1 : 0))
        << i;
  }
}

TEST_P(AuditTest, ARolloutThatDidNotMoveLeavesNoRow) {
  RolloutMove move;
  move.rollout.set_name("rollouts/R1");
  move.version = 3;  // There is no such rollout.
  move.audit = Entry(1);
  EXPECT_FALSE(store_->rollouts().Move(move).ok());
  EXPECT_THAT(All(), IsEmpty());
}

TEST_P(AuditTest, NobodyChangesOrDeletesARow) {
  ASSERT_TRUE(store_->audit().Append({Entry(1)}).ok());
  const std::string table = Table("audit");
  EXPECT_THROW(Sql("UPDATE " + table + " SET actor = 'somebody else'"), std::exception);
  EXPECT_THROW(Sql("DELETE FROM " + table), std::exception);
  if (GetParam() == Engine::kPostgres) {
    EXPECT_THROW(Sql("TRUNCATE " + table), std::exception);
  }
  EXPECT_EQ(All().front().actor(), "spiffe://example.com/odd");
}

TEST_P(AuditTest, WhatSomebodySendsDoesNotKeepARowOut) {
  v1::AuditEntry entry = Entry(1);
  entry.set_service(std::string(100'000, 's'));
  entry.set_resource(std::string("rollouts/\0\n\x1b[31m", 16));
  entry.set_detail(std::string(1 << 20, 'd'));
  std::string late(2047, 'x');
  entry.set_actor(late + "\xc3\xa9");  // A character across the bound.
  ASSERT_TRUE(store_->audit().Append({entry}).ok());
  ASSERT_THAT(All(), SizeIs(1));
  EXPECT_EQ(All().front().actor(), late);
  EXPECT_EQ(All().front().resource(), "rollouts/   [31m");
  EXPECT_LE(All().front().service().size(), 1024u);
}

TEST_P(AuditTest, TheNewestPolicyIsFound) {
  const auto none = store_->audit().NewestPolicy();
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_FALSE(none->has_value());
  for (const char* digest : {"policies/a", "policies/b"}) {
    v1::AuditEntry entry = Entry(1);
    entry.set_action("policy.load");
    entry.set_resource(digest);
    ASSERT_TRUE(store_->audit().Append({entry, Entry(2)}).ok());
  }
  const auto newest = store_->audit().NewestPolicy();
  ASSERT_TRUE(newest.ok() && newest->has_value());
  EXPECT_EQ((*newest)->resource(), "policies/b");
}

TEST_P(AuditTest, RowsOutliveTheProcess) {
  ASSERT_TRUE(store_->audit().Append({Entry(1)}).ok());
  store_ = nullptr;
  store_ = Open();
  ASSERT_TRUE(store_->audit().Append({Entry(2)}).ok());
  EXPECT_THAT(Resources(All()), ElementsAre("rollouts/2", "rollouts/1"));
  EXPECT_GT(All()[0].sequence(), All()[1].sequence());
}

}  // namespace
}  // namespace gate
