// Asks again while the answer is HOLD. Decides when; what time is and how to wait is given.
#ifndef CLIENTS_GATECTL_WAIT_H_
#define CLIENTS_GATECTL_WAIT_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "clients/cpp/gate/client.h"
#include "gate/v1/verdict.pb.h"

namespace gate::ctl {

// Time, randomness and being interrupted: the outside world of waiting.
class Timer {
 public:
  virtual ~Timer() = default;
  virtual absl::Time Now() = 0;
  // False where the user has interrupted it.
  virtual bool Sleep(absl::Duration duration) = 0;
  virtual double Random() = 0;  // [0, 1)
};

// What is shown while one waits. Called often; decides itself what to print.
struct WaitState {
  const v1::Verdict* verdict = nullptr;  // the last answer; nullptr: none yet
  const client::Error* error = nullptr;  // set while the gate cannot be reached
  absl::Time start;
  absl::Time next_ask;
  absl::Time end;
};

struct WaitResult {
  std::optional<v1::Verdict> verdict;  // the last answer
  std::optional<client::Error> error;  // set where the last attempt failed
  bool interrupted = false;
  bool timed_out = false;  // still HOLD when the time was over
};

// The first pause doubles from 5 s to 1 min; where the gate says when another answer is possible,
// no question is put before then, but at least one every 5 min: an override may come at any time.
// Each pause is lengthened by up to a tenth, so that many pipelines do not ask at once.
absl::Duration PauseAfter(int asked, const v1::Verdict* verdict, absl::Time now, double random);

// Asks, and as long as it is HOLD asks again until `limit` after the start; a last time at the end.
// A gate that cannot be reached is asked again as well; other errors end it. `limit` 0: asks once.
//
// `ask` is told which question it puts, from 1 on. One whose answer was lost is put again as the
// same: what it used up is not used up twice. `put_before` says that an earlier process may have
// put the same questions: an answer that has expired is one that it got, and is passed over without
// a pause. A gate whose newest answers have expired when they arrive has another clock, and which
// of them are old cannot be told: an error (FAILED_PRECONDITION).
WaitResult AskUntilDecided(const std::function<client::Result<v1::Verdict>(int question)>& ask,
                           bool put_before, absl::Duration limit, Timer& timer,
                           const std::function<void(const WaitState&)>& show);

// The idempotency key of a question of those that begin with `first`: the same in each process that
// is given the same.
std::string RequestIdOf(const std::string& first, int question);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_WAIT_H_
