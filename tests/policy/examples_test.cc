// The examples that people start from are in order, and say what their comments say.
#include "checks/policy/match.h"
#include "gate/config/config.h"
#include "gate/policy/loader.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

std::string Said(const std::vector<FileIssue>& issues) {
  std::string said;
  for (const FileIssue& issue : issues) said += issue.ToString() + "\n";
  return said;
}

std::string RuleFor(const v1::Policy& policy, const char* environment, v1::ChangeKind kind) {
  v1::Change change;
  change.set_service("payments");
  change.set_environment(environment);
  change.set_kind(kind);
  const v1::PolicyRule* rule = MatchRule(policy, change);
  return rule ? rule->name() : "none";
}

TEST(ExamplesTest, PolicyLoads) {
  const LoadedPolicy loaded = LoadPolicy("../deploy/policies/example.yaml", absl::UnixEpoch());
  ASSERT_EQ(Said(loaded.issues), "");
  const v1::Policy& policy = loaded.snapshot->policy;
  EXPECT_EQ(RuleFor(policy, "production", v1::CHANGE_KIND_CODE), "production");
  EXPECT_EQ(RuleFor(policy, "production", v1::CHANGE_KIND_MIGRATION), "production");
  EXPECT_EQ(RuleFor(policy, "production", v1::CHANGE_KIND_HOTFIX), "production hotfixes");
  EXPECT_EQ(RuleFor(policy, "production", v1::CHANGE_KIND_CONFIG),
            "production flags and configuration");
  EXPECT_EQ(RuleFor(policy, "production", v1::CHANGE_KIND_TRAFFIC_SHIFT),
            "production traffic shifts");
  EXPECT_EQ(RuleFor(policy, "staging-eu", v1::CHANGE_KIND_CODE), "staging");
  EXPECT_EQ(RuleFor(policy, "laptop", v1::CHANGE_KIND_CODE), "none");
}

TEST(ExamplesTest, ConfigurationLoads) {
  config::v1::Config config;
  EXPECT_EQ(Said(LoadConfig("../deploy/config.example.yaml", config)), "");
  // "These are the defaults."
  config::v1::Config defaults;
  FillDefaults(defaults);
  EXPECT_EQ(config.limits().ShortDebugString(), defaults.limits().ShortDebugString());
  EXPECT_EQ(config.drain_timeout().seconds(), defaults.drain_timeout().seconds());
}

}  // namespace
}  // namespace gate
