// A metric as Kayenta sees it: a number for each cohort and minute, NaN where there is none.
#ifndef TESTS_BENCH_KAYENTA_POINTS_H_
#define TESTS_BENCH_KAYENTA_POINTS_H_

#include "gate/v1/evidence.pb.h"
#include "tests/bench/mann_whitney.h"

namespace gate::bench {

// Of rates, means or quantiles, without those that are NaN, which is its default. The old cohort is
// the first by name.
Label LabelOf(const v1::MetricSeries& series);

const char* NameOf(Label label);

}  // namespace gate::bench

#endif  // TESTS_BENCH_KAYENTA_POINTS_H_
