// A connection that is made anew after it broke.
#ifndef GATE_STORE_POSTGRES_SESSION_H_
#define GATE_STORE_POSTGRES_SESSION_H_

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "gate/store/postgres_connection.h"

namespace gate {

// One thread at a time.
class PostgresSession {
 public:
  // `prepare` sets up each new connection.
  using SetUp = std::function<absl::Status(PostgresConnection&)>;
  explicit PostgresSession(std::string url, SetUp set_up = nullptr,
                           PostgresConnection::Use use = PostgresConnection::Use::kStore)
      : url_(std::move(url)), set_up_(std::move(set_up)), use_(use) {}

  // The connection, made anew where there is none whose server answers. After an attempt that
  // failed the next one is not made before a pause, which grows; until then the answer is that
  // failure.
  absl::StatusOr<PostgresConnection*> Connected();

  // For reading only: asks again on a new connection where the old one turns out to be broken.
  absl::StatusOr<PostgresRows> Read(const char* sql,
                                    const std::vector<PostgresParameter>& parameters);

  // The same of a statement that is read with again and again: planned once for each connection.
  absl::StatusOr<PostgresRows> ReadPrepared(const char* name, const char* sql,
                                            const std::vector<PostgresParameter>& parameters);

  // How long until Connected makes another attempt; zero where it would now.
  std::chrono::milliseconds UntilNextAttempt() const;

 private:
  const std::string url_;
  const SetUp set_up_;
  const PostgresConnection::Use use_;
  std::unique_ptr<PostgresConnection> connection_;
  std::set<std::string> prepared_;  // by name, on this connection
  absl::Status failure_;
  std::chrono::milliseconds pause_{0};
  std::chrono::steady_clock::time_point next_attempt_{};
};

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_SESSION_H_
