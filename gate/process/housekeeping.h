// Keeps the store's house while the service runs: partitions are made ahead, and what is older than
// the configuration says is forgotten.
#ifndef GATE_PROCESS_HOUSEKEEPING_H_
#define GATE_PROCESS_HOUSEKEEPING_H_

#include <string>

#include "gate/base/clock.h"
#include "gate/base/ticker.h"
#include "gate/config/v1/config.pb.h"
#include "gate/log/log.h"
#include "gate/metrics/metrics.h"
#include "gate/store/store.h"

namespace gate {

// For ever where nothing is said.
Retention RetentionOf(const config::v1::Store& config);

// What would go now, for a person to read.
absl::StatusOr<std::string> WouldForget(Store& store, const Retention& retention, absl::Time now);

// Thread-safe. All outlive it.
class Housekeeper {
 public:
  Housekeeper(Store& store, const Retention& retention, Clock& clock, Logger& log,
              Metrics& metrics);

  // Once, on this thread: before calls are taken, so that there is a partition for the first one.
  void Keep();
  // Then every hour, on a thread of its own.
  void Start();

 private:
  Store& store_;
  const Retention retention_;
  Clock& clock_;
  Logger& log_;
  Metrics& metrics_;
  Ticker ticker_;
};

}  // namespace gate

#endif  // GATE_PROCESS_HOUSEKEEPING_H_
