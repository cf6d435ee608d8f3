// What lies ahead: the occurrences of several windows, and what they let through.
#ifndef CHECKS_FREEZE_TIMELINE_H_
#define CHECKS_FREEZE_TIMELINE_H_

#include <optional>
#include <vector>

#include "checks/freeze/occurrences.h"

namespace gate::freeze {

// A window, the holidays of its calendar where it has one, and how long after it the change starts
// (spread.h). The first two outlive the timeline.
struct DatedWindow {
  const v1::FreezeWindow* window;
  const Holidays* holidays;
  absl::Duration spread = absl::ZeroDuration();
};

struct DatedOccurrence {
  const v1::FreezeWindow* window;
  // As it is for the change: a DENY window ends, and an ALLOW window starts, later by `spread`.
  Occurrence occurrence;
  absl::Duration spread = absl::ZeroDuration();
};

// The moment at which the windows stop or begin to let changes through, and the window that does
// it.
struct Turn {
  absl::Time time;
  const v1::FreezeWindow* window;
};

// DENY wins over ALLOW; where there is an ALLOW window a change has to be in one. Immutable.
class Timeline {
 public:
  // How far ahead it is looked for the next turn.
  static constexpr absl::Duration kHorizon = absl::Hours(24 * 400);

  // Looks no further ahead than it takes to find the next turn.
  static Timeline From(const std::vector<DatedWindow>& windows, absl::Time now);

  // The occurrences of DENY windows that `now` is in, by start.
  std::vector<const DatedOccurrence*> DenyingNow() const;

  // Whether there are ALLOW windows and `now` is in none of them.
  bool IsOutsideAllowed() const;

  // The first moment from `now` on at which a change may start: `now` itself, or one that a window
  // brings; none within the horizon.
  std::optional<Turn> NextOpen() const;

  // The first moment after `now` at which it may no longer; none within the horizon. Of use where
  // it may now.
  std::optional<Turn> NextClosed() const;

 private:
  Timeline(const std::vector<DatedWindow>& windows, absl::Time now, absl::Time end);

  absl::Time now_;
  absl::Time end_;
  bool allow_windows_ = false;
  // Those that share a moment with [now, end), by start, then by window id.
  std::vector<DatedOccurrence> deny_;
  std::vector<DatedOccurrence> allow_;
};

bool IsAllow(const v1::FreezeWindow& window);

}  // namespace gate::freeze

#endif  // CHECKS_FREEZE_TIMELINE_H_
