// What stands in the tags of Django's and Jinja's templates: names, calls, filters, conditions.
#ifndef CHECKS_FLAGS_TAG_EXPRESSIONS_H_
#define CHECKS_FLAGS_TAG_EXPRESSIONS_H_

#include <optional>
#include <string_view>
#include <vector>

#include "checks/flags/template.h"

namespace gate::flags {

// A word, number, text in quotes or sign in a tag.
struct TagToken {
  enum class Kind { kName, kNumber, kString, kSign, kEnd } kind = Kind::kEnd;
  std::string_view text;
  Span span;
};

// Nothing where a character means nothing there, or a quote is not closed.
std::optional<std::vector<TagToken>> TagTokens(std::string_view text, Span span);

// Reads one expression after the other. What is not understood spoils all of it.
class TagExpressions {
 public:
  TagExpressions(std::string_view text, Span span);

  bool ok() const { return ok_; }
  bool AtEnd() const { return Here().kind == TagToken::Kind::kEnd; }
  const TagToken& Here() const { return tokens_[at_]; }
  bool Is(std::string_view text) const;
  bool Take(std::string_view text);
  TagToken TakeToken();
  // A name; spoils where there is none.
  Part Name(Role role, std::string_view field);

  // As of Jinja; what of it Django knows means the same there.
  Part Expression(std::string_view field);
  // Without `x if y`.
  Part Condition(std::string_view field);
  // Between brackets, the first of which stands here.
  Part Arguments();
  // All that is left of a tag: expressions, name=value, `as name`.
  void Rest(std::vector<Part>& parts);

 private:
  using Level = Part (TagExpressions::*)(std::string_view field);
  Part Spoil();
  Part Chain(std::string_view field, Level inner, std::string_view word);
  Part Or(std::string_view field);
  Part And(std::string_view field);
  Part Not(std::string_view field);
  Part Compared(std::string_view field);
  Part Sum(std::string_view field);
  Part Postfix(std::string_view field);
  Part Primary(std::string_view field);
  Part List(std::string_view close, std::string_view field);
  Part Argument();
  Part Leaf(Role role, std::string_view field, bool named = true);
  Part Binary(Part left, Part op, Part right, std::string_view field, Role role) const;

  std::vector<TagToken> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  bool ok_ = true;
};

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_TAG_EXPRESSIONS_H_
