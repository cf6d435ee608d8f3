// How high will the coming week's peak be? From the peaks of the last weeks, few as they are.
//
// Peaks are compared as logarithms: a service that grows, grows by per cent. With x_i the age of a
// week, -1 for the last, and y_i the logarithm of its peak, y = a + b x + noise is fitted with what
// is taken to be known of services in general: from one week to the next a peak moves by about 8 %,
// and a trend is up to some 4 % per week. Both enter as if they had been seen, as one observation
// 0 = (0.08 / 0.04) b more, and as two degrees of freedom of a variance of 0.08^2 (Gelman et al.,
// Bayesian Data Analysis, 3rd ed. 2013, section 14.8: prior information as additional data), with
// nothing known of a. The peak of the coming week, at x = 0, then has Student's distribution
// (section 14.2, posterior predictive distribution):
//
//   a + t_nu(alpha) s sqrt(1 + V),   nu = n + 1,   s^2 = (2 0.08^2 + SSE) / nu,
//
// with V the element of (X'X)^-1 that belongs to a, and SSE and X with the additional row.
//
// A holiday makes a week low and says nothing of the next one that is none. So weeks do not count
// that lie under the line through all, or through all others, by three standard deviations, at
// least 11 % and at most 25 %. The line is that of Sen (Estimates of the Regression Coefficient
// Based on Kendall's Tau, JASA 63 (1968)), no steeper than 10 % per week, the standard deviation
// that of the median distance (Hampel, The Influence Curve and Its Role in Robust Estimation, JASA
// 69 (1974)). And the upper bound is never under the highest week that was seen.
//
// Measured (tests/stats/weekly_peak_test.cc): where peaks move by up to 5 % from week to week and
// trends are up to 2 % per week, one week in twenty passes a bound at alpha = 0.05; where they move
// by 10 %, one in ten passes the upper bound and one in seven the lower. Not known: what happens
// once a year.
#ifndef CHECKS_STATS_WEEKLY_PEAK_H_
#define CHECKS_STATS_WEEKLY_PEAK_H_

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace gate::stats {

struct PeakForecast {
  int weeks = 0;      // with a peak that was seen; under two nothing else is told
  int low_weeks = 0;  // of these, that were left out
  double estimate = std::numeric_limits<double>::quiet_NaN();
  double lower = 0;
  double upper = std::numeric_limits<double>::infinity();

  bool Known() const { return weeks >= 2; }
};

// The highest value of each whole week, oldest first. `values` are at equal distances, `per_week`
// of them to a week, and end now; NaN where nothing was seen. A week of which less than four fifths
// was seen has no peak: NaN.
std::vector<double> WeeklyPeaks(std::span<const double> values, size_t per_week);

// `peaks` are those of the last weeks, oldest first; what is not over zero was not seen. Each bound
// is passed with probability alpha.
PeakForecast ForecastWeeklyPeak(std::span<const double> peaks, double alpha);

}  // namespace gate::stats

#endif  // CHECKS_STATS_WEEKLY_PEAK_H_
