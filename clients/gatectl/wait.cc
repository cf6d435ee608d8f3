#include "clients/gatectl/wait.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate::ctl {
namespace {

constexpr absl::Duration kFirstPause = absl::Seconds(5);
constexpr absl::Duration kLongestBackoff = absl::Minutes(1);
constexpr absl::Duration kLongestPause = absl::Minutes(5);
constexpr absl::Duration kTick = absl::Milliseconds(250);
// Questions that one process puts one after the other are farther apart, but for those whose
// answers it passes over.
constexpr absl::Duration kTwice = absl::Seconds(2);

// Whether asking again may help where the call itself failed.
bool MayRecover(const client::Error& error) {
  return error.code == client::Code::kUnavailable ||
         error.code == client::Code::kDeadlineExceeded ||
         error.code == client::Code::kResourceExhausted;
}

bool HasExpired(const v1::Verdict& verdict, absl::Time now) {
  return verdict.has_valid_until() && FromProto(verdict.valid_until()) <= now;
}

client::Error OtherClock(const v1::Verdict& verdict, absl::Time now) {
  client::Error error;
  error.code = client::Code::kFailedPrecondition;
  error.request_id = verdict.request_id();
  error.message = absl::StrCat(
      "the verdict has expired on arrival: it was valid until ",
      absl::FormatTime("%H:%M:%S", FromProto(verdict.valid_until()), absl::UTCTimeZone()),
      " UTC, and here it is ", absl::FormatTime("%H:%M:%S", now, absl::UTCTimeZone()),
      " UTC; set the clock of this machine, or that of the gate, right");
  return error;
}

}  // namespace

absl::Duration PauseAfter(int asked, const v1::Verdict* verdict, absl::Time now, double random) {
  absl::Duration pause = kFirstPause;
  for (int i = 1; i < asked && pause < kLongestBackoff; ++i) pause *= 2;
  pause = std::min(pause, kLongestBackoff);
  if (verdict != nullptr && verdict->has_retry_at()) {
    const absl::Duration until = FromProto(verdict->retry_at()) - now;
    if (until > absl::ZeroDuration()) pause = std::min(until, kLongestPause);
  }
  return pause * (1 + random / 10);
}

std::string RequestIdOf(const std::string& first, int question) {
  return question == 1 ? first : absl::StrCat(first, ".", question);
}

WaitResult AskUntilDecided(const std::function<client::Result<v1::Verdict>(int question)>& ask,
                           bool put_before, absl::Duration limit, Timer& timer,
                           const std::function<void(const WaitState&)>& show) {
  WaitResult result;
  WaitState state;
  state.start = timer.Now();
  state.end = state.start + limit;
  int question = 1;
  absl::Time passed_over = absl::InfinitePast();  // when the last of those was made
  for (int asked = 1;; ++asked) {
    client::Result<v1::Verdict> answer = ask(question);
    if (answer) {
      ++question;
      if (put_before && HasExpired(*answer, timer.Now())) {
        const absl::Time made = FromProto(answer->create_time());
        if (made - passed_over < kTwice) {
          result.error = OtherClock(*answer, timer.Now());
          return result;
        }
        passed_over = made;
        --asked;
        continue;
      }
      result.verdict = *std::move(answer);
      result.error.reset();
      if (result.verdict->decision() != v1::DECISION_HOLD) return result;
    } else {
      result.error = answer.error();
      result.interrupted = answer.error().code == client::Code::kCancelled;
      if (!MayRecover(answer.error())) return result;
    }
    const absl::Time now = timer.Now();
    if (now >= state.end) {
      result.timed_out = limit > absl::ZeroDuration();
      return result;
    }
    state.verdict = result.verdict ? &*result.verdict : nullptr;
    state.error = result.error ? &*result.error : nullptr;
    state.next_ask = std::min(
        state.end,
        now + PauseAfter(asked, result.error ? nullptr : state.verdict, now, timer.Random()));
    for (absl::Time at = now; at < state.next_ask; at = timer.Now()) {
      show(state);
      if (!timer.Sleep(std::min(kTick, state.next_ask - at))) {
        result.interrupted = true;
        return result;
      }
    }
  }
}

}  // namespace gate::ctl
