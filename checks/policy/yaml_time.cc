// Durations and moments, as yaml_scalar.h says.
#include <array>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "checks/policy/suggest.h"
#include "checks/policy/yaml_scalar.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr char kDurationForms[] = "write it as \"90s\", \"5m\" or \"1h30m\"";
constexpr char kTimestampForms[] = "write it as \"2026-11-27T12:00:00-05:00\", or with Z for UTC";

struct Unit {
  std::string_view name;
  absl::Duration length;
};

// The larger ones first; a name before those that it begins with.
const std::array<Unit, 7>& Units() {
  static const std::array<Unit, 7> units = {{{"d", absl::Hours(24)},
                                             {"h", absl::Hours(1)},
                                             {"m", absl::Minutes(1)},
                                             {"s", absl::Seconds(1)},
                                             {"ms", absl::Milliseconds(1)},
                                             {"us", absl::Microseconds(1)},
                                             {"ns", absl::Nanoseconds(1)}}};
  return units;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at the front: at least 1, at most `most`.
std::optional<int64_t> TakeDigits(std::string_view& text, size_t most, int64_t& scale) {
  size_t count = 0;
  int64_t value = 0;
  scale = 1;
  while (count < text.size() && IsDigit(text[count])) {
    if (++count > most) return std::nullopt;
    value = value * 10 + (text[count - 1] - '0');
    scale *= 10;
  }
  text.remove_prefix(count);
  return count == 0 ? std::nullopt : std::optional(value);
}

// Takes the unit at the front: letters up to the next digit. Its place in Units().
std::optional<size_t> TakeUnit(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && !IsDigit(text[length])) ++length;
  for (size_t i = 0; i < Units().size(); ++i) {
    if (Units()[i].name == text.substr(0, length)) {
      text.remove_prefix(length);
      return i;
    }
  }
  return std::nullopt;
}

// "1h30m" -> 90 minutes; nothing where it is not a duration.
std::optional<absl::Duration> ParseDuration(std::string_view text) {
  absl::Duration total;
  size_t smallest_unit = 0;
  do {
    int64_t ignored, scale;
    const auto whole = TakeDigits(text, 12, ignored);
    if (!whole) return std::nullopt;
    int64_t fraction = 0;
    scale = 1;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      const auto digits = TakeDigits(text, 9, scale);
      if (!digits) return std::nullopt;
      fraction = *digits;
    }
    const auto unit = TakeUnit(text);
    if (!unit || *unit < smallest_unit) return std::nullopt;
    smallest_unit = *unit + 1;
    total += Units()[*unit].length * *whole + Units()[*unit].length * fraction / scale;
  } while (!text.empty());
  return total;
}

// Whether the text is of the form, in which 0 stands for a digit.
bool HasForm(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (form[i] == '0' ? !IsDigit(text[i]) : text[i] != form[i]) return false;
  }
  return true;
}

bool IsOffset(std::string_view text) {
  return text == "Z" || HasForm(text, "+00:00") || HasForm(text, "-00:00");
}

// Shapes of texts; 0 is any digit.
constexpr std::string_view kDate = "0000-00-00";
constexpr std::string_view kSecond = "0000-00-00T00:00:00";

// Whether the text is a date, a time and an offset, the second with up to nine decimals.
bool IsRfc3339(std::string_view text) {
  if (!HasForm(text.substr(0, kSecond.size()), kSecond)) return false;
  std::string_view rest = text.substr(kSecond.size());
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    int64_t scale;
    if (!TakeDigits(rest, 9, scale)) return false;
  }
  return IsOffset(rest);
}

}  // namespace

Complaint ReadDuration(const YamlNode& node, google::protobuf::Duration& out) {
  if (node.kind != YamlNode::Kind::kScalar) {
    return absl::StrCat("expects a duration; ", kDurationForms);
  }
  const std::string& text = node.text;
  const auto duration = ParseDuration(text);
  if (!duration) {
    if (text.starts_with('-')) return absl::StrCat(Quoted(text), " is negative; a duration is not");
    if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
      return absl::StrCat(Quoted(text), " has no unit; for seconds write \"", text, "s\"");
    }
    return absl::StrCat(Quoted(text), " is not a duration; ", kDurationForms);
  }
  // The bound of google.protobuf.Duration: about 10,000 years.
  if (*duration > absl::Seconds(315'576'000'000)) return absl::StrCat(Quoted(text), " is too long");
  out = ToProto(*duration);
  return std::nullopt;
}

Complaint ReadTimestamp(const YamlNode& node, google::protobuf::Timestamp& out) {
  if (node.kind != YamlNode::Kind::kScalar) {
    return absl::StrCat("expects a moment; ", kTimestampForms);
  }
  const std::string& text = node.text;
  if (HasForm(text, kDate)) {
    return absl::StrCat(Quoted(text), " has no time of day; write \"", text, "T00:00:00Z\"");
  }
  if (HasForm(text, kSecond)) {
    return absl::StrCat(Quoted(text), " has no offset; for UTC write \"", text, "Z\"");
  }
  if (!IsRfc3339(text)) {
    return absl::StrCat(Quoted(text), " is not a moment; ", kTimestampForms);
  }
  absl::Time time;
  std::string error;
  const bool leap_second = text.compare(17, 2, "60") == 0;
  if (leap_second || text.starts_with("0000") ||
      !absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::StrCat(Quoted(text), " does not exist in the calendar");
  }
  out = ToProto(time);
  return std::nullopt;
}

}  // namespace gate
