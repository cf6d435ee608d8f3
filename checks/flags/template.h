// Texts that no grammar is of as a whole: markup with code in it.
#ifndef CHECKS_FLAGS_TEMPLATE_H_
#define CHECKS_FLAGS_TEMPLATE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checks/flags/language.h"

namespace gate::flags {

// Bytes of a text.
struct Span {
  uint32_t begin = 0, end = 0;
};

// A template as the program that it stands for, in the grammar's language: as long as the template,
// with all code where it stands there. Each stretch of markup is a name that stands alone, so that
// it is a statement; they are in the order of the text.
struct Program {
  std::string text;
  std::vector<Span> markup;
};

// A template that is read without any grammar: a node, with the nodes in it.
struct Part {
  Role role = Role::kOther;
  std::string_view field;  // One of the language's; empty for none.
  Span span;
  std::vector<Part> parts = {};
  bool named = true;  // No punctuation and no keyword.
};

// The stretches of markup between two places: one for each line, without the blanks around it.
std::vector<Span> MarkupLines(std::string_view text, uint32_t begin, uint32_t end);

// What a stretch of markup is made of: words, and each other character that is not blank.
std::vector<Span> MarkupTokens(std::string_view text, Span stretch);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_TEMPLATE_H_
