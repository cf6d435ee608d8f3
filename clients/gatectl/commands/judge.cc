// gatectl judge: judges recorded cohorts offline, by the statistics of the canary check.
#include "checks/canary/judge.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "absl/strings/str_cat.h"
#include "checks/canary/alone.h"
#include "checks/canary/block_reader.h"
#include "checks/canary/judge_request.h"
#include "checks/canary/series_test.h"
#include "checks/render/escape.h"
#include "checks/render/paint.h"
#include "checks/render/words.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/files.h"
#include "clients/gatectl/plot.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

constexpr int kBarWidth = 41;

struct Lines {
  std::vector<double> canary, old;
};

// The rate, mean or quantile of a block, whatever its strata.
double ValueOf(Amounts strata, const v1::MetricSeries& metric, const BlockReader& reader) {
  Amount sum;
  for (const Amount& amount : strata) sum.Add(amount);
  return sum.counts.empty() ? sum.cost / sum.exposure
                            : stats::Quantile(reader.bounds(), sum.counts, QuantileOf(metric));
}

// What both cohorts did over time, on one scale. `old`: with which the canary was compared.
std::string Plot(const v1::MetricSeries& metric, const std::string& old, const Terminal& terminal) {
  Lines lines;
  BlockReader reader(metric);
  while (reader.Next()) {
    const Amounts canary = reader.at(kCanary), others = reader.at(CohortOf(old));
    if (canary.empty() || others.empty() || (lines.canary.empty() && !Any(canary))) continue;
    lines.canary.push_back(ValueOf(canary, metric, reader));
    lines.old.push_back(ValueOf(others, metric, reader));
  }
  double high = 0, low = 0;
  for (const auto* values : {&lines.canary, &lines.old}) {
    for (const double value : *values) {
      if (!std::isfinite(value)) continue;
      high = std::max(high, value);
      low = std::min(low, value);
    }
  }
  const int width = std::max(terminal.width - 14, 20);
  const auto row = [&](const std::string& name, const std::vector<double>& values) {
    return absl::StrCat("  ", render::PadRight(name, 9), " ",
                        Sparkline(values, low, high, width, terminal.unicode), "\n");
  };
  return row("canary", lines.canary) + row(old, lines.old);
}

std::string Table(const v1::JudgeRequest& request, const v1::JudgeResponse& response,
                  const Terminal& terminal) {
  const auto headed = [&](std::string_view sign, std::string_view word, render::Style style,
                          const std::string& text) {
    return render::Paint(absl::StrCat(std::string(sign), " ", std::string(word)), style,
                         terminal.color) +
           "  " + text;
  };
  const v1::Decision decision = response.decision();
  std::string text =
      headed(render::Sign(decision, terminal.unicode), render::Word(decision),
             render::StyleOf(decision), render::EscapeTerminalLine(response.reason())) +
      "\n";
  for (int i = 0; i < response.metrics_size(); ++i) {
    const v1::MetricJudgement& metric = response.metrics(i);
    absl::StrAppend(
        &text, "\n",
        headed(render::Sign(metric.outcome(), terminal.unicode), render::Word(metric.outcome()),
               render::StyleOf(metric.outcome()), render::EscapeTerminalLine(metric.name())),
        "\n", render::Wrap(render::EscapeTerminal(metric.reason()), 2, terminal.width));
    for (const v1::SeriesFlaw& defect : metric.defects()) {
      absl::StrAppend(
          &text, render::Wrap(render::EscapeTerminal("! " + defect.detail()), 2, terminal.width));
    }
    if (!terminal.is_terminal) continue;
    absl::StrAppend(&text, Plot(request.metrics(i), metric.samples(1).cohort(), terminal), "  ",
                    render::PadRight("ratio", 9), " ",
                    RatioBar(metric.lower(), metric.estimate(), metric.upper(), metric.limit(),
                             kBarWidth, terminal.unicode),
                    "  1/8x to 8x\n");
  }
  return text;
}

Or<v1::JudgeRequest> Read(const std::string& path) {
  const Or<std::string> text = ReadFile(path);
  if (!text) return text.problem();
  v1::JudgeRequest request;
  const Or<bool> parsed = ParseFile(path, *text, request);
  if (!parsed) return parsed.problem();
  std::vector<std::string> causes;
  for (const ParameterIssue& issue : ValidateJudgeRequest(request)) {
    causes.push_back(absl::StrCat(issue.field, ": ", issue.message));
  }
  if (!causes.empty()) return WrongFile(path, std::move(causes));
  return request;
}

int Run(const Session& session, const std::string& path) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  const Or<v1::JudgeRequest> request = Read(path);
  if (!request) return session.Fail(request.problem());
  v1::JudgeResponse response = JudgeMetrics(*request);
  CallHarmAlone(*request, response);
  const Or<bool> printed = PrintMessage(session, *targets, response, [&](const Terminal& terminal) {
    return Table(*request, response, terminal);
  });
  if (!printed) return session.Fail(printed.problem());
  return session.End(response.decision() == v1::DECISION_ALLOW   ? kAllow
                     : response.decision() == v1::DECISION_BLOCK ? kBlock
                                                                 : kInconclusive);
}

}  // namespace

void AddJudge(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("judge", "Judge recorded cohorts offline");
  auto path = std::make_shared<std::string>();
  command
      .add_option("FILE", *path, "Metrics by cohort over time, JSON or YAML (- is standard input)")
      ->required();
  command.footer(
      "The file:\n"
      "  {\"metrics\": [{\"name\": \"http_5xx\", \"kind\": \"COUNTS\", \"margin\": 0.2, "
      "\"points\": [\n"
      "    {\"time\": \"2026-11-20T14:00:00Z\", \"cohorts\": {\n"
      "      \"canary\": {\"events\": 3, \"exposure\": 1000},\n"
      "      \"baseline\": {\"events\": 1, \"exposure\": 1000}}}]}], \"alpha\": 0.01}\n"
      "kind VALUES: {\"values\": [1.2, 1.4]}, one per host; HISTOGRAM: {\"buckets\":\n"
      "[{\"le\": 0.1, \"count\": 12}, {\"count\": 15}]}.");
  command.callback(
      [&session, path] { session.run = [&session, path] { return Run(session, *path); }; });
}

}  // namespace gate::ctl
