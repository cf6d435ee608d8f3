// What a live database tells, on a real PostgreSQL: the schema that it tells makes the same schema
// again, PostgreSQL's own pg_dump being the judge.
#include "gate/evidence/inspect/inspect.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "checks/migration/catalog.h"
#include "checks/migration/release.h"
#include "tests/fakes/postgres_server.h"

namespace gate {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

PostgresServer& Server() {
  static PostgresServer server({"shared_preload_libraries = 'pg_stat_statements'"});
  return server;
}

struct OwnDatabase {
  std::string name, url;
  OwnDatabase() { url = Server().CreateDatabase(&name); }
  void Sql(const std::string& sql) const { Server().Sql(name, sql); }
};

Inspection InspectOk(const std::string& url) {
  absl::StatusOr<Inspection> inspection =
      Inspect(url, std::chrono::steady_clock::now() + std::chrono::seconds(30));
  EXPECT_TRUE(inspection.ok()) << inspection.status();
  return inspection.ok() ? *std::move(inspection) : Inspection();
}

const v1::TableState* Find(const Inspection& inspection, const std::string& table) {
  for (const v1::TableState& state : inspection.database.tables()) {
    if (state.name() == table) return &state;
  }
  return nullptr;
}

// One of each kind, with names that need quotes.
constexpr char kSchema[] = R"(
CREATE SCHEMA "Lab";
CREATE EXTENSION citext;
DO $$ BEGIN CREATE ROLE app_reader; EXCEPTION WHEN duplicate_object THEN END $$;
CREATE TYPE color AS ENUM ('red', 'it''s blue');
CREATE DOMAIN positive AS int DEFAULT 1 NOT NULL CONSTRAINT over_zero CHECK (VALUE > 0);
CREATE TYPE point3 AS (x int, y int, "Z" numeric(10, 2));
CREATE TYPE dates AS RANGE (subtype = date);
CREATE SEQUENCE numbers;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE TABLE patients (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "Full Name" text COLLATE "C" NOT NULL DEFAULT 'x''y',
  shade color NOT NULL DEFAULT 'red',
  height positive,
  email citext UNIQUE,
  number int DEFAULT nextval('numbers'),
  doubled int GENERATED ALWAYS AS (twice(number)) STORED,
  spans dates,
  CONSTRAINT tall CHECK (height < 300),
  EXCLUDE USING gist (spans WITH &&)
);
CREATE UNLOGGED TABLE "Lab".orders (
  id serial PRIMARY KEY, patient bigint NOT NULL REFERENCES patients ON DELETE CASCADE,
  note varchar(20), at timestamptz(3) NOT NULL DEFAULT now(), prices numeric(8, 2)[]
);
ALTER TABLE "Lab".orders ADD CONSTRAINT long CHECK (length(note) > 2) NOT VALID;
CREATE TABLE visits (day date NOT NULL, patient bigint, id int) PARTITION BY RANGE (day);
CREATE TABLE visits_2020 PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE visits_rest PARTITION OF visits DEFAULT;
ALTER TABLE visits ADD PRIMARY KEY (day, id);
CREATE INDEX visits_by_patient ON visits (patient);
CREATE TABLE base (a int);
CREATE FUNCTION name_of(p patients) RETURNS text LANGUAGE sql AS 'SELECT p."Full Name"';
CREATE FUNCTION count_all() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM patients; END;
CREATE UNIQUE INDEX by_note ON "Lab".orders (lower(note)) INCLUDE (at) WHERE note IS NOT NULL;
CREATE VIEW later AS SELECT 1 AS one;
CREATE VIEW names AS SELECT id, "Full Name" FROM patients;
CREATE OR REPLACE VIEW later AS SELECT 1 AS one, id FROM names;
CREATE MATERIALIZED VIEW counts AS SELECT count(*) FROM later;
CREATE UNIQUE INDEX ON counts (count);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER noted BEFORE INSERT OR UPDATE OF note ON "Lab".orders FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER quiet AFTER DELETE ON "Lab".orders FOR EACH STATEMENT EXECUTE FUNCTION note();
ALTER TABLE "Lab".orders DISABLE TRIGGER quiet;
CREATE RULE no_deletes AS ON DELETE TO base DO INSTEAD NOTHING;
ALTER TABLE patients ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON patients FOR SELECT TO app_reader USING (id > 0);
GRANT SELECT, UPDATE ON patients TO app_reader; GRANT INSERT (note) ON "Lab".orders TO app_reader;
GRANT USAGE ON SCHEMA "Lab" TO app_reader;
ALTER TABLE base REPLICA IDENTITY FULL;
)";

// Without comments, and what pg_dump makes up anew each time.
std::string Dump(const std::string& database) {
  const RunResult dump =
      RunProgram({.arguments = {"/usr/bin/pg_dump", "--schema-only", "--no-owner", "--no-comments",
                                Server().Url(database)}});
  EXPECT_EQ(dump.exit, 0) << dump.output;
  std::string kept;
  for (size_t at = 0; at < dump.output.size();) {
    const size_t end = std::min(dump.output.find('\n', at), dump.output.size());
    const std::string line = dump.output.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line.starts_with("--") || line.starts_with("\\")) continue;
    absl::StrAppend(&kept, line, "\n");
  }
  return absl::StrReplaceAll(kept, {{database, "DATABASE"}});
}

TEST(InspectTest, TheSchemaThatItTellsMakesTheSameSchema) {
  OwnDatabase original, copy;
  original.Sql(kSchema);
  const Inspection inspection = InspectOk(original.url);
  EXPECT_THAT(inspection.notes, ElementsAre(HasSubstr("no pg_stat_statements")));
  EXPECT_EQ(inspection.database.postgres_major_version(), 15);
  copy.Sql(inspection.database.schema_before());
  EXPECT_EQ(Dump(original.name), Dump(copy.name));
  EXPECT_EQ(InspectOk(copy.url).database.schema_before(), inspection.database.schema_before());
}

TEST(InspectTest, TheModelOfTheSchemaIsWhole) {
  OwnDatabase database;
  database.Sql(kSchema);
  const Inspection inspection = InspectOk(database.url);
  migration::Catalog catalog;
  migration::LoadSchema(inspection.database.schema_before(), catalog);
  EXPECT_TRUE(catalog.complete());
  const migration::Relation* orders = catalog.Find({"Lab", "orders"});
  ASSERT_NE(orders, nullptr);
  EXPECT_TRUE(orders->all_columns_known);
  ASSERT_NE(orders->FindConstraint("long"), nullptr);
  EXPECT_FALSE(orders->FindConstraint("long")->valid);
  EXPECT_TRUE(catalog.IsAbsent({"", "nothing"}));
}

TEST(InspectTest, InheritedColumnsAreTold) {
  OwnDatabase original, copy;
  original.Sql("CREATE TABLE base (a int NOT NULL); CREATE TABLE derived (b int) INHERITS (base);");
  const std::string schema = InspectOk(original.url).database.schema_before();
  copy.Sql(schema);
  EXPECT_EQ(InspectOk(copy.url).database.schema_before(), schema);
  migration::Catalog catalog;
  migration::LoadSchema(schema, catalog);
  EXPECT_NE(catalog.Find({"", "derived"}, "a"), nullptr);
}

TEST(InspectTest, SizesCountIndexesAndParts) {
  OwnDatabase database;
  database.Sql(
      "CREATE TABLE visits (day date NOT NULL, note text) PARTITION BY RANGE (day);"
      "CREATE TABLE visits_a PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');"
      "CREATE TABLE visits_b PARTITION OF visits DEFAULT;"
      "CREATE INDEX ON visits (note);"
      "INSERT INTO visits SELECT date '2020-06-01' + i % 400, repeat('x', 100) "
      "  FROM generate_series(1, 5000) i;"
      "CREATE TABLE empty (a int); ANALYZE visits;");
  const Inspection inspection = InspectOk(database.url);
  const v1::TableState* whole = Find(inspection, "public.visits");
  const v1::TableState* a = Find(inspection, "public.visits_a");
  const v1::TableState* b = Find(inspection, "public.visits_b");
  ASSERT_TRUE(whole != nullptr && a != nullptr && b != nullptr);
  EXPECT_EQ(whole->rows(), 5000);
  EXPECT_EQ(whole->rows(), a->rows() + b->rows());
  EXPECT_GT(a->bytes(), 100'000);
  EXPECT_EQ(whole->bytes(), a->bytes() + b->bytes());
  ASSERT_NE(Find(inspection, "public.empty"), nullptr);
  EXPECT_EQ(Find(inspection, "public.empty")->rows(), -1);
  EXPECT_FALSE(whole->has_used_since());
}

TEST(InspectTest, ARoleWithoutAnyRightOnDataIsEnough) {
  OwnDatabase database;
  database.Sql(
      "CREATE TABLE secrets (id int PRIMARY KEY, text text); REVOKE ALL ON secrets FROM PUBLIC;"
      "REVOKE ALL ON SCHEMA public FROM PUBLIC;"
      "DO $$ BEGIN CREATE ROLE inspector LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;");
  const Inspection inspection = InspectOk(absl::StrCat(database.url, "&user=inspector"));
  EXPECT_THAT(
      inspection.database.schema_before(),
      HasSubstr("ALTER TABLE public.secrets ADD CONSTRAINT secrets_pkey PRIMARY KEY (id);"));
  ASSERT_NE(Find(inspection, "public.secrets"), nullptr);
}

TEST(InspectTest, AnInvalidIndexIsLeftOutAndNamed) {
  OwnDatabase database;
  database.Sql(
      "CREATE TABLE t (a int); CREATE INDEX broken ON t (a);"
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass;");
  const Inspection inspection = InspectOk(database.url);
  EXPECT_THAT(inspection.database.schema_before(), Not(HasSubstr("broken")));
  EXPECT_THAT(inspection.notes, Contains(HasSubstr("index public.broken")));
}

TEST(InspectTest, StatementsComeFromPgStatStatements) {
  OwnDatabase database;
  database.Sql("CREATE EXTENSION pg_stat_statements; CREATE TABLE t (a int);");
  for (int i = 0; i < 3; ++i) database.Sql(absl::StrCat("SELECT a FROM t WHERE a = ", i));
  const Inspection inspection = InspectOk(database.url);
  const auto& statements = inspection.database.running_workload();
  const auto found = std::ranges::find(statements, "SELECT a FROM t WHERE a = $1",
                                       [](const auto& each) { return each.sql(); });
  ASSERT_NE(found, statements.end());
  EXPECT_EQ(found->origin(), "pg_stat_statements");
  EXPECT_GT(found->calls_per_hour(), 0);
  EXPECT_THAT(inspection.notes, IsEmpty());
}

// Somebody holds a table closed: the answer comes soon, and is an error.
TEST(InspectTest, GivesUpWhereATableIsLocked) {
  OwnDatabase database;
  database.Sql("CREATE TABLE t (a int);");
  const auto holder =
      ChildProcess::Start({.arguments = {"/usr/bin/psql", "-X", "-q", "-d", database.url, "-c",
                                         "BEGIN; LOCK TABLE t; SELECT pg_sleep(30)"}});
  ASSERT_TRUE(holder.ok()) << holder.status();
  absl::StatusOr<Inspection> inspection = Inspection();
  for (int i = 0; i < 100 && inspection.ok(); ++i) {
    inspection = Inspect(database.url, std::chrono::steady_clock::now() + std::chrono::seconds(30));
  }
  EXPECT_TRUE(absl::IsUnavailable(inspection.status())) << inspection.status();
  EXPECT_THAT(std::string(inspection.status().message()), HasSubstr("lock"));
}

TEST(InspectTest, AnErrorNeverTellsThePassword) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  for (const std::string url :
       {"postgresql://reader:geheim@127.0.0.1:1/shop",
        "postgresql://reader:geheim@127.0.0.1:x/shop", "postgresql://reader@geheim:p#/x",
        "host=127.0.0.1 port=1 password=geheim", "geheim"}) {
    const absl::Status status = Inspect(url, deadline).status();
    EXPECT_FALSE(status.ok()) << url;
    if (!url.starts_with("postgresql://reader@")) {
      EXPECT_THAT(std::string(status.message()), Not(HasSubstr("geheim"))) << url;
    }
  }
}

}  // namespace
}  // namespace gate
