#include "checks/freeze/list.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "checks/freeze/calendar.h"
#include "checks/freeze/holidays.h"
#include "checks/freeze/occurrences.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

using Calendars = std::map<std::string, std::string, std::less<>>;

// Whether one of the patterns picks the name; no patterns, or no name, leave it open.
bool MayPick(const google::protobuf::RepeatedPtrField<std::string>& patterns,
             std::string_view name) {
  if (patterns.empty() || name.empty()) return true;
  return std::any_of(patterns.begin(), patterns.end(), [name](std::string_view pattern) {
    if (!pattern.ends_with('*')) return pattern == name;
    pattern.remove_suffix(1);
    return name.starts_with(pattern);
  });
}

absl::StatusOr<freeze::Holidays> ReadHolidays(const std::string& name, const Calendars& calendars,
                                              absl::CivilDay first) {
  const auto fail = [&name](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("calendar ", name, " ", why));
  };
  const auto text = calendars.find(name);
  if (text == calendars.end()) return fail("is not loaded");
  const absl::StatusOr<freeze::HolidayCalendar> calendar =
      freeze::HolidayCalendar::Parse(text->second);
  if (!calendar.ok()) return fail(calendar.status().message());
  absl::StatusOr<freeze::Holidays> holidays =
      freeze::Holidays::Read(calendar->Observe(name, first - freeze::Holidays::kDaysBefore,
                                               first + freeze::Holidays::kDaysAfter),
                             first);
  if (!holidays.ok()) return fail(holidays.status().message());
  return holidays;
}

v1::FreezeOccurrence ToMessage(const v1::PolicyRule& rule, const v1::FreezeWindow& window,
                               freeze::Occurrence occurrence) {
  v1::FreezeOccurrence message;
  message.set_policy_rule(rule.name());
  *message.mutable_window() = window;
  *message.mutable_start_time() = ToProto(occurrence.start);
  *message.mutable_end_time() = ToProto(occurrence.end);
  for (std::string& holiday : occurrence.holidays) message.add_holidays(std::move(holiday));
  return message;
}

bool IsEarlier(const v1::FreezeOccurrence& a, const v1::FreezeOccurrence& b) {
  const auto key = [](const v1::FreezeOccurrence& o) {
    return std::make_tuple(o.start_time().seconds(), std::string_view(o.window().id()),
                           std::string_view(o.policy_rule()));
  };
  return key(a) < key(b);
}

}  // namespace

absl::StatusOr<std::vector<v1::FreezeOccurrence>> ListOccurrences(
    const v1::Policy& policy, const Calendars& calendars, std::string_view service,
    std::string_view environment, absl::Time start, absl::Time end) {
  std::map<std::string, freeze::Holidays> read;
  std::vector<v1::FreezeOccurrence> list;
  for (const v1::PolicyRule& rule : policy.rules()) {
    if (!MayPick(rule.match().services(), service)) continue;
    if (!MayPick(rule.match().environments(), environment)) continue;
    for (const v1::FreezeWindow& window : rule.checks().freeze().windows()) {
      const freeze::Holidays* holidays = nullptr;
      if (window.has_holidays()) {
        const std::string& name = window.holidays().calendar();
        if (!read.contains(name)) {
          absl::StatusOr<freeze::Holidays> calendar =
              ReadHolidays(name, calendars, absl::ToCivilDay(start, absl::UTCTimeZone()));
          if (!calendar.ok()) return calendar.status();
          read.emplace(name, *std::move(calendar));
        }
        holidays = &read.at(name);
      }
      for (freeze::Occurrence& occurrence : freeze::Occurrences(window, holidays, start, end)) {
        list.push_back(ToMessage(rule, window, std::move(occurrence)));
      }
    }
  }
  std::sort(list.begin(), list.end(), IsEarlier);
  return list;
}

}  // namespace gate
