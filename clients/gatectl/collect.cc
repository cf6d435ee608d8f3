#include "clients/gatectl/collect.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "checks/policy/suggest.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "clients/gatectl/ci.h"
#include "clients/gatectl/files.h"
#include "clients/gatectl/migrations.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

using config::v1::Project;
using config::v1::ProjectEnvironment;

Problem Usage(std::string title, std::vector<std::string> help) {
  return {"E0201", std::move(title), {}, "", "", std::move(help)};
}

const ProjectEnvironment* FindEnvironment(const Project& project, const std::string& name) {
  for (const ProjectEnvironment& environment : project.environments()) {
    if (environment.name() == name) return &environment;
  }
  return nullptr;
}

// A moment: a time, or for how long it has been so.
Or<absl::Time> ParseSince(const std::string& option, const std::string& text) {
  if (const auto ago = ParseDuration(text)) {
    return absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now() - *ago));
  }
  Or<absl::Time> time = ParseTime(option, text);
  if (time) return time;
  Problem problem = time.problem();
  problem.causes.clear();
  problem.help.push_back("or 25m, for so long ago");
  return problem;
}

// When the canary began, its share of the traffic, and since when it has that.
Or<bool> ApplyCanary(const Question& question, v1::Change& change) {
  if (!question.canary_since.empty()) {
    const Or<absl::Time> since = ParseSince("--canary-since", question.canary_since);
    if (!since) return since.problem();
    *change.mutable_canary()->mutable_started_at() = ToProto(*since);
  }
  if (!question.canary_share_since.empty()) {
    const Or<absl::Time> since = ParseSince("--canary-share-since", question.canary_share_since);
    if (!since) return since.problem();
    *change.mutable_canary()->mutable_share_since() = ToProto(*since);
  }
  if (question.canary_share.empty()) return true;
  const std::optional<double> share = ParseShare(question.canary_share);
  if (!share || !(*share > 0 && *share <= 1)) {
    return Usage(absl::StrCat("--canary-share ", Quoted(question.canary_share),
                              " is no share of the traffic"),
                 {"write it like 5% or 0.05"});
  }
  change.mutable_canary()->set_share(*share);
  return true;
}

// Fields that were given, over those that are there.
Or<bool> Apply(const Question& question, v1::Change& change) {
  const auto set = [](const std::string& value, std::string* field) {
    if (!value.empty()) *field = render::ValidUtf8(value);
  };
  set(question.service, change.mutable_service());
  set(question.environment, change.mutable_environment());
  set(question.version, change.mutable_version());
  set(question.artifact_digest, change.mutable_artifact_digest());
  set(question.author, change.mutable_author());
  set(question.summary, change.mutable_summary());
  for (const std::string& ticket : question.tickets) {
    const size_t equals = ticket.find('=');
    change.add_tickets(ticket.substr(0, equals));
    if (equals == std::string::npos) continue;
    if (equals == 0 || equals + 1 == ticket.size()) {
      return Usage(absl::StrCat("--ticket ", ticket, " is not KEY or KEY=FLAG"), {});
    }
    v1::Ticket& details = *change.add_ticket_details();
    details.set_key(ticket.substr(0, equals));
    details.set_flag(ticket.substr(equals + 1));
  }
  for (const std::string& label : question.labels) {
    const size_t equals = label.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Usage(absl::StrCat("--label ", label, " is not KEY=VALUE"), {});
    }
    (*change.mutable_labels())[label.substr(0, equals)] = label.substr(equals + 1);
  }
  if (!question.kind.empty()) {
    change.set_kind(ParseKind(question.kind));
    if (change.kind() == v1::CHANGE_KIND_UNSPECIFIED) {
      const std::vector<std::string> words = KindWords();
      const std::vector<std::string_view> known(words.begin(), words.end());
      return Usage(absl::StrCat("there is no kind ", Quoted(question.kind),
                                DidYouMean(question.kind, known)),
                   {"--kind takes code, hotfix, migration, traffic-shift, flag-flip or config"});
    }
  } else if (change.kind() == v1::CHANGE_KIND_UNSPECIFIED) {
    change.set_kind(question.shift.Given() ? v1::CHANGE_KIND_TRAFFIC_SHIFT : v1::CHANGE_KIND_CODE);
  }
  if (const Or<bool> canary = ApplyCanary(question, change); !canary) return canary.problem();
  return question.shift.Given() ? ApplyShift(question.shift, *change.mutable_traffic_shift())
                                : true;
}

// The program that tells what is deployed, and what it said.
Or<std::string> RunDeployedCommand(const Git& git, const std::string& command) {
  const ProcessResult result = RunProcess({"/bin/sh", "-c", command}, git.root(), "");
  const std::string revision(absl::StripAsciiWhitespace(result.out));
  if (result.started && result.exit_code == 0 && !revision.empty()) return revision;
  return Problem{
      "E0205",
      "the command that tells the deployed revision failed",
      {absl::StrCat("deployed_revision_command: ", command),
       revision.empty() && result.exit_code == 0 ? "it printed nothing" : result.Failure()},
      "",
      "",
      {"pass --base REV, or --first-deployment where nothing runs there yet"}};
}

// The revision that runs in the environment, and who says so. Never a guess.
Or<std::pair<std::string, std::string>> DeployedRevision(const Question& question,
                                                         const Project& project,
                                                         const Variables& variables, const Git& git,
                                                         const std::string& head) {
  using Named = std::pair<std::string, std::string>;
  const auto named = [](const Or<std::string>& revision, std::string who) -> Or<Named> {
    if (!revision) return revision.problem();
    return Named(*revision, std::move(who));
  };
  if (!question.base.empty()) return Named(question.base, "--base");
  const std::string from_variable(Get(variables, "GATE_BASE"));
  if (!from_variable.empty()) return Named(from_variable, "GATE_BASE");
  const ProjectEnvironment* environment = FindEnvironment(project, question.environment);
  if (environment != nullptr && environment->has_deployed_revision_command()) {
    return named(RunDeployedCommand(git, environment->deployed_revision_command()),
                 "deployed_revision_command");
  }
  if (environment != nullptr && environment->has_deployed_tag()) {
    const Or<std::string> tag = git.NewestTag(environment->deployed_tag(), head);
    if (!tag || !tag->empty()) return named(tag, "deployed_tag");
    return Problem{
        "E0205",
        absl::StrCat("no tag ", environment->deployed_tag(), " is in this checkout"),
        {},
        "",
        "",
        {"git fetch --tags --unshallow", "--first-deployment where nothing runs there yet"}};
  }
  if (environment != nullptr && environment->has_deployed_merge_base()) {
    return named(git.MergeBase(environment->deployed_merge_base(), head), "deployed_merge_base");
  }
  return Problem{
      "E0205",
      absl::StrCat("which revision runs in ", question.environment, " is not known"),
      {},
      "",
      "",
      {"pass --base REV or set GATE_BASE, or --first-deployment where nothing runs there yet",
       absl::StrCat("or add to .gate.yaml:\n  environments:\n    - name: ", question.environment,
                    "\n      deployed_tag: \"", question.environment, "-*\"")}};
}

Or<bool> AddCommits(const Git& git, const Project& project, Collected& collected) {
  v1::Change& change = collected.change;
  const Or<std::vector<GitCommit>> log = git.Log(change.base_revision(), change.head_revision());
  if (!log) return log.problem();
  const std::vector<std::string> patterns(project.ticket_patterns().begin(),
                                          project.ticket_patterns().end());
  for (const GitCommit& entry : *log) {
    v1::Commit& commit = *change.add_commits();
    commit.set_revision(entry.revision);
    commit.set_author(render::ValidUtf8(entry.author));
    commit.set_summary(render::ValidUtf8(entry.summary));
    const Or<std::vector<std::string>> tickets =
        FindTickets(absl::StrCat(entry.summary, "\n", entry.body), patterns);
    if (!tickets) return tickets.problem();
    for (const std::string& ticket : *tickets) {
      commit.add_tickets(ticket);
      const auto& known = change.tickets();
      if (std::find(known.begin(), known.end(), ticket) == known.end()) change.add_tickets(ticket);
    }
  }
  return true;
}

Or<bool> AddRevisions(const Question& question, const Project& project, const Variables& variables,
                      const Git& git, Collected& collected) {
  v1::Change& change = collected.change;
  const Or<std::string> head = git.Resolve(question.head.empty() ? "HEAD" : question.head);
  if (!head) return head.problem();
  change.set_head_revision(*head);
  if (question.first_deployment) return true;
  const auto deployed = DeployedRevision(question, project, variables, git, *head);
  if (!deployed) return deployed.problem();
  const Or<std::string> base = git.Resolve(deployed->first);
  if (!base) {
    Problem problem = base.problem();
    problem.causes.push_back(absl::StrCat("named by ", deployed->second));
    return problem;
  }
  change.set_base_revision(*base);
  if (*base != *head && !git.IsAncestor(*base, *head)) {
    collected.notes.push_back(absl::StrCat("the deployed revision ", base->substr(0, 12),
                                           " is not an ancestor of ", head->substr(0, 12),
                                           ": some of what runs now is taken back"));
  }
  return true;
}

// What .gate.yaml says of the whole repository, and CI of the run.
Or<bool> AddContext(const Question& question, const Project& project, const CiRun& ci,
                    v1::Change& change) {
  if (!project.service().empty() && !question.service.empty() &&
      project.service() != question.service) {
    return Problem{
        "E0201",
        absl::StrCat("this checkout is of ", project.service(), ", not of ", question.service),
        {".gate.yaml says so, and what has changed is read from the checkout"},
        "",
        "",
        {absl::StrCat("run it in the checkout of ", question.service,
                      ", or say what changes with --change FILE")}};
  }
  change.set_service(project.service());
  change.set_repository(project.repository().empty() ? ci.repository : project.repository());
  change.set_author(render::ValidUtf8(ci.author));
  for (const auto& [key, value] : project.labels()) (*change.mutable_labels())[key] = value;
  return true;
}

Or<Collected> FromFile(const Question& question) {
  Collected collected;
  const Or<std::string> text = ReadFile(question.change_file);
  if (!text) return text.problem();
  if (const Or<bool> parsed = ParseFile(question.change_file, *text, collected.change); !parsed) {
    return parsed.problem();
  }
  if (const Or<bool> applied = Apply(question, collected.change); !applied) {
    return applied.problem();
  }
  for (const v1::MigrationFile& file : collected.change.schema_change().files()) {
    collected.sources[file.path()] = file.sql();
  }
  return collected;
}

Or<bool> FromCheckout(const Question& question, const Settings& settings,
                      const Variables& variables, const std::string& folder, Collected& collected) {
  const Or<Git> git = Git::Open(folder);
  if (!git) return git.problem();
  v1::Change& change = collected.change;
  if (const Or<bool> added = AddRevisions(question, settings.project, variables, *git, collected);
      !added) {
    return added;
  }
  if (const Or<bool> added = AddCommits(*git, settings.project, collected); !added) return added;
  if (change.version().empty()) {
    const std::string tag = git->TagAt(change.head_revision());
    change.set_version(tag.empty() ? change.head_revision().substr(0, 12) : tag);
  }
  return AddMigrations(*git, settings.project, collected);
}

}  // namespace

Or<Collected> Collect(const Question& question, const Settings& settings,
                      const Variables& variables, const std::string& folder) {
  if (!question.change_file.empty()) return FromFile(question);
  const CiRun ci = DetectCi(variables);
  Collected collected;
  collected.change.set_version(ci.version);
  if (const Or<bool> added = AddContext(question, settings.project, ci, collected.change); !added) {
    return added.problem();
  }
  if (const Or<bool> applied = Apply(question, collected.change); !applied) {
    return applied.problem();
  }
  const bool named_revision =
      !question.base.empty() || !question.head.empty() || question.first_deployment;
  // Nothing that is in a checkout goes out with a shift of traffic.
  if (collected.change.kind() == v1::CHANGE_KIND_TRAFFIC_SHIFT && !named_revision) {
    return collected;
  }
  const bool wants_git =
      named_revision || !settings.project_path.empty() || !Get(variables, "GATE_BASE").empty();
  if (!wants_git) {
    collected.notes.push_back(
        "no .gate.yaml here or above: asked without commits and migrations (gatectl help project)");
    return collected;
  }
  const std::string from =
      settings.project_path.empty()
          ? folder
          : std::filesystem::path(settings.project_path).parent_path().string();
  if (const Or<bool> added = FromCheckout(question, settings, variables, from, collected); !added) {
    return added.problem();
  }
  return collected;
}

}  // namespace gate::ctl
