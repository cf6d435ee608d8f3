#include "checks/policy/yaml_scalar.h"

#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/fields.h"
#include "checks/policy/suggest.h"
#include "checks/policy/utf8.h"

namespace gate {
namespace {

constexpr std::string_view kDigits = "0123456789";

// What the node is, for "expects a number, has ...".
std::string Kind(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "no value";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMapping:
      return "a mapping";
    case YamlNode::Kind::kScalar:
      break;
  }
  return Quoted(node.text);
}

Complaint Expects(std::string_view what, const YamlNode& node) {
  return absl::StrCat("expects ", absl::string_view(what.data(), what.size()), ", has ",
                      Kind(node));
}

// Digits with an optional sign: what a decimal whole number looks like. "010" may be meant as
// eight.
bool LooksWhole(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of(kDigits) == std::string_view::npos &&
         (text.size() == 1 || text[0] != '0');
}

Complaint CheckWhole(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar) return Expects("a whole number", node);
  if (!LooksWhole(node.text)) return Expects("a whole number such as 42", node);
  if (!node.plain)
    return absl::StrCat("expects a whole number; write ", node.text, " without quotes");
  return std::nullopt;
}

template <typename T>
Complaint ReadWhole(const YamlNode& node, T min, T max, T& out) {
  if (Complaint complaint = CheckWhole(node)) return complaint;
  const char* end = node.text.data() + node.text.size();
  const auto [rest, error] = std::from_chars(node.text.data(), end, out);
  if (error == std::errc() && rest == end && out >= min && out <= max) return std::nullopt;
  return absl::StrCat(Quoted(node.text), " is out of range: ", min, " to ", max);
}

}  // namespace

Complaint ReadBool(const YamlNode& node, bool& out) {
  if (node.kind != YamlNode::Kind::kScalar) return Expects("true or false", node);
  const std::string text = absl::AsciiStrToLower(node.text);
  const bool yes = text == "true" || text == "yes" || text == "on" || text == "y";
  const bool no = text == "false" || text == "no" || text == "off" || text == "n";
  if (!yes && !no) return Expects("true or false", node);
  out = yes;
  if (node.plain && (node.text == "true" || node.text == "false")) return std::nullopt;
  return absl::StrCat("expects true or false; write ", yes ? "true" : "false",
                      node.plain ? " for " + node.text : " without quotes");
}

Complaint ReadInteger(const YamlNode& node, int64_t min, int64_t max, int64_t& out) {
  return ReadWhole(node, min, max, out);
}

Complaint ReadUnsigned(const YamlNode& node, uint64_t max, uint64_t& out) {
  return ReadWhole<uint64_t>(node, 0, max, out);
}

Complaint ReadDouble(const YamlNode& node, double& out) {
  constexpr char kWhat[] = "a number such as 0.2";
  if (node.kind != YamlNode::Kind::kScalar) return Expects(kWhat, node);
  std::string_view text = node.text;
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  // Not the inf and nan that from_chars knows, nor YAML's .inf and .nan: nothing compares with
  // them.
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos)
    return Expects(kWhat, node);
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc::result_out_of_range)
    return absl::StrCat(Quoted(node.text), " is out of range");
  if (error != std::errc() || rest != text.data() + text.size() || !std::isfinite(out)) {
    return Expects(kWhat, node);
  }
  if (percent) return absl::StrCat("expects a fraction; write ", out / 100, " for ", node.text);
  if (!node.plain) return absl::StrCat("expects a number; write ", node.text, " without quotes");
  return std::nullopt;
}

Complaint ReadString(const YamlNode& node, std::string& out) {
  if (node.kind == YamlNode::Kind::kNull)
    return "has no value; leave the field out, or write a text";
  if (node.kind != YamlNode::Kind::kScalar) return Expects("a text", node);
  // An escape in double quotes can make what the file itself may not hold.
  if (FindControlCharacter(node.text) != std::string_view::npos ||
      FindInvalidUtf8(node.text) != std::string_view::npos) {
    return absl::StrCat("has a control character: ", Quoted(node.text));
  }
  out = node.text;
  return std::nullopt;
}

Complaint ReadBytes(const YamlNode& node, std::string& out) {
  if (node.kind == YamlNode::Kind::kScalar && absl::Base64Unescape(node.text, &out)) {
    return std::nullopt;
  }
  return Expects("bytes in base 64", node);
}

Complaint ReadEnum(const YamlNode& node, const google::protobuf::EnumDescriptor& type, int& out) {
  const std::vector<std::string_view> names = ValueNames(type);
  if (node.kind != YamlNode::Kind::kScalar) return Expects("one of " + OneOf(names), node);
  const std::string text = absl::AsciiStrToUpper(node.text);
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    if (text != value.name() && text != ShortName(value)) continue;
    out = value.number();
    if (out != 0) return std::nullopt;
    return absl::StrCat(Quoted(node.text), " says nothing; leave the field out, or write ",
                        OneOf(names));
  }
  const std::string suggestion = DidYouMean(text, names);
  return absl::StrCat("unknown value ", Quoted(node.text),
                      suggestion.empty() ? "; it is one of " + OneOf(names) : suggestion);
}

}  // namespace gate
