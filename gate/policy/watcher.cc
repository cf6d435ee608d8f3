#include "gate/policy/watcher.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gate/base/file.h"

namespace gate {

PolicyWatcher::PolicyWatcher(std::string path, const LoadedPolicy& loaded, PolicyHolder& holder,
                             Clock& clock, Listener listener, Record record)
    : path_(std::move(path)),
      holder_(holder),
      clock_(clock),
      listener_(std::move(listener)),
      record_(std::move(record)),
      files_(loaded.files) {
  // Not the files' state of now: they may have changed since they were read. The first look that
  // finds them at rest reads them once more.
  const std::shared_ptr<const PolicySnapshot> current = holder.Current();
  status_.digest = current->digest;
  status_.effective = current->effective;
  status_.last_attempt = current->effective;
  status_.issues = loaded.issues;
  status_.loads = 1;
}

void PolicyWatcher::Start(std::chrono::milliseconds interval) {
  ticker_.Start(interval, [this] { Look(); });
}

void PolicyWatcher::Reload() {
  MutexLock lock(load_mu_);
  Load();
}

void PolicyWatcher::Look() {
  MutexLock lock(load_mu_);
  const std::string state = FileState(files_);
  const bool at_rest = state == seen_state_;
  seen_state_ = state;
  if (at_rest && state != loaded_state_) Load();
}

void PolicyWatcher::Load() {
  const absl::Time now = clock_.Now();
  const std::shared_ptr<const PolicySnapshot> before = holder_.Current();
  // The state is taken before the files are read: a change while they are read is seen by the next
  // look, and they are read again.
  const std::vector<std::string> expected = files_;
  loaded_state_ = FileState(expected);
  LoadedPolicy loaded = LoadPolicy(path_, now);
  files_ = loaded.files;
  if (files_ != expected) {
    loaded_state_ = "";  // Of other files; the next look at rest settles it.
  }
  bool changed = loaded.snapshot != nullptr && loaded.snapshot->digest != before->digest;
  if (changed && record_) {
    const absl::Status recorded = record_(*before, *loaded.snapshot);
    if (!recorded.ok()) {
      changed = false;
      loaded_state_ = "";  // The next look tries again.
      loaded.issues.push_back({path_, 1, 1, "",
                               absl::StrCat("is good, but that it comes into force cannot be "
                                            "recorded: ",
                                            std::string(recorded.message()))});
    }
  }
  if (changed) holder_.Replace(loaded.snapshot);
  PolicyStatus status;
  {
    MutexLock lock(mu_);
    if (changed) {
      status_.digest = loaded.snapshot->digest;
      status_.effective = loaded.snapshot->effective;
    }
    status_.last_attempt = now;
    ++(loaded.issues.empty() ? status_.loads : status_.failures);
    status_.issues = std::move(loaded.issues);
    status = status_;
  }
  if (listener_) listener_(status, changed);
}

PolicyStatus PolicyWatcher::Status() const {
  MutexLock lock(mu_);
  return status_;
}

}  // namespace gate
