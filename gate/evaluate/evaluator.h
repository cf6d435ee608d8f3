// The way of a request: match the policy, ask the checks what they need, gather it once, judge,
// fold, store, reply. evaluator.cc reads top to bottom.
#ifndef GATE_EVALUATE_EVALUATOR_H_
#define GATE_EVALUATE_EVALUATOR_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gate/base/clock.h"
#include "gate/base/mutex.h"
#include "gate/base/thread_pool.h"
#include "gate/evaluate/carried.h"
#include "gate/evaluate/content_memo.h"
#include "gate/evidence/gatherer.h"
#include "gate/policy/snapshot.h"
#include "gate/store/store.h"
#include "gate/v1/gate.pb.h"

namespace gate {

// Bounds on what evaluations may take of the process.
struct EvaluatorOptions {
  // Threads on which evaluations wait for sources.
  int threads = 32;
  // Evaluations that wait or run there at the most; beyond it RESOURCE_EXHAUSTED with RetryInfo.
  int capacity = 1024;
};

// How many evaluations are under way, for whoever has to wait for their end. Thread-safe.
class UnderWay {
 public:
  // Held by one of them.
  class Place {
   public:
    explicit Place(UnderWay& all) : all_(all) { all_.Enter(); }
    ~Place() { all_.Leave(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    UnderWay& all_;
  };

  void WaitForNone() GATE_EXCLUDES(mu_);

 private:
  void Enter() GATE_EXCLUDES(mu_);
  void Leave() GATE_EXCLUDES(mu_);

  Mutex mu_;
  CondVar none_;
  int count_ GATE_GUARDED_BY(mu_) = 0;
};

// Thread-safe. Holds references; all of them outlive it. Its destructor waits for evaluations that
// were taken on.
class Evaluator {
 public:
  using Done = std::function<void(absl::StatusOr<v1::Verdict>)>;
  // Whether a verdict is worth keeping. It must not block.
  using Worth = std::function<bool(const v1::Verdict&)>;

  Evaluator(const PolicyHolder& policies, Gatherer& gatherer, Store& store, Clock& clock,
            const EvaluatorOptions& options);
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  // Never blocks: what needs no waiting is judged on the calling thread, the rest on a thread of
  // the evaluator. `done` runs once, on one of these or on one of the store's, and must not block:
  // with a verdict that is on disk, or with INVALID_ARGUMENT (details: gate/base/field_error.h),
  // ALREADY_EXISTS, RESOURCE_EXHAUSTED, ABORTED (OVERRIDE_GONE) where overrides are used up faster
  // than the change can be judged, or what the store says. `audit` has who asks, and by which call:
  // its actor and action go on record with the verdict.
  void Evaluate(v1::EvaluateRequest request, std::chrono::steady_clock::time_point deadline,
                Done done, v1::AuditEntry audit = {});

  // The same, for a look that nobody asked for: where the verdict is not worth keeping, nothing of
  // it is stored, and `done` gets it without a name. Nobody else may be told of it.
  void Look(v1::EvaluateRequest request, std::chrono::steady_clock::time_point deadline,
            Worth worth_keeping, Done done, v1::AuditEntry audit = {});

  // Judges a stored verdict's evidence again under its stored policy, as of its own moment. Blocks
  // for reads of the store.
  absl::StatusOr<v1::ReplayVerdictResponse> Replay(const v1::ReplayVerdictRequest& request);

 private:
  struct Task;

  // Takes the task up, at this moment and under the policy in force.
  void Begin(Task& task);
  Evidence Gather(Task& task);
  void Finish(std::shared_ptr<Task> task, Evidence evidence);
  // An override that the verdict counted in was used or taken back before it was on disk: gathers
  // and judges anew, so that the caller gets a verdict that holds.
  void Again(const std::shared_ptr<Task>& task, const absl::Status& gone);
  // States in place of the points that they were worked out of.
  void GoOnFrom(const Task& task, Evidence& evidence);
  std::shared_ptr<const Carried> CarriedFor(const Task& task, const v1::Query& query,
                                            const std::string& key);
  static v1::Verdict Preview(const Task& task);
  static std::chrono::steady_clock::time_point GatherDeadline(const Task& task);
  absl::Duration ClockBehind(absl::Time now);

  const PolicyHolder& policies_;
  Gatherer& gatherer_;
  Store& store_;
  Clock& clock_;
  ContentMemo contents_;
  const std::shared_ptr<CarriedStates> carried_;  // Shared with appends on their way.
  std::atomic<int64_t> newest_unix_nanos_;        // Of all verdicts that this process knows of.
  UnderWay under_way_;
  ThreadPool pool_;  // Last: its threads end before what they use.
};

}  // namespace gate

#endif  // GATE_EVALUATE_EVALUATOR_H_
