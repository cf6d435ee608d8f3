// A calendar file of public holidays: iCalendar (RFC 5545) text with all-day VEVENTs.
#ifndef CHECKS_FREEZE_CALENDAR_H_
#define CHECKS_FREEZE_CALENDAR_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "checks/freeze/recurrence.h"
#include "gate/v1/evidence.pb.h"

namespace gate::freeze {

// Immutable. A value, and thread-safe.
class HolidayCalendar {
 public:
  static constexpr size_t kMaxBytes = 1 << 20;
  static constexpr int kMaxEvents = 2000;

  // Reads the text. An event is one or more whole days: DTSTART;VALUE=DATE, DTEND, DURATION, RRULE,
  // EXDATE, RDATE, SUMMARY; one with STATUS:CANCELLED is left out. INVALID_ARGUMENT, naming the
  // event, for all that cannot be read or is not taken: a calendar that is understood in part would
  // leave out a holiday in silence.
  static absl::StatusOr<HolidayCalendar> Parse(std::string_view text);

  // Its holidays in [first, last], as evidence.
  v1::Calendar Observe(std::string_view name, absl::CivilDay first, absl::CivilDay last) const;

 private:
  struct Event {
    std::string name;
    int days = 1;
    std::vector<Recurrence> rules;
    std::vector<absl::CivilDay> dates;   // Of DTSTART and RDATE.
    std::vector<absl::CivilDay> except;  // Of EXDATE.
  };

  class Reader;

  static void AppendDays(const Event& event, absl::CivilDay first, absl::CivilDay last,
                         std::vector<absl::CivilDay>& days);

  std::vector<Event> events_;
};

// The span that a question at `now` needs of a calendar: whole months, so that observations of one
// month are the same, from two months before to what 400 days ahead and a long run of days off
// need.
struct CalendarSpan {
  absl::CivilDay first;
  absl::CivilDay last;
};
CalendarSpan SpanAround(absl::Time now);

}  // namespace gate::freeze

#endif  // CHECKS_FREEZE_CALENDAR_H_
