// Down and up again, on a real PostgreSQL: what is proven of the way back.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "gate/evidence/rehearsal/rehearse.h"
#include "tests/rehearsal/rehearsal_fixture.h"

namespace gate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr char kShop[] = R"sql(
CREATE TYPE status AS ENUM ('open', 'paid');
CREATE DOMAIN cents AS int CHECK (VALUE >= 0);
CREATE SEQUENCE numbers;
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(80) NOT NULL, name text DEFAULT 'n');
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text, total int NOT NULL DEFAULT 0,
  user_id bigint CONSTRAINT orders_user REFERENCES users);
CREATE INDEX by_note ON orders (note);
CREATE VIEW open_orders AS SELECT id, note FROM orders;
CREATE FUNCTION tax(amount int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT amount / 5';
CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER seen BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION seen();
CREATE TABLE events (id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE POLICY mine ON users USING (id > 0);
GRANT SELECT ON orders TO reporting;
)sql";

v1::MigrationFile& AddFile(const std::string& up, const std::string& down,
                           v1::SchemaChange& change) {
  v1::MigrationFile& file = *change.add_files();
  const int number = change.files_size();
  file.set_path(absl::StrCat("db/", number, ".up.sql"));
  file.set_sql(up);
  file.set_down_path(absl::StrCat("db/", number, ".down.sql"));
  file.set_down_sql(down);
  return file;
}

v1::Rehearsal RehearseOf(const v1::SchemaChange& change, const RehearsalLimits& limits = {}) {
  const auto cluster = Rehearsals::Get().Start();
  auto rehearsal = Rehearse(*cluster, change, limits);
  if (!rehearsal.ok()) throw std::runtime_error(std::string(rehearsal.status().message()));
  return *std::move(rehearsal);
}

struct Case {
  const char* name;
  const char* up;
  const char* down;
  std::vector<std::string> lines;  // none: it leads back, and up again
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class UndoRehearsalTest : public testing::TestWithParam<Case> {};

TEST_P(UndoRehearsalTest, GoesDownAndUpAgain) {
  v1::SchemaChange change;
  change.set_schema_before(kShop);
  AddFile(GetParam().up, GetParam().down, change);
  const v1::Rehearsal rehearsal = RehearseOf(change);
  EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_COMPLETED) << rehearsal.ShortDebugString();
  ASSERT_TRUE(rehearsal.has_undo());
  EXPECT_NE(rehearsal.undo().down(), v1::REHEARSAL_END_UNSPECIFIED);
  EXPECT_EQ(rehearsal.undo().up_again() != v1::REHEARSAL_END_UNSPECIFIED,
            rehearsal.undo().down() == v1::REHEARSAL_END_COMPLETED);
  EXPECT_EQ(Lines(rehearsal.undo()), GetParam().lines);
  EXPECT_THAT(rehearsal.statements(), Not(IsEmpty()));
  for (const auto& statement : rehearsal.statements()) EXPECT_EQ(statement.path(), "db/1.up.sql");
}

const Case kCases[] = {
    {"NewTable", "CREATE TABLE notes (id serial PRIMARY KEY, note text);", "DROP TABLE notes;", {}},
    {"NewColumn",
     "ALTER TABLE orders ADD COLUMN region text NOT NULL DEFAULT 'eu'; CREATE INDEX ON orders "
     "(region);",
     "ALTER TABLE orders DROP COLUMN region;",
     {}},
    {"IndexConcurrently",
     "CREATE INDEX CONCURRENTLY by_total ON orders (total);",
     "DROP INDEX CONCURRENTLY by_total;",
     {}},
    {"TableLeftOver",
     "CREATE TABLE IF NOT EXISTS a (id serial, note text); CREATE TABLE b ();",
     "DROP TABLE b;",
     {"LEFT_OVER after down: sequence public.a_id_seq", "LEFT_OVER after down: table public.a"}},
    {"TableLeftOverStopsTheNextTry",
     "CREATE TABLE a (id int); CREATE TABLE b ();",
     "DROP TABLE b;",
     {"LEFT_OVER after down: table public.a",
      "up again: MIGRATION_FAILED db/1.up.sql:1 42P07 relation \"a\" already exists"}},
    {"ColumnLost",
     "ALTER TABLE users DROP COLUMN name;",
     "SELECT 1;",
     {"MISSING after down: column public.users.name",
      "up again: MIGRATION_FAILED db/1.up.sql:1 42703 column \"name\" of relation \"users\" does "
      "not exist"}},
    {"ColumnComesLast",
     "ALTER TABLE orders DROP COLUMN total;",
     "ALTER TABLE orders ADD COLUMN total int NOT NULL DEFAULT 0;",
     {"ORDER after down: order of columns of public.orders id, note, total, user_id -> id, note, "
      "user_id, total"}},
    {"OtherDefault",
     "ALTER TABLE users DROP COLUMN name;",
     "ALTER TABLE users ADD COLUMN name text;",
     {"CHANGED after down: column public.users.name text DEFAULT 'n'::text -> text"}},
    {"TypeAndBack",
     "ALTER TABLE users ALTER email TYPE text;",
     "ALTER TABLE users ALTER email TYPE varchar(80);",
     {}},
    {"LabelStays",
     "ALTER TYPE status ADD VALUE 'void';",
     "SELECT 1;",
     {"CHANGED after down: type public.status 'open', 'paid' -> 'open', 'paid', 'void'",
      "up again: MIGRATION_FAILED db/1.up.sql:1 42710 enum label \"void\" already exists"}},
    {"RightsOfANewTable",
     "ALTER TABLE orders RENAME TO old_orders;",
     "DROP VIEW open_orders; DROP TABLE old_orders;"
     "CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text,"
     " total int NOT NULL DEFAULT 0, user_id bigint CONSTRAINT orders_user REFERENCES users);"
     "CREATE INDEX by_note ON orders (note);"
     "CREATE VIEW open_orders AS SELECT id, note FROM orders WHERE id > 0;",
     {"MISSING after down: trigger seen of public.orders",
      "CHANGED after down: rights on public.orders SELECT TO reporting",
      "CHANGED after down: view public.open_orders  SELECT orders.id,\n    orders.note\n   FROM "
      "public.orders; ->  SELECT orders.id,\n    orders.note\n   FROM public.orders\n  WHERE "
      "(orders.id > 0);",
      "MISSING after up again: trigger seen of public.old_orders",
      "CHANGED after up again: rights on public.old_orders SELECT TO reporting",
      "CHANGED after up again: view public.open_orders  SELECT old_orders.id,\n    "
      "old_orders.note\n   FROM public.old_orders; ->  SELECT old_orders.id,\n    "
      "old_orders.note\n   FROM public.old_orders\n  WHERE (old_orders.id > 0);"}},
    {"OtherBody",
     "CREATE OR REPLACE FUNCTION tax(amount int) RETURNS int LANGUAGE sql IMMUTABLE AS "
     "'SELECT amount / 4';",
     "CREATE OR REPLACE FUNCTION tax(amount int) RETURNS int LANGUAGE sql IMMUTABLE AS "
     "'SELECT amount / 5';",
     {}},
    {"Rights",
     "REVOKE SELECT ON orders FROM reporting; GRANT SELECT (id) ON orders TO audit;",
     "GRANT SELECT ON orders TO reporting; REVOKE SELECT (id) ON orders FROM audit;",
     {}},
    {"Everything",
     "DROP TRIGGER seen ON orders; ALTER TABLE orders DROP CONSTRAINT orders_user;"
     "ALTER TABLE users ENABLE ROW LEVEL SECURITY; DROP POLICY mine ON users;"
     "ALTER TABLE events DETACH PARTITION events_1; ALTER SEQUENCE numbers INCREMENT 5;"
     "ALTER DOMAIN cents DROP CONSTRAINT cents_check; DROP INDEX by_note; CREATE SCHEMA billing;"
     "CREATE STATISTICS pair ON note, total FROM orders; DROP VIEW open_orders;",
     "SELECT 1;",
     {"LEFT_OVER after down: schema billing", "LEFT_OVER after down: statistics object public.pair",
      "MISSING after down: constraint orders_user of public.orders",
      "MISSING after down: index public.by_note", "MISSING after down: policy mine of public.users",
      "MISSING after down: trigger seen of public.orders",
      "MISSING after down: view public.open_orders",
      "CHANGED after down: domain public.cents integer cents_check CHECK ((VALUE >= 0)) -> integer",
      "CHANGED after down: sequence public.numbers bigint START 1 INCREMENT 1 FROM 1 TO "
      "9223372036854775807 -> bigint START 1 INCREMENT 5 FROM 1 TO 9223372036854775807",
      "CHANGED after down: table public.events_1 OF public.events FOR VALUES FROM ('2026-01-01') "
      "TO ('2027-01-01')",
      "CHANGED after down: table public.users -> ROW LEVEL SECURITY",
      "up again: MIGRATION_FAILED db/1.up.sql:1 42704 trigger \"seen\" for table \"orders\" does "
      "not exist"}},
    {"DownFails",
     "CREATE TABLE a (id int);",
     "-- the other way\n\nDROP TABLE b;",
     {"down: MIGRATION_FAILED db/1.down.sql:3 42P01 table \"b\" does not exist"}},
    {"DownThatOthersNeed",
     "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a);",
     "DROP TABLE a; DROP TABLE b;",
     {"down: MIGRATION_FAILED db/1.down.sql:1 2BP01 cannot drop table a because other objects "
      "depend on it"}},
    {"DownOfPsql",
     "CREATE TABLE a (id int);",
     "\\i undo.sql\n",
     {"down: MIGRATION_FAILED db/1.down.sql:1  only psql understands this line; it was not run"}},
    {"DownWithoutTheRight",
     "CREATE TABLE a (id int);",
     "COPY a FROM PROGRAM 'true';",
     {"down: REFUSED db/1.down.sql:1 42501 must be superuser or have privileges of the "
      "pg_execute_server_program role to COPY to or from an external program"}},
};

INSTANTIATE_TEST_SUITE_P(Changes, UndoRehearsalTest, testing::ValuesIn(kCases),
                         [](const auto& info) { return info.param.name; });

// Catalogues of other versions have other columns.
TEST(UndoTest, OnOtherVersions) {
  for (const int major : {16, 18}) {
    v1::SchemaChange change;
    change.set_schema_before(kShop);
    AddFile(
        "ALTER TABLE orders ADD COLUMN twice int GENERATED ALWAYS AS (total * 2) STORED,"
        " ADD COLUMN region text NOT NULL DEFAULT 'eu'; CREATE TABLE a (id int NOT NULL);",
        "ALTER TABLE orders DROP COLUMN twice; DROP TABLE a;", change);
    const auto cluster = Rehearsals::Of(major).Start();
    const auto rehearsal = Rehearse(*cluster, change, {});
    ASSERT_TRUE(rehearsal.ok()) << rehearsal.status();
    EXPECT_EQ(rehearsal->postgres_major_version(), major);
    EXPECT_THAT(Lines(rehearsal->undo()),
                ElementsAre("LEFT_OVER after down: column public.orders.region",
                            "up again: MIGRATION_FAILED db/1.up.sql:1 42701 column \"region\" of "
                            "relation \"orders\" already exists"));
  }
}

TEST(UndoTest, FilesAreUndoneInReverseOrder) {
  v1::SchemaChange change;
  change.set_schema_before(kShop);
  AddFile("CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;", change);
  AddFile("INSERT INTO a VALUES (1);", "", change);  // Nothing that has to be undone.
  AddFile("CREATE TABLE b (a int REFERENCES a);", "DROP TABLE b;", change);
  const v1::Rehearsal rehearsal = RehearseOf(change);
  EXPECT_EQ(rehearsal.undo().up_again(), v1::REHEARSAL_END_COMPLETED);
  EXPECT_THAT(Lines(rehearsal.undo()), IsEmpty());
}

TEST(UndoTest, DownPartsAreFoundWhereTheToolKeepsThem) {
  for (const char* file :
       {"-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;\n",
        "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;\n",
        "--liquibase formatted sql\n--changeset me:1\nCREATE TABLE a (id int);\n"
        "--rollback DROP TABLE a;\n"}) {
    v1::SchemaChange change;
    change.add_files()->set_path("db/1.sql");
    change.mutable_files(0)->set_sql(file);
    const v1::Rehearsal rehearsal = RehearseOf(change);
    EXPECT_EQ(rehearsal.undo().up_again(), v1::REHEARSAL_END_COMPLETED) << file;
    EXPECT_THAT(Lines(rehearsal.undo()), IsEmpty()) << file;
  }
}

TEST(UndoTest, WithoutAllDownPartsItIsNotTried) {
  v1::SchemaChange change;
  AddFile("CREATE TABLE a (id int);", "DROP TABLE a;", change);
  EXPECT_TRUE(RehearseOf(change).has_undo());
  AddFile("CREATE TABLE b (id int);", "-- none\n", change);
  EXPECT_FALSE(RehearseOf(change).has_undo());
  change.mutable_files(1)->set_down_sql("DROP TABLE b;");
  EXPECT_TRUE(RehearseOf(change).has_undo());
  // Nor where the release does not run.
  change.mutable_files(1)->set_sql("CREATE TABLE a (id int);");
  EXPECT_FALSE(RehearseOf(change).has_undo());
}

TEST(UndoTest, ADownPartThatTakesTooLongTakesNothingElseAway) {
  v1::SchemaChange change =
      NewChange("CREATE TABLE t (id int);", "ALTER TABLE t RENAME id TO key", {"SELECT id FROM t"});
  change.mutable_files(0)->set_down_sql("SET statement_timeout = 0; SELECT pg_sleep(60);");
  RehearsalLimits limits;
  limits.total = std::chrono::seconds(4);
  const v1::Rehearsal rehearsal = RehearseOf(change, limits);
  EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_COMPLETED);
  EXPECT_THAT(rehearsal.broken_statements(), SizeIs(1));
  EXPECT_EQ(rehearsal.undo().down(), v1::REHEARSAL_END_TIMED_OUT);
  EXPECT_EQ(rehearsal.undo().up_again(), v1::REHEARSAL_END_UNSPECIFIED);
}

// What cannot be told from what is listed is counted.
TEST(UndoTest, ManyDifferencesAreCounted) {
  v1::SchemaChange change;
  AddFile(
      "DO $$ BEGIN FOR i IN 1..130 LOOP EXECUTE format('CREATE TABLE t%s ()', i); END LOOP; END "
      "$$;",
      "SELECT 1;", change);
  const v1::RehearsedUndo undo = RehearseOf(change).undo();
  EXPECT_THAT(undo.after_down(), SizeIs(100));
  EXPECT_EQ(undo.more_after_down(), 30);
}

}  // namespace
}  // namespace gate
