// A bounded pool: so many threads, so much waiting work, and a clear no beyond that.
#ifndef GATE_BASE_THREAD_POOL_H_
#define GATE_BASE_THREAD_POOL_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "gate/base/mutex.h"

namespace gate {

// Thread-safe. Its destructor finishes the work that was accepted.
class ThreadPool {
 public:
  // `threads` >= 1. At most `capacity` tasks wait or run.
  ThreadPool(int threads, int capacity);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // False, and the task is not taken, when the pool is full or is being destroyed.
  [[nodiscard]] bool TrySchedule(std::function<void()> task) GATE_EXCLUDES(mu_);

 private:
  void Run() GATE_EXCLUDES(mu_);

  const size_t capacity_;
  Mutex mu_;
  CondVar work_;
  std::deque<std::function<void()>> waiting_ GATE_GUARDED_BY(mu_);
  size_t running_ GATE_GUARDED_BY(mu_) = 0;
  bool stopping_ GATE_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace gate

#endif  // GATE_BASE_THREAD_POOL_H_
