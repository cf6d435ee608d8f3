// How a rollout looks on a terminal, and what a pipeline is told of it.
#ifndef CLIENTS_GATECTL_ROLLOUTS_H_
#define CLIENTS_GATECTL_ROLLOUTS_H_

#include <string>

#include "absl/time/time.h"
#include "clients/gatectl/exit_code.h"
#include "clients/gatectl/terminal.h"
#include "gate/v1/rollouts.pb.h"

namespace gate::ctl {

// "rollouts/1" for "1" and for "rollouts/1".
std::string RolloutName(const std::string& name);

// "PROGRESSING".
std::string Word(v1::RolloutState state);

// State, steps, and what it waits for. `now` is finite on a terminal: moments then say how far away
// they are.
std::string RolloutText(const v1::Rollout& rollout, absl::Time now, const Terminal& terminal);

// One line: "12:03:10Z PROGRESSING web 2 to production, 25 %: reason".
std::string RolloutLine(const v1::Rollout& rollout, absl::Time now);

// Of a rollout that is not to be advanced: 0 while all is well, 10 where it goes or went back, 11
// where it is paused, has expired or made room for another one.
ExitCode ExitCodeOf(const v1::Rollout& rollout);
// Of a step that was asked for: 0 where it was taken, else never 0.
ExitCode ExitCodeOf(const v1::AdvanceRolloutResponse& answer);

// Whether it has ended.
bool HasEnded(const v1::Rollout& rollout);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_ROLLOUTS_H_
