// How the check weighs a rehearsal: what the policy asks for, and what several databases are. What
// a rehearsal makes of findings is in the goldens (NAME.rehearsal.txt).
#include "checks/migration/proof.h"

#include "checks/evidence.h"
#include "checks/migration/migration.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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
