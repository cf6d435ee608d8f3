// An override as people use it, by gatectl against a real gate.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/running_gate.h"

namespace gate {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class OverrideTest : public ::testing::Test {
 protected:
  json Run(std::vector<std::string> arguments, int exit) {
    arguments.insert(arguments.end(), {"-o", "json=" + gate_.folder() + "/answer.json"});
    const RunResult result = RunGatectl(gate_, arguments);
    EXPECT_EQ(result.exit, exit) << result.output;
    output_ = result.output;
    return json::parse(ReadFile(gate_.folder() + "/answer.json"));
  }

  // A release that drops a column, of one artefact.
  json Check(int exit, char artefact = 'a') {
    v1::EvaluateRequest request;
    v1::Change& change = *request.mutable_change();
    change.set_service("orders");
    change.set_environment("production");
    change.set_kind(v1::CHANGE_KIND_MIGRATION);
    change.set_artifact_digest("sha256:" + std::string(64, artefact));
    v1::MigrationFile& file = *change.mutable_schema_change()->add_files();
    file.set_path("001.sql");
    file.set_sql("ALTER TABLE users DROP COLUMN email;");
    change.mutable_schema_change()->set_schema_before("CREATE TABLE users (id int, email text);");
    const v1::Verdict verdict = gate_.Evaluate(request);
    return Run({"verdict", "get", verdict.name()}, exit);
  }

  RunningGate gate_{{.policy = ReadFile("e2e/gated/override_policy.yaml")}};
  std::string output_;
};

TEST_F(OverrideTest, ABlockBecomesAllowOnceAndIsABlockAgain) {
  const json blocked = Check(0);
  ASSERT_EQ(blocked["decision"], "BLOCK");
  const std::string verdict = blocked["name"];
  const RunResult shown = RunGatectl(gate_, {"verdict", "get", verdict});
  EXPECT_THAT(shown.output, HasSubstr("gatectl override create " + verdict + " --rule "));

  std::vector<std::string> create = {"override",        "create",   verdict,   "--reason",
                                     "nobody reads it", "--ticket", "TASKS-7", "--break-glass"};
  for (const auto& rule : blocked["overridableRules"]) {
    create.insert(create.end(), {"--rule", rule.get<std::string>()});
  }
  EXPECT_EQ(RunGatectl(gate_, create).exit, 2) << "nobody is there to confirm it";
  EXPECT_EQ(Check(0)["decision"], "BLOCK");
  create.push_back("--confirm");
  const json made = Run(create, 0);
  EXPECT_EQ(made["decision"], "ALLOW");
  const std::string name = made["override"]["name"];
  EXPECT_THAT(output_, HasSubstr("the glass is broken"));

  EXPECT_EQ(Check(0, 'b')["decision"], "BLOCK") << "another artefact";
  const json allowed = Check(0);
  EXPECT_EQ(allowed["decision"], "ALLOW");
  EXPECT_EQ(allowed["overrides"], json::array({name}));
  const RunResult told = RunGatectl(gate_, {"verdict", "get", allowed["name"]});
  EXPECT_THAT(told.output, HasSubstr("BREAK-GLASS: " + name));
  EXPECT_EQ(Check(0)["decision"], "BLOCK") << "it counts once";
  EXPECT_EQ(Run({"override", "get", name}, 0)["consumedBy"], allowed["name"]);
  EXPECT_EQ(RunGatectl(gate_, {"verdict", "replay", allowed["name"]}).exit, 0);

  // A gate that starts again has not forgotten.
  gate_.process().Kill();
  gate_.StartAgain();
  EXPECT_EQ(Check(0)["decision"], "BLOCK");
  EXPECT_EQ(Run({"override", "list", "--awaiting-review"}, 0)["overrides"].size(), 1u);
}

TEST_F(OverrideTest, WhatNobodyHasApprovedCoversNothing) {
  const json blocked = Check(0);
  std::vector<std::string> create = {"override",        "create",   blocked["name"], "--reason",
                                     "nobody reads it", "--ticket", "TASKS-7",       "--confirm"};
  for (const auto& rule : blocked["overridableRules"]) {
    create.insert(create.end(), {"--rule", rule.get<std::string>()});
  }
  const json made = Run(create, 0);
  EXPECT_EQ(made["override"]["state"], "PENDING");
  EXPECT_EQ(Check(0)["decision"], "BLOCK");
  // Whoever asked cannot be told from whoever approves.
  const RunResult approved =
      RunGatectl(gate_, {"override", "approve", made["override"]["name"], "--confirm"});
  EXPECT_NE(approved.exit, 0) << approved.output;
  const json revoked = Run({"override", "revoke", made["override"]["name"], "--reason", "no"}, 0);
  EXPECT_EQ(revoked["state"], "REVOKED");
}

}  // namespace
}  // namespace gate
