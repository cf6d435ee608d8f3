// The days off around a moment: weekends and what a calendar was observed to name.
#ifndef CHECKS_FREEZE_HOLIDAYS_H_
#define CHECKS_FREEZE_HOLIDAYS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "gate/v1/evidence.pb.h"

namespace gate::freeze {

struct Holiday {
  absl::CivilDay day;
  std::string name;
};

// Consecutive days off with at least one holiday among them, and the working days on either side.
struct DaysOff {
  absl::CivilDay last_working_day;
  absl::CivilDay first_working_day;
  // As the calendar names them, by day: those on working days or, where there is none, all.
  std::vector<std::string> holidays;

  int Count() const { return static_cast<int>(first_working_day - last_working_day) - 1; }
};

// Immutable. A value.
class Holidays {
 public:
  // How far around a day a calendar has to speak: back to where a run of days off may have begun,
  // and on to where the next moment to start is looked for.
  static constexpr int kDaysBefore = 45;
  static constexpr int kDaysAfter = 420;

  // Reads an observation. INVALID_ARGUMENT, with a sentence that goes on from the calendar's name,
  // where it does not speak for all these days, or names none from `today` on: a list of holidays
  // that has run out must not read as a year without any.
  static absl::StatusOr<Holidays> Read(const v1::Calendar& calendar, absl::CivilDay today);

  // The runs of days off that have a holiday, with one of the two working days around them or
  // anything in between within [first, last]. By day.
  std::vector<DaysOff> Runs(absl::CivilDay first, absl::CivilDay last) const;

 private:
  bool IsDayOff(absl::CivilDay day) const;

  std::vector<Holiday> holidays_;  // By day.
};

}  // namespace gate::freeze

#endif  // CHECKS_FREEZE_HOLIDAYS_H_
