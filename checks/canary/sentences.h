// What the canary check says to a person, at any time of the night.
#ifndef CHECKS_CANARY_SENTENCES_H_
#define CHECKS_CANARY_SENTENCES_H_

#include <string>

#include "absl/time/time.h"
#include "checks/canary/metric_judgement.h"

namespace gate {

// "http_5xx: canary 48 errors of 12,104 requests (0.40 %) against 0.049 % on baseline: 8.1x (at
// least 3.9x); limit 1.2x".
std::string MetricSentence(const v1::CanaryMetric& metric, const CountSeries& series,
                           const MetricJudgement& judgement);

// What would bring an answer: "http_5xx: about 14 more minutes at 220 requests/min on the canary,
// if it is as good as the baseline (an estimate)".
std::string RemainingSentence(const v1::CanaryMetric& metric, const CountSeries& series,
                              const MetricJudgement& judgement, const CanaryParameters& parameters);

}  // namespace gate

#endif  // CHECKS_CANARY_SENTENCES_H_
