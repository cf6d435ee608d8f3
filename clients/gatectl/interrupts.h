// SIGINT and SIGTERM, taken by a thread of their own: no handler ever runs in the middle of
// something.
#ifndef CLIENTS_GATECTL_INTERRUPTS_H_
#define CLIENTS_GATECTL_INTERRUPTS_H_

#include <condition_variable>
#include <functional>
#include <mutex>

#include "absl/time/time.h"

namespace gate::ctl {

// Made once, before any other thread. While nothing is registered a signal ends the process with
// 130; else the first one calls what is registered, and the second one ends the process.
class Interrupts {
 public:
  Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Calls `stop` on the first signal, in another thread.
  void OnInterrupt(std::function<void()> stop);
  bool interrupted();
  // Waits; false where a signal came before the time was over.
  bool Sleep(absl::Duration duration);

 private:
  void Watch();

  std::mutex mu_;  // guards all below
  std::condition_variable changed_;
  std::function<void()> stop_;
  bool interrupted_ = false;
};

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_INTERRUPTS_H_
