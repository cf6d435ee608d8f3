// 2021-09-23, cache flush, as a rollout: a fix cleared the cache after each update of an account.
// With 5 % of the traffic nothing failed; with all of it Redis and the database would have given
// way.
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "tests/incidents/rolled/replay.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const absl::Time kBegin = Utc("2021-09-23T14:40:00Z");  // Thursday, 10:40 in New York
constexpr absl::Duration kWeek = absl::Hours(7 * 24);

// What a request costs of a resource, with a relative noise from minute to minute, and how much of
// the resource old code uses at the weekly peak.
struct Cost {
  double old_version, new_version, noise, use_at_peak;
};

// The load is that of offices: any size and any part of it at night, since the projection goes by
// the weeks before. Errors are as ever on both versions, and so rare that none proves harm.
class Web : public LiveService {
 public:
  using LiveService::LiveService;

  Cost redis, database;

 protected:
  void Live(const Moment& moment) override {
    const double load = peak_ * OfficeWeek(moment.to, opens_, night_);
    double commands = 0;
    for (const bool is_new : {false, true}) {
      const double part = is_new ? share : 1 - share;
      if (part == 0) continue;
      const std::string labels = is_new ? "track=\"canary\"" : "track=\"stable\"";
      double all = 0;
      for (const auto& [endpoint, of_all] :
           {std::pair("/home", 0.6), std::pair("/schedule", 0.38), std::pair("/settings", 0.02)}) {
        const double requests = Requests(load * part * of_all, moment);
        Count("http_requests_total", absl::StrCat(labels, ",endpoint=\"", endpoint, "\""),
              requests);
        all += requests;
      }
      if (moment.long_ago) continue;
      Count("http_errors_total", labels, Some(all, errors_));
      const auto spent = [&](const char* what, const Cost& cost) {
        return Spent(what + labels, all, is_new ? cost.new_version : cost.old_version, cost.noise,
                     moment);
      };
      const double of_redis = spent("redis", redis);
      commands += of_redis;
      Count("redis_commands_total", labels, of_redis);
      Count("database_queries_total", labels, spent("database", database));
    }
    if (moment.long_ago) return;
    Show("redis_busy_ratio", "", commands / moment.seconds() / CapacityOf(redis));
    Show("database_queries_per_second_limit", "", CapacityOf(database));
  }

 private:
  double CapacityOf(const Cost& cost) const { return peak_ * cost.old_version / cost.use_at_peak; }

  const double peak_ = Any(700, 1500), opens_ = Any(8.8, 9.2), night_ = Any(0.1, 0.15),
               errors_ = Any(0.0002, 0.001);
};

class CacheFlushRolled : public RolledIncident<Web> {
 protected:
  template <typename SetCosts>
  void Start(SetCosts set_costs) {
    Begin({.gate = {.policy = ReadFile("incidents/cache_policy.yaml")},
           .begin = kBegin,
           .past = 5 * kWeek + absl::Hours(1)},
          set_costs);
    ForEach([](Story& story) {
      story.pipeline.Start(ChangeOf(story.service, v1::CHANGE_KIND_CODE, "2021.9.23"));
    });
  }
};
GATE_WITH_SEEDS(CacheFlushRolled);

// Answer 1. The ratios are those of the incident, and at the peak Redis would be at 110 to 130 %
// and the database at 220 to 260 %: however exact the numbers, that is over the target of 70 %.
TEST_P(CacheFlushRolled, GoesBackAtFivePerCent) {
  Start([](Web& web, AnyNumber& any) {
    web.redis = {6, 14, any(0.02, 0.08), any(1.1, 1.3) * 6 / 14};
    web.database = {1.2, 9, any(0.02, 0.08), any(2.2, 2.6) * 1.2 / 9};
  });
  EachMinute(60, [](Story& story, double minute) {
    Pipeline& pipeline = story.pipeline;
    const v1::Verdict verdict = pipeline.Ask();
    ASSERT_LE(story.pipeline.share(), 0.05) << pipeline.rollout().DebugString();
    if (pipeline.state() != v1::ROLLOUT_STATE_ROLLING_BACK) return;
    EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
    EXPECT_EQ(verdict.advice(), v1::ADVICE_ROLL_BACK);
    // It goes back on the first proof, before the other resource is proven to give way as well and
    // before a share is known to be safe: each is told as far as it is known.
    const v1::CheckOutcome& capacity = OutcomeOf(verdict, "capacity");
    EXPECT_THAT(FindingOf(capacity, "capacity.overload").message(),
                AllOf(ContainsRegex("on stable: [0-9.]+x \\([0-9.]+x to "),
                      AnyOf(HasSubstr("largest share of traffic that stays under"),
                            HasSubstr("what it takes alone is not known closely"))));
    for (const char* resource : {"redis", "database"}) {
      EXPECT_TRUE(HasFinding(capacity, "capacity.overload", resource) ||
                  HasFinding(capacity, "capacity.undecided", resource))
          << resource << ": " << capacity.DebugString();
    }
    // Errors alone would not have taken it back.
    EXPECT_NE(OutcomeOf(verdict, "canary").outcome(), v1::OUTCOME_FAIL);
    TellMinute("the flushed cache goes back", story.service.seed(), minute);
    pipeline.GoBack();
    EXPECT_EQ(pipeline.state(), v1::ROLLOUT_STATE_ROLLED_BACK);
    story.over = true;
  });
  EXPECT_TRUE(AllAreOver());
}

// Answer 2. At most 12 % more of what is at most 42 % at the peak stays far under 70 %.
TEST_P(CacheFlushRolled, TenPerCentMoreWhereThereIsRoomGoesOut) {
  Start([](Web& web, AnyNumber& any) {
    web.redis = {6, 6 * any(1.05, 1.12), any(0.01, 0.05), any(0.3, 0.42)};
    web.database = {1.2, 1.2, any(0.01, 0.05), any(0.2, 0.35)};
  });
  EachMinute(120, [](Story& story, double minute) {
    const v1::Verdict verdict = story.pipeline.Ask();
    EXPECT_NE(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
    if (story.pipeline.state() != v1::ROLLOUT_STATE_BAKING) return;
    EXPECT_EQ(story.pipeline.rollout().taken_size(), 3) << "no step is left out";
    TellMinute("ten per cent more is out", story.service.seed(), minute);
    story.over = true;
  });
  EXPECT_TRUE(AllAreOver());
}

// Answer 3. What the database costs differs by a factor of e and more from minute to minute, and
// the mean by 5 % at the most: three quarters of an hour tell neither that it is more nor that it
// is not.
TEST_P(CacheFlushRolled, ANoisyCostWaitsAndSaysHowLong) {
  Start([](Web& web, AnyNumber& any) {
    web.redis = {6, 6, any(0.01, 0.05), any(0.2, 0.3)};
    web.database = {1.2, 1.2 * any(0.95, 1.05), any(0.8, 1.2), any(0.35, 0.45)};
  });
  EachMinute(45, [this](Story& story, double minute) {
    const v1::Verdict verdict = story.pipeline.Ask();
    EXPECT_NE(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
    ASSERT_LT(story.pipeline.share(), 1) << story.pipeline.rollout().DebugString();
    // With fewer than a handful of intervals it is the number of these that is waited for.
    if (minute < 8 || verdict.decision() == v1::DECISION_ALLOW) return;
    EXPECT_EQ(verdict.advice(), v1::ADVICE_WAIT);
    const v1::CheckOutcome& capacity = OutcomeOf(verdict, "capacity");
    EXPECT_THAT(FindingOf(capacity, "capacity.undecided", "database").instead(),
                HasSubstr("at the present rate of requests"));
    EXPECT_GT(FromProto(verdict.retry_at()), replay().now());
    EXPECT_THAT(story.pipeline.rollout().waits(), Not(IsEmpty()));
  });
}

}  // namespace
}  // namespace gate
