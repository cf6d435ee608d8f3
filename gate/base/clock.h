// The one way to know what time it is, and to wait. Tests set it by hand.
#ifndef GATE_BASE_CLOCK_H_
#define GATE_BASE_CLOCK_H_

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace gate {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() = 0;

  // The machine's clock; lives for ever.
  static Clock& System() {
    class SystemClock final : public Clock {
     public:
      absl::Time Now() override { return absl::Now(); }
    };
    static SystemClock& clock = *new SystemClock;
    return clock;
  }
};

}  // namespace gate

#endif  // GATE_BASE_CLOCK_H_
