// When to try again: decided apart from trying, so that it can be tested without a server.
#ifndef CLIENTS_CPP_RETRY_H_
#define CLIENTS_CPP_RETRY_H_

#include <optional>

#include "clients/cpp/gate/client.h"

namespace gate::client {

struct Failure {
  Code code = Code::kUnknown;
  std::optional<Duration> retry_after;  // the server's wish, which is obeyed
};

// How long to wait before attempt `attempt` + 1, or nothing where trying again cannot help or would
// not fit before the deadline. `attempt` counts from 1; `random` is drawn from [0, 1).
//
// Full jitter: the pause is drawn from [0, min(max_backoff, initial_backoff * 2^(attempt-1))], so
// that clients that failed together do not come back together (Brooker, "Exponential Backoff And
// Jitter", AWS Architecture Blog, 2015). With RetryInfo it is added on top.
std::optional<Duration> PauseBefore(int attempt, const Failure& failure, Duration remaining,
                                    double random, const Options& options);

}  // namespace gate::client

#endif  // CLIENTS_CPP_RETRY_H_
