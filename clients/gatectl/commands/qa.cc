// gatectl qa report: brings the results of test runs to the gate.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "checks/proto_time.h"
#include "checks/render/escape.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/files.h"
#include "clients/gatectl/git.h"
#include "clients/gatectl/qa_reports.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

constexpr int kMaxRemarks = 20;

struct QaFlags {
  std::vector<std::string> paths, tickets;
  std::string service, build, platform, finished_at;
  bool dry_run = false;
};

Problem Missing(std::string title, std::string help) {
  return {"E0201", std::move(title), {}, "", "", {std::move(help)}};
}

std::string Root(const Settings& settings, const Session& session) {
  if (settings.project_path.empty()) return session.folder;
  return settings.project_path.substr(0, settings.project_path.rfind('/'));
}

// The files that are named, else those of .gate.yaml.
Or<std::vector<ReportFile>> Reports(const QaFlags& flags, const Settings& settings,
                                    const Session& session) {
  std::vector<std::string> patterns = flags.paths;
  std::string folder = session.folder;
  if (patterns.empty()) {
    for (const auto& reports : settings.project.qa_reports()) patterns.push_back(reports.path());
    folder = Root(settings, session);
  }
  if (patterns.empty()) {
    return Missing("it is not said where the reports are",
                   "gatectl qa report FILE..., or `qa_reports` in .gate.yaml");
  }
  std::vector<std::string> paths;
  std::set<std::string> seen;
  for (const std::string& pattern : patterns) {
    const Or<std::vector<std::string>> found = FindReports(folder, pattern);
    if (!found) return found.problem();
    for (const std::string& path : *found) {
      if (seen.insert(path).second) paths.push_back(path);
    }
  }
  return ReadReports(folder, paths);
}

// The build that was tested: as it is told, else the commit of the checkout.
Or<std::string> Build(const QaFlags& flags, const Session& session) {
  if (qa::IsFullRevision(flags.build)) return absl::AsciiStrToLower(flags.build);
  const Or<Git> git = Git::Open(session.folder);
  if (!git) return git.problem();
  if (!flags.build.empty()) return git->Resolve(flags.build);
  const Or<std::vector<std::string>> modified = git->Modified();
  if (!modified) return modified.problem();
  if (!modified->empty()) {
    return Problem{"E0201",
                   "it is not said which build was tested",
                   {absl::StrCat("the checkout and its commit differ in ", modified->size(),
                                 " of its files, first in ", modified->front())},
                   "",
                   "",
                   {"--build REV, or test what is committed"}};
  }
  return git->Resolve("HEAD");
}

// What all files that tell it agree on.
Or<std::string> Platform(const QaFlags& flags, const std::vector<ReportFile>& files) {
  std::set<std::string> told;
  for (const ReportFile& file : files) {
    if (!file.report.platform.empty()) told.insert(file.report.platform);
  }
  if (!flags.platform.empty()) return flags.platform;
  if (told.size() == 1) return *told.begin();
  return Missing(told.empty() ? "it is not said on which platform this ran"
                              : "the reports name several platforms: " + absl::StrJoin(told, ", "),
                 "--platform NAME, for example ios or web");
}

Or<bool> CheckBuilds(const std::vector<ReportFile>& files, const std::string& build) {
  for (const ReportFile& file : files) {
    if (file.report.build.empty() || file.report.build == build) continue;
    return Problem{"E0203",
                   file.path + " is of another build",
                   {absl::StrCat("it tells that ", file.report.build, " was tested, not ", build)},
                   "",
                   "",
                   {"remove old reports before the tests run, or name the build with --build"}};
  }
  return true;
}

Or<v1::ReportQaResultsRequest> Request(const QaFlags& flags, const Settings& settings,
                                       const Session& session, std::vector<ReportFile>& files) {
  v1::ReportQaResultsRequest request;
  request.set_service(flags.service.empty() ? settings.project.service() : flags.service);
  if (request.service().empty()) {
    return Missing("it is not said which service was tested",
                   "--service NAME, or `service` in .gate.yaml");
  }
  Or<std::string> platform = Platform(flags, files);
  if (!platform) return platform.problem();
  request.set_platform(*platform);
  Or<std::string> build = Build(flags, session);
  if (!build) return build.problem();
  request.set_revision(*build);
  const Or<bool> of_build = CheckBuilds(files, *build);
  if (!of_build) return of_build.problem();
  for (const std::string& ticket : flags.tickets) request.add_tickets(ticket);
  std::optional<absl::Time> finished = FinishedAt(files, absl::Now(), absl::LocalTimeZone());
  if (!flags.finished_at.empty()) {
    const Or<absl::Time> told = ParseTime("--finished-at", flags.finished_at);
    if (!told) return told.problem();
    finished = *told;
  }
  if (finished) *request.mutable_finished_at() = ToProto(*finished);
  for (ReportFile& file : files) {
    for (v1::QaCase& one : file.report.cases) *request.add_cases() = std::move(one);
  }
  request.set_validate_only(flags.dry_run);
  return request;
}

std::string Counted(const qa::CaseCounts& counts) {
  std::vector<std::string> parts;
  for (const auto& [count, word] : {std::pair(counts.passed, "passed"),
                                    {counts.failed, "failed"},
                                    {counts.flaky, "flaky"},
                                    {counts.skipped, "skipped"}}) {
    if (count > 0) parts.push_back(absl::StrCat(count, " ", word));
  }
  return parts.empty() ? "no case" : absl::StrJoin(parts, ", ");
}

std::string Said(const v1::ReportQaResultsRequest& request,
                 const v1::ReportQaResultsResponse& response,
                 const std::vector<ReportFile>& files) {
  std::string text;
  for (const ReportFile& file : files) {
    absl::StrAppend(&text, render::EscapeTerminalLine(file.path), ": ", Counted(file.counts), "\n");
  }
  const qa::CaseCounts sum = {response.passed(), response.failed(), response.skipped(),
                              response.flaky()};
  absl::StrAppend(&text, render::EscapeTerminalLine(request.service()), " at ",
                  request.revision().substr(0, 12), " on ",
                  render::EscapeTerminalLine(request.platform()), ": ", Counted(sum), "\n");
  for (const v1::QaCase& failure : response.failures()) {
    absl::StrAppend(&text, "failed: ", render::EscapeTerminalLine(failure.name()),
                    failure.message().empty() ? "" : ": ",
                    render::EscapeTerminalLine(failure.message()), "\n");
  }
  if (response.failed() > response.failures_size()) {
    absl::StrAppend(&text, "failed: ", response.failed() - response.failures_size(), " more\n");
  }
  for (const std::string& remark : response.remarks()) {
    absl::StrAppend(&text, "remark: ", render::EscapeTerminalLine(remark), "\n");
  }
  if (request.validate_only()) {
    absl::StrAppend(&text, "Nothing is wrong with it. Nothing was stored.\n");
  } else {
    absl::StrAppend(&text, response.known() ? "It had been reported before, as " : "It is kept as ",
                    response.evidence(), ".\n");
  }
  return text;
}

int Run(const Session& session, const QaFlags& flags) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  const Or<Settings> settings = session.ReadSettings();
  if (!settings) return session.Fail(settings.problem());
  Or<std::vector<ReportFile>> files = Reports(flags, *settings, session);
  if (!files) return session.Fail(files.problem());
  qa::CaseCounts sum;
  for (const ReportFile& file : *files) {
    for (const v1::QaCase& one : file.report.cases) sum.Add(one.outcome());
  }
  const std::string what =
      files->size() == 1 ? files->front().path : absl::StrCat(files->size(), " reports");
  if (const std::string why = qa::WhyNoEvidence(sum); !why.empty()) {
    return session.Fail(WrongFile(what, {absl::StrCat(what, " ", why)}));
  }
  const Or<v1::ReportQaResultsRequest> request = Request(flags, *settings, session, *files);
  if (!request) return session.Fail(request.problem());
  const auto client = session.Connect(*settings);
  if (!client) return session.Fail(client.problem());
  const auto answer = (*client)->ReportQaResults(*request);
  if (!answer) return session.Fail(FromError(answer.error(), "report " + what));
  v1::ReportQaResultsResponse response = *answer;
  for (const ReportFile& file : *files) {
    for (const qa::JunitIssue& remark : file.report.remarks) {
      if (response.remarks_size() >= kMaxRemarks) break;
      const std::string line = remark.line > 0 ? absl::StrCat(remark.line, ": ") : " ";
      response.add_remarks(absl::StrCat(file.path, ":", line, remark.message));
    }
  }
  const Or<bool> printed = PrintMessage(session, *targets, response, [&](const Terminal&) {
    return Said(*request, response, *files);
  });
  return printed ? kAllow : session.Fail(printed.problem());
}

}  // namespace

void AddQa(CLI::App& root, Session& session) {
  CLI::App& qa = *root.add_subcommand("qa", "Results of test runs");
  qa.require_subcommand(1);
  CLI::App& command = *qa.add_subcommand("report", "Bring results of test runs to the gate");
  auto flags = std::make_shared<QaFlags>();
  command.add_option("FILE", flags->paths,
                     "JUnit XML: files, folders and patterns (\"build/**/TEST-*.xml\"), together "
                     "one run (- is standard input)");
  command.add_option("--service", flags->service, "What was tested");
  command.add_option("--build", flags->build,
                     "Revision that was tested; without it the commit of the checkout");
  command.add_option("--platform", flags->platform, "Where it ran, for example ios or web");
  command
      .add_option("--ticket", flags->tickets,
                  "The run is for this ticket, and not for all of the build's")
      ->allow_extra_args(false);
  command.add_option("--finished-at", flags->finished_at,
                     "When the run ended; without it as the reports say");
  command.add_flag("--dry-run", flags->dry_run, "Let the gate check it, and store nothing");
  command.footer(
      "Without FILE, the `qa_reports` of .gate.yaml. A report that may lack cases is refused, and "
      "so\n"
      "is one without a case that ran: they are no evidence. Cases that failed are taken: the "
      "gate\n"
      "wants to know of them, and this ends with 0. Reporting the same run again changes nothing.");
  command.callback(
      [&session, flags] { session.run = [&session, flags] { return Run(session, *flags); }; });
}

}  // namespace gate::ctl
