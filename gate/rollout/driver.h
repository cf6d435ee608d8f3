// Looks after rollouts while nobody asks: claims those that are due, has each judged, and lets the
// pacer say what becomes of it. Replicas share the work by claims, which each renews while it is at
// work; one that dies loses its own after kClaim, and another replica takes them. A judgement that
// takes long, since a source hangs, keeps no other one from being made.
#ifndef GATE_ROLLOUT_DRIVER_H_
#define GATE_ROLLOUT_DRIVER_H_

#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gate/base/clock.h"
#include "gate/base/mutex.h"
#include "gate/base/thread_pool.h"
#include "gate/log/log.h"
#include "gate/rollout/rollouts.h"
#include "gate/store/rollout_store.h"

namespace gate {

// Thread-safe. Its destructor waits for what is being judged.
class RolloutDriver {
 public:
  // How long a claim lasts: a replica that dies is replaced within it.
  static constexpr absl::Duration kClaim = absl::Seconds(4);

  RolloutDriver(Rollouts& rollouts, RolloutStore& store, Clock& clock, Logger& log);
  ~RolloutDriver();

  void Start();

  // One look: claims what is due and has it judged; how many that were. Blocks until it is done.
  int LookOnce();

 private:
  void Run() GATE_EXCLUDES(mu_);
  // Hands what is due to the pool; how many that were.
  int TakeDue() GATE_EXCLUDES(mu_);
  void Judge(StoredRollout stored) GATE_EXCLUDES(mu_);
  void PutOff() GATE_EXCLUDES(mu_);
  void KeepClaims() GATE_EXCLUDES(mu_);

  Rollouts& rollouts_;
  RolloutStore& store_;
  Clock& clock_;
  Logger& log_;
  const std::string owner_;
  Mutex mu_;
  CondVar wake_;
  std::set<std::string> judging_ GATE_GUARDED_BY(mu_);      // Names.
  std::vector<RolloutDue> unchanged_ GATE_GUARDED_BY(mu_);  // Judged, and to be put off.
  bool stopping_ GATE_GUARDED_BY(mu_) = false;
  ThreadPool pool_;  // Ends before what its work uses.
  std::thread thread_;
};

}  // namespace gate

#endif  // GATE_ROLLOUT_DRIVER_H_
