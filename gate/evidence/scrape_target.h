// Raw counters of one scraped process -> exact increments by interval.
//
// Why not rate() or increase(): they extrapolate to the edges of the range, so that 3 errors become
// 3.07, and guess across resets. Here a difference of two values of one series is taken only where
// both were seen, and what cannot be known is left out and flagged:
//   the value fell            the process restarted: COUNTER_RESET, the interval does not count
//   gone and back, higher     GAP: nobody knows in which interval it happened
//   NaN, half an event        NOT_A_NUMBER
//
// Where counting starts. A target is one scraped process: the labels job, instance and pod. Its
// first sample may be the total of years, if it was not scraped before, or of seconds, if it is
// new; nobody can tell. So a target counts from its first sample on, and at most one interval of a
// fresh process is lost. A series that appears on a target that goes on was born: it counts from 0,
// since the first error of a label is its first sample. What cannot be told apart is a GAP:
//   a target that was away, or changed all of its labels, and shows new series
//   a target that was seen once and is gone
//   a target that has events only: let events and exposure come from the same processes
// Series without these labels, as recording rules leave them, are one target per cohort.
#ifndef GATE_EVIDENCE_SCRAPE_TARGET_H_
#define GATE_EVIDENCE_SCRAPE_TARGET_H_

#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "gate/evidence/cohort_tally.h"
#include "gate/evidence/interval_grid.h"
#include "gate/evidence/prometheus_response.h"

namespace gate {

// One counter, by boundary: a value, kUnseen or kBad.
using Counter = std::vector<double>;
inline constexpr double kUnseen = -1;
inline constexpr double kBad = -2;

// Samples outside of the grid are left out. `whole`: what is no whole number is bad, as is what no
// counter can be (NaN, infinite, negative, beyond 2^53).
Counter OnGrid(const std::vector<PrometheusSample>& samples, const IntervalGrid& grid, bool whole);

// Whether all samples lie on boundaries of the grid.
bool AllOnGrid(const PrometheusSeries& series, const IntervalGrid& grid);

// Where the increments of a counter go. What it points to outlives the target.
struct Sink {
  Tally* tally = nullptr;
  int slot = 0;
  bool is_exposure = false;
  std::map<int, double>* by_type = nullptr;  // Or null.
};

class ScrapeTarget {
 public:
  explicit ScrapeTarget(int boundaries) : continues_(static_cast<size_t>(boundaries)) {}

  void Add(Counter counter, Sink sink);

  // Adds the increments of its counters to their tallies, and excludes intervals of the cohort.
  void Count(Cohort& cohort) const;

 private:
  struct Placed {
    Counter counter;
    Sink sink;
  };
  void CountOne(const Placed& placed, Cohort& cohort) const;
  static void Continue(const Placed& placed, int last, int i, Cohort& cohort);
  void Born(const Placed& placed, int i, Cohort& cohort) const;

  std::vector<Placed> counters_;
  std::vector<bool> continues_;  // Something of it was seen at the boundary and the one before.
  int first_ = std::numeric_limits<int>::max();  // Boundaries at which it was seen.
  int last_ = -1;
  bool has_exposure_ = false;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_SCRAPE_TARGET_H_
