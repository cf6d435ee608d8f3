#include "gate/rollout/driver.h"

#include <utility>
#include <vector>

#include "gate/base/digest.h"

namespace gate {
namespace {

// They wait for sources more than they work.
constexpr int kThreads = 32;
constexpr int kAtOnce = 128;
constexpr std::chrono::milliseconds kBetweenLooks{500};
constexpr std::chrono::seconds kForOne{60};

}  // namespace

RolloutDriver::RolloutDriver(Rollouts& rollouts, RolloutStore& store, Clock& clock, Logger& log)
    : rollouts_(rollouts),
      store_(store),
      clock_(clock),
      log_(log),
      owner_(NewId(clock.Now())),
      pool_(kThreads, kAtOnce) {}

RolloutDriver::~RolloutDriver() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void RolloutDriver::Start() {
  thread_ = std::thread([this] { Run(); });
}

int RolloutDriver::LookOnce() {
  const int found = TakeDue();
  {
    MutexLock lock(mu_);
    while (!judging_.empty()) wake_.Wait(mu_);
  }
  PutOff();
  return found;
}

int RolloutDriver::TakeDue() {
  int free = 0;
  {
    MutexLock lock(mu_);
    free = kAtOnce - static_cast<int>(judging_.size());
  }
  if (free <= 0) return 0;
  const absl::Time now = clock_.Now();
  auto due = store_.Claim(owner_, now, now + kClaim, free);
  if (!due.ok()) {
    log_.Warning("rollouts are not looked after", {{"error", std::string(due.status().message())}});
    return 0;
  }
  for (StoredRollout& stored : *due) {
    const std::string name = stored.rollout.name();
    {
      MutexLock lock(mu_);
      if (!judging_.insert(name).second) continue;
    }
    const bool taken = pool_.TrySchedule(
        [this, stored = std::move(stored)]() mutable { Judge(std::move(stored)); });
    if (taken) continue;
    MutexLock lock(mu_);
    judging_.erase(name);
  }
  return static_cast<int>(due->size());
}

void RolloutDriver::Judge(StoredRollout stored) {
  const std::string name = stored.rollout.name();
  auto put_off = rollouts_.Judge(std::move(stored), std::chrono::steady_clock::now() + kForOne);
  // Whoever came in between has judged it as well.
  if (!put_off.ok() && !absl::IsAborted(put_off.status())) {
    log_.Warning("a rollout was not judged",
                 {{"rollout", name}, {"error", std::string(put_off.status().message())}});
  }
  MutexLock lock(mu_);
  if (put_off.ok() && *put_off) unchanged_.push_back(**std::move(put_off));
  judging_.erase(name);
  wake_.NotifyAll();
}

void RolloutDriver::PutOff() {
  std::vector<RolloutDue> unchanged;
  {
    MutexLock lock(mu_);
    unchanged.swap(unchanged_);
  }
  // Where it fails the claims end by themselves, and all of them are judged again.
  if (!unchanged.empty()) store_.PutOff(unchanged).IgnoreError();
}

void RolloutDriver::KeepClaims() {
  {
    MutexLock lock(mu_);
    if (judging_.empty()) return;
  }
  // Where it fails another replica judges them as well, which costs time and changes nothing.
  store_.KeepClaims(owner_, clock_.Now() + kClaim).IgnoreError();
}

void RolloutDriver::Run() {
  for (;;) {
    PutOff();
    KeepClaims();
    const bool more = TakeDue() >= kAtOnce / 2;
    MutexLock lock(mu_);
    const auto next = std::chrono::steady_clock::now() + kBetweenLooks;
    while (!stopping_ && !(more && judging_.size() < kAtOnce / 2) && wake_.WaitUntil(mu_, next)) {
    }
    if (stopping_) return;
  }
}

}  // namespace gate
