// A clock that stands still until a test moves it. Thread-safe.
#ifndef TESTS_FAKES_FAKE_CLOCK_H_
#define TESTS_FAKES_FAKE_CLOCK_H_

#include "gate/base/clock.h"
#include "gate/base/mutex.h"

namespace gate {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time now) : now_(now) {}

  absl::Time Now() override GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    return now_;
  }
  void Set(absl::Time now) GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    now_ = now;
  }
  void Advance(absl::Duration by) GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    now_ += by;
  }

 private:
  Mutex mu_;
  absl::Time now_ GATE_GUARDED_BY(mu_);
};

}  // namespace gate

#endif  // TESTS_FAKES_FAKE_CLOCK_H_
