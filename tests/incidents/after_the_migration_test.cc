// 2021-10-06, one-step migration, once it was run all the same: from 17:04 on every old node
// failed, and the canary, new code on new columns, did not. Taking the code back would have left
// all nodes on what the schema breaks; the way out was forward.
//
// A Prometheus has the afternoon of several such services. Numbers differ from run to run within
// the ranges where the answer must not.
#include <map>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "tests/incidents/incident.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const absl::Time kCanary = Utc("2021-10-06T20:30:00Z");    // 16:30 in New York
const absl::Time kMigrated = Utc("2021-10-06T21:04:00Z");  // 17:04
const Span kAfternoon = {kCanary - absl::Hours(5), kMigrated + absl::Minutes(20)};

// The part of requests that fail of each version once the migration has run.
struct Failing {
  double old_version, canary;
};

struct World {
  World(const std::string& name, Failing after, AnyNumber& any)
      : share(any(0.05, 0.1)),
        history(name, kAfternoon, {kAfternoon}, static_cast<unsigned>(any.Whole(1, 1 << 30))) {
    const double per_second = any(320, 600), before = any(0.0005, 0.001);
    const auto add = [&](const char* track, double part, double failing, Span span) {
      const std::string labels = absl::StrCat("track=\"", track, "\"");
      const Rise requests = history.Requests([=](absl::Time) { return per_second * part; }, span);
      history.AddCounter("http_requests_total", labels, requests);
      history.AddCounter("http_errors_total", labels, history.Some(requests, [=](absl::Time time) {
        return time > kMigrated ? failing : before;
      }));
    };
    add("stable", 1 - share, after.old_version < 0 ? before : after.old_version, kAfternoon);
    add("canary", share, after.canary < 0 ? before : after.canary, {kCanary, kAfternoon.to});
  }
  const std::string& name() const { return history.service(); }

  double share;
  ServiceHistory history;
};

constexpr double kAsBefore = -1;

// The column that the running version still reads is dropped.
v1::EvaluateRequest Release(const World& world) {
  v1::EvaluateRequest request =
      Started(AskAbout(world.name(), v1::CHANGE_KIND_CODE), kCanary, world.share);
  v1::SchemaChange& schema = *request.mutable_change()->mutable_schema_change();
  schema.set_schema_before(
      "CREATE TABLE appointments (id bigint PRIMARY KEY, room text NOT NULL DEFAULT '');\n");
  schema.set_postgres_major_version(12);
  v1::MigrationFile& file = *schema.add_files();
  file.set_path("migrations/0042_rooms.sql");
  file.set_sql("ALTER TABLE appointments DROP COLUMN room;\n");
  schema.add_running_workload()->set_sql("SELECT room FROM appointments WHERE id = $1");
  return request;
}

class AfterTheMigration : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    AnyNumber any(SeedOfRun());
    for (const char* name : {"web-a", "web-b", "web-c"}) {
      old_fails_.emplace_back(name, Failing{any(0.05, 0.3), kAsBefore}, any);
    }
    for (const char* name : {"web-d", "web-e"}) {
      both_fail_.emplace_back(name, Failing{any(0.05, 0.3), any(0.05, 0.3)}, any);
    }
    none_fails_.emplace_back("web-f", Failing{kAsBefore, kAsBefore}, any);
    std::vector<const ServiceHistory*> all;
    for (const auto* worlds : {&old_fails_, &both_fail_, &none_fails_}) {
      for (const World& world : *worlds) all.push_back(&world.history);
    }
    prometheus_ = PrometheusOf(all);
  }
  static void TearDownTestSuite() {
    prometheus_.reset();
    old_fails_.clear();
    both_fail_.clear();
    none_fails_.clear();
  }

  v1::Verdict At(absl::Time time, const v1::EvaluateRequest& request) {
    gate_.SetClock(ClockText(time));
    return gate_.Evaluate(request);
  }

  static inline std::vector<World> old_fails_, both_fail_, none_fails_;
  static inline std::unique_ptr<MetricsServerFake> prometheus_;
  const testing::ScopedTrace trace_{__FILE__, __LINE__, absl::StrCat("seed ", SeedOfRun())};
  RunningGate gate_{{.policy = ReadFile("incidents/migrated_policy.yaml"),
                     .metrics_servers = {{"main", prometheus_->url()}},
                     .now = ClockText(kCanary)}};
};

// Two minutes, and the last scrape.
const absl::Time kTwoMinutesLater = kMigrated + absl::Minutes(2) + absl::Seconds(20);

TEST_F(AfterTheMigration, ForwardIsTheWayOutWithinTwoMinutes) {
  for (const World& world : old_fails_) {
    SCOPED_TRACE(world.name());
    const v1::Verdict before = At(kMigrated - absl::Seconds(30), Release(world));
    EXPECT_NE(before.advice(), v1::ADVICE_ACCELERATE) << before.DebugString();
    EXPECT_NE(before.decision(), v1::DECISION_BLOCK) << before.DebugString();
  }
  for (const World& world : old_fails_) {
    SCOPED_TRACE(world.name());
    const v1::Verdict verdict = At(kTwoMinutesLater, Release(world));
    EXPECT_EQ(verdict.advice(), v1::ADVICE_ACCELERATE) << verdict.DebugString();
    EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW);
    EXPECT_THAT(verdict.reason(), HasSubstr("only the old version suffers"));
    const v1::Finding& old_version =
        FindingOf(OutcomeOf(verdict, "canary"), "canary.old_version", "http_5xx");
    EXPECT_THAT(old_version.message(), HasSubstr("the way out is forward"));
    EXPECT_THAT(old_version.instead(), HasSubstr("give the new version all of the traffic"));
    // What the migration does to the running version is on the record, with who answers for it.
    EXPECT_THAT(FindingOf(OutcomeOf(verdict, "migration"), "migration.drop_column").covered_by(),
                HasSubstr("release manager"));
  }
  // It stays so for as long as the old version takes traffic.
  for (const World& world : old_fails_) {
    SCOPED_TRACE(world.name());
    const v1::Verdict later = At(kMigrated + absl::Minutes(10), Release(world));
    EXPECT_EQ(later.advice(), v1::ADVICE_ACCELERATE) << later.DebugString();
    EXPECT_EQ(later.decision(), v1::DECISION_ALLOW);
  }
}

TEST_F(AfterTheMigration, WhereBothFailItGoesBack) {
  for (const World& world : both_fail_) {
    SCOPED_TRACE(world.name());
    const v1::Verdict verdict = At(kMigrated + absl::Minutes(4), Release(world));
    EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
    EXPECT_EQ(verdict.advice(), v1::ADVICE_ROLL_BACK);
    EXPECT_THAT(FindingOf(OutcomeOf(verdict, "canary"), "canary.shared_harm").instead(),
                HasSubstr("its migration with it"));
  }
}

TEST_F(AfterTheMigration, WhereNoneFailsNobodyIsHurried) {
  const v1::Verdict verdict = At(kMigrated + absl::Minutes(10), Release(none_fails_[0]));
  EXPECT_NE(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
  EXPECT_NE(verdict.advice(), v1::ADVICE_ACCELERATE);
  EXPECT_NE(verdict.advice(), v1::ADVICE_ROLL_BACK);
}

}  // namespace
}  // namespace gate
