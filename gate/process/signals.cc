#include "gate/process/signals.h"

#include <pthread.h>

#include <csignal>
#include <initializer_list>

namespace gate {
namespace {

sigset_t SetOf(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

}  // namespace

void BlockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = SetOf({SIGHUP, SIGTERM, SIGINT});
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Signal WaitForSignal() {
  const sigset_t set = SetOf({SIGHUP, SIGTERM, SIGINT});
  int signal = 0;
  while (sigwait(&set, &signal) != 0) {
  }
  return signal == SIGHUP ? Signal::kReload : Signal::kEnd;
}

void EndAtNextSignal() {
  const sigset_t set = SetOf({SIGTERM, SIGINT});
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace gate
