// The sentences of the hold check.
#ifndef CHECKS_HOLD_WORDS_H_
#define CHECKS_HOLD_WORDS_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/repeated_field.h"

namespace gate::hold {

// "a, b, c and 4 more".
inline std::string List(const std::vector<std::string>& names, size_t shown = 3) {
  if (names.size() <= shown) return absl::StrJoin(names, ", ");
  return absl::StrCat(absl::StrJoin(names.begin(), names.begin() + shown, ", "), " and ",
                      names.size() - shown, " more");
}

inline std::string List(const google::protobuf::RepeatedPtrField<std::string>& names) {
  return List(std::vector<std::string>(names.begin(), names.end()));
}

// "Everything", "Everything in production", "web, checkout in production".
template <typename Thing>
std::string WhatItIsFor(const Thing& thing) {
  return absl::StrCat(thing.services().empty() ? "Everything" : List(thing.services()),
                      thing.environments().empty() ? "" : " in ", List(thing.environments()));
}

// What somebody wrote, without a full stop of its own.
inline std::string_view WithoutStop(std::string_view text) {
  while (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

}  // namespace gate::hold

#endif  // CHECKS_HOLD_WORDS_H_
