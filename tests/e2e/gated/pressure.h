// Clients that ask as fast as they are answered, and remember what they were told.
#ifndef TESTS_E2E_GATED_PRESSURE_H_
#define TESTS_E2E_GATED_PRESSURE_H_

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "gate/base/mutex.h"
#include "gate/v1/gate.pb.h"
#include "tests/support/running_gate.h"

namespace gate {

// A release of payments.
v1::EvaluateRequest PaymentsRelease(const std::string& request_id);

class Pressure {
 public:
  // Starts so many callers; `name` makes their request_ids unlike those of other pressures. A
  // caller ends at its first failed call.
  Pressure(RunningGate& gate, const std::string& name, int callers);
  ~Pressure();

  int64_t answered() const { return answered_; }
  // Lets each caller finish its call, and waits for all.
  void End();

  // After End: the verdict that was received for each request_id, and how the last calls failed.
  const std::map<std::string, v1::Verdict>& verdicts() const { return verdicts_; }
  const std::vector<grpc::Status>& failures() const { return failures_; }

 private:
  void Call(const std::string& name);

  RunningGate& gate_;
  std::atomic<bool> ending_ = false;
  std::atomic<int64_t> answered_ = 0;
  Mutex mu_;
  std::map<std::string, v1::Verdict> verdicts_;  // Guarded by mu_ until End.
  std::vector<grpc::Status> failures_;           // As well.
  std::vector<std::thread> callers_;
};

// The names of all verdicts on record.
std::vector<std::string> NamesOnRecord(RunningGate& gate);

}  // namespace gate

#endif  // TESTS_E2E_GATED_PRESSURE_H_
