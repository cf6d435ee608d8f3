// Every format on the same verdicts and reports: golden/render/NAME.verdict.yaml and
// NAME.report.yaml in, NAME.FORMAT out. What tools read is also held against what the tools ask
// for.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "absl/strings/str_cat.h"
#include "checks/policy/yaml.h"
#include "checks/proto_time.h"
#include "checks/render/message.h"
#include "checks/render/render.h"
#include "checks/render/review.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/policy.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace gate::render {
namespace {

using gate::testing::GoldenFiles;
using gate::testing::GoldenFor;
using gate::testing::MatchesGolden;
using Json = nlohmann::json;

constexpr char kFolder[] = "golden/render";

template <typename Message>
Message Load(const std::string& path) {
  Message message;
  for (const FileIssue& issue : ParseYaml(path, gate::testing::ReadFile(path), message, nullptr)) {
    ADD_FAILURE() << issue.ToString();
  }
  return message;
}

// Every sample rendered in every format: (name, format, text).
struct Rendered {
  std::string name;
  const Format* format;
  std::string text;
};

std::vector<Rendered> RenderAll() {
  const Sources sources = {{"db/migrations/0042_drop_user.sql",
                            gate::testing::ReadFile("golden/render/0042_drop_user.sql")}};
  Options options;
  options.sources = &sources;
  std::vector<Rendered> all;
  for (const Format* format : AllFormats()) {
    for (const std::string& path : GoldenFiles(kFolder, ".verdict.yaml")) {
      all.push_back({GoldenFor(path, ".verdict.yaml", ""), format,
                     format->verdict(Load<v1::Verdict>(path), options)});
    }
    for (const std::string& path : GoldenFiles(kFolder, ".report.yaml")) {
      all.push_back({GoldenFor(path, ".report.yaml", ""), format,
                     format->report(Load<v1::LintReport>(path), options)});
    }
  }
  return all;
}

TEST(RenderGoldenTest, EveryFormatOfEverySample) {
  std::set<std::string> referenced = {"golden/render/0042_drop_user.sql"};
  for (const char* suffix : {".verdict.yaml", ".report.yaml"}) {
    for (const std::string& path : GoldenFiles(kFolder, suffix)) referenced.insert(path);
  }
  for (const Rendered& rendered : RenderAll()) {
    const std::string path = absl::StrCat(rendered.name, ".", std::string(rendered.format->name));
    referenced.insert(path);
    EXPECT_TRUE(MatchesGolden(path, rendered.text));
  }
  // The sheet for the deployment meeting, of verdicts with tickets.
  for (const std::string& path : GoldenFiles(kFolder, ".verdict.yaml")) {
    const auto verdict = Load<v1::Verdict>(path);
    const bool has_tickets = std::ranges::any_of(
        verdict.outcomes(), [](const auto& outcome) { return !outcome.tickets().empty(); });
    if (!has_tickets) continue;
    const std::string name = GoldenFor(path, ".verdict.yaml", "");
    referenced.insert({name + ".review", name + ".review.markdown"});
    EXPECT_TRUE(MatchesGolden(name + ".review", ReviewTable(verdict, Options())));
    EXPECT_TRUE(MatchesGolden(name + ".review.markdown", ReviewMarkdown(verdict)));
  }
  EXPECT_TRUE(gate::testing::NoStrayGoldens(kFolder, referenced));
}

TEST(RenderTest, NoFormatReadsAnUnknownDecisionAsAllow) {
  v1::Verdict verdict;
  verdict.set_decision(static_cast<v1::Decision>(77));
  v1::LintReport report;
  for (const Format* format : AllFormats()) {
    if (format->name == "gitlab") continue;  // lists findings, no decision
    for (const std::string& text :
         {format->verdict(verdict, Options()), format->report(report, Options())}) {
      EXPECT_EQ(text.find("ALLOW"), std::string::npos) << format->name << ": " << text;
    }
  }
  EXPECT_NE(kJunitFormat.verdict(verdict, Options()).find("<failure"), std::string::npos);
  EXPECT_NE(kGithubFormat.verdict(verdict, Options()).find("::error"), std::string::npos);
}

// As protobuf has it, but for the words of enums.
Json ProtobufJson(const google::protobuf::Message& message) {
  static const std::regex enums(
      "\"(DECISION|ADVICE|OUTCOME|ENFORCEMENT|SEVERITY|EFFECT|CHANGE_KIND|ABSENCE_REASON|"
      "MIGRATION_FORMAT|REHEARSAL_MODE|TRANSACTION_MODE|FLAG_VALUE|OVERRIDE_STATE|QA_OUTCOME|"
      "TICKET_STATE)_("
      "[A-Z_]+)\"");
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &json, options).ok());
  return Json::parse(std::regex_replace(json, enums, "\"$2\""));
}

// The protobuf JSON of the message, but for the words of enums, and the order of its members.
TEST(RenderTest, JsonIsTheProtobufJsonWithTheWordsOfEnums) {
  for (const std::string& path : GoldenFiles(kFolder, ".verdict.yaml")) {
    const auto verdict = Load<v1::Verdict>(path);
    const Json expected = ProtobufJson(verdict);
    EXPECT_EQ(Json::parse(ToJson(verdict)), expected) << path;
    EXPECT_EQ(Json::parse(ToJsonLine(verdict)), expected) << path;
    EXPECT_EQ(ToJsonLine(verdict).find('\n'), ToJsonLine(verdict).size() - 1);
  }
}

// Types of fields that no sample of a verdict has: maps, oneofs, numbers at their limits.
TEST(RenderTest, JsonOfEveryTypeOfFieldIsTheProtobufJson) {
  v1::Policy policy;
  (*policy.mutable_calendars())["b\"\\\n\x7f"] = "\xC3\xA9\xE2\x80\xA8</";
  (*policy.mutable_calendars())["a"] = "";
  v1::Checks& checks = *policy.add_rules()->mutable_checks();
  checks.mutable_migration()->set_small_table_bytes(INT64_MIN);
  *checks.mutable_migration()->mutable_unused_for() = ToProto(absl::Milliseconds(1500));
  EXPECT_EQ(Json::parse(ToJson(policy)), ProtobufJson(policy));
  v1::Query query;
  query.set_id("q");
  query.mutable_calendar();
  EXPECT_EQ(Json::parse(ToJson(query)), ProtobufJson(query));
  for (const double value :
       {0.0, -0.0, 1.0, -2.5, 0.1, 1e-7, 1e15, 123456789012345678.0, 1e300,
        std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    v1::WorkloadStatement statement;
    statement.set_calls_per_hour(value);
    EXPECT_EQ(Json::parse(ToJson(statement)), ProtobufJson(statement)) << value;
  }
}

TEST(RenderTest, JsonOfAMapIsInOrder) {
  v1::Policy policy;
  for (const char* name : {"c", "a", "e", "d", "b"}) (*policy.mutable_calendars())[name] = name;
  const std::string json = ToJsonLine(policy);
  EXPECT_NE(json.find(R"({"a":"a","b":"b","c":"c","d":"d","e":"e"})"), std::string::npos) << json;
}

TEST(RenderTest, AnyBytesInAnyFieldAreRendered) {
  v1::Verdict verdict;
  verdict.set_decision(v1::DECISION_BLOCK);
  verdict.set_reason("\x1b]0;x\x07 \xff\xfe <>&\"'`| %0A::error::\n::error::");
  auto* outcome = verdict.add_outcomes();
  outcome->set_check("migration");
  auto* finding = outcome->add_findings();
  finding->set_rule("\xff:,%");
  finding->set_message("]]>\x01\n::set-output::");
  finding->mutable_location()->set_path("\xff\n.sql");
  finding->mutable_location()->set_line(-5);
  finding->mutable_location()->set_end_line(INT32_MAX);
  const Sources sources = {{"\xff\n.sql", std::string("x")}};
  Options options;
  options.sources = &sources;
  for (const Format* format : AllFormats()) {
    const std::string text = format->verdict(verdict, options);
    EXPECT_FALSE(text.empty()) << format->name;
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << format->name;
    EXPECT_EQ(text.find("\n::set-output"), std::string::npos) << format->name;
  }
}

TEST(SarifTest, HoldsWhatCodeScanningAsksFor) {
  for (const Rendered& rendered : RenderAll()) {
    if (rendered.format != &kSarifFormat) continue;
    const Json log = Json::parse(rendered.text);
    EXPECT_EQ(log["version"], "2.1.0");
    const Json& run = log["runs"][0];
    EXPECT_EQ(run["columnKind"], "unicodeCodePoints");
    const Json& rules = run["tool"]["driver"]["rules"];
    for (const Json& rule : rules) {
      EXPECT_FALSE(rule["fullDescription"]["text"].get<std::string>().empty());  // GH2012
    }
    for (const Json& result : run["results"]) {
      ASSERT_LT(result["ruleIndex"].get<size_t>(), rules.size());  // SARIF1009
      EXPECT_EQ(rules[result["ruleIndex"].get<size_t>()]["id"], result["ruleId"]);
      const Json& place = result["locations"][0]["physicalLocation"];
      EXPECT_NE(place["artifactLocation"]["uri"].get<std::string>()[0], '/');  // SARIF1004
      EXPECT_GE(place["region"]["startLine"].get<int>(), 1);
      EXPECT_TRUE((std::set<std::string>{"error", "warning", "note"}).count(result["level"]));
      EXPECT_FALSE(result["partialFingerprints"].empty());
    }
  }
}

TEST(GitlabTest, FingerprintsAreUniqueAndHoldNoLines) {
  v1::LintReport report;
  report.set_decision(v1::DECISION_BLOCK);
  for (int line : {3, 9}) {
    auto* finding = report.add_findings();
    finding->set_rule("migration.drop_column");
    finding->set_severity(v1::SEVERITY_BLOCK);
    finding->set_subject("orders.user_id");
    finding->mutable_location()->set_path("./a.sql");
    finding->mutable_location()->set_line(line);
  }
  const Json before = Json::parse(kGitlabFormat.report(report, Options()));
  report.mutable_findings(0)->mutable_location()->set_line(40);
  const Json after = Json::parse(kGitlabFormat.report(report, Options()));
  EXPECT_NE(before[0]["fingerprint"], before[1]["fingerprint"]);
  EXPECT_EQ(before[0]["fingerprint"], after[0]["fingerprint"]);
  EXPECT_EQ(after[0]["location"]["path"], "a.sql");
  EXPECT_EQ(after[0]["location"]["lines"]["begin"], 40);
  EXPECT_EQ(after[0]["severity"], "blocker");
}

TEST(GithubTest, TheTenthSaysHowManyMoreThereAre) {
  v1::LintReport report;
  report.set_decision(v1::DECISION_BLOCK);
  for (int i = 0; i < 14; ++i) {
    auto* finding = report.add_findings();
    finding->set_rule(absl::StrCat("migration.rule_", i));
    finding->set_severity(v1::SEVERITY_BLOCK);
    finding->mutable_location()->set_path("a.sql");
    finding->mutable_location()->set_line(i + 1);
  }
  const std::string text = kGithubFormat.report(report, Options());
  const std::regex command("(^|\n)::error ");
  EXPECT_EQ(std::distance(std::sregex_iterator(text.begin(), text.end(), command), {}), 10);
  EXPECT_NE(text.find("title=5 more::"), std::string::npos) << text;
  EXPECT_NE(text.find("a.sql:14 migration.rule_13"), std::string::npos) << text;
}

TEST(JunitTest, PythonReadsItAndTheCountsAreRight) {
  for (const Rendered& rendered : RenderAll()) {
    if (rendered.format != &kJunitFormat) continue;
    const std::string path = ::testing::TempDir() + "gate_junit_test.xml";
    std::ofstream(path) << rendered.text;
    const std::string script =
        "import sys, xml.etree.ElementTree as E\n"
        "s = E.parse(sys.argv[1]).getroot()[0]\n"
        "c = s.findall('testcase')\n"
        "n = lambda t: sum(1 for x in c if x.find(t) is not None)\n"
        "assert int(s.get('tests')) == len(c)\n"
        "assert int(s.get('failures')) == n('failure')\n"
        "assert int(s.get('errors')) == n('error')\n"
        "assert int(s.get('skipped')) == n('skipped')\n";
    EXPECT_EQ(std::system(absl::StrCat("python3 -c \"", script, "\" ", path).c_str()), 0)
        << rendered.text;
  }
}

}  // namespace
}  // namespace gate::render
