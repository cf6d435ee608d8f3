#include "checks/freeze/occurrences.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "checks/freeze/local_time.h"
#include "checks/freeze/recurrence.h"
#include "checks/proto_time.h"

namespace gate::freeze {
namespace {

// What wall time and elapsed time may differ by, with room to spare: zones have moved by a whole
// day.
constexpr absl::Duration kSlack = absl::Hours(50);

void AppendIfShared(Occurrence occurrence, absl::Time start, absl::Time end,
                    std::vector<Occurrence>& occurrences) {
  if (occurrence.start < occurrence.end && occurrence.start < end && start < occurrence.end) {
    occurrences.push_back(std::move(occurrence));
  }
}

// How long the window is on the wall's clock, or by elapsed time where it has a duration.
absl::Duration LengthOf(const v1::FreezeWindow& window, absl::CivilSecond first) {
  if (window.has_duration()) return FromProto(window.duration());
  return absl::Seconds(*ParseLocalTime(window.end()) - first);
}

std::vector<absl::CivilSecond> Starts(const v1::FreezeWindow& window, absl::CivilSecond first,
                                      const absl::TimeZone& zone, absl::CivilSecond from,
                                      absl::CivilSecond to) {
  std::vector<absl::CivilSecond> starts;
  if (window.recurrence().empty()) {
    if (from <= first && first < to) starts.push_back(first);
    return starts;
  }
  Recurrence::Parse(window.recurrence(), first, zone)->Expand(from, to, starts);
  for (const std::string& except : window.except()) std::erase(starts, *ParseLocalTime(except));
  return starts;
}

std::vector<Occurrence> OfClock(const v1::FreezeWindow& window, absl::Time start, absl::Time end) {
  const absl::TimeZone zone = ZoneOf(window);
  const absl::CivilSecond first = *ParseLocalTime(window.start());
  const absl::Duration length = LengthOf(window, first);
  const absl::CivilSecond from = absl::ToCivilSecond(start - length - kSlack, zone);
  const absl::CivilSecond to = absl::ToCivilSecond(end + kSlack, zone);
  std::vector<Occurrence> occurrences;
  for (const absl::CivilSecond local : Starts(window, first, zone, from, to)) {
    Occurrence occurrence;
    occurrence.start = ToTime(local, zone);
    occurrence.end = window.has_duration() ? occurrence.start + length
                                           : ToTime(local + absl::ToInt64Seconds(length), zone);
    AppendIfShared(std::move(occurrence), start, end, occurrences);
  }
  return occurrences;
}

std::vector<Occurrence> OfHolidays(const v1::FreezeWindow& window, const Holidays& holidays,
                                   absl::Time start, absl::Time end) {
  const absl::TimeZone zone = ZoneOf(window);
  const absl::Duration starts_at = *ParseTimeOfDay(window.holidays().starts_at());
  const absl::Duration ends_at = *ParseTimeOfDay(window.holidays().ends_at());
  std::vector<Occurrence> occurrences;
  for (DaysOff& run : holidays.Runs(absl::ToCivilDay(start - kSlack, zone),
                                    absl::ToCivilDay(end + kSlack, zone))) {
    if (run.Count() < window.holidays().min_days()) continue;
    AppendIfShared({ToTime(At(run.last_working_day, starts_at), zone),
                    ToTime(At(run.first_working_day, ends_at), zone), std::move(run.holidays)},
                   start, end, occurrences);
  }
  return occurrences;
}

}  // namespace

std::vector<Occurrence> Occurrences(const v1::FreezeWindow& window, const Holidays* holidays,
                                    absl::Time start, absl::Time end) {
  std::vector<Occurrence> occurrences =
      holidays == nullptr ? OfClock(window, start, end) : OfHolidays(window, *holidays, start, end);
  // Two starts around a change of clocks may swap their order.
  std::sort(occurrences.begin(), occurrences.end(), [](const Occurrence& a, const Occurrence& b) {
    return std::tie(a.start, a.end) < std::tie(b.start, b.end);
  });
  return occurrences;
}

absl::TimeZone ZoneOf(const v1::FreezeWindow& window) {
  absl::TimeZone zone;
  absl::LoadTimeZone(window.time_zone(), &zone);
  return zone;
}

}  // namespace gate::freeze
