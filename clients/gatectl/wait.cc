#include "clients/gatectl/wait.h"

#include <algorithm>
#include <utility>

#include "checks/proto_time.h"

namespace gate::ctl {
namespace {

constexpr absl::Duration kFirstPause = absl::Seconds(5);
constexpr absl::Duration kLongestBackoff = absl::Minutes(1);
constexpr absl::Duration kLongestPause = absl::Minutes(5);
constexpr absl::Duration kTick = absl::Milliseconds(250);

// Whether asking again may help where the call itself failed.
bool MayRecover(const client::Error& error) {
  return error.code == client::Code::kUnavailable ||
         error.code == client::Code::kDeadlineExceeded ||
         error.code == client::Code::kResourceExhausted;
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

WaitResult AskUntilDecided(const std::function<client::Result<v1::Verdict>()>& ask,
                           absl::Duration limit, Timer& timer,
                           const std::function<void(const WaitState&)>& show) {
  WaitResult result;
  WaitState state;
  state.start = timer.Now();
  state.end = state.start + limit;
  for (int asked = 1;; ++asked) {
    client::Result<v1::Verdict> answer = ask();
    if (answer) {
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
