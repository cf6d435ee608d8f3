// Wall time: what a clock on the wall of a zone shows, and the moment that it means.
#ifndef CHECKS_FREEZE_LOCAL_TIME_H_
#define CHECKS_FREEZE_LOCAL_TIME_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace gate::freeze {

// "2026-11-27T12:00:00" or "2026-11-27T12:00". Nothing else, and no moment that no calendar has.
std::optional<absl::CivilSecond> ParseLocalTime(std::string_view text);

// "2026-11-27".
std::optional<absl::CivilDay> ParseDay(std::string_view text);

// "12:00" or "12:00:00", as the time since midnight.
std::optional<absl::Duration> ParseTimeOfDay(std::string_view text);

// The wall time on that day.
absl::CivilSecond At(absl::CivilDay day, absl::Duration time_of_day);

// The moment that a wall time means. One that the clocks skip is read with the offset before the
// gap, one that they show twice is the first (RFC 5545, 3.3.5).
absl::Time ToTime(absl::CivilSecond local, const absl::TimeZone& zone);

// Both ways of saying a moment: "Tue 2021-07-06 10:00 EDT (14:00 UTC)"; the day is repeated where
// it is another one in UTC, and all of UTC is left out where the zone is UTC.
std::string Format(absl::Time time, const absl::TimeZone& zone);

}  // namespace gate::freeze

#endif  // CHECKS_FREEZE_LOCAL_TIME_H_
