// JSON and YAML from outside as a tree of values, read so that nothing has to be guessed: a key
// that is there twice, text that goes on after its end, what is no UTF-8, more than 64 levels or a
// million values are errors. Numbers stay as they are written.
#ifndef GATE_EVIDENCE_FLAGS_DOCUMENT_H_
#define GATE_EVIDENCE_FLAGS_DOCUMENT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace gate {

// A value and all within it.
struct Value {
  enum class Kind { kNull, kBoolean, kNumber, kText, kList, kMapping };

  Kind kind = Kind::kNull;
  bool boolean = false;
  std::string text;               // of a text; a number as it is written
  std::vector<std::string> keys;  // of a mapping, one for each of its items
  std::vector<Value> items;

  bool Is(bool value) const { return kind == Kind::kBoolean && boolean == value; }
  bool IsText() const { return kind == Kind::kText; }
  bool IsList() const { return kind == Kind::kList; }
  bool IsMapping() const { return kind == Kind::kMapping; }
  bool IsNull() const { return kind == Kind::kNull; }
  // A whole number in decimal, not negative.
  std::optional<int64_t> Count() const;
  // The value of a mapping's key. Null where it is no mapping or has no such key.
  const Value* Find(std::string_view key) const;
};

// INVALID_ARGUMENT, with line and column or the path of the value.
absl::StatusOr<Value> ParseJson(std::string_view text);

// YAML by its core schema: only `true` and `false` are booleans, so that `off` is a text. At most
// 1 MiB; aliases are expanded within the bounds above, merge keys are keys like others.
absl::StatusOr<Value> ParseYaml(std::string_view text);

// At most so many bytes of the text, and no half of a character at the end.
std::string Cut(std::string_view text, size_t bytes);

// As messages show it: "off" with its quotes, true, "a list". `value` may be null: "nothing".
std::string Show(const Value* value);

// The same text for the same value: JSON without blanks.
std::string CanonicalText(const Value& value);

}  // namespace gate

#endif  // GATE_EVIDENCE_FLAGS_DOCUMENT_H_
