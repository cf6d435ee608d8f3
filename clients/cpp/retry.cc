#include "clients/cpp/retry.h"

#include <algorithm>

namespace gate::client {
namespace {

// UNAVAILABLE: nothing was done, or it can be done again. RESOURCE_EXHAUSTED and ABORTED only where
// the server says when, for else they mean "no".
bool MayHelp(const Failure& failure) {
  switch (failure.code) {
    case Code::kUnavailable:
    // A server that ends does so to a call that comes too late; after our own Cancel nothing is
    // tried again anyway.
    case Code::kCancelled:
      return true;
    case Code::kResourceExhausted:
    case Code::kAborted:
      return failure.retry_after.has_value();
    default:
      return false;
  }
}

}  // namespace

std::optional<Duration> PauseBefore(int attempt, const Failure& failure, Duration remaining,
                                    double random, const Options& options) {
  if (!MayHelp(failure)) return std::nullopt;
  Duration most = options.initial_backoff;
  for (int i = 1; i < attempt && most < options.max_backoff; ++i) most *= 2;
  most = std::min(most, options.max_backoff);
  const auto jitter = Duration(static_cast<int64_t>(random * static_cast<double>(most.count())));
  const Duration pause = failure.retry_after.value_or(Duration::zero()) + jitter;
  if (pause >= remaining) return std::nullopt;
  return pause;
}

}  // namespace gate::client
