// Keeps the policy in force in step with its file: on request (SIGHUP) and when the file or one of
// its calendars changes. A file with issues changes nothing: the policy in force stays, and the
// issues are shown.
//
// Changes are found by looking once a second, not by inotify, which sees neither network file
// systems nor, reliably, the swap of a symbolic link by which Kubernetes replaces a mounted config
// map. A change counts when two looks in a row saw the same files: a file that an editor is still
// writing can be a valid policy that lacks its last rules.
#ifndef GATE_POLICY_WATCHER_H_
#define GATE_POLICY_WATCHER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "checks/policy/yaml.h"
#include "gate/base/clock.h"
#include "gate/base/mutex.h"
#include "gate/base/ticker.h"
#include "gate/policy/loader.h"
#include "gate/policy/snapshot.h"

namespace gate {

// What is in force, and how the last attempt to replace it went.
struct PolicyStatus {
  std::string digest;             // of the policy in force
  absl::Time effective;           // since when it is
  absl::Time last_attempt;        // when the file was last read
  std::vector<FileIssue> issues;  // of that attempt; empty: the file is in force
  int64_t loads = 0;              // attempts that were put in force or changed nothing
  int64_t failures = 0;           // attempts that had issues
};

// Thread-safe. Holds references; they outlive it.
class PolicyWatcher {
 public:
  // Told after each attempt, on the thread that made it; `changed`: another policy is in force now.
  using Listener = std::function<void(const PolicyStatus& status, bool changed)>;

  // Told before another policy comes into force, on the same thread: it does only where this is OK,
  // and is tried again at the next look where not.
  using Record =
      std::function<absl::Status(const PolicySnapshot& before, const PolicySnapshot& after)>;

  // `loaded` is what `holder` holds now, as LoadPolicy(path) gave it.
  PolicyWatcher(std::string path, const LoadedPolicy& loaded, PolicyHolder& holder, Clock& clock,
                Listener listener, Record record = nullptr);
  // From now on a thread calls Look() after each interval.
  void Start(std::chrono::milliseconds interval = std::chrono::seconds(1));

  // Reads the files now, whether or not they seem to have changed.
  void Reload() GATE_EXCLUDES(load_mu_, mu_);

  // Reads the files when they have changed and then stayed the same since the look before.
  void Look() GATE_EXCLUDES(load_mu_, mu_);

  PolicyStatus Status() const GATE_EXCLUDES(mu_);

 private:
  void Load() GATE_REQUIRES(load_mu_) GATE_EXCLUDES(mu_);

  const std::string path_;
  PolicyHolder& holder_;
  Clock& clock_;
  const Listener listener_;
  const Record record_;

  Mutex load_mu_;  // One attempt at a time; taken before mu_.
  std::vector<std::string> files_ GATE_GUARDED_BY(load_mu_);
  std::string loaded_state_ GATE_GUARDED_BY(load_mu_);  // of the files, when they were last read
  std::string seen_state_ GATE_GUARDED_BY(load_mu_);    // at the last look

  mutable Mutex mu_;
  PolicyStatus status_ GATE_GUARDED_BY(mu_);

  Ticker ticker_;  // Last: it uses the others.
};

}  // namespace gate

#endif  // GATE_POLICY_WATCHER_H_
