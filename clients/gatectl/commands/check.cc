// gatectl check: asks for a verdict on what is in the checkout, and waits while it is HOLD if told
// to.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "checks/render/words.h"
#include "clients/gatectl/collect.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/commands/question.h"
#include "clients/gatectl/progress.h"
#include "clients/gatectl/results.h"
#include "clients/gatectl/system_timer.h"
#include "clients/gatectl/wait.h"

namespace gate::ctl {
namespace {

struct CheckFlags {
  Question question;
  std::string wait, request_id;
};

// The words as a shell takes them.
std::string Quote(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyz"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789-_=./:@,+") == std::string::npos;
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string Resume(const Session& session) {
  std::vector<std::string> words;
  for (const std::string& word : session.command_line) words.push_back(Quote(word));
  return absl::StrJoin(words, " ");
}

Problem Interrupted(const Session& session, const WaitResult& result, absl::Duration waited) {
  Problem problem{"E1301", absl::StrCat("interrupted after ", render::Span(waited)), {}, "", "",
                  {}};
  if (result.verdict) {
    problem.causes.push_back(absl::StrCat("the last answer was ",
                                          std::string(render::Word(result.verdict->decision())),
                                          " (", result.verdict->name(), ")"));
  }
  problem.help.push_back("to go on waiting: " + Resume(session));
  return problem;
}

// Prints the verdict, and says what is left to say about waiting.
int Finish(const Session& session, const std::vector<OutputTarget>& targets,
           const Collected& collected, const WaitResult& result) {
  const v1::Verdict& verdict = *result.verdict;
  const int code = ExitCodeOf(verdict);
  const Or<bool> printed = PrintVerdict(session, targets, verdict, collected.sources, code);
  if (!printed) return session.Fail(printed.problem());
  if (code == kInternal) {
    return session.Fail(
        {"E0101",
         absl::StrCat("the gate's decision (", verdict.decision(), ") is not known"),
         {"it is not read as ALLOW"},
         "",
         verdict.request_id(),
         {"`gatectl version`: is it older than the gate?"}});
  }
  if (result.timed_out) session.Note("still HOLD when --wait was over");
  return session.End(code);
}

Or<absl::Duration> WaitLimit(const std::string& wait) {
  if (wait.empty()) return absl::ZeroDuration();
  if (const auto limit = ParseDuration(wait)) return *limit;
  return Problem{"E0201", absl::StrCat("--wait \"", wait, "\" is no duration"),
                 {},      "",
                 "",      {"write it like 30m or 1h30m"}};
}

int Ask(const Session& session, client::Client& client, const Collected& collected,
        const std::string& given_id, absl::Duration limit,
        const std::vector<OutputTarget>& targets) {
  const std::string request_id = given_id.empty() ? client::NewRequestId() : given_id;
  SystemTimer timer(*session.interrupts);
  const absl::Time start = timer.Now();
  WaitResult result;
  {
    Progress progress(
        render::Subject(collected.change), [&] { return session.err(); },
        [&](std::string_view text) { session.Say(text); });
    result = AskUntilDecided(
        [&](int question) {
          v1::EvaluateRequest request;
          request.set_request_id(RequestIdOf(request_id, question));
          *request.mutable_change() = collected.change;
          return client.Evaluate(std::move(request));
        },
        !given_id.empty(), limit, timer,
        [&](const WaitState& state) { progress.Show(state, timer.Now()); });
  }
  if (result.interrupted) return session.Fail(Interrupted(session, result, timer.Now() - start));
  if (result.error) return session.Fail(FromError(*result.error, "ask for a verdict"));
  return Finish(session, targets, collected, result);
}

int Run(const Session& session, const CheckFlags& flags) {
  const Or<absl::Duration> limit = WaitLimit(flags.wait);
  if (!limit) return session.Fail(limit.problem());
  const Or<std::vector<OutputTarget>> targets = session.Outputs();
  if (!targets) return session.Fail(targets.problem());
  const Or<Settings> settings = session.ReadSettings();
  if (!settings) return session.Fail(settings.problem());
  const Or<Collected> collected =
      Collect(flags.question, *settings, session.variables, session.folder);
  if (!collected) return session.Fail(collected.problem());
  for (const std::string& note : collected->notes) session.Note(note);
  if (const Or<bool> named = RequireNames(collected->change, "check"); !named) {
    return session.Fail(named.problem());
  }
  const auto client = session.Connect(*settings);
  if (!client) return session.Fail(client.problem());
  return Ask(session, **client, *collected, flags.request_id, *limit, *targets);
}

}  // namespace

void AddCheck(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("check", "May this change go out? Ask the gate");
  auto flags = std::make_shared<CheckFlags>();
  AddQuestion(command, flags->question);
  command
      .add_option("--wait", flags->wait,
                  "While it is HOLD wait and ask again, up to DURATION (30m)")
      ->type_name("[DURATION]");
  command.add_option(
      "--request-id", flags->request_id,
      "Idempotency key, up to 100 characters: a step of a pipeline that is run again "
      "with it gets the verdict that it got, as long as that is valid");
  command.callback(
      [&session, flags] { session.run = [&session, flags] { return Run(session, *flags); }; });
}

}  // namespace gate::ctl
