#include "tests/incidents/incident.h"

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <regex>
#include <stdexcept>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "checks/proto_time.h"

namespace gate {

unsigned SeedOfRun() {
  static const unsigned seed = [] {
    unsigned given = 0;
    const char* text = std::getenv("GATE_SEED");
    if (text == nullptr || !absl::SimpleAtoi(text, &given)) given = std::random_device{}();
    std::cout << "seed " << given << "; to repeat this run: GATE_SEED=" << given << std::endl;
    return given;
  }();
  return seed;
}

absl::Time Utc(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) throw std::runtime_error(error);
  return time;
}

std::string ClockText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::UTCTimeZone());
}

std::unique_ptr<MetricsServerFake> PrometheusOf(
    const std::vector<const ServiceHistory*>& services) {
  MetricsHistory all;
  for (const ServiceHistory* service : services) all.Add(service->metrics());
  auto server = MetricsServerFake::StartPrometheus(all);
  if (!server.ok()) throw std::runtime_error(std::string(server.status().message()));
  return *std::move(server);
}

v1::EvaluateRequest AskAbout(const std::string& service, v1::ChangeKind kind) {
  v1::EvaluateRequest request;
  request.mutable_change()->set_service(service);
  request.mutable_change()->set_environment("production");
  request.mutable_change()->set_kind(kind);
  return request;
}

v1::EvaluateRequest Started(v1::EvaluateRequest request, absl::Time at, double share) {
  v1::CanaryExposure& canary = *request.mutable_change()->mutable_canary();
  *canary.mutable_started_at() = ToProto(at);
  canary.set_share(share);
  return request;
}

v1::EvaluateRequest JudgedBy(v1::EvaluateRequest request, const std::string& label) {
  (*request.mutable_change()->mutable_labels())["judged-by"] = label;
  return request;
}

const v1::CheckOutcome& OutcomeOf(const v1::Verdict& verdict, const std::string& check) {
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    if (outcome.check() == check) return outcome;
  }
  ADD_FAILURE() << "no outcome of " << check << ": " << verdict.DebugString();
  return v1::CheckOutcome::default_instance();
}

bool HasFinding(const v1::CheckOutcome& outcome, const std::string& rule,
                const std::string& subject) {
  for (const v1::Finding& finding : outcome.findings()) {
    if (finding.rule() == rule && (subject.empty() || finding.subject() == subject)) return true;
  }
  return false;
}

const v1::Finding& FindingOf(const v1::CheckOutcome& outcome, const std::string& rule,
                             const std::string& subject) {
  for (const v1::Finding& finding : outcome.findings()) {
    if (finding.rule() == rule && (subject.empty() || finding.subject() == subject)) return finding;
  }
  ADD_FAILURE() << "no finding of " << rule << " " << subject << ": " << outcome.DebugString();
  return v1::Finding::default_instance();
}

double NumberAfter(const std::string& text, const std::string& words) {
  const size_t found = text.find(words);
  std::string digits;
  for (size_t i = found + words.size(); found != std::string::npos && i < text.size(); ++i) {
    if (text[i] == ',') continue;
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text[i])) && text[i] != '.') break;
    digits += text[i];
  }
  double number = 0;
  if (absl::SimpleAtod(digits, &number)) return number;
  ADD_FAILURE() << "no number after \"" << words << "\": " << text;
  return std::numeric_limits<double>::quiet_NaN();
}

PeakUse UseIn(const std::string& text) {
  static const std::regex pattern(R"(([0-9.]+) % \(([0-9.]+) % to ([0-9.]+) %\); target)");
  std::smatch match;
  if (std::regex_search(text, match, pattern)) {
    return {std::stod(match[1]), std::stod(match[2]), std::stod(match[3])};
  }
  ADD_FAILURE() << "no use at the peak in: " << text;
  return {};
}

}  // namespace gate
