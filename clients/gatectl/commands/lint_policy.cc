// gatectl lint policy: every error of a policy file.
#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "checks/policy/access.h"
#include "checks/policy/policy.h"
#include "checks/render/escape.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/files.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

v1::Finding ToFinding(const FileIssue& issue) {
  v1::Finding finding;
  finding.set_rule("policy.invalid");
  finding.set_severity(v1::SEVERITY_BLOCK);
  finding.set_subject(render::ValidUtf8(issue.field));
  finding.set_message(render::ValidUtf8(issue.message));
  finding.mutable_location()->set_path(render::ValidUtf8(issue.path));
  finding.mutable_location()->set_line(issue.line);
  finding.mutable_location()->set_column(issue.column);
  return finding;
}

int Run(const Session& session, const std::vector<std::string>& paths) {
  const auto targets = session.Outputs();
  if (!targets) return session.Fail(targets.problem());
  v1::LintReport report;
  report.set_decision(v1::DECISION_ALLOW);
  render::Sources sources;
  for (const std::string& path : paths) {
    const Or<std::string> text = ReadFile(path);
    if (!text) return session.Fail(text.problem());
    sources[render::ValidUtf8(path)] = *text;
    v1::Policy policy;
    for (const FileIssue& issue : ParsePolicy(path, *text, policy)) {
      *report.add_findings() = ToFinding(issue);
      report.set_decision(v1::DECISION_BLOCK);
    }
    // Of a file with mistakes more would be noise. Without any access it is a policy of a server
    // that runs open.
    if (!policy.access().empty() && report.findings().empty()) {
      for (const std::string& warning : AccessWarnings(policy)) {
        session.Warn(absl::StrCat(path, ": ", warning));
      }
    }
    v1::LintInput& input = *report.add_inputs();
    input.set_path(render::ValidUtf8(path));
    input.set_items(policy.rules_size());
  }
  const int code = ExitCodeOf(report);
  const Or<bool> printed = PrintReport(session, *targets, report, sources, code);
  if (!printed) return session.Fail(printed.problem());
  return session.End(code);
}

}  // namespace

void AddLintPolicy(CLI::App& lint, Session& session) {
  CLI::App& command = *lint.add_subcommand("policy", "Policy files, as the gate reads them");
  auto paths = std::make_shared<std::vector<std::string>>();
  command.add_option("PATH", *paths, "Files (- is standard input)")->required();
  command.callback(
      [&session, paths] { session.run = [&session, paths] { return Run(session, *paths); }; });
}

}  // namespace gate::ctl
