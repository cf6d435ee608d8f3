// gatectl lint flags: is all that a change does behind a flag?
#include <CLI/CLI.hpp>
#include <charconv>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/flags/coverage.h"
#include "checks/flags/stretches.h"
#include "checks/render/escape.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/git.h"
#include "clients/gatectl/results.h"
#include "clients/gatectl/revision.h"

namespace gate::ctl {
namespace {

struct Options {
  std::string repository = ".";
  std::string base, head, flag;
  std::vector<std::string> wrappers;
};

// FUNCTION:ARGUMENT, "-" as an argument for what is read without a call.
Or<flags::Wrapper> ParseWrapper(const std::string& text) {
  const size_t colon = text.rfind(':');
  flags::Wrapper wrapper;
  wrapper.function = text.substr(0, colon);
  const std::string argument = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (argument == "-") {
    wrapper.argument = flags::Wrapper::kProperty;
    return wrapper;
  }
  const auto [end, error] =
      std::from_chars(argument.data(), argument.data() + argument.size(), wrapper.argument);
  if (wrapper.function.empty() || argument.empty() || error != std::errc() ||
      end != argument.data() + argument.size() || wrapper.argument < 0) {
    return Problem{"E0201",
                   absl::StrCat("--wrapper ", text, " is not FUNCTION:ARGUMENT"),
                   {},
                   "",
                   "",
                   {"--wrapper isEnabled:0 where its first argument names the flag",
                    "--wrapper flags.tasksV2:- where it is read without a call"}};
  }
  return wrapper;
}

// Both texts of each file that differs.
Or<std::vector<flags::FileChange>> Read(const Git& git, const std::string& base,
                                        const std::string& head, std::vector<std::string>& unread) {
  const Or<std::vector<GitMove>> moves = git.Moves(base, head);
  if (!moves) return moves.problem();
  std::vector<GitFile> files;
  for (const GitMove& move : *moves) {
    if (move.is_text && !move.before.empty()) files.push_back({move.before, move.before_id});
    if (move.is_text && !move.after.empty()) files.push_back({move.after, move.after_id});
  }
  Or<std::vector<std::string>> texts = ReadCode(git, files);
  if (!texts) return texts.problem();
  std::vector<flags::FileChange> changes;
  size_t next = 0;
  for (const GitMove& move : *moves) {
    if (!move.is_text) {
      unread.push_back(move.after.empty() ? move.before : move.after);
      continue;
    }
    flags::FileChange& change = changes.emplace_back();
    change.path = move.after.empty() ? move.before : move.after;
    if (!move.before.empty() && move.before != change.path) change.base_path = move.before;
    if (!move.before.empty()) change.base = std::move((*texts)[next++]);
    if (!move.after.empty()) change.head = std::move((*texts)[next++]);
  }
  return changes;
}

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

v1::LintReport Report(const flags::Coverage& coverage, const Options& options,
                      const std::vector<std::string>& unread) {
  v1::LintReport report;
  for (const flags::Stretch& stretch : flags::UncoveredStretches(coverage)) {
    const flags::ChangedLine& line = *stretch.first;
    const bool unknown = line.state == flags::ChangedLine::State::kUnknown;
    v1::Finding& finding = Add(report, unknown ? "flags.unknown" : "flags.uncovered",
                               v1::SEVERITY_BLOCK, line.place, Sentence(stretch, options.flag));
    AddWayTo(line, finding);
    if (stretch.end_line > line.place.line) {
      finding.mutable_location()->set_end_line(stretch.end_line);
    }
    finding.add_effects(unknown ? v1::EFFECT_UNPROVEN : v1::EFFECT_BREAKS_NEW_VERSION);
    finding.set_instead(
        absl::StrCat("Put it behind a check of ", options.flag,
                     ", get it tested as if it were live, or take it out of this release."));
  }
  for (const std::string& path : unread) {
    Add(report, "flags.unknown", v1::SEVERITY_BLOCK, {path, 1, ""},
        "a submodule or a symbolic link has changed, and what is behind it is not read")
        .add_effects(v1::EFFECT_UNPROVEN);
  }
  for (const flags::Place& place : coverage.disabled) {
    Add(report, "flags.disables_live_code", v1::SEVERITY_WARN, place,
        absl::StrCat("`", place.code, "` ran for everyone before, and runs only where ",
                     options.flag, " is on now"));
  }
  const int percent = coverage.nodes == 0 ? 100 : 100 * coverage.covered_nodes / coverage.nodes;
  v1::Finding& summary = *report.add_findings();
  summary.set_rule("flags.coverage");
  summary.set_severity(v1::SEVERITY_INFO);
  summary.set_subject(options.flag);
  summary.set_message(absl::StrCat(coverage.covered_nodes, " of ", coverage.nodes,
                                   " changed expressions and statements (", percent, " %) ",
                                   coverage.nodes == 1 ? "runs" : "run", " only where ",
                                   options.flag, " is on"));
  const bool all = coverage.AllCovered() && unread.empty();
  report.set_decision(all ? v1::DECISION_ALLOW : v1::DECISION_BLOCK);
  return report;
}

int Run(const Session& session, const Options& options) {
  const auto targets = session.Outputs();
  if (!targets) return session.Fail(targets.problem());
  flags::FlagQuestion question;
  question.flag = options.flag;
  for (const std::string& text : options.wrappers) {
    Or<flags::Wrapper> wrapper = ParseWrapper(text);
    if (!wrapper) return session.Fail(wrapper.problem());
    question.wrappers.push_back(*std::move(wrapper));
  }
  const Or<Git> git = Git::Open(options.repository);
  if (!git) return session.Fail(git.problem());
  const Or<std::string> base = git->Resolve(options.base), head = git->Resolve(options.head);
  if (!base) return session.Fail(base.problem());
  if (!head) return session.Fail(head.problem());
  std::vector<std::string> unread;
  const Or<std::vector<flags::FileChange>> changes = Read(*git, *base, *head, unread);
  if (!changes) return session.Fail(changes.problem());

  const Revision revision(*git, *head);
  const flags::Coverage coverage = flags::Cover(*changes, revision, question);
  if (revision.problem()) return session.Fail(*revision.problem());
  v1::LintReport report = Report(coverage, options, unread);
  render::Sources sources;
  for (const flags::FileChange& change : *changes) {
    if (change.head) sources[render::ValidUtf8(change.path)] = *change.head;
    v1::LintInput& input = *report.add_inputs();
    input.set_path(render::ValidUtf8(change.path));
    input.set_items(static_cast<int>(
        std::ranges::count(coverage.lines, change.path,
                           [](const flags::ChangedLine& line) { return line.place.path; })));
  }
  const int code = ExitCodeOf(report);
  const Or<bool> printed = PrintReport(session, *targets, report, sources, code);
  if (!printed) return session.Fail(printed.problem());
  return session.End(code);
}

}  // namespace

void AddLintFlags(CLI::App& lint, Session& session) {
  CLI::App& command =
      *lint.add_subcommand("flags", "Whether all that a change does is behind a feature flag");
  auto options = std::make_shared<Options>();
  command.add_option("--repo", options->repository, "Git repository, bare ones too")
      ->type_name("DIR");
  command.add_option("--base", options->base, "What runs in production")
      ->type_name("REV")
      ->required();
  command.add_option("--head", options->head, "What is to go out")->type_name("REV")->required();
  command.add_option("--flag", options->flag, "The flag, as code names it")
      ->type_name("NAME")
      ->required();
  command
      .add_option("--wrapper", options->wrappers,
                  "A function of your own that asks for flags, and which argument names the flag, "
                  "from 0 (`-`: read without a call). May be repeated")
      ->type_name("FUNCTION:ARGUMENT");
  command.callback([&session, options] {
    session.run = [&session, options] { return Run(session, *options); };
  });
}

}  // namespace gate::ctl
