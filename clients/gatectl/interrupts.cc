#include "clients/gatectl/interrupts.h"

#include <signal.h>
#include <unistd.h>

#include <thread>
#include <utility>

#include "clients/gatectl/exit_code.h"

namespace gate::ctl {
namespace {

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Interrupts::Interrupts() {
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of writing, and is reported as such
  std::thread([this] { Watch(); }).detach();
}

void Interrupts::OnInterrupt(std::function<void()> stop) {
  const std::lock_guard lock(mu_);
  stop_ = std::move(stop);
}

bool Interrupts::interrupted() {
  const std::lock_guard lock(mu_);
  return interrupted_;
}

bool Interrupts::Sleep(absl::Duration duration) {
  std::unique_lock lock(mu_);
  return !changed_.wait_for(lock, absl::ToChronoNanoseconds(duration),
                            [this] { return interrupted_; });
}

void Interrupts::Watch() {
  const sigset_t signals = Signals();
  for (;;) {
    int signal_number = 0;
    if (sigwait(&signals, &signal_number) != 0) continue;
    std::function<void()> stop;
    {
      const std::lock_guard lock(mu_);
      if (interrupted_ || !stop_) _exit(kInterrupted);
      interrupted_ = true;
      stop = stop_;
    }
    changed_.notify_all();
    stop();
  }
}

}  // namespace gate::ctl
