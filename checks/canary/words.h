// What is said of one metric, with its numbers: "http_5xx: canary 48 errors of 12,104 requests
// (0.40 %) against 0.049 % on baseline: 8.1x (at least 3.9x); limit 1.2x".
#ifndef CHECKS_CANARY_WORDS_H_
#define CHECKS_CANARY_WORDS_H_

#include <string>

#include "checks/canary/comparison.h"
#include "checks/canary/past_watch.h"
#include "checks/canary/series_test.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

// Blocks beyond which nobody can tell how much longer it takes.
inline constexpr double kForEver = 1e6;

// One metric and what came of it. References outlive it.
class Words {
 public:
  Words(const v1::MetricSeries& metric, const Comparison& comparison, const SeriesAnswer& answer)
      : metric_(metric), comparison_(comparison), answer_(answer) {}

  // One sentence.
  std::string Sentence(v1::Outcome outcome) const;
  // What would bring an answer, to go on with: "; about 14 more minutes, if it stays as it is".
  std::string Remaining() const;
  // "stable 2.1 % since 14:05:00 UTC (0.30 % before the canary), canary 0.28 %".
  std::string AgainstPast(const PastAnswer& past) const;

 private:
  bool Less() const;  // is worse
  bool Harmful() const;
  std::string OldName() const;  // "on baseline", "a week earlier"
  std::string Value(double value) const;
  std::string Part(double part) const;  // of requests that are slow or fail
  std::string Seen() const;
  std::string Slow() const;
  std::string Ratio(v1::Outcome outcome) const;
  std::string Limit() const;
  std::string Bounds(v1::Outcome outcome) const;
  std::string Remarks() const;

  const v1::MetricSeries& metric_;
  const Comparison& comparison_;
  const SeriesAnswer& answer_;
};

}  // namespace gate

#endif  // CHECKS_CANARY_WORDS_H_
