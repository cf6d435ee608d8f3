// SARIF 2.1.0, as GitHub code scanning takes it: rules with a full description, relative URIs,
// one-based regions in code points. A finding without a place is left out of `results` there and
// here stands as a notification, as does what could not be judged.
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "checks/migration/suppression.h"
#include "checks/registry.h"
#include "checks/render/escape.h"
#include "checks/render/judgement.h"
#include "checks/render/render.h"
#include "checks/render/words.h"

namespace gate::render {
namespace {

using Json = nlohmann::ordered_json;

const char* LevelName(Level level) {
  switch (level) {
    case Level::kError:
      return "error";
    case Level::kWarning:
      return "warning";
    case Level::kNote:
      return "note";
  }
  return "error";
}

Json Text(std::string_view text) { return {{"text", std::string(text)}}; }

// SARIF wants a PascalCase name: "migration.drop_column" is MigrationDropColumn.
std::string PascalCase(std::string_view id) {
  std::string name;
  bool upper = true;
  for (const char c : id) {
    if (c == '.' || c == '_') {
      upper = true;
    } else {
      name += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return name;
}

Json Rule(const std::string& id) {
  const RuleDoc* doc = FindRule(id);
  const std::string summary =
      doc != nullptr && !doc->summary.empty() ? std::string(doc->summary) : id;
  const std::string why = doc != nullptr && !doc->why.empty() ? std::string(doc->why) : summary;
  const std::string help =
      doc != nullptr && !doc->instead.empty() ? std::string(doc->instead) : why;
  return {{"id", id},
          {"name", PascalCase(id)},
          {"shortDescription", Text(summary)},
          {"fullDescription", Text(why)},
          {"help", {{"text", help}, {"markdown", MarkdownCodeBlock("", help)}}},
          {"defaultConfiguration", {{"level", "error"}}},
          {"properties", {{"tags", {id.substr(0, id.find('.'))}}, {"precision", "very-high"}}}};
}

Json LocationOf(const v1::Location& location) {
  Json physical = {
      {"artifactLocation", {{"uri", EscapeUriPath(location.path())}, {"uriBaseId", "%SRCROOT%"}}}};
  Json region = {{"startLine", std::max(1, location.line())}};
  if (location.column() > 0) region["startColumn"] = location.column();
  if (location.end_line() >= location.line() && location.end_line() > 0) {
    region["endLine"] = location.end_line();
    if (location.end_column() > 0) region["endColumn"] = location.end_column();
  }
  physical["region"] = std::move(region);
  return {{"physicalLocation", std::move(physical)}};
}

std::string MessageOf(const v1::Finding& finding) {
  std::string message = finding.message().empty() ? finding.rule() : finding.message();
  for (const Proof& proof : ProofsOf(finding)) {
    absl::StrAppend(&message, "\n\n", std::string(proof.title), ":");
    for (const std::string& line : proof.lines) absl::StrAppend(&message, "\n", line);
  }
  if (!finding.instead().empty()) absl::StrAppend(&message, "\n\nInstead:\n", finding.instead());
  return message;
}

// All of them, for tools; a message has the first few.
Json Witnesses(const v1::Finding& finding) {
  Json witnesses = Json::array();
  for (const v1::Witness& witness : finding.witnesses()) {
    witnesses.push_back({{"sql", witness.sql()},
                         {"callsPerHour", witness.calls_per_hour()},
                         {"origin", witness.origin()},
                         {"sqlstate", witness.sqlstate()},
                         {"certain", witness.certain()}});
  }
  return witnesses;
}

// The calls, and behind them the place itself.
Json CodeFlow(const v1::Finding& finding) {
  Json locations = Json::array();
  for (const v1::CodePlace& call : finding.call_path()) {
    v1::Location place;
    place.set_path(call.path());
    place.set_line(call.line());
    Json location = LocationOf(place);
    location["message"] = Text(call.code());
    locations.push_back({{"location", std::move(location)}});
  }
  locations.push_back({{"location", LocationOf(finding.location())}});
  const Json thread = {{"locations", std::move(locations)}};
  return {{"threadFlows", Json::array({thread})}};
}

Json Result(const Item& item, int rule_index) {
  const v1::Finding& finding = *item.finding;
  Json result = {{"ruleId", finding.rule()},
                 {"ruleIndex", rule_index},
                 {"level", LevelName(item.level)},
                 {"message", Text(MessageOf(finding))},
                 {"locations", Json::array({LocationOf(finding.location())})},
                 {"partialFingerprints", {{"gateFinding/v1", item.fingerprint}}}};
  if (!finding.call_path().empty()) result["codeFlows"] = Json::array({CodeFlow(finding)});
  if (!finding.witnesses().empty()) {
    result["properties"] = {{"witnesses", Witnesses(finding)},
                            {"witnessCount", finding.witness_count()}};
  }
  if (!finding.covered_by().empty()) {
    result["suppressions"] = Json::array(
        {{{"kind",
           finding.covered_by().starts_with(migration::kByComment) ? "inSource" : "external"},
          {"status", "accepted"},
          {"justification", finding.covered_by()}}});
  }
  return result;
}

Json Notification(Level level, const std::string& text, const v1::Location& location) {
  Json notification = {{"level", LevelName(level)}, {"message", Text(text)}};
  if (!location.path().empty()) notification["locations"] = Json::array({LocationOf(location)});
  return notification;
}

std::string Render(const Judgement& judgement, const std::string& run_id, const Options& options) {
  Json rules = Json::array();
  Json results = Json::array();
  Json notifications = Json::array();
  std::map<std::string, int> rule_index;
  for (const Item& item : judgement.items) {
    const v1::Finding& finding = *item.finding;
    const auto [rule, is_new] = rule_index.emplace(finding.rule(), static_cast<int>(rules.size()));
    if (is_new) rules.push_back(Rule(finding.rule()));
    if (finding.location().path().empty()) {
      notifications.push_back(
          Notification(item.level, absl::StrCat(finding.rule(), ": ", MessageOf(finding)), {}));
    } else {
      results.push_back(Result(item, rule->second));
    }
  }
  for (const Unclear& unclear : judgement.unclear) {
    notifications.push_back(
        Notification(unclear.level, absl::StrCat(unclear.check, ": not judged: ", unclear.reason),
                     unclear.location));
  }
  Json invocation = {{"executionSuccessful", true},
                     {"exitCodeDescription", std::string(Word(judgement.decision))},
                     {"toolExecutionNotifications", std::move(notifications)}};
  const Json driver = {
      {"name", "gatectl"}, {"semanticVersion", options.tool_version}, {"rules", std::move(rules)}};
  Json run = {{"tool", {{"driver", driver}}},
              {"columnKind", "unicodeCodePoints"},
              {"automationDetails", {{"id", run_id}}},
              {"invocations", Json::array({std::move(invocation)})},
              {"results", std::move(results)}};
  const Json log = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                    {"version", "2.1.0"},
                    {"runs", Json::array({std::move(run)})}};
  return log.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Verdict(const v1::Verdict& verdict, const Options& options) {
  const std::string run_id =
      absl::StrCat("gate/", verdict.change().service(), "/", verdict.change().environment(), "/");
  return Render(Flatten(verdict), run_id, options);
}

std::string Report(const v1::LintReport& report, const Options& options) {
  return Render(Flatten(report), "gate/lint/", options);
}

}  // namespace

const Format kSarifFormat = {"sarif", "SARIF 2.1.0, for code scanning", Verdict, Report};

}  // namespace gate::render
