// 2021-10-06, one-step migration, as a rollout: canary, then the schema change, then everywhere.
// The gate stops it before anything is out. Where a person lets it go on all the same, every old
// node fails from the moment of the schema change, and the way out is forward.
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "tests/incidents/rolled/replay.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const absl::Time kCanary = Utc("2021-10-06T20:30:00Z");  // 16:30 in New York
// The plan's half an hour of a canary, and the minutes of proof that follow it.
constexpr int kMigratedBy = 60;
// And the last scrape.
constexpr double kTwoMinutes = 2.34;

// Requests and errors are those of a service of some size: 5 % of errors and more is fifty times
// what is usual, on whatever traffic.
class Web : public LiveService {
 public:
  using LiveService::LiveService;

  // The part of requests that fail once the schema has changed; nothing: as many as before.
  std::optional<double> old_fails, new_fails;

 protected:
  void Live(const Moment& moment) override {
    const auto version = [&](const char* track, double part, std::optional<double> fails) {
      if (part == 0) return;
      const std::string labels = absl::StrCat("track=\"", track, "\"");
      const double requests = Requests(per_second_ * part, moment);
      Count("http_requests_total", labels, requests);
      Count("http_errors_total", labels,
            Some(requests, migrated ? fails.value_or(usual_) : usual_));
    };
    version("stable", 1 - share, old_fails);
    version("canary", share, new_fails);
  }

 private:
  const double per_second_ = Any(320, 600), usual_ = Any(0.0005, 0.001);
};

constexpr char kSchema[] =
    "CREATE TABLE appointments (id bigint PRIMARY KEY, room text NOT NULL DEFAULT '');\n";
constexpr char kReadsRoom[] = "SELECT room FROM appointments WHERE id = $1";

v1::Change Release(const LiveService& service, const std::string& sql,
                   const std::string& running = kReadsRoom) {
  v1::Change change = ChangeOf(service, v1::CHANGE_KIND_CODE, "2021.10.06");
  v1::SchemaChange& schema = *change.mutable_schema_change();
  schema.set_schema_before(kSchema);
  schema.set_postgres_major_version(12);
  v1::MigrationFile& file = *schema.add_files();
  file.set_path("migrations/0042_rooms.sql");
  file.set_sql("-- rooms\n" + sql);
  schema.add_running_workload()->set_sql(running);
  return change;
}

class OneStepMigrationRolled : public RolledIncident<Web> {
 protected:
  template <typename Set>
  void Start(const std::string& sql, Set set) {
    Begin(
        {.gate = {.policy = ReadFile("incidents/rolled/migration_policy.yaml")}, .begin = kCanary},
        set);
    ForEach([&](Story& story) { story.pipeline.Start(Release(story.service, sql)); });
  }

  // It is stopped before anything is out; a person lets it go on.
  void StopAndOverride(Story& story, const std::string& rule) {
    const v1::Verdict verdict = story.pipeline.Ask();
    EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
    EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_PENDING);
    EXPECT_EQ(story.pipeline.share(), 0);
    const v1::Finding& finding = FindingOf(OutcomeOf(verdict, "migration"), rule);
    EXPECT_EQ(finding.location().path(), "migrations/0042_rooms.sql");
    EXPECT_EQ(finding.location().line(), 2);
    EXPECT_THAT(finding.effects(), Contains(v1::EFFECT_BREAKS_RUNNING_VERSION));
    EXPECT_THAT(finding.instead(), AllOf(HasSubstr("Now:"), HasSubstr("Later:")));
    ASSERT_EQ(finding.witnesses_size(), 1) << finding.DebugString();
    EXPECT_EQ(finding.witnesses(0).sql(), kReadsRoom);
    // And that there is no way back from it.
    EXPECT_THAT(OutcomeOf(verdict, "rollback").findings(), Not(IsEmpty()));
    replay().BreakGlass(verdict,
                        {verdict.overridable_rules().begin(), verdict.overridable_rules().end()});
  }

  // The canary is clean, the schema change runs, and then it is asked each minute. `tell` takes the
  // minutes since.
  template <typename Tell>
  void OnceMigrated(double minutes, Tell tell) {
    std::map<unsigned, double> migrated_at;
    EachMinute(kMigratedBy + minutes, [&](Story& story, double minute) {
      const unsigned seed = story.service.seed();
      const v1::Verdict verdict = story.pipeline.Ask();
      if (migrated_at.contains(seed)) return tell(story, verdict, minute - migrated_at[seed]);
      EXPECT_NE(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
      EXPECT_NE(verdict.advice(), v1::ADVICE_ACCELERATE) << "nobody suffers yet";
      if (!story.pipeline.migrated()) return;
      EXPECT_GE(minute, 30) << "the plan's canary";
      EXPECT_EQ(story.pipeline.share(), 0.1);
      migrated_at[seed] = minute;
      period_ = absl::Seconds(20);
      TellMinute("the schema change may run", seed, minute);
    });
    ForEach(
        [](Story& story) { EXPECT_TRUE(story.over) << story.pipeline.rollout().DebugString(); });
  }
};
GATE_WITH_SEEDS(OneStepMigrationRolled);

// Answers 1 and 3.
TEST_P(OneStepMigrationRolled, IsStoppedAndOverriddenAndThenForwardIsTheWayOut) {
  Start("ALTER TABLE appointments DROP COLUMN room;\n",
        [](Web& web, AnyNumber& any) { web.old_fails = any(0.05, 0.3); });
  ForEach([&](Story& story) { StopAndOverride(story, "migration.drop_column"); });
  OnceMigrated(4, [](Story& story, const v1::Verdict& verdict, double since) {
    EXPECT_NE(verdict.advice(), v1::ADVICE_ROLL_BACK) << verdict.DebugString();
    if (story.pipeline.share() < 1) {
      EXPECT_LT(since, kTwoMinutes) << verdict.reason();
      return;
    }
    EXPECT_EQ(verdict.advice(), v1::ADVICE_ACCELERATE);
    EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW);
    EXPECT_THAT(verdict.reason(), HasSubstr("only the old version suffers"));
    EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_BAKING) << "the step of 50 % is left out";
    TellMinute("it is forward that helps", story.service.seed(), since);
    story.over = true;
  });
}

// Answer 3, where both fail: the version before does not run any more, so going back by itself
// would help nobody. Somebody is paged, and told both.
TEST_P(OneStepMigrationRolled, WhereBothFailAndTheWayBackIsClosedAPersonDecides) {
  Start("ALTER TABLE appointments DROP COLUMN room;\n", [](Web& web, AnyNumber& any) {
    web.old_fails = any(0.05, 0.3);
    web.new_fails = any(0.05, 0.3);
  });
  ForEach([&](Story& story) { StopAndOverride(story, "migration.drop_column"); });
  OnceMigrated(10, [](Story& story, const v1::Verdict& verdict, double since) {
    EXPECT_NE(verdict.advice(), v1::ADVICE_ACCELERATE) << verdict.DebugString();
    EXPECT_EQ(story.pipeline.share(), 0.1) << "nobody else gets it";
    if (story.pipeline.state() != v1::ROLLOUT_STATE_PAUSED) return;
    EXPECT_TRUE(story.pipeline.rollout().paused_by_gate());
    EXPECT_THAT(story.pipeline.rollout().reason(),
                AllOf(HasSubstr("http_5xx"), HasSubstr("Going back does not help by itself"),
                      HasSubstr("appointments.room")));
    TellMinute("a person is asked", story.service.seed(), since);
    story.over = true;
  });
}

// Where both fail and the schema change takes nothing from the version before: back, and the schema
// change with it.
TEST_P(OneStepMigrationRolled, WhereBothFailAndTheWayBackIsOpenItGoesBack) {
  Start("ALTER TABLE appointments ADD COLUMN building text;\n", [](Web& web, AnyNumber& any) {
    web.old_fails = any(0.05, 0.3);
    web.new_fails = any(0.05, 0.3);
  });
  OnceMigrated(10, [](Story& story, const v1::Verdict& verdict, double since) {
    EXPECT_NE(verdict.advice(), v1::ADVICE_ACCELERATE) << verdict.DebugString();
    if (story.pipeline.state() != v1::ROLLOUT_STATE_ROLLING_BACK) return;
    EXPECT_EQ(verdict.advice(), v1::ADVICE_ROLL_BACK);
    // Where the new version is the worse of the two, that may be proven first; that the schema
    // change has to go back as well is then not known yet.
    const v1::CheckOutcome& canary = OutcomeOf(verdict, "canary");
    if (HasFinding(canary, "canary.shared_harm")) {
      EXPECT_THAT(FindingOf(canary, "canary.shared_harm").instead(),
                  HasSubstr("its migration with it"));
    } else {
      EXPECT_GT(*story.service.new_fails, *story.service.old_fails);
      EXPECT_EQ(canary.outcome(), v1::OUTCOME_FAIL);
    }
    TellMinute("both go back", story.service.seed(), since);
    story.over = true;
  });
}

// Answers 2 and 4: what takes nothing from the running version goes out as planned.
TEST_P(OneStepMigrationRolled, TheFirstOfTwoReleasesGoesOut) {
  Start("ALTER TABLE appointments ADD COLUMN building text;\n", [](Web&, AnyNumber&) {});
  OnceMigrated(120, [](Story& story, const v1::Verdict& verdict, double since) {
    EXPECT_NE(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
    EXPECT_NE(verdict.advice(), v1::ADVICE_ACCELERATE);
    if (story.pipeline.state() != v1::ROLLOUT_STATE_BAKING) return;
    EXPECT_EQ(story.pipeline.rollout().taken_size(), 4) << "no step is left out";
    TellMinute("the first of two releases is out", story.service.seed(), since);
    story.over = true;
  });
}

// Answer 2: while the running version reads the column, the second release does not begin; once
// nothing has used it for the week that the policy asks for, it does.
TEST_P(OneStepMigrationRolled, TheSecondBeginsOnceNothingUsesTheOldShape) {
  Start("ALTER TABLE appointments DROP COLUMN room;\n", [](Web&, AnyNumber&) {});
  ForEach([&](Story& story) {
    const v1::Verdict early = story.pipeline.Ask();
    EXPECT_EQ(early.decision(), v1::DECISION_BLOCK) << early.DebugString();
    EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_PENDING);
  });
  replay().GoOnFor(absl::Minutes(15));  // The pipelines have given up: their leases are over.
  ForEach([&](Story& story) {
    v1::Change change = Release(story.service, "ALTER TABLE appointments DROP COLUMN room;\n",
                                "SELECT id FROM appointments");
    change.set_version("2021.10.20");
    v1::WorkloadCoverage& coverage = *change.mutable_schema_change()->mutable_coverage();
    *coverage.mutable_recorded_since() = ToProto(replay().now() - absl::Hours(24 * 8));
    *coverage.mutable_recorded_until() = ToProto(replay().now());
    coverage.set_complete(true);
    coverage.add_versions("2021.10.06");
    story.pipeline.Start(change);
    const v1::Verdict verdict = story.pipeline.Ask();
    EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW) << verdict.DebugString();
    EXPECT_EQ(story.pipeline.share(), 0.1);
  });
}

}  // namespace
}  // namespace gate
