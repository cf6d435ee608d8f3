// A rollout as a pipeline drives it, by gatectl, through deaths of the gate.
#include <signal.h>

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

class RolloutTest : public ::testing::Test {
 protected:
  // The answer as JSON, whatever the exit code.
  json Run(std::vector<std::string> arguments, int exit) {
    arguments.insert(arguments.begin(), "rollout");
    arguments.insert(arguments.end(), {"-o", "json=" + gate_.folder() + "/answer.json"});
    const RunResult result = RunGatectl(gate_, arguments);
    EXPECT_EQ(result.exit, exit) << result.output;
    output_ = result.output;
    return json::parse(ReadFile(gate_.folder() + "/answer.json"));
  }

  // Kills the gate without a warning, and starts it again.
  void Crash() {
    gate_.process().Signal(SIGKILL);
    gate_.process().Wait();
    gate_.StartAgain();
  }

  RunningGate gate_{{.policy = ReadFile("e2e/gated/rollout_policy.yaml")}};
  std::string output_;
};

TEST_F(RolloutTest, OutlivesTheGate) {
  const json started = Run({"start", "payments", "--env", "production", "--version", "7",
                            "--request-id", "start-1", "--holder", "run 1"},
                           0);
  const std::string name = started["name"], token = started["fencingToken"];
  Crash();
  EXPECT_EQ(Run({"start", "payments", "--env", "production", "--version", "7", "--request-id",
                 "start-1", "--holder", "run 1"},
                0)["fencingToken"],
            token)
      << "the same call, the same lease";

  const json first = Run({"advance", name, "--token", token, "--request-id", "step-1"}, 0);
  EXPECT_TRUE(first["advanced"]);
  Crash();
  const json again = Run({"advance", name, "--token", token, "--request-id", "step-1"}, 0);
  EXPECT_EQ(again["rollout"]["taken"].size(), 1u) << "one step, however often it is asked for";

  EXPECT_TRUE(Run({"advance", name, "--token", token}, 0)["advanced"]);
  const json early = Run({"advance", name, "--token", token}, 11);
  EXPECT_FALSE(early["advanced"]);
  EXPECT_EQ(early["rollout"]["waits"][0]["kind"], "TIME");
  EXPECT_THAT(output_, HasSubstr("takes 1 hour at least"));
}

TEST_F(RolloutTest, IsStoppedAndTakenBackByPeople) {
  const json started = Run({"start", "payments", "--env", "production", "--version", "7"}, 0);
  const std::string name = started["name"], token = started["fencingToken"];
  EXPECT_TRUE(Run({"advance", name, "--token", token}, 0)["advanced"]);
  EXPECT_EQ(Run({"pause", name, "--reason", "a look at the logs"}, 0)["state"], "PAUSED");
  EXPECT_FALSE(Run({"advance", name, "--token", token}, 11)["advanced"]);
  EXPECT_EQ(Run({"abort", name, "--reason", "errors"}, 0)["state"], "ROLLING_BACK");
  EXPECT_FALSE(Run({"advance", name, "--token", token}, 10)["advanced"]);
  EXPECT_EQ(Run({"confirm-rollback", name, "--token", token}, 0)["state"], "ROLLED_BACK");
  EXPECT_EQ(Run({"watch", name}, 10)["share"], 0);
}

TEST_F(RolloutTest, TheClockFinishesWhatNobodyAsksAbout) {
  const std::string policy = ReadFile("e2e/gated/rollout_policy.yaml");
  gate_.WritePolicy(policy.substr(0, policy.find("        - {share: 0.05}")) +
                    policy.substr(policy.find("        - {share: 1}")));

  gate_.process().Signal(SIGHUP);
  json started;
  for (int i = 0; i < 100 && started["plan"]["steps"].size() != 1; ++i) {
    started = Run({"start", "payments", "--env", "production", "--dry-run"}, 0);
  }
  started = Run({"start", "payments", "--env", "production"}, 0);
  const std::string name = started["name"], token = started["fencingToken"];
  EXPECT_TRUE(Run({"advance", name, "--token", token}, 0)["advanced"]);
  EXPECT_EQ(Run({"watch", name}, 0)["state"], "SUCCEEDED");
}

}  // namespace
}  // namespace gate
