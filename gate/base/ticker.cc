#include "gate/base/ticker.h"

#include <utility>

namespace gate {

Ticker::~Ticker() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  stop_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void Ticker::Start(std::chrono::milliseconds interval, std::function<void()> tick) {
  thread_ = std::thread([this, interval, tick = std::move(tick)] { Run(interval, tick); });
}

void Ticker::Run(std::chrono::milliseconds interval, const std::function<void()>& tick) {
  for (;;) {
    {
      const auto next = std::chrono::steady_clock::now() + interval;
      MutexLock lock(mu_);
      while (!stopping_ && stop_.WaitUntil(mu_, next)) {
      }
      if (stopping_) return;
    }
    tick();
  }
}

}  // namespace gate
