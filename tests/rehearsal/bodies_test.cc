// Bodies of functions, looked through before and after a migration: one row is one change to a shop
// that keeps itself up with triggers.
#include "gate/evidence/rehearsal/bodies.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "tests/rehearsal/rehearsal_fixture.h"

namespace gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kShop[] = R"sql(
CREATE SCHEMA old;
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total int, note text);
CREATE TABLE totals (user_id bigint PRIMARY KEY, total bigint);
CREATE TABLE old.orders (id bigint, remark text);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.note := coalesce(NEW.note, 'none');
  RETURN NEW;
END $$;
CREATE TRIGGER touch BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION add_total(who bigint, amount int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO totals (user_id, total) VALUES (who, amount)
    ON CONFLICT (user_id) DO UPDATE SET total = totals.total + amount;
END $$;
CREATE FUNCTION keep_total() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM add_total(NEW.user_id, NEW.total);
  RETURN NULL;
END $$;
CREATE TRIGGER keep AFTER INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep_total();
CREATE FUNCTION count_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(email) FROM fresh) > 10 THEN RAISE 'too many'; END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER count_new AFTER INSERT ON users REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION count_new();
CREATE PROCEDURE tidy() LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM orders WHERE note IS NULL;
  COMMIT;
  DELETE FROM users WHERE name IS NULL;
END $$;
CREATE FUNCTION first_name() RETURNS text LANGUAGE sql AS 'SELECT name FROM users LIMIT 1';
CREATE FUNCTION remarks() RETURNS bigint LANGUAGE sql SET search_path = old
  AS 'SELECT count(remark) FROM orders';
CREATE FUNCTION remarks_again() RETURNS bigint LANGUAGE plpgsql SET search_path = old
  AS 'BEGIN RETURN (SELECT count(remark) FROM orders); END';
)sql";

constexpr char kAddOrder[] = "INSERT INTO orders (id, user_id, total) VALUES ($1, $2, $3)";
constexpr char kPay[] = "UPDATE orders SET total = $1 WHERE id = $2";
constexpr char kCount[] = "SELECT first_name()";

struct Case {
  const char* name;
  std::string migration;
  std::vector<std::string> lines;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class BodiesTest : public testing::TestWithParam<Case> {};

TEST_P(BodiesTest, FindsWhatFailsInThem) {
  const Case& one = GetParam();
  const v1::Rehearsal rehearsal =
      Rehearsals::Get().Run(kShop, one.migration, {kAddOrder, kPay, kCount});
  EXPECT_EQ(Lines(rehearsal), one.lines);
  EXPECT_EQ(rehearsal.bodies(), 8);
  EXPECT_EQ(rehearsal.covered_bodies(), 8);
}

const Case kCases[] = {
    {"NothingChanges", "COMMENT ON TABLE orders IS 'ours'", {}},
    {"DroppedColumnOfATriggersRow",
     "ALTER TABLE orders DROP COLUMN note",
     {"FUNCTION_BROKEN public.tidy() column \"note\" does not exist (42703) at 3: DELETE FROM "
      "orders WHERE note IS NULL",
      absl::StrCat("FUNCTION_BROKEN public.touch() record \"new\" has no field \"note\" (42703) at "
                   "3: NEW.note := coalesce(NEW.note, 'none'); by touch on public.orders | ",
                   kAddOrder)}},
    {"RenamedColumn",
     "ALTER TABLE users RENAME COLUMN name TO full_name",
     {absl::StrCat("42703 planned column \"name\" does not exist | ", kCount),
      absl::StrCat("FUNCTION_BROKEN public.first_name() column \"name\" does not exist (42703) | ",
                   kCount),
      "FUNCTION_BROKEN public.tidy() column \"name\" does not exist (42703) at 5: DELETE FROM "
      "users WHERE name IS NULL"}},
    {"ColumnOfATransitionTable",
     "ALTER TABLE users DROP COLUMN email",
     {"UNIQUE_LOST public.users.users_email CREATE UNIQUE INDEX users_email ON public.users USING "
      "btree (email)",
      "FUNCTION_BROKEN public.count_new() column \"email\" does not exist (42703) at 3: (SELECT "
      "count(email) FROM fresh) > 10 by count_new on public.users"}},
    // Who calls it is found by name, through the functions that call it.
    {"LostConflictTargetOfWhatATriggerCalls",
     "ALTER TABLE totals DROP CONSTRAINT totals_pkey",
     {"UNIQUE_LOST public.totals.totals_pkey CREATE UNIQUE INDEX totals_pkey ON public.totals "
      "USING "
      "btree (user_id)",
      absl::StrCat(
          "FUNCTION_BROKEN public.add_total(who bigint, amount integer) there is no unique "
          "or exclusion constraint matching the ON CONFLICT specification (42P10) at 3: "
          "INSERT INTO totals (user_id, total) VALUES (who, amount) by keep on public.orders | ",
          kAddOrder, "; ", kPay)}},
    {"DroppedFunctionThatAnotherCalls",
     "DROP FUNCTION add_total",
     {"FUNCTION_LOST public.add_total(who bigint, amount integer)",
      absl::StrCat("FUNCTION_BROKEN public.keep_total() function add_total(bigint, integer) does "
                   "not exist (42883) at 3: SELECT add_total(NEW.user_id, NEW.total) by keep on "
                   "public.orders | ",
                   kAddOrder, "; ", kPay)}},
    {"OwnSearchPath",
     "ALTER TABLE old.orders DROP COLUMN remark",
     {"FUNCTION_BROKEN public.remarks() column \"remark\" does not exist (42703)",
      "FUNCTION_BROKEN public.remarks_again() column \"remark\" does not exist (42703) at 1: "
      "(SELECT count(remark) FROM orders)"}},
    {"ReplacedInTheSameRelease",
     "ALTER TABLE users RENAME COLUMN name TO full_name;"
     "CREATE OR REPLACE FUNCTION first_name() RETURNS text LANGUAGE sql"
     " AS 'SELECT full_name FROM users LIMIT 1';"
     "CREATE OR REPLACE PROCEDURE tidy() LANGUAGE plpgsql AS"
     " 'BEGIN DELETE FROM orders WHERE note IS NULL; DELETE FROM users WHERE full_name IS NULL; "
     "END'",
     {}},
    {"ReplacedByOneThatFails",
     "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
     " 'BEGIN NEW.made := now(); RETURN NEW; END'",
     {absl::StrCat("FUNCTION_BROKEN public.touch() record \"new\" has no field \"made\" (42703) "
                   "(replaced) at 1: BEGIN NEW.made := now(); RETURN NEW; END by touch on "
                   "public.orders | ",
                   kAddOrder)}},
    {"ReplacedByOneThatMayFail",
     "CREATE OR REPLACE PROCEDURE tidy() LANGUAGE plpgsql AS"
     " 'BEGIN CREATE TEMP TABLE seen (id int); DELETE FROM seen; END'",
     {"lost FUNCTION as the migration makes it, it may fail: line 1: relation \"seen\" does not "
      "exist (42P01) | public.tidy()"}},
    {"DroppedWithWhatItWasFor",
     "DROP TRIGGER touch ON orders; DROP FUNCTION touch(); ALTER TABLE orders DROP COLUMN note;"
     "DROP PROCEDURE tidy()",
     {"TRIGGER_LOST public.orders.touch CREATE TRIGGER touch BEFORE INSERT ON public.orders FOR "
      "EACH ROW EXECUTE FUNCTION public.touch()",
      "FUNCTION_LOST public.tidy()", "FUNCTION_LOST public.touch()"}},
    {"NewTriggerThatFails",
     "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS"
     " 'BEGIN NEW.made := now(); RETURN NEW; END';"
     "CREATE TRIGGER stamp BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp()",
     {absl::StrCat("TRIGGER_ADDED public.orders.stamp CREATE TRIGGER stamp BEFORE UPDATE ON "
                   "public.orders FOR EACH ROW EXECUTE FUNCTION public.stamp() | ",
                   kAddOrder, "; ", kPay),
      absl::StrCat("FUNCTION_BROKEN public.stamp() record \"new\" has no field \"made\" (42703) "
                   "(replaced) at 1: BEGIN NEW.made := now(); RETURN NEW; END by stamp on "
                   "public.orders | ",
                   kPay)}},
    {"WhatIsNewIsNotTheRunningVersions",
     "CREATE TABLE items (id int);"
     "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS"
     " 'BEGIN NEW.made := now(); RETURN NEW; END';"
     "CREATE TRIGGER stamp BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION stamp();"
     "CREATE TRIGGER touch BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION touch();"
     "CREATE FUNCTION nowhere() RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM nobody; END'",
     {}},
    {"RenamedTableBehindAViewThatTakesWrites",
     "ALTER TABLE totals RENAME TO sums; CREATE VIEW totals AS SELECT * FROM sums",
     {"UNIQUE_LOST public.totals.totals_pkey CREATE UNIQUE INDEX totals_pkey ON public.totals "
      "USING "
      "btree (user_id)"}},
};

INSTANTIATE_TEST_SUITE_P(Changes, BodiesTest, testing::ValuesIn(kCases),
                         [](const auto& one) { return one.param.name; });

// ---- what was wrong before, or cannot be seen
struct Gap {
  const char* name;
  std::string function;
  std::vector<std::string> lines;  // after the table lost its column note
};

void PrintTo(const Gap& gap, std::ostream* out) { *out << gap.name; }

class GapTest : public testing::TestWithParam<Gap> {};

TEST_P(GapTest, IsLostCoverageAndNeitherBreakNorPass) {
  const Gap& gap = GetParam();
  const v1::Rehearsal rehearsal = Rehearsals::Get().Run(
      absl::StrCat("CREATE TABLE orders (id bigint, note text);", gap.function),
      "ALTER TABLE orders DROP COLUMN note", {});
  EXPECT_EQ(Lines(rehearsal), gap.lines);
  EXPECT_EQ(rehearsal.covered_bodies(), 0);
}

const Gap kGaps[] = {
    {"FailedBefore",
     "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS"
     " 'BEGIN\nCREATE TEMP TABLE seen (id int);\nINSERT INTO seen VALUES (1);\nEND'",
     {"lost FUNCTION on the schema before: line 3: relation \"seen\" does not exist (42P01) | "
      "public.f()"}},
    {"FailedBeforeAndFailsElsewhereNow",
     "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS"
     " 'BEGIN\nINSERT INTO seen VALUES (1);\nDELETE FROM orders WHERE note IS NULL;\nEND'",
     {"FUNCTION_BROKEN public.f() column \"note\" does not exist (42703) at 3: DELETE FROM orders "
      "WHERE note IS NULL",
      "lost FUNCTION on the schema before: line 2: relation \"seen\" does not exist (42P01) | "
      "public.f()"}},
    {"TextsThatAreMade",
     "CREATE FUNCTION f(what text) RETURNS void LANGUAGE plpgsql AS"
     " 'BEGIN\nEXECUTE format(''DELETE FROM %I WHERE note IS NULL'', what);\nEND'",
     {"lost FUNCTION line 2 runs a text that is made when it runs | public.f(what text)"}},
    {"SwitchedOffByItsText",
     "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql"
     " AS 'BEGIN PERFORM ''PRAGMA:DISABLE:CHECK''; DELETE FROM orders WHERE note IS NULL; END'",
     {"lost FUNCTION it tells plpgsql_check what to look at | public.f()"}},
    {"SqlOfAnyType",
     "CREATE FUNCTION f(anyelement) RETURNS bigint LANGUAGE sql AS 'SELECT count(note) FROM "
     "orders'",
     {"lost FUNCTION its body, in SQL, is for types of any kind, and is looked at when it is "
      "called "
      "| public.f(anyelement)"}},
    {"FailsInAConstant",
     "CREATE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';"
     "ALTER FUNCTION f() RENAME TO g;"
     "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS"
     " 'BEGIN PERFORM note FROM orders; RETURN g(); END';"
     "CREATE OR REPLACE FUNCTION g() RETURNS int IMMUTABLE LANGUAGE plpgsql"
     " AS 'BEGIN RAISE ''no''; /* plpgsql_check */ END'",
     {"FUNCTION_BROKEN public.f() column \"note\" does not exist (42703) at 1: SELECT note FROM "
      "orders",
      "lost FUNCTION on the schema before: line 1: no (P0001) | public.f()",
      "lost FUNCTION it tells plpgsql_check what to look at | public.g()"}},
};

INSTANTIATE_TEST_SUITE_P(Functions, GapTest, testing::ValuesIn(kGaps),
                         [](const auto& one) { return one.param.name; });

TEST(BodiesOfAllKindsTest, ConstantTextsAreReadAndTriggersOfNothingAreNoBodies) {
  const v1::Rehearsal rehearsal = Rehearsals::Get().Run(
      "CREATE TABLE orders (id bigint, note text);"
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS"
      " 'BEGIN EXECUTE ''DELETE FROM orders WHERE note IS NULL''; END';"
      "CREATE FUNCTION unused() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN NEW.note := 1; RETURN NEW; END'",
      "ALTER TABLE orders DROP COLUMN note", {});
  EXPECT_THAT(Lines(rehearsal),
              ElementsAre("FUNCTION_BROKEN public.f() column \"note\" does not exist (42703) at 1: "
                          "DELETE FROM orders WHERE note IS NULL"));
  EXPECT_EQ(rehearsal.bodies(), 1);
  EXPECT_EQ(rehearsal.covered_bodies(), 1);
}

TEST(BodiesOfAllKindsTest, OneTriggerOfAllPartitionsIsOne) {
  const v1::Rehearsal rehearsal = Rehearsals::Get().Run(
      "CREATE TABLE events (day date, note text) PARTITION BY RANGE (day);"
      "CREATE TABLE events_a PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');"
      "CREATE TABLE events_b PARTITION OF events FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');"
      "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN NEW.note := 1; RETURN NEW; END';"
      "CREATE TRIGGER touch BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();",
      "ALTER TABLE events DROP COLUMN note", {"INSERT INTO events_b (day) VALUES ($1)"});
  EXPECT_THAT(Lines(rehearsal),
              ElementsAre("FUNCTION_BROKEN public.touch() record \"new\" has no field \"note\" "
                          "(42703) at 1: BEGIN NEW.note := 1; RETURN NEW; END by touch on "
                          "public.events | INSERT INTO events_b (day) VALUES ($1)"));
}

// ---- the extension is for the look alone
TEST(CheckerTest, IsMetByNeitherSchemaNorMigration) {
  constexpr char kSeen[] =
      "DO $$ BEGIN IF EXISTS (SELECT FROM pg_extension WHERE extname = 'plpgsql_check')"
      " OR EXISTS (SELECT FROM pg_proc WHERE proname LIKE 'plpgsql_check%')"
      " THEN RAISE 'it is there'; END IF; END $$;";
  EXPECT_THAT(Lines(Rehearsals::Get().Run(absl::StrCat(kShop, kSeen), kSeen, {})), IsEmpty());
  const v1::Rehearsal makes_it = Rehearsals::Get().Run(kShop, "CREATE EXTENSION plpgsql_check", {});
  EXPECT_EQ(makes_it.end(), v1::REHEARSAL_END_REFUSED);
}

TEST(CheckerTest, IsNotSwitchedOffForAWholeRole) {
  const v1::Rehearsal rehearsal = Rehearsals::Get().Run(
      absl::StrCat(kShop,
                   "ALTER ROLE gate_rehearsal SET plpgsql_check.mode = 'disabled';"
                   "ALTER ROLE gate_rehearsal SET check_function_bodies = off;"),
      "ALTER TABLE users DROP COLUMN name", {});
  EXPECT_THAT(rehearsal.effects(), SizeIs(2)) << rehearsal.ShortDebugString();
}

// What is constant in a body is computed during the look.
TEST(CheckerTest, RunsWithTheRightsOfTheSqlOfOthers) {
  const v1::Rehearsal rehearsal = Rehearsals::Get().Run(
      "CREATE FUNCTION evil() RETURNS text IMMUTABLE LANGUAGE plpgsql AS"
      " 'BEGIN PERFORM set_config(''role'', ''gate_rehearsal_admin'', false); RETURN "
      "pg_read_file(''/etc/passwd''); END';"
      "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN evil(); END';",
      "SELECT 1", {});
  EXPECT_THAT(Lines(rehearsal),
              ElementsAre("lost FUNCTION on the schema before: line 1: permission denied to set "
                          "role \"gate_rehearsal_admin\" (42501) | public.f()"));
}

TEST(CheckerTest, IsBoundedInTime) {
  RehearsalLimits limits;
  limits.statement = std::chrono::milliseconds(200);
  const v1::Rehearsal rehearsal = Rehearsals::Get().Run(
      "CREATE FUNCTION endless() RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
      " 'BEGIN LOOP PERFORM 1; END LOOP; RETURN 1; END';"
      "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN endless(); END';",
      "SELECT 1", {}, limits);
  EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_COMPLETED);
  EXPECT_THAT(Lines(rehearsal), ElementsAre(HasSubstr("statement timeout (57014)")));
}

// ---- where there is no such extension
Bodies OneInPlpgsql() {
  Bodies bodies;
  bodies.by_signature["public.a()"].language = "plpgsql";
  return bodies;
}

TEST(CompareBodiesTest, WithoutTheExtensionTheirNumberAndTheWayToItAreTold) {
  Bodies before = OneInPlpgsql();
  before.no_plpgsql = "the scratch server has no extension plpgsql_check";
  before.by_signature["public.b(integer)"].language = "plpgsql";
  before.by_signature["public.c()"].language = "sql";
  v1::Rehearsal rehearsal;
  EXPECT_THAT(CompareBodies(before, before, {}, rehearsal), IsEmpty());
  EXPECT_THAT(
      Lines(rehearsal),
      ElementsAre(HasSubstr("UNSPECIFIED"),
                  "lost FUNCTION 2 bodies in PL/pgSQL not checked, since the scratch server "
                  "has no extension plpgsql_check | public.a(), public.b(integer)"));
  EXPECT_EQ(rehearsal.bodies(), 3);
  EXPECT_EQ(rehearsal.covered_bodies(), 1);
}

// It was there before, and cannot be had after.
TEST(CompareBodiesTest, WithoutTheExtensionAfterwardsNothingIsCovered) {
  const Bodies before = OneInPlpgsql();
  Bodies after = before;
  after.no_plpgsql = "it is gone";
  v1::Rehearsal rehearsal;
  EXPECT_THAT(CompareBodies(before, after, {}, rehearsal), IsEmpty());
  EXPECT_EQ(rehearsal.covered_bodies(), 0);
  EXPECT_EQ(rehearsal.lost_coverage_size(), 1);
}

TEST(CompareBodiesTest, OurOwnLimitsBreakNothing) {
  const Bodies before = OneInPlpgsql();
  Bodies after = before;
  after.by_signature["public.a()"].flaws = {{.error = {"57014", "statement timeout"}}};
  v1::Rehearsal rehearsal;
  EXPECT_THAT(CompareBodies(before, after, {}, rehearsal), IsEmpty());
  EXPECT_EQ(rehearsal.lost_coverage(0).reason(), "on the schema after: statement timeout (57014)");
  after.by_signature["public.a()"].flaws.push_back({.line = 2, .error = {"42703", "no such"}});
  const std::vector<BrokenBody> broken = CompareBodies(before, after, {}, rehearsal);
  ASSERT_THAT(broken, SizeIs(1));
  EXPECT_THAT(broken[0].flaws, SizeIs(1));
}

}  // namespace
}  // namespace gate
