// What was added up for a cohort, by interval. Interval i ends at boundary i of its grid.
#ifndef GATE_EVIDENCE_COHORT_TALLY_H_
#define GATE_EVIDENCE_COHORT_TALLY_H_

#include <map>
#include <string>
#include <vector>

#include "gate/v1/evidence.pb.h"

namespace gate {

// One stratum of a cohort, or the whole of it where strata are not told apart.
struct Tally {
  Tally(int boundaries, int slots);

  // Increments by slot and interval. COUNTS: events, exposure. VALUES: cost, exposure. HISTOGRAM:
  // by bucket, the one without a bound last. The last slot is what `known` speaks of.
  std::vector<std::vector<double>> sums;
  std::vector<std::vector<double>> values;  // Gauges, by interval.
  std::vector<bool> known;                  // Its exposure was seen over the interval.
};

struct Cohort {
  explicit Cohort(int boundaries);

  // An interval that does not count, and why; the first reason stays.
  void Exclude(int interval, v1::FlawKind kind);
  bool Excluded(int interval) const;
  bool Known(int interval) const;

  std::map<std::string, Tally> strata;
  // Events by kind and interval, also in intervals that do not count: that a kind is there is no
  // matter of comparison.
  std::map<std::string, std::map<int, double>> types;
  std::vector<v1::FlawKind> excluded;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_COHORT_TALLY_H_
