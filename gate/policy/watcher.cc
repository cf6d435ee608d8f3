#include "gate/policy/watcher.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

// What tells whether a file is the one that it was, behind all symbolic links. The time of the last
// change of the inode sees what the time of the last write can hide.
std::string StateOf(const std::vector<std::string>& files) {
  std::string state;
  for (const std::string& file : files) {
    struct stat s;
    if (stat(file.c_str(), &s) != 0) {
      state += "none;";
      continue;
    }
    absl::StrAppend(&state, s.st_dev, " ", s.st_ino, " ", s.st_size, " ", s.st_mtim.tv_sec, ".",
                    s.st_mtim.tv_nsec, " ", s.st_ctim.tv_sec, ".", s.st_ctim.tv_nsec, ";");
  }
  return state;
}

}  // namespace

PolicyWatcher::PolicyWatcher(std::string path, const LoadedPolicy& loaded, PolicyHolder& holder,
                             Clock& clock, Listener listener)
    : path_(std::move(path)),
      holder_(holder),
      clock_(clock),
      listener_(std::move(listener)),
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

PolicyWatcher::~PolicyWatcher() {
  {
    MutexLock lock(run_mu_);
    stopping_ = true;
  }
  stop_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void PolicyWatcher::Start(std::chrono::milliseconds interval) {
  thread_ = std::thread([this, interval] { Run(interval); });
}

void PolicyWatcher::Run(std::chrono::milliseconds interval) {
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

void PolicyWatcher::Reload() {
  MutexLock lock(load_mu_);
  Load();
}

void PolicyWatcher::Look() {
  MutexLock lock(load_mu_);
  const std::string state = StateOf(files_);
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
  loaded_state_ = StateOf(expected);
  LoadedPolicy loaded = LoadPolicy(path_, now);
  files_ = loaded.files;
  if (files_ != expected) {
    loaded_state_ = "";  // Of other files; the next look at rest settles it.
  }
  const bool changed = loaded.snapshot != nullptr && loaded.snapshot->digest != before->digest;
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
