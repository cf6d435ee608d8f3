// Load on Evaluate beside a bare echo on the same server, in the same run: machines differ and are
// noisy, ratios hold. Rounds of both alternate, and medians are printed.
//
//   gatebench [--scenario NAME]... [--rounds N] [--seconds S] [--in-flight N] [--no-growth]
//   gatebench --rollouts [--active N] [--baking N]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "tests/bench/rollouts.h"
#include "tests/bench/scenario.h"
#include "tests/bench/server.h"

namespace gate {
namespace {

// Of the whole table; a run in which one is missed does not fail, it says so.
const char* Against(bool reached) { return reached ? "reached" : "MISSED"; }

void Print(const Scenario& scenario, const Measured& measured) {
  std::printf("\n%s\n  %s\n", scenario.title.c_str(), measured.answer.c_str());
  std::printf("  %-26s %9.0f /s   echo %.0f /s   store alone %.0f /s\n", "throughput",
              measured.per_second, measured.echo_per_second, measured.store_per_second);
  std::printf("  %-26s %9.3f      (%.3f to %.3f)", "of the echo's", measured.ratio,
              measured.lowest_ratio, measured.highest_ratio);
  if (scenario.least_ratio > 0) {
    std::printf("   at least %.2f: %s", scenario.least_ratio,
                Against(measured.ratio >= scenario.least_ratio));
  }
  if (scenario.least_per_second > 0) {
    std::printf("   at least %.0f /s: %s", scenario.least_per_second,
                Against(measured.per_second >= scenario.least_per_second));
  }
  std::printf("\n  %-26s %9.2f / %.2f / %.2f ms\n", "p50 / p99 / p99.9", measured.p50, measured.p99,
              measured.p999);
  const double times = measured.half_load_p99 / measured.echo_half_load_p99;
  std::printf("  %-26s %9.2f ms   echo %.2f ms, %.1f times", "p99 at half load",
              measured.half_load_p99, measured.echo_half_load_p99, times);
  if (!scenario.slow_fsync) std::printf("   at most 5: %s", Against(times <= 5));
  std::printf("\n  %-26s %9.1f us   echo %.1f us\n", "server CPU per call", measured.cpu_micros,
              measured.echo_cpu_micros);
  std::printf("  %-26s %9.0f MiB\n", "server resident memory", measured.resident_mib);
  if (measured.failed > 0) std::printf("  %ld calls FAILED\n", static_cast<long>(measured.failed));
}

void Print(const std::vector<Grown>& grown) {
  std::printf("\n%-14s %10s %10s %14s %12s\n", "verdicts kept", "calls/s", "of echo's",
              "CPU per call", "resident");
  for (const Grown& row : grown) {
    std::printf("%-14ld %10.0f %10.3f %11.1f us %8.0f MiB\n", static_cast<long>(row.verdicts),
                row.per_second, row.ratio, row.cpu_micros, row.resident_mib);
  }
  std::printf("resident memory after the last: at most 150 MB: %s\n",
              Against(grown.back().resident_mib * 1.048576 <= 150));
}

int Run(const std::vector<std::string>& names, const Measuring& measuring, bool growth,
        int64_t rows) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  for (const Scenario& scenario : AllScenarios()) {
    if (!names.empty() && std::find(names.begin(), names.end(), scenario.name) == names.end()) {
      continue;
    }
    Print(scenario, Measure(scenario, measuring));
  }
  if (!growth) return 0;
  std::vector<int64_t> steps;
  for (int64_t step = 1000; step <= rows; step *= 10) steps.push_back(step);
  Print(MeasureGrowth(AllScenarios().front(), steps, measuring));
  return 0;
}

}  // namespace
}  // namespace gate

int main(int argc, char** argv) {
  CLI::App app("Load on Evaluate beside a bare echo on the same server.");
  std::vector<std::string> names;
  gate::Measuring measuring;
  int64_t rows = 1'000'000;
  bool no_growth = false, rollouts = false;
  gate::RolloutLoad rollout_load;
  gate::BenchServerOptions server;
  std::string commits;
  app.add_option("--scenario", names, "Only these: sqlite, postgres, all-checks, slow-fsync");
  app.add_option("--rounds", measuring.rounds, "Rounds of echo and Evaluate");
  app.add_option("--seconds", measuring.seconds, "Time of each measurement");
  app.add_option("--in-flight", measuring.in_flight, "Calls in flight");
  app.add_option("--connections", measuring.connections, "Connections that they share");
  app.add_option("--rows", rows, "Grow the store to so many verdicts");
  app.add_flag("--no-growth", no_growth, "Do not");
  app.add_flag("--rollouts", rollouts, "Measure rollouts instead");
  app.add_option("--active", rollout_load.active, "Rollouts under way");
  app.add_option("--baking", rollout_load.baking, "Rollouts that bake");
  const std::string children = "What this program starts itself as";
  app.add_option("--serve", server.address, "Serve on this address")->group(children);
  app.add_option("--store", server.store, "Store to serve from")->group(children);
  app.add_option("--policy", server.policy, "Policy file")->group(children);
  app.add_option("--metrics", server.metrics, "Prometheus to ask")->group(children);
  app.add_option("--behind", server.behind, "Seconds that its clock is behind")->group(children);
  app.add_option("--commits", commits, "Append to this store")->group(children);
  CLI11_PARSE(app, argc, argv);
  try {
    if (!server.address.empty()) return gate::RunBenchServer(server);
    if (!commits.empty()) {
      return gate::RunStoreCommits(commits, measuring.in_flight, measuring.seconds);
    }
    if (rollouts) {
      gate::MeasureRollouts(rollout_load);
      return 0;
    }
    return gate::Run(names, measuring, !no_growth, rows);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gatebench: %s\n", error.what());
    return 1;
  }
}
