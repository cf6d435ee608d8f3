#include "tests/cli/script.h"

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
