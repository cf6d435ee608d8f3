// Waiting, by the system's clock and until somebody interrupts it.
#ifndef CLIENTS_GATECTL_SYSTEM_TIMER_H_
#define CLIENTS_GATECTL_SYSTEM_TIMER_H_

#include <random>

#include "absl/time/clock.h"
#include "clients/gatectl/interrupts.h"
#include "clients/gatectl/wait.h"

namespace gate::ctl {

class SystemTimer final : public Timer {
 public:
  explicit SystemTimer(Interrupts& interrupts) : interrupts_(interrupts) {}
  absl::Time Now() override { return absl::Now(); }
  bool Sleep(absl::Duration duration) override { return interrupts_.Sleep(duration); }
  double Random() override { return std::uniform_real_distribution<>(0, 1)(random_); }

 private:
  Interrupts& interrupts_;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_SYSTEM_TIMER_H_
