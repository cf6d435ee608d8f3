// What a rehearsal proves, on a real PostgreSQL: one row is one change to a small shop.
#include "gate/evidence/rehearsal/rehearse.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "tests/rehearsal/rehearsal_fixture.h"

namespace gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kShop[] = R"sql(
CREATE TYPE status AS ENUM ('open', 'paid', 'void');
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(80) NOT NULL, name text);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE TABLE orders (
  id bigint PRIMARY KEY, user_id bigint NOT NULL, total int NOT NULL DEFAULT 0,
  state status NOT NULL DEFAULT 'open', note text);
CREATE TABLE guarded (id bigint, note text CONSTRAINT said CHECK (note IS NOT NULL));
CREATE FUNCTION tax(amount int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT amount / 5';
)sql";

constexpr char kReadOrder[] = "SELECT total FROM orders WHERE id = $1";
constexpr char kAddOrder[] = "INSERT INTO orders (id, user_id, note) VALUES ($1, $2, $3)";
constexpr char kSetNote[] = "UPDATE orders SET note = $1 WHERE id = $2";
constexpr char kSetState[] = "UPDATE orders SET state = $1 WHERE id = $2";
constexpr char kUpsert[] =
    "INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING";

struct Case {
  const char* name;
  std::string migration;
  std::vector<std::string> workload;
  std::vector<std::string> lines;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

// On more than one version: what PostgreSQL says of a statement, and keeps of a table, changes.
class RehearseTest : public testing::TestWithParam<std::tuple<int, Case>> {};

TEST_P(RehearseTest, FindsWhatRunningCodeMeets) {
  const auto& [major, one] = GetParam();
  const v1::Rehearsal rehearsal = Rehearsals::Of(major).Run(kShop, one.migration, one.workload);
  EXPECT_EQ(Lines(rehearsal), one.lines);
  EXPECT_EQ(rehearsal.postgres_major_version(), major);
}

const Case kCases[] = {
    {"NothingChanges", "COMMENT ON TABLE orders IS 'ours'", {kReadOrder, kAddOrder, kUpsert}, {}},
    {"DropColumn",
     "ALTER TABLE orders DROP COLUMN total",
     {kReadOrder, kSetNote},
     {absl::StrCat("42703 column \"total\" does not exist | ", kReadOrder)}},
    {"RenameTable",
     "ALTER TABLE orders RENAME TO purchases",
     {kReadOrder, kUpsert},
     {absl::StrCat("42P01 relation \"orders\" does not exist | ", kReadOrder)}},
    {"RequiredColumn",
     "ALTER TABLE orders ADD COLUMN region text NOT NULL",
     {kReadOrder, kAddOrder, kSetNote},
     {"scans public.orders VERIFY",
      absl::StrCat("REQUIRED_COLUMN public.orders.region text | ", kAddOrder)}},
    {"RequiredColumnByPosition",
     "ALTER TABLE users ADD COLUMN region text NOT NULL",
     {"INSERT INTO users VALUES ($1, $2, $3)", "INSERT INTO users VALUES ($1, $2)"},
     {"scans public.users VERIFY",
      "REQUIRED_COLUMN public.users.region text | INSERT INTO users VALUES ($1, $2, $3); INSERT "
      "INTO users VALUES ($1, $2)"}},
    {"RequiredColumnThatATriggerMayFill",
     "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.region = 1; RETURN "
     "NEW; END';"
     "CREATE TRIGGER fill BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fill();"
     "ALTER TABLE orders ADD COLUMN region text NOT NULL",
     {kAddOrder},
     {"scans public.orders VERIFY",
      absl::StrCat("REQUIRED_COLUMN public.orders.region text (a trigger may fill it) | ",
                   kAddOrder),
      absl::StrCat("TRIGGER_ADDED public.orders.fill CREATE TRIGGER fill BEFORE INSERT ON "
                   "public.orders FOR EACH ROW EXECUTE FUNCTION public.fill() | ",
                   kAddOrder)}},
    {"RequiredByACheckAlready",
     "ALTER TABLE guarded ALTER COLUMN note SET NOT NULL; ALTER TABLE guarded DROP CONSTRAINT said",
     {"INSERT INTO guarded (id) VALUES ($1)", "INSERT INTO guarded (id, note) VALUES ($1, $2)"},
     {"a scan is spared"}},
    {"RequiredByANewCheck",
     "ALTER TABLE orders ADD COLUMN region text CHECK (region IS NOT NULL)",
     {kAddOrder},
     {"scans public.orders VERIFY",
      absl::StrCat("REQUIRED_COLUMN public.orders.region text | ", kAddOrder),
      absl::StrCat("CHECK public.orders.orders_region_check CHECK ((region IS NOT NULL)) | ",
                   kAddOrder)}},
    {"OptionalColumn",
     "ALTER TABLE orders ADD COLUMN region text NOT NULL DEFAULT 'eu', ADD COLUMN extra text",
     {kReadOrder, kAddOrder},
     {}},
    {"DefaultThenDropDefault",
     "ALTER TABLE orders ADD COLUMN region text NOT NULL DEFAULT 'eu';"
     "ALTER TABLE orders ALTER COLUMN region DROP DEFAULT",
     {kAddOrder},
     {absl::StrCat("REQUIRED_COLUMN public.orders.region text | ", kAddOrder)}},
    {"DropDefaultOfRequired",
     "ALTER TABLE orders ALTER COLUMN total DROP DEFAULT",
     {kAddOrder},
     {absl::StrCat("REQUIRED_COLUMN public.orders.total integer | ", kAddOrder)}},
    {"SetNotNull",
     "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
     {kAddOrder, kSetNote, kSetState, "INSERT INTO orders (id, user_id) VALUES ($1, $2)"},
     {"scans public.orders VERIFY",
      "REQUIRED_COLUMN public.orders.note text | INSERT INTO orders (id, user_id) VALUES ($1, $2)",
      absl::StrCat("NOT_NULL public.orders.note text | ", kAddOrder, "; ", kSetNote)}},
    {"EnumLabelLost",
     "ALTER TYPE status RENAME TO old_status;"
     "CREATE TYPE status AS ENUM ('open', 'paid');"
     "ALTER TABLE orders ALTER COLUMN state DROP DEFAULT,"
     " ALTER COLUMN state TYPE status USING state::text::status,"
     " ALTER COLUMN state SET DEFAULT 'open';"
     "DROP TYPE old_status",
     {kSetState, kReadOrder},
     {"rewrites public.orders", "scans public.orders BUILD_INDEX orders_pkey",
      absl::StrCat("() -> (), takes (public.status, bigint) -> (public.status, bigint) | ",
                   kSetState),
      absl::StrCat("ENUM_LABEL_LOST public.status void | ", kSetState)}},
    {"EnumLabelAdded",
     "ALTER TYPE status ADD VALUE 'late'",
     {kSetState, "SELECT state FROM orders"},
     {"ENUM_LABEL_ADDED public.status late | SELECT state FROM orders"}},
    {"DroppedFunction",
     "DROP FUNCTION tax",
     {"SELECT tax(total) FROM orders"},
     {"42883 function tax(integer) does not exist | SELECT tax(total) FROM orders",
      "FUNCTION_LOST public.tax(amount integer)"}},
    {"LostConflictTarget",
     "DROP INDEX users_email",
     {kUpsert, kReadOrder},
     {absl::StrCat("42P10 planned there is no unique or exclusion constraint matching the ON "
                   "CONFLICT specification | ",
                   kUpsert),
      absl::StrCat("UNIQUE_LOST public.users.users_email CREATE UNIQUE INDEX users_email ON "
                   "public.users USING btree (email) | ",
                   kUpsert)}},
    {"CheckNotValid",
     "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID",
     {kAddOrder, kSetNote, "UPDATE orders SET total = $1", "DELETE FROM orders"},
     {absl::StrCat("CHECK public.orders.positive CHECK ((total > 0)) NOT VALID | ", kAddOrder,
                   "; UPDATE orders SET total = $1")}},
    {"ForeignKey",
     "ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users",
     {kAddOrder, kSetNote, "DELETE FROM users WHERE id = $1"},
     {"scans public.orders FOREIGN_KEY orders_user",
      absl::StrCat("FOREIGN_KEY public.orders.orders_user FOREIGN KEY (user_id) REFERENCES "
                   "public.users(id) | ",
                   kAddOrder, "; DELETE FROM users WHERE id = $1")}},
    {"Unique",
     "CREATE UNIQUE INDEX one_note ON orders (note)",
     {kAddOrder, kSetNote, kSetState},
     {"scans public.orders BUILD_INDEX one_note",
      absl::StrCat("UNIQUE public.orders.one_note CREATE UNIQUE INDEX one_note ON public.orders "
                   "USING btree (note) | ",
                   kAddOrder, "; ", kSetNote)}},
    {"VarcharToText",
     "ALTER TABLE users ALTER COLUMN email TYPE text",
     {"SELECT email FROM users"},
     {"(email character varying(80)) -> (email text), takes () -> () | SELECT email FROM users"}},
    {"IntToBigint",
     "ALTER TABLE orders ALTER COLUMN total TYPE bigint",
     {kReadOrder},
     {"rewrites public.orders", "scans public.orders BUILD_INDEX orders_pkey",
      absl::StrCat("(total integer) -> (total bigint), takes (bigint) -> (bigint) | ",
                   kReadOrder)}},
    {"AddedColumnUnderStar",
     "ALTER TABLE users ADD COLUMN age int",
     {"SELECT * FROM users"},
     {"(id bigint, email character varying(80), name text) -> (id bigint, email character "
      "varying(80), name text, age integer), takes () -> () | SELECT * FROM users"}},
    {"LostCoverage",
     "ALTER TABLE users ADD COLUMN age int",
     {"SELECT date $1", "COPY users FROM STDIN", "BEGIN", "SELECT broken FROM users"},
     {"repaired SELECT CAST($1 AS date) | typed constants are casts",
      "lost WORKLOAD statements of this kind cannot be prepared | COPY users FROM STDIN",
      "lost WORKLOAD on the schema before: column \"broken\" does not exist (42703) | SELECT "
      "broken FROM users"}},
    {"FailingMigration",
     "ALTER TABLE users ADD COLUMN age int;\nALTER TABLE nobody ADD COLUMN age int",
     {kReadOrder},
     {"MIGRATION_FAILED db/0002_change.sql:2 42P01 relation \"nobody\" does not exist"}},
    {"Truncate", "TRUNCATE users", {kReadOrder}, {"empties public.users"}},
    {"SparedScan",
     "ALTER TABLE orders ADD CONSTRAINT has_note CHECK (note IS NOT NULL) NOT VALID;"
     "ALTER TABLE orders VALIDATE CONSTRAINT has_note;"
     "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;"
     "ALTER TABLE orders DROP CONSTRAINT has_note",
     {kReadOrder},
     {"scans public.orders VERIFY", "a scan is spared", "REQUIRED_COLUMN public.orders.note text",
      "NOT_NULL public.orders.note text"}},
    {"Concurrently",
     "CREATE INDEX CONCURRENTLY orders_user ON orders (user_id)",
     {kReadOrder},
     {"scans public.orders BUILD_INDEX orders_user"}},
    {"NewTablesAreExempt",
     "CREATE TABLE items (id int, order_id bigint);"
     "CREATE INDEX ON items (order_id);"
     "ALTER TABLE items ALTER COLUMN id TYPE bigint;"
     "ALTER TABLE items ALTER COLUMN id SET NOT NULL",
     {kReadOrder},
     {}},
    {"RowSecurityAndGrants",
     "GRANT SELECT ON users TO reporting;"
     "REVOKE SELECT ON users FROM reporting;"
     "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
     {kReadOrder},
     {"ROW_SECURITY public.orders row security is on"}},
};

std::string NameOf(const testing::TestParamInfo<std::tuple<int, Case>>& info) {
  return absl::StrCat(std::get<1>(info.param).name, "On", std::get<0>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Changes, RehearseTest,
                         testing::Combine(testing::Values(15, 18), testing::ValuesIn(kCases)),
                         NameOf);

// ---- what a schema may bring along
constexpr char kDump[] = R"sql(
SET search_path = '';
\restrict abc
CREATE ROLE app LOGIN PASSWORD 'secret';
CREATE SCHEMA shop;
ALTER SCHEMA shop OWNER TO shop_owner;
CREATE DOMAIN shop.amount AS int;
CREATE TYPE shop.old_state AS ENUM ('open', 'void');
CREATE TYPE shop.new_state AS ENUM ('open');
CREATE TABLE shop.orders (id bigint, total shop.amount, state shop.old_state);
ALTER TABLE shop.orders OWNER TO shop_owner;
GRANT SELECT, INSERT ON shop.orders TO app, reporting;
GRANT UPDATE (total) ON shop.orders TO app;
CREATE SEQUENCE shop.ids;
GRANT USAGE ON SEQUENCE shop.ids TO app;
GRANT USAGE ON SCHEMA shop TO app;
COPY shop.orders (id, total, state) FROM stdin;
1	5	open
2	\N	open
\.
CREATE TABLE shop.events (id bigint, day date) PARTITION BY RANGE (day);
CREATE TABLE shop.events_old PARTITION OF shop.events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch();
)sql";

constexpr char kAddShopOrder[] = "INSERT INTO shop.orders (id, total, state) VALUES ($1, $2, $3)";
constexpr char kAddEvent[] = "INSERT INTO shop.events VALUES ($1, $2)";

class RehearseDumpTest : public testing::TestWithParam<std::tuple<int, Case>> {};

TEST_P(RehearseDumpTest, FindsWhatRunningCodeMeets) {
  const auto& [major, one] = GetParam();
  std::vector<std::string> lines =
      Lines(Rehearsals::Of(major).Run(kDump, one.migration, one.workload));
  // Only Debian's server has plpgsql_check.
  std::erase_if(lines, [](const std::string& line) {
    return line.find("has no extension plpgsql_check") != line.npos;
  });
  EXPECT_EQ(lines, one.lines);
}

const Case kDumpCases[] = {
    // Rows of the dump are there: two orders, one without a total.
    {"RowsAreLoaded",
     "ALTER TABLE shop.orders ALTER COLUMN total SET NOT NULL",
     {},
     {"MIGRATION_FAILED db/0002_change.sql:1 23502 column \"total\" of relation \"orders\" "
      "contains "
      "null values"}},
    {"DomainCheck",
     "ALTER DOMAIN shop.amount ADD CHECK (VALUE > 0)",
     {kAddShopOrder, kAddEvent},
     {absl::StrCat("CHECK shop.orders.amount_check CHECK ((VALUE > 0)) | ", kAddShopOrder)}},
    {"CheckOnPartition",
     "ALTER TABLE shop.events_old ADD CONSTRAINT small CHECK (id < 9)",
     {kAddShopOrder, kAddEvent},
     {"scans shop.events_old VERIFY",
      absl::StrCat("CHECK shop.events_old.small CHECK ((id < 9)) | ", kAddEvent)}},
    {"OfAPartitionedTableToldOnce",
     "ALTER TABLE shop.events ADD CONSTRAINT small CHECK (id < 9) NOT VALID;"
     "ALTER TABLE shop.events ADD COLUMN kind text NOT NULL",
     {kAddEvent},
     {"scans shop.events_old VERIFY",
      absl::StrCat("REQUIRED_COLUMN shop.events.kind text | ", kAddEvent),
      absl::StrCat("CHECK shop.events.small CHECK ((id < 9)) NOT VALID | ", kAddEvent)}},
    {"NotNullOnPartition",
     "ALTER TABLE shop.events_old ALTER COLUMN id SET NOT NULL",
     {kAddEvent},
     {"scans shop.events_old VERIFY", "REQUIRED_COLUMN shop.events_old.id bigint",
      absl::StrCat("NOT_NULL shop.events_old.id bigint | ", kAddEvent)}},
    {"TriggerAndRuleAdded",
     "CREATE TRIGGER again AFTER INSERT ON shop.events FOR EACH ROW EXECUTE FUNCTION shop.touch();"
     "CREATE RULE never AS ON INSERT TO shop.orders DO INSTEAD NOTHING",
     {kAddShopOrder},
     {"TRIGGER_ADDED shop.events.again CREATE TRIGGER again AFTER INSERT ON shop.events FOR EACH "
      "ROW EXECUTE FUNCTION shop.touch()",
      absl::StrCat("TRIGGER_ADDED shop.orders.never CREATE RULE never AS\n    ON INSERT TO "
                   "shop.orders DO INSTEAD NOTHING; | ",
                   kAddShopOrder)}},
    {"AnotherColumnInItsPlace",
     "ALTER TABLE shop.orders DROP COLUMN id, ADD COLUMN id bigint",
     {"INSERT INTO shop.orders VALUES ($1, $2, $3)", kAddShopOrder},
     {"() -> (), takes (bigint, shop.amount, shop.old_state) -> (shop.amount, shop.old_state, "
      "bigint) | INSERT INTO shop.orders VALUES ($1, $2, $3)",
      "COLUMN_ORDER shop.orders.id total | INSERT INTO shop.orders VALUES ($1, $2, $3)"}},
    {"GrantAndTriggerLost",
     "REVOKE INSERT ON shop.orders FROM app; DROP TRIGGER touch ON shop.orders",
     {kAddShopOrder},
     {"GRANT_LOST shop.orders INSERT to app",
      "TRIGGER_LOST shop.orders.touch CREATE TRIGGER touch AFTER INSERT ON shop.orders FOR EACH "
      "ROW "
      "EXECUTE FUNCTION shop.touch()"}},
    {"GrantsLostOnWhatIsNoTable",
     "REVOKE EXECUTE ON FUNCTION shop.touch() FROM PUBLIC; REVOKE USAGE ON SEQUENCE shop.ids FROM "
     "app;"
     "REVOKE USAGE ON SCHEMA shop FROM app; REVOKE UPDATE (total) ON shop.orders FROM app",
     {},
     {"GRANT_LOST shop USAGE to app", "GRANT_LOST shop.ids USAGE to app",
      "GRANT_LOST shop.orders.total UPDATE to app", "GRANT_LOST shop.touch() EXECUTE to PUBLIC"}},
    {"ANewOwnerHasWhatItHadBefore",
     "ALTER TABLE shop.orders OWNER TO app",
     {},
     {"GRANT_LOST shop.orders OWNER to shop_owner"}},
    {"GrantsOfWhatIsDroppedAreNotLost", "DROP SEQUENCE shop.ids", {}, {}},
    {"AnotherEnum",
     "ALTER TABLE shop.orders ALTER COLUMN state TYPE shop.new_state USING "
     "state::text::shop.new_state",
     {"UPDATE shop.orders SET state = $1"},
     {"rewrites shop.orders",
      "() -> (), takes (shop.old_state) -> (shop.new_state) | UPDATE shop.orders SET state = $1",
      "ENUM_LABEL_LOST shop.orders.state void | UPDATE shop.orders SET state = $1"}},
    {"ViewInPlaceOfTheTable",
     "ALTER TABLE shop.orders RENAME TO orders2;"
     "CREATE VIEW shop.orders AS SELECT * FROM shop.orders2",
     {kAddShopOrder},
     {"GRANT_LOST shop.orders INSERT to app", "GRANT_LOST shop.orders INSERT to reporting",
      "GRANT_LOST shop.orders OWNER to shop_owner", "GRANT_LOST shop.orders SELECT to app",
      "GRANT_LOST shop.orders SELECT to reporting",
      "TRIGGER_LOST shop.orders.touch CREATE TRIGGER touch AFTER INSERT ON shop.orders FOR EACH "
      "ROW "
      "EXECUTE FUNCTION shop.touch()",
      "GRANT_LOST shop.orders.total UPDATE to app",
      absl::StrCat("lost WORKLOAD it writes shop.orders, a view, whose required columns and "
                   "constraints are those of other tables | ",
                   kAddShopOrder)}},
    {"OwnerThatNobodyHasNamedYet",
     "ALTER TABLE shop.orders OWNER TO billing",
     {kAddShopOrder},
     {"GRANT_LOST shop.orders OWNER to shop_owner"}},
    {"WhatIsRolledBackDidNotHappen",
     "BEGIN;\nALTER TABLE shop.orders ADD COLUMN extra int NOT NULL DEFAULT 1;\nROLLBACK",
     {kAddShopOrder},
     {}},
    {"FailsAtItsCommit",
     "BEGIN;\n"
     "CREATE TABLE shop.one (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);\n"
     "INSERT INTO shop.one VALUES (1), (1);\n"
     "COMMIT",
     {},
     {"MIGRATION_FAILED db/0002_change.sql:4 23505 duplicate key value violates unique constraint "
      "\"one_id_key\""}},
    {"ConcurrentlyInATransaction",
     "BEGIN;\nCREATE INDEX CONCURRENTLY ON shop.orders (id);\nCOMMIT",
     {},
     {"MIGRATION_FAILED db/0002_change.sql:2 25001 CREATE INDEX CONCURRENTLY cannot run inside a "
      "transaction block"}},
};

INSTANTIATE_TEST_SUITE_P(Dump, RehearseDumpTest,
                         testing::Combine(testing::Values(15, 18), testing::ValuesIn(kDumpCases)),
                         NameOf);

// ---- more than lines tell
TEST(RehearseLocksTest, AreToldStatementByStatement) {
  const v1::Rehearsal rehearsal =
      Rehearsals::Get().Run(kShop,
                            "BEGIN;\n"
                            "ALTER TABLE orders ADD COLUMN extra text;\n"
                            "CREATE INDEX extra ON orders (extra);\n"
                            "CREATE INDEX names ON users (name);\n"
                            "COMMIT;\n"
                            "CREATE INDEX notes ON orders (note);\n",
                            {});
  ASSERT_EQ(rehearsal.end(), v1::REHEARSAL_END_COMPLETED);
  ASSERT_EQ(rehearsal.statements_size(), 6);
  const auto& alter = rehearsal.statements(1);
  ASSERT_EQ(alter.locks_size(), 1);
  EXPECT_EQ(alter.locks(0).table(), "public.orders");
  EXPECT_EQ(alter.locks(0).mode(), v1::LOCK_MODE_ACCESS_EXCLUSIVE);
  EXPECT_EQ(alter.line(), 2);
  // The stronger lock is held already.
  EXPECT_EQ(rehearsal.statements(2).locks_size(), 0);
  const auto& names = rehearsal.statements(3);
  ASSERT_EQ(names.locks_size(), 1);
  EXPECT_EQ(names.locks(0).table(), "public.users");
  EXPECT_EQ(names.locks(0).mode(), v1::LOCK_MODE_SHARE);
  EXPECT_EQ(names.transaction(), alter.transaction());
  const auto& notes = rehearsal.statements(5);
  ASSERT_EQ(notes.locks_size(), 1);
  EXPECT_EQ(notes.locks(0).mode(), v1::LOCK_MODE_SHARE);
  EXPECT_NE(notes.transaction(), alter.transaction());
}

TEST(RehearseSchemaTest, WhatItLeavesOpenIsLostCoverage) {
  const v1::Rehearsal rehearsal =
      Rehearsals::Get().Run("BEGIN; CREATE TABLE users (id int);", "SELECT 1", {"TABLE users"});
  EXPECT_THAT(Lines(rehearsal),
              ElementsAre("lost SCHEMA its last transaction is not committed | ",
                          "lost WORKLOAD on the schema before: relation \"users\" does not exist "
                          "(42P01) | TABLE users"));
}

TEST(RehearseWorkloadTest, TellsCallsAndOriginOfWhatBreaks) {
  const v1::Rehearsal rehearsal =
      Rehearsals::Get().Run(kShop, "ALTER TABLE orders DROP COLUMN total", {kReadOrder, kSetNote});
  ASSERT_EQ(rehearsal.broken_statements_size(), 1);
  EXPECT_EQ(rehearsal.broken_statements(0).statement().calls_per_hour(), 60);
  EXPECT_EQ(rehearsal.broken_statements(0).statement().origin(), "pg_stat_statements");
  EXPECT_EQ(rehearsal.workload_statements(), 2);
  EXPECT_EQ(rehearsal.covered_statements(), 2);
  EXPECT_EQ(rehearsal.postgres_major_version() > 10, true);
}

}  // namespace
}  // namespace gate
