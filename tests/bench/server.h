// The gate as `gated` wires it, with an echo service on the same gRPC server.
#ifndef TESTS_BENCH_SERVER_H_
#define TESTS_BENCH_SERVER_H_

#include <cstdint>
#include <string>

namespace gate {

struct BenchServerOptions {
  std::string address;  // to listen on
  std::string store;    // URL
  std::string policy;   // file
  std::string metrics;  // URL of a Prometheus; "": none
  int64_t behind = 0;   // seconds that its wall clock is behind
};

// Serves until SIGTERM. The exit code; says on standard error what went wrong.
int RunBenchServer(const BenchServerOptions& options);

// Appends to a store of its own, so many at a time, for so long, and prints durable commits per
// second: verdicts a second, not fsyncs.
int RunStoreCommits(const std::string& url, int in_flight, double seconds);

}  // namespace gate

#endif  // TESTS_BENCH_SERVER_H_
