#include "clients/gatectl/channel.h"

#include <utility>

#include "absl/time/clock.h"

namespace gate::ctl {

Or<Channel> Open(const Session& session) {
  auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return targets.problem();
  auto client = session.Connect();
  if (!client) return client.problem();
  return Channel{std::move(*targets), std::move(*client)};
}

absl::Time NowFor(const Terminal& terminal) {
  return terminal.is_terminal ? absl::Now() : absl::InfinitePast();
}

}  // namespace gate::ctl
