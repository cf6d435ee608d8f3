#include "tests/cli/script.h"

#include "absl/time/clock.h"
#include "checks/proto_time.h"
#include "gtest/gtest.h"
#include "tests/cli/fake_gate.h"
#include "tests/support/golden.h"

namespace gate::testing {
namespace {

constexpr char kFolder[] = "golden/cli";

TEST(ScriptTest, EveryScriptSaysWhatItSays) {
  for (const std::string& path : GoldenFiles(kFolder, ".txt")) {
    FakeGate gate;
    EXPECT_TRUE(MatchesGolden(path, RunScript(ReadFile(path), gate.address()))) << path;
  }
  EXPECT_TRUE(NoStrayGoldens(kFolder, std::vector<std::string>{".txt"}));
}

// What gatectl sends is what it collected: commits, tickets, migrations, the schema before.
TEST(CollectTest, WhatIsSentIsWhatHasChanged) {
  FakeGate gate;
  RunScript(ReadFile("golden/cli/check_collects.txt"), gate.address());
  const std::vector<v1::EvaluateRequest> requests = gate.requests();
  ASSERT_FALSE(requests.empty());
  const v1::Change& change = requests[0].change();
  EXPECT_EQ(change.service(), "allowed");
  EXPECT_EQ(change.environment(), "production");
  EXPECT_EQ(change.kind(), v1::CHANGE_KIND_CODE);
  EXPECT_EQ(change.version(), "v2");
  EXPECT_EQ(change.base_revision().size(), 40u);
  EXPECT_EQ(change.head_revision().size(), 40u);
  EXPECT_EQ(change.labels().at("team"), "checkout");
  ASSERT_EQ(change.commits_size(), 2);
  EXPECT_EQ(change.commits(0).author(), "Ada <ada@example.com>");
  EXPECT_EQ(change.commits(0).summary(), "Users move out (TASKS-118)");
  ASSERT_EQ(change.tickets_size(), 1);
  EXPECT_EQ(change.tickets(0), "TASKS-118");
  const v1::SchemaChange& schema = change.schema_change();
  ASSERT_EQ(schema.files_size(), 1);
  EXPECT_EQ(schema.files(0).path(), "db/10_drop.up.sql");
  EXPECT_EQ(schema.files(0).sql(), "ALTER TABLE orders DROP COLUMN user_id;\n");
  EXPECT_EQ(schema.files(0).down_path(), "db/10_drop.down.sql");
  EXPECT_EQ(schema.files(0).down_sql(), "ALTER TABLE orders ADD COLUMN user_id bigint;\n");
  EXPECT_NE(schema.schema_before().find("CREATE TABLE orders"), std::string::npos);
  EXPECT_EQ(schema.schema_before().find("DROP TABLE orders"), std::string::npos);
  EXPECT_LT(schema.schema_before().find("CREATE TABLE orders"),
            schema.schema_before().find("ADD COLUMN note"));
  EXPECT_EQ(schema.postgres_major_version(), 15);
}

TEST(CollectTest, AShiftIsSentAsItWasTold) {
  FakeGate gate;
  RunScript(ReadFile("golden/cli/traffic.txt"), gate.address());
  const std::vector<v1::EvaluateRequest> requests = gate.requests();
  ASSERT_GE(requests.size(), 3u);
  const v1::Change& change = requests[0].change();
  EXPECT_EQ(change.kind(), v1::CHANGE_KIND_TRAFFIC_SHIFT);
  EXPECT_EQ(change.schema_change().files_size(), 0) << "nothing of the checkout goes out with it";
  const v1::TrafficShift& shift = change.traffic_shift();
  ASSERT_EQ(shift.origins_size(), 2);
  EXPECT_EQ(shift.origins(0).name(), "old-hoster");
  EXPECT_EQ(shift.origins(0).share_before(), 1);
  EXPECT_EQ(shift.origins(0).share_after(), 0.8);
  EXPECT_EQ(shift.origins(1).share_before(), 0);
  EXPECT_TRUE(shift.origins(1).has_share_before());
  EXPECT_EQ(shift.origins(1).share_after(), 0.2);
  EXPECT_EQ(shift.origins(1).site(), "ord");
  EXPECT_EQ(shift.origins(1).database_site(), "nyc");
  EXPECT_EQ(shift.origins(1).workers(), 64);
  EXPECT_EQ(shift.affinity(), v1::SESSION_AFFINITY_TENANT);
  EXPECT_TRUE(shift.stateful_sessions());
  EXPECT_EQ(shift.way_back(), "weights at the CDN, 2 min");
  // What is not told is not sent.
  const v1::TrafficShift& less = requests[1].change().traffic_shift();
  EXPECT_FALSE(less.origins(0).has_share_before());
  EXPECT_FALSE(less.has_stateful_sessions());
  EXPECT_FALSE(less.has_sticky_sessions());
  EXPECT_EQ(less.affinity(), v1::SESSION_AFFINITY_UNSPECIFIED);
  EXPECT_EQ(less.takes_back(), "verdicts/1");
  // Flags come on top of the file.
  const v1::TrafficShift& file = requests[2].change().traffic_shift();
  ASSERT_EQ(file.origins_size(), 2);
  EXPECT_EQ(file.origins(1).site(), "ord");
  EXPECT_EQ(file.affinity(), v1::SESSION_AFFINITY_COOKIE);
  EXPECT_FALSE(file.has_sticky_sessions());
}

TEST(CollectTest, ACanaryIsSentAsItWasTold) {
  FakeGate gate;
  const absl::Time before = absl::Now();
  RunScript(ReadFile("golden/cli/check_canary.txt"), gate.address());
  const std::vector<v1::EvaluateRequest> requests = gate.requests();
  ASSERT_EQ(requests.size(), 2u) << "what is not understood is not asked about";
  const v1::CanaryExposure& canary = requests[0].change().canary();
  EXPECT_EQ(Rfc3339(FromProto(canary.started_at())), "2026-11-20T13:00:00Z");
  EXPECT_EQ(canary.share(), 0.05);
  const absl::Time ago = FromProto(requests[1].change().canary().started_at());
  EXPECT_GE(ago, before - absl::Minutes(25) - absl::Seconds(1));
  EXPECT_LE(ago, absl::Now() - absl::Minutes(25));
}

// What a release does to one database has nothing to do with the tables of another.
TEST(CollectTest, EachDatabaseIsSentWithItsOwnSchema) {
  FakeGate gate;
  RunScript(ReadFile("golden/cli/check_databases.txt"), gate.address());
  const std::vector<v1::EvaluateRequest> requests = gate.requests();
  ASSERT_FALSE(requests.empty());
  const v1::SchemaChange& schema = requests[0].change().schema_change();
  ASSERT_EQ(schema.files_size(), 2);
  EXPECT_EQ(schema.files(0).database(), "billing/db");
  EXPECT_EQ(schema.files(1).database(), "shop/db");
  EXPECT_EQ(schema.schema_before(), "");
  ASSERT_EQ(schema.databases_size(), 2);
  const v1::Database& billing = schema.databases(0);
  EXPECT_EQ(billing.name(), "billing/db");
  EXPECT_NE(billing.schema_before().find("CREATE TABLE invoices"), std::string::npos);
  EXPECT_NE(billing.schema_before().find("CREATE TABLE more"), std::string::npos);
  EXPECT_EQ(billing.schema_before().find("CREATE TABLE orders"), std::string::npos);
  EXPECT_EQ(billing.postgres_major_version(), 0);
  EXPECT_EQ(schema.databases(1).name(), "shop/db");
  EXPECT_EQ(schema.databases(1).postgres_major_version(), 15);
}

}  // namespace
}  // namespace gate::testing
