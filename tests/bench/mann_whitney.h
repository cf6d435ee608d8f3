// The test that Kayenta's NetflixACAJudge-v1.0 makes of one metric, for comparisons: a confidence
// interval of the shift between two samples by Mann and Whitney's test (98 %, normal
// approximation with ties and continuity correction), and its rule of when that is worse. Default
// settings: effect size by the ratio of means, any increase allowed to count.
#ifndef TESTS_BENCH_MANN_WHITNEY_H_
#define TESTS_BENCH_MANN_WHITNEY_H_

#include <vector>

namespace gate::bench {

enum class Label { kPass, kHigh, kNoData, kError };

// Whether the canary's points are higher: one point for each minute.
Label CompareAsKayenta(const std::vector<double>& canary, const std::vector<double>& baseline);

}  // namespace gate::bench

#endif  // TESTS_BENCH_MANN_WHITNEY_H_
