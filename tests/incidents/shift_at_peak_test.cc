// 2021-07-06, split traffic, as metrics tell it: a fifth of the traffic went to a new hoster on the
// Friday before the holiday weekend. Its workers were 42 % busy; at Tuesday's peak they were
// outrun, and requests waited for a worker without an error.
//
// A Prometheus has five weeks of several such services. Numbers differ from run to run within the
// ranges where the answer must not.
#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "tests/incidents/incident.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const absl::Time kFriday = Utc("2021-07-02T19:00:00Z");       // 15:00 in New York
const absl::Time kHoliday = Utc("2021-07-03T04:00:00Z");      // until Tuesday
const absl::Time kTuesday = Utc("2021-07-06T04:00:00Z");      // midnight
const absl::Time kMorning = Utc("2021-07-06T15:00:00Z");      // 11:00
const absl::Time kTenToTwelve = Utc("2021-07-06T15:50:00Z");  // 11:50
const Span kWeeks = {kFriday - absl::Hours(5 * 7 * 24 + 1), kTenToTwelve + absl::Minutes(5)};
constexpr double kShare = 0.2;

// A service whose shift goes on Friday, with a new pool that the coming peak uses that much of.
struct World {
  World(const std::string& name, double use_at_peak, AnyNumber& any)
      : use(use_at_peak),
        peak(any(1150, 1250)),
        workers(any.Whole(56, 66)),
        service_time(use * workers / (peak * kShare)),
        // On Tuesday more comes in than can be served, from about here on.
        outrun(Utc("2021-07-06T15:40:00Z") + absl::Seconds(any.Whole(0, 180))),
        slope(any(0.006, 0.015)),
        friday(any(0.45, 0.55)),
        usual_wait(any(0.005, 0.025)),
        random(static_cast<unsigned>(any.Whole(1, 1 << 30))),
        history(name, kWeeks,
                {{kFriday - absl::Minutes(70), kFriday + absl::Minutes(5)},
                 {kMorning - absl::Hours(5), kWeeks.to}},
                static_cast<unsigned>(any.Whole(1, 1 << 30))) {
    const double errors = any(0.0002, 0.001);
    AddHoster("old-hoster", kWeeks, 0.18, errors);
    AddHoster("new-hoster", {kFriday, kWeeks.to}, service_time, errors);
    const auto wait = [&](absl::Time time) {
      return usual_wait * (0.5 + 0.5 * Load(time) / peak) * any(0.9, 1.1);
    };
    history.AddGauge("http_queue_wait_seconds", "hoster=\"old-hoster\"", wait);
    absl::Time last = kFriday;
    double line = 0;
    history.AddGauge("http_queue_wait_seconds", "hoster=\"new-hoster\"",
                     [&](absl::Time time) {
                       for (; last < time; last += absl::Seconds(1)) {
                         line += std::poisson_distribution<int>(kShare * Load(last))(random);
                         line = std::max(0.0, line - workers / service_time);
                       }
                       const double waits = wait(time) + line * service_time / workers;
                       if (waits <= 0.1) in_range_until = time;
                       return waits;
                     },
                     {kFriday, kWeeks.to});
  }

  double Load(absl::Time time) const {
    if (time > kTuesday + absl::Hours(9.5)) {
      const double minutes = absl::ToDoubleMinutes(time - outrun);
      const double most = peak / std::max(use, 1.0);
      return most * std::clamp(1 + slope * minutes, 0.7, 1.08);
    }
    const double part = time > kHoliday && time <= kTuesday                   ? 0.3
                        : time > kFriday - absl::Hours(3) && time <= kHoliday ? friday / 0.85
                                                                              : 1;
    return peak * part * OfficeWeek(time, 9, 0.1);
  }

  void AddHoster(const std::string& hoster, Span span, double seconds, double errors) {
    const bool is_new = span.from == kFriday;
    const std::string labels = absl::StrCat("hoster=\"", hoster, "\"");
    const Rise requests = history.Requests(
        [&](absl::Time time) {
          const double moved = time > kFriday ? kShare : 0;
          return Load(time) * (is_new ? moved : 1 - moved);
        },
        span);
    history.AddCounter("http_requests_total", labels, requests);
    history.AddCounter("http_errors_total", labels,
                       history.Some(requests, [=](absl::Time) { return errors; }),
                       {kFriday - absl::Hours(5)});
    history.AddCounter("worker_busy_seconds_total", labels,
                       history.Spent(
                           requests, [=](absl::Time) { return seconds; }, 0.01),
                       {kFriday - absl::Hours(5)});
  }
  const std::string& name() const { return history.service(); }

  double use, peak;
  int workers;
  double service_time;
  absl::Time outrun;
  double slope, friday, usual_wait;
  std::mt19937 random;
  absl::Time in_range_until;
  ServiceHistory history;
};

v1::EvaluateRequest Shift(const World& world, bool mended) {
  v1::EvaluateRequest request = AskAbout(world.name(), v1::CHANGE_KIND_TRAFFIC_SHIFT);
  v1::TrafficShift& shift = *request.mutable_change()->mutable_traffic_shift();
  shift.set_sticky_sessions(mended);
  shift.set_way_back("weights at the CDN, 2 min");
  const auto add = [&](const char* name, double before, double after, const char* site,
                       const char* database, int workers) {
    v1::TrafficShift::Origin& origin = *shift.add_origins();
    origin.set_name(name);
    origin.set_share_before(before);
    origin.set_share_after(after);
    origin.set_site(site);
    origin.set_database_site(database);
    origin.set_workers(workers);
  };
  add("old-hoster", 1, 1 - kShare, "nyc", "nyc", 400);
  add("new-hoster", 0, kShare, "ord", mended ? "ord" : "nyc", world.workers);
  *shift.mutable_origins(1)->mutable_service_time() = ToProto(absl::Seconds(world.service_time));
  return request;
}

v1::EvaluateRequest Lifted(v1::EvaluateRequest request) {
  (*request.mutable_change()->mutable_labels())["freeze"] = "lifted";
  return request;
}

v1::EvaluateRequest InForce(const World& world) {
  return Started(Shift(world, /*mended=*/true), kFriday, kShare);
}

class ShiftAtPeak : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    AnyNumber any(SeedOfRun());
    for (const char* name : {"web-a", "web-b"}) outrun_.emplace_back(name, any(1.01, 1.07), any);
    enough_.emplace_back("web-c", any(0.5, 0.58), any);
    std::vector<const ServiceHistory*> all;
    for (const auto* worlds : {&outrun_, &enough_}) {
      for (const World& world : *worlds) all.push_back(&world.history);
    }
    prometheus_ = PrometheusOf(all);
  }
  static void TearDownTestSuite() {
    prometheus_.reset();
    outrun_.clear();
    enough_.clear();
  }

  v1::Verdict At(absl::Time time, const v1::EvaluateRequest& request) {
    gate_.SetClock(ClockText(time));
    return gate_.Evaluate(request);
  }

  static inline std::vector<World> outrun_, enough_;
  static inline std::unique_ptr<MetricsServerFake> prometheus_;
  const testing::ScopedTrace trace_{__FILE__, __LINE__, absl::StrCat("seed ", SeedOfRun())};
  RunningGate gate_{{.policy = ReadFile("incidents/shift_policy.yaml"),
                     .metrics_servers = {{"main", prometheus_->url()}},
                     .files = {{"us-federal-holidays.ics",
                                ReadFile("../deploy/policies/us-federal-holidays.ics")}},
                     .now = ClockText(kFriday)}};
};

TEST_F(ShiftAtPeak, OnFridayItIsBlockedByFreezeSessionsAndTuesdaysPeak) {
  for (const World& world : outrun_) {
    SCOPED_TRACE(world.name());
    const v1::Verdict verdict = At(kFriday, Shift(world, /*mended=*/false));
    EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
    const v1::Finding& frozen =
        FindingOf(OutcomeOf(verdict, "freeze"), "freeze.inside_deny_window", "holiday-weekend");
    EXPECT_THAT(frozen.instead(), HasSubstr("Tue 2021-07-06 10:00 EDT"));
    EXPECT_TRUE(HasFinding(OutcomeOf(verdict, "traffic"), "traffic.split_sessions"));
    EXPECT_TRUE(HasFinding(OutcomeOf(verdict, "traffic"), "traffic.cross_site_database"));
    const v1::CheckOutcome& capacity = OutcomeOf(verdict, "capacity");
    const std::string& pool =
        FindingOf(capacity, "capacity.pool_too_small", "new-hoster").message();
    EXPECT_NEAR(UseIn(pool).estimate, 100 * world.use, 6) << pool;
    EXPECT_NEAR(NumberAfter(pool, "it would be "),
                100 * world.use * world.Load(kFriday) / world.peak, 5);
    EXPECT_FALSE(HasFinding(capacity, "capacity.pool_too_small", "old-hoster"));
  }
}

TEST_F(ShiftAtPeak, WithoutTheFreezeItHoldsUntilThePoolIsLargeEnough) {
  for (const World& world : outrun_) {
    SCOPED_TRACE(world.name());
    v1::EvaluateRequest request = Lifted(Shift(world, /*mended=*/true));
    const v1::Verdict held = At(kFriday, request);
    EXPECT_EQ(held.decision(), v1::DECISION_HOLD) << held.DebugString();
    const v1::Finding& pool =
        FindingOf(OutcomeOf(held, "capacity"), "capacity.pool_too_small", "new-hoster");
    const double needed = NumberAfter(pool.instead(), "Give new-hoster ");
    EXPECT_GT(needed, world.workers / 0.7);
    EXPECT_LT(needed, 1.4 * world.workers / 0.7);
    request.mutable_change()->mutable_traffic_shift()->mutable_origins(1)->set_workers(
        static_cast<int>(needed));
    const v1::Verdict enough = At(kFriday, request);
    EXPECT_EQ(enough.decision(), v1::DECISION_ALLOW) << enough.DebugString();
  }
}

TEST_F(ShiftAtPeak, OnTuesdayItGoesBackWithinFiveMinutesOfTheFirstWait) {
  std::map<std::string, absl::Time> first;
  for (absl::Time now = kMorning + absl::Minutes(25) + absl::Seconds(5); now <= kTenToTwelve;
       now += absl::Minutes(1)) {
    for (const World& world : outrun_) {
      if (first.contains(world.name())) continue;
      SCOPED_TRACE(absl::StrCat(world.name(), " at ", absl::FormatTime(now)));
      const v1::Verdict verdict = At(now, InForce(world));
      EXPECT_NE(verdict.decision(), v1::DECISION_ALLOW);
      if (verdict.advice() != v1::ADVICE_ROLL_BACK) {
        EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD);
        EXPECT_EQ(verdict.advice(), v1::ADVICE_WAIT);
        continue;
      }
      first[world.name()] = now;
      EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
      EXPECT_LE(now, world.in_range_until + absl::Minutes(5));
      const v1::Finding& waits =
          FindingOf(OutcomeOf(verdict, "capacity"), "capacity.wait_grows", "new-hoster");
      EXPECT_THAT(waits.message(),
                  AllOf(HasSubstr("a request waits"), HasSubstr("normal range"),
                        HasSubstr("usual weekly peak"),
                        HasSubstr(absl::StrCat("Of its ", world.workers, " workers"))));
      EXPECT_THAT(waits.instead(),
                  AllOf(HasSubstr("new-hoster to 0 % of the traffic"), HasSubstr("at the CDN")));
    }
    const v1::Verdict enough = At(now, InForce(enough_[0]));
    EXPECT_EQ(enough.decision(), v1::DECISION_ALLOW) << enough.DebugString();
    EXPECT_EQ(enough.advice(), v1::ADVICE_PROCEED);
  }
  for (const World& world : outrun_) {
    EXPECT_TRUE(first.contains(world.name())) << At(kTenToTwelve, InForce(world)).DebugString();
    // Errors alone: the new hoster has no more of them than the old one.
    v1::EvaluateRequest errors = AskAbout(world.name(), v1::CHANGE_KIND_CONFIG);
    const v1::Verdict by_errors = At(kTenToTwelve, JudgedBy(errors, "errors"));
    EXPECT_EQ(by_errors.decision(), v1::DECISION_ALLOW) << by_errors.DebugString();
    // And what it says to do is not stopped.
    v1::EvaluateRequest back = Shift(world, /*mended=*/true);
    v1::TrafficShift& shift = *back.mutable_change()->mutable_traffic_shift();
    for (v1::TrafficShift::Origin& origin : *shift.mutable_origins()) {
      const double before = origin.share_before();
      origin.set_share_before(origin.share_after());
      origin.set_share_after(before);
    }
    shift.set_takes_back("the shift of Friday 15:00");
    const v1::Verdict way_back = At(kTenToTwelve, back);
    EXPECT_EQ(way_back.decision(), v1::DECISION_ALLOW) << way_back.DebugString();
  }
}

}  // namespace
}  // namespace gate
