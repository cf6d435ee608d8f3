// Faults put into recorded series of real services: how often the judge calls a healthy canary
// harmful there, and how soon it finds what was put in; with Kayenta's rule on the same points.
#ifndef TESTS_BENCH_INJECTED_H_
#define TESTS_BENCH_INJECTED_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace gate::bench {

// One file: lines of "2014-02-14 14:30:00,0.132" behind a heading.
struct RecordedSeries {
  std::string name;    // "ec2_cpu_utilization_24ae8d"
  std::string folder;  // that it lies in
  std::vector<absl::Time> times;
  std::vector<double> values;
};

// All *.csv below a folder, by path. Throws std::runtime_error where one cannot be read.
std::vector<RecordedSeries> ReadSeries(const std::filesystem::path& folder);

// How one series becomes an old version and a canary that is as healthy as it.
enum class Split {
  kNeighbours,   // Of every two points one is the canary's, by a coin.
  kThinned,      // Each of the events that were counted is the canary's, by a coin.
  kWeekEarlier,  // The canary is the series, the old version the same a week before.
};

enum class Fault { kNone, kLevel, kSpikes, kDrift, kBurst, kSpread };

// What is done to the canary's values.
struct Injection {
  std::string name;
  Fault fault = Fault::kNone;
  double size = 1;  // kLevel: times; kSpikes: the part of the points that is ten times as high.
};

// Healthy first.
const std::vector<Injection>& Injections();

struct Injected {
  int runs = 0;
  int failed = 0, passed = 0;        // at any point; FAILed behind the beginning of the fault
  int early = 0;                     // FAILed before it
  int kayenta = 0, kayenta_end = 0;  // High at one of its looks, at the last one
  std::vector<int> until;            // points from the fault to the FAIL, of those that failed
};

struct Trial {
  int runs = 20;
  int points = 72;    // of each canary
  bool late = false;  // The fault begins at a random point of the first half, not at once.
  bool past = false;  // What came before is told as the old version's past.
  uint64_t seed = 20261122;
};

// At random places of the series; fewer runs, or none, where it has no such place.
Injected Inject(const RecordedSeries& series, bool counts, Split split, const Injection& injection,
                const Trial& trial);

}  // namespace gate::bench

#endif  // TESTS_BENCH_INJECTED_H_
