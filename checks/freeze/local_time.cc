#include "checks/freeze/local_time.h"

#include "absl/strings/str_cat.h"

namespace gate::freeze {
namespace {

// The number that the first `digits` characters spell, which are then taken off; -1 if they do not.
int TakeNumber(std::string_view& text, size_t digits) {
  if (text.size() < digits) return -1;
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return -1;
    number = 10 * number + (c - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool Take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<absl::CivilDay> TakeDay(std::string_view& text) {
  const int year = TakeNumber(text, 4);
  if (year < 0 || !Take(text, '-')) return std::nullopt;
  const int month = TakeNumber(text, 2);
  if (month < 0 || !Take(text, '-')) return std::nullopt;
  const int day = TakeNumber(text, 2);
  const absl::CivilDay normal(year, month, day);
  if (day < 0 || normal.month() != month || normal.day() != day) return std::nullopt;
  return normal;
}

std::string_view PatternFor(absl::Time time, bool with_day) {
  const bool whole_minute = absl::ToUnixSeconds(time) % 60 == 0;
  if (with_day) return whole_minute ? "%a %E4Y-%m-%d %H:%M %Z" : "%a %E4Y-%m-%d %H:%M:%S %Z";
  return whole_minute ? "%H:%M %Z" : "%H:%M:%S %Z";
}

std::string FormatOnce(absl::Time time, const absl::TimeZone& zone, bool with_day) {
  const std::string_view pattern = PatternFor(time, with_day);
  return absl::FormatTime(absl::string_view(pattern.data(), pattern.size()), time, zone);
}

}  // namespace

std::optional<absl::CivilDay> ParseDay(std::string_view text) {
  const std::optional<absl::CivilDay> day = TakeDay(text);
  return text.empty() ? day : std::nullopt;
}

std::optional<absl::Duration> ParseTimeOfDay(std::string_view text) {
  const int hour = TakeNumber(text, 2);
  if (hour < 0 || hour > 23 || !Take(text, ':')) return std::nullopt;
  const int minute = TakeNumber(text, 2);
  if (minute < 0 || minute > 59) return std::nullopt;
  const int second = Take(text, ':') ? TakeNumber(text, 2) : 0;
  if (second < 0 || second > 59 || !text.empty()) return std::nullopt;
  return absl::Hours(hour) + absl::Minutes(minute) + absl::Seconds(second);
}

std::optional<absl::CivilSecond> ParseLocalTime(std::string_view text) {
  const std::optional<absl::CivilDay> day = TakeDay(text);
  if (!day || !Take(text, 'T')) return std::nullopt;
  const std::optional<absl::Duration> time_of_day = ParseTimeOfDay(text);
  if (!time_of_day) return std::nullopt;
  return At(*day, *time_of_day);
}

absl::CivilSecond At(absl::CivilDay day, absl::Duration time_of_day) {
  return absl::CivilSecond(day) + absl::ToInt64Seconds(time_of_day);
}

absl::Time ToTime(absl::CivilSecond local, const absl::TimeZone& zone) {
  // Not absl::FromCivil: in a gap that returns the moment at which the clocks change.
  return zone.At(local).pre;
}

std::string Format(absl::Time time, const absl::TimeZone& zone) {
  std::string text = FormatOnce(time, zone, true);
  const absl::TimeZone utc = absl::UTCTimeZone();
  if (zone == utc) return text;
  const bool other_day = absl::ToCivilDay(time, zone) != absl::ToCivilDay(time, utc);
  return absl::StrCat(text, " (", FormatOnce(time, utc, other_day), ")");
}

}  // namespace gate::freeze
