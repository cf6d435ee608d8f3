#include "checks/freeze/holidays.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "checks/freeze/local_time.h"

namespace gate::freeze {
namespace {

// More than any calendar of public holidays has in the years that a question looks at.
constexpr int kMaxHolidays = 5000;
// Names of one run that a message lists.
constexpr size_t kMaxNames = 5;

// The first holiday on `day` or later.
auto From(const std::vector<Holiday>& holidays, absl::CivilDay day) {
  return std::partition_point(holidays.begin(), holidays.end(),
                              [day](const Holiday& holiday) { return holiday.day < day; });
}

bool IsWeekend(absl::CivilDay day) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday == absl::Weekday::saturday || weekday == absl::Weekday::sunday;
}

// The names of one run's holidays: those that made working days free or, where there is none, those
// that fell on a weekend.
template <typename Iterator>
std::vector<std::string> Names(Iterator first, Iterator last) {
  std::vector<std::string> names;
  for (const bool on_weekend : {false, true}) {
    for (Iterator holiday = first; holiday != last && names.size() < kMaxNames; ++holiday) {
      if (IsWeekend(holiday->day) != on_weekend) continue;
      if (names.empty() || names.back() != holiday->name) names.push_back(holiday->name);
    }
    if (!names.empty()) break;
  }
  return names;
}

}  // namespace

absl::StatusOr<Holidays> Holidays::Read(const v1::Calendar& calendar, absl::CivilDay today) {
  const std::optional<absl::CivilDay> first = ParseDay(calendar.first_day());
  const std::optional<absl::CivilDay> last = ParseDay(calendar.last_day());
  if (!first || !last) return absl::InvalidArgumentError("does not say which days it speaks for");
  if (*first > today - kDaysBefore || *last < today + kDaysAfter) {
    return absl::InvalidArgumentError(
        absl::StrCat("speaks for ", calendar.first_day(), " to ", calendar.last_day(), " only; ",
                     absl::FormatCivilTime(today - kDaysBefore), " to ",
                     absl::FormatCivilTime(today + kDaysAfter), " is needed"));
  }
  if (calendar.holidays_size() > kMaxHolidays) {
    return absl::InvalidArgumentError(absl::StrCat("names more than ", kMaxHolidays, " holidays"));
  }
  Holidays read;
  read.holidays_.reserve(calendar.holidays_size());
  for (const v1::Holiday& holiday : calendar.holidays()) {
    const std::optional<absl::CivilDay> day = ParseDay(holiday.day());
    if (!day) {
      return absl::InvalidArgumentError(
          absl::StrCat("has a holiday on \"", holiday.day(), "\", which is no date"));
    }
    read.holidays_.push_back({*day, holiday.name()});
  }
  std::sort(read.holidays_.begin(), read.holidays_.end(), [](const Holiday& a, const Holiday& b) {
    return std::tie(a.day, a.name) < std::tie(b.day, b.name);
  });
  if (read.holidays_.empty() || read.holidays_.back().day < today) {
    return absl::InvalidArgumentError(
        absl::StrCat("names no holiday from ", absl::FormatCivilTime(today),
                     " on: it has run out and has to be brought up to date"));
  }
  return read;
}

std::vector<DaysOff> Holidays::Runs(absl::CivilDay first, absl::CivilDay last) const {
  std::vector<DaysOff> runs;
  for (auto holiday = holidays_.begin(); holiday != holidays_.end();) {
    DaysOff run;
    run.first_working_day = holiday->day + 1;
    while (IsDayOff(run.first_working_day)) ++run.first_working_day;
    const auto after = From(holidays_, run.first_working_day);
    if (run.first_working_day >= first) {
      run.last_working_day = holiday->day - 1;
      while (IsDayOff(run.last_working_day)) --run.last_working_day;
      if (run.last_working_day > last) break;
      run.holidays = Names(holiday, after);
      runs.push_back(std::move(run));
    }
    holiday = after;
  }
  return runs;
}

bool Holidays::IsDayOff(absl::CivilDay day) const {
  if (IsWeekend(day)) return true;
  const auto holiday = From(holidays_, day);
  return holiday != holidays_.end() && holiday->day == day;
}

}  // namespace gate::freeze
