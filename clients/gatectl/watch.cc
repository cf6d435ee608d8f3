#include "clients/gatectl/watch.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "checks/render/paint.h"
#include "checks/render/words.h"
#include "clients/gatectl/rollouts.h"

namespace gate::ctl {
namespace {

using render::EscapeTerminalLine;

constexpr size_t kRecent = 5;
constexpr absl::Duration kFirstPause = absl::Milliseconds(500);
constexpr absl::Duration kLongestPause = absl::Seconds(10);

std::string Clock(absl::Time time) {
  return absl::FormatTime("%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string Actor(const v1::WatchRolloutResponse& event) {
  return event.actor().empty() ? "" : absl::StrCat(" (", EscapeTerminalLine(event.actor()), ")");
}

// Whether hearing again may help. A server that ends cancels what it has not finished.
bool MayRecover(const client::Error& error) {
  return error.code == client::Code::kUnavailable || error.code == client::Code::kCancelled ||
         error.code == client::Code::kUnknown || error.code == client::Code::kInternal ||
         error.code == client::Code::kDeadlineExceeded ||
         error.code == client::Code::kResourceExhausted;
}

}  // namespace

bool TakeIn(const v1::WatchRolloutResponse& event, Watched& watched) {
  watched.error.reset();
  if (watched.newest && event.sequence() < watched.newest->sequence()) return false;
  const bool known = watched.newest && event.sequence() == watched.newest->sequence();
  watched.newest = event;
  if (known) return false;
  watched.recent.push_back(event);
  if (watched.recent.size() > kRecent) watched.recent.pop_front();
  return true;
}

std::optional<client::Error> Follow(const Hear& hear, absl::Duration patience, Timer& timer,
                                    const std::function<void(const Watched&)>& show) {
  Watched watched;
  absl::Time heard = absl::InfinitePast();
  absl::Duration pause = kFirstPause;
  for (;;) {
    const int64_t after = watched.newest ? watched.newest->sequence() : 0;
    const client::Result<bool> ended = hear(after, [&](const v1::WatchRolloutResponse& event) {
      heard = timer.Now();
      pause = kFirstPause;
      TakeIn(event, watched);
      show(watched);
      return true;
    });
    if (ended) return std::nullopt;
    if (!MayRecover(ended.error()) || timer.Now() - heard > patience) return ended.error();
    watched.error = ended.error();
    show(watched);
    if (!timer.Sleep(pause * (1 + timer.Random() / 10))) {
      client::Error error = ended.error();
      error.code = client::Code::kCancelled;
      return error;
    }
    pause = std::min(2 * pause, kLongestPause);
  }
}

std::string WatchLines(const Watched& watched, absl::Time now, const Terminal& terminal) {
  if (!watched.newest) return "asking the gate\n";
  const std::string text = RolloutText(watched.newest->rollout(), now, terminal);
  std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  std::vector<std::string> below;
  for (const v1::WatchRolloutResponse& event : watched.recent) {
    below.push_back(render::Clip(absl::StrCat("  ", Clock(FromProto(event.time())), "  ",
                                              EscapeTerminalLine(event.message()), Actor(event)),
                                 std::max(8, terminal.width - 1), terminal.unicode));
  }
  std::string last = "  Ctrl-C stops watching; the rollout goes on";
  if (watched.newest->has_estimated_next_step() &&
      FromProto(watched.newest->estimated_next_step()) > now) {
    last = absl::StrCat("  next at the earliest in ",
                        render::Span(FromProto(watched.newest->estimated_next_step()) - now), ". ",
                        last.substr(2));
  }
  if (watched.error) {
    last = absl::StrCat("  the gate cannot be reached, trying again: ",
                        EscapeTerminalLine(watched.error->message));
  }
  last = render::Clip(last, std::max(8, terminal.width - 1), terminal.unicode);
  // The last row of a terminal stays free. What has happened gives way first, then the tree's end.
  const size_t room = static_cast<size_t>(std::max(4, terminal.height - 1)) - 1;
  while (!below.empty() && lines.size() + below.size() > room) below.erase(below.begin());
  if (lines.size() > room) lines.resize(room);
  std::string out;
  for (const std::string& line : lines) absl::StrAppend(&out, line, "\n");
  for (const std::string& line : below) {
    absl::StrAppend(&out, render::Paint(line, render::Style::kDim, terminal.color), "\n");
  }
  const render::Style style = watched.error ? render::Style::kYellow : render::Style::kDim;
  return absl::StrCat(out, render::Paint(last, style, terminal.color), "\n");
}

std::string WatchLine(const v1::WatchRolloutResponse& event) {
  std::string line = RolloutLine(event.rollout(), FromProto(event.time()));
  // What happened, in place of where it stands since.
  line = line.substr(0, line.find(" %: ") + 4);
  return absl::StrCat(line, EscapeTerminalLine(event.message()), Actor(event), "\n");
}

}  // namespace gate::ctl
