// PromQL instant-vector selectors: name{label="value", ...}, and nothing around them.
//
// The gate asks for raw counters and takes their differences itself: rate() and increase()
// extrapolate, which turns 3 errors into 3.07. So no functions, ranges, offsets or operators.
// A selector is parsed, changed as a value, and printed again: nothing is pasted into a query.
// Grammar: https://prometheus.io/docs/prometheus/latest/querying/basics/#instant-vector-selectors
#ifndef CHECKS_CANARY_SELECTOR_H_
#define CHECKS_CANARY_SELECTOR_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/v1/change.pb.h"

namespace gate {

struct Matcher {
  std::string label;
  std::string op;     // = != =~ !~
  std::string value;  // As it is meant: without quotes and escapes.
};

struct MetricSelector {
  std::string name;  // May be empty.
  std::vector<Matcher> matchers;

  // As PromQL, every value quoted.
  std::string Print() const;
};

// On failure nothing, and `error` says what and where: "column 12: expected a string in quotes".
std::optional<MetricSelector> ParseSelector(std::string_view text, std::string& error);

// The text with everything escaped that means something in a regular expression (RE2).
std::string QuoteRegex(std::string_view text);

// Placeholders, in values only: ${service}, ${environment}, ${version}.
// The first one that does not exist, for example "${servise}"; empty: all do.
std::string UnknownPlaceholder(const MetricSelector& selector);
// The first one for which the change has nothing; empty: all can be filled.
std::string UnfilledPlaceholder(const MetricSelector& selector, const v1::Change& change);
// With the change's values, escaped where a matcher is a regular expression.
MetricSelector Filled(MetricSelector selector, const v1::Change& change);

}  // namespace gate

#endif  // CHECKS_CANARY_SELECTOR_H_
