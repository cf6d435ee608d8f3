#include "checks/flags/stretches.h"

#include <algorithm>

namespace gate::flags {
namespace {

bool SaySame(const ChangedLine& a, const ChangedLine& b) {
  const auto same_place = [](const Place& one, const Place& other) {
    return one.path == other.path && one.line == other.line;
  };
  return a.place.path == b.place.path && a.state == b.state && a.removed == b.removed &&
         a.rule == b.rule && a.reason == b.reason && a.runtime == b.runtime &&
         std::ranges::equal(a.witness, b.witness, same_place);
}

}  // namespace

std::vector<Stretch> UncoveredStretches(const Coverage& coverage) {
  std::vector<Stretch> stretches;
  const ChangedLine* before = nullptr;
  for (const ChangedLine& line : coverage.lines) {
    const bool covered = line.state == ChangedLine::State::kCovered;
    if (!covered && before != nullptr && line.continues && !line.removed &&
        SaySame(*before, line)) {
      stretches.back().end_line = line.place.line;
      ++stretches.back().lines;
    } else if (!covered) {
      stretches.push_back({&line, line.place.line, 1});
    }
    before = &line;
  }
  return stretches;
}

}  // namespace gate::flags
