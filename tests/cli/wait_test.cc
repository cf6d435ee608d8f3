#include "clients/gatectl/wait.h"

#include <deque>

#include "checks/proto_time.h"
#include "clients/gatectl/progress.h"
#include "gtest/gtest.h"

namespace gate::ctl {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'795'000'000);

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

v1::Verdict Verdict(v1::Decision decision, absl::Time retry_at = absl::InfinitePast()) {
  v1::Verdict verdict;
  verdict.set_decision(decision);
  verdict.set_reason("because");
  if (retry_at != absl::InfinitePast()) *verdict.mutable_retry_at() = ToProto(retry_at);
  return verdict;
}

client::Error Failure(client::Code code) {
  client::Error error;
  error.code = code;
  error.message = "gone";
  return error;
}

// Gives the answers one after the other, the last one again and again; notes when it was asked.
struct Gate {
  FakeTimer& timer;
  std::deque<client::Result<v1::Verdict>> answers;
  std::vector<absl::Duration> asked;
  std::vector<int> questions = {};
  bool put_before = true;

  client::Result<v1::Verdict> Ask(int question) {
    asked.push_back(timer.now - kStart);
    questions.push_back(question);
    client::Result<v1::Verdict> answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return answer;
  }
  WaitResult Wait(absl::Duration limit) {
    return AskUntilDecided([this](int question) { return Ask(question); }, put_before, limit, timer,
                           [](const WaitState&) {});
  }
};

TEST(WaitTest, WithoutLimitItAsksOnce) {
  FakeTimer timer;
  Gate gate{timer, {Verdict(v1::DECISION_HOLD)}, {}};
  const WaitResult result = gate.Wait(absl::ZeroDuration());
  EXPECT_EQ(gate.asked.size(), 1u);
  EXPECT_EQ(result.verdict->decision(), v1::DECISION_HOLD);
  EXPECT_FALSE(result.timed_out);
}

TEST(WaitTest, PausesDoubleUpToAMinute) {
  FakeTimer timer;
  Gate gate{timer, {Verdict(v1::DECISION_HOLD)}, {}};
  const WaitResult result = gate.Wait(absl::Minutes(4));
  EXPECT_TRUE(result.timed_out);
  const std::vector<absl::Duration> expected = {
      absl::ZeroDuration(), absl::Seconds(5),   absl::Seconds(15),  absl::Seconds(35),
      absl::Seconds(75),    absl::Seconds(135), absl::Seconds(195), absl::Seconds(240)};
  EXPECT_EQ(gate.asked, expected);
}

TEST(WaitTest, AsksWhenTheGateSaysThatItMayHaveChanged) {
  FakeTimer timer;
  Gate gate{timer,
            {Verdict(v1::DECISION_HOLD, kStart + absl::Minutes(3)), Verdict(v1::DECISION_ALLOW)},
            {}};
  const WaitResult result = gate.Wait(absl::Minutes(30));
  EXPECT_EQ(gate.asked, (std::vector<absl::Duration>{absl::ZeroDuration(), absl::Minutes(3)}));
  EXPECT_EQ(result.verdict->decision(), v1::DECISION_ALLOW);
}

TEST(WaitTest, FarMomentsAreAskedAboutEveryFiveMinutes) {
  EXPECT_EQ(PauseAfter(1, nullptr, kStart, 1), absl::Seconds(5.5));
  const v1::Verdict verdict = Verdict(v1::DECISION_HOLD, kStart + absl::Hours(3));
  EXPECT_EQ(PauseAfter(1, &verdict, kStart, 0), absl::Minutes(5));
  EXPECT_EQ(PauseAfter(1, &verdict, kStart + absl::Hours(4), 0), absl::Seconds(5));  // it is past
}

TEST(WaitTest, AQuestionWithoutAnAnswerIsPutAgainAsTheSame) {
  FakeTimer timer;
  Gate gate{timer,
            {Failure(client::Code::kUnavailable), Failure(client::Code::kDeadlineExceeded),
             Verdict(v1::DECISION_HOLD), Verdict(v1::DECISION_ALLOW)},
            {}};
  EXPECT_EQ(gate.Wait(absl::Minutes(30)).verdict->decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(gate.questions, (std::vector{1, 1, 1, 2}));
  EXPECT_EQ(RequestIdOf("build-17", 1), "build-17");
  EXPECT_EQ(RequestIdOf("build-17", 2), "build-17.2");
}

v1::Verdict Made(v1::Decision decision, absl::Time made) {
  v1::Verdict verdict = Verdict(decision);
  *verdict.mutable_create_time() = ToProto(made);
  *verdict.mutable_valid_until() = ToProto(made + absl::Minutes(10));
  return verdict;
}

// What an earlier process was told counts as long as it is valid, and no longer.
TEST(WaitTest, AnswersOfAnEarlierProcessCountWhileTheyAreValid) {
  FakeTimer timer;
  Gate gate{timer,
            {Made(v1::DECISION_HOLD, kStart - absl::Minutes(20)),
             Made(v1::DECISION_ALLOW, kStart - absl::Minutes(15)),
             Made(v1::DECISION_BLOCK, kStart - absl::Minutes(10)),
             Made(v1::DECISION_HOLD, kStart - absl::Minutes(9)),
             Made(v1::DECISION_ALLOW, kStart - absl::Minutes(8))},
            {}};
  const WaitResult result = gate.Wait(absl::Minutes(30));
  EXPECT_EQ(FromProto(result.verdict->create_time()), kStart - absl::Minutes(8));
  EXPECT_EQ(gate.questions, (std::vector{1, 2, 3, 4, 5}));
  EXPECT_EQ(gate.asked.back(), absl::Seconds(5)) << "one pause, after the HOLD that is valid";
}

TEST(WaitTest, AGateWithAnotherClockAllowsNothing) {
  FakeTimer timer;
  Gate gate{timer,
            {Made(v1::DECISION_ALLOW, kStart - absl::Hours(1)),
             Made(v1::DECISION_ALLOW, kStart - absl::Hours(1) + absl::Milliseconds(20))},
            {}};
  const WaitResult result = gate.Wait(absl::Minutes(30));
  EXPECT_FALSE(result.verdict);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code, client::Code::kFailedPrecondition);
  EXPECT_NE(result.error->message.find("expired on arrival"), std::string::npos);
}

TEST(WaitTest, NewQuestionsHaveNewAnswersWhateverTheClocksSay) {
  FakeTimer timer;
  Gate gate{timer, {Made(v1::DECISION_ALLOW, kStart - absl::Hours(1))}, {}};
  gate.put_before = false;
  EXPECT_EQ(gate.Wait(absl::Minutes(30)).verdict->decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(gate.asked.size(), 1u);
}

TEST(WaitTest, BlockEndsItAtOnceAndSoDoesAnUnknownDecision) {
  for (const auto decision : {v1::DECISION_BLOCK, static_cast<v1::Decision>(77)}) {
    FakeTimer timer;
    Gate gate{timer, {Verdict(decision)}, {}};
    EXPECT_EQ(gate.Wait(absl::Minutes(30)).verdict->decision(), decision);
    EXPECT_EQ(gate.asked.size(), 1u);
  }
}

TEST(WaitTest, AGateThatComesBackIsAskedAgainAndADeniedCallIsNot) {
  FakeTimer timer;
  Gate gate{timer, {Failure(client::Code::kUnavailable), Verdict(v1::DECISION_ALLOW)}, {}};
  WaitResult result = gate.Wait(absl::Minutes(30));
  EXPECT_FALSE(result.error);
  EXPECT_EQ(result.verdict->decision(), v1::DECISION_ALLOW);
  Gate denied{timer, {Failure(client::Code::kPermissionDenied)}, {}};
  result = denied.Wait(absl::Minutes(30));
  EXPECT_TRUE(result.error);
  EXPECT_EQ(denied.asked.size(), 1u);
}

TEST(WaitTest, AGateThatIsDownAtTheEndIsAnErrorAndNotTheLastAnswer) {
  FakeTimer timer;
  Gate gate{timer, {Verdict(v1::DECISION_HOLD), Failure(client::Code::kUnavailable)}, {}};
  const WaitResult result = gate.Wait(absl::Minutes(1));
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code, client::Code::kUnavailable);
}

TEST(WaitTest, InterruptingItKeepsTheLastAnswer) {
  FakeTimer timer;
  timer.interrupted_at = kStart + absl::Seconds(2);
  Gate gate{timer, {Verdict(v1::DECISION_HOLD)}, {}};
  const WaitResult result = gate.Wait(absl::Minutes(30));
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.verdict->decision(), v1::DECISION_HOLD);
}

WaitState State(const v1::Verdict& verdict) {
  WaitState state;
  state.verdict = &verdict;
  state.start = kStart;
  state.next_ask = kStart + absl::Seconds(41);
  state.end = kStart + absl::Minutes(30);
  return state;
}

TEST(ProgressTest, PipedItSaysChangesAndAHeartbeatEachMinute) {
  std::string said;
  Progress progress(
      "payments to production", [] { return Terminal(); },
      [&](std::string_view text) { said += text; });
  v1::Verdict verdict = Verdict(v1::DECISION_HOLD);
  WaitState state = State(verdict);
  state.next_ask = kStart + absl::Hours(1);
  for (int second = 0; second < 130; ++second) progress.Show(state, kStart + absl::Seconds(second));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 3);  // 0 s, 60 s, 120 s
  verdict.set_reason("something else");
  progress.Show(state, kStart + absl::Seconds(131));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 4);
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
}

TEST(ProgressTest, OnATerminalItIsClippedAndTheCursorComesBack) {
  v1::Verdict verdict = Verdict(v1::DECISION_HOLD);
  for (int i = 0; i < 50; ++i) {
    auto* outcome = verdict.add_outcomes();
    outcome->set_check("check" + std::to_string(i));
    outcome->set_decision(v1::DECISION_HOLD);
    outcome->set_summary(std::string(300, 'x'));
  }
  Terminal terminal;
  terminal.is_terminal = true;
  terminal.width = 60;
  terminal.height = 10;
  const std::string lines = ProgressLines(State(verdict), "payments", kStart, terminal);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 9);
  EXPECT_NE(lines.find("HOLD"), std::string::npos);
  EXPECT_NE(lines.find("check0"), std::string::npos);  // the top is kept
  EXPECT_NE(lines.find("waited 0 s of 30 min, asks again in 41 s"), std::string::npos);

  std::string said;
  {
    Progress progress(
        "payments", [&] { return terminal; }, [&](std::string_view text) { said += text; });
    progress.Show(State(verdict), kStart);
    const size_t drawn = said.size();
    progress.Show(State(verdict), kStart);
    EXPECT_EQ(said.size(), drawn);  // nothing changed, nothing drawn
    terminal.width = 30;            // the eight lines below the first are folded
    progress.Show(State(verdict), kStart);
    EXPECT_NE(said.find("\x1b[17A", drawn), std::string::npos) << said.substr(drawn);
  }
  EXPECT_LT(said.find("\x1b[?25l"), said.find("\x1b[?25h"));
}

}  // namespace
}  // namespace gate::ctl
