#include "clients/gatectl/progress.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "checks/render/paint.h"
#include "checks/render/words.h"

namespace gate::ctl {
namespace {

constexpr absl::Duration kHeartbeat = absl::Minutes(1);

std::string_view Word(const WaitState& state) {
  if (state.error != nullptr) return "UNREACHABLE";
  return state.verdict == nullptr ? "ASKING" : render::Word(state.verdict->decision());
}

std::string Reason(const WaitState& state) {
  if (state.error != nullptr) return render::EscapeTerminalLine(state.error->message);
  return state.verdict == nullptr ? "" : render::EscapeTerminalLine(state.verdict->reason());
}

std::string Until(absl::Time time, absl::Time now) {
  return render::Span(std::max(absl::ZeroDuration(), time - now));
}

bool StandsInTheWay(const v1::CheckOutcome& outcome) {
  return outcome.decision() != v1::DECISION_ALLOW &&
         outcome.enforcement() != v1::ENFORCEMENT_WARN &&
         outcome.enforcement() != v1::ENFORCEMENT_DRY_RUN;
}

}  // namespace

std::string ProgressLine(const WaitState& state, std::string_view subject, absl::Time now) {
  std::string line = absl::StrCat(absl::FormatTime("%H:%M:%SZ", now, absl::UTCTimeZone()), " ",
                                  std::string(Word(state)), " ",
                                  render::EscapeTerminalLine(subject), ": ", Reason(state));
  if (line.back() == '.') line.pop_back();
  absl::StrAppend(&line, "; asks again in ", Until(state.next_ask, now));
  if (state.verdict != nullptr && state.verdict->has_retry_at()) {
    absl::StrAppend(&line, "; another answer is possible at ",
                    Rfc3339(FromProto(state.verdict->retry_at())));
  }
  return absl::StrCat(line, "; gives up in ", Until(state.end, now), "\n");
}

std::string ProgressLines(const WaitState& state, std::string_view subject, absl::Time now,
                          const Terminal& terminal) {
  const bool unicode = terminal.unicode;
  const auto clip = [&](const std::string& text, int room) {
    return render::Clip(text, std::max(8, room), unicode);
  };
  std::vector<std::string> lines;
  const std::string word = absl::StrCat(std::string(render::Sign(v1::DECISION_HOLD, unicode)), " ",
                                        std::string(Word(state)));
  lines.push_back(
      absl::StrCat(render::Paint(word, render::Style::kYellow, terminal.color), "  ",
                   clip(absl::StrCat(render::EscapeTerminalLine(subject), ": ", Reason(state)),
                        terminal.width - render::DisplayWidth(word) - 3)));
  if (state.verdict != nullptr && state.error == nullptr) {
    for (const v1::CheckOutcome& outcome : state.verdict->outcomes()) {
      if (!StandsInTheWay(outcome)) continue;
      const std::string text = absl::StrCat(render::EscapeTerminalLine(outcome.check()), "  ",
                                            render::EscapeTerminalLine(outcome.summary()));
      lines.push_back(
          absl::StrCat("  ",
                       render::Paint(render::Sign(outcome.outcome(), unicode),
                                     render::StyleOf(outcome.outcome()), terminal.color),
                       " ", clip(text, terminal.width - 5)));
    }
  }
  const std::string times = absl::StrCat("  waited ", render::Span(now - state.start), " of ",
                                         render::Span(state.end - state.start), ", asks again in ",
                                         Until(state.next_ask, now), " (Ctrl-C stops waiting)");
  // The last line of a terminal stays free: writing there scrolls.
  const size_t room = std::max(2, terminal.height - 1);
  if (lines.size() + 1 > room) lines.resize(room - 1);
  lines.push_back(
      render::Paint(clip(times, terminal.width - 1), render::Style::kDim, terminal.color));
  return absl::StrJoin(lines, "\n") + "\n";
}

Progress::Progress(std::string subject, std::function<Terminal()> terminal,
                   std::function<void(std::string_view)> write)
    : subject_(std::move(subject)),
      terminal_(std::move(terminal)),
      write_(std::move(write)),
      drawing_(write_) {}

void Progress::Show(const WaitState& state, absl::Time now) {
  const Terminal terminal = terminal_();
  if (terminal.is_terminal) {
    drawing_.Draw(ProgressLines(state, subject_, now, terminal), terminal.width);
  } else {
    Log(state, now);
  }
}

void Progress::Log(const WaitState& state, absl::Time now) {
  const std::string what = absl::StrCat(std::string(Word(state)), Reason(state));
  if (what == logged_ && now - logged_at_ < kHeartbeat) return;
  write_(ProgressLine(state, subject_, now));
  logged_ = what;
  logged_at_ = now;
}

}  // namespace gate::ctl
