// A traffic shift as the flags of `gatectl check` tell it.
#ifndef CLIENTS_GATECTL_SHIFT_H_
#define CLIENTS_GATECTL_SHIFT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clients/gatectl/problem.h"
#include "gate/v1/change.pb.h"

namespace gate::ctl {

struct ShiftFlags {
  std::vector<std::string> origins;  // "hoster-b=0:0.2,site=fra,database=nyc,workers=64"
  std::string affinity;              // none, cookie or tenant
  std::string sessions;              // stateful or stateless
  std::string way_back;
  std::string takes_back;

  bool Given() const;
};

// "0.2" or "20%".
std::optional<double> ParseShare(std::string_view text);

// What was given, over what the shift has; origins as a whole. Sums are left to the gate.
Or<bool> ApplyShift(const ShiftFlags& flags, v1::TrafficShift& shift);

// What --affinity and --sessions take.
const std::vector<std::string>& AffinityWords();
const std::vector<std::string>& SessionsWords();

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_SHIFT_H_
