// Which address is asked, and when one is left alone.
#include "gate/evidence/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1795180020);

v1::Absence Refused() {
  v1::Absence absence;
  absence.set_reason(v1::ABSENCE_REASON_UNREACHABLE);
  absence.set_detail("connection refused");
  return absence;
}

TEST(Endpoints, TheOneThatAnswersStaysTheFirst) {
  Endpoints endpoints("prometheus:main", {"a", "b", "c"}, nullptr);
  EXPECT_THAT(endpoints.InOrder(), ElementsAre(0, 1, 2));
  endpoints.Failed(0, Refused(), kNow);
  EXPECT_THAT(endpoints.InOrder(), ElementsAre(0, 1, 2));
  endpoints.Answered(1);
  EXPECT_THAT(endpoints.InOrder(), ElementsAre(1, 0, 2));
}

TEST(Endpoints, OneThatFailsIsLeftAloneAndTriedByOneQuestion) {
  Endpoints endpoints("prometheus:main", {"a"}, nullptr);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(endpoints.MayAsk(0, kNow + absl::Seconds(i)));
    endpoints.Failed(0, Refused(), kNow + absl::Seconds(i));
  }
  EXPECT_FALSE(endpoints.MayAsk(0, kNow + absl::Seconds(5)));
  EXPECT_EQ(endpoints.WhyNot(0).reason(), v1::ABSENCE_REASON_UNREACHABLE);
  EXPECT_EQ(endpoints.WhyNot(0).detail(),
            "it is not asked before 13:07:34 UTC: it has failed 5 times in a row since 13:07:00 "
            "UTC, the last time with: connection refused");
  // Half an minute later one tries, and fails.
  EXPECT_TRUE(endpoints.MayAsk(0, kNow + absl::Seconds(34)));
  EXPECT_FALSE(endpoints.MayAsk(0, kNow + absl::Seconds(34)));
  endpoints.Failed(0, Refused(), kNow + absl::Seconds(34));
  EXPECT_FALSE(endpoints.MayAsk(0, kNow + absl::Seconds(63)));
  EXPECT_THAT(endpoints.WhyNot(0).detail(), HasSubstr("6 times in a row since 13:07:00"));
  // One that learns nothing leaves the try to the next.
  EXPECT_TRUE(endpoints.MayAsk(0, kNow + absl::Seconds(64)));
  endpoints.Undecided(0);
  EXPECT_TRUE(endpoints.MayAsk(0, kNow + absl::Seconds(64)));
  endpoints.Answered(0);
  EXPECT_TRUE(endpoints.MayAsk(0, kNow + absl::Seconds(64)));
  EXPECT_TRUE(endpoints.MayAsk(0, kNow + absl::Seconds(64)));
}

TEST(Endpoints, AnAnswerEndsTheRowOfFailures) {
  Endpoints endpoints("prometheus:main", {"a"}, nullptr);
  for (int i = 0; i < 20; ++i) {
    endpoints.Failed(0, Refused(), kNow);
    if (i % 4 == 3) endpoints.Answered(0);
    EXPECT_TRUE(endpoints.MayAsk(0, kNow));
  }
}

TEST(Endpoints, AClockThatStepsBackDoesNotMakeThePauseLonger) {
  Endpoints endpoints("prometheus:main", {"a"}, nullptr);
  for (int i = 0; i < 5; ++i) endpoints.Failed(0, Refused(), kNow);
  EXPECT_TRUE(endpoints.MayAsk(0, kNow - absl::Hours(1)));
}

struct Recorder final : EndpointObserver {
  void OnEndpoint(std::string_view source, std::string_view url, bool answered,
                  bool left_alone) override {
    text += std::string(source) + " " + std::string(url) + (answered ? " answered" : " failed") +
            (left_alone ? " left alone\n" : "\n");
  }
  std::string text;
};

TEST(Endpoints, TheObserverIsTold) {
  Recorder recorder;
  Endpoints endpoints("prometheus:main", {"a", "b"}, &recorder);
  endpoints.Answered(1);
  for (int i = 0; i < 5; ++i) endpoints.Failed(0, Refused(), kNow);
  EXPECT_THAT(recorder.text, ::testing::StartsWith("prometheus:main b answered\n"
                                                   "prometheus:main a failed\n"));
  EXPECT_THAT(recorder.text, ::testing::EndsWith("prometheus:main a failed left alone\n"));
}

}  // namespace
}  // namespace gate
