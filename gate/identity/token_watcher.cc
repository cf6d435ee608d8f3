#include "gate/identity/token_watcher.h"

#include <utility>

#include "gate/base/file.h"

namespace gate {

TokenWatcher::TokenWatcher(std::string path, TokenHolder& holder, Clock& clock, Listener listener)
    : path_(std::move(path)), holder_(holder), clock_(clock), listener_(std::move(listener)) {}

void TokenWatcher::Start(std::chrono::milliseconds interval) {
  ticker_.Start(interval, [this] { Look(); });
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
