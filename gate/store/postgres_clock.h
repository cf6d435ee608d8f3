// The database's clock, by which all replicas go: whoever sets the clock of one machine changes
// nothing that leases, claims and verdicts rest on.
#ifndef GATE_STORE_POSTGRES_CLOCK_H_
#define GATE_STORE_POSTGRES_CLOCK_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "gate/base/clock.h"
#include "gate/base/ticker.h"
#include "gate/store/postgres_session.h"

namespace gate {

// Thread-safe. Looked at every second, over a connection of its own; in between, and while the
// database is away, it goes on by the time since this machine was started, which nobody sets.
// A database whose clock steps takes it along: that is for the evaluator to notice.
class PostgresClock final : public Clock {
 public:
  explicit PostgresClock(std::string url) : session_(std::move(url)) {}

  // Begins with what that connection's server says.
  absl::Status Start(PostgresConnection& connection);

  absl::Time Now() override;

 private:
  absl::Status Look(PostgresConnection& connection, std::chrono::nanoseconds longest);
  void Tick();

  PostgresSession session_;
  std::atomic<int64_t> started_unix_nanos_ = 0;  // When this machine was, by the database's clock.
  Ticker ticker_;
};

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_CLOCK_H_
