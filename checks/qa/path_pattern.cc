#include "checks/qa/path_pattern.h"

namespace gate::qa {
namespace {

std::string ToExpression(std::string_view pattern) {
  std::string expression;
  if (pattern.starts_with('/')) {
    pattern.remove_prefix(1);
  } else if (pattern.find('/') == std::string_view::npos) {
    expression = "(?:.*/)?";
  }
  while (!pattern.empty()) {
    if (pattern.starts_with("**/")) {
      expression += "(?:.*/)?";
      pattern.remove_prefix(3);
    } else if (pattern.starts_with("**")) {
      expression += ".*";
      pattern.remove_prefix(2);
    } else {
      switch (pattern.front()) {
        case '*':
          expression += "[^/]*";
          break;
        case '?':
          expression += "[^/]";
          break;
        default:
          expression += RE2::QuoteMeta(std::string(1, pattern.front()));
      }
      pattern.remove_prefix(1);
      if (pattern.empty() && expression.ends_with('/')) expression += ".*";
    }
  }
  return expression;
}

RE2::Options BytesAndLines() {
  RE2::Options options(RE2::Latin1);  // A path is bytes, whatever they mean.
  options.set_dot_nl(true);
  return options;
}

}  // namespace

PathPattern::PathPattern(std::string_view pattern)
    : expression_(std::make_shared<const RE2>(ToExpression(pattern), BytesAndLines())) {}

}  // namespace gate::qa
