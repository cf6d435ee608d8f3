// 2021-10-06, one-step migration: a change of the data model that is normally made in two releases
// was made in one. The canary, new code on new columns, stayed clean; every old node failed. The
// gate is told before the migration runs, while the canary is healthy.
//
// Names and numbers differ from run to run: the answer follows from the rule.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "checks/migration/workload_files.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "tests/fakes/postgres_server.h"
#include "tests/fakes/prometheus_server.h"
#include "tests/incidents/incident.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// A service that one can deploy: what its tables are called, and how busy it is.
struct World {
  std::string table, column, other, added;
  int requests_per_minute;
  double error_rate;
};

World AnyWorld(std::mt19937& random) {
  const auto one_of = [&](std::vector<std::string> names) {
    return names[std::uniform_int_distribution<size_t>(0, names.size() - 1)(random)];
  };
  return {.table = one_of({"appointments", "lab_orders", "patients", "invoices"}),
          .column = one_of({"status", "reason", "note", "state"}),
          .other = one_of({"doctor_id", "office_id", "exam_room"}),
          .added = one_of({"status_code", "reason_id", "note_text", "lifecycle"}),
          .requests_per_minute = std::uniform_int_distribution<int>(2000, 9000)(random),
          .error_rate = std::uniform_real_distribution<double>(0.005, 0.02)(random)};
}

std::string Named(const World& world, std::string sql) {
  return absl::StrReplaceAll(sql, {{"TABLE_", world.table},
                                   {"COLUMN_", world.column},
                                   {"OTHER_", world.other},
                                   {"ADDED_", world.added}});
}

// An hour and a half of a canary with half of the traffic that fails no more often than its
// baseline.
MetricsHistory History(const World& world) {
  constexpr absl::Duration kStep = absl::Seconds(15);
  constexpr int kSamples = 90 * 4;
  const absl::Time first = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) / 60 * 60) -
                           kSamples * kStep + absl::Minutes(3);
  MetricsHistory history;
  for (const auto& [cohort, share] : {std::pair("canary", 0.5), std::pair("baseline", 0.5)}) {
    const std::string labels = absl::StrCat(R"({service="web",track=")", cohort, R"("})");
    std::vector<double> requests, errors;
    for (int i = 0; i < kSamples; ++i) {
      requests.push_back(std::floor(world.requests_per_minute * share * i / 4));
      errors.push_back(std::floor(requests.back() * world.error_rate));
    }
    history.Add("http_requests_total", labels, first, kStep, requests);
    history.Add("http_errors_total", labels, first, kStep, errors);
  }
  return history;
}

constexpr char kSchema[] =
    "CREATE TABLE TABLE_ (\n"
    "  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
    "  OTHER_ bigint NOT NULL,\n"
    "  COLUMN_ text NOT NULL DEFAULT ''\n"
    ");\n";

// What the web application executes, and the same as pg_stat_statements has it.
struct AppStatement {
  const char* sql;
  const char* normalized;
};
constexpr AppStatement kApp[] = {
    {"SELECT id, COLUMN_ FROM TABLE_ WHERE OTHER_ = 7",
     "SELECT id, COLUMN_ FROM TABLE_ WHERE OTHER_ = $1"},
    {"INSERT INTO TABLE_ (OTHER_, COLUMN_) VALUES (7, 'a')",
     "INSERT INTO TABLE_ (OTHER_, COLUMN_) VALUES ($1, $2)"},
    {"INSERT INTO TABLE_ (OTHER_) VALUES (7)", "INSERT INTO TABLE_ (OTHER_) VALUES ($1)"},
    {"WITH mine AS (SELECT * FROM TABLE_) SELECT m.COLUMN_ FROM mine m WHERE m.id = 1",
     "WITH mine AS (SELECT * FROM TABLE_) SELECT m.COLUMN_ FROM mine m WHERE m.id = $1"},
    {"WITH mine AS (SELECT * FROM TABLE_) SELECT m.OTHER_ FROM mine m WHERE m.id = 1",
     "WITH mine AS (SELECT * FROM TABLE_) SELECT m.OTHER_ FROM mine m WHERE m.id = $1"},
    {"SELECT count(*) FROM TABLE_ WHERE OTHER_ = 7",
     "SELECT count(*) FROM TABLE_ WHERE OTHER_ = $1"},
    {"UPDATE TABLE_ SET OTHER_ = 8 WHERE id = 1", "UPDATE TABLE_ SET OTHER_ = $1 WHERE id = $2"},
};

v1::EvaluateRequest Release(const World& world, const std::vector<v1::WorkloadStatement>& workload,
                            const std::string& path, const std::string& sql) {
  v1::EvaluateRequest request;
  v1::Change& change = *request.mutable_change();
  change.set_service("web");
  change.set_environment("production");
  change.set_kind(v1::CHANGE_KIND_CODE);
  change.set_version("2021.10.06");
  change.mutable_canary()->set_share(0.5);
  v1::SchemaChange& schema = *change.mutable_schema_change();
  schema.set_schema_before(Named(world, kSchema));
  schema.set_postgres_major_version(12);
  v1::MigrationFile& file = *schema.add_files();
  file.set_path(path);
  file.set_sql(Named(world, sql));
  file.set_format(v1::MIGRATION_FORMAT_PLAIN);
  for (const v1::WorkloadStatement& running : workload) *schema.add_running_workload() = running;
  return request;
}

// One gate for all: it keeps its verdicts in PostgreSQL, and a Prometheus has an hour of a canary
// that does no worse than its baseline.
class OneStepMigration : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    seed_ = std::random_device{}();
    random_.seed(seed_);
    world_ = AnyWorld(random_);
    postgres_ = new PostgresServer({"shared_preload_libraries = 'pg_stat_statements'"});
    ReadWorkload();
    auto prometheus = MetricsServerFake::StartPrometheus(History(world_));
    ASSERT_TRUE(prometheus.ok()) << prometheus.status();
    prometheus_ = *std::move(prometheus);
    gate_ =
        new RunningGate({.policy = ReadFile("incidents/migration_policy.yaml"),
                         .store_url = postgres_->CreateDatabase(),
                         .metrics_servers = {{"main", prometheus_->url()}},
                         .configuration = absl::StrCat("rehearsal:\n  folder: ", scratch_, "\n")});
  }
  static void TearDownTestSuite() {
    delete gate_;
    prometheus_.reset();
    delete postgres_;
    std::filesystem::remove_all(scratch_);
  }

  // The web application runs for a while; then a release manager asks pg_stat_statements.
  static void ReadWorkload() {
    postgres_->CreateDatabase(&app_);
    postgres_->Sql(app_,
                   absl::StrCat("CREATE EXTENSION pg_stat_statements; ", Named(world_, kSchema)));
    for (const AppStatement& statement : kApp) {
      for (int i = 0; i < 2; ++i) postgres_->Sql(app_, Named(world_, statement.sql));
    }
    const WorkloadFile file{
        "pgss.csv",
        postgres_->Sql(app_,
                       "COPY (SELECT query, calls, toplevel, now() - interval '1 hour' AS "
                       "stats_since FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid "
                       "WHERE datname = current_database()) TO STDOUT (FORMAT csv, HEADER)"),
        absl::Now()};
    ParsedWorkload parsed = ParseWorkload({&file, 1});
    ASSERT_FALSE(parsed.issue) << parsed.issue->what << "\n" << file.text;
    workload_ = std::move(parsed.statements);
  }

  // The statements that fail once this migration has run, by running it and them.
  static std::set<std::string> FailingAfter(const std::string& sql) {
    const std::string copy = absl::StrCat(app_, "_copy");
    postgres_->Sql("postgres", absl::StrCat("CREATE DATABASE ", copy, " TEMPLATE ", app_));
    postgres_->Sql(copy, Named(world_, absl::StrCat("DELETE FROM TABLE_; ", sql)));
    std::set<std::string> failing;
    for (const AppStatement& statement : kApp) {
      try {
        postgres_->Sql(copy, Named(world_, statement.sql));
      } catch (const std::runtime_error&) {
        failing.insert(Named(world_, statement.normalized));
      }
    }
    postgres_->Sql("postgres", absl::StrCat("DROP DATABASE ", copy));
    return failing;
  }

  // The line, from 1, on which the text first stands.
  static int LineOf(const std::string& text, const std::string& part) {
    const size_t at = text.find(part);
    EXPECT_NE(at, text.npos) << part;
    return 1 + static_cast<int>(std::count(text.begin(), text.begin() + at, '\n'));
  }

  // The one-step change is stopped at its statement, with the effect on the running version and the
  // way in two phases.
  void ExpectBlocked(const std::string& sql, const std::string& statement, const std::string& rule,
                     const std::vector<std::string>& plan) {
    SCOPED_TRACE(testing::Message() << "seed " << seed_);
    const std::string path =
        absl::StrCat("migrations/", std::uniform_int_distribution<int>(100, 999)(random_), ".sql");
    const v1::EvaluateRequest request = Release(world_, workload_, path, sql);
    const v1::Verdict verdict = gate_->Evaluate(request);
    EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
    EXPECT_THAT(verdict.reason(), HasSubstr("migration"));

    const v1::CheckOutcome& migration = OutcomeOf(verdict, "migration");
    EXPECT_EQ(migration.outcome(), v1::OUTCOME_FAIL);
    const auto& findings = migration.findings();
    const auto found = std::find_if(findings.begin(), findings.end(),
                                    [&](const v1::Finding& one) { return one.rule() == rule; });
    ASSERT_NE(found, findings.end()) << migration.DebugString();
    EXPECT_EQ(found->severity(), v1::SEVERITY_BLOCK);
    EXPECT_EQ(found->location().path(), path);
    EXPECT_EQ(found->location().line(),
              LineOf(request.change().schema_change().files(0).sql(), Named(world_, statement)));
    EXPECT_THAT(found->effects(), Contains(v1::EFFECT_BREAKS_RUNNING_VERSION));
    EXPECT_THAT(found->message(), HasSubstr("running version"));
    // Proof, not suspicion: just the statements that PostgreSQL refuses then.
    std::set<std::string> certain;
    for (const v1::Witness& witness : found->witnesses()) {
      EXPECT_EQ(witness.origin(), "pg_stat_statements");
      EXPECT_GT(witness.calls_per_hour(), 0);
      if (witness.certain()) certain.insert(witness.sql());
    }
    EXPECT_FALSE(certain.empty());
    EXPECT_THAT(found->message(), HasSubstr("Proven on a scratch PostgreSQL "));
    EXPECT_THAT(RulesOf(verdict), Not(Contains("migration.not_rehearsed")));
    EXPECT_THAT(RulesOf(verdict), Not(Contains("migration.rule_disagrees")));
    EXPECT_EQ(certain, FailingAfter(sql));
    for (const std::string& step : plan) {
      EXPECT_THAT(found->instead(), HasSubstr(Named(world_, step)));
    }
    ExpectGatectl(
        request, 10,
        {absl::StrCat(path, ":", found->location().line()), rule, "Statements:\n    fails"});
  }

  void ExpectAllowed(const std::string& sql) {
    SCOPED_TRACE(testing::Message() << "seed " << seed_);
    const v1::EvaluateRequest request = Release(world_, workload_, "migrations/0042.sql", sql);
    const v1::Verdict verdict = gate_->Evaluate(request);
    EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW) << verdict.DebugString();
    EXPECT_EQ(OutcomeOf(verdict, "migration").outcome(), v1::OUTCOME_PASS);
    EXPECT_EQ(OutcomeOf(verdict, "canary").outcome(), v1::OUTCOME_PASS);
    ExpectGatectl(request, 0, {"ALLOW"});
  }

  // The same question from a pipeline.
  void ExpectGatectl(const v1::EvaluateRequest& request, int exit,
                     const std::vector<std::string>& words) {
    const TempFolder folder;
    std::string json;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(request.change(), &json).ok());
    const RunResult run =
        RunGatectl(*gate_, {"check", "--change", folder.Write("change.json", json)}, folder.path());
    EXPECT_EQ(run.exit, exit) << run.output;
    for (const std::string& word : words) EXPECT_THAT(run.output, HasSubstr(word));
  }

  static std::vector<std::string> RulesOf(const v1::Verdict& verdict) {
    std::vector<std::string> rules;
    for (const v1::Finding& finding : OutcomeOf(verdict, "migration").findings()) {
      rules.push_back(finding.rule());
    }
    return rules;
  }

  // What the finding says to do now, as it is written there.
  static std::string NowOf(const v1::Verdict& verdict, const std::string& rule) {
    for (const v1::Finding& finding : OutcomeOf(verdict, "migration").findings()) {
      if (finding.rule() != rule) continue;
      const std::string& plan = finding.instead();
      const std::string now = plan.substr(4, plan.find("\nBetween:") - 4);
      return absl::StrReplaceAll(now, {{"\n          ", "\n"}});
    }
    return "";
  }

  // Short, for the sockets in it.
  static inline const std::string scratch_ = absl::StrCat("/tmp/gate-incident-", getpid());
  static inline unsigned seed_;
  static inline std::mt19937 random_;
  static inline World world_;
  static inline PostgresServer* postgres_;
  static inline std::string app_;  // the web application's database
  static inline std::vector<v1::WorkloadStatement> workload_;
  static inline std::unique_ptr<MetricsServerFake> prometheus_;
  static inline RunningGate* gate_;
};

TEST_F(OneStepMigration, ARenamedColumnIsBlocked) {
  ExpectBlocked(
      "-- The web app reads the new name from this release on.\n"
      "SET lock_timeout = '2s';\n"
      "\n"
      "ALTER TABLE TABLE_\n"
      "  RENAME COLUMN COLUMN_ TO ADDED_;\n",
      "ALTER TABLE", "migration.rename_column",
      {"ADD COLUMN ADDED_ text", "writes COLUMN_ and ADDED_", "DROP COLUMN COLUMN_"});
}

TEST_F(OneStepMigration, AColumnMovedInOneReleaseIsBlockedAtItsDrop) {
  ExpectBlocked(
      "ALTER TABLE TABLE_ ADD COLUMN ADDED_ smallint;\n"
      "UPDATE TABLE_ SET ADDED_ = CASE COLUMN_ WHEN 'done' THEN 2 ELSE 1 END;\n"
      "ALTER TABLE TABLE_ DROP COLUMN COLUMN_;\n",
      "ALTER TABLE TABLE_ DROP", "migration.drop_column",
      {"wait until no older node runs", "DROP COLUMN COLUMN_"});
}

TEST_F(OneStepMigration, ARequiredColumnIsBlocked) {
  ExpectBlocked(
      "CREATE TABLE audit_log (id bigint PRIMARY KEY, what text NOT NULL);\n"
      "\n"
      "ALTER TABLE TABLE_ ADD COLUMN ADDED_ integer NOT NULL;\n",
      "ALTER TABLE TABLE_ ADD", "migration.required_column",
      {"ADD COLUMN ADDED_ integer", "always writes", "SET NOT NULL"});
}

TEST_F(OneStepMigration, ARequiredColumnInThreeStepsOfOneReleaseIsBlocked) {
  ExpectBlocked(
      "ALTER TABLE TABLE_ ADD COLUMN ADDED_ text;\n"
      "UPDATE TABLE_ SET ADDED_ = COLUMN_;\n"
      "ALTER TABLE TABLE_ ALTER COLUMN ADDED_ SET NOT NULL;\n",
      "ALTER TABLE TABLE_ ALTER", "migration.required_column", {"SET NOT NULL"});
}

// The two phases that a BLOCK proposes: the first of them, pasted as it is, is a release.
TEST_F(OneStepMigration, ThePlansFirstStepMayGo) {
  for (const auto& [rule, sql] :
       {std::pair("migration.required_column",
                  "ALTER TABLE TABLE_ ADD COLUMN ADDED_ integer NOT NULL;\n"),
        std::pair("migration.rename_column",
                  "ALTER TABLE TABLE_ RENAME COLUMN COLUMN_ TO ADDED_;")}) {
    const v1::Verdict blocked = gate_->Evaluate(Release(world_, workload_, "db/7.sql", sql));
    const std::string now = NowOf(blocked, rule);
    ASSERT_THAT(now, HasSubstr("ADD COLUMN")) << blocked.DebugString();
    const v1::Verdict first = gate_->Evaluate(Release(world_, workload_, "db/7.sql", now));
    EXPECT_EQ(first.decision(), v1::DECISION_ALLOW) << now << first.DebugString();
    EXPECT_THAT(RulesOf(first), Not(Contains("migration.not_rehearsed")));
  }
}

// No rule can follow a DO block; what it does to the statements that run is seen all the same.
TEST_F(OneStepMigration, ADropInADoBlockIsBlockedByRunningIt) {
  const std::string sql =
      "DO $$ BEGIN\n  EXECUTE 'ALTER TABLE TABLE_ DROP COLUMN COLUMN_';\nEND $$;\n";
  const v1::Verdict verdict = gate_->Evaluate(Release(world_, workload_, "db/8.sql", sql));
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
  std::set<std::string> failing;
  for (const v1::Finding& finding : OutcomeOf(verdict, "migration").findings()) {
    for (const v1::Witness& witness : finding.witnesses()) {
      if (witness.certain()) failing.insert(witness.sql());
    }
  }
  EXPECT_EQ(failing, FailingAfter(sql)) << verdict.DebugString();
}

TEST_F(OneStepMigration, AskedAgainItIsNotRunAgain) {
  const v1::EvaluateRequest request =
      Release(world_, workload_, "db/9.sql", "ALTER TABLE TABLE_ ADD COLUMN ADDED_ date;");
  const v1::Verdict first = gate_->Evaluate(request), second = gate_->Evaluate(request);
  const auto rehearsal = [](const v1::Verdict& verdict) {
    for (const v1::ObservationRef& one : verdict.observations()) {
      if (one.id() == "migration.rehearsal") return one;
    }
    return v1::ObservationRef();
  };
  EXPECT_NE(rehearsal(first).evidence(), "");
  // The time that each statement took is in it.
  EXPECT_EQ(rehearsal(first).evidence(), rehearsal(second).evidence());
}

// The message of the finding of that rule; "" where there is none.
std::string MessageOf(const v1::CheckOutcome& outcome, const std::string& rule) {
  for (const v1::Finding& finding : outcome.findings()) {
    if (finding.rule() == rule) return finding.message();
  }
  return "";
}

// Up, down and up again, and the version that runs now on the schema after it: all run, not read.
TEST_F(OneStepMigration, TheWayBackWasGoneBeforeTheReleaseIsAllowed) {
  v1::EvaluateRequest request =
      Release(world_, workload_, "db/10.up.sql", "ALTER TABLE TABLE_ ADD COLUMN ADDED_ date;");
  v1::MigrationFile& file = *request.mutable_change()->mutable_schema_change()->mutable_files(0);
  file.set_down_path("db/10.down.sql");
  file.set_down_sql(Named(world_, "ALTER TABLE TABLE_ DROP COLUMN ADDED_;"));
  const v1::Verdict back = gate_->Evaluate(request);
  EXPECT_EQ(back.decision(), v1::DECISION_ALLOW) << back.DebugString();
  const v1::CheckOutcome& rollback = OutcomeOf(back, "rollback");
  EXPECT_THAT(MessageOf(rollback, "rollback.down"),
              AllOf(HasSubstr("Proven on a scratch PostgreSQL "), HasSubstr("going up again")));
  EXPECT_THAT(MessageOf(rollback, "rollback.code"),
              AllOf(HasSubstr("Proven on a scratch PostgreSQL "),
                    HasSubstr("statements of it that came with the change work on that schema")));

  file.set_down_sql(Named(world_, "ALTER TABLE TABLE_ DROP COLUMN OTHER_;"));
  const v1::Verdict elsewhere = gate_->Evaluate(request);
  EXPECT_EQ(elsewhere.decision(), v1::DECISION_ALLOW);  // The policy asks for no way back.
  EXPECT_THAT(MessageOf(OutcomeOf(elsewhere, "rollback"), "rollback.down_incomplete"),
              AllOf(HasSubstr(Named(world_, "column public.TABLE_.ADDED_ is left over")),
                    HasSubstr(Named(world_, "column public.TABLE_.OTHER_ is missing"))));
  EXPECT_NE(MessageOf(OutcomeOf(elsewhere, "rollback"), "rollback.up_again_fails"), "");
}

TEST_F(OneStepMigration, WhereTextAndRehearsalDifferItIsCounted) {
  const auto count = [](const std::string& rule) {
    const std::string metrics = gate_->Get("/metrics").body;
    const std::string name =
        absl::StrCat("gate_migration_rule_disagreements_total{rule=\"", rule, "\"} ");
    const size_t at = metrics.find(name);
    return at == metrics.npos ? 0.0 : std::stod(metrics.substr(at + name.size()));
  };
  const auto ask = [](const std::string& up, const std::string& down) {
    v1::EvaluateRequest request = Release(world_, workload_, "db/11.sql", up);
    v1::SchemaChange& schema = *request.mutable_change()->mutable_schema_change();
    schema.set_postgres_major_version(
        std::stoi(postgres_->Sql("postgres", "SHOW server_version_num")) / 10000);
    *schema.mutable_schema_before() +=
        "CREATE DOMAIN amount AS int; CREATE TABLE bills (id bigint, total amount);\n";
    schema.mutable_files(0)->set_down_sql(down);
    return gate_->Evaluate(request);
  };
  const double types = count("migration.change_type");
  const double downs = count("rollback.down_incomplete");

  // The rules take any other type for a rewrite; from a domain to its own base there is none.
  const v1::Verdict type = ask("ALTER TABLE bills ALTER COLUMN total TYPE int;", "");
  EXPECT_THAT(RulesOf(type), Contains("migration.rule_disagrees")) << type.DebugString();
  EXPECT_EQ(count("migration.change_type"), types + 1);
  EXPECT_EQ(count("rollback.down_incomplete"), downs);

  // Read, these lead back; run, the first one fails for the second's sake.
  const v1::Verdict down =
      ask("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a);",
          "DROP TABLE a; DROP TABLE b;");
  EXPECT_NE(MessageOf(OutcomeOf(down, "rollback"), "rollback.down_fails"), "")
      << down.DebugString();
  EXPECT_EQ(count("rollback.down_incomplete"), downs + 1);
  EXPECT_EQ(count("migration.change_type"), types + 1);

  // Where both say the same nothing is counted.
  ask("CREATE TABLE a (id int PRIMARY KEY);", "DROP TABLE a;");
  EXPECT_EQ(count("rollback.down_incomplete"), downs + 1);
}

TEST_F(OneStepMigration, WithoutPostgresTheAnswerStandsAndSaysSo) {
  RunningGate gate({.policy = ReadFile("incidents/migration_policy.yaml"),
                    .metrics_servers = {{"main", prometheus_->url()}}});
  const v1::EvaluateRequest request =
      Release(world_, workload_, "db/7.sql", "ALTER TABLE TABLE_ RENAME COLUMN COLUMN_ TO ADDED_;");
  const v1::Verdict verdict = gate.Evaluate(request);
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(RulesOf(verdict),
              AllOf(Contains("migration.rename_column"), Contains("migration.not_rehearsed")));
  for (const v1::Finding& finding : OutcomeOf(verdict, "migration").findings()) {
    EXPECT_THAT(finding.message(), Not(HasSubstr("Proven")));
    if (finding.rule() != "migration.not_rehearsed") continue;
    EXPECT_THAT(finding.message(), HasSubstr("is not configured"));
  }
}

constexpr char kMovedInOneStep[] =
    "ALTER TABLE TABLE_ ADD COLUMN ADDED_ text;\n"
    "UPDATE TABLE_ SET ADDED_ = COLUMN_;\n"
    "ALTER TABLE TABLE_ DROP COLUMN COLUMN_;\n";

// The first release of the plan, without its label and indentation.
std::string FirstHalf(const std::string& instead) {
  constexpr size_t kIndent = 10;
  const size_t end = instead.find("\nBetween:");
  EXPECT_EQ(instead.substr(0, 4), "Now:");
  return absl::StrReplaceAll(instead.substr(kIndent, end - kIndent),
                             {{"\n" + std::string(kIndent, ' '), "\n"}});
}

// The plan of the gate, done as it says: its first half is allowed, old nodes work on the schema
// after it, and what they write reaches the new column.
TEST_F(OneStepMigration, TheExpandHalfOfThePlanMayGoAndWorks) {
  SCOPED_TRACE(testing::Message() << "seed " << seed_);
  const v1::Verdict verdict =
      gate_->Evaluate(Release(world_, workload_, "migrations/7.sql", kMovedInOneStep));
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
  std::string half;
  for (const v1::Finding& finding : OutcomeOf(verdict, "migration").findings()) {
    if (finding.rule() == "migration.expand_and_contract") half = FirstHalf(finding.instead());
  }
  ASSERT_NE(half, "") << verdict.DebugString();
  ExpectAllowed(half);

  const std::string copy = absl::StrCat(app_, "_split");
  postgres_->Sql("postgres", absl::StrCat("CREATE DATABASE ", copy, " TEMPLATE ", app_));
  postgres_->Sql(copy, half);
  for (const AppStatement& statement : kApp) postgres_->Sql(copy, Named(world_, statement.sql));
  const auto count = [&](const std::string& where) {
    return postgres_->Sql(copy, Named(world_, "SELECT count(*) FROM TABLE_ WHERE " + where));
  };
  postgres_->Sql(copy, Named(world_, "UPDATE TABLE_ SET COLUMN_ = 'b' WHERE id = 1"));
  EXPECT_EQ(count("ADDED_ IS DISTINCT FROM COLUMN_"), "0\n");
  EXPECT_EQ(count("ADDED_ = 'b'"), "1\n");
  // A node of the new version writes the new column, and keeps what it wrote.
  postgres_->Sql(copy, Named(world_, "UPDATE TABLE_ SET ADDED_ = 'c' WHERE id = 1"));
  EXPECT_EQ(count("ADDED_ = 'c' AND COLUMN_ = 'b'"), "1\n");
  postgres_->Sql("postgres", absl::StrCat("DROP DATABASE ", copy));
}

// The second half, a release later: forbidden while old nodes run, held until nothing has used the
// old shape for the week that the policy asks for, then allowed.
TEST_F(OneStepMigration, TheContractHalfMayGoOnceNothingUsesTheOldShape) {
  SCOPED_TRACE(testing::Message() << "seed " << seed_);
  const auto days = [](int count) { return absl::Hours(24 * count); };
  const auto ask = [&](std::optional<absl::Duration> used_ago, bool still_used) {
    std::vector<v1::WorkloadStatement> workload;
    workload.emplace_back().set_sql(Named(world_, "SELECT id, ADDED_, OTHER_ FROM TABLE_"));
    if (used_ago || still_used) {
      v1::WorkloadStatement& old = workload.emplace_back();
      old.set_sql(Named(world_, "SELECT COLUMN_ FROM TABLE_ WHERE id = $1"));
      if (used_ago) {
        old.mutable_last_seen()->set_seconds(absl::ToUnixSeconds(absl::Now() - *used_ago));
      }
    }
    v1::EvaluateRequest request =
        Release(world_, workload, "migrations/8.sql", "ALTER TABLE TABLE_ DROP COLUMN COLUMN_;\n");
    v1::SchemaChange& schema = *request.mutable_change()->mutable_schema_change();
    *schema.mutable_schema_before() +=
        Named(world_, "ALTER TABLE TABLE_ ADD COLUMN ADDED_ text;\n");
    v1::WorkloadCoverage& coverage = *schema.mutable_coverage();
    coverage.mutable_recorded_since()->set_seconds(absl::ToUnixSeconds(absl::Now() - days(30)));
    coverage.mutable_recorded_until()->set_seconds(absl::ToUnixSeconds(absl::Now()));
    coverage.set_complete(true);
    coverage.add_versions("2021.10.06");
    return request;
  };
  const v1::Verdict used = gate_->Evaluate(ask(std::nullopt, true));
  EXPECT_EQ(used.decision(), v1::DECISION_BLOCK);
  const auto& findings = OutcomeOf(used, "migration").findings();
  const auto early = std::find_if(findings.begin(), findings.end(), [](const v1::Finding& each) {
    return each.rule() == "migration.contract_too_early";
  });
  ASSERT_NE(early, findings.end()) << used.DebugString();
  ASSERT_EQ(early->witnesses_size(), 1);
  EXPECT_THAT(early->message(), HasSubstr("2021.10.06"));

  const v1::Verdict recent = gate_->Evaluate(ask(days(2), false));
  EXPECT_EQ(recent.decision(), v1::DECISION_HOLD) << recent.DebugString();
  EXPECT_NEAR(static_cast<double>(recent.retry_at().seconds()),
              static_cast<double>(absl::ToUnixSeconds(absl::Now() + days(5))), 60);
  ExpectGatectl(ask(days(2), false), 11, {"HOLD", "migration.contract_too_early"});

  const v1::Verdict unused = gate_->Evaluate(ask(std::nullopt, false));
  EXPECT_EQ(unused.decision(), v1::DECISION_ALLOW) << unused.DebugString();
  EXPECT_EQ(OutcomeOf(unused, "rollback").outcome(), v1::OUTCOME_PASS);
  ExpectGatectl(ask(std::nullopt, false), 0, {"ALLOW"});
}

TEST_F(OneStepMigration, ANullableColumnMayGo) {
  ExpectAllowed("ALTER TABLE TABLE_ ADD COLUMN ADDED_ text;\n");
}

TEST_F(OneStepMigration, ANewTableMayGo) {
  ExpectAllowed(
      "CREATE TABLE TABLE__history (\n"
      "  id bigint PRIMARY KEY,\n"
      "  ADDED_ text NOT NULL,\n"
      "  at timestamptz NOT NULL DEFAULT now()\n"
      ");\n"
      "CREATE INDEX TABLE__history_at ON TABLE__history (at);\n");
}

TEST_F(OneStepMigration, AnIndexMadeConcurrentlyMayGo) {
  ExpectAllowed("CREATE INDEX CONCURRENTLY TABLE__by_OTHER_ ON TABLE_ (OTHER_);\n");
}

}  // namespace
}  // namespace gate
