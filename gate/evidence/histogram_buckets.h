// Histograms -> one counter for each bucket, on bounds that all of them have.
//
// A classic histogram has a series for each bucket (the label le); a native one has samples that
// are histograms, whose empty buckets are left out and whose resolution changes as it grows. Both
// are cumulative since the process began, so that a bucket up to a bound is a counter like any
// other. A bound can be read from a native histogram where it lies in none of its buckets: the
// bounds of the coarsest resolution are bounds of all finer ones.
#ifndef GATE_EVIDENCE_HISTOGRAM_BUCKETS_H_
#define GATE_EVIDENCE_HISTOGRAM_BUCKETS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "gate/evidence/prometheus_response.h"

namespace gate {

// How many observations were at or under a bound, over time.
struct BucketCounter {
  Labels labels;  // Without le.
  int slot = 0;   // Of the bound; the one after the last bound counts all observations.
  std::vector<PrometheusSample> samples;
};

using SeriesList = std::vector<PrometheusSeries>;

// The bounds over 0 that every histogram of all lists can be read at, ascending; at most 200,
// evenly thinned out. INVALID_ARGUMENT where a series is neither a bucket nor a native histogram.
absl::StatusOr<std::vector<double>> CommonBounds(const std::vector<const SeriesList*>& lists);

// For series that CommonBounds has seen, in their order.
std::vector<BucketCounter> BucketCounters(const SeriesList& series,
                                          const std::vector<double>& bounds);

}  // namespace gate

#endif  // GATE_EVIDENCE_HISTOGRAM_BUCKETS_H_
