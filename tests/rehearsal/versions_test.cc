// Which server rehearses, and what is different on others than Debian's.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "gate/evidence/rehearsal/release.h"
#include "tests/rehearsal/rehearsal_fixture.h"

namespace gate {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kOrders[] =
    "CREATE TABLE orders (id bigint PRIMARY KEY, total int NOT NULL, note text);";
constexpr char kAddOrder[] = "INSERT INTO orders (id, total) VALUES ($1, $2)";

TEST(VersionsTest, TheProgramsOfTheVersionAreChosen) {
  ScratchOptions options{.programs = OtherPrograms()};
  const auto all = FindAllPostgres(options);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), OtherPrograms().size());
  const int oldest = all->front().major;
  const auto chosen = [&](int wanted) {
    options.wanted_major = wanted;
    return FindPostgres(options)->major;
  };
  EXPECT_EQ(chosen(16), 16);
  EXPECT_EQ(chosen(18), 18);
  EXPECT_EQ(chosen(17), 16);  // the newest that is not newer
  EXPECT_EQ(chosen(10), oldest);
  EXPECT_EQ(chosen(19), 18);
  EXPECT_EQ(chosen(0), 18);
}

// Each database has the version that is told with it.
TEST(VersionsTest, EachDatabaseIsRehearsedOnItsOwn) {
  ScratchOptions options = Rehearsals::Of(18).options();
  options.wanted_major = 0;
  Rehearser rehearser(options, {});
  ASSERT_TRUE(rehearser.Prepare().ok());
  v1::SchemaChange change = NewChange(kOrders, "ALTER TABLE orders ADD region text", {kAddOrder});
  change.set_postgres_major_version(16);
  for (const int major : {15, 17, 18}) {
    v1::Database& database = *change.add_databases();
    database.set_name(absl::StrCat("shop", major));
    database.set_schema_before(kOrders);
    database.set_postgres_major_version(major);
    v1::MigrationFile& file = *change.add_files();
    file = change.files(0);
    file.set_database(database.name());
  }
  const auto rehearsals =
      rehearser.Rehearse(change, std::chrono::steady_clock::now() + std::chrono::seconds(60));
  ASSERT_TRUE(rehearsals.ok()) << rehearsals.status();
  std::vector<std::string> ran;
  for (const v1::Rehearsal& rehearsal : rehearsals->rehearsals()) {
    EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_COMPLETED) << rehearsal.ShortDebugString();
    ran.push_back(absl::StrCat(rehearsal.database(), ":", rehearsal.postgres_major_version()));
  }
  EXPECT_THAT(ran, ElementsAre(":16", "shop15:15", "shop17:16", "shop18:18"));
}

class OnVersion : public testing::TestWithParam<int> {
 protected:
  static std::vector<std::string> Run(const std::string& migration) {
    return Lines(Rehearsals::Of(GetParam()).Run(kOrders, migration, {kAddOrder}));
  }
};

// From 18 on NOT NULL is a constraint in the catalogue, too.
TEST_P(OnVersion, RequiredColumnsAreFound) {
  EXPECT_THAT(Run("ALTER TABLE orders ADD region text NOT NULL"),
              ElementsAre("scans public.orders VERIFY",
                          absl::StrCat("REQUIRED_COLUMN public.orders.region text | ", kAddOrder)));
  EXPECT_THAT(Run("ALTER TABLE orders ALTER note SET NOT NULL"),
              ElementsAre("scans public.orders VERIFY",
                          absl::StrCat("REQUIRED_COLUMN public.orders.note text | ", kAddOrder),
                          "NOT_NULL public.orders.note text"));
}

TEST_P(OnVersion, RowsAreLoadedAndRolesAreMade) {
  EXPECT_THAT(
      Lines(Rehearsals::Of(GetParam())
                .Run("CREATE TABLE t (id int);\nALTER TABLE t OWNER TO app;\n"
                     "GRANT SELECT ON t TO reporting;\nCOPY t FROM stdin;\n1\n\\.\n",
                     "REVOKE SELECT ON t FROM reporting; ALTER TABLE t ADD CHECK (id > 1)", {})),
      ElementsAre(HasSubstr("MIGRATION_FAILED db/0002_change.sql:1 23514")));
}

// Debian's, and those from elsewhere.
std::vector<int> Versions() {
  std::vector<int> versions = {15};
  const auto others = FindAllPostgres({.programs = OtherPrograms()});
  if (!others.ok()) return versions;  // as the first test says
  for (const PostgresPrograms& other : *others) versions.push_back(other.major);
  return versions;
}

INSTANTIATE_TEST_SUITE_P(All, OnVersion, testing::ValuesIn(Versions()));

// ---- what only newer servers know
std::vector<std::string> On18(const std::string& migration,
                              const std::vector<std::string>& workload = {kAddOrder}) {
  return Lines(Rehearsals::Of(18).Run(kOrders, migration, workload));
}

TEST(On18Test, NotNullThatIsNotValidIsEnforcedAndScansNothing) {
  EXPECT_THAT(On18("ALTER TABLE orders ADD CONSTRAINT noted NOT NULL note NOT VALID"),
              ElementsAre(absl::StrCat("REQUIRED_COLUMN public.orders.note text | ", kAddOrder),
                          "NOT_NULL public.orders.note text"));
}

TEST(On18Test, VirtualColumnsAreNotWrittenAndStoredOnesAre) {
  EXPECT_THAT(On18("ALTER TABLE orders ADD twice int GENERATED ALWAYS AS (total * 2)"), IsEmpty());
  EXPECT_THAT(On18("ALTER TABLE orders ADD twice int GENERATED ALWAYS AS (total * 2) STORED"),
              ElementsAre("rewrites public.orders", "scans public.orders BUILD_INDEX orders_pkey"));
}

TEST(On18Test, ConstraintsThatAreNotEnforcedRefuseNothing) {
  constexpr char kAdd[] = "ALTER TABLE orders ADD CONSTRAINT paid CHECK (total > 0) NOT ENFORCED";
  EXPECT_THAT(On18(kAdd), IsEmpty());
  EXPECT_THAT(Lines(Rehearsals::Of(18).Run(
                  "CREATE TABLE users (id int PRIMARY KEY);"
                  "CREATE TABLE orders (id int, user_id int CONSTRAINT of REFERENCES users NOT "
                  "ENFORCED);",
                  "ALTER TABLE orders ALTER CONSTRAINT of ENFORCED",
                  {"INSERT INTO orders VALUES ($1, $2)"})),
              Contains("FOREIGN_KEY public.orders.of FOREIGN KEY (user_id) REFERENCES "
                       "public.users(id) | INSERT INTO orders VALUES ($1, $2)"));
}

// Its package has no plpgsql_check.
TEST(On18Test, WithoutPlpgsqlCheckBodiesAreLostCoverage) {
  constexpr char kTouch[] =
      "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN NEW.note := 1; RETURN NEW; END';"
      "CREATE TRIGGER touch BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch();"
      "CREATE FUNCTION notes() RETURNS bigint LANGUAGE sql AS 'SELECT count(note) FROM orders';";
  const v1::Rehearsal rehearsal = Rehearsals::Of(18).Run(
      absl::StrCat(kOrders, kTouch), "ALTER TABLE orders DROP COLUMN note", {kAddOrder});
  EXPECT_THAT(
      Lines(rehearsal),
      ElementsAre("FUNCTION_BROKEN public.notes() column \"note\" does not exist (42703)",
                  HasSubstr("lost FUNCTION 1 body in PL/pgSQL not checked, since the scratch "
                            "server, PostgreSQL 18, has no extension plpgsql_check (Debian: "
                            "postgresql-18-plpgsql-check)")));
  EXPECT_EQ(rehearsal.bodies(), 2);
  EXPECT_EQ(rehearsal.covered_bodies(), 1);
}

}  // namespace
}  // namespace gate
