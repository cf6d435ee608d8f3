// gatectl explain: what a rule or an error means, offline; why a verdict came out as it did.
#include <CLI/CLI.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checks/hold/rules.h"
#include "checks/offline_rules.h"
#include "checks/policy/suggest.h"
#include "checks/registry.h"
#include "checks/render/paint.h"
#include "checks/render/words.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

using render::Paint;
using render::Style;
using render::Wrap;

std::string Heading(std::string_view text, const Terminal& terminal) {
  return absl::StrCat("\n", Paint(text, Style::kBold, terminal.color), "\n");
}

std::string Explain(const RuleDoc& rule, const Terminal& terminal) {
  std::string text = absl::StrCat(Paint(rule.id, Style::kBold, terminal.color), ": ",
                                  std::string(rule.summary), "\n");
  if (!rule.why.empty()) {
    text += Heading("Why", terminal) + Wrap(rule.why, 2, terminal.width);
  }
  if (!rule.instead.empty()) text += Heading("Instead", terminal) + Wrap(rule.instead, 2, 0);
  // What no check of a policy says has no exemptions there.
  if (FindCheck(rule.id.substr(0, rule.id.find('.'))) == nullptr) return text;
  if (!hold::MayBeExempted(rule.id)) return text;
  text += Heading("To accept it once", terminal);
  text += "  exemptions:    # of the check in the policy; it names who answers for it, and ends\n";
  absl::StrAppend(&text, "    - {rule: ", std::string(rule.id),
                  ", subject: \"…\", reason: \"…\", owner: \"…\", expires_at: \"…\"}\n");
  return text;
}

std::string Explain(const Check& check, const Terminal& terminal) {
  std::string text = absl::StrCat(Paint(check.id, Style::kBold, terminal.color), ": ",
                                  std::string(check.summary), "\n");
  if (!check.rules().empty()) text += Heading("Rules", terminal);
  size_t width = 0;
  for (const RuleDoc& rule : check.rules()) width = std::max(width, rule.id.size());
  for (const RuleDoc& rule : check.rules()) {
    absl::StrAppend(&text, "  ", render::PadRight(rule.id, static_cast<int>(width) + 2),
                    std::string(rule.summary), "\n");
  }
  return text;
}

std::string Explain(const ProblemDoc& problem, const Terminal& terminal) {
  return absl::StrCat(
      Paint(problem.id, Style::kBold, terminal.color), ": ", std::string(problem.summary), "\n\n",
      Wrap(problem.explanation, 2, terminal.width), "\n  Exit code ",
      static_cast<int>(problem.exit_code), ": ", std::string(Meaning(problem.exit_code)), "\n");
}

// Evidence and other marks of a verdict that its table leaves out.
std::string Evidence(const v1::Verdict& verdict, const Terminal& terminal) {
  if (verdict.observations().empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const v1::ObservationRef& seen : verdict.observations()) {
    rows.push_back({seen.id(), seen.source(),
                    seen.has_absence() ? absl::StrCat("no value: ", seen.absence().detail())
                                       : seen.evidence()});
  }
  return Heading("What was looked at", terminal) +
         Columns({"OBSERVATION", "SOURCE", "EVIDENCE"}, rows, terminal);
}

int ExplainVerdict(const Session& session, const std::string& name) {
  const auto targets = session.Outputs();
  if (!targets) return session.Fail(targets.problem());
  const auto client = session.Connect();
  if (!client) return session.Fail(client.problem());
  const auto verdict = (*client)->GetVerdict(VerdictName(name));
  if (!verdict) return session.Fail(FromError(verdict.error(), "get " + VerdictName(name)));
  const Or<bool> printed = PrintVerdict(session, *targets, *verdict, {}, ExitCodeOf(*verdict));
  if (!printed) return session.Fail(printed.problem());
  if (targets->back().format == &render::kTableFormat) {
    const Or<bool> more = Print(Evidence(*verdict, session.out()));
    if (!more) return session.Fail(more.problem());
  }
  return kAllow;
}

std::vector<std::string_view> KnownNames() {
  std::vector<std::string_view> names;
  for (const Check* check : AllChecks()) {
    names.push_back(check->id);
    for (const RuleDoc& rule : check->rules()) names.push_back(rule.id);
  }
  for (const RuleDoc& rule : OfflineRules()) names.push_back(rule.id);
  for (const ProblemDoc& problem : AllProblems()) names.push_back(problem.id);
  return names;
}

int Run(const Session& session, const std::string& name) {
  const Terminal terminal = session.out();
  std::string text;
  if (const RuleDoc* rule = FindRule(name)) {
    text = Explain(*rule, terminal);
  } else if (const Check* check = FindCheck(name)) {
    text = Explain(*check, terminal);
  } else if (const ProblemDoc* problem = FindProblem(name)) {
    text = Explain(*problem, terminal);
  } else if (absl::StartsWith(name, "verdicts/") || (name.size() == 26 && name[0] <= '9')) {
    return ExplainVerdict(session, name);
  } else {
    return session.Fail(
        {"E0501",
         absl::StrCat("nothing is called ", Quoted(name), DidYouMean(name, KnownNames())),
         {},
         "",
         "",
         {"name a rule (migration.drop_column), a check (freeze), an error (E0301) or a "
          "verdict (verdicts/…)"}});
  }
  const Or<bool> printed = Print(text);
  return printed ? kAllow : session.Fail(printed.problem());
}

}  // namespace

void AddExplain(CLI::App& root, Session& session) {
  CLI::App& command =
      *root.add_subcommand("explain", "What a rule means, or why a verdict came out so");
  auto name = std::make_shared<std::string>();
  command.add_option("NAME", *name, "A rule, a check, an error or a verdict")->required();
  command.callback(
      [&session, name] { session.run = [&session, name] { return Run(session, *name); }; });
}

}  // namespace gate::ctl
