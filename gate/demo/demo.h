// `gated --demo`: an example policy, invented traffic, and a history that was really judged: each
// past change went through the evaluator, at its own time, on the evidence of the demo's metrics.
#ifndef GATE_DEMO_DEMO_H_
#define GATE_DEMO_DEMO_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gate/config/v1/config.pb.h"
#include "gate/policy/snapshot.h"
#include "gate/process/options.h"
#include "gate/store/store.h"

namespace gate {

class Demo {
 public:
  // Writes the policy and its calendar into the folder, unless they are there already. A temporary
  // folder ends with this object; one that was named stays.
  static absl::StatusOr<std::unique_ptr<Demo>> Prepare(const ProcessOptions& options);
  ~Demo();
  Demo(const Demo&) = delete;
  Demo& operator=(const Demo&) = delete;

  const config::v1::Config& config() const { return config_; }

  // Judges the past changes into a store that has no verdicts yet.
  absl::Status WriteHistory(const PolicyHolder& policies, Store& store, absl::Time now) const;

  // What to try, now that it serves at these addresses.
  std::string Banner(const std::string& grpc_address, const std::string& http_address) const;

 private:
  Demo(std::string folder, bool temporary) : folder_(std::move(folder)), temporary_(temporary) {}

  const std::string folder_;
  const bool temporary_;
  config::v1::Config config_;
};

}  // namespace gate

#endif  // GATE_DEMO_DEMO_H_
