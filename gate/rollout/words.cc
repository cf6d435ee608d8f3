#include "gate/rollout/words.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "checks/proto_time.h"

namespace gate::rollout {

std::string Percent(double share) { return absl::StrCat(std::round(share * 1000) / 10, " %"); }

std::string Count(double number) {
  std::string digits = absl::StrCat(static_cast<int64_t>(std::floor(std::min(number, 9e18))));
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string InWords(const google::protobuf::Duration& duration) {
  const absl::Duration length = FromProto(duration);
  struct Unit {
    absl::Duration length;
    const char* name;
  };
  const Unit units[] = {{absl::Hours(24), "day"},
                        {absl::Hours(1), "hour"},
                        {absl::Minutes(1), "minute"},
                        {absl::Seconds(1), "second"}};
  for (const Unit& unit : units) {
    absl::Duration rest;
    const int64_t whole = absl::IDivDuration(length, unit.length, &rest);
    if (whole == 0 || rest != absl::ZeroDuration()) continue;
    return absl::StrCat(whole, " ", unit.name, whole == 1 ? "" : "s");
  }
  return absl::FormatDuration(length);
}

std::string ShortName(v1::RolloutState state) {
  constexpr size_t kPrefix = sizeof("ROLLOUT_STATE_") - 1;
  return v1::RolloutState_Name(state).substr(kPrefix);
}

}  // namespace gate::rollout
