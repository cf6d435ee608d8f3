// std::mutex with clang's thread-safety annotations, so that a guarded field that is touched
// without its lock does not compile (clang build, -Wthread-safety -Werror). Not absl::Mutex: its
// uninstrumented library code is a false positive under ThreadSanitizer.
#ifndef GATE_BASE_MUTEX_H_
#define GATE_BASE_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define GATE_ATTRIBUTE(x) __attribute__((x))
#else
#define GATE_ATTRIBUTE(x)
#endif
#define GATE_GUARDED_BY(mutex) GATE_ATTRIBUTE(guarded_by(mutex))
#define GATE_REQUIRES(...) GATE_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define GATE_EXCLUDES(...) GATE_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace gate {

class GATE_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void Lock() GATE_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void Unlock() GATE_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class GATE_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) GATE_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() GATE_ATTRIBUTE(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Wait only in a loop over the condition, as with every condition variable.
class CondVar {
 public:
  void Wait(Mutex& mutex) GATE_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False when `deadline` passed first.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point deadline)
      GATE_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool in_time = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace gate

#endif  // GATE_BASE_MUTEX_H_
