// What becomes of a rollout: a pure function of where it stands, what happens, and when.
//
// It promises, whatever happens in whatever order (tests/rollout/model_test.cc tries):
//   - a step is taken only with a verdict of ALLOW that was made for this very step, at this moment
//     of the rollout, and that still holds;
//   - nothing goes forward after ROLL_BACK;
//   - a rollout can always be paused and always be aborted until it has ended, and it ends;
//   - whoever repeats a call gets the same answer, and moves nothing twice.
//
// It says nothing of leases (lease.h), and does nothing: whoever calls it stores the state with its
// events, and only then acts on them.
#ifndef GATE_ROLLOUT_PACER_H_
#define GATE_ROLLOUT_PACER_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/v1/rollouts.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::rollout {

// Verdicts that are this close together count as one of `passes_in_a_row`.
inline constexpr absl::Duration kBetweenPasses = absl::Seconds(10);

// Somebody asks for the next step, and this is the verdict on it.
struct Asked {
  const v1::Verdict& verdict;
  std::string request_id;
};
// The rollout was judged by itself.
struct Judged {
  const v1::Verdict& verdict;
};
// People's words.
struct Paused {
  std::string reason;
};
struct Resumed {
  std::string reason;
};
struct Aborted {
  std::string reason;
};
// The old version has all of the traffic again.
struct WentBack {};
// Another rollout takes its place: "rollouts/…".
struct Superseded {
  std::string by;
};
// Time has passed.
struct Ticked {};

using Event = std::variant<Asked, Judged, Paused, Resumed, Aborted, WentBack, Superseded, Ticked>;

// Something that has happened, to be told to whoever watches.
struct Action {
  v1::RolloutEventKind kind;
  std::string message;  // one sentence
};

struct Transition {
  v1::Rollout rollout;
  std::vector<Action> actions;  // none: nothing that anybody has to be told
  bool advanced = false;        // of Asked: the step was taken, now or by an earlier call
};

// The first state of a rollout of which plan, change, name, times and lease are filled in.
Transition Begin(v1::Rollout rollout, absl::Time now);

// Its lease goes to somebody else, or to the same one again, under a new token.
Transition Lease(v1::Rollout rollout, const std::string& holder, int64_t token, absl::Time now);

// Errors change nothing: FAILED_PRECONDITION (ROLLOUT_ENDED, ROLLING_BACK, NOT_ROLLING_BACK,
// NOT_GIVING_WAY), and ABORTED where the verdict is of another moment of the rollout: ask anew.
// `now` never is before an earlier one of the same rollout; where it is, that one counts.
absl::StatusOr<Transition> Next(const v1::Rollout& rollout, const Event& event, absl::Time now);

// Whether a verdict that nobody asked for changes anything of the rollout: what it says, or what
// follows from it; or the one that the rollout has is so old that it should be shown anew. Those
// that do not need not be kept.
bool IsNews(const v1::Rollout& rollout, const v1::Verdict& verdict, absl::Time now);

// Whether another change may take its place: it bakes, or nobody has its lease and no person has
// paused it.
bool GivesWay(const v1::Rollout& rollout, absl::Time now);

// When something happens to it by time alone: a wait that ends, or its own end.
absl::Time NextDue(const v1::Rollout& rollout, absl::Time now);

}  // namespace gate::rollout

#endif  // GATE_ROLLOUT_PACER_H_
