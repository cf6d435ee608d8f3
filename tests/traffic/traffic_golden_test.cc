// golden/traffic/RULE/NAME.change.yaml (and NAME.policy.yaml) in, NAME.expected out: the verdict as
// people read it. finding* has a finding of the rule, near_miss* has none.
#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "checks/policy/yaml.h"
#include "checks/render/render.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"
#include "tests/traffic/traffic.h"

namespace gate {
namespace {

using testing::GoldenFiles;
using testing::GoldenFor;

constexpr char kSuffix[] = ".change.yaml";

std::string FolderOf(const RuleDoc& rule) {
  return "golden/traffic/" + std::string(rule.id.substr(sizeof("traffic.") - 1));
}

template <typename Message>
Message Load(const std::string& path) {
  Message message;
  for (const FileIssue& issue : ParseYaml(path, testing::ReadFile(path), message, nullptr)) {
    ADD_FAILURE() << issue.ToString();
  }
  return message;
}

v1::CheckOutcome JudgeCase(const v1::Change& change, const std::string& path) {
  const std::string policy = GoldenFor(path, kSuffix, ".policy.yaml");
  return testing::JudgeTraffic(change, std::filesystem::exists(policy)
                                           ? Load<v1::TrafficPolicy>(policy)
                                           : v1::TrafficPolicy());
}

std::string Rendered(const v1::Change& change, const v1::CheckOutcome& outcome) {
  v1::Verdict verdict;
  *verdict.mutable_change() = change;
  Fold(v1::PolicyRule(), {outcome}, absl::UnixEpoch(), verdict);
  verdict.clear_valid_until();
  return render::kTableFormat.verdict(verdict, {});
}

bool Finds(const v1::CheckOutcome& outcome, std::string_view rule) {
  return std::ranges::any_of(outcome.findings(),
                             [&](const v1::Finding& finding) { return finding.rule() == rule; });
}

TEST(TrafficGoldenTest, EveryRuleHasCasesThatFindAndNearMisses) {
  for (const RuleDoc& rule : kTrafficCheck.rules()) {
    int finding = 0, missing = 0;
    for (const std::string& path : GoldenFiles(FolderOf(rule), kSuffix)) {
      SCOPED_TRACE(path);
      const auto change = Load<v1::Change>(path);
      const v1::CheckOutcome outcome = JudgeCase(change, path);
      const bool should = std::filesystem::path(path).filename().string().starts_with("finding");
      ++(should ? finding : missing);
      EXPECT_EQ(Finds(outcome, rule.id), should) << outcome.DebugString();
      EXPECT_TRUE(
          testing::MatchesGolden(GoldenFor(path, kSuffix, ".expected"), Rendered(change, outcome)));
    }
    EXPECT_GT(finding, 0) << rule.id;
    EXPECT_GT(missing, 0) << rule.id;
  }
}

TEST(TrafficGoldenTest, NothingLiesAround) {
  const std::vector<std::string> suffixes = {kSuffix, ".policy.yaml", ".expected"};
  std::set<std::string> folders;
  for (const RuleDoc& rule : kTrafficCheck.rules()) {
    EXPECT_TRUE(testing::NoStrayGoldens(FolderOf(rule), suffixes));
    folders.insert(FolderOf(rule));
  }
  for (const auto& entry : std::filesystem::directory_iterator("golden/traffic")) {
    EXPECT_TRUE(folders.contains(entry.path().string())) << entry.path();
  }
}

TEST(TrafficGoldenTest, RulesAreSortedAndWhole) {
  const auto rules = kTrafficCheck.rules();
  EXPECT_TRUE(std::ranges::is_sorted(rules, {}, &RuleDoc::id));
  for (const RuleDoc& rule : rules) {
    EXPECT_TRUE(rule.id.starts_with("traffic.") && !rule.summary.empty() && !rule.why.empty() &&
                !rule.instead.empty())
        << rule.id;
  }
}

}  // namespace
}  // namespace gate
