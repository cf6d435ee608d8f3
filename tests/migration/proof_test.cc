// How the check weighs a rehearsal: what the policy asks for, and what several databases are. What
// a rehearsal makes of findings is in the goldens (NAME.rehearsal.txt).
#include "checks/migration/proof.h"

#include <algorithm>
#include <optional>

#include "checks/evidence.h"
#include "checks/migration/migration.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

v1::Change NewChange(const std::string& sql) {
  v1::Change change;
  change.set_kind(v1::CHANGE_KIND_CODE);
  v1::SchemaChange& schema = *change.mutable_schema_change();
  schema.set_schema_before("CREATE TABLE orders (id bigint, note text);");
  schema.add_files()->set_path("db/1.sql");
  schema.mutable_files(0)->set_sql(sql);
  return change;
}

v1::PolicyRule RuleWith(v1::RehearsalMode mode) {
  v1::PolicyRule rule;
  rule.mutable_checks()->mutable_migration()->set_rehearsal(mode);
  return rule;
}

v1::CheckOutcome Judge(const v1::Change& change, v1::RehearsalMode mode,
                       const v1::Observation& rehearsal) {
  Evidence evidence;
  v1::Observation observation;
  observation.set_id("migration.schema_change");
  *observation.mutable_schema_change() = change.schema_change();
  evidence.Add(observation);
  evidence.Add(rehearsal);
  return kMigrationCheck.judge(change, evidence, RuleWith(mode), absl::UnixEpoch());
}

v1::Observation Late() {
  return Absent("migration.rehearsal", "rehearsal", v1::ABSENCE_REASON_TIMEOUT, "");
}

v1::Observation Completed(std::initializer_list<const char*> databases = {""}) {
  v1::Observation observation;
  observation.set_id("migration.rehearsal");
  for (const char* database : databases) {
    v1::Rehearsal& rehearsal = *observation.mutable_rehearsals()->add_rehearsals();
    rehearsal.set_end(v1::REHEARSAL_END_COMPLETED);
    rehearsal.set_postgres_major_version(15);
    rehearsal.set_database(database);
  }
  return observation;
}

std::vector<std::string> RulesOf(const v1::CheckOutcome& outcome) {
  std::vector<std::string> rules;
  for (const v1::Finding& finding : outcome.findings()) rules.push_back(finding.rule());
  return rules;
}

TEST(ProofTest, IsAskedForUnlessThePolicySaysOtherwise) {
  const v1::Change change = NewChange("ALTER TABLE orders ADD region text;");
  const auto ids = [&](const v1::Change& of, v1::RehearsalMode mode) {
    std::vector<std::string> found;
    for (const v1::Query& query : kMigrationCheck.needs(of, RuleWith(mode))) {
      found.push_back(query.id());
    }
    return found;
  };
  EXPECT_THAT(ids(change, v1::REHEARSAL_MODE_UNSPECIFIED),
              ElementsAre("migration.schema_change", "migration.rehearsal"));
  EXPECT_THAT(ids(change, v1::REHEARSAL_MODE_REQUIRED),
              ElementsAre("migration.schema_change", "migration.rehearsal"));
  EXPECT_THAT(ids(change, v1::REHEARSAL_MODE_OFF), ElementsAre("migration.schema_change"));
  v1::Change without;
  without.set_kind(v1::CHANGE_KIND_MIGRATION);
  EXPECT_THAT(ids(without, v1::REHEARSAL_MODE_UNSPECIFIED), ElementsAre("migration.schema_change"));
}

TEST(ProofTest, WithoutOneTheRulesStandAndSaySo) {
  const v1::CheckOutcome outcome = Judge(NewChange("ALTER TABLE orders ADD region text;"),
                                         v1::REHEARSAL_MODE_WHEN_AVAILABLE, Late());
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_PASS);
  ASSERT_THAT(RulesOf(outcome), ElementsAre("migration.not_rehearsed"));
  EXPECT_EQ(outcome.findings(0).severity(), v1::SEVERITY_INFO);
  EXPECT_FALSE(outcome.findings(0).has_location());
  EXPECT_THAT(outcome.findings(0).message(), HasSubstr("did not answer in time"));

  const v1::CheckOutcome breaks =
      Judge(NewChange("ALTER TABLE orders DROP note;"), v1::REHEARSAL_MODE_WHEN_AVAILABLE, Late());
  EXPECT_EQ(breaks.outcome(), v1::OUTCOME_FAIL);
  EXPECT_THAT(RulesOf(breaks), ElementsAre("migration.drop_column", "migration.not_rehearsed"));
}

TEST(ProofTest, WithoutOneThatIsRequiredTheCheckIsInconclusive) {
  const v1::Change change = NewChange("ALTER TABLE orders ADD region text;");
  const v1::CheckOutcome late = Judge(change, v1::REHEARSAL_MODE_REQUIRED, Late());
  EXPECT_EQ(late.outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_EQ(late.findings(0).severity(), v1::SEVERITY_BLOCK);
  EXPECT_THAT(late.findings(0).effects(), ElementsAre(v1::EFFECT_UNPROVEN));
  EXPECT_THAT(late.summary(), HasSubstr("Not shown to be safe: Nothing was proven"));
  EXPECT_EQ(Judge(change, v1::REHEARSAL_MODE_REQUIRED, Completed()).outcome(), v1::OUTCOME_PASS);

  // Nor is one that had nothing to look at a proof.
  v1::Observation blind = Completed();
  blind.mutable_rehearsals()->mutable_rehearsals(0)->set_workload_statements(3);
  EXPECT_EQ(Judge(change, v1::REHEARSAL_MODE_REQUIRED, blind).outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_EQ(Judge(change, v1::REHEARSAL_MODE_WHEN_AVAILABLE, blind).outcome(), v1::OUTCOME_PASS);
  v1::Observation bodies_unseen = Completed();
  bodies_unseen.mutable_rehearsals()->mutable_rehearsals(0)->set_bodies(2);
  EXPECT_EQ(Judge(change, v1::REHEARSAL_MODE_REQUIRED, bodies_unseen).outcome(),
            v1::OUTCOME_INCONCLUSIVE);
  bodies_unseen.mutable_rehearsals()->mutable_rehearsals(0)->set_covered_bodies(1);
  EXPECT_EQ(Judge(change, v1::REHEARSAL_MODE_REQUIRED, bodies_unseen).outcome(), v1::OUTCOME_PASS);
  v1::Observation unspecified = Completed();
  unspecified.mutable_rehearsals()->mutable_rehearsals(0)->clear_end();
  EXPECT_EQ(Judge(change, v1::REHEARSAL_MODE_REQUIRED, unspecified).outcome(),
            v1::OUTCOME_INCONCLUSIVE);
}

TEST(ProofTest, EachDatabaseHasARehearsalOfItsOwn) {
  v1::Change change = NewChange("ALTER TABLE orders ADD region text;");
  *change.mutable_schema_change()->add_files() = change.schema_change().files(0);
  change.mutable_schema_change()->mutable_files(1)->set_database("billing");
  EXPECT_EQ(Judge(change, v1::REHEARSAL_MODE_REQUIRED, Completed({"", "billing"})).outcome(),
            v1::OUTCOME_PASS);
  EXPECT_EQ(Judge(change, v1::REHEARSAL_MODE_REQUIRED, Completed({""})).outcome(),
            v1::OUTCOME_INCONCLUSIVE);

  v1::Observation one_breaks = Completed({"", "billing"});
  v1::SchemaEffect& effect = *one_breaks.mutable_rehearsals()->mutable_rehearsals(1)->add_effects();
  effect.set_kind(v1::SCHEMA_EFFECT_KIND_FUNCTION_BROKEN);
  effect.set_subject("public.total(integer)");
  const v1::CheckOutcome outcome = Judge(change, v1::REHEARSAL_MODE_WHEN_AVAILABLE, one_breaks);
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_FAIL);
  EXPECT_THAT(RulesOf(outcome), ElementsAre("migration.rehearsed_break"));
}

// ---- what its lists have no room for
TEST(ProofTest, WhatIsLeftOutIsUnproven) {
  const v1::Change change = NewChange("ALTER TABLE orders ADD region text;");
  for (int field = 0; field < 4; ++field) {
    v1::Observation full = Completed();
    v1::LeftOut& left_out = *full.mutable_rehearsals()->mutable_rehearsals(0)->mutable_left_out();
    if (field == 0) left_out.set_statements(1);
    if (field == 1) left_out.set_broken_statements(1);
    if (field == 2) left_out.set_result_changes(1);
    if (field == 3) left_out.set_effects(1);
    const v1::CheckOutcome outcome = Judge(change, v1::REHEARSAL_MODE_WHEN_AVAILABLE, full);
    EXPECT_EQ(outcome.outcome(), v1::OUTCOME_INCONCLUSIVE) << field;
    EXPECT_THAT(outcome.summary(), HasSubstr("has seen 1 thing more than are told of"));
  }
  v1::Observation lost = Completed();
  v1::Rehearsal& rehearsal = *lost.mutable_rehearsals()->mutable_rehearsals(0);
  rehearsal.add_lost_coverage()->set_reason("why");
  rehearsal.mutable_left_out()->set_lost_coverage(500);
  const v1::CheckOutcome outcome = Judge(change, v1::REHEARSAL_MODE_WHEN_AVAILABLE, lost);
  EXPECT_THAT(outcome.findings(0).message(), HasSubstr("could not look at 501 things"));
}

TEST(ProofTest, StatementsThatAreNotListedCount) {
  v1::Observation broken = Completed();
  v1::Rehearsal& rehearsal = *broken.mutable_rehearsals()->mutable_rehearsals(0);
  v1::BrokenStatement& one = *rehearsal.add_broken_statements();
  one.mutable_statement()->set_sql("SELECT note FROM orders");
  one.set_sqlstate("42703");
  one.set_message("column \"note\" does not exist");
  one.set_more_alike(1999);
  for (const char* sql :
       {"DO $$ BEGIN ALTER TABLE orders DROP note; END $$;", "ALTER TABLE orders DROP note;"}) {
    const v1::CheckOutcome outcome =
        Judge(NewChange(sql), v1::REHEARSAL_MODE_WHEN_AVAILABLE, broken);
    const auto found = std::ranges::find(outcome.findings(), std::string("migration.drop_column"),
                                         &v1::Finding::rule);
    ASSERT_NE(found, outcome.findings().end()) << outcome.DebugString();
    EXPECT_EQ(found->witness_count(), 2000);
    EXPECT_THAT(found->message(), HasSubstr("2000 statements of the running version fail"));
  }
}

// However many statements are harmless, the scan of the last one is seen; and more of them than
// there is room for are not passed over.
TEST(ProofTest, EveryStatementIsLookedAt) {
  constexpr int kHarmless = 300;
  const auto judge = [&](int scans) {
    std::string sql;
    v1::Observation seen = Completed();
    v1::Rehearsal& rehearsal = *seen.mutable_rehearsals()->mutable_rehearsals(0);
    for (int i = 0; i < kHarmless + scans; ++i) {
      sql += "DO $$ BEGIN NULL; END $$;\n";
      v1::RehearsedStatement& statement = *rehearsal.add_statements();
      statement.set_path("db/1.sql");
      statement.set_line(i + 1);
      statement.set_sql("DO $$ BEGIN NULL; END $$");
      statement.set_transaction(i + 1);
      if (i < kHarmless) continue;
      v1::TableLock& lock = *statement.add_locks();
      lock.set_table("public.orders");
      lock.set_mode(v1::LOCK_MODE_SHARE);
      statement.add_scans()->set_table("public.orders");
    }
    const v1::CheckOutcome outcome = Judge(NewChange(sql), v1::REHEARSAL_MODE_WHEN_AVAILABLE, seen);
    return std::pair(
        std::ranges::count(outcome.findings(), std::string("migration.rehearsed_lock"),
                           &v1::Finding::rule),
        std::ranges::count(outcome.findings(), std::string("migration.rehearsal_coverage"),
                           &v1::Finding::rule));
  };
  EXPECT_EQ(judge(1), std::pair(1L, 0L));
  EXPECT_EQ(judge(250), std::pair(200L, 1L));
}

// ---- when statements last ran: rules and rehearsal go by the same
v1::CheckOutcome JudgeDisuse(const std::string& sql, std::optional<absl::Duration> used_ago,
                             absl::Duration recorded, bool whole = true) {
  const absl::Time now = absl::UnixEpoch() + absl::Hours(24 * 100);
  const auto set = [](absl::Time time, google::protobuf::Timestamp& to) {
    to.set_seconds(absl::ToUnixSeconds(time));
  };
  v1::Change change = NewChange(sql);
  v1::SchemaChange& schema = *change.mutable_schema_change();
  v1::WorkloadStatement& statement = *schema.add_running_workload();
  statement.set_sql("SELECT note FROM orders");
  if (used_ago) set(now - *used_ago, *statement.mutable_last_seen());
  set(now - recorded, *schema.mutable_coverage()->mutable_recorded_since());
  set(now, *schema.mutable_coverage()->mutable_recorded_until());
  schema.mutable_coverage()->set_complete(true);
  v1::Observation broken = Completed();
  v1::Rehearsal& rehearsal = *broken.mutable_rehearsals()->mutable_rehearsals(0);
  rehearsal.set_workload_statements(1);
  rehearsal.set_covered_statements(1);
  v1::BrokenStatement& one = *rehearsal.add_broken_statements();
  *one.mutable_statement() = statement;
  one.set_sqlstate("42703");
  one.set_message("column \"note\" does not exist");
  if (!whole) rehearsal.set_bodies(1);
  Evidence evidence;
  v1::Observation observation;
  observation.set_id("migration.schema_change");
  *observation.mutable_schema_change() = schema;
  evidence.Add(observation);
  evidence.Add(broken);
  v1::PolicyRule rule = RuleWith(v1::REHEARSAL_MODE_WHEN_AVAILABLE);
  rule.mutable_checks()->mutable_migration()->mutable_unused_for()->set_seconds(7 * 24 * 3600);
  return kMigrationCheck.judge(change, evidence, rule, now);
}

const v1::Finding& DropOf(const v1::CheckOutcome& outcome) {
  for (const v1::Finding& finding : outcome.findings()) {
    if (finding.rule() == "migration.drop_column") return finding;
  }
  ADD_FAILURE() << outcome.DebugString();
  return v1::Finding::default_instance();
}

TEST(ProofTest, DisuseIsWeighedAsByTheRules) {
  constexpr absl::Duration kDay = absl::Hours(24);
  for (const char* sql :
       {"DO $$ BEGIN ALTER TABLE orders DROP note; END $$;", "ALTER TABLE orders DROP note;"}) {
    SCOPED_TRACE(sql);
    const v1::CheckOutcome unused_outcome = JudgeDisuse(sql, 10 * kDay, 30 * kDay);
    const v1::Finding& unused = DropOf(unused_outcome);
    EXPECT_EQ(unused.severity(), v1::SEVERITY_INFO) << unused.DebugString();
    EXPECT_THAT(unused.effects(), Not(testing::Contains(v1::EFFECT_BREAKS_RUNNING_VERSION)));
    EXPECT_THAT(unused.message(), HasSubstr("for longer than the 7 days that the policy asks for"));

    const v1::CheckOutcome recent_outcome = JudgeDisuse(sql, 2 * kDay, 30 * kDay);
    const v1::Finding& recent = DropOf(recent_outcome);
    EXPECT_EQ(recent.severity(), v1::SEVERITY_BLOCK) << recent.DebugString();
    EXPECT_TRUE(recent.holds());
    EXPECT_EQ(recent.clears_at().seconds(), (100 - 2 + 7) * 24 * 3600);

    // Recorded for too short a time; still in use.
    EXPECT_TRUE(DropOf(JudgeDisuse(sql, 10 * kDay, 3 * kDay)).holds());
    const v1::CheckOutcome used_outcome = JudgeDisuse(sql, std::nullopt, 30 * kDay);
    EXPECT_EQ(DropOf(used_outcome).severity(), v1::SEVERITY_BLOCK);
    EXPECT_FALSE(DropOf(used_outcome).holds());
    EXPECT_EQ(DropOf(used_outcome).witness_count(), 1);
  }
  // A body that was not looked through may use it.
  EXPECT_EQ(DropOf(JudgeDisuse("DO $$ BEGIN ALTER TABLE orders DROP note; END $$;", 10 * kDay,
                               30 * kDay, false))
                .severity(),
            v1::SEVERITY_BLOCK);
}

// What a rule has understood and found harmless is not made harmful by the catalogue's difference.
TEST(ProofTest, AConstraintThatARuleHasJudgedIsNoSecondFinding) {
  v1::Observation checked = Completed();
  v1::SchemaEffect& effect = *checked.mutable_rehearsals()->mutable_rehearsals(0)->add_effects();
  effect.set_kind(v1::SCHEMA_EFFECT_KIND_CHECK);
  effect.set_subject("public.orders.orders_region_check");
  const v1::Change null_passes =
      NewChange("ALTER TABLE orders ADD region text CHECK (region <> 'nowhere');");
  EXPECT_EQ(RulesOf(Judge(null_passes, v1::REHEARSAL_MODE_WHEN_AVAILABLE, checked)),
            RulesOf(Judge(null_passes, v1::REHEARSAL_MODE_OFF, checked)));
  EXPECT_THAT(RulesOf(Judge(NewChange("DO $$ BEGIN PERFORM 1; END $$;"),
                            v1::REHEARSAL_MODE_WHEN_AVAILABLE, checked)),
              ElementsAre("migration.unproven", "migration.new_check"));
}

// A BLOCK that only a rehearsal shows stays one where the policy tells the rule's severity.
TEST(ProofTest, SeveritiesOfThePolicyHoldForItsFindings) {
  v1::Observation breaks = Completed();
  v1::SchemaEffect& effect = *breaks.mutable_rehearsals()->mutable_rehearsals(0)->add_effects();
  effect.set_kind(v1::SCHEMA_EFFECT_KIND_FUNCTION_BROKEN);
  effect.set_subject("public.total(integer)");
  const v1::Change change = NewChange("ALTER TABLE orders ADD region text;");
  v1::PolicyRule rule = RuleWith(v1::REHEARSAL_MODE_REQUIRED);
  (*rule.mutable_checks()->mutable_migration()->mutable_severities())["migration.rehearsed_break"] =
      v1::SEVERITY_WARN;
  EXPECT_THAT(kMigrationCheck.validate({}, rule), IsEmpty());
  Evidence evidence;
  v1::Observation observation;
  observation.set_id("migration.schema_change");
  *observation.mutable_schema_change() = change.schema_change();
  evidence.Add(observation);
  evidence.Add(breaks);
  EXPECT_EQ(kMigrationCheck.judge(change, evidence, rule, absl::UnixEpoch()).outcome(),
            v1::OUTCOME_PASS);
}

// One that did not come to its end may say whatever it likes.
TEST(ProofTest, HostileAnswersAreHarmless) {
  v1::Observation odd = Completed();
  v1::Rehearsal& rehearsal = *odd.mutable_rehearsals()->mutable_rehearsals(0);
  rehearsal.add_broken_statements();
  rehearsal.add_result_changes();
  rehearsal.add_effects();
  rehearsal.add_effects()->set_kind(v1::SCHEMA_EFFECT_KIND_REQUIRED_COLUMN);
  rehearsal.add_statements()->add_rewritten_tables("");
  rehearsal.add_lost_coverage();
  const v1::CheckOutcome outcome = Judge(NewChange("ALTER TABLE orders ADD region text;"),
                                         v1::REHEARSAL_MODE_WHEN_AVAILABLE, odd);
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_FAIL);
}

}  // namespace
}  // namespace gate
