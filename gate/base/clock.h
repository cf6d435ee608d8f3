// The one way to know what time it is, and to wait. Tests set it by hand.
#ifndef GATE_BASE_CLOCK_H_
#define GATE_BASE_CLOCK_H_

#include <chrono>

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
      // absl::Now() sees that the clock was set only two seconds later.
      absl::Time Now() override { return absl::FromChrono(std::chrono::system_clock::now()); }
    };
    static SystemClock& clock = *new SystemClock;
    return clock;
  }
};

}  // namespace gate

#endif  // GATE_BASE_CLOCK_H_
