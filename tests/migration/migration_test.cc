// The check: from what was observed to an outcome.
#include "checks/migration/migration.h"

#include <string>

#include "checks/evidence.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

v1::Change WithFiles(std::initializer_list<const char*> sqls) {
  v1::Change change;
  change.set_kind(v1::CHANGE_KIND_CODE);
  v1::SchemaChange& schema_change = *change.mutable_schema_change();
  for (const char* sql : sqls) {
    v1::MigrationFile& file = *schema_change.add_files();
    file.set_path("db/" + std::to_string(schema_change.files_size()) + ".sql");
    file.set_sql(sql);
  }
  return change;
}

// By the rules alone; proof_test.cc has the rest.
v1::PolicyRule Unrehearsed() {
  v1::PolicyRule rule;
  rule.mutable_checks()->mutable_migration()->set_rehearsal(v1::REHEARSAL_MODE_OFF);
  return rule;
}

v1::CheckOutcome Judge(const v1::Change& change, const v1::PolicyRule& rule = Unrehearsed()) {
  Evidence evidence;
  for (const v1::Query& query : kMigrationCheck.needs(change, rule)) {
    v1::Observation observation;
    observation.set_id(query.id());
    *observation.mutable_schema_change() = change.schema_change();
    evidence.Add(observation);
  }
  return kMigrationCheck.judge(change, evidence, rule, absl::UnixEpoch());
}

TEST(MigrationCheckTest, SkipsReleasesWithoutMigrations) {
  v1::Change change;
  change.set_kind(v1::CHANGE_KIND_CODE);
  EXPECT_THAT(kMigrationCheck.needs(change, {}), SizeIs(0));
  EXPECT_EQ(Judge(change).outcome(), v1::OUTCOME_SKIPPED);
  EXPECT_EQ(Judge(WithFiles({})).outcome(), v1::OUTCOME_SKIPPED);
}

TEST(MigrationCheckTest, AMigrationThatIsNotThereIsInconclusive) {
  v1::Change change;
  change.set_kind(v1::CHANGE_KIND_MIGRATION);
  ASSERT_THAT(kMigrationCheck.needs(change, {}), SizeIs(1));
  EXPECT_EQ(Judge(change).outcome(), v1::OUTCOME_INCONCLUSIVE);
  const v1::CheckOutcome absent = kMigrationCheck.judge(change, Evidence(), {}, absl::UnixEpoch());
  EXPECT_EQ(absent.outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_THAT(absent.summary(), HasSubstr("not known"));
}

// A table of the release in one database is not the table of that name in another.
TEST(MigrationCheckTest, DatabasesAreJudgedByThemselves) {
  v1::Change change = WithFiles(
      {"CREATE TABLE orders (id bigint, note text);", "ALTER TABLE orders DROP COLUMN note;"});
  EXPECT_EQ(Judge(change).outcome(), v1::OUTCOME_PASS);
  v1::SchemaChange& schema = *change.mutable_schema_change();
  for (const char* name : {"billing", "shop"}) schema.add_databases()->set_name(name);
  schema.mutable_files(0)->set_database("billing");
  schema.mutable_files(1)->set_database("shop");
  const v1::CheckOutcome outcome = Judge(change);
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_FAIL);
  ASSERT_THAT(outcome.findings(), SizeIs(1));
  EXPECT_EQ(outcome.findings(0).location().path(), "db/2.sql");

  schema.mutable_files(0)->set_database("shop");
  EXPECT_EQ(Judge(change).outcome(), v1::OUTCOME_PASS);
}

TEST(MigrationCheckTest, EachDatabaseHasASchemaOfItsOwn) {
  v1::Change change = WithFiles({"ALTER TABLE orders ALTER COLUMN note TYPE text;"});
  v1::SchemaChange& schema = *change.mutable_schema_change();
  schema.set_schema_before("CREATE TABLE orders (id bigint, note int);");
  v1::Database& shop = *schema.add_databases();
  shop.set_name("shop");
  shop.set_schema_before("CREATE TABLE orders (id bigint, note varchar(20));");
  EXPECT_EQ(Judge(change).outcome(), v1::OUTCOME_FAIL);
  schema.mutable_files(0)->set_database("shop");
  EXPECT_EQ(Judge(change).outcome(), v1::OUTCOME_PASS);  // Binary-coercible.
}

TEST(MigrationCheckTest, AHarmlessMigrationPasses) {
  const v1::CheckOutcome outcome = Judge(WithFiles(
      {"ALTER TABLE orders ADD COLUMN note text;", "CREATE TABLE invoices (id bigint PRIMARY KEY);",
       "CREATE INDEX CONCURRENTLY i ON orders (note);"}));
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_PASS);
  EXPECT_EQ(outcome.summary(), "The running version can go on while 3 migrations are applied.");
}

TEST(MigrationCheckTest, ABreakFailsAndSaysWhere) {
  const v1::CheckOutcome outcome =
      Judge(WithFiles({"DO $$ $$;", "\nALTER TABLE orders DROP COLUMN note;"}));
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_FAIL);
  EXPECT_THAT(outcome.summary(), HasSubstr("db/2.sql:2: Nodes of the running version fail"));
  EXPECT_THAT(outcome.findings(), SizeIs(2));
}

TEST(MigrationCheckTest, FilesOfAReleaseAreOneStep) {
  EXPECT_EQ(Judge(WithFiles({"CREATE TABLE t (a int);", "DROP TABLE t;"})).outcome(),
            v1::OUTCOME_PASS);
  EXPECT_EQ(Judge(WithFiles({"ALTER TABLE t ADD a int;", "ALTER TABLE t ALTER a SET NOT NULL;"}))
                .outcome(),
            v1::OUTCOME_FAIL);
}

TEST(MigrationCheckTest, WhatIsUnprovenNeverPasses) {
  v1::PolicyRule rule = Unrehearsed();
  (*rule.mutable_checks()->mutable_migration()->mutable_severities())["migration.unproven"] =
      v1::SEVERITY_INFO;
  for (const char* sql : {"DO $$ $$;", "FOO;", "\\i a.sql", "SELECT f();"}) {
    EXPECT_EQ(Judge(WithFiles({sql})).outcome(), v1::OUTCOME_INCONCLUSIVE) << sql;
    EXPECT_EQ(Judge(WithFiles({sql}), rule).outcome(), v1::OUTCOME_INCONCLUSIVE) << sql;
  }
  EXPECT_THAT(kMigrationCheck.validate({}, rule), SizeIs(1));
}

TEST(MigrationCheckTest, ThePolicySetsSeverities) {
  v1::PolicyRule rule;
  auto& severities = *rule.mutable_checks()->mutable_migration()->mutable_severities();
  const v1::Change change = WithFiles({"CREATE INDEX i ON orders (note);"});
  EXPECT_EQ(Judge(change).outcome(), v1::OUTCOME_FAIL);
  severities["migration.index_not_concurrent"] = v1::SEVERITY_WARN;
  EXPECT_THAT(kMigrationCheck.validate({}, rule), SizeIs(0));
  const v1::CheckOutcome outcome = Judge(change, rule);
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_PASS);
  EXPECT_EQ(outcome.findings(0).severity(), v1::SEVERITY_WARN);
  severities["migration.drop_colum"] = v1::SEVERITY_WARN;
  EXPECT_THAT(kMigrationCheck.validate({}, rule), SizeIs(1));
}

TEST(MigrationCheckTest, ACommentCoversAFindingUnlessThePolicyIgnoresIt) {
  const v1::Change change = WithFiles(
      {"-- gate:allow migration.drop_column: never read (OPS-12)\nALTER TABLE t DROP COLUMN a;"});
  const v1::CheckOutcome covered = Judge(change);
  EXPECT_EQ(covered.outcome(), v1::OUTCOME_PASS);
  ASSERT_THAT(covered.findings(), SizeIs(1));
  EXPECT_EQ(covered.findings(0).covered_by(), "a comment: never read (OPS-12)");

  v1::PolicyRule rule;
  rule.mutable_checks()->mutable_migration()->set_ignore_suppression_comments(true);
  EXPECT_EQ(Judge(change, rule).outcome(), v1::OUTCOME_FAIL);
}

TEST(MigrationCheckTest, LocksOnTablesKnownToBeSmallDoNotForbid) {
  v1::Change change = WithFiles({"CREATE INDEX i ON orders (note);"});
  EXPECT_EQ(Judge(change).outcome(), v1::OUTCOME_FAIL);
  v1::TableState& size = *change.mutable_schema_change()->add_tables();
  size.set_name("public.orders");
  size.set_bytes(96 << 10);
  size.set_rows(1200);
  const v1::CheckOutcome small = Judge(change);
  EXPECT_EQ(small.outcome(), v1::OUTCOME_PASS);
  ASSERT_THAT(small.findings(), SizeIs(1));
  EXPECT_EQ(small.findings(0).severity(), v1::SEVERITY_INFO);
  EXPECT_THAT(small.findings(0).message(), HasSubstr("orders has 96 kB, about 1200 rows."));

  v1::PolicyRule rule;
  rule.mutable_checks()->mutable_migration()->set_small_table_bytes(50'000);
  EXPECT_EQ(Judge(change, rule).outcome(), v1::OUTCOME_FAIL);
  rule.mutable_checks()->mutable_migration()->set_small_table_bytes(0);
  EXPECT_EQ(Judge(change, rule).outcome(), v1::OUTCOME_FAIL);
  rule.mutable_checks()->mutable_migration()->set_small_table_bytes(-1);
  EXPECT_THAT(kMigrationCheck.validate({}, rule), SizeIs(1));

  size.set_bytes(int64_t{12} << 30);
  size.set_rows(40'123'456);
  const v1::CheckOutcome large = Judge(change);
  EXPECT_EQ(large.outcome(), v1::OUTCOME_FAIL);
  EXPECT_THAT(large.findings(0).message(), HasSubstr("orders has 12 GB, about 40 million rows."));
}

// Somebody holds a small table open: what needs a strong lock waits, and so do all behind it.
TEST(MigrationCheckTest, ASmallTableThatIsInUseIsNoExcuse) {
  v1::Change change = WithFiles({"CREATE INDEX i ON orders (note);"});
  v1::TableState& state = *change.mutable_schema_change()->add_tables();
  state.set_name("public.orders");
  state.set_bytes(8192);
  state.mutable_used_since()->set_seconds(1'800'000'000);
  const v1::CheckOutcome outcome = Judge(change);
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_FAIL);
  EXPECT_THAT(outcome.findings(0).message(),
              HasSubstr("A transaction that began at 2027-01-15T08:00:00Z was still using orders"));
}

// Migrations may have begun when there were tables already; a database knows all that it has.
TEST(MigrationCheckTest, AMissingTableIsAMismatchWhereTheDatabaseSaysSo) {
  v1::Change change = WithFiles({"ALTER TABLE users ADD COLUMN city text;"});
  v1::SchemaChange& schema = *change.mutable_schema_change();
  schema.set_schema_before("CREATE TABLE orders (id int);");
  EXPECT_EQ(Judge(change).outcome(), v1::OUTCOME_PASS);
  schema.add_tables()->set_name("public.orders");
  const v1::CheckOutcome outcome = Judge(change);
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_INCONCLUSIVE);
  ASSERT_THAT(outcome.findings(), SizeIs(1));
  EXPECT_EQ(outcome.findings(0).rule(), "migration.schema_mismatch");
  EXPECT_EQ(outcome.findings(0).subject(), "users");
}

// However small, what breaks running code breaks it.
TEST(MigrationCheckTest, ASmallTableExcusesNoBreak) {
  v1::Change change = WithFiles({"ALTER TABLE orders DROP COLUMN note;",
                                 "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0);"});
  v1::TableState& size = *change.mutable_schema_change()->add_tables();
  size.set_name("public.orders");
  size.set_bytes(8192);
  const v1::CheckOutcome outcome = Judge(change);
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_FAIL);
  for (const v1::Finding& finding : outcome.findings()) {
    EXPECT_EQ(finding.severity(), v1::SEVERITY_BLOCK) << finding.rule();
  }
}

TEST(MigrationCheckTest, RulesAreSortedById) {
  const std::span<const RuleDoc> rules = kMigrationCheck.rules();
  ASSERT_GE(rules.size(), 9u);
  for (size_t i = 1; i < rules.size(); ++i) EXPECT_LT(rules[i - 1].id, rules[i].id);
}

}  // namespace
}  // namespace gate
