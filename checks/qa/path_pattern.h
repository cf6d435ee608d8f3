// Patterns of paths in a repository: "src/tasks/**", "ios/*/Tasks*.swift", "*.proto".
#ifndef CHECKS_QA_PATH_PATTERN_H_
#define CHECKS_QA_PATH_PATTERN_H_

#include <memory>
#include <string>
#include <string_view>

#include "re2/re2.h"

namespace gate::qa {

// Immutable; thread-safe.
class PathPattern {
 public:
  // "*" is any part of a name, "?" one character of it, "**" any folders, none among them. A
  // pattern without "/" is of names in any folder; one that ends in "/" is of all that is in the
  // folder.
  explicit PathPattern(std::string_view pattern);

  bool Matches(std::string_view path) const { return RE2::FullMatch(path, *expression_); }

 private:
  std::shared_ptr<const RE2> expression_;
};

}  // namespace gate::qa

#endif  // CHECKS_QA_PATH_PATTERN_H_
