// How an override looks to people, and what asking for one would let through.
#ifndef CLIENTS_GATECTL_OVERRIDES_H_
#define CLIENTS_GATECTL_OVERRIDES_H_

#include <string>

#include "absl/time/time.h"
#include "clients/gatectl/terminal.h"
#include "gate/v1/overrides.pb.h"

namespace gate::ctl {

// "overrides/1" for "1" and for "overrides/1".
std::string OverrideName(const std::string& name);

// "PENDING".
std::string Word(v1::OverrideState state);

// One override, whole. `now` is finite on a terminal: moments then say how far away they are.
std::string OverrideText(const v1::Override& override, absl::Time now, const Terminal& terminal);

// What it would let through, what it would not, and what would come of it.
std::string PreviewText(const v1::CreateOverrideResponse& response, const Terminal& terminal);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_OVERRIDES_H_
