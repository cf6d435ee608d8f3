// Numbers and lengths of time as people read them.
#ifndef GATE_ROLLOUT_WORDS_H_
#define GATE_ROLLOUT_WORDS_H_

#include <string>

#include "gate/v1/rollouts.pb.h"
#include "google/protobuf/duration.pb.h"

namespace gate::rollout {

// "25 %", "0.5 %".
std::string Percent(double share);

// "1,200".
std::string Count(double number);

// "90 seconds", "10 minutes", "2 hours", "9 days": in the largest unit that is exact.
std::string InWords(const google::protobuf::Duration& duration);

// "PROGRESSING".
std::string ShortName(v1::RolloutState state);

}  // namespace gate::rollout

#endif  // GATE_ROLLOUT_WORDS_H_
