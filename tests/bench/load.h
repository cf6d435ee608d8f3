// Load on a server: a closed loop (so many callers, each with one call in flight) and an open one
// (calls at a fixed rate, whether or not the server keeps up).
#ifndef TESTS_BENCH_LOAD_H_
#define TESTS_BENCH_LOAD_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gate/v1/gate.pb.h"

namespace gate {

// Starts one call, which ends by calling the function it is given: whether it succeeded.
using StartCall = std::function<void(std::function<void(bool)>)>;

struct LoadResult {
  double seconds = 0;
  int64_t failed = 0;
  std::vector<float> milliseconds;  // of each call that succeeded, ascending

  double PerSecond() const { return static_cast<double>(milliseconds.size()) / seconds; }
  // 0 <= share <= 1.
  double Quantile(double share) const;
};

// `in_flight` calls at any time, for so long.
LoadResult ClosedLoop(const StartCall& start, int in_flight, std::chrono::duration<double> time);

// `per_second` calls, evenly spaced. A call's time counts from when it was due, not from when it
// could be sent: a server that stalls makes all who wait slow, not only one (no coordinated
// omission).
LoadResult OpenLoop(const StartCall& start, double per_second, std::chrono::duration<double> time);

// Calls over a number of connections, in turn.
class Client {
 public:
  Client(const std::string& address, int connections);
  ~Client();

  // One answer, to see what is being measured. Throws where there is none.
  v1::Verdict Ask(v1::EvaluateRequest request);
  // Both send this request, with a request_id of its own each time.
  StartCall Echo(v1::EvaluateRequest request);
  StartCall Evaluate(v1::EvaluateRequest request);

 private:
  struct Stubs;
  std::unique_ptr<Stubs> stubs_;
};

}  // namespace gate

#endif  // TESTS_BENCH_LOAD_H_
