// Keeps the tokens in force in step with their file, as PolicyWatcher does for policies: by looking
// once a second, and when two looks in a row saw the same file. A file with issues changes nothing,
// and says so. A token that is taken out of the file, or whose end is moved up, is refused within
// three seconds.
#ifndef GATE_IDENTITY_TOKEN_WATCHER_H_
#define GATE_IDENTITY_TOKEN_WATCHER_H_

#include <chrono>
#include <functional>
#include <string>

#include "gate/base/clock.h"
#include "gate/base/mutex.h"
#include "gate/base/ticker.h"
#include "gate/identity/tokens.h"

namespace gate {

// Thread-safe. Holds references; they outlive it.
class TokenWatcher {
 public:
  // Told after each reading, on the thread that made it.
  using Listener = std::function<void(const LoadedTokens& loaded)>;

  TokenWatcher(std::string path, TokenHolder& holder, Clock& clock, Listener listener);
  // From now on a thread calls Look() after each interval.
  void Start(std::chrono::milliseconds interval = std::chrono::seconds(1));

  // Reads the file now, whether or not it seems to have changed.
  void Reload() GATE_EXCLUDES(load_mu_);

  // Reads the file when it has changed and then stayed the same since the look before.
  void Look() GATE_EXCLUDES(load_mu_);

 private:
  void Load() GATE_REQUIRES(load_mu_);

  const std::string path_;
  TokenHolder& holder_;
  Clock& clock_;
  const Listener listener_;

  Mutex load_mu_;                                       // One reading at a time.
  std::string loaded_state_ GATE_GUARDED_BY(load_mu_);  // of the file, when it was last read
  std::string seen_state_ GATE_GUARDED_BY(load_mu_);    // at the last look

  Ticker ticker_;  // Last: it uses the others.
};

}  // namespace gate

#endif  // GATE_IDENTITY_TOKEN_WATCHER_H_
