// A shift of traffic as a change tells it.
#ifndef TESTS_SUPPORT_SHIFT_H_
#define TESTS_SUPPORT_SHIFT_H_

#include <vector>

#include "gate/v1/change.pb.h"

namespace gate::testing {

inline v1::Change Shift(const std::vector<v1::TrafficShift::Origin>& origins) {
  v1::Change change;
  change.set_service("web");
  change.set_environment("production");
  change.set_kind(v1::CHANGE_KIND_TRAFFIC_SHIFT);
  for (const auto& origin : origins) *change.mutable_traffic_shift()->add_origins() = origin;
  return change;
}

}  // namespace gate::testing

#endif  // TESTS_SUPPORT_SHIFT_H_
