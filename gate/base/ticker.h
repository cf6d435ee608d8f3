// Does something again and again, on a thread of its own.
#ifndef GATE_BASE_TICKER_H_
#define GATE_BASE_TICKER_H_

#include <chrono>
#include <functional>
#include <thread>

#include "gate/base/mutex.h"

namespace gate {

// Thread-safe. To be the last member of what `tick` uses: its destructor waits for the tick that is
// under way, and there is none behind it.
class Ticker {
 public:
  Ticker() = default;
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  // Calls `tick` after each interval, from the end of one call to the beginning of the next. Once.
  void Start(std::chrono::milliseconds interval, std::function<void()> tick) GATE_EXCLUDES(mu_);

 private:
  void Run(std::chrono::milliseconds interval, const std::function<void()>& tick)
      GATE_EXCLUDES(mu_);

  Mutex mu_;
  CondVar stop_;
  bool stopping_ GATE_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace gate

#endif  // GATE_BASE_TICKER_H_
