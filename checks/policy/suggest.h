// What the writer probably meant: the nearest known word to one that is not known.
#ifndef CHECKS_POLICY_SUGGEST_H_
#define CHECKS_POLICY_SUGGEST_H_

#include <span>
#include <string>
#include <string_view>

namespace gate {

// The candidate nearest to `word` in typing errors (a letter too many, missing, wrong, or two
// swapped; case counts for nothing), or "" where none is near: one error in a short word, one for
// each three letters in a longer one. Of equally near ones the first.
std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates);

// "; did you mean "canary"?", or "" where nothing is near.
std::string DidYouMean(std::string_view word, std::span<const std::string_view> candidates);

// The text in double quotes as messages show it: on one line, cut after 60 bytes.
std::string Quoted(std::string_view text);

}  // namespace gate

#endif  // CHECKS_POLICY_SUGGEST_H_
