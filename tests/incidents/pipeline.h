// A pipeline that takes a change out through a rollout: it starts, asks for each step, and goes
// back.
#ifndef TESTS_INCIDENTS_PIPELINE_H_
#define TESTS_INCIDENTS_PIPELINE_H_

#include <memory>
#include <string>

#include "gate/v1/rollouts.grpc.pb.h"
#include "tests/support/running_gate.h"

namespace gate {

// Calls that fail throw std::runtime_error.
class Pipeline {
 public:
  explicit Pipeline(RunningGate& gate);

  // The lease; nothing is out by it.
  void Start(const v1::Change& change, const std::string& incident = "");
  // Asks for the next step. The verdict as it is on record.
  v1::Verdict Ask();
  // The rollout as it stands, with nothing asked for: whatever has become of it by the clock.
  const v1::Rollout& Look();
  // Takes it back, whatever the gate thinks of it.
  void Abort(const std::string& reason);
  // Says that the old version has the traffic again.
  void GoBack();
  // The verdict that the rollout holds.
  v1::Verdict Verdict();

  const v1::Rollout& rollout() const { return rollout_; }
  v1::RolloutState state() const { return rollout_.state(); }
  double share() const { return rollout_.share(); }
  // Whether the schema change may have run.
  bool migrated() const;

 private:
  RunningGate& gate_;
  std::unique_ptr<v1::Rollouts::Stub> rollouts_;
  v1::Rollout rollout_;
  int asked_ = 0;
};

}  // namespace gate

#endif  // TESTS_INCIDENTS_PIPELINE_H_
