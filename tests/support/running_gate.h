// A `gated` that runs beside the test, as people run it: the program, its configuration file, its
// policy file, real sockets. In a folder of its own, on ports that were free, ended with the test.
#ifndef TESTS_SUPPORT_RUNNING_GATE_H_
#define TESTS_SUPPORT_RUNNING_GATE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gate/v1/freezes.grpc.pb.h"
#include "gate/v1/gate.grpc.pb.h"
#include "grpcpp/channel.h"
#include "tests/fakes/child_process.h"

namespace gate {

struct GateSetup {
  std::string policy;  // the file's text
  // "" is an SQLite file of the gate's own.
  std::string store_url{};
  // By the name that the policy uses, their URLs.
  std::vector<std::pair<std::string, std::string>> metrics_servers{};
  // Files beside the policy, by their names, with their text: calendars.
  std::vector<std::pair<std::string, std::string>> files{};
  // The wall clock at the start, in UTC: "2023-09-09 01:00:00". It runs on from there, at each
  // start anew; the clock that measures time spans is not touched. Or how far it is from the
  // machine's, in seconds: "+3600". "": the machine's. A gate on PostgreSQL goes by that one's.
  std::string now{};
  // Lines under `grpc:` of the configuration, with the indent of two: TLS.
  std::string grpc_options{};
  // More of the configuration.
  std::string configuration{};
};

struct HttpReply {
  int status = 0;  // 0: no answer
  std::string body;
};

// Not thread-safe, but for what gRPC's stubs allow.
class RunningGate {
 public:
  // Starts it, and waits until it is ready. Throws std::runtime_error with its log where it does
  // not become so.
  explicit RunningGate(const GateSetup& setup);

  const std::string& address() const { return address_; }
  const std::string& folder() const { return folder_.path(); }
  const std::string& store_url() const { return store_url_; }
  ChildProcess& process() { return *process_; }
  v1::Gate::Stub& gate() { return *gate_; }
  v1::Freezes::Stub& freezes() { return *freezes_; }

  // The verdict. Throws where the call fails.
  v1::Verdict Evaluate(const v1::EvaluateRequest& request);
  // The call as it ends, with a deadline of its own.
  grpc::Status TryEvaluate(const v1::EvaluateRequest& request, v1::Verdict& verdict);

  HttpReply Get(const std::string& path) const;
  bool Ready() const { return Get("/readyz").status == 200; }
  std::string Log() const { return ReadFile(folder_.File("log")); }

  void WritePolicy(const std::string& text) const { folder_.Write("policy.yaml", text); }
  // From now on its wall clock runs on from there; only where the setup set one.
  void SetClock(const std::string& now);
  // Starts it again, as it was set up, where it has ended; waits until it is ready.
  void StartAgain();

 private:
  const TempFolder folder_;
  const bool own_clock_;
  std::string store_url_;
  std::string address_;
  int monitoring_port_;
  std::unique_ptr<ChildProcess> process_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Gate::Stub> gate_;
  std::unique_ptr<v1::Freezes::Stub> freezes_;
};

// Runs `gatectl` with these arguments against the gate.
RunResult RunGatectl(const RunningGate& gate, std::vector<std::string> arguments,
                     const std::string& folder = "");

}  // namespace gate

#endif  // TESTS_SUPPORT_RUNNING_GATE_H_
