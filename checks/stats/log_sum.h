// Sums of numbers that are only known, and only fit into a double, as logarithms.
#ifndef CHECKS_STATS_LOG_SUM_H_
#define CHECKS_STATS_LOG_SUM_H_

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace gate::stats {

// log(sum of exp(x)); minus infinity for none.
inline double LogSumExp(std::span<const double> logs) {
  double largest = -std::numeric_limits<double>::infinity();
  for (const double x : logs) largest = std::max(largest, x);
  if (!std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double x : logs) {
    if (x > largest - 40) sum += std::exp(x - largest);  // The rest is below the last bit.
  }
  return largest + std::log(sum);
}

}  // namespace gate::stats

#endif  // CHECKS_STATS_LOG_SUM_H_
