// /metrics, /healthz and /readyz: what keeps an eye on the gate.
#ifndef GATE_HTTP_MONITORING_H_
#define GATE_HTTP_MONITORING_H_

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gate/http/server.h"
#include "gate/log/log.h"
#include "gate/metrics/metrics.h"
#include "gate/store/store.h"

namespace gate {

// One thing that being ready depends on.
struct Condition {
  enum class State { kGood, kDegraded, kBad };

  std::string name;
  State state = State::kGood;
  std::string detail;  // Why, where it is not good.
};

// Thread-safe.
class Monitoring {
 public:
  using PolicyCondition = std::function<Condition()>;

  // All outlive it.
  Monitoring(Metrics& metrics, const Logger& log, Store& store, PolicyCondition policy);

  // From here on /readyz says that the process is ending.
  void AnnounceEnd() { ending_ = true; }

  // The answer for one of the three paths, or nothing for another one.
  std::optional<HttpReply> Serve(const HttpCall& request) const;

 private:
  std::vector<Condition> Conditions() const;

  Metrics& metrics_;
  const Logger& log_;
  Store& store_;
  const PolicyCondition policy_;
  std::atomic<bool> ending_ = false;
};

}  // namespace gate

#endif  // GATE_HTTP_MONITORING_H_
