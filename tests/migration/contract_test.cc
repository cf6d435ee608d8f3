// The contract half of a migration: forbidden while the workload shows that the old shape is used,
// held while only time is missing, passed once nothing has used it for as long as the policy asks.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "checks/evidence.h"
#include "checks/fold.h"
#include "checks/migration/migration.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

constexpr char kSchema[] =
    "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, note text NOT NULL DEFAULT '');";
constexpr char kUse[] = "SELECT note FROM orders WHERE id = $1";

// What a release is asked with, thirty days recorded up to a minute ago.
struct Question {
  std::vector<std::string> files = {"ALTER TABLE orders DROP COLUMN note;"};
  std::string schema = kSchema;
  std::vector<std::string> statements = {"SELECT id, user_id FROM orders WHERE id = $1"};
  // Of kUse: how long ago it last ran; zero: not at all.
  absl::Duration used_ago = absl::ZeroDuration();
  bool use_without_time = false;
  absl::Duration recorded = absl::Hours(30 * 24), age = absl::Minutes(1);
  bool complete = true, covered = true, policy = true;
};

v1::CheckOutcome Judge(const Question& question) {
  v1::Change change;
  change.set_kind(v1::CHANGE_KIND_CODE);
  v1::SchemaChange& schema = *change.mutable_schema_change();
  schema.set_schema_before(question.schema);
  for (const std::string& sql : question.files) {
    v1::MigrationFile& file = *schema.add_files();
    file.set_path(absl::StrCat("db/", schema.files_size(), ".sql"));
    file.set_sql(sql);
  }
  for (const std::string& sql : question.statements) schema.add_running_workload()->set_sql(sql);
  if (question.used_ago != absl::ZeroDuration() || question.use_without_time) {
    v1::WorkloadStatement& use = *schema.add_running_workload();
    use.set_sql(kUse);
    if (!question.use_without_time) *use.mutable_last_seen() = ToProto(kNow - question.used_ago);
  }
  if (question.covered) {
    v1::WorkloadCoverage& coverage = *schema.mutable_coverage();
    *coverage.mutable_recorded_until() = ToProto(kNow - question.age);
    *coverage.mutable_recorded_since() = ToProto(kNow - question.age - question.recorded);
    coverage.set_complete(question.complete);
    coverage.add_versions("2026.11.1");
    coverage.add_versions("2026.11.2");
  }
  v1::PolicyRule rule;
  v1::MigrationPolicy& policy = *rule.mutable_checks()->mutable_migration();
  policy.set_rehearsal(v1::REHEARSAL_MODE_OFF);
  if (question.policy) *policy.mutable_unused_for() = ToProto(absl::Hours(7 * 24));
  Evidence evidence;
  for (const v1::Query& query : kMigrationCheck.needs(change, rule)) {
    v1::Observation observation;
    observation.set_id(query.id());
    *observation.mutable_schema_change() = change.schema_change();
    evidence.Add(observation);
  }
  v1::CheckOutcome outcome = kMigrationCheck.judge(change, evidence, rule, kNow);
  Decide(policy.settings(), kNow, outcome);
  return outcome;
}

const v1::Finding& Of(const v1::CheckOutcome& outcome, const std::string& rule) {
  for (const v1::Finding& finding : outcome.findings()) {
    if (finding.rule() == "migration." + rule) return finding;
  }
  ADD_FAILURE() << "no " << rule << " in " << outcome.DebugString();
  return v1::Finding::default_instance();
}

bool Has(const v1::CheckOutcome& outcome, const std::string& rule) {
  return std::any_of(outcome.findings().begin(), outcome.findings().end(),
                     [&](const v1::Finding& each) { return each.rule() == "migration." + rule; });
}

TEST(ContractTest, PassesOnceNothingHasUsedItForLongEnough) {
  for (const absl::Duration ago : {absl::ZeroDuration(), absl::Hours(7 * 24)}) {
    const v1::CheckOutcome outcome = Judge({.used_ago = ago});
    EXPECT_EQ(outcome.outcome(), v1::OUTCOME_PASS);
    EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW) << outcome.DebugString();
    ASSERT_THAT(outcome.findings(), SizeIs(1));
    const v1::Finding& finding = Of(outcome, "drop_column");
    EXPECT_EQ(finding.severity(), v1::SEVERITY_INFO);
    EXPECT_THAT(finding.effects(), Contains(v1::EFFECT_LOSES_DATA));
    EXPECT_THAT(finding.effects(), Contains(v1::EFFECT_IRREVERSIBLE));
    EXPECT_THAT(finding.effects(), Not(Contains(v1::EFFECT_BREAKS_RUNNING_VERSION)));
    EXPECT_THAT(finding.message(), HasSubstr("No statement has used orders.note since"));
    EXPECT_THAT(finding.message(), HasSubstr("version 2026.11.1, 2026.11.2"));
    EXPECT_THAT(finding.message(), HasSubstr("is lost"));
  }
}

TEST(ContractTest, IsForbiddenWhileItIsUsed) {
  for (const Question& question :
       {Question{.used_ago = absl::Minutes(2)}, Question{.use_without_time = true},
        // A policy that asks for no time, or a workload that does not say when: the same.
        Question{.use_without_time = true, .policy = false},
        Question{.use_without_time = true, .covered = false}}) {
    const v1::CheckOutcome outcome = Judge(question);
    EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
    EXPECT_EQ(Of(outcome, "drop_column").severity(), v1::SEVERITY_BLOCK);
    const v1::Finding& early = Of(outcome, "contract_too_early");
    EXPECT_EQ(early.severity(), v1::SEVERITY_BLOCK);
    EXPECT_FALSE(early.holds());
    EXPECT_EQ(early.location().line(), 1);
    ASSERT_EQ(early.witnesses_size(), 1);
    EXPECT_EQ(early.witnesses(0).sql(), kUse);
    EXPECT_THAT(early.message(), HasSubstr("still uses orders.note"));
  }
}

TEST(ContractTest, IsHeldWhileOnlyTimeIsMissing) {
  const v1::CheckOutcome outcome = Judge({.used_ago = absl::Hours(48)});
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_FAIL);
  EXPECT_EQ(outcome.decision(), v1::DECISION_HOLD) << outcome.DebugString();
  const v1::Finding& early = Of(outcome, "contract_too_early");
  EXPECT_TRUE(early.holds());
  EXPECT_EQ(FromProto(early.clears_at()), kNow + absl::Hours(5 * 24));
  EXPECT_EQ(FromProto(outcome.retry_at()), kNow + absl::Hours(5 * 24));
  EXPECT_TRUE(Of(outcome, "drop_column").holds());
  EXPECT_EQ(Of(outcome, "drop_column").severity(), v1::SEVERITY_BLOCK);
}

TEST(ContractTest, ARecordingThatIsTooShortIsWaitedFor) {
  const v1::CheckOutcome outcome = Judge({.recorded = absl::Hours(24)});
  EXPECT_EQ(outcome.decision(), v1::DECISION_HOLD);
  EXPECT_EQ(FromProto(outcome.retry_at()),
            kNow - absl::Minutes(1) - absl::Hours(24) + absl::Hours(7 * 24));
}

TEST(ContractTest, EachContractionOfAReleaseHasToBeUnused) {
  const v1::CheckOutcome outcome = Judge({.files = {"ALTER TABLE orders DROP COLUMN note;",
                                                    "ALTER TABLE orders DROP COLUMN user_id;"}});
  EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
  EXPECT_EQ(Of(outcome, "drop_column").severity(), v1::SEVERITY_INFO);  // of note
  EXPECT_EQ(Of(outcome, "contract_too_early").subject(), "orders.user_id");
  EXPECT_EQ(Of(outcome, "contract_too_early").location().path(), "db/2.sql");
}

// Each of these leaves the finding as it is, and says why.
TEST(ContractTest, WhatProvesNothingClearsNothing) {
  const std::string function =
      "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.Note := ''; "
      "RETURN NEW; END $$;";
  const std::vector<std::pair<Question, std::string>> cases = {
      {{.age = absl::Hours(1)}, "more than 15m ago"},
      {{.age = -absl::Hours(1)}, "yet to come"},
      {{.recorded = -absl::Hours(1)}, "from when to when"},
      {{.complete = false}, "statements were lost"},
      {{.statements = {}}, "not one statement"},
      {{.statements = {"SELECT id FROM orders", "SELEC"}}, "could not be read"},
      {{.schema = ""}, "not known as a whole"},
      {{.schema = absl::StrCat(kSchema, "DO $$ BEGIN PERFORM 1; END $$;")}, "not known as a whole"},
      {{.schema = absl::StrCat(kSchema, function)}, "function touch says note"}};
  for (const auto& [question, reason] : cases) {
    const v1::CheckOutcome outcome = Judge(question);
    EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK) << reason;
    EXPECT_EQ(Of(outcome, "drop_column").severity(), v1::SEVERITY_BLOCK) << reason;
    EXPECT_THAT(Of(outcome, "drop_column").message(), HasSubstr(reason));
  }
  for (const Question& question : {Question{.covered = false}, Question{.policy = false}}) {
    const v1::CheckOutcome outcome = Judge(question);
    EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
    EXPECT_THAT(outcome.findings(), SizeIs(1));
  }
}

// Kinds that statements show by their text, and kinds that they do not.
TEST(ContractTest, OnlyWhatStatementsShowIsCleared) {
  const std::string schema = absl::StrCat(
      kSchema,
      "CREATE TYPE state AS ENUM ('a', 'b'); CREATE TABLE bills (id bigint PRIMARY KEY, s state, "
      "code text CONSTRAINT bills_code UNIQUE); CREATE VIEW open_bills AS SELECT id FROM bills;"
      "CREATE FUNCTION total() RETURNS int LANGUAGE sql AS 'SELECT 1';"
      "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
      "CREATE TABLE parts (id int) PARTITION BY RANGE (id);"
      "CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (1) TO (2);");
  for (const char* cleared :
       {"DROP TABLE bills;", "ALTER TABLE bills DROP COLUMN s;", "DROP VIEW open_bills;",
        "ALTER TABLE bills DROP CONSTRAINT bills_code;", "DROP FUNCTION total();",
        "ALTER TABLE orders ALTER COLUMN note DROP DEFAULT;", "ALTER TABLE bills RENAME TO old;",
        "ALTER TABLE bills RENAME COLUMN code TO tag;"}) {
    EXPECT_EQ(Judge({.files = {cleared}, .schema = schema}).decision(), v1::DECISION_ALLOW)
        << cleared << "\n"
        << Judge({.files = {cleared}, .schema = schema}).DebugString();
  }
  for (const char* kept :
       {"ALTER TYPE state RENAME VALUE 'a' TO 'c';", "DROP TABLE bills CASCADE;",
        "ALTER TABLE bills DROP COLUMN s CASCADE;", "ALTER TABLE bills DROP CONSTRAINT bills_pkey;",
        "ALTER TABLE orders ALTER COLUMN user_id SET NOT NULL;", "DROP FUNCTION audit() CASCADE;",
        "ALTER TABLE orders ALTER COLUMN note TYPE int USING 1;", "DROP TABLE part_1;",
        "CREATE TYPE state2 AS ENUM ('a'); ALTER TABLE bills ALTER s TYPE state2 USING 'a';"}) {
    EXPECT_EQ(Judge({.files = {kept}, .schema = schema}).decision(), v1::DECISION_BLOCK) << kept;
  }
}

// Who both expands and contracts is told to split, not to wait.
TEST(ContractTest, AReleaseThatAlsoExpandsIsNotTooEarlyButTooMuch) {
  const std::vector<std::string> files = {"ALTER TABLE orders ADD COLUMN remark text;",
                                          "UPDATE orders SET remark = note;",
                                          "ALTER TABLE orders DROP COLUMN note;"};
  const v1::CheckOutcome outcome = Judge({.files = files, .used_ago = absl::Minutes(1)});
  EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
  EXPECT_TRUE(Has(outcome, "expand_and_contract"));
  EXPECT_FALSE(Has(outcome, "contract_too_early"));
  EXPECT_THAT(Of(outcome, "expand_and_contract").message(), HasSubstr("db/1.sql:1"));
  EXPECT_EQ(Of(outcome, "expand_and_contract").location().path(), "db/3.sql");
  // Of a column that nothing has used for long nobody has to be told anything.
  const v1::CheckOutcome unused = Judge({.files = files});
  EXPECT_FALSE(Has(unused, "expand_and_contract")) << unused.DebugString();
  EXPECT_EQ(unused.decision(), v1::DECISION_ALLOW);
}

// A part of the plan, without its label and indentation.
std::string PartOf(const std::string& instead, const std::string& label, const std::string& next) {
  constexpr size_t kIndent = 10;
  const size_t begin = instead.find(label) + kIndent;
  const size_t end = next.empty() ? instead.size() : instead.find("\n" + next);
  return absl::StrReplaceAll(instead.substr(begin, end - begin),
                             {{"\n" + std::string(kIndent, ' '), "\n"}});
}

// Both halves of the gate's own plan pass, in their time: the second takes the trigger along.
TEST(ContractTest, ThePlanOfAReleaseCutInTwoPasses) {
  const v1::CheckOutcome both = Judge({.files = {"ALTER TABLE orders ADD COLUMN remark text;"
                                                 "UPDATE orders SET remark = note;"
                                                 "ALTER TABLE orders DROP COLUMN note;"},
                                       .used_ago = absl::Minutes(1)});
  const std::string& plan = Of(both, "expand_and_contract").instead();
  const std::string first = PartOf(plan, "Now:", "Between:"), second = PartOf(plan, "Later:", "");
  EXPECT_THAT(second, HasSubstr("DROP TRIGGER"));
  EXPECT_EQ(Judge({.files = {first}, .used_ago = absl::Minutes(1)}).decision(), v1::DECISION_ALLOW);
  const std::string schema = absl::StrCat(kSchema, first);
  const auto decision = [&](absl::Duration used_ago) {
    return Judge({.files = {second}, .schema = schema, .used_ago = used_ago}).decision();
  };
  EXPECT_EQ(decision(absl::Minutes(1)), v1::DECISION_BLOCK);
  EXPECT_EQ(decision(absl::Hours(24)), v1::DECISION_HOLD);
  EXPECT_EQ(decision(absl::Hours(24 * 8)), v1::DECISION_ALLOW)
      << Judge({.files = {second}, .schema = schema}).DebugString();
}

// A trigger that may do more than to carry a column over is kept.
TEST(ContractTest, OnlyATriggerThatCarriesOverGoesWithItsColumn) {
  const auto decision = [](const std::string& body) {
    return Judge({.files = {"DROP TRIGGER t ON orders;"},
                  .schema = absl::StrCat(
                      kSchema, "ALTER TABLE orders ADD COLUMN a text, ADD COLUMN b text;",
                      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN ", body,
                      " RETURN NEW; END$$; CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW "
                      "EXECUTE FUNCTION f();")})
        .decision();
  };
  for (const char* carries :
       {"NEW.a := NEW.note;", "IF NEW.a IS NULL THEN NEW.a := lower(NEW.note); END IF;",
        "SELECT note INTO NEW.a FROM (SELECT NEW.*) AS orders;"}) {
    EXPECT_EQ(decision(carries), v1::DECISION_ALLOW) << carries;
  }
  for (const char* more :
       {"", "NEW.a := 'x';", "NEW.a := NEW.note; NEW.b := 'x';", "NEW.a := now()::text;",
        "NEW.a := NEW.note; INSERT INTO log VALUES (NEW.note);", "NEW.a := audit(NEW.note);",
        "NEW.a := NEW.note; PERFORM pg_notify('x', NEW.note);", "NEW.note := NEW.note;",
        "EXECUTE 'UPDATE ' || NEW.note;", "NEW.a := NEW.id::text || NEW.note;"}) {
    EXPECT_EQ(decision(more), v1::DECISION_BLOCK) << more;
  }
}

TEST(ContractTest, ThePolicysTimesAreChecked) {
  const auto issues = [](absl::Duration unused_for, absl::Duration age) {
    v1::PolicyRule rule;
    v1::MigrationPolicy& policy = *rule.mutable_checks()->mutable_migration();
    *policy.mutable_unused_for() = ToProto(unused_for);
    *policy.mutable_max_workload_age() = ToProto(age);
    return kMigrationCheck.validate({}, rule).size();
  };
  EXPECT_EQ(issues(absl::Hours(1), absl::Minutes(1)), 0u);
  EXPECT_EQ(issues(absl::Hours(365 * 24), absl::Hours(24)), 0u);
  EXPECT_EQ(issues(absl::Minutes(59), absl::Minutes(15)), 1u);
  EXPECT_EQ(issues(-absl::Hours(1), absl::Hours(25)), 2u);
}

}  // namespace
}  // namespace gate
