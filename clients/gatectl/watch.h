// Follows a rollout until it ends, through lost connections.
#ifndef CLIENTS_GATECTL_WATCH_H_
#define CLIENTS_GATECTL_WATCH_H_

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "clients/cpp/gate/client.h"
#include "clients/gatectl/terminal.h"
#include "clients/gatectl/wait.h"
#include "gate/v1/rollouts.pb.h"

namespace gate::ctl {

// What is known of a rollout that one watches.
struct Watched {
  std::optional<v1::WatchRolloutResponse> newest;  // none yet: nothing has been heard
  std::deque<v1::WatchRolloutResponse> recent;     // the last few events, oldest first
  std::optional<client::Error> error;              // set while the gate cannot be reached
};

// Takes in an event; false where it was known.
bool TakeIn(const v1::WatchRolloutResponse& event, Watched& watched);

// One attempt to hear of a rollout behind a sequence, as client::Client::WatchRollout.
using Hear = std::function<client::Result<bool>(int64_t after_sequence,
                                                const client::Client::OnEvent& on_event)>;

// Hears until the rollout has ended (nothing is wrong), somebody interrupts it (kCancelled), the
// gate refuses, or cannot be reached for `patience`. Where it never could be, that is an error at
// once. `show` is called after each change.
std::optional<client::Error> Follow(const Hear& hear, absl::Duration patience, Timer& timer,
                                    const std::function<void(const Watched&)>& show);

// The live tree: where it stands, its steps, what it waits for, and what happened last; fewer rows
// than the terminal has. Pure.
std::string WatchLines(const Watched& watched, absl::Time now, const Terminal& terminal);

// The line to log: "12:03:10Z PROGRESSING web 2 to production, 25 %: what happened". Pure.
std::string WatchLine(const v1::WatchRolloutResponse& event);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_WATCH_H_
