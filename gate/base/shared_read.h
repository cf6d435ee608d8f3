// One read for all who ask while another one is on its way.
//
// Whoever asks gets what a read has found that began after they asked, so that nobody misses what
// was there before: what a group commit is to writers. That a read has failed is told to all who
// wait by then, so that what hangs is waited for once.
#ifndef GATE_BASE_SHARED_READ_H_
#define GATE_BASE_SHARED_READ_H_

#include <functional>
#include <memory>
#include <utility>

#include "gate/base/mutex.h"

namespace gate {

// Thread-safe.
template <typename Result>
class SharedRead {
 public:
  using Failed = std::function<bool(const Result&)>;
  explicit SharedRead(Failed failed) : failed_(std::move(failed)) {}

  // `read` is called by one of those who share it, never by two at a time. What it throws is that
  // caller's; the others read anew.
  std::shared_ptr<const Result> Get(const std::function<Result()>& read) GATE_EXCLUDES(mu_) {
    std::shared_ptr<Round> round;
    {
      MutexLock lock(mu_);
      if (next_ == nullptr) next_ = std::make_shared<Round>();
      round = next_;
      while (round->result == nullptr && reading_) changed_.Wait(mu_);
      if (round->result != nullptr) return round->result;
      reading_ = true;
      if (next_ == round) next_ = nullptr;  // Who asks from now on is too late for it.
    }
    const Ending ending(*this);
    auto result = std::make_shared<const Result>(read());
    MutexLock lock(mu_);
    if (next_ != nullptr && failed_(*result)) std::exchange(next_, nullptr)->result = result;
    return round->result = std::move(result);
  }

 private:
  struct Round {
    std::shared_ptr<const Result> result;
  };
  struct Ending {
    explicit Ending(SharedRead& of) : of(of) {}
    ~Ending() { of.End(); }
    SharedRead& of;
  };

  void End() GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    reading_ = false;
    changed_.NotifyAll();
  }

  const Failed failed_;
  Mutex mu_;
  CondVar changed_;
  std::shared_ptr<Round> next_ GATE_GUARDED_BY(mu_);
  bool reading_ GATE_GUARDED_BY(mu_) = false;
};

}  // namespace gate

#endif  // GATE_BASE_SHARED_READ_H_
