// What a rehearsal holds is bounded, and what it has no room for is counted.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "gate/evidence/rehearsal/rehearse.h"
#include "gate/evidence/rehearsal/result.h"
#include "gate/evidence/rehearsal/trial.h"
#include "tests/rehearsal/rehearsal_fixture.h"

namespace gate {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr size_t kMaxBytes = 24 << 20;

v1::Rehearsal RehearseOf(const v1::SchemaChange& change, const RehearsalLimits& limits = {}) {
  const auto cluster = Rehearsals::Get().Start();
  auto rehearsal = Rehearse(*cluster, change, limits);
  if (!rehearsal.ok()) throw std::runtime_error(std::string(rehearsal.status().message()));
  EXPECT_LT(rehearsal->ByteSizeLong(), kMaxBytes);
  return *std::move(rehearsal);
}

TEST(RehearsalBoundsTest, StatementsOfTheRelease) {
  constexpr int kStatements = 2100;
  std::string sql;
  for (int i = 0; i < kStatements; ++i) {
    absl::StrAppend(&sql, "COMMENT ON TABLE t IS '", std::string(4200, 'x'), "';\n");
  }
  const v1::Rehearsal rehearsal = RehearseOf(NewChange("CREATE TABLE t (id int);", sql, {}));
  EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_COMPLETED);
  EXPECT_GT(rehearsal.left_out().statements(), 0);
  EXPECT_EQ(rehearsal.statements_size() + rehearsal.left_out().statements(), kStatements);
  EXPECT_EQ(rehearsal.statements(0).sql().size(), 4096);
}

TEST(RehearsalBoundsTest, StatementsThatBreakAlike) {
  std::vector<std::string> workload;
  for (int i = 0; i < 700; ++i) {
    workload.push_back(absl::StrCat("SELECT note, ", i, " FROM t"));
    if (i % 100 == 0) workload.push_back(absl::StrCat("SELECT note FROM u", i));
  }
  std::string schema = "CREATE TABLE t (note text);", migration = "ALTER TABLE t DROP note;";
  for (int i = 0; i < 700; i += 100) {
    absl::StrAppend(&schema, "CREATE TABLE u", i, " (note text);");
    absl::StrAppend(&migration, "DROP TABLE u", i, ";");
  }
  const v1::Rehearsal rehearsal = RehearseOf(NewChange(schema, migration, workload));
  // However many there are, each way to break is there.
  EXPECT_THAT(rehearsal.broken_statements(), SizeIs(100 + 7));
  EXPECT_EQ(rehearsal.broken_statements(0).more_alike(), 600);
  EXPECT_FALSE(rehearsal.has_left_out());
}

TEST(RehearsalBoundsTest, WaysToBreak) {
  constexpr int kColumns = 1020;
  std::string schema = "CREATE SCHEMA s;";
  std::vector<std::string> workload;
  for (int i = 0; i < kColumns; ++i) workload.push_back(absl::StrCat("SELECT c", i, " FROM s.t"));
  absl::StrAppend(&schema, "CREATE TABLE s.t (c0 int");
  for (int i = 1; i < kColumns; ++i) absl::StrAppend(&schema, ", c", i, " int");
  absl::StrAppend(&schema, ");");
  const v1::Rehearsal rehearsal =
      RehearseOf(NewChange(schema, "DROP TABLE s.t; CREATE TABLE s.t ();", workload));
  EXPECT_THAT(rehearsal.broken_statements(), SizeIs(1000));
  EXPECT_EQ(rehearsal.left_out().broken_statements(), kColumns - 1000);
}

TEST(RehearsalBoundsTest, StatementsOfAnEffect) {
  v1::SchemaChange change =
      NewChange("CREATE TABLE t (id int, note text);", "ALTER TABLE t ADD CHECK (id > 0);", {});
  for (int i = 0; i < 300; ++i) {
    v1::WorkloadStatement& statement = *change.add_running_workload();
    statement.set_sql(absl::StrCat("INSERT INTO t (id) VALUES ($1 + ", i, ")"));
    statement.set_calls_per_hour(i);
  }
  const v1::Rehearsal rehearsal = RehearseOf(change);
  ASSERT_THAT(rehearsal.effects(), SizeIs(1));
  const v1::SchemaEffect& effect = rehearsal.effects(0);
  EXPECT_THAT(effect.statements(), SizeIs(100));
  EXPECT_EQ(effect.more_statements(), 200);
  EXPECT_EQ(effect.statements(0).calls_per_hour(), 200);  // The most frequent, in their order.
  EXPECT_EQ(effect.statements(99).calls_per_hour(), 299);
}

TEST(RehearsalBoundsTest, WhatIsLostOfEachKind) {
  std::vector<std::string> workload;
  std::string schema;
  for (int i = 0; i < 250; ++i) {
    workload.push_back(absl::StrCat("SELECT ", i, " FROM nowhere"));
    absl::StrAppend(&schema, "CREATE TABLE t", i, " (x no_such_type);\n");
  }
  const v1::Rehearsal rehearsal =
      RehearseOf(NewChange(schema, "CREATE TABLE a ();\n\\echo\n", workload));
  const auto count = [&](v1::CoverageKind kind) {
    return std::ranges::count(rehearsal.lost_coverage(), kind, &v1::LostCoverage::kind);
  };
  EXPECT_EQ(count(v1::COVERAGE_KIND_SCHEMA), 200);
  EXPECT_EQ(count(v1::COVERAGE_KIND_WORKLOAD), 200);
  EXPECT_EQ(count(v1::COVERAGE_KIND_MIGRATION), 1);
  EXPECT_EQ(rehearsal.left_out().lost_coverage(), 100);
}

TEST(RehearsalBoundsTest, ColumnsOfResults) {
  std::string schema = "CREATE TABLE t (c0 int";
  for (int i = 1; i < 1500; ++i) absl::StrAppend(&schema, ", c", i, " int");
  v1::SchemaChange change = NewChange(schema + ");", "CREATE TABLE a ();", {});
  for (int i = 0; i < 20; ++i) {
    change.add_running_workload()->set_sql(absl::StrCat("SELECT * FROM t WHERE c0 = ", i));
  }
  RehearsalLimits limits;
  limits.column_bytes = 1 << 20;
  const v1::Rehearsal rehearsal = RehearseOf(change, limits);
  EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_COMPLETED);
  EXPECT_LT(rehearsal.covered_statements(), 20);
  EXPECT_GT(rehearsal.covered_statements(), 5);
  EXPECT_EQ(rehearsal.broken_statements_size(), 0);
  EXPECT_THAT(rehearsal.lost_coverage(0).reason(), HasSubstr("more columns than there is room"));
}

TEST(RehearsalBoundsTest, OurLimitsBreakNothing) {
  EXPECT_TRUE(IsOurLimit({"", "the connection is gone"}));
  EXPECT_TRUE(IsOurLimit({"53200", "out of memory"}));
  EXPECT_TRUE(IsOurLimit({"57014", "canceling statement due to statement timeout"}));
  EXPECT_FALSE(IsOurLimit({"42703", "column does not exist"}));
  EXPECT_FALSE(IsOurLimit({"XX000", "cache lookup failed"}));
}

}  // namespace
}  // namespace gate
