// Releases, folders and the catalogue that knows what they have made; hostile texts.
#include "checks/migration/lint.h"

#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace gate {
namespace {

std::string Repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

// "a1b" "a2b" ...
std::string Numbered(std::string_view a, std::string_view b, int times) {
  std::string numbered;
  for (int i = 0; i < times; ++i) {
    numbered.append(a).append(std::to_string(i)).append(b);
  }
  return numbered;
}

v1::LintReport Lint(std::vector<LintFile> files, bool release_unit = false) {
  LintOptions options;
  options.release_unit = release_unit;
  return LintMigrations(files, options);
}

// "rule subject" of each finding.
std::vector<std::string> Found(const v1::LintReport& report) {
  std::vector<std::string> found;
  for (const v1::Finding& finding : report.findings()) {
    found.push_back(finding.rule().substr(sizeof("migration.") - 1) + " " + finding.subject());
  }
  return found;
}

using Findings = std::vector<std::string>;

TEST(LintTest, EachMigrationOfAFolderIsARelease) {
  const std::vector<LintFile> files = {{"2_b.sql", "ALTER TABLE t DROP COLUMN a;"},
                                       {"1_a.sql",
                                        "CREATE TABLE t (a int); DROP TABLE IF EXISTS t;"
                                        "CREATE TABLE t (a int);"}};
  EXPECT_EQ(Found(Lint(files)), Findings{"drop_column t.a"});
  EXPECT_EQ(Found(Lint(files, true)), Findings{});
}

TEST(LintTest, InputsAreInTheOrderGivenWithTheirCounts) {
  const v1::LintReport report = Lint(
      {{"2.up.sql", "SELECT 1; SELECT 2;"}, {"1.down.sql", "DROP TABLE t;"}, {"1.sql", "FOO;"}});
  ASSERT_EQ(report.inputs_size(), 3);
  EXPECT_EQ(report.inputs(0).path(), "2.up.sql");
  EXPECT_EQ(report.inputs(0).items(), 2);
  EXPECT_EQ(report.inputs(1).items(), 0);
  ASSERT_EQ(report.inputs(2).not_judged_size(), 1);
  EXPECT_EQ(report.inputs(2).not_judged(0).location().line(), 1);
  EXPECT_EQ(report.decision(), v1::DECISION_HOLD);
  EXPECT_EQ(Lint({}).decision(), v1::DECISION_ALLOW);
}

// A column that is known to be missing may have come from code that cannot be followed.
TEST(LintTest, AbsenceIsNotCertainBehindADoBlock) {
  const LintFile table = {"1.sql", "CREATE TABLE t (a int);"}, block = {"2.sql", "DO $$ $$;"},
                 drop = {"3.sql", "ALTER TABLE t DROP COLUMN IF EXISTS b;"};
  EXPECT_EQ(Found(Lint({table, drop})), Findings{});
  EXPECT_EQ(Found(Lint({table, block, drop})), (Findings{"unproven ", "drop_column t.b"}));
}

constexpr char kMaybeNew[] = "CREATE TABLE IF NOT EXISTS t (a int); ALTER TABLE t DROP a;";

// Only who knows the schema before knows that IF NOT EXISTS makes something new.
TEST(LintTest, IfNotExistsMakesNothingNewWhereTheSchemaIsNotKnown) {
  const Findings found = {"drop_column t.a"};
  EXPECT_EQ(Found(Lint({{"7_a.sql", kMaybeNew}})), found);
  EXPECT_EQ(Found(Lint({{"1_a.sql", kMaybeNew}}, true)), found);
  EXPECT_EQ(Found(Lint({{"20240101_a.sql", "SELECT 1;"}, {"20240102_b.sql", kMaybeNew}})), found);
  EXPECT_NE(Lint({{"7_a.sql", kMaybeNew}})
                .findings(0)
                .message()
                .find("(t may exist already: the schema before is not known.)"),
            std::string::npos);
}

TEST(LintTest, TheFirstMigrationHasNothingBeforeIt) {
  EXPECT_EQ(Found(Lint({{"1_a.sql", kMaybeNew}})), Findings{});
  EXPECT_EQ(Found(Lint({{"db/0001_a.sql", "SELECT 1;"}, {"db/0007_b.sql", kMaybeNew}})),
            Findings{});
  EXPECT_EQ(Found(Lint({{"db/20240101_init/migration.sql", kMaybeNew}})), Findings{});
  // Of two folders either may have made it.
  EXPECT_EQ(Found(Lint({{"a/1_a.sql", kMaybeNew}, {"b/1_a.sql", "SELECT 1;"}})),
            Findings{"drop_column t.a"});
  // What is used without having been made shows that there was something.
  EXPECT_EQ(Found(Lint({{"1_a.sql", "ALTER TABLE u ADD b int;"}, {"2_b.sql", kMaybeNew}})),
            Findings{"drop_column t.a"});
}

TEST(LintTest, AKnownSchemaDecides) {
  LintOptions options;
  options.schema = "CREATE TABLE u (a int);";
  const std::vector<LintFile> maybe = {{"7_a.sql", kMaybeNew}};
  EXPECT_EQ(Found(LintMigrations(maybe, options)), Findings{});
  options.schema += "CREATE TABLE t (a int);";
  EXPECT_EQ(Found(LintMigrations(maybe, options)), Findings{"drop_column t.a"});
}

// Two folders without a schema are two databases; with one they are two parts of it.
TEST(LintTest, FoldersAreJudgedOneAfterAnother) {
  const std::vector<LintFile> files = {
      {"b/2_drop.sql", "ALTER TABLE t DROP COLUMN IF EXISTS b;"},
      {"a/10_b.sql", "ALTER TABLE t DROP a;"},
      {"b/1_t.sql", "CREATE TABLE IF NOT EXISTS t (b int);"},
      {"a/9_a.sql", "CREATE TABLE t (a int NOT NULL);"},
  };
  EXPECT_EQ(Found(Lint(files)), (Findings{"drop_column t.a", "drop_column t.b"}));
  LintOptions options;
  options.schema = "CREATE TABLE u (a int);";
  EXPECT_EQ(Found(LintMigrations(files, options)), Findings{"drop_column t.a"});
}

// What is dropped in one release is not there in the next one.
TEST(LintTest, WhatGoesTakesItsOwnAlong) {
  struct Case {
    const char* first;
    const char* second;
    Findings found;  // in the second
  };
  const std::vector<Case> cases = {
      // An index goes with its table, and with any of its columns.
      {"CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a); DROP TABLE t;",
       "DROP INDEX IF EXISTS i;",
       {}},
      {"CREATE TABLE t (a int, b int); CREATE UNIQUE INDEX i ON t (a) INCLUDE (b); "
       "ALTER TABLE t DROP b;",
       "DROP INDEX IF EXISTS i;",
       {}},
      {"CREATE TABLE t (a int, b int); CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t DROP b;",
       "DROP INDEX IF EXISTS i;",
       {"drop_unique i", "drop_index i"}},
      {"CREATE TABLE t (a int, b int); CREATE UNIQUE INDEX i ON t (b); ALTER TABLE t RENAME b TO c;"
       "ALTER TABLE t RENAME TO u; ALTER INDEX i RENAME TO k; ALTER TABLE u DROP c;",
       "DROP INDEX IF EXISTS k;",
       {}},
      // So does a CHECK with each column that it names: it proves nothing any more.
      {"CREATE TABLE t (a int, b int, CHECK (a IS NOT NULL AND b > 0));",
       "ALTER TABLE t ALTER a SET NOT NULL;",
       {}},
      {"CREATE TABLE t (a int, b int, CHECK (a IS NOT NULL AND b > 0)); ALTER TABLE t DROP b;",
       "ALTER TABLE t ALTER a SET NOT NULL;",
       {"set_not_null t.a"}},
      {"CREATE TABLE t (a int CHECK (a IS NOT NULL)); ALTER TABLE t DROP CONSTRAINT t_a_check;",
       "ALTER TABLE t ALTER a SET NOT NULL;",
       {"set_not_null t.a"}},
      // CASCADE takes views, and views on those.
      {"CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS WITH t AS "
       "(SELECT"
       " 1) SELECT * FROM t WHERE EXISTS (SELECT FROM v); DROP TABLE t CASCADE;",
       "DROP VIEW IF EXISTS v, w;",
       {}},
      {"CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS WITH t AS "
       "(SELECT"
       " 1) SELECT * FROM t; DROP TABLE t CASCADE;",
       "DROP VIEW IF EXISTS v, w;",
       {"drop_table w"}},
      {"CREATE TABLE t (a e); DROP TYPE e CASCADE;", "ALTER TABLE t DROP COLUMN IF EXISTS a;", {}},
      {"CREATE SCHEMA s; CREATE TABLE s.t (a int); DROP SCHEMA s CASCADE;",
       "DROP TABLE IF EXISTS s.t;",
       {}},
  };
  for (const Case& each : cases) {
    LintOptions options;
    options.postgres_version = 15;
    options.schema = std::string(each.first);
    const std::vector<LintFile> files = {{"2.sql", each.second}};
    EXPECT_EQ(Found(LintMigrations(files, options)), each.found) << each.first;
  }
}

struct CatalogCase {
  const char* what;
  const char* sql;
  Findings found;
};

class CatalogTest : public ::testing::TestWithParam<CatalogCase> {};
TEST_P(CatalogTest, KnowsWhatTheReleaseHasMade) {
  EXPECT_EQ(Found(Lint({{"a.sql", GetParam().sql}})), GetParam().found);
}
INSTANTIATE_TEST_SUITE_P(
    Releases, CatalogTest,
    ::testing::ValuesIn(std::vector<CatalogCase>{
        {"PublicIsTheDefaultSchema", "CREATE TABLE public.t (a int); DROP TABLE t;", {}},
        {"OtherSchemasAreOthers", "CREATE TABLE shop.t (a int); DROP TABLE t;", {"drop_table t"}},
        {"TheSearchPathCounts",
         "SET search_path TO shop; CREATE TABLE t (a int); DROP TABLE shop.t;",
         {}},
        {"RenamesAreFollowed",
         "CREATE TABLE t (a int); ALTER TABLE t RENAME TO u; DROP TABLE u;",
         {}},
        {"ARenameDoesNotMakeOldNew",
         "ALTER TABLE t RENAME TO u; DROP TABLE u;",
         {"rename_table t", "drop_table u"}},
        {"DroppedAndMadeAgain",
         "DROP TABLE t; CREATE TABLE t (a int); ALTER TABLE t DROP a;",
         {"drop_table t"}},
        {"IfNotExistsDoesNotReplace",
         "ALTER TABLE t ADD a int; CREATE TABLE IF NOT EXISTS t (b int); DROP TABLE t;",
         {"drop_table t"}},
        {"IfNotExistsAfterDropIsNew",
         "DROP TABLE IF EXISTS t; CREATE TABLE IF NOT EXISTS t (a int); ALTER TABLE t DROP a;",
         {"drop_table t"}},
        {"IfNotExistsBehindCodeThatMayHaveMadeIt",
         "CREATE TABLE t (a int); DROP TABLE t; DO $$ $$; CREATE TABLE IF NOT EXISTS t (a int); "
         "DROP TABLE t;",
         {"unproven ", "drop_table t"}},
        {"IfNotExistsIndexesAndRequires",
         "CREATE TABLE IF NOT EXISTS t (a int); CREATE INDEX i ON t (a); ALTER TABLE t ADD b int "
         "NOT NULL; ALTER TABLE t ADD CHECK (a > 0); DROP TABLE t;",
         {"index_not_concurrent t.i", "required_column t.b", "new_check t.t_a_check",
          "drop_table t"}},
        {"IfNotExistsProvesNothing",
         "CREATE TABLE IF NOT EXISTS t (a int NOT NULL, b int, c varchar(9), d int CHECK (d IS NOT "
         "NULL)); ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t ALTER b DROP DEFAULT; ALTER "
         "TABLE t ALTER c TYPE varchar(9); ALTER TABLE t ALTER d SET NOT NULL;",
         {"set_not_null t.a", "drop_default t.b", "change_type t.c", "set_not_null t.d"}},
        {"IfNotExistsLooksWhereItMakes",
         "CREATE TABLE public.t (a int); SET search_path TO shop, public; CREATE TABLE IF NOT "
         "EXISTS"
         " t (a int); DROP TABLE t;",
         {"drop_table t"}},
        {"TemporaryIfNotExistsIsNew",
         "CREATE TEMP TABLE IF NOT EXISTS t (a int); DROP TABLE t;",
         {}},
        {"AsSelectIfNotExists",
         "CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS a; DROP TABLE t;",
         {"drop_table t"}},
        {"OrReplaceMakesNothingNew",
         "CREATE OR REPLACE VIEW v AS SELECT 1; DROP VIEW v;",
         {"drop_table v"}},
        {"ColumnsIfNotExists",
         "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int; ALTER TABLE t DROP a;",
         {"drop_column t.a"}},
        {"ColumnsIfNotExistsRenamed",
         "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int; ALTER TABLE t RENAME a TO b;",
         {"rename_column t.a"}},
        {"ColumnsIfNotExistsInSteps",
         "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int; ALTER TABLE t ALTER a SET NOT NULL;",
         {"set_not_null t.a"}},
        {"ColumnsOfNewTablesIfNotExists",
         "CREATE TABLE t (b int); ALTER TABLE t ADD COLUMN IF NOT EXISTS a int; ALTER TABLE t DROP "
         "a;",
         {}},
        {"IndexesIfNotExists",
         "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a); DROP INDEX i;",
         {"drop_unique i", "drop_index i"}},
        {"ColumnsMadeAgain",
         "ALTER TABLE t DROP a; ALTER TABLE t ADD a int; ALTER TABLE t DROP a;",
         {"drop_column t.a", "drop_column t.a"}},
        {"ColumnsMadeAgainAreKnownToRunningCode",
         "ALTER TABLE t DROP a; ALTER TABLE t ADD a int; ALTER TABLE t ALTER a TYPE text;",
         {"drop_column t.a", "change_type t.a"}},
        {"CascadeFromANewTableToAnOldView",
         "CREATE TABLE t (a int); CREATE OR REPLACE VIEW v AS SELECT a FROM t; DROP TABLE t "
         "CASCADE;",
         {"drop_table v"}},
        {"SchemasMadeHereGo",
         "CREATE SCHEMA s; CREATE TABLE s.t (a int); DROP SCHEMA s CASCADE;",
         {}},
        {"OldTablesInANewSchemaGoWithIt",
         "CREATE SCHEMA s; ALTER TABLE t SET SCHEMA s; DROP SCHEMA s CASCADE;",
         {"rename_table t", "drop_table s.t"}},
        {"SchemasIfNotExists", "CREATE SCHEMA IF NOT EXISTS s; DROP SCHEMA s;", {"unproven "}},
        {"RenameIfExistsMakesNothingKnown",
         "ALTER INDEX IF EXISTS i RENAME TO j; CREATE INDEX IF NOT EXISTS j ON t (a);",
         {"index_not_concurrent t.j"}},
        {"ColumnRenamesAreFollowed",
         "ALTER TABLE t ADD a int; ALTER TABLE t RENAME a TO b; ALTER TABLE t DROP b;",
         {}},
        {"AsSelect",
         "CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t DROP a; SELECT 1 INTO u; DROP TABLE u;",
         {}},
        {"Schemas", "CREATE SCHEMA shop CREATE TABLE t (a int); DROP TABLE shop.t;", {}},
        {"TemporaryTablesHideOthers",
         "CREATE TEMP TABLE t (a int); DROP TABLE t; DROP TABLE t;",
         {"drop_table t"}},
        {"SerialIsNotRequired", "ALTER TABLE t ADD a serial;", {"volatile_default t.a"}},
        {"IdentityIsNotRequired",
         "ALTER TABLE t ADD a int GENERATED ALWAYS AS IDENTITY;",
         {"volatile_default t.a"}},
        {"GeneratedIsNotRequired",
         "ALTER TABLE t ADD a int NOT NULL GENERATED ALWAYS AS (1) STORED;",
         {"volatile_default t.a"}},
        {"NullIsNoDefault",
         "ALTER TABLE t ADD a int NOT NULL DEFAULT NULL::int;",
         {"required_column t.a"}},
        {"PrimaryKeyIsNotNull",
         "ALTER TABLE t ADD a int PRIMARY KEY;",
         {"index_not_concurrent t (a)", "required_column t.a"}},
        {"VolatileDefault",
         "ALTER TABLE t ADD a uuid DEFAULT gen_random_uuid();",
         {"volatile_default t.a"}},
        {"StableDefault",
         "ALTER TABLE t ADD a timestamptz NOT NULL DEFAULT now(), ADD b text[] DEFAULT "
         "'{}'::text[];",
         {}},
        {"DefaultSetInTheSameTransaction",
         "BEGIN; ALTER TABLE t ADD a int; ALTER TABLE t ALTER a SET NOT NULL, ALTER a SET DEFAULT "
         "1; COMMIT;",
         {"set_not_null t.a"}},
        {"DefaultSetTooLate",
         "ALTER TABLE t ADD a int; ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t ALTER a SET "
         "DEFAULT 1;",
         {"required_column t.a"}},
        {"AddedWithACheck", "ALTER TABLE t ADD a int CHECK (a > 0);", {"new_check t.t_a_check"}},
        {"PoliciesOnNewTables",
         "CREATE TABLE t (a int); CREATE POLICY p ON t AS RESTRICTIVE; CREATE POLICY p ON u AS "
         "RESTRICTIVE; CREATE POLICY q ON u;",
         {"revoke u"}},
        {"QueriesAreHarmlessUnlessTheyCallSomething",
         "SELECT max(a), count(*) FROM t; SELECT max(f(a)) FROM t; SELECT f(a) FROM t;",
         {"unproven ", "unproven "}},
        {"ColumnsAreKnownOfTablesMadeHere",
         "CREATE TABLE t (a int); ALTER TABLE t DROP COLUMN IF EXISTS b;",
         {}},
        {"WhatIsRolledBack", "BEGIN; CREATE TABLE t (a int); ROLLBACK;", {"unproven "}},
    }),
    [](const auto& info) { return info.param.what; });

TEST(LintTest, FingerprintsSurviveMovedLinesAndTellTwinsApart) {
  const v1::LintReport a = Lint({{"a.sql", "DROP TABLE t;"}});
  const v1::LintReport b = Lint({{"a.sql", "\n\n  DROP /* away */  TABLE t ;"}});
  const v1::LintReport c = Lint({{"b.sql", "DROP TABLE t;"}});
  const v1::LintReport twins = Lint({{"a.sql", "DROP TABLE t; DROP TABLE t;"}});
  EXPECT_EQ(a.findings(0).fingerprint().size(), 32u);
  EXPECT_EQ(a.findings(0).fingerprint(), b.findings(0).fingerprint());
  EXPECT_NE(a.findings(0).fingerprint(), c.findings(0).fingerprint());
  EXPECT_EQ(a.findings(0).fingerprint(), twins.findings(0).fingerprint());
  EXPECT_NE(twins.findings(0).fingerprint(), twins.findings(1).fingerprint());
}

struct HostileCase {
  const char* what;
  std::string sql;
  Findings found;
};

class HostileTest : public ::testing::TestWithParam<HostileCase> {};
// The DROP TABLE behind each is found, or the text is refused as a whole.
TEST_P(HostileTest, GetsAClearAnswer) {
  EXPECT_EQ(Found(Lint({{"a.sql", GetParam().sql}})), GetParam().found);
}
INSTANTIATE_TEST_SUITE_P(
    Texts, HostileTest,
    ::testing::ValuesIn(std::vector<HostileCase>{
        {"LongSum", "SELECT 1" + Repeat("+1", 100'000) + "; DROP TABLE t;", {"drop_table t"}},
        {"LongSumAsDefault",
         "ALTER TABLE t ADD a int DEFAULT 1" + Repeat("+1", 100'000) + "; DROP TABLE t;",
         {"volatile_default t.a", "drop_table t"}},
        {"LongCheck",
         "ALTER TABLE t ADD CHECK (" + Repeat("a IS NOT NULL AND ", 50'000) +
             "true); DROP TABLE t;",
         {"new_check t.t_a_check", "drop_table t"}},
        {"NestedCheck",
         "ALTER TABLE t ADD CHECK (" + Repeat("a > 0 AND (b > 0 OR (", 500) + "true" +
             Repeat("))", 500) + "); DROP TABLE t;",
         {"new_check t.t_a_b_check", "drop_table t"}},
        {"ManyFunctionsAndTypes",
         Numbered("CREATE FUNCTION f(a t", ") RETURNS int LANGUAGE sql AS '';", 5'000) +
             Numbered("CREATE TYPE e", " AS ENUM ('a');", 5'000) + "DROP TABLE t;",
         {"drop_table t"}},
        {"Parentheses",
         "SELECT " + Repeat("(", 100'000) + "1" + Repeat(")", 100'000) + "; DROP TABLE t;",
         {"unproven ", "drop_table t"}},
        {"OpenParentheses",
         "SELECT " + Repeat("(", 100'000) + "; DROP TABLE t;",
         {"unproven ", "drop_table t"}},
        {"Subselects",
         Repeat("SELECT * FROM (", 20'000) + "SELECT 1" + Repeat(") a", 20'000) + "; DROP TABLE t;",
         {"unproven ", "drop_table t"}},
        {"NestedComments",
         Repeat("/*", 100'000) + Repeat("*/", 100'000) + " DROP TABLE t;",
         {"drop_table t"}},
        {"Nul", std::string("SELECT 1;\0DROP TABLE t;", 23), {"unproven "}},
        {"BrokenUtf8", "SELECT '\xE9'; DROP TABLE t;", {"unproven "}},
        {"ByteOrderMark",
         "\xEF\xBB\xBF"
         "DROP TABLE t;",
         {"drop_table t"}},
        {"TooLarge", std::string(50 << 20, ';'), {"unproven "}},
        {"LongName",
         "DROP TABLE " + std::string(1 << 20, 'x') + "; DROP TABLE t;",
         {"drop_table " + std::string(63, 'x'), "drop_table t"}},
        {"UnionsOfAView",
         "CREATE VIEW v AS SELECT 1" + Repeat(" UNION ALL SELECT 1", 50'000) + "; DROP TABLE t;",
         {"drop_table t"}},
        {"SubselectsOfAView",
         "CREATE VIEW v AS " + Repeat("SELECT * FROM (", 500) + "SELECT 1" + Repeat(") a", 500) +
             "; DROP TABLE t;",
         {"drop_table t"}},
        {"ManyColumns",
         "CREATE TABLE n (a int);" + Numbered("ALTER TABLE n ADD c", " int;", 15'000) +
             "DROP TABLE t;",
         {"drop_table t"}},
        {"ManyIndexes",
         "CREATE TABLE n (a int);" + Numbered("CREATE INDEX i", " ON n (a);", 15'000) +
             Repeat("ALTER TABLE n RENAME TO m; ALTER TABLE m RENAME TO n;", 5'000) +
             "DROP TABLE n; DROP TABLE t;",
         {"drop_table t"}},
        {"Empty", "", {}},
    }),
    [](const auto& info) { return info.param.what; });

TEST(LintTest, ManyFindingsAreCut) {
  const v1::LintReport report = Lint({{"a.sql", Repeat("DROP TABLE t;\n", 200'000)}});
  EXPECT_EQ(report.findings_size(), 1001);
  EXPECT_EQ(report.decision(), v1::DECISION_BLOCK);
}

TEST(LintTest, EightThreadsAtOnceSayTheSame) {
  const std::vector<LintFile> files = {
      {"1.sql", "CREATE TABLE t (a int, b varchar(20)); FOO;"},
      {"2.sql",
       "ALTER TABLE t DROP a, ALTER b TYPE text; SELECT '" + std::string(10'000, 'x') + "';"}};
  const std::string expected = Lint(files).SerializeAsString();
  std::vector<std::thread> threads;
  std::vector<int> differences(8);
  for (int& count : differences) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) count += Lint(files).SerializeAsString() != expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(differences, std::vector<int>(8));
}

}  // namespace
}  // namespace gate
