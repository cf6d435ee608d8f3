// Rules and calendars as anyone may write them: refused or expanded, in bounded time.
#include <cstdint>
#include <string_view>
#include <vector>

#include "checks/freeze/calendar.h"
#include "checks/freeze/holidays.h"
#include "checks/freeze/local_time.h"
#include "checks/freeze/recurrence.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gate::freeze;  // NOLINT
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::CivilSecond first(2026, 11, 27, 12);
  if (const auto rule = Recurrence::Parse(text, first, absl::UTCTimeZone()); rule.ok()) {
    std::vector<absl::CivilSecond> starts;
    rule->Expand(first, first + int64_t{400} * 86400, starts);
  }
  if (const auto calendar = HolidayCalendar::Parse(text); calendar.ok()) {
    const absl::CivilDay today(2026, 11, 20);
    const auto observed =
        calendar->Observe("c", today - Holidays::kDaysBefore, today + Holidays::kDaysAfter);
    if (const auto holidays = Holidays::Read(observed, today); holidays.ok()) {
      (void)holidays->Runs(today, today + 400);
    }
  }
  (void)ParseLocalTime(text);
  return 0;
}
