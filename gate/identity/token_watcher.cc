#include "gate/identity/token_watcher.h"

#include <utility>

#include "gate/base/file.h"

namespace gate {

TokenWatcher::TokenWatcher(std::string path, TokenHolder& holder, Clock& clock, Listener listener)
    : path_(std::move(path)), holder_(holder), clock_(clock), listener_(std::move(listener)) {}

TokenWatcher::~TokenWatcher() {
  {
    MutexLock lock(run_mu_);
    stopping_ = true;
  }
  stop_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void TokenWatcher::Start(std::chrono::milliseconds interval) {
  thread_ = std::thread([this, interval] { Run(interval); });
}

void TokenWatcher::Run(std::chrono::milliseconds interval) {
  for (;;) {
    {
      const auto next = std::chrono::steady_clock::now() + interval;
      MutexLock lock(run_mu_);
      while (!stopping_ && stop_.WaitUntil(run_mu_, next)) continue;
      if (stopping_) return;
    }
    Look();
  }
}

void TokenWatcher::Reload() {
  MutexLock lock(load_mu_);
  Load();
}

void TokenWatcher::Look() {
  MutexLock lock(load_mu_);
  const std::string state = FileState({path_});
  const bool at_rest = state == seen_state_;
  seen_state_ = state;
  if (at_rest && state != loaded_state_) Load();
}

void TokenWatcher::Load() {
  // Before the file is read: a change while it is read is seen by the next look.
  loaded_state_ = FileState({path_});
  const LoadedTokens loaded = LoadTokens(path_, clock_.Now());
  if (loaded.tokens != nullptr) holder_.Replace(loaded.tokens);
  if (listener_) listener_(loaded);
}

}  // namespace gate
