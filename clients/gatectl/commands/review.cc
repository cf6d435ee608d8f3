// gatectl review: the sheet for the deployment meeting. Asks for a verdict, which is then on
// record, and shows it ticket by ticket.
#include "checks/render/review.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/clock.h"
#include "clients/gatectl/collect.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/commands/question.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

struct ReviewFlags {
  Question question;
  std::string verdict;
};

Or<bool> Show(const Session& session, const std::vector<OutputTarget>& targets,
              const v1::Verdict& verdict) {
  return WriteOutputs(targets, session.out(), absl::Now(), nullptr,
                      [&](const render::Format& format, const render::Options& options) {
                        if (&format == &render::kTableFormat) {
                          return render::ReviewTable(verdict, options);
                        }
                        if (&format == &render::kMarkdownFormat) {
                          return render::ReviewMarkdown(verdict);
                        }
                        return format.verdict(verdict, options);
                      });
}

// The verdict that was named, or a new one.
Or<v1::Verdict> Ask(const Session& session, const ReviewFlags& flags) {
  if (!flags.verdict.empty()) {
    const auto client = session.Connect();
    if (!client) return client.problem();
    const auto verdict = (*client)->GetVerdict(VerdictName(flags.verdict));
    if (!verdict) return FromError(verdict.error(), "get " + VerdictName(flags.verdict));
    return *verdict;
  }
  const Or<Settings> settings = session.ReadSettings();
  if (!settings) return settings.problem();
  const Or<Collected> collected =
      Collect(flags.question, *settings, session.variables, session.folder);
  if (!collected) return collected.problem();
  for (const std::string& note : collected->notes) session.Note(note);
  if (const Or<bool> named = RequireNames(collected->change, "review"); !named) {
    return named.problem();
  }
  const auto client = session.Connect(*settings);
  if (!client) return client.problem();
  v1::EvaluateRequest request;
  *request.mutable_change() = collected->change;
  const auto verdict = (*client)->Evaluate(std::move(request));
  if (!verdict) return FromError(verdict.error(), "ask for a verdict");
  return *verdict;
}

int Run(const Session& session, const ReviewFlags& flags) {
  const Or<std::vector<OutputTarget>> targets = session.Outputs();
  if (!targets) return session.Fail(targets.problem());
  const Or<v1::Verdict> verdict = Ask(session, flags);
  if (!verdict) return session.Fail(verdict.problem());
  const Or<bool> shown = Show(session, *targets, *verdict);
  return shown ? ExitCodeOf(*verdict) : session.Fail(shown.problem());
}

}  // namespace

void AddReview(CLI::App& root, Session& session) {
  CLI::App& command =
      *root.add_subcommand("review", "The release ticket by ticket, for the deployment meeting");
  auto flags = std::make_shared<ReviewFlags>();
  AddQuestion(command, flags->question);
  command.add_option("--verdict", flags->verdict, "Show a verdict on record instead of a new one");
  command.callback(
      [&session, flags] { session.run = [&session, flags] { return Run(session, *flags); }; });
}

}  // namespace gate::ctl
