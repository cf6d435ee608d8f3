// Watching a rollout: through lost connections, on a terminal and in a log.
#include "clients/gatectl/watch.h"

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gate::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const absl::Time kStart =
    absl::FromCivil(absl::CivilSecond(2026, 11, 23, 15, 0, 0), absl::UTCTimeZone());

// Time goes on only while one sleeps.
class FakeTimer final : public Timer {
 public:
  absl::Time Now() override { return now; }
  bool Sleep(absl::Duration duration) override {
    now += duration;
    return now < interrupted_at;
  }
  double Random() override { return 0; }

  absl::Time now = kStart;
  absl::Time interrupted_at = absl::InfiniteFuture();
};

v1::WatchRolloutResponse EventAt(int64_t sequence, const std::string& message) {
  v1::WatchRolloutResponse event;
  event.set_sequence(sequence);
  event.set_message(message);
  *event.mutable_time() = ToProto(kStart + absl::Minutes(sequence));
  v1::Rollout& rollout = *event.mutable_rollout();
  rollout.set_name("rollouts/1");
  rollout.set_state(v1::ROLLOUT_STATE_PROGRESSING);
  rollout.set_share(0.25);
  rollout.set_reason(message);
  rollout.mutable_change()->set_service("web");
  rollout.mutable_change()->set_environment("production");
  rollout.mutable_change()->set_version("2");
  for (const double share : {0.05, 0.25, 1.0}) {
    v1::PlannedStep& step = *rollout.mutable_plan()->add_steps();
    step.set_share(share);
    step.set_name(share == 1 ? "100-percent" : share == 0.25 ? "25-percent" : "5-percent");
  }
  for (int i : {0, 1}) {
    v1::TakenStep& taken = *rollout.add_taken();
    taken.set_step(i);
    *taken.mutable_take_time() = ToProto(kStart);
    taken.set_verdict("verdicts/1");
  }
  return event;
}

client::Error Failure(client::Code code) {
  client::Error error;
  error.code = code;
  error.message = "the gate is gone";
  return error;
}

// A gate that sends its events one by one and breaks the connection after each.
struct BreakingGate {
  std::vector<v1::WatchRolloutResponse> events;
  client::Code breaks_with = client::Code::kUnavailable;
  std::vector<int64_t> asked_behind{};

  client::Result<bool> Hear(int64_t after, const client::Client::OnEvent& on_event) {
    asked_behind.push_back(after);
    for (const v1::WatchRolloutResponse& event : events) {
      if (event.sequence() <= after) continue;
      on_event(event);
      return Failure(breaks_with);
    }
    return true;
  }
};

TEST(WatchTest, GoesOnBehindTheLastEventWhereTheConnectionBreaks) {
  FakeTimer timer;
  BreakingGate gate{{EventAt(4, "a"), EventAt(5, "b"), EventAt(6, "c")}};
  std::vector<std::string> seen;
  int broken = 0;
  const auto error =
      Follow([&](int64_t after, const auto& on_event) { return gate.Hear(after, on_event); },
             absl::Minutes(1), timer,
             [&](const Watched& watched) {
               if (watched.error) {
                 ++broken;
               } else {
                 seen.push_back(watched.newest->message());
               }
             });
  EXPECT_FALSE(error) << error->message;
  EXPECT_THAT(gate.asked_behind, ElementsAre(0, 4, 5, 6));
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
  EXPECT_EQ(broken, 3);
}

TEST(WatchTest, AGateThatWasNeverThereIsAnErrorAtOnce) {
  FakeTimer timer;
  const auto error = Follow(
      [](int64_t, const auto&) -> client::Result<bool> {
        return Failure(client::Code::kUnavailable);
      },
      absl::Minutes(1), timer, [](const Watched&) {});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, client::Code::kUnavailable);
  EXPECT_EQ(timer.now, kStart);
}

TEST(WatchTest, AGateThatHasGoneIsMissedForAWhile) {
  FakeTimer timer;
  bool first = true;
  const auto error = Follow(
      [&](int64_t, const auto& on_event) -> client::Result<bool> {
        if (std::exchange(first, false)) on_event(EventAt(1, "a"));
        return Failure(client::Code::kUnavailable);
      },
      absl::Minutes(10), timer, [](const Watched&) {});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, client::Code::kUnavailable);
  EXPECT_GE(timer.now - kStart, absl::Minutes(10));
  EXPECT_LE(timer.now - kStart, absl::Minutes(11));
}

TEST(WatchTest, WhatTheGateRefusesIsNotAskedAgain) {
  FakeTimer timer;
  BreakingGate gate{{EventAt(1, "a"), EventAt(2, "b")}, client::Code::kPermissionDenied};
  const auto error =
      Follow([&](int64_t after, const auto& on_event) { return gate.Hear(after, on_event); },
             absl::Minutes(1), timer, [](const Watched&) {});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, client::Code::kPermissionDenied);
  EXPECT_THAT(gate.asked_behind, ElementsAre(0));
}

// Which is not the user's doing.
TEST(WatchTest, WhatAnEndingServerCancelsGoesOnElsewhere) {
  FakeTimer timer;
  BreakingGate gate{{EventAt(1, "a"), EventAt(2, "b")}, client::Code::kCancelled};
  EXPECT_FALSE(
      Follow([&](int64_t after, const auto& on_event) { return gate.Hear(after, on_event); },
             absl::Minutes(1), timer, [](const Watched&) {}));
  EXPECT_THAT(gate.asked_behind, ElementsAre(0, 1, 2));
}

TEST(WatchTest, AnInterruptEndsIt) {
  FakeTimer timer;
  timer.interrupted_at = kStart + absl::Milliseconds(1);
  BreakingGate gate{{EventAt(1, "a"), EventAt(2, "b")}};
  const auto error =
      Follow([&](int64_t after, const auto& on_event) { return gate.Hear(after, on_event); },
             absl::Minutes(1), timer, [](const Watched&) {});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, client::Code::kCancelled);
}

TEST(WatchTest, ALineSaysWhatHappenedAndWhoDidIt) {
  v1::WatchRolloutResponse event = EventAt(3, "stopped for a look");
  event.set_actor("token:alice");
  EXPECT_EQ(WatchLine(event),
            "15:03:00Z PROGRESSING web 2 to production, 25 %: stopped for a look (token:alice)\n");
}

TEST(WatchTest, TheTreeHasStepsAndWhatHappenedLast) {
  Watched watched;
  for (int i = 1; i <= 7; ++i) TakeIn(EventAt(i, absl::StrCat("event ", i)), watched);
  const Terminal terminal{.is_terminal = true, .unicode = true, .width = 80, .height = 40};
  const std::string lines = WatchLines(watched, kStart + absl::Minutes(8), terminal);
  EXPECT_THAT(lines, HasSubstr("PROGRESSING  web 2 to production, 25 % of the traffic\n"));
  EXPECT_THAT(lines, HasSubstr("● 25-percent"));
  EXPECT_THAT(lines, HasSubstr("○ 100-percent"));
  EXPECT_THAT(lines, HasSubstr("  15:07:00Z  event 7\n"));
  EXPECT_THAT(lines, Not(HasSubstr("event 2\n"))) << "the last five";

  watched.error = Failure(client::Code::kUnavailable);
  EXPECT_THAT(WatchLines(watched, kStart, terminal),
              HasSubstr("  the gate cannot be reached, trying again: the gate is gone\n"));
}

// Writing in the last row scrolls, and then nothing can be drawn over.
TEST(WatchTest, TheTreeFitsItsTerminal) {
  Watched watched;
  for (int i = 1; i <= 7; ++i) TakeIn(EventAt(i, std::string(300, 'x')), watched);
  for (int height = 5; height < 30; ++height) {
    const Terminal terminal{.is_terminal = true, .width = 60, .height = height};
    const std::string lines = WatchLines(watched, kStart, terminal);
    EXPECT_LT(std::count(lines.begin(), lines.end(), '\n'), height);
  }
}

}  // namespace
}  // namespace gate::ctl
