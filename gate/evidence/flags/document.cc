#include "gate/evidence/flags/document.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "checks/policy/yaml_tree.h"
#include "nlohmann/json.hpp"

namespace gate {
namespace {

using nlohmann::json;

constexpr size_t kMaxDepth = 64;
constexpr int kMaxValues = 1'000'000;

// The first key that is there twice, or null.
const std::string* Repeated(const std::vector<std::string>& keys) {
  std::vector<const std::string*> sorted;
  sorted.reserve(keys.size());
  for (const std::string& key : keys) sorted.push_back(&key);
  const auto by_text = [](const std::string* a, const std::string* b) { return *a < *b; };
  std::ranges::sort(sorted, by_text);
  const auto twice = std::ranges::adjacent_find(
      sorted, [](const std::string* a, const std::string* b) { return *a == *b; });
  return twice == sorted.end() ? nullptr : *twice;
}

// Builds the tree from events, so that no bound is passed before it is looked at.
class Builder final : public nlohmann::json_sax<json> {
 public:
  explicit Builder(std::string_view text) : text_(text) {}

  Value& root() { return root_; }
  const std::string& error() const { return error_; }

  bool null() override { return Scalar(Value::Kind::kNull, ""); }
  bool boolean(bool value) override {
    Value* const made = Add(Value::Kind::kBoolean);
    if (made != nullptr) made->boolean = value;
    return made != nullptr;
  }
  bool number_integer(number_integer_t value) override {
    return Scalar(Value::Kind::kNumber, absl::StrCat(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Scalar(Value::Kind::kNumber, absl::StrCat(value));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return Scalar(Value::Kind::kNumber, text);
  }
  bool string(string_t& value) override { return Scalar(Value::Kind::kText, std::move(value)); }
  bool binary(binary_t&) override { return Fail("a value of no JSON"); }
  bool start_object(size_t) override { return Open(Value::Kind::kMapping); }
  bool key(string_t& key) override {
    open_.back()->keys.push_back(std::move(key));
    return true;
  }
  bool end_object() override {
    const std::string* const twice = Repeated(open_.back()->keys);
    open_.pop_back();
    return twice == nullptr || Fail(absl::StrCat(Quoted(*twice), " is there twice"));
  }
  bool start_array(size_t) override { return Open(Value::Kind::kList); }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool parse_error(size_t position, const std::string&, const json::exception&) override {
    // nlohmann counts bytes from 1, and the end as one more.
    const std::string_view before = text_.substr(0, position == 0 ? 0 : position - 1);
    const auto line = 1 + std::ranges::count(before, '\n');
    const size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
    error_ = position > text_.size() ? std::string("it is cut off: the JSON has no end")
                                     : absl::StrCat("line ", line, ", byte ",
                                                    before.size() - start + 1, ": it is not JSON");
    return false;
  }

 private:
  // "flags.checkout.variants[2]": where the next value would be.
  std::string Path() const {
    std::string path;
    for (const Value* value : open_) {
      if (value->IsList()) {
        absl::StrAppend(&path, "[", value->items.empty() ? 0 : value->items.size() - 1, "]");
      } else if (!value->keys.empty() && value->items.size() == value->keys.size()) {
        absl::StrAppend(&path, path.empty() ? "" : ".", Cut(value->keys.back(), 60));
      }
      if (path.size() > 300) return path.substr(0, path.find_last_of(".[")) + "…";
    }
    return path;
  }
  bool Fail(std::string_view what) {
    const std::string path = Path();
    error_ = absl::StrCat(path, path.empty() ? "" : ": ", std::string(what));
    return false;
  }
  Value* Add(Value::Kind kind) {
    if (++values_ > kMaxValues) {
      Fail(absl::StrCat("more than ", kMaxValues, " values"));
      return nullptr;
    }
    // An open value is the last of the one around it, which grows only after it is closed.
    Value& made = open_.empty() ? root_ : open_.back()->items.emplace_back();
    made.kind = kind;
    return &made;
  }
  bool Scalar(Value::Kind kind, std::string text) {
    Value* const made = Add(kind);
    if (made != nullptr) made->text = std::move(text);
    return made != nullptr;
  }
  bool Open(Value::Kind kind) {
    if (open_.size() >= kMaxDepth) return Fail("it is nested too deeply");
    Value* const made = Add(kind);
    if (made != nullptr) open_.push_back(made);
    return made != nullptr;
  }

  const std::string_view text_;
  Value root_;
  std::vector<Value*> open_;
  int values_ = 0;
  std::string error_;
};

absl::Status AtNode(const YamlNode& node, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("line ", node.line, ", column ", node.column, ": ", std::string(what)));
}

void ReadPlain(const std::string& text, Value& value) {
  value.text = text;
  value.kind = Value::Kind::kText;
  if (text == "true" || text == "false") {
    value.kind = Value::Kind::kBoolean;
    value.boolean = text == "true";
    value.text.clear();
  } else if (const json number = json::parse(text, nullptr, false); number.is_number()) {
    value.kind = Value::Kind::kNumber;
  }
}

// As deep as the tree, which has at most 64 levels.
absl::Status Convert(const YamlNode& node, Value& value) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return absl::OkStatus();
    case YamlNode::Kind::kScalar:
      if (node.plain) {
        ReadPlain(node.text, value);
      } else {
        value.kind = Value::Kind::kText;
        value.text = node.text;
      }
      return absl::OkStatus();
    case YamlNode::Kind::kSequence:
      value.kind = Value::Kind::kList;
      for (const YamlNode* item : node.items) {
        const absl::Status read = Convert(*item, value.items.emplace_back());
        if (!read.ok()) return read;
      }
      return absl::OkStatus();
    case YamlNode::Kind::kMapping:
      value.kind = Value::Kind::kMapping;
      for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
        const YamlNode& key = *node.items[i];
        if (key.kind != YamlNode::Kind::kScalar) return AtNode(key, "a key has to be a text");
        value.keys.push_back(key.text);
        const absl::Status read = Convert(*node.items[i + 1], value.items.emplace_back());
        if (!read.ok()) return read;
      }
      if (const std::string* const twice = Repeated(value.keys)) {
        return AtNode(node, absl::StrCat(Quoted(*twice), " is there twice in what begins here"));
      }
      return absl::OkStatus();
  }
  return AtNode(node, "a value of no known kind");
}

void AppendCanonical(const Value& value, std::string& out) {
  switch (value.kind) {
    case Value::Kind::kNull:
      out += "null";
      return;
    case Value::Kind::kBoolean:
      out += value.boolean ? "true" : "false";
      return;
    case Value::Kind::kNumber:
      out += value.text;
      return;
    case Value::Kind::kText:
      out += json(value.text).dump();
      return;
    case Value::Kind::kList:
    case Value::Kind::kMapping:
      out += value.IsList() ? '[' : '{';
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) out += ',';
        if (value.IsMapping()) absl::StrAppend(&out, json(value.keys[i]).dump(), ":");
        AppendCanonical(value.items[i], out);
      }
      out += value.IsList() ? ']' : '}';
  }
}

}  // namespace

std::optional<int64_t> Value::Count() const {
  int64_t number = 0;
  const bool digits = kind == Kind::kNumber && std::ranges::all_of(text, [](unsigned char c) {
                        return absl::ascii_isdigit(c);
                      });
  if (!digits || !absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

const Value* Value::Find(std::string_view key) const {
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

absl::StatusOr<Value> ParseJson(std::string_view text) {
  // RFC 8259, 8.1. Others refuse it, and then have something else than we do.
  if (text.starts_with("\xEF\xBB\xBF")) {
    return absl::InvalidArgumentError("it begins with a byte order mark");
  }
  Builder builder(text);
  bool read = false;
  try {
    read = json::sax_parse(text.begin(), text.end(), &builder);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (!read) return absl::InvalidArgumentError(builder.error());
  return std::move(builder.root());
}

absl::StatusOr<Value> ParseYaml(std::string_view text) {
  YamlTree tree;
  const std::vector<YamlProblem> problems = ParseYamlTree(text, tree);
  if (!problems.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("line ", problems[0].line, ", column ",
                                                   problems[0].column, ": ", problems[0].message));
  }
  Value value;
  if (tree.root == nullptr) return value;
  const absl::Status read = Convert(*tree.root, value);
  if (!read.ok()) return read;
  return value;
}

std::string Cut(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return std::string(text.substr(0, bytes));
}

std::string Show(const Value* value) {
  if (value == nullptr) return "nothing";
  switch (value->kind) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBoolean:
      return value->boolean ? "true" : "false";
    case Value::Kind::kNumber:
      return Cut(value->text, 60);
    case Value::Kind::kText:
      return Quoted(value->text);
    case Value::Kind::kList:
      return "a list";
    case Value::Kind::kMapping:
      return "a mapping";
  }
  return "nothing";
}

std::string CanonicalText(const Value& value) {
  std::string text;
  AppendCanonical(value, text);
  return text;
}

}  // namespace gate
