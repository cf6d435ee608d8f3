// What is measured: a way to run the gate, a question to ask of it, and the bar.
#ifndef TESTS_BENCH_SCENARIO_H_
#define TESTS_BENCH_SCENARIO_H_

#include <string>
#include <vector>

#include "gate/v1/gate.pb.h"

namespace gate {

struct Scenario {
  std::string name;
  std::string title;
  enum class Store { kSqlite, kPostgres } store = Store::kSqlite;
  std::string policy;  // a file of tests/bench/policies
  v1::EvaluateRequest request;
  bool slow_fsync = false;
  bool canary = false;  // with a Prometheus that has the history of one
  // The least share of the echo's throughput, and the least verdicts a second; 0: no bar.
  double least_ratio = 0;
  double least_per_second = 0;
};

std::vector<Scenario> AllScenarios();

struct Measuring {
  int in_flight = 64;
  int connections = 4;
  int rounds = 5;
  double seconds = 3;  // each measurement of a round
};

struct Measured {
  std::string answer;  // what the gate said to the question
  double echo_per_second = 0;
  double per_second = 0;
  double ratio = 0;         // median of the rounds' ratios
  double lowest_ratio = 0;  // of all rounds
  double highest_ratio = 0;
  double p50 = 0, p99 = 0, p999 = 0;  // closed loop, milliseconds
  double half_load_p99 = 0;           // open loop at half the throughput
  double echo_half_load_p99 = 0;
  double echo_cpu_micros = 0;  // of the server, for each call
  double cpu_micros = 0;
  double store_per_second = 0;  // the store's own durable appends
  double resident_mib = 0;
  int64_t failed = 0;
};

// Throws std::runtime_error where a program does not start.
Measured Measure(const Scenario& scenario, const Measuring& measuring);

// Cost per call while the store grows to each of these numbers of verdicts.
struct Grown {
  int64_t verdicts = 0;
  double per_second = 0;
  double ratio = 0;
  double cpu_micros = 0;
  double resident_mib = 0;
};
std::vector<Grown> MeasureGrowth(const Scenario& scenario, const std::vector<int64_t>& verdicts,
                                 const Measuring& measuring);

}  // namespace gate

#endif  // TESTS_BENCH_SCENARIO_H_
