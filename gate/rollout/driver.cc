#include "gate/rollout/driver.h"

#include <latch>
#include <utility>
#include <vector>

#include "gate/base/digest.h"

namespace gate {
namespace {

constexpr int kThreads = 8;
constexpr int kAtOnce = 64;
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
  const absl::Time now = clock_.Now();
  auto due = store_.Claim(owner_, now, now + kClaim, kAtOnce);
  if (!due.ok()) {
    log_.Warning("rollouts are not looked after", {{"error", std::string(due.status().message())}});
    return 0;
  }
  std::latch judged(static_cast<std::ptrdiff_t>(due->size()));
  for (StoredRollout& stored : *due) {
    const bool taken = pool_.TrySchedule([&] {
      const std::string name = stored.rollout.name();
      const absl::Status status =
          rollouts_.Judge(std::move(stored), std::chrono::steady_clock::now() + kForOne);
      // Whoever came in between has judged it as well.
      if (!status.ok() && !absl::IsAborted(status)) {
        log_.Warning("a rollout was not judged",
                     {{"rollout", name}, {"error", std::string(status.message())}});
      }
      judged.count_down();
    });
    if (!taken) judged.count_down();
  }
  judged.wait();
  return static_cast<int>(due->size());
}

void RolloutDriver::Run() {
  for (;;) {
    const int found = LookOnce();
    MutexLock lock(mu_);
    const auto next = std::chrono::steady_clock::now() + kBetweenLooks;
    while (!stopping_ && found < kAtOnce && wake_.WaitUntil(mu_, next)) {
    }
    if (stopping_) return;
  }
}

}  // namespace gate
