// GitHub workflow commands. A step shows ten errors and ten warnings and drops the rest in silence:
// worst first, and the tenth says how many more there are.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"
#include "checks/render/judgement.h"
#include "checks/render/render.h"
#include "checks/render/words.h"

namespace gate::render {
namespace {

constexpr size_t kShownPerLevel = 10;

struct Annotation {
  Level level;
  v1::Location location;
  std::string title;
  std::string message;
};

const char* Command(Level level) {
  switch (level) {
    case Level::kError:
      return "error";
    case Level::kWarning:
      return "warning";
    case Level::kNote:
      return "notice";
  }
  return "error";
}

void AppendProperty(std::string& properties, std::string_view name, std::string_view value) {
  absl::StrAppend(&properties, properties.empty() ? " " : ",", std::string(name), "=",
                  EscapeGithubProperty(value));
}

std::string Line(const Annotation& annotation) {
  const v1::Location& location = annotation.location;
  std::string properties;
  if (!location.path().empty()) {
    AppendProperty(properties, "file", location.path());
    if (location.line() > 0) AppendProperty(properties, "line", std::to_string(location.line()));
    const int end_line = std::max(location.line(), location.end_line());
    if (end_line > 0) AppendProperty(properties, "endLine", std::to_string(end_line));
    // Columns mean something on one line only. GitHub's last column is part of the range.
    if (location.column() > 0 && end_line == location.line()) {
      AppendProperty(properties, "col", std::to_string(location.column()));
      AppendProperty(properties, "endColumn",
                     std::to_string(std::max(location.column(), location.end_column() - 1)));
    }
  }
  AppendProperty(properties, "title", annotation.title);
  return absl::StrCat("::", Command(annotation.level), properties,
                      "::", EscapeGithubMessage(annotation.message), "\n");
}

std::vector<Annotation> Annotations(const Judgement& judgement) {
  std::vector<Annotation> annotations;
  for (const Item& item : judgement.items) {
    const v1::Finding& finding = *item.finding;
    std::string message = finding.message();
    for (const Proof& proof : ProofsOf(finding)) {
      for (const std::string& line : proof.lines) absl::StrAppend(&message, "\n", line);
    }
    if (!finding.instead().empty()) absl::StrAppend(&message, "\nInstead:\n", finding.instead());
    if (!finding.covered_by().empty()) {
      absl::StrAppend(&message, "\nCovered by ", finding.covered_by());
    }
    std::string title = finding.rule();
    if (!finding.subject().empty()) absl::StrAppend(&title, ": ", finding.subject());
    annotations.push_back({item.level, finding.location(), std::move(title), std::move(message)});
  }
  for (const Unclear& unclear : judgement.unclear) {
    annotations.push_back({unclear.level, unclear.location,
                           absl::StrCat(unclear.check, ": not judged"), unclear.reason});
  }
  return annotations;
}

void AppendLevel(const std::vector<Annotation>& annotations, Level level, std::string& out) {
  std::vector<const Annotation*> of_level;
  for (const Annotation& annotation : annotations) {
    if (annotation.level == level) of_level.push_back(&annotation);
  }
  const bool all = of_level.size() <= kShownPerLevel;
  const size_t shown = all ? of_level.size() : kShownPerLevel - 1;
  for (size_t i = 0; i < shown; ++i) out += Line(*of_level[i]);
  if (all) return;
  std::string rest;
  for (size_t i = shown; i < of_level.size(); ++i) {
    const Annotation& annotation = *of_level[i];
    absl::StrAppend(&rest, "\n", Place(annotation.location), " ", annotation.title);
  }
  out += Line({level,
               {},
               absl::StrCat(of_level.size() - shown, " more"),
               absl::StrCat("GitHub shows ten of a kind. The others:", rest)});
}

// The decision comes last in the log, where one looks, and as an annotation only when it stops.
std::string Render(const Judgement& judgement) {
  const std::vector<Annotation> annotations = Annotations(judgement);
  std::string out;
  for (const Level level : {Level::kError, Level::kWarning, Level::kNote}) {
    AppendLevel(annotations, level, out);
  }
  const std::string headline = absl::StrCat(std::string(Word(judgement.decision)), " ",
                                            judgement.title, ": ", judgement.reason);
  const bool stops = judgement.decision != v1::DECISION_ALLOW;
  if (stops && annotations.empty()) {
    const bool holds = judgement.decision == v1::DECISION_HOLD;
    out += Line({holds ? Level::kWarning : Level::kError, {}, "gate", headline});
  }
  // Not at the start of a line as it stands: a text with "::" in front would be a command.
  return out + "gate: " + EscapeTerminalLine(headline) + "\n";
}

// An override is told whatever comes of it: a green run that people have let through says so.
std::string Verdict(const v1::Verdict& verdict, const Options&) {
  std::string out;
  for (const v1::CountedOverride& counted : verdict.counted_overrides()) {
    out += Line({Level::kWarning, {}, "overridden by people", Sentence(counted)});
  }
  return out + Render(Flatten(verdict));
}

std::string Report(const v1::LintReport& report, const Options&) { return Render(Flatten(report)); }

}  // namespace

const Format kGithubFormat = {
    "github", "GitHub annotations; gatectl also writes GITHUB_OUTPUT and GITHUB_STEP_SUMMARY",
    Verdict, Report};

}  // namespace gate::render
