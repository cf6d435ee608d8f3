// gatectl lint flags: is all that a change does behind a flag? The change is base..head of a
// repository, what a ticket has of that, or a patch.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checks/flags/coverage.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/flag_findings.h"
#include "clients/gatectl/flag_settings.h"
#include "clients/gatectl/git.h"
#include "clients/gatectl/patch.h"
#include "clients/gatectl/results.h"
#include "clients/gatectl/revision.h"
#include "clients/gatectl/ticket_release.h"

namespace gate::ctl {
namespace {

constexpr size_t kNamedLinks = 3;

struct Options {
  std::string repository, base, head;
  std::string patch, tree;
  std::string flag, ticket;
  std::vector<std::string> wrappers;
  std::string policy, rule;
};

Problem Usage(std::string title, std::vector<std::string> help) {
  return {"E0201", std::move(title), {}, "", "", std::move(help)};
}

// Whether what was given goes together.
Or<bool> Check(const Options& options) {
  if (!options.rule.empty() && options.policy.empty()) {
    return Usage("--rule is a rule of a policy, and none is given", {"--policy FILE"});
  }
  if (options.patch.empty() && options.tree.empty()) {
    for (const auto& [value, name] :
         {std::pair(&options.base, "--base"), std::pair(&options.head, "--head")}) {
      if (!value->empty()) continue;
      return Usage(absl::StrCat(name, " is missing"),
                   {"a change is --base REV --head REV of a repository, or --patch FILE --tree "
                    "DIR without one"});
    }
    if (!options.flag.empty() || !options.ticket.empty()) return true;
    return Usage("--flag is missing",
                 {"--flag NAME, as code names it",
                  "with --ticket KEY it is the one that a trailer \"Feature-Flag: NAME\" of the "
                  "ticket's commits names"});
  }
  if (options.patch.empty() || options.tree.empty()) {
    return Usage(absl::StrCat(options.patch.empty() ? "--patch" : "--tree", " is missing"),
                 {"--patch FILE --tree DIR: a patch, and the folder with all files as they are "
                  "after it"});
  }
  for (const auto& [value, name] :
       {std::pair(&options.repository, "--repo"), std::pair(&options.base, "--base"),
        std::pair(&options.head, "--head"), std::pair(&options.ticket, "--ticket")}) {
    if (value->empty()) continue;
    return Usage(absl::StrCat(name, " does not go with --patch"),
                 {"a patch has neither revisions nor commits that name tickets"});
  }
  if (!options.flag.empty()) return true;
  return Usage("--flag is missing", {"--flag NAME, as code names it"});
}

Or<FlagSettings> SettingsOf(const Options& options) {
  FlagSettings settings;
  if (!options.policy.empty()) {
    Or<FlagSettings> read = ReadFlagSettings(options.policy, options.rule);
    if (!read) return read.problem();
    settings = *std::move(read);
  }
  for (const std::string& text : options.wrappers) {
    Or<v1::FlagWrapper> wrapper = ParseWrapper(text);
    if (!wrapper) return wrapper.problem();
    settings.wrappers.push_back(*std::move(wrapper));
  }
  return settings;
}

// Whether it is its text, or where that lies, that has changed.
bool IsRead(const GitMove& move) {
  return move.is_text && (move.before_id != move.after_id || move.before != move.after);
}

// Both texts of each file that differs.
Or<std::vector<flags::FileChange>> Read(const Git& git, const std::string& base,
                                        const std::string& head,
                                        std::vector<FlagFindings::Unjudged>& unjudged) {
  const Or<std::vector<GitMove>> moves = git.Moves(base, head);
  if (!moves) return moves.problem();
  std::vector<GitFile> files;
  for (const GitMove& move : *moves) {
    if (!IsRead(move)) continue;
    if (!move.before.empty()) files.push_back({move.before, move.before_id});
    if (!move.after.empty()) files.push_back({move.after, move.after_id});
  }
  Or<std::vector<std::string>> texts = ReadCode(git, files);
  if (!texts) return texts.problem();
  std::vector<flags::FileChange> changes;
  size_t next = 0;
  for (const GitMove& move : *moves) {
    const std::string& path = move.after.empty() ? move.before : move.after;
    if (!move.is_text) unjudged.push_back({path, kNotText});
    if (move.mode_changed) unjudged.push_back({path, kModeChanged});
    if (!IsRead(move)) continue;
    flags::FileChange& change = changes.emplace_back();
    change.path = path;
    if (!move.before.empty() && move.before != change.path) change.base_path = move.before;
    if (!move.before.empty()) change.base = std::move((*texts)[next++]);
    if (!move.after.empty()) change.head = std::move((*texts)[next++]);
  }
  return changes;
}

Or<FlagFindings> JudgeRange(const Git& git, const std::string& base, const std::string& head,
                            const std::string& flag, const FlagSettings& settings) {
  FlagFindings findings;
  findings.flag = flag;
  const Or<std::vector<flags::FileChange>> changes = Read(git, base, head, findings.unjudged);
  if (!changes) return changes.problem();
  const Revision revision(git, head);
  findings.coverage = flags::Cover(*changes, revision, QuestionOf(flag, settings));
  if (revision.problem()) return *revision.problem();
  Conclude(*changes, findings);
  return findings;
}

Or<FlagFindings> JudgeRepository(const Options& options, const FlagSettings& settings) {
  const std::string folder = options.repository.empty() ? "." : options.repository;
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return Problem{"E0202",
                   absl::StrCat("cannot read ", folder),
                   {error ? error.message() : "it is no folder"},
                   "",
                   "",
                   {}};
  }
  const Or<Git> git = Git::Open(folder);
  if (!git) {
    Problem problem = git.problem();
    // How to make git trust the folder stays.
    if (absl::StrContains(problem.help[0], "safe.directory")) return problem;
    problem.help = {"--repo DIR: a git repository, or a folder in one",
                    "without one: --patch FILE --tree DIR"};
    return problem;
  }
  const Or<std::string> base = git->Resolve(options.base), head = git->Resolve(options.head);
  if (!base) return base.problem();
  if (!head) return head.problem();
  if (options.ticket.empty()) return JudgeRange(*git, *base, *head, options.flag, settings);
  return JudgeTicket(*git, *base, *head, options.ticket, options.flag, settings);
}

Or<FlagFindings> JudgePatch(const Session& session, const Options& options,
                            const FlagSettings& settings) {
  const Or<Folder> folder = Folder::Open(options.tree);
  if (!folder) return folder.problem();
  FlagFindings findings;
  findings.flag = options.flag;
  const Or<std::vector<flags::FileChange>> changes =
      ReadChanges(options.patch, *folder, findings.unjudged);
  if (!changes) return changes.problem();
  findings.coverage = flags::Cover(*changes, *folder, QuestionOf(options.flag, settings));
  if (folder->problem()) return *folder->problem();
  const std::vector<std::string>& links = folder->ways_out();
  for (size_t i = 0; i < std::min(links.size(), kNamedLinks); ++i) {
    session.Note(absl::StrCat(links[i], " is a link that leads out of ", options.tree,
                              ": whatever is there may call what has changed"));
  }
  if (links.size() > kNamedLinks) {
    session.Note(absl::StrCat("and ", links.size() - kNamedLinks, " more such links"));
  }
  Conclude(*changes, findings);
  return findings;
}

int Run(const Session& session, const Options& options) {
  const auto targets = session.Outputs();
  if (!targets) return session.Fail(targets.problem());
  if (const Or<bool> good = Check(options); !good) return session.Fail(good.problem());
  const Or<FlagSettings> settings = SettingsOf(options);
  if (!settings) return session.Fail(settings.problem());
  const Or<FlagFindings> findings = options.patch.empty() ? JudgeRepository(options, *settings)
                                                          : JudgePatch(session, options, *settings);
  if (!findings) return session.Fail(findings.problem());
  const v1::LintReport report = ReportOf(*findings);
  const int code = ExitCodeOf(report);
  const Or<bool> printed = PrintReport(session, *targets, report, findings->sources, code);
  if (!printed) return session.Fail(printed.problem());
  return session.End(code);
}

}  // namespace

void AddLintFlags(CLI::App& lint, Session& session) {
  CLI::App& command =
      *lint.add_subcommand("flags", "Whether all that a change does is behind a feature flag");
  auto options = std::make_shared<Options>();
  command.add_option("--repo", options->repository, "Git repository, bare ones too (.)")
      ->type_name("DIR");
  command.add_option("--base", options->base, "What runs in production")->type_name("REV");
  command.add_option("--head", options->head, "What is to go out")->type_name("REV");
  command
      .add_option("--patch", options->patch,
                  "Without a repository: the change as `git diff` prints it (- is standard input)")
      ->type_name("FILE");
  command.add_option("--tree", options->tree, "With --patch: all files as they are after it")
      ->type_name("DIR");
  command.add_option("--flag", options->flag, "The flag, as code names it")->type_name("NAME");
  command
      .add_option("--ticket", options->ticket,
                  "Only what belongs to this ticket, told apart as the gate does; its flag is "
                  "--flag, or what a trailer Feature-Flag of its commits names")
      ->type_name("KEY");
  command
      .add_option("--wrapper", options->wrappers,
                  "A function of your own that asks for flags, and which argument names the flag, "
                  "from 0 (`-`: read without a call). May be repeated")
      ->type_name("FUNCTION:ARGUMENT");
  command
      .add_option("--policy,--config", options->policy,
                  "The gate's policy: flag_wrappers and ticket_patterns of its qa check count "
                  "(behind `lint flags` --config is this, and not gatectl's configuration)")
      ->type_name("FILE");
  command.add_option("--rule", options->rule, "The policy's rule, where several have a qa check")
      ->type_name("NAME");
  // `--ticket "$TICKET"` of a pipeline that has none is a mistake.
  const CLI::Validator given(
      [](std::string& value) { return value.empty() ? std::string("is empty") : ""; }, "");
  for (CLI::Option* option : command.get_options()) {
    if (option->nonpositional() && option->get_items_expected_max() > 0) option->check(given);
  }
  command.callback([&session, options] {
    session.run = [&session, options] { return Run(session, *options); };
  });
}

}  // namespace gate::ctl
