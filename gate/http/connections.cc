#include "gate/http/connections.h"

namespace gate {

Connections::Connections(int threads) : free_(static_cast<size_t>(threads)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

void Connections::enqueue(std::function<void()> connection) {
  {
    MutexLock lock(mu_);
    while (free_ == 0 && !stopping_) changed_.Wait(mu_);
    if (free_ > 0) --free_;
    accepted_.push_back(std::move(connection));
  }
  changed_.NotifyAll();
}

void Connections::shutdown() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

void Connections::Run() {
  while (true) {
    std::function<void()> connection;
    {
      MutexLock lock(mu_);
      while (accepted_.empty() && !stopping_) changed_.Wait(mu_);
      if (accepted_.empty()) return;
      connection = std::move(accepted_.front());
      accepted_.pop_front();
    }
    connection();
    {
      MutexLock lock(mu_);
      ++free_;
    }
    changed_.NotifyAll();
  }
}

}  // namespace gate
