// The rollback check: what it says of the way back from a release, and what a policy makes of it.
#include "checks/rollback/rollback.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/fold.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kSchema[] =
    "CREATE TYPE state AS ENUM ('open', 'done');"
    "CREATE TABLE users (id bigint PRIMARY KEY);"
    "CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(20) NOT NULL DEFAULT '', state state,"
    "  user_id bigint CONSTRAINT orders_user REFERENCES users, CONSTRAINT total CHECK (id > 0));"
    "CREATE INDEX by_note ON orders (note);"
    "CREATE FUNCTION total(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1';";

v1::Change Release(const std::string& up, const std::string& down,
                   const std::string& schema_before = kSchema) {
  v1::Change change;
  change.set_kind(v1::CHANGE_KIND_CODE);
  v1::SchemaChange& schema = *change.mutable_schema_change();
  schema.set_schema_before(schema_before);
  v1::MigrationFile& file = *schema.add_files();
  file.set_path("db/7.up.sql");
  file.set_sql(up);
  if (!down.empty()) file.set_down_path("db/7.down.sql");
  file.set_down_sql(down);
  return change;
}

v1::CheckOutcome Judge(const v1::Change& change, const v1::RollbackPolicy& policy = {}) {
  v1::PolicyRule rule;
  *rule.mutable_checks()->mutable_rollback() = policy;
  Evidence evidence;
  for (const v1::Query& query : kRollbackCheck.needs(change, rule)) {
    v1::Observation observation;
    observation.set_id(query.id());
    *observation.mutable_schema_change() = change.schema_change();
    evidence.Add(observation);
  }
  v1::CheckOutcome outcome = kRollbackCheck.judge(change, evidence, rule, absl::UnixEpoch());
  Decide(policy.settings(), absl::UnixEpoch(), outcome);
  return outcome;
}

// "code INFO", "no_down BLOCK": what it finds.
std::vector<std::string> Found(const v1::CheckOutcome& outcome) {
  std::vector<std::string> found;
  for (const v1::Finding& finding : outcome.findings()) {
    found.push_back(absl::StrCat(finding.rule().substr(sizeof("rollback.") - 1), " ",
                                 v1::Severity_Name(finding.severity()).substr(9)));
  }
  return found;
}

std::string MessageOf(const v1::CheckOutcome& outcome, const std::string& rule) {
  for (const v1::Finding& finding : outcome.findings()) {
    if (finding.rule() == "rollback." + rule) return finding.message();
  }
  return "";
}

v1::RollbackPolicy Requires(bool down, bool code) {
  v1::RollbackPolicy policy;
  policy.set_require_down(down);
  policy.set_require_code(code);
  return policy;
}

TEST(RollbackTest, AReleaseWithoutMigrationsIsSkipped) {
  v1::Change change;
  change.set_kind(v1::CHANGE_KIND_CODE);
  EXPECT_EQ(Judge(change).outcome(), v1::OUTCOME_SKIPPED);
  change.set_kind(v1::CHANGE_KIND_MIGRATION);
  const v1::CheckOutcome absent = kRollbackCheck.judge(change, Evidence(), {}, absl::UnixEpoch());
  EXPECT_EQ(absent.outcome(), v1::OUTCOME_INCONCLUSIVE);
}

TEST(RollbackTest, AnExpansionWithADownPartHasAWayBack) {
  const v1::CheckOutcome outcome = Judge(Release("ALTER TABLE orders ADD COLUMN remark text;",
                                                 "ALTER TABLE orders DROP COLUMN remark;"),
                                         Requires(true, true));
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW) << outcome.DebugString();
  EXPECT_THAT(Found(outcome), ElementsAre("code INFO", "loses_data INFO"));
  EXPECT_THAT(MessageOf(outcome, "loses_data"), HasSubstr("orders.remark"));
}

// It states; only a policy forbids.
TEST(RollbackTest, WithoutADownPartThePolicyDecides) {
  for (const char* down : {"", "-- nothing to do\n"}) {
    const v1::Change change = Release("ALTER TABLE orders ADD COLUMN remark text;", down);
    EXPECT_EQ(Judge(change).decision(), v1::DECISION_ALLOW);
    EXPECT_THAT(Found(Judge(change)), ElementsAre("code INFO", "no_down INFO"));
    EXPECT_THAT(MessageOf(Judge(change), "no_down"), HasSubstr("db/7.up.sql"));
    EXPECT_EQ(Judge(change, Requires(true, false)).decision(), v1::DECISION_BLOCK);
    EXPECT_EQ(Judge(change, Requires(false, true)).decision(), v1::DECISION_ALLOW);
  }
  // What changes no schema needs none.
  EXPECT_THAT(Found(Judge(Release("INSERT INTO users VALUES (1);", ""), Requires(true, true))),
              ElementsAre("code INFO"));
}

TEST(RollbackTest, CodeThatTheSchemaBreaksIsNoWayOut) {
  const v1::Change change = Release("ALTER TABLE orders DROP COLUMN note;",
                                    "ALTER TABLE orders ADD COLUMN note varchar(20) NOT NULL "
                                    "DEFAULT ''; CREATE INDEX by_note ON orders (note);");
  const v1::CheckOutcome outcome = Judge(change);
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW);
  EXPECT_THAT(Found(outcome), ElementsAre("code WARN", "loses_data WARN"));
  EXPECT_THAT(MessageOf(outcome, "code"), HasSubstr("migration.drop_column at db/7.up.sql:1"));
  EXPECT_THAT(MessageOf(outcome, "loses_data"), HasSubstr("brings back what is in orders.note"));
  EXPECT_THAT(outcome.findings(1).effects(), Contains(v1::EFFECT_IRREVERSIBLE));
  EXPECT_EQ(Judge(change, Requires(false, true)).decision(), v1::DECISION_BLOCK);
  EXPECT_EQ(Judge(change, Requires(true, false)).decision(), v1::DECISION_ALLOW);
}

TEST(RollbackTest, WhatIsUnprovenIsNotAllowedWhereAWayBackIsRequired) {
  const v1::Change change = Release("DO $$ BEGIN PERFORM 1; END $$;", "SELECT 1;");
  EXPECT_EQ(Judge(change).decision(), v1::DECISION_ALLOW);
  EXPECT_THAT(Found(Judge(change)), ElementsAre("code WARN", "down_incomplete INFO"));
  for (const v1::RollbackPolicy& policy : {Requires(true, false), Requires(false, true)}) {
    const v1::CheckOutcome outcome = Judge(change, policy);
    EXPECT_EQ(outcome.outcome(), v1::OUTCOME_INCONCLUSIVE);
    EXPECT_EQ(outcome.decision(), v1::DECISION_HOLD);
  }
  const v1::Change unread = Release("CREATE TABLE a (id int);", "DROP TABEL a;");
  EXPECT_EQ(Judge(unread, Requires(true, false)).decision(), v1::DECISION_HOLD);
  EXPECT_THAT(MessageOf(Judge(unread), "down_incomplete"), HasSubstr("cannot be read"));
}

struct UndoCase {
  const char* what;
  const char* up;
  const char* down;
  const char* difference;  // "": it leads back
};

class UndoTest : public ::testing::TestWithParam<UndoCase> {};

TEST_P(UndoTest, UpAndDownAreCompared) {
  const auto& [what, up, down, difference] = GetParam();
  const v1::CheckOutcome outcome = Judge(Release(up, down), Requires(true, false));
  const std::string message = MessageOf(outcome, "down_incomplete");
  if (*difference == '\0') {
    EXPECT_EQ(message, "");
    EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW) << outcome.DebugString();
  } else {
    EXPECT_THAT(message, HasSubstr("after up and down "));
    EXPECT_THAT(message, HasSubstr(difference));
    EXPECT_THAT(message, HasSubstr("db/7.down.sql"));
    EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Migrations, UndoTest,
    ::testing::ValuesIn(std::vector<UndoCase>{
        {"NewTable", "CREATE TABLE a (id int);", "DROP TABLE a;", ""},
        {"TableLeft", "CREATE TABLE a (id int); CREATE TABLE b (id int);", "DROP TABLE a;",
         "b is left over."},
        {"ColumnLeft", "ALTER TABLE orders ADD COLUMN a int, ADD COLUMN b int;",
         "ALTER TABLE orders DROP COLUMN b;", "orders.a is left over."},
        {"ColumnMissing", "ALTER TABLE orders DROP COLUMN user_id;", "SELECT 1;",
         "orders.user_id is missing"},
        {"OtherType", "ALTER TABLE orders DROP COLUMN user_id;",
         "ALTER TABLE orders ADD COLUMN user_id int;", "orders.user_id is int, not bigint"},
        {"OtherLength", "ALTER TABLE orders ALTER note TYPE text;",
         "ALTER TABLE orders ALTER note TYPE varchar(30);",
         "orders.note is varchar(30), not varchar(20)."},
        {"TypeAndBack", "ALTER TABLE orders ALTER note TYPE text;",
         "ALTER TABLE orders ALTER note TYPE varchar(20);", ""},
        {"NotNull", "ALTER TABLE orders ALTER note DROP NOT NULL;", "SELECT 1;",
         "orders.note may be null."},
        {"Default", "ALTER TABLE orders ALTER user_id SET DEFAULT 1;", "SELECT 1;",
         "orders.user_id has a default."},
        {"Renamed", "ALTER TABLE orders RENAME note TO remark;",
         "ALTER TABLE orders RENAME remark TO note;", ""},
        {"RenamedOnly", "ALTER TABLE orders RENAME note TO remark;", "SELECT 1;",
         "orders.remark is left over; orders.note is missing."},
        {"TableRenamed", "ALTER TABLE orders RENAME TO old;", "ALTER TABLE old RENAME TO orders;",
         ""},
        {"Dropped", "DROP TABLE users CASCADE;", "SELECT 1;", "users is missing."},
        {"Index", "DROP INDEX by_note;", "CREATE INDEX by_note ON orders (note);", ""},
        {"OtherIndex", "DROP INDEX by_note;", "CREATE INDEX by_note ON orders (state);",
         "by_note is another index."},
        {"IndexLeft", "CREATE INDEX i ON orders (id);", "SELECT 1;", "i is left over."},
        {"Check", "ALTER TABLE orders DROP CONSTRAINT total;",
         "ALTER TABLE orders ADD CONSTRAINT total CHECK (id > 0);", ""},
        {"OtherCheck", "ALTER TABLE orders DROP CONSTRAINT total;",
         "ALTER TABLE orders ADD CONSTRAINT total CHECK (id > 1);", "constraint total of orders"},
        {"ForeignKey", "ALTER TABLE orders DROP CONSTRAINT orders_user;", "SELECT 1;",
         "constraint orders_user of orders is missing."},
        {"Label", "ALTER TYPE state ADD VALUE 'lost';", "SELECT 1;",
         "type state has the labels 'open', 'done', 'lost', not 'open', 'done'."},
        {"Enum", "CREATE TYPE color AS ENUM ('red');", "DROP TYPE color;", ""},
        {"Function", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
         "DROP FUNCTION f();", ""},
        {"FunctionMissing", "DROP FUNCTION total(bigint);", "SELECT 1;",
         "function total(int8) is missing."},
        {"Trigger",
         "CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION total();",
         "SELECT 1;", "trigger t of orders is left over."},
    }),
    [](const auto& info) { return info.param.what; });

// Where the schema before is not known, what the release itself made is still told from the rest.
TEST(RollbackTest, AnUnknownSchemaIsComparedAsFarAsItGoes) {
  const v1::RollbackPolicy policy = Requires(true, false);
  EXPECT_EQ(Judge(Release("ALTER TABLE orders ADD COLUMN a int;",
                          "ALTER TABLE orders DROP COLUMN a;", ""),
                  policy)
                .decision(),
            v1::DECISION_ALLOW);
  EXPECT_EQ(
      Judge(Release("ALTER TABLE orders ADD COLUMN a int;", "SELECT 1;", ""), policy).decision(),
      v1::DECISION_BLOCK);
  EXPECT_EQ(Judge(Release("ALTER TABLE orders DROP COLUMN a;",
                          "ALTER TABLE orders ADD COLUMN a int;", ""),
                  policy)
                .decision(),
            v1::DECISION_HOLD);
  EXPECT_EQ(
      Judge(Release("DROP TABLE orders;", "CREATE TABLE orders (id int);", ""), policy).decision(),
      v1::DECISION_HOLD);
}

// Each file by itself, after those before it; the down part may be in the file.
TEST(RollbackTest, FilesAreUndoneOneByOne) {
  v1::Change change =
      Release("-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;", "");
  v1::MigrationFile& second = *change.mutable_schema_change()->add_files();
  second.set_path("db/8.sql");
  second.set_sql(
      "-- +goose Up\nALTER TABLE a ADD COLUMN b int, ADD COLUMN c int;\n-- +goose Down\n"
      "ALTER TABLE a DROP COLUMN b;");
  const v1::CheckOutcome outcome = Judge(change, Requires(true, false));
  EXPECT_THAT(MessageOf(outcome, "down_incomplete"), HasSubstr("a.c is left over"));
  EXPECT_THAT(outcome.findings(outcome.findings_size() - 1).location().path(), "db/8.sql");
  EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
}

TEST(RollbackTest, RulesAreSortedById) {
  const auto rules = kRollbackCheck.rules();
  EXPECT_TRUE(std::ranges::is_sorted(rules, {}, &RuleDoc::id));
}

}  // namespace
}  // namespace gate
