// 2022-05-12, failed QA, after the promotion, as a rollout: a release of the evening with a fault
// that no test had shown. At 03:00 the errors of the tasks endpoints leave their range, while
// nobody asks.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/incidents/rolled/replay.h"

namespace gate {
namespace {

using testing::HasSubstr;

const absl::Time kEvening = Utc("2022-05-12T01:00:00Z");  // 21:00 in New York
const absl::Time kThree = Utc("2022-05-12T07:00:00Z");    // 03:00
constexpr absl::Duration kWeek = absl::Hours(7 * 24);

// At three in the night there are a few requests of tasks each second. Of these, 10 % and more fail
// where 0.3 % and less did.
class Web : public LiveService {
 public:
  using LiveService::LiveService;

  double failing = 0;  // of tasks, from three o'clock on

 protected:
  void Live(const Moment& moment) override {
    for (const bool is_new : {false, true}) {
      const double part = is_new ? share : 1 - share;
      if (part == 0) continue;
      const std::string track = is_new ? "canary" : "stable";
      for (const auto& [endpoint, of_all] :
           {std::pair("/tasks/list", 0.03), std::pair("/tasks/assign", 0.01),
            std::pair("/schedule", 0.5), std::pair("/home", 0.46)}) {
        const std::string labels =
            absl::StrCat("track=\"", track, "\",endpoint=\"", endpoint, "\"");
        const double requests =
            Requests(peak_ * part * of_all * OfficeWeek(moment.to, 9, 0.15), moment);
        const bool fails = is_new && failing > 0 && moment.to > starts_ && of_all < 0.1;
        Count("http_requests_total", labels, requests);
        Count("http_errors_total", labels, Some(requests, fails ? failing : usual_));
      }
    }
  }

 private:
  const double peak_ = Any(300, 500), usual_ = Any(0.001, 0.003);
  const absl::Time starts_ = kThree + absl::Seconds(Any(0, 60));
};

class TasksAtNightRolled : public RolledIncident<Web> {
 protected:
  // Out by the evening, and watched until three.
  template <typename Set>
  void GoOutBefore3(Set set) {
    ReplaySetup setup{.gate = {.policy = ReadFile("incidents/tasks_policy.yaml")},
                      .begin = kEvening,
                      .past = 2 * kWeek + absl::Hours(6)};
    for (const int weeks : {2, 1}) {
      setup.closely.push_back(
          {kEvening - weeks * kWeek - absl::Hours(5), kThree - weeks * kWeek + absl::Minutes(30)});
    }
    Begin(setup, set);
    ForEach([](Story& story) {
      story.pipeline.Start(ChangeOf(story.service, v1::CHANGE_KIND_CODE, "2022.5.11"));
      EXPECT_EQ(story.pipeline.Ask().decision(), v1::DECISION_ALLOW)
          << story.pipeline.rollout().DebugString();
      EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_BAKING);
    });
    while (replay().now() < kThree) {
      replay().GoOnTo(std::min(kThree, replay().now() + absl::Minutes(20)));
      LetTheGateLook(v1::ROLLOUT_STATE_ROLLING_BACK);
      ForEach([](Story& story) {
        EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_BAKING) << "before anything was wrong";
      });
    }
  }
};
GATE_WITH_SEEDS(TasksAtNightRolled);

// Answer 4.
TEST_P(TasksAtNightRolled, GoesBackByTenPastThree) {
  GoOutBefore3([](Web& web, AnyNumber& any) { web.failing = any(0.1, 0.4); });
  for (int minute = 1; minute <= 10 && !AllAreOver(); ++minute) {
    replay().GoOnFor(absl::Minutes(1));
    LetTheGateLook(v1::ROLLOUT_STATE_ROLLING_BACK);
    ForEach([&](Story& story) {
      if (story.over || story.pipeline.state() != v1::ROLLOUT_STATE_ROLLING_BACK) return;
      EXPECT_THAT(story.pipeline.rollout().reason(), HasSubstr("tasks_errors"));
      EXPECT_EQ(story.pipeline.Verdict().decision(), v1::DECISION_BLOCK);
      TellMinute("the night's release goes back, from 03:00", story.service.seed(), minute);
      story.over = true;
    });
  }
  ForEach([](Story& story) {
    EXPECT_TRUE(story.over) << "by 03:10: " << story.pipeline.rollout().DebugString();
  });
}

TEST_P(TasksAtNightRolled, AHealthyOneIsLeftAlone) {
  GoOutBefore3([](Web&, AnyNumber&) {});
  replay().GoOnFor(absl::Minutes(10));
  LetTheGateLook(v1::ROLLOUT_STATE_ROLLING_BACK);
  ForEach([](Story& story) {
    EXPECT_EQ(story.pipeline.state(), v1::ROLLOUT_STATE_BAKING)
        << story.pipeline.rollout().DebugString();
  });
}

}  // namespace
}  // namespace gate
