#include "checks/qa/junit_text.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "checks/render/utf8.h"

namespace gate::qa {
namespace {

constexpr double kWeek = 7 * 24 * 3600;

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

std::string_view Stripped(std::string_view text) {
  const absl::string_view stripped = absl::StripAsciiWhitespace(Absl(text));
  return {stripped.data(), stripped.size()};
}

// Takes what follows an escape character: "[31m" (ECMA-48, control sequences).
void SkipControlSequence(std::string_view& text) {
  if (!text.starts_with('[')) return;
  const auto ends = [](char c) { return c >= '@' && c <= '~'; };
  const auto end = std::find_if(text.begin() + 1, text.end(), ends);
  text.remove_prefix(static_cast<size_t>(end - text.begin()) + (end == text.end() ? 0 : 1));
}

}  // namespace

std::string CleanText(std::string_view text, size_t max_bytes, bool* cut) {
  std::string clean;
  text = Stripped(text);
  bool longer = false;
  while (!text.empty()) {
    const char32_t c = render::TakeCodePoint(text);
    if (c == 0x1B) {
      SkipControlSequence(text);
      continue;
    }
    const size_t before = clean.size();
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
    render::AppendUtf8(control ? U' ' : c, clean);
    if (clean.size() > max_bytes) {
      clean.resize(before);
      longer = true;
      break;
    }
  }
  if (cut != nullptr) *cut = longer;
  return std::string(Stripped(clean));
}

std::string FirstLine(std::string_view text, size_t max_bytes) {
  while (!text.empty()) {
    const size_t end = text.find_first_of("\r\n");
    std::string line = CleanText(text.substr(0, end), max_bytes);
    if (!line.empty()) return line;
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return "";
}

StatusWord ReadStatus(std::string_view word) {
  if (word.empty()) return StatusWord::kRun;
  std::string lower = absl::AsciiStrToLower(Absl(Stripped(word)));
  std::erase_if(lower, [](char c) { return c == ' ' || c == '_' || c == '-'; });
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, std::string_view(lower)) != words.end();
  };
  // GoogleTest and Catch2 say "run" and "completed" of cases that failed too.
  if (is_one_of({"run", "completed", "executed", "finished", "done", "passed", "pass", "success",
                 "successful", "succeeded", "ok", "fixed"})) {
    return StatusWord::kRun;
  }
  if (is_one_of({"notrun", "norun", "skipped", "skip", "disabled", "ignored", "pending",
                 "suppressed", "notexecuted", "untested", "inconclusive", "blocked"})) {
    return StatusWord::kNotRun;
  }
  if (is_one_of({"fail", "failed", "failure", "error", "errored", "broken", "timeout", "timedout",
                 "crash", "crashed", "aborted", "killed", "interrupted", "regression"})) {
    return StatusWord::kFailed;
  }
  return StatusWord::kUnknown;
}

std::optional<int> ReadCount(std::string_view text) {
  text = Stripped(text);
  const bool digits = std::ranges::all_of(text, [](char c) { return absl::ascii_isdigit(c); });
  int count = 0;
  if (!digits || !absl::SimpleAtoi(Absl(text), &count)) return std::nullopt;
  return count;
}

absl::Duration ReadSeconds(std::string_view text) {
  std::string number(Stripped(text));
  // The last separator is that of decimals; those before it group digits.
  const size_t last = number.find_last_of(".,");
  for (size_t i = 0; i < number.size() && last != number.npos; ++i) {
    if (i == last) number[i] = '.';
    if (i < last && (number[i] == ',' || number[i] == '.')) number[i] = ' ';
  }
  std::erase(number, ' ');
  double seconds = 0;
  if (!absl::SimpleAtod(number, &seconds) || !(seconds >= 0 && seconds <= kWeek)) {
    return absl::ZeroDuration();
  }
  return absl::Seconds(seconds);
}

std::optional<Timestamp> ReadTimestamp(std::string_view text) {
  // absl would take "infinite-future" for a time, and blanks before it.
  text = Stripped(text);
  if (text.empty() || text.size() > 64 || !absl::ascii_isdigit(text.front())) return std::nullopt;
  const std::string written = absl::StrReplaceAll(Absl(text), {{",", "."}});
  Timestamp timestamp;
  std::string error;
  const auto matches = [&](const char* format) {
    return absl::ParseTime(format, written, absl::UTCTimeZone(), &timestamp.time, &error);
  };
  timestamp.has_zone = matches("%Y-%m-%d%ET%H:%M:%E*S%Ez") || matches("%Y-%m-%d %H:%M:%E*S%Ez") ||
                       matches("%Y-%m-%d %H:%M:%E*S %Ez");
  if (!timestamp.has_zone && !matches("%Y-%m-%d%ET%H:%M:%E*S") && !matches("%Y-%m-%d %H:%M:%E*S")) {
    return std::nullopt;
  }
  const bool sensible = timestamp.time > absl::FromUnixSeconds(0) &&
                        timestamp.time < absl::FromUnixSeconds(253'402'300'799 - 14 * 24 * 3600);
  return sensible ? std::optional(timestamp) : std::nullopt;
}

std::string TestRailId(std::string_view name) {
  for (size_t at = name.find("[C"); at != name.npos; at = name.find("[C", at + 1)) {
    const size_t end = name.find_first_not_of("0123456789", at + 2);
    if (end != name.npos && name[end] == ']' && end > at + 2 && end - at < 20) {
      return std::string(name.substr(at + 1, end - at - 1));
    }
  }
  return "";
}

}  // namespace gate::qa
