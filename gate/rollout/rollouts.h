// Rollouts, as pipelines, people and the clock move them.
//
// Each call reads a rollout, has it judged where that is asked, asks the pacer what becomes of it,
// and writes that before anybody is told. Whoever finds that somebody else was quicker begins anew.
// All that there is of a rollout is in the store, so any replica may answer any call.
//
// Errors are those of pacer.h, lease.h, Evaluator and Store; ABORTED never leaves here while trying
// again helps.
#ifndef GATE_ROLLOUT_ROLLOUTS_H_
#define GATE_ROLLOUT_ROLLOUTS_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/base/clock.h"
#include "gate/evaluate/evaluator.h"
#include "gate/policy/snapshot.h"
#include "gate/rollout/events.h"
#include "gate/rollout/feed.h"
#include "gate/rollout/pacer.h"
#include "gate/store/store.h"
#include "gate/v1/rollouts.pb.h"

namespace gate {

// What happened to a rollout.
struct RolloutEvents {
  std::vector<v1::WatchRolloutResponse> events;  // by sequence
  bool ended = false;                            // nothing will ever come behind them
};

// Thread-safe. Holds references; all of them outlive it. Calls block for the store, and for the
// evaluator where something is judged.
class Rollouts {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  Rollouts(const PolicyHolder& policies, Evaluator& evaluator, Store& store, Clock& clock);

  // `by` is recorded with what each call does.
  //
  // NO_ROLLOUT_PLAN where the policy has none for the change, NO_SUCH_INCIDENT where there is not
  // the one that it is to mend.
  absl::StatusOr<v1::Rollout> Start(const v1::StartRolloutRequest& request,
                                    const rollout::By& by = {});
  absl::StatusOr<v1::AdvanceRolloutResponse> Advance(const v1::AdvanceRolloutRequest& request,
                                                     Deadline deadline, const rollout::By& by = {});
  absl::StatusOr<v1::Rollout> Renew(const v1::RenewRolloutRequest& request,
                                    const rollout::By& by = {});
  // NOT_FOUND where there is none of that name.
  absl::StatusOr<v1::Rollout> Get(std::string_view name);
  // What happened to a rollout behind a sequence, in order, so much at a time as one look gives;
  // behind 0: its newest event, with the rollout as it stands now.
  absl::StatusOr<RolloutEvents> EventsAfter(std::string_view name, int64_t sequence);
  absl::StatusOr<v1::Rollout> Pause(const v1::PauseRolloutRequest& request,
                                    const rollout::By& by = {});
  absl::StatusOr<v1::Rollout> Resume(const v1::ResumeRolloutRequest& request,
                                     const rollout::By& by = {});
  absl::StatusOr<v1::Rollout> Abort(const v1::AbortRolloutRequest& request,
                                    const rollout::By& by = {});
  absl::StatusOr<v1::Rollout> ConfirmRollback(const v1::ConfirmRollbackRequest& request,
                                              const rollout::By& by = {});

  // Wakes those who watch.
  RolloutFeed& feed() { return feed_; }

  // Judges a rollout by itself, as the clock does, and writes what becomes of it. Where nothing
  // does, nothing is written, and it is for the caller to put it off.
  absl::StatusOr<std::optional<RolloutDue>> Judge(StoredRollout stored, Deadline deadline);

 private:
  struct Judgement {
    v1::Verdict verdict;
    absl::Time now;
  };

  absl::StatusOr<StoredRollout> Read(std::string_view name);
  // The incident that a rollout is to mend, as it stands. NO_SUCH_INCIDENT where there is none.
  absl::StatusOr<v1::Incident> Mended(std::string_view name);
  // The caps under which the first step needs a place.
  std::vector<v1::ConcurrencyCap> CapsFor(const v1::Verdict& verdict) const;
  // The verdict on the rollout as it stands, on record; without a name where it was not worth it.
  absl::StatusOr<v1::Verdict> VerdictOn(const StoredRollout& stored, Deadline deadline,
                                        const rollout::By& by,
                                        Evaluator::Worth worth_keeping = nullptr);
  // Applies an event to the newest state until nobody comes in between. `token` 0: people need
  // none.
  absl::StatusOr<v1::Rollout> Apply(std::string_view name, const rollout::Event& event,
                                    std::optional<int64_t> token, const rollout::By& by);
  absl::StatusOr<v1::AdvanceRolloutResponse> TryToAdvance(const v1::AdvanceRolloutRequest& request,
                                                          Deadline deadline, const rollout::By& by);
  v1::AdvanceRolloutResponse Answer(v1::Rollout rollout, v1::Verdict verdict, bool advanced) const;

  const PolicyHolder& policies_;
  Evaluator& evaluator_;
  Store& store_;
  Clock& clock_;
  RolloutFeed feed_;
};

}  // namespace gate

#endif  // GATE_ROLLOUT_ROLLOUTS_H_
