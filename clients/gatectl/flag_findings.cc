#include "clients/gatectl/flag_findings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/flags/stretches.h"
#include "checks/render/escape.h"

namespace gate::ctl {
namespace {

v1::Finding& Add(v1::LintReport& report, const std::string& rule, v1::Severity severity,
                 const flags::Place& place, const std::string& message) {
  v1::Finding& finding = *report.add_findings();
  finding.set_rule(rule);
  finding.set_severity(severity);
  finding.set_subject(render::ValidUtf8(place.path));
  finding.set_message(render::ValidUtf8(message));
  finding.mutable_location()->set_path(render::ValidUtf8(place.path));
  finding.mutable_location()->set_line(place.line);
  return finding;
}

// What is said of lines that are not covered, and why.
std::string Sentence(const flags::Stretch& stretch, const std::string& flag) {
  const flags::ChangedLine& line = *stretch.first;
  if (line.removed) return line.reason;
  const bool many = stretch.lines > 1;
  const bool whole = line.place.code.empty();
  std::string what = whole ? line.place.path : absl::StrCat("`", line.place.code, "`");
  if (many) what = absl::StrCat(stretch.lines, " lines, ", what, " the first of them,");
  if (line.state == flags::ChangedLine::State::kUncovered) {
    return absl::StrCat(what, many ? " run" : " runs", " whether ", flag,
                        " is on or off: ", line.reason);
  }
  return absl::StrCat("nobody can tell whether ", what, many ? " run" : " runs", " only where ",
                      flag, " is on: ", line.reason);
}

// How a line is reached without a check: from what the runtime calls, or from the outermost call.
// Of what the runtime calls itself the reason says so.
void AddWayTo(const flags::ChangedLine& line, v1::Finding& finding) {
  if (!line.runtime.empty() && !line.witness.empty()) {
    finding.set_message(absl::StrCat(finding.message(), "; `", render::ValidUtf8(line.runtime),
                                     "` is called by the framework or the runtime"));
  }
  for (const flags::Place& place : line.witness) {
    v1::CodePlace& call = *finding.add_call_path();
    call.set_path(render::ValidUtf8(place.path));
    call.set_line(place.line);
    call.set_code(render::ValidUtf8(place.code));
  }
}

void AddUncovered(const FlagFindings& findings, v1::LintReport& report) {
  const std::string instead =
      absl::StrCat("Put it behind a check of ", findings.flag,
                   ", get it tested as if it were live, or take it out of this release.");
  for (const flags::Stretch& stretch : flags::UncoveredStretches(findings.coverage)) {
    const flags::ChangedLine& line = *stretch.first;
    const bool unknown = line.state == flags::ChangedLine::State::kUnknown;
    v1::Finding& finding = Add(report, unknown ? "flags.unknown" : "flags.uncovered",
                               v1::SEVERITY_BLOCK, line.place, Sentence(stretch, findings.flag));
    AddWayTo(line, finding);
    if (stretch.end_line > line.place.line) {
      finding.mutable_location()->set_end_line(stretch.end_line);
    }
    finding.add_effects(unknown ? v1::EFFECT_UNPROVEN : v1::EFFECT_BREAKS_NEW_VERSION);
    finding.set_instead(instead);
  }
  if (findings.more == 0) return;
  v1::Finding& finding = *report.add_findings();
  finding.set_rule("flags.uncovered");
  finding.set_severity(v1::SEVERITY_BLOCK);
  finding.set_subject(findings.flag);
  finding.set_message(absl::StrCat("and so it is with ", findings.more,
                                   findings.more == 1 ? " more line" : " more lines",
                                   ", which are not listed"));
  finding.add_effects(v1::EFFECT_BREAKS_NEW_VERSION);
  finding.set_instead(instead);
}

void AddUnjudged(const FlagFindings& findings, v1::LintReport& report) {
  for (const FlagFindings::Unjudged& unjudged : findings.unjudged) {
    v1::Finding& finding =
        Add(report, "flags.unknown", v1::SEVERITY_BLOCK, {unjudged.path, 1, ""}, unjudged.why);
    finding.add_effects(v1::EFFECT_UNPROVEN);
    if (!unjudged.path.empty()) continue;
    finding.clear_location();
    finding.set_subject(findings.flag);
  }
}

}  // namespace

void Conclude(const std::vector<flags::FileChange>& changes, FlagFindings& findings) {
  const flags::Coverage& coverage = findings.coverage;
  for (const flags::FileChange& change : changes) {
    if (change.head) findings.sources[render::ValidUtf8(change.path)] = *change.head;
    v1::LintInput& input = findings.inputs.emplace_back();
    input.set_path(render::ValidUtf8(change.path));
    input.set_items(static_cast<int>(
        std::ranges::count(coverage.lines, change.path,
                           [](const flags::ChangedLine& line) { return line.place.path; })));
  }
  const int percent = coverage.nodes == 0 ? 100 : 100 * coverage.covered_nodes / coverage.nodes;
  findings.summary =
      absl::StrCat(coverage.covered_nodes, " of ", coverage.nodes,
                   " changed expressions and statements (", percent, " %) ",
                   coverage.nodes == 1 ? "runs" : "run", " only where ", findings.flag, " is on");
  findings.covered = coverage.AllCovered() && findings.unjudged.empty();
}

v1::LintReport ReportOf(const FlagFindings& findings) {
  v1::LintReport report;
  report.mutable_inputs()->Assign(findings.inputs.begin(), findings.inputs.end());
  AddUncovered(findings, report);
  AddUnjudged(findings, report);
  for (const flags::Place& place : findings.coverage.disabled) {
    Add(report, "flags.disables_live_code", v1::SEVERITY_WARN, place,
        absl::StrCat("`", place.code, "` ran for everyone before, and runs only where ",
                     findings.flag, " is on now"));
  }
  v1::Finding& summary = *report.add_findings();
  summary.set_rule("flags.coverage");
  summary.set_severity(v1::SEVERITY_INFO);
  summary.set_subject(findings.flag);
  summary.set_message(findings.summary);
  report.set_decision(findings.covered ? v1::DECISION_ALLOW : v1::DECISION_BLOCK);
  return report;
}

}  // namespace gate::ctl
