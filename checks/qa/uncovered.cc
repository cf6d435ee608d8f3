#include "checks/qa/uncovered.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/qa/words.h"

namespace gate::qa {
namespace {

constexpr size_t kNamedPlaces = 4;
constexpr size_t kFindings = 50;

// Lines first..last of one file.
struct Range {
  const v1::UncoveredLine* first = nullptr;
  int last = 0;

  std::string Say() const {
    const v1::CodePlace& place = first->place();
    return place.line() == last ? absl::StrCat(place.path(), ":", place.line())
                                : absl::StrCat(place.path(), ":", place.line(), "-", last);
  }
};

bool SaysTheSame(const v1::UncoveredLine& a, const v1::UncoveredLine& b) {
  if (a.rule() != b.rule() || a.reason() != b.reason() || a.removed() || b.removed() ||
      a.witness_size() != b.witness_size()) {
    return false;
  }
  return std::ranges::equal(a.witness(), b.witness(),
                            [](const v1::CodePlace& x, const v1::CodePlace& y) {
                              return x.path() == y.path() && x.line() == y.line();
                            });
}

std::vector<Range> RangesOf(const v1::FlagCoverage& coverage) {
  std::vector<Range> ranges;
  for (const v1::UncoveredLine& line : coverage.uncovered()) {
    const bool goes_on = !ranges.empty() && SaysTheSame(*ranges.back().first, line) &&
                         ranges.back().first->place().path() == line.place().path() &&
                         ranges.back().last + 1 == line.place().line();
    if (goes_on) {
      ++ranges.back().last;
    } else {
      ranges.push_back({&line, line.place().line()});
    }
  }
  return ranges;
}

}  // namespace

std::string NotCovered(const v1::FlagCoverage& coverage, const FlagSeen& seen) {
  if (!coverage.failure().empty()) {
    return absl::StrCat("how much of it is behind ", coverage.flag(),
                        " could not be found out: ", coverage.failure());
  }
  std::vector<std::string> places;
  for (const Range& range : RangesOf(coverage)) places.push_back(range.Say());
  const int uncovered = coverage.uncovered_size() + coverage.more();
  std::string text =
      absl::StrCat(uncovered, " of the ", Count(std::max(coverage.lines(), uncovered), "line"),
                   " that it changes ", uncovered == 1 ? "runs" : "run", " whether ",
                   coverage.flag(), " is on or off: ", Enumerate(places, kNamedPlaces));
  if (seen.state.value() == v1::FLAG_VALUE_OFF) {
    absl::StrAppend(&text, ". That the flag is off, by ", seen.server, ", does not stop them");
  }
  return text;
}

void AddUncovered(const v1::FlagCoverage& coverage, const std::string& ticket, Report& report) {
  const std::vector<Range> ranges = RangesOf(coverage);
  for (size_t i = 0; i < std::min(ranges.size(), kFindings); ++i) {
    const v1::UncoveredLine& line = *ranges[i].first;
    const int count = ranges[i].last - line.place().line() + 1;
    std::string message = count > 1 ? absl::StrCat("These ", count, " lines")
                                    : absl::StrCat(line.removed() ? "Before this line: " : "`",
                                                   line.place().code(), line.removed() ? "" : "`");
    if (line.unknown()) {
      absl::StrAppend(&message, ": nobody can tell whether ", coverage.flag(),
                      " guards this: ", line.reason(), ".");
    } else {
      absl::StrAppend(&message, count > 1 ? " run" : " runs", " whether ", coverage.flag(),
                      " is on or off: ", line.reason(), ".");
    }
    v1::Finding& finding = report.Add("qa.uncovered", {ticket, message, ""});
    finding.mutable_location()->set_path(line.place().path());
    finding.mutable_location()->set_line(line.place().line());
    finding.mutable_location()->set_end_line(ranges[i].last);
    *finding.mutable_call_path() = line.witness();
  }
  if (ranges.size() <= kFindings) return;
  report.Add("qa.uncovered", {ticket,
                              absl::StrCat("And ", ranges.size() - kFindings + coverage.more(),
                                           " other places of ", ticket, "."),
                              "gatectl lint flags shows all of them."});
}

}  // namespace gate::qa
