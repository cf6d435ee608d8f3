#include "checks/render/message.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/policy/fields.h"
#include "checks/render/escape.h"
#include "checks/render/utf8.h"
#include "google/protobuf/util/json_util.h"

namespace gate::render {
namespace {

using Json = nlohmann::ordered_json;

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsWellKnown(const Descriptor& type) { return type.file()->package() == "google.protobuf"; }

bool StandsForItself(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// A JSON string. Whole runs of characters that stand for themselves go over at once.
void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const size_t run =
        static_cast<size_t>(std::ranges::find_if_not(text, StandsForItself) - text.begin());
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text[0]) >= 0x80) {
      AppendUtf8(TakeCodePoint(text), out);
      continue;
    }
    switch (text[0]) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '"':
      case '\\':
        out += '\\';
        out += text[0];
        break;
      default:
        absl::StrAppend(&out, "\\u", absl::Hex(text[0], absl::kZeroPad4));
    }
    text.remove_prefix(1);
  }
  out += '"';
}

// Numbers that are whole are printed as such; JSON has no words for what is none.
void AppendNumber(double value, std::string& out) {
  constexpr double kExact = 1e15;
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else if (std::abs(value) < kExact && std::trunc(value) == value) {
    absl::StrAppend(&out, static_cast<int64_t>(value));
  } else {
    out += Json(value).dump();
  }
}

// The protobuf JSON mapping, as MessageToJsonString has it with always_print_primitive_fields, but
// for enum values, which are the words that people use ("BLOCK", not "DECISION_BLOCK"), and for
// maps, whose keys are in order.
class Printer {
 public:
  // With a width of 0 all goes on one line.
  Printer(int width, std::string& out) : width_(width), out_(out) {}

  void Print(const Message& message) {
    if (IsWellKnown(*message.GetDescriptor())) return PrintWellKnown(message);
    const Descriptor& type = *message.GetDescriptor();
    const Reflection& reflection = *message.GetReflection();
    Open('{');
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (field.has_presence() && !reflection.HasField(message, &field)) continue;
      Next();
      AppendQuoted(field.json_name(), out_);
      out_ += width_ > 0 ? ": " : ":";
      if (field.is_map()) {
        PrintMap(message, field);
      } else if (field.is_repeated()) {
        PrintList(message, field);
      } else {
        PrintField(message, field, kSingular);
      }
    }
    Close('}');
  }

 private:
  static constexpr int kSingular = -1;

  void Open(char bracket) {
    out_ += bracket;
    ++depth_;
    empty_ = true;
  }
  void Next() {
    if (!empty_) out_ += ',';
    empty_ = false;
    Break();
  }
  void Close(char bracket) {
    --depth_;
    if (!empty_) Break();
    out_ += bracket;
    empty_ = false;
  }
  void Break() {
    if (width_ == 0) return;
    out_ += '\n';
    out_.append(static_cast<size_t>(width_) * depth_, ' ');
  }

  // Times, durations and their like have forms of their own.
  void PrintWellKnown(const Message& message) {
    std::string text;
    const bool printed = google::protobuf::util::MessageToJsonString(message, &text).ok();
    out_ += printed ? ValidUtf8(text) : "null";
  }

  void PrintList(const Message& message, const FieldDescriptor& field) {
    Open('[');
    const int size = message.GetReflection()->FieldSize(message, &field);
    for (int i = 0; i < size; ++i) {
      Next();
      PrintField(message, field, i);
    }
    Close(']');
  }

  void PrintMap(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    const FieldDescriptor& key = *field.message_type()->map_key();
    std::map<std::string, const Message*> entries;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      std::string text;
      Printer(0, text).PrintField(entry, key, kSingular);
      if (text.front() != '"') text = absl::StrCat("\"", text, "\"");
      entries.emplace(std::move(text), &entry);
    }
    Open('{');
    for (const auto& [text, entry] : entries) {
      Next();
      out_ += text;
      out_ += width_ > 0 ? ": " : ":";
      PrintField(*entry, *field.message_type()->map_value(), kSingular);
    }
    Close('}');
  }

  // One value of the field; the index of one that is repeated.
  void PrintField(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& reflection = *message.GetReflection();
    const bool one = index == kSingular;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return absl::StrAppend(&out_, one ? reflection.GetInt32(message, &field)
                                          : reflection.GetRepeatedInt32(message, &field, index));
      case FieldDescriptor::CPPTYPE_UINT32:
        return absl::StrAppend(&out_, one ? reflection.GetUInt32(message, &field)
                                          : reflection.GetRepeatedUInt32(message, &field, index));
      // As text: not all of them fit into the numbers that JavaScript has.
      case FieldDescriptor::CPPTYPE_INT64:
        return absl::StrAppend(&out_, "\"",
                               one ? reflection.GetInt64(message, &field)
                                   : reflection.GetRepeatedInt64(message, &field, index),
                               "\"");
      case FieldDescriptor::CPPTYPE_UINT64:
        return absl::StrAppend(&out_, "\"",
                               one ? reflection.GetUInt64(message, &field)
                                   : reflection.GetRepeatedUInt64(message, &field, index),
                               "\"");
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return AppendNumber(one ? reflection.GetDouble(message, &field)
                                : reflection.GetRepeatedDouble(message, &field, index),
                            out_);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return AppendNumber(one ? reflection.GetFloat(message, &field)
                                : reflection.GetRepeatedFloat(message, &field, index),
                            out_);
      case FieldDescriptor::CPPTYPE_BOOL:
        out_ += (one ? reflection.GetBool(message, &field)
                     : reflection.GetRepeatedBool(message, &field, index))
                    ? "true"
                    : "false";
        return;
      case FieldDescriptor::CPPTYPE_ENUM:
        return PrintEnum(field, one ? reflection.GetEnumValue(message, &field)
                                    : reflection.GetRepeatedEnumValue(message, &field, index));
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        const std::string& text =
            one ? reflection.GetStringReference(message, &field, &scratch)
                : reflection.GetRepeatedStringReference(message, &field, index, &scratch);
        const bool bytes = field.type() == FieldDescriptor::TYPE_BYTES;
        return AppendQuoted(bytes ? absl::Base64Escape(text) : text, out_);
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Print(one ? reflection.GetMessage(message, &field)
                         : reflection.GetRepeatedMessage(message, &field, index));
    }
  }

  // A value of a newer proto has no word here.
  void PrintEnum(const FieldDescriptor& field, int number) {
    const auto* named = field.enum_type()->FindValueByNumber(number);
    if (named == nullptr) return absl::StrAppend(&out_, number);
    AppendQuoted(ShortName(*named), out_);
  }

  int width_;
  std::string& out_;
  int depth_ = 0;
  bool empty_ = true;  // whether nothing stands yet in what was opened last
};

// Whether YAML reads the text as this string without quotes.
bool IsPlain(std::string_view text) {
  if (text.empty() || !std::isalpha(static_cast<unsigned char>(text[0]))) return false;
  for (const char c : text) {
    const bool safe = std::isalnum(static_cast<unsigned char>(c)) ||
                      std::string_view("_./-").find(c) != std::string_view::npos;
    if (!safe) return false;
  }
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* word : {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}) {
    if (lower == word) return false;
  }
  return true;
}

// Whether the text can stand as a literal block: lines of printable characters that do not begin or
// end in blanks that a reader would lose.
bool IsBlock(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == '\n' || text.front() == ' ') {
    return false;
  }
  if (text.back() == '\n') return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte >= 0x7F) return false;
  }
  return true;
}

std::string Scalar(const Json& value, int indent) {
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  if (IsPlain(text)) return text;
  if (!IsBlock(text)) {
    return value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  }
  std::string block = "|-";
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    block += "\n";
    if (!line.empty()) block += std::string(indent, ' ') + std::string(line);
  }
  return block;
}

void Emit(const Json& value, int indent, std::string& out);

// What follows "key:" or "-".
void EmitValue(const Json& value, int indent, bool in_list, std::string& out) {
  if (value.is_object() && !value.empty() && in_list) {
    std::string nested;
    Emit(value, indent + 2, nested);
    out += " " + nested.substr(indent + 2);  // the first key goes on the line of the dash
  } else if (value.is_structured() && !value.empty()) {
    out += "\n";
    Emit(value, indent + 2, out);
  } else if (value.is_structured()) {
    out += value.is_array() ? " []\n" : " {}\n";
  } else {
    out += " " + Scalar(value, indent + 2) + "\n";
  }
}

void Emit(const Json& value, int indent, std::string& out) {
  const std::string margin(indent, ' ');
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      out += margin + Scalar(Json(key), indent) + ":";
      EmitValue(member, indent, /*in_list=*/false, out);
    }
  } else {
    for (const Json& element : value) {
      out += margin + "-";
      EmitValue(element, indent, /*in_list=*/true, out);
    }
  }
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message) {
  std::string out;
  Printer(2, out).Print(message);
  return out + "\n";
}

std::string ToJsonLine(const google::protobuf::Message& message) {
  std::string out;
  Printer(0, out).Print(message);
  return out + "\n";
}

std::string ToYaml(const google::protobuf::Message& message) {
  const Json json = Json::parse(ToJsonLine(message));
  std::string out;
  Emit(json, 0, out);
  return out.empty() ? "{}\n" : out;
}

}  // namespace gate::render
