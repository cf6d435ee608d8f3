#include "checks/freeze/timeline.h"

#include <algorithm>
#include <utility>

namespace gate::freeze {
namespace {

void SortByStart(std::vector<DatedOccurrence>& occurrences) {
  std::sort(occurrences.begin(), occurrences.end(),
            [](const DatedOccurrence& a, const DatedOccurrence& b) {
              if (a.occurrence.start != b.occurrence.start) {
                return a.occurrence.start < b.occurrence.start;
              }
              return a.window->id() < b.window->id();
            });
}

// Of a short ALLOW window half is left for everybody.
void Spread(DatedOccurrence& dated) {
  Occurrence& occurrence = dated.occurrence;
  if (IsAllow(*dated.window)) {
    occurrence.start += std::min(dated.spread, (occurrence.end - occurrence.start) / 2);
  } else {
    occurrence.end += dated.spread;
  }
}

// Follows occurrences that touch or overlap from a moment on; moments are asked for in ascending
// order, so that a whole walk looks at each occurrence once.
class Chain {
 public:
  explicit Chain(const std::vector<DatedOccurrence>& occurrences)
      : next_(occurrences.begin()), end_(occurrences.end()) {}

  // Where the chain that covers `time` ends, or `time` itself where none does.
  Turn EndFrom(absl::Time time) {
    Turn turn = {std::max(time, reach_.time), reach_.window};
    for (; next_ != end_ && next_->occurrence.start <= turn.time; ++next_) {
      if (next_->occurrence.end > turn.time) turn = {next_->occurrence.end, next_->window};
    }
    reach_ = turn;
    return turn;
  }

  // The next that starts after the moment asked for last.
  std::optional<Turn> Next() const {
    if (next_ == end_) return std::nullopt;
    return Turn{next_->occurrence.start, next_->window};
  }

 private:
  std::vector<DatedOccurrence>::const_iterator next_;
  const std::vector<DatedOccurrence>::const_iterator end_;
  Turn reach_ = {absl::InfinitePast(), nullptr};
};

}  // namespace

bool IsAllow(const v1::FreezeWindow& window) {
  return window.mode() == v1::FreezeWindow::MODE_ALLOW;
}

Timeline Timeline::From(const std::vector<DatedWindow>& windows, absl::Time now) {
  // Most turns are near: a week is cheap to expand, the horizon is not.
  for (const int days : {8, 64}) {
    Timeline near(windows, now, now + absl::Hours(24 * days));
    const std::optional<Turn> open = near.NextOpen();
    if (open && (open->time > now || near.NextClosed())) return near;
  }
  return Timeline(windows, now, now + kHorizon);
}

Timeline::Timeline(const std::vector<DatedWindow>& windows, absl::Time now, absl::Time end)
    : now_(now), end_(end) {
  for (const auto& [window, holidays, spread] : windows) {
    allow_windows_ = allow_windows_ || IsAllow(*window);
    std::vector<DatedOccurrence>& occurrences = IsAllow(*window) ? allow_ : deny_;
    for (Occurrence& occurrence : Occurrences(*window, holidays, now - spread, end)) {
      DatedOccurrence dated{window, std::move(occurrence), spread};
      Spread(dated);
      if (dated.occurrence.end > now) occurrences.push_back(std::move(dated));
    }
  }
  SortByStart(deny_);
  SortByStart(allow_);
}

std::vector<const DatedOccurrence*> Timeline::DenyingNow() const {
  std::vector<const DatedOccurrence*> denying;
  for (const DatedOccurrence& deny : deny_) {
    if (deny.occurrence.Contains(now_)) denying.push_back(&deny);
  }
  return denying;
}

bool Timeline::IsOutsideAllowed() const {
  return allow_windows_ && std::none_of(allow_.begin(), allow_.end(), [this](const auto& allow) {
           return allow.occurrence.Contains(now_);
         });
}

std::optional<Turn> Timeline::NextOpen() const {
  Chain deny(deny_);
  Chain allow(allow_);
  Turn turn = {now_, nullptr};
  while (turn.time < end_) {
    if (const Turn denied = deny.EndFrom(turn.time); denied.time > turn.time) turn = denied;
    if (turn.time >= end_) break;
    if (!allow_windows_ || allow.EndFrom(turn.time).time > turn.time) return turn;
    const std::optional<Turn> allowed = allow.Next();
    if (!allowed) break;
    turn = *allowed;
  }
  return std::nullopt;
}

std::optional<Turn> Timeline::NextClosed() const {
  std::optional<Turn> closed;
  const auto first = std::find_if(deny_.begin(), deny_.end(), [this](const auto& deny) {
    return deny.occurrence.start > now_;
  });
  if (first != deny_.end()) closed = {first->occurrence.start, first->window};
  if (allow_windows_) {
    const Turn end = Chain(allow_).EndFrom(now_);
    if (end.time < end_ && (!closed || end.time < closed->time)) closed = end;
  }
  return closed;
}

}  // namespace gate::freeze
