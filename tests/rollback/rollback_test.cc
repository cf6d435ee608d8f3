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
using ::testing::Not;

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

v1::CheckOutcome Judge(const v1::Change& change, const v1::RollbackPolicy& policy = {},
                       const v1::Rehearsal& rehearsal = {}) {
  v1::PolicyRule rule;
  *rule.mutable_checks()->mutable_rollback() = policy;
  Evidence evidence;
  for (const v1::Query& query : kRollbackCheck.needs(change, rule)) {
    v1::Observation observation;
    observation.set_id(query.id());
    if (query.has_schema_change()) {
      *observation.mutable_schema_change() = change.schema_change();
    } else {
      *observation.mutable_rehearsals()->add_rehearsals() = rehearsal;
    }
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
  EXPECT_THAT(Found(outcome), ElementsAre("code INFO", "loses_data INFO", "down INFO"));
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
              ElementsAre("code INFO", "down INFO"));
}

TEST(RollbackTest, CodeThatTheSchemaBreaksIsNoWayOut) {
  const v1::Change change = Release("ALTER TABLE orders DROP COLUMN note;",
                                    "ALTER TABLE orders ADD COLUMN note varchar(20) NOT NULL "
                                    "DEFAULT ''; CREATE INDEX by_note ON orders (note);");
  const v1::CheckOutcome outcome = Judge(change);
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW);
  EXPECT_THAT(Found(outcome), ElementsAre("code WARN", "loses_data WARN", "down INFO"));
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

// ---- what a rehearsal has shown
constexpr char kUp[] = "ALTER TABLE orders ADD COLUMN remark text;";
constexpr char kDownOfIt[] = "ALTER TABLE orders DROP COLUMN remark;";

v1::Rehearsal Rehearsed(v1::RehearsalEnd down = v1::REHEARSAL_END_COMPLETED,
                        v1::RehearsalEnd up_again = v1::REHEARSAL_END_COMPLETED) {
  v1::Rehearsal rehearsal;
  rehearsal.set_end(v1::REHEARSAL_END_COMPLETED);
  rehearsal.set_postgres_major_version(15);
  rehearsal.mutable_undo()->set_down(down);
  rehearsal.mutable_undo()->set_up_again(up_again);
  return rehearsal;
}

void Differ(v1::CatalogueDifferenceKind kind, const std::string& object, v1::RehearsedUndo& undo) {
  v1::CatalogueDifference& difference = *undo.add_after_down();
  difference.set_kind(kind);
  difference.set_object(object);
}

TEST(RehearsedRollbackTest, AWayBackThatWasGoneIsProven) {
  const v1::CheckOutcome outcome =
      Judge(Release(kUp, kDownOfIt), Requires(true, true), Rehearsed());
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW);
  EXPECT_THAT(Found(outcome), ElementsAre("code INFO", "loses_data INFO", "down INFO"));
  EXPECT_THAT(MessageOf(outcome, "down"),
              HasSubstr("Proven on a scratch PostgreSQL 15: after up and down the catalogue is the "
                        "one before the release, and going up again"));
  EXPECT_THAT(MessageOf(Judge(Release(kUp, kDownOfIt)), "down"), HasSubstr("Nobody has run them"));
}

// What the model of a schema cannot follow is settled by running it.
TEST(RehearsedRollbackTest, ItSettlesWhatTextCannot) {
  const v1::Change change =
      Release("REVOKE SELECT ON orders FROM reporting;", "GRANT SELECT ON orders TO reporting;");
  EXPECT_EQ(Judge(change, Requires(true, false)).decision(), v1::DECISION_HOLD);
  const v1::CheckOutcome outcome = Judge(change, Requires(true, false), Rehearsed());
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW) << outcome.DebugString();
  EXPECT_EQ(MessageOf(outcome, "down_incomplete"), "");
}

TEST(RehearsedRollbackTest, CodeStaysUnproven) {
  const v1::Change change = Release("DO $$ BEGIN PERFORM 1; END $$;", "SELECT 1;");
  const v1::CheckOutcome outcome = Judge(change, Requires(true, false), Rehearsed());
  EXPECT_EQ(outcome.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(MessageOf(outcome, "down_incomplete"),
              HasSubstr("On a scratch PostgreSQL 15 they led back, where no rows were"));
}

TEST(RehearsedRollbackTest, WhatDownLeavesOrMissesIsNamed) {
  v1::Rehearsal rehearsal = Rehearsed();
  Differ(v1::CATALOGUE_DIFFERENCE_KIND_LEFT_OVER, "index public.orders_remark",
         *rehearsal.mutable_undo());
  Differ(v1::CATALOGUE_DIFFERENCE_KIND_CHANGED, "column public.orders.remark",
         *rehearsal.mutable_undo());
  rehearsal.mutable_undo()->mutable_after_down(1)->set_before("text");
  rehearsal.mutable_undo()->mutable_after_down(1)->set_after("text NOT NULL");
  rehearsal.mutable_undo()->set_more_after_down(7);
  const v1::Change change = Release(kUp, kDownOfIt);
  const v1::CheckOutcome outcome = Judge(change, {}, rehearsal);
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW);
  EXPECT_THAT(MessageOf(outcome, "down_incomplete"),
              HasSubstr("after up and down index public.orders_remark is left over; column "
                        "public.orders.remark is text NOT NULL, not text; 7 more."));
  EXPECT_EQ(Judge(change, Requires(true, false), rehearsal).decision(), v1::DECISION_BLOCK);
  // By the text it leads back.
  EXPECT_THAT(Found(outcome), ElementsAre("code INFO", "loses_data INFO", "rule_disagrees INFO",
                                          "down_incomplete WARN"));
  EXPECT_THAT(MessageOf(outcome, "rule_disagrees"), HasSubstr("What was run is believed"));
}

TEST(RehearsedRollbackTest, TheTextIsNotBelievedAgainstIt) {
  const v1::Change change = Release("ALTER TABLE orders ADD COLUMN a int, ADD COLUMN b int;",
                                    "ALTER TABLE orders DROP COLUMN b;");
  const v1::CheckOutcome outcome = Judge(change, Requires(true, false), Rehearsed());
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW) << outcome.DebugString();
  EXPECT_THAT(Found(outcome),
              ElementsAre("code INFO", "loses_data INFO", "rule_disagrees INFO", "down INFO"));
  EXPECT_THAT(MessageOf(outcome, "rule_disagrees"), HasSubstr("orders.a is left over"));
}

// There is no other place for a column that is made again.
TEST(RehearsedRollbackTest, TheOrderOfColumnsForbidsNothing) {
  v1::Rehearsal rehearsal = Rehearsed();
  Differ(v1::CATALOGUE_DIFFERENCE_KIND_ORDER, "order of columns of public.orders",
         *rehearsal.mutable_undo());
  rehearsal.mutable_undo()->mutable_after_down(0)->set_before("id, note");
  rehearsal.mutable_undo()->mutable_after_down(0)->set_after("note, id");
  const v1::CheckOutcome outcome = Judge(Release(kUp, kDownOfIt), Requires(true, false), rehearsal);
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW);
  EXPECT_THAT(MessageOf(outcome, "down_incomplete"),
              HasSubstr("order of columns of public.orders is note, id, not id, note"));
}

v1::Rehearsal FailedDown(const char* sqlstate) {
  v1::Rehearsal rehearsal = Rehearsed(v1::REHEARSAL_END_MIGRATION_FAILED);
  v1::RehearsedUndo& undo = *rehearsal.mutable_undo();
  undo.clear_up_again();
  undo.mutable_failure()->set_sqlstate(sqlstate);
  undo.mutable_failure()->set_message("it fails");
  undo.mutable_failure()->set_path("db/7.down.sql");
  undo.mutable_failure()->set_line(3);
  return rehearsal;
}

TEST(RehearsedRollbackTest, ADownPartThatFailsIsProvenToFail) {
  const v1::Change change = Release(kUp, kDownOfIt);
  const v1::CheckOutcome outcome = Judge(change, Requires(true, false), FailedDown("42703"));
  EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(Found(outcome), ElementsAre("code INFO", "loses_data INFO", "rule_disagrees INFO",
                                          "down_fails BLOCK"));
  EXPECT_EQ(outcome.findings(3).location().path(), "db/7.down.sql");
  EXPECT_EQ(outcome.findings(3).location().line(), 3);
  EXPECT_THAT(MessageOf(outcome, "down_fails"), HasSubstr("it fails (42703)"));
  EXPECT_EQ(Judge(change, {}, FailedDown("42703")).decision(), v1::DECISION_ALLOW);
}

// Rows, another version, a schema that is not known, code: then the failure may be the scratch
// server's alone. It is no proof of a way back either.
TEST(RehearsedRollbackTest, AFailureThatProvesNothingIsUnproven) {
  const v1::Change change = Release(kUp, kDownOfIt);
  v1::Change other_version = change, no_schema = change;
  other_version.mutable_schema_change()->set_postgres_major_version(17);
  no_schema.mutable_schema_change()->clear_schema_before();
  for (const auto& [of, sqlstate] : {std::pair(change, "23505"), std::pair(other_version, "42601"),
                                     std::pair(no_schema, "42P01")}) {
    const v1::CheckOutcome outcome = Judge(of, Requires(true, false), FailedDown(sqlstate));
    EXPECT_EQ(outcome.decision(), v1::DECISION_HOLD) << outcome.DebugString();
    EXPECT_THAT(Found(outcome), Contains("down_fails BLOCK"));
    EXPECT_THAT(Found(outcome), Not(Contains("down INFO")));
    EXPECT_EQ(Judge(of, {}, FailedDown(sqlstate)).decision(), v1::DECISION_ALLOW);
  }
}

TEST(RehearsedRollbackTest, OurOwnLimitsLeaveTheTextStanding) {
  v1::Rehearsal rehearsal = FailedDown("");
  rehearsal.mutable_undo()->set_down(v1::REHEARSAL_END_TIMED_OUT);
  const v1::CheckOutcome outcome = Judge(Release(kUp, kDownOfIt), Requires(true, false), rehearsal);
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW);
  EXPECT_THAT(MessageOf(outcome, "down"), HasSubstr("was not shown by running it: it fails"));
  // Nor does one that did not come to its end say anything.
  rehearsal = Rehearsed();
  rehearsal.set_end(v1::REHEARSAL_END_TIMED_OUT);
  EXPECT_THAT(MessageOf(Judge(Release(kUp, kDownOfIt), {}, rehearsal), "down"),
              HasSubstr("Nobody has run them"));
}

TEST(RehearsedRollbackTest, ASchemaThatIsNotKnownProvesNothing) {
  v1::Rehearsal rehearsal = Rehearsed();
  rehearsal.add_lost_coverage()->set_kind(v1::COVERAGE_KIND_SCHEMA);
  const v1::Change change = Release(kUp, kDownOfIt);
  EXPECT_THAT(MessageOf(Judge(change, {}, rehearsal), "down"),
              HasSubstr("As far as their text tells"));
  Differ(v1::CATALOGUE_DIFFERENCE_KIND_LEFT_OVER, "table public.a", *rehearsal.mutable_undo());
  EXPECT_EQ(Judge(change, Requires(true, false), rehearsal).decision(), v1::DECISION_HOLD);
}

TEST(RehearsedRollbackTest, AReleaseThatCannotBeTriedAgainIsNamed) {
  v1::Rehearsal rehearsal = FailedDown("23505");
  rehearsal.mutable_undo()->set_down(v1::REHEARSAL_END_COMPLETED);
  rehearsal.mutable_undo()->set_up_again(v1::REHEARSAL_END_MIGRATION_FAILED);
  const v1::Change change = Release(kUp, kDownOfIt);
  EXPECT_THAT(Found(Judge(change, {}, rehearsal)), Contains("up_again_fails WARN"));
  EXPECT_EQ(Judge(change, Requires(true, false), rehearsal).decision(), v1::DECISION_BLOCK);

  v1::Rehearsal other = Rehearsed();
  v1::CatalogueDifference& difference = *other.mutable_undo()->add_after_up_again();
  difference.set_kind(v1::CATALOGUE_DIFFERENCE_KIND_MISSING);
  difference.set_object("index public.orders_remark");
  EXPECT_THAT(MessageOf(Judge(change, {}, other), "up_again_fails"),
              HasSubstr("another schema: index public.orders_remark is missing"));
  EXPECT_THAT(Found(Judge(change, {}, other)), Not(Contains("down INFO")));
}

// The version that a rollback of the code brings back, on the schema that the release leaves.
TEST(RehearsedRollbackTest, TheRunningVersionWasTriedOnTheNewSchema) {
  v1::Rehearsal rehearsal = Rehearsed();
  rehearsal.set_workload_statements(12);
  rehearsal.set_covered_statements(12);
  const v1::Change change = Release(kUp, kDownOfIt);
  EXPECT_THAT(MessageOf(Judge(change, {}, rehearsal), "code"),
              HasSubstr("Proven on a scratch PostgreSQL 15: all 12 statements of it"));
  rehearsal.set_covered_statements(9);
  EXPECT_THAT(MessageOf(Judge(change, {}, rehearsal), "code"),
              HasSubstr("9 of the 12 statements of it that came with the change work on that "
                        "schema; the others could not be tried."));
  // What no rule has seen, the rehearsal has.
  v1::BrokenStatement& broken = *rehearsal.add_broken_statements();
  broken.mutable_statement()->set_sql("SELECT total(1)");
  broken.set_sqlstate("42883");
  broken.set_message("function total(integer) does not exist");
  const v1::CheckOutcome outcome = Judge(change, Requires(false, true), rehearsal);
  EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(MessageOf(outcome, "code"), HasSubstr("proven by running it"));
}

TEST(RollbackTest, RulesAreSortedById) {
  const auto rules = kRollbackCheck.rules();
  EXPECT_TRUE(std::ranges::is_sorted(rules, {}, &RuleDoc::id));
}

}  // namespace
}  // namespace gate
