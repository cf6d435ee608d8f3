// What of a series counts, and how old it may be.
#ifndef CHECKS_CANARY_SERIES_WINDOW_H_
#define CHECKS_CANARY_SERIES_WINDOW_H_

#include <algorithm>

#include "absl/time/time.h"
#include "checks/proto_time.h"
#include "gate/v1/judge.pb.h"

namespace gate {

struct SeriesWindow {
  explicit SeriesWindow(const v1::JudgeRequest& request)
      : start(request.has_start() ? FromProto(request.start()) : absl::InfinitePast()),
        warm_up(FromProto(request.warm_up())),
        as_of(request.has_as_of() ? FromProto(request.as_of()) : absl::InfinitePast()),
        max_age(FromProto(request.max_age())),
        canary_share(request.canary_share()),
        share_since(request.has_canary_share_since() ? FromProto(request.canary_share_since())
                                                     : absl::InfinitePast()) {}

  absl::Time start;  // Infinite past: the first traffic of the canary.
  absl::Duration warm_up;
  absl::Time as_of;         // Infinite past: recorded, it does not grow old.
  absl::Duration max_age;   // Zero: the default.
  double canary_share = 0;  // 0: not told.
  absl::Time share_since;   // Infinite past: as long as there is a canary.

  bool Recorded() const { return as_of == absl::InfinitePast(); }

  // How old blocks of that length may be.
  absl::Duration MaxAge(absl::Duration length) const {
    if (max_age > absl::ZeroDuration()) return max_age;
    return std::max(absl::Minutes(3), 2 * length);
  }

  // Whether a block of that length lies in a time that has not come yet; clocks may be a minute
  // apart.
  bool InFuture(absl::Time end, absl::Duration length) const {
    return !Recorded() && end > as_of + absl::Minutes(1) + length;
  }
};

}  // namespace gate

#endif  // CHECKS_CANARY_SERIES_WINDOW_H_
