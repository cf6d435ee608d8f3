// Each rule on its golden folder: finding*.sql with what a person reads beside it, near_miss*.sql
// without any finding. Leading comments say what the judgement starts from:
//   -- schema: SQL of the schema before      -- postgres: major version of the server
// NAME.workload.sql beside NAME.sql is what the running version executes, NAME.next.sql what the
// new one does, NAME.rehearsal.txt what was seen when it was run (gate.v1.Rehearsal, in protobuf's
// text form).
#include <filesystem>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "checks/migration/lint.h"
#include "checks/migration/rule.h"
#include "checks/migration/workload_files.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace gate {
namespace {

using migration::AllRules;
using migration::RuleEntry;
using testing::GoldenFiles;
using testing::GoldenFor;
using testing::MatchesGolden;
using testing::NoStrayGoldens;

constexpr char kFolder[] = "golden/migration/";

std::string Directive(const std::string& text, const std::string& name) {
  const std::string head = absl::StrCat("-- ", name, ": ");
  const size_t at = text.find(head);
  if (at == std::string::npos) return "";
  return text.substr(at + head.size(), text.find('\n', at) - at - head.size());
}

constexpr char kWorkload[] = ".workload.sql";
constexpr char kRehearsal[] = ".rehearsal.txt";
constexpr char kNext[] = ".next.sql";

std::vector<std::string> Migrations(const std::string& folder) {
  std::vector<std::string> paths = GoldenFiles(folder, ".sql");
  std::erase_if(paths, [](const std::string& path) {
    return path.ends_with(kWorkload) || path.ends_with(kNext);
  });
  return paths;
}

// None where there is no such file.
std::vector<v1::WorkloadStatement> Statements(const std::string& path) {
  if (!std::filesystem::exists(path)) return {};
  const WorkloadFile file{"app.sql", testing::ReadFile(path)};
  ParsedWorkload parsed = ParseWorkload({&file, 1});
  EXPECT_FALSE(parsed.issue);
  return std::move(parsed.statements);
}

v1::LintReport Lint(const std::string& path) {
  const std::string text = testing::ReadFile(path);
  LintOptions options;
  options.schema = Directive(text, "schema");
  options.postgres_version = std::atoi(Directive(text, "postgres").c_str());
  v1::Rehearsal rehearsal;
  if (const std::string seen = GoldenFor(path, ".sql", kRehearsal); std::filesystem::exists(seen)) {
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(testing::ReadFile(seen), &rehearsal));
    options.rehearsal = &rehearsal;
  }
  options.workload = Statements(GoldenFor(path, ".sql", kWorkload));
  options.new_workload = Statements(GoldenFor(path, ".sql", kNext));
  const LintFile file{std::filesystem::path(path).filename().string(), text};
  return LintMigrations({&file, 1}, options);
}

std::string ToText(const v1::LintReport& report) {
  std::string text = absl::StrCat(v1::Decision_Name(report.decision()), "\n");
  for (const v1::Finding& finding : report.findings()) {
    const v1::Location& at = finding.location();
    absl::StrAppend(&text, "\n", at.path(), ":", at.line(), ":", at.column(), "-", at.end_line(),
                    ":", at.end_column(), " ", finding.rule(), " [", finding.subject(), "]\n",
                    v1::Severity_Name(finding.severity()));
    for (const int effect : finding.effects()) {
      absl::StrAppend(&text, " ", v1::Effect_Name(static_cast<v1::Effect>(effect)));
    }
    if (!finding.covered_by().empty())
      absl::StrAppend(&text, ", covered by ", finding.covered_by());
    absl::StrAppend(&text, "\n", finding.message(), "\n", finding.instead(), "\n");
    for (const v1::Witness& witness : finding.witnesses()) {
      absl::StrAppend(&text, witness.certain() ? "fails" : "may fail", " (", witness.sqlstate(),
                      "): ", witness.sql(), "\n");
    }
  }
  return text;
}

class RuleTest : public ::testing::TestWithParam<RuleEntry> {
 protected:
  std::string Folder() const { return kFolder + std::string(GetParam().stem); }
};

TEST_P(RuleTest, FindsWhatItIsFor) {
  for (const std::string& path : Migrations(Folder())) {
    if (std::filesystem::path(path).filename().string().starts_with("near_miss")) continue;
    SCOPED_TRACE(path);
    const v1::LintReport report = Lint(path);
    bool found = false;
    for (const v1::Finding& finding : report.findings())
      found |= finding.rule() == GetParam().rule->id;
    EXPECT_TRUE(found);
    EXPECT_TRUE(MatchesGolden(GoldenFor(path, ".sql", ".expected"), ToText(report)));
  }
}

TEST_P(RuleTest, LeavesNearMissesAlone) {
  int near_misses = 0;
  for (const std::string& path : Migrations(Folder())) {
    if (!std::filesystem::path(path).filename().string().starts_with("near_miss")) continue;
    ++near_misses;
    const v1::LintReport report = Lint(path);
    EXPECT_EQ(report.decision(), v1::DECISION_ALLOW) << path << "\n" << ToText(report);
    EXPECT_TRUE(report.findings().empty()) << path << "\n" << ToText(report);
  }
  EXPECT_GT(near_misses, 0) << Folder();
}

TEST_P(RuleTest, IsNamedAfterItsFileAndHasNoStrayGoldens) {
  const auto& [stem, rule] = GetParam();
  EXPECT_EQ(rule->id, absl::StrCat("migration.", std::string(stem)));
  std::set<std::string> read;
  for (const std::string& path : Migrations(Folder())) {
    read.insert(path);
    for (const char* end : {kWorkload, kNext}) {
      const std::string workload = GoldenFor(path, ".sql", end);
      if (std::filesystem::exists(workload)) read.insert(workload);
    }
    if (const std::string seen = GoldenFor(path, ".sql", kRehearsal);
        std::filesystem::exists(seen)) {
      read.insert(seen);
    }
    const bool near_miss = std::filesystem::path(path).filename().string().starts_with("near_miss");
    if (!near_miss) read.insert(GoldenFor(path, ".sql", ".expected"));
  }
  EXPECT_TRUE(NoStrayGoldens(Folder(), read));
}

INSTANTIATE_TEST_SUITE_P(Rules, RuleTest, ::testing::ValuesIn(AllRules().begin(), AllRules().end()),
                         [](const auto& info) { return std::string(info.param.stem); });

TEST(RulesTest, EachGoldenFolderHasARule) {
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string stem = entry.path().filename().string();
    EXPECT_TRUE(std::ranges::any_of(AllRules(), [&](const RuleEntry& e) { return e.stem == stem; }))
        << stem;
  }
}

// checks/migration/RULES.md, from the rules themselves.
TEST(RulesTest, CatalogueIsFresh) {
  std::string page =
      "# Rules of the migration check\n\nMade from `checks/migration/rules/`; to refresh it: "
      "`cmake --build --preset debug --target golden`.\n";
  for (const RuleEntry& entry : AllRules()) {
    const migration::Rule& rule = *entry.rule;
    absl::StrAppend(
        &page, "\n## ", std::string(rule.id), "\n", std::string(rule.summary),
        ". Severity: ", v1::Severity_Name(rule.severity).substr(sizeof("SEVERITY_") - 1), ".\n\n",
        std::string(rule.why), "\n\n**Instead:** ", std::string(rule.instead), "\n");
  }
  EXPECT_TRUE(MatchesGolden("../checks/migration/RULES.md", page));
}

}  // namespace
}  // namespace gate
