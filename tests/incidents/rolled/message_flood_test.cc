// 2023-09-11, message flood, through rollouts: a hotfix of Friday night that publishes eight times
// as many messages per request; let through as a canary, let through at once, and then the fixes of
// Monday, of which one is none.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "tests/incidents/rolled/replay.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr double kDrain = 4000, kRoom = 33e6;             // as in the policy
const absl::Time kFriday = Utc("2023-09-09T01:00:00Z");   // 21:00 in New York
const absl::Time kMonday = Utc("2023-09-11T12:40:00Z");   // 08:40
const absl::Time kTenPast = Utc("2023-09-11T13:10:00Z");  // 09:10
const absl::Time kFixes = Utc("2023-09-11T15:00:00Z");    // 11:00
constexpr absl::Duration kWeek = absl::Hours(7 * 24);
constexpr char kUseless[] = "2023.9.11-fix", kRevert[] = "2023.9.11-revert";

// The load of offices. The peak is one at which 5.8 messages each outrun the consumers by a third
// and 0.8 leave three quarters of them idle; offices open early enough for that before 09:10.
class Web : public LiveService {
 public:
  using LiveService::LiveService;

  // Messages per request of the version that runs, and of the one that is to go out.
  double old_cost = 0.8, new_cost = 0.8;
  // Since when the old version costs that; before, it was 0.8.
  absl::Time old_cost_since = absl::InfinitePast();

  double Load(absl::Time time) const { return peak * OfficeWeek(time, opens_, night_); }

  double waiting() const { return waiting_; }

  // Of what is long ago its messages were counted then.
  Span counted{absl::InfiniteFuture(), absl::InfinitePast()};

  const double peak = Any(1000, 1150);

 protected:
  void Live(const Moment& moment) override {
    double published = 0;
    for (const bool is_new : {false, true}) {
      const double part = is_new ? share : 1 - share;
      if (part == 0) continue;
      const double cost = is_new ? new_cost : moment.to > old_cost_since ? old_cost : 0.8;
      const std::string labels = is_new ? "track=\"canary\"" : "track=\"stable\"";
      const double requests = Requests(Load(moment.to) * part, moment);
      Count("http_requests_total", labels, requests);
      published += requests * cost;
      if (moment.long_ago && !counted.Holds(moment.to)) continue;
      Count("http_errors_total", labels, Some(requests, errors_));
      Count("messages_published_total", labels, Spent(labels, requests, cost, noise_, moment));
    }
    waiting_ = std::clamp(waiting_ + published - kDrain * moment.seconds(), 0.0, kRoom);
    Show("messages_ready", "", std::floor(waiting_ + 2000 * Load(moment.to) / peak));
  }

 private:
  const double opens_ = Any(8.87, 8.95), night_ = Any(0.1, 0.13), errors_ = Any(0.0002, 0.0005),
               noise_ = Any(0.02, 0.08);
  double waiting_ = 0;
};

class MessageFloodRolled : public RolledIncident<Web> {
 protected:
  static Span WeekBefore(absl::Time begin) {
    return {begin - kWeek - absl::Minutes(5), begin - kWeek + absl::Hours(4)};
  }

  template <typename Set>
  void BeginAt(absl::Time begin, Set set) {
    ReplaySetup setup{.gate = {.policy = ReadFile("incidents/flood_policy.yaml")},
                      .begin = begin,
                      .past = 5 * kWeek + absl::Hours(1),
                      .closely = {WeekBefore(begin)}};
    Begin(setup, set);
  }

  // Answer 1: before anything is out it is stopped for the night that it is; somebody breaks the
  // glass.
  void StopAndOverride(const char* judged_by) {
    BeginAt(kFriday, [](Web& web, AnyNumber& any) { web.new_cost = any(5.8, 6.6); });
    ForEach([&](Story& story) {
      v1::Change change = ChangeOf(story.service, v1::CHANGE_KIND_HOTFIX, "2023.9.8-hotfix");
      if (*judged_by != '\0') (*change.mutable_labels())["judged-by"] = judged_by;
      story.pipeline.Start(change);
      const v1::Verdict verdict = story.pipeline.Ask();
      EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
      EXPECT_THAT(verdict.reason(), HasSubstr("friday-evening"));
      EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_PENDING);
      replay().BreakGlass(verdict, {"freeze.inside_deny_window"});
      EXPECT_EQ(story.pipeline.Ask().decision(), v1::DECISION_ALLOW);
      EXPECT_GT(story.pipeline.share(), 0);
    });
  }

  std::string Report(const Web& web) {
    v1::ReportIncidentRequest request;
    v1::Incident& incident = *request.mutable_incident();
    incident.set_title("lab orders arrive late");
    incident.add_services(web.name());
    incident.set_severity(v1::INCIDENT_SEVERITY_MAJOR);
    incident.mutable_signal()->set_source("main");
    incident.mutable_signal()->set_selector(
        absl::StrCat("messages_ready{service=\"", web.name(), "\"}"));
    incident.mutable_signal()->set_at_most(50'000);
    grpc::ClientContext context;
    v1::Incident reported;
    const grpc::Status status = replay().incidents().Report(&context, request, &reported);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return reported.name();
  }

  void StartFix(Story& story, const std::string& version, const std::string& incident) {
    v1::Change change = ChangeOf(story.service, v1::CHANGE_KIND_HOTFIX, version);
    (*change.mutable_labels())["judged-by"] = "queue";
    story.pipeline.Start(change, incident);
    EXPECT_EQ(story.pipeline.Ask().decision(), v1::DECISION_ALLOW)
        << story.pipeline.rollout().DebugString();
    EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_BAKING);
  }
};
GATE_WITH_SEEDS(MessageFloodRolled);

// Answers 1 and 2: as a canary it does not outlive the night.
TEST_P(MessageFloodRolled, TheCanaryOfFridayNightGoesBackForMondaysPeak) {
  StopAndOverride("");
  EachMinute(60, [](Story& story, double minute) {
    const v1::Verdict verdict = story.pipeline.Ask();
    ASSERT_LE(story.pipeline.share(), 0.05) << story.pipeline.rollout().DebugString();
    if (story.pipeline.state() != v1::ROLLOUT_STATE_ROLLING_BACK) return;
    EXPECT_EQ(verdict.advice(), v1::ADVICE_ROLL_BACK);
    const v1::CheckOutcome& capacity = OutcomeOf(verdict, "capacity");
    const v1::Finding& flood = FindingOf(capacity, "capacity.overload", "events");
    EXPECT_THAT(flood.message(), AllOf(HasSubstr("Consumers are outrun"), HasSubstr("full after"),
                                       HasSubstr("lab orders, referrals")));
    const Web& web = story.service;
    EXPECT_NEAR(NumberAfter(FindingOf(capacity, "capacity.coverage").message(), "requests/s: "),
                100 * web.Load(kFriday) / web.peak, 3);
    EXPECT_NE(OutcomeOf(verdict, "canary").outcome(), v1::OUTCOME_FAIL);
    TellMinute("the flood goes back on Friday night", web.seed(), minute);
    story.over = true;
  });
  EXPECT_TRUE(AllAreOver());
}

// Answer 3: where all of the traffic gets it at once there is nothing to compare with. The gate
// watches it by itself over the weekend, and nobody is at work when it says to go back.
TEST_P(MessageFloodRolled, OutAtOnceItGoesBackOnMondayByTenPastNine) {
  StopAndOverride("at-once");
  ForEach([](Story& story) { EXPECT_EQ(story.pipeline.share(), 1); });
  while (replay().now() < kMonday) {
    replay().GoOnTo(std::min(kMonday, replay().now() + absl::Hours(6)));
    LetTheGateLook(v1::ROLLOUT_STATE_ROLLING_BACK);
    ForEach([](Story& story) {
      EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_BAKING)
          << story.pipeline.rollout().DebugString();
    });
  }
  while (replay().now() < kTenPast && !AllAreOver()) {
    replay().GoOnFor(absl::Minutes(1));
    LetTheGateLook(v1::ROLLOUT_STATE_ROLLING_BACK);
    ForEach([this](Story& story) {
      if (story.over || story.pipeline.state() != v1::ROLLOUT_STATE_ROLLING_BACK) return;
      const v1::Verdict verdict = story.pipeline.Verdict();
      EXPECT_EQ(verdict.advice(), v1::ADVICE_ROLL_BACK);
      EXPECT_THAT(
          FindingOf(OutcomeOf(verdict, "capacity"), "capacity.backlog_grows", "events").message(),
          AllOf(HasSubstr("are added"), HasSubstr("it is full in"),
                HasSubstr("lab orders, referrals")));
      EXPECT_NE(OutcomeOf(verdict, "canary").outcome(), v1::OUTCOME_FAIL) << "before any 503";
      TellMinute("the backlog alone takes it back, from 09:00", story.service.seed(),
                 absl::ToDoubleMinutes(replay().now() - kTenPast) + 10);
      story.over = true;
    });
  }
  ForEach([](Story& story) {
    EXPECT_TRUE(story.over) << "by 09:10: " << story.pipeline.rollout().DebugString();
  });
}

// Answer 4: a fix that is none does not end well, and the one that is does when the backlog has
// drained. The backlog grows by 300 to 600 messages/s since the morning, so that it is neither
// small nor has filled the broker.
TEST_P(MessageFloodRolled, AFixIsAClaimUntilTheBacklogDrains) {
  BeginAt(kFixes, [](Web& web, AnyNumber& any) {
    web.old_cost_since = kFriday;
    web.counted = WeekBefore(kFixes);
    web.old_cost = web.new_cost = (kDrain + any(300, 600)) / web.peak / 0.95;
  });
  std::map<unsigned, std::string> incidents;
  ForEach([&](Story& story) {
    incidents[story.service.seed()] = Report(story.service);
    StartFix(story, kUseless, incidents[story.service.seed()]);
  });
  for (int minutes = 0; minutes < 70; minutes += 10) {
    replay().GoOnFor(absl::Minutes(10));
    LetTheGateLook(v1::ROLLOUT_STATE_EXPIRED);
    if (minutes != 30) continue;
    ForEach([](Story& story) {
      EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_BAKING);
      const v1::Verdict verdict = story.pipeline.Ask();
      EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD) << verdict.DebugString();
      EXPECT_THAT(FindingOf(OutcomeOf(verdict, "capacity"), "capacity.backlog_remains").message(),
                  AllOf(HasSubstr("do not become fewer"), HasSubstr("it did not help")));
      EXPECT_THAT(FindingOf(OutcomeOf(verdict, "hold"), "hold.not_mended").message(),
                  HasSubstr("is not mended"));
    });
  }
  ForEach([&](Story& story) {
    EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_EXPIRED)
        << story.pipeline.rollout().DebugString();
    story.service.old_cost = story.service.new_cost;
    story.service.new_cost = 0.8;
    StartFix(story, kRevert, incidents[story.service.seed()]);
  });
  // It ends well when the backlog has drained, and not before.
  EachMinute(55, [](Story& story, double minute) {
    if (story.pipeline.Look().state() == v1::ROLLOUT_STATE_BAKING) {
      const v1::Verdict verdict = story.pipeline.Ask();
      EXPECT_NE(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
    }
    if (story.pipeline.state() == v1::ROLLOUT_STATE_BAKING) return;
    EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_SUCCEEDED);
    EXPECT_LT(story.service.waiting(), 50'000);
    TellMinute("the revert has helped", story.service.seed(), minute);
    story.over = true;
  });
  ForEach([](Story& story) { EXPECT_TRUE(story.over) << story.pipeline.rollout().DebugString(); });
}

}  // namespace
}  // namespace gate
