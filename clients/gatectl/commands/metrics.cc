// gatectl metrics report: brings metrics by cohort to the gate, for those without a metrics server.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/files.h"
#include "clients/gatectl/results.h"
#include "gate/v1/judge.pb.h"

namespace gate::ctl {
namespace {

// A message is well under what a gate takes: 10,000 points and 32 MiB.
constexpr int kMessagePoints = 5000;
constexpr size_t kMessageBytes = 4 << 20;

struct ReportFlags {
  std::string path, service, environment;
  bool dry_run = false;
};

// A report, or the file of `gatectl judge`, whose metrics are the series.
Or<v1::ReportMetricsRequest> Read(const std::string& path) {
  const Or<std::string> text = ReadFile(path);
  if (!text) return text.problem();
  v1::ReportMetricsRequest report;
  const Or<bool> parsed = ParseFile(path, *text, report);
  if (parsed) return report;
  v1::JudgeRequest judged;
  if (!ParseFile(path, *text, judged)) return parsed.problem();
  report.Clear();
  *report.mutable_series() = std::move(*judged.mutable_metrics());
  return report;
}

// Oldest first, all cohorts of an interval together.
std::vector<v1::ReportMetricsRequest> Messages(const v1::ReportMetricsRequest& report) {
  std::vector<v1::ReportMetricsRequest> messages;
  v1::ReportMetricsRequest empty = report;
  empty.clear_series();
  for (const v1::MetricSeries& series : report.series()) {
    v1::MetricSeries head = series;
    head.clear_points();
    size_t points = 0, bytes = 0;
    v1::MetricSeries* part = nullptr;
    const auto begin = [&] {
      part = messages.emplace_back(empty).add_series();
      *part = head;
      points = bytes = 0;
    };
    begin();
    for (const v1::MetricPoint& point : series.points()) {
      if (points >= kMessagePoints || bytes >= kMessageBytes) begin();
      points += point.cohorts().size();
      bytes += point.ByteSizeLong();
      *part->add_points() = point;
    }
  }
  if (messages.empty()) messages.push_back(empty);  // The gate says what is wrong with it.
  return messages;
}

std::string Said(const v1::ReportMetricsResponse& response, bool dry_run) {
  if (dry_run) return "Nothing is wrong with it. Nothing was stored.\n";
  return absl::StrCat(response.points(), response.points() == 1 ? " point is" : " points are",
                      " on disk; ", response.known(), " of them had been reported before.\n");
}

int Run(const Session& session, const ReportFlags& flags) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  Or<v1::ReportMetricsRequest> report = Read(flags.path);
  if (!report) return session.Fail(report.problem());
  if (!flags.service.empty()) report->set_service(flags.service);
  if (!flags.environment.empty()) report->set_environment(flags.environment);
  if (report->service().empty() || report->environment().empty()) {
    return session.Fail({"E0201",
                         "it is not said whose metrics these are",
                         {},
                         "",
                         "",
                         {"--service and --env, or `service` and `environment` in the file"}});
  }
  report->set_validate_only(flags.dry_run || report->validate_only());
  const auto client = session.Connect();
  if (!client) return session.Fail(client.problem());
  const auto response = (*client)->ReportMetrics(Messages(*report));
  if (!response) return session.Fail(FromError(response.error(), "report " + flags.path));
  const Or<bool> printed = PrintMessage(session, *targets, *response, [&](const Terminal&) {
    return Said(*response, report->validate_only());
  });
  return printed ? kAllow : session.Fail(printed.problem());
}

}  // namespace

void AddMetrics(CLI::App& root, Session& session) {
  CLI::App& metrics =
      *root.add_subcommand("metrics", "Metrics by cohort, for those without a metrics server");
  metrics.require_subcommand(1);
  CLI::App& command = *metrics.add_subcommand("report", "Bring metrics by cohort to the gate");
  auto flags = std::make_shared<ReportFlags>();
  command
      .add_option("FILE", flags->path,
                  "Metrics by cohort over time, JSON or YAML (- is standard "
                  "input)")
      ->required();
  command.add_option("--service", flags->service, "Whose metrics these are");
  command.add_option("-e,--env,--environment", flags->environment, "Where they were measured");
  command.add_flag("--dry-run", flags->dry_run, "Let the gate check it, and store nothing");
  command.footer(
      "The file, or one that `gatectl judge` reads:\n"
      "  {\"series\": [{\"name\": \"http_5xx\", \"kind\": \"COUNTS\", \"step\": \"60s\", "
      "\"points\": [\n"
      "    {\"time\": \"2026-11-20T14:00:00Z\", \"cohorts\": {\n"
      "      \"canary\": {\"events\": 3, \"exposure\": 1000},\n"
      "      \"baseline\": {\"events\": 1, \"exposure\": 1000}}}]}]}\n"
      "A time is the end of an interval, a whole number of steps since 1970. The policy names the\n"
      "metric and its `kind`. Reporting the same again changes nothing; what was reported stands.");
  command.callback(
      [&session, flags] { session.run = [&session, flags] { return Run(session, *flags); }; });
}

}  // namespace gate::ctl
