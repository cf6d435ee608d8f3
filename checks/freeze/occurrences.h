// When a window is in force: its occurrences in a span of time.
#ifndef CHECKS_FREEZE_OCCURRENCES_H_
#define CHECKS_FREEZE_OCCURRENCES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/freeze/holidays.h"
#include "gate/v1/policy.pb.h"

namespace gate::freeze {

// [start, end)
struct Occurrence {
  absl::Time start;
  absl::Time end;
  // For a window around holidays: their names.
  std::vector<std::string> holidays;

  bool Contains(absl::Time time) const { return start <= time && time < end; }
};

// The occurrences that share a moment with [start, end), by start. `window` is a valid one;
// `holidays` are those of its calendar, and null where it has none.
//
// A local time that the clocks skip takes the offset before the gap, one that they show twice is
// the first; an occurrence of which nothing is left by that is none.
std::vector<Occurrence> Occurrences(const v1::FreezeWindow& window, const Holidays* holidays,
                                    absl::Time start, absl::Time end);

// The zone of a valid window.
absl::TimeZone ZoneOf(const v1::FreezeWindow& window);

}  // namespace gate::freeze

#endif  // CHECKS_FREEZE_OCCURRENCES_H_
