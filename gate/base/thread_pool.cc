#include "gate/base/thread_pool.h"

#include <utility>

namespace gate {

ThreadPool::ThreadPool(int threads, int capacity) : capacity_(capacity) {
  threads_.reserve(threads);
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

ThreadPool::~ThreadPool() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  work_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

bool ThreadPool::TrySchedule(std::function<void()> task) {
  {
    MutexLock lock(mu_);
    if (stopping_ || waiting_.size() + running_ >= capacity_) return false;
    waiting_.push_back(std::move(task));
  }
  work_.NotifyOne();
  return true;
}

void ThreadPool::Run() {
  for (;;) {
    std::function<void()> task;
    {
      MutexLock lock(mu_);
      while (waiting_.empty() && !stopping_) work_.Wait(mu_);
      if (waiting_.empty()) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
      ++running_;
    }
    task();
    task = nullptr;  // What it holds is gone before its place is free.
    MutexLock lock(mu_);
    --running_;
  }
}

}  // namespace gate
