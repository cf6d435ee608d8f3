// 2021-07-06, split traffic, as a rollout whose one step is the shift: on the Friday before a
// holiday weekend a fifth of the traffic goes to a new hoster, whose workers Tuesday's peak
// outruns.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "tests/incidents/rolled/replay.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const absl::Time kFriday = Utc("2021-07-02T19:00:00Z");       // 15:00 in New York
const absl::Time kHoliday = Utc("2021-07-03T04:00:00Z");      // until Tuesday
const absl::Time kTuesday = Utc("2021-07-06T04:00:00Z");      // midnight
const absl::Time kMorning = Utc("2021-07-06T15:25:00Z");      // 11:25
const absl::Time kTenToTwelve = Utc("2021-07-06T15:50:00Z");  // 11:50
constexpr double kShare = 0.2;

// On Friday the new pool is half busy; what it needs at the peak (`use`) follows from how long it
// takes for a request. On Tuesday the load rises slowly through what the pool can serve, some
// minutes after 11:40: what waits then is a line and no error.
class Web : public LiveService {
 public:
  using LiveService::LiveService;

  double use = 0.5;
  // The last time at which a request waited no longer than usual.
  absl::Time in_range_until;

  const double peak = Any(1150, 1250);
  const int workers = static_cast<int>(Any(56, 67));

  double ServiceTime() const { return use * workers / (peak * kShare); }

 protected:
  void Live(const Moment& moment) override {
    const double moved = kShare * share;
    const auto hoster = [&](const char* name, double part, double seconds) {
      if (part == 0) return;
      const std::string labels = absl::StrCat("hoster=\"", name, "\"");
      const double requests = Requests(Load(moment.to) * part, moment);
      Count("http_requests_total", labels, requests);
      const double usual = wait_ * (0.5 + 0.5 * Load(moment.to) / peak) * Any(0.9, 1.1);
      const bool is_new = part == moved;
      if (is_new) {
        line_ = std::max(0.0, line_ + requests - moment.seconds() * workers / ServiceTime());
      }
      const double waits = usual + (is_new ? line_ * ServiceTime() / workers : 0);
      if (is_new && waits <= 0.1) in_range_until = moment.to;
      Show("http_queue_wait_seconds", labels, waits);
      if (moment.long_ago) return;
      Count("http_errors_total", labels, Some(requests, errors_));
      Count("worker_busy_seconds_total", labels, Spent(name, requests, seconds, 0.01, moment));
    };
    hoster("old-hoster", 1 - moved, 0.18);
    hoster("new-hoster", moved, ServiceTime());
  }

 private:
  double Load(absl::Time time) const {
    if (time > kTuesday + absl::Hours(9.5)) {
      const double most = peak / std::max(use, 1.0);
      return most * std::clamp(1 + slope_ * absl::ToDoubleMinutes(time - outrun_), 0.7, 1.08);
    }
    const double part = time > kHoliday && time <= kTuesday                   ? 0.3
                        : time > kFriday - absl::Hours(3) && time <= kHoliday ? friday_ / 0.85
                                                                              : 1;
    return peak * part * OfficeWeek(time, 9, 0.1);
  }

  const absl::Time outrun_ = Utc("2021-07-06T15:40:00Z") + absl::Seconds(Any(0, 180));
  const double slope_ = Any(0.006, 0.015), friday_ = Any(0.45, 0.55), wait_ = Any(0.005, 0.025),
               errors_ = Any(0.0002, 0.001);
  double line_ = 0;
};

v1::Change Shift(const Web& web, bool mended, const std::string& version) {
  v1::Change change = ChangeOf(web, v1::CHANGE_KIND_TRAFFIC_SHIFT, version);
  v1::TrafficShift& shift = *change.mutable_traffic_shift();
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
  add("new-hoster", 0, kShare, "ord", mended ? "ord" : "nyc", web.workers);
  *shift.mutable_origins(1)->mutable_service_time() = ToProto(absl::Seconds(web.ServiceTime()));
  return change;
}

class SplitTrafficRolled : public RolledIncident<Web> {
 protected:
  template <typename Set>
  void BeginOnFriday(Set set) {
    ReplaySetup setup{.gate = {.policy = ReadFile("incidents/shift_policy.yaml"),
                               .files = {{"us-federal-holidays.ics",
                                          ReadFile("../deploy/policies/us-federal-holidays.ics")}}},
                      .begin = kFriday,
                      .past = absl::Hours(5 * 7 * 24 + 1)};
    Begin(setup, set);
  }

  // A person lets it through. Where a BLOCK is decided a metrics server gets two more seconds, so
  // that what it has to say may come with the next answer only.
  void Override(Story& story, v1::Verdict verdict) {
    bool pool_told = false;
    for (int times = 0; times < 3 && story.pipeline.share() == 0; ++times) {
      pool_told = pool_told || HasFinding(OutcomeOf(verdict, "capacity"), "capacity.pool_too_small",
                                          "new-hoster");
      replay().BreakGlass(verdict,
                          {verdict.overridable_rules().begin(), verdict.overridable_rules().end()});
      verdict = story.pipeline.Ask();
    }
    EXPECT_TRUE(pool_told);
    EXPECT_EQ(story.pipeline.share(), 1) << verdict.DebugString();
  }

  // Over the weekend nobody asks, and nothing is wrong.
  void PassTheWeekend() {
    while (replay().now() < kMorning) {
      replay().GoOnTo(std::min(kMorning, replay().now() + absl::Hours(8)));
      LetTheGateLook(v1::ROLLOUT_STATE_ROLLING_BACK);
      ForEach([](Story& story) {
        EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_BAKING)
            << story.pipeline.rollout().DebugString();
      });
    }
  }
};
GATE_WITH_SEEDS(SplitTrafficRolled);

// Answers 1 and 3. The peak is at most 7 % over what the pool serves, and at least 1 %: less is no
// incident, and more comes earlier.
TEST_P(SplitTrafficRolled, IsStoppedAndOverriddenAndGoesBackOnTuesday) {
  BeginOnFriday([](Web& web, AnyNumber& any) { web.use = any(1.01, 1.07); });
  ForEach([&](Story& story) {
    story.pipeline.Start(Shift(story.service, /*mended=*/false, "split"));
    const v1::Verdict verdict = story.pipeline.Ask();
    EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
    EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_PENDING);
    EXPECT_THAT(FindingOf(OutcomeOf(verdict, "freeze"), "freeze.inside_deny_window").instead(),
                HasSubstr("Tue 2021-07-06 10:00 EDT"));
    EXPECT_TRUE(HasFinding(OutcomeOf(verdict, "traffic"), "traffic.split_sessions"));
    EXPECT_TRUE(HasFinding(OutcomeOf(verdict, "traffic"), "traffic.cross_site_database"));
    Override(story, verdict);
  });
  PassTheWeekend();
  EachMinute(25, [this](Story& story, double) {
    const v1::Verdict verdict = story.pipeline.Ask();
    if (story.pipeline.state() != v1::ROLLOUT_STATE_ROLLING_BACK) return;
    EXPECT_EQ(verdict.advice(), v1::ADVICE_ROLL_BACK);
    const v1::Finding& waits =
        FindingOf(OutcomeOf(verdict, "capacity"), "capacity.wait_grows", "new-hoster");
    EXPECT_THAT(waits.message(), AllOf(HasSubstr("a request waits"), HasSubstr("normal range")));
    EXPECT_THAT(waits.instead(), HasSubstr("new-hoster to 0 % of the traffic"));
    const double since = absl::ToDoubleMinutes(replay().now() - story.service.in_range_until);
    EXPECT_LE(since, 5);
    TellMinute("the shift goes back", story.service.seed(), since);
    story.over = true;
  });
  ForEach([](Story& story) {
    EXPECT_TRUE(story.over) << "by 11:50: " << story.pipeline.rollout().DebugString();
  });
}

// Answer 2, and what comes of it: held until the pool is told to be large enough, then through the
// same Tuesday. Of the pool's size half of the target and a little more is used.
TEST_P(SplitTrafficRolled, WithAPoolThatIsLargeEnoughItStays) {
  BeginOnFriday([](Web& web, AnyNumber& any) { web.use = any(0.5, 0.58); });
  ForEach([&](Story& story) {
    v1::Change small = Shift(story.service, /*mended=*/true, "half-a-pool");
    (*small.mutable_labels())["freeze"] = "lifted";
    small.mutable_traffic_shift()->mutable_origins(1)->set_workers(story.service.workers / 2);
    story.pipeline.Start(small);
    const v1::Verdict held = story.pipeline.Ask();
    EXPECT_EQ(held.decision(), v1::DECISION_HOLD) << held.DebugString();
    EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_PENDING);
    EXPECT_THAT(FindingOf(OutcomeOf(held, "capacity"), "capacity.pool_too_small").instead(),
                HasSubstr("Give new-hoster "));
  });
  replay().GoOnFor(absl::Minutes(11));  // The first pipelines have given up.
  ForEach([](Story& story) {
    v1::Change large = Shift(story.service, /*mended=*/true, "a-whole-pool");
    (*large.mutable_labels())["freeze"] = "lifted";
    story.pipeline.Start(large);
    EXPECT_EQ(story.pipeline.Ask().decision(), v1::DECISION_ALLOW)
        << story.pipeline.rollout().DebugString();
    EXPECT_EQ(story.pipeline.share(), 1);
  });
  PassTheWeekend();
  replay().GoOnTo(kTenToTwelve);
  LetTheGateLook(v1::ROLLOUT_STATE_SUCCEEDED);
  ForEach([](Story& story) {
    EXPECT_NE(story.pipeline.state(), v1::ROLLOUT_STATE_ROLLING_BACK)
        << story.pipeline.rollout().DebugString();
  });
}

}  // namespace
}  // namespace gate
