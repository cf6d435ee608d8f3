// The program: its command line, what it refuses, and how it ends.
#include <httplib.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/half_sent.h"

namespace gate {
namespace {

using testing::HasSubstr;

constexpr char kPolicy[] = "title: t\nrules:\n  - name: all\n    checks: {migration: {}}\n";

RunResult Gated(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), GATED);
  return RunProgram({.arguments = std::move(arguments)});
}

class ProcessTest : public testing::Test {
 protected:
  std::string Config(const std::string& text) { return folder_.Write("gated.yaml", text); }
  std::string GoodConfig() {
    folder_.Write("policy.yaml", kPolicy);
    return Config(absl::StrCat(
        "grpc: {address: \"127.0.0.1:0\"}\nhttp: {address: \"127.0.0.1:0\"}\n",
        "store: {url: \"sqlite:", folder_.File("gate.db"), "\"}\npolicy: policy.yaml\n"));
  }
  void Start(const std::string& config) {
    auto child = ChildProcess::Start(
        {.arguments = {GATED, "--config", config}, .output = folder_.File("log")});
    ASSERT_TRUE(child.ok()) << child.status();
    gated_ = *std::move(child);
    ASSERT_TRUE(Eventually([&] { return !Field("serving", "http").empty(); })) << Log();
  }
  std::string Log() { return ReadFile(folder_.File("log")); }
  // A field of the newest line with that message.
  std::string Field(const std::string& message, const std::string& field) {
    std::istringstream lines(Log());
    std::string found;
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line, nullptr, false);
      if (!json.is_discarded() && json["msg"] == message) found = json.value(field, "");
    }
    return found;
  }
  nlohmann::json Ready() {
    const auto result = httplib::Client("http://" + Field("serving", "http")).Get("/readyz");
    return result ? nlohmann::json::parse(result->body, nullptr, false) : nlohmann::json();
  }

  TempFolder folder_;
  std::unique_ptr<ChildProcess> gated_;
};

TEST_F(ProcessTest, TheCommandLineIsReadable) {
  RunResult result = Gated({"--version"});
  EXPECT_EQ(result.exit, 0);
  EXPECT_THAT(result.output, testing::StartsWith("gated 0."));
  result = Gated({"--help"});
  EXPECT_EQ(result.exit, 0);
  for (const char* part : {"--config", "--demo", "--check-config", "SIGHUP", "Exit codes"}) {
    EXPECT_THAT(result.output, HasSubstr(part));
  }
  result = Gated({});
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.output, HasSubstr("--demo"));
  EXPECT_EQ(Gated({"--no-such-flag"}).exit, 2);
  EXPECT_EQ(Gated({"--demo", "--config", "x"}).exit, 2);
}

TEST_F(ProcessTest, EveryIssueOfTheConfigurationIsSaidWithItsPlace) {
  const std::string config = Config("grpc:\n  address: 0.0.0.0:9443\nstoer: {}\npolicy: 3\n");
  const RunResult result = Gated({"--config", config});
  EXPECT_EQ(result.exit, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("gated.yaml:3:1"));
  EXPECT_THAT(result.output, HasSubstr("store"));
  EXPECT_EQ(Gated({"--config", "/no/such/file.yaml"}).exit, 2);
}

TEST_F(ProcessTest, PlainTextForOtherHostsTakesAWord) {
  folder_.Write("policy.yaml", kPolicy);
  const std::string rest =
      absl::StrCat("store: {url: \"sqlite:", folder_.File("gate.db"),
                   "\"}\npolicy: policy.yaml\nidentity: {tokens_file: tokens.yaml}\n");
  folder_.Write("tokens.yaml", "{}\n");
  const RunResult refused =
      Gated({"--check-config", "--config", Config("grpc: {address: \"0.0.0.0:0\"}\n" + rest)});
  EXPECT_EQ(refused.exit, 2);
  EXPECT_THAT(refused.output, HasSubstr("allow_plaintext_from_other_hosts"));
  const RunResult allowed = Gated(
      {"--check-config", "--config",
       Config("grpc: {address: \"0.0.0.0:0\", allow_plaintext_from_other_hosts: true}\n" + rest)});
  EXPECT_EQ(allowed.exit, 0) << allowed.output;
}

TEST_F(ProcessTest, CheckConfigLooksAtThePolicyToo) {
  const std::string config = GoodConfig();
  EXPECT_EQ(Gated({"--check-config", "--config", config}).exit, 0);
  folder_.Write("policy.yaml", "rules:\n  - nmae: all\n");
  const RunResult result = Gated({"--check-config", "--config", config});
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.output, HasSubstr("policy.yaml:2:5"));
}

TEST_F(ProcessTest, APolicyWithIssuesLeavesTheOldOneInForce) {
  Start(GoodConfig());
  EXPECT_EQ(Ready()["state"], "good");
  const std::string digest = Field("serving", "policy_digest");
  folder_.Write("policy.yaml", "rules: 7\n");
  gated_->Signal(SIGHUP);
  ASSERT_TRUE(Eventually([&] { return Ready()["state"] == "degraded"; })) << Log();
  EXPECT_TRUE(Eventually([&] {  // A line of the log may be a moment late.
    return Field("the policy file has issues; the policy in force stays", "policy_digest") ==
           digest;
  })) << Log();
  folder_.Write("policy.yaml",
                "title: another\nrules:\n  - name: all\n    checks: {migration: {}}\n");
  gated_->Signal(SIGHUP);
  ASSERT_TRUE(Eventually([&] { return Ready()["state"] == "good"; })) << Log();
  std::string other;
  EXPECT_TRUE(Eventually([&] {
    other = Field("another policy is in force", "policy_digest");
    return !other.empty();
  })) << Log();
  EXPECT_NE(other, digest);
}

TEST_F(ProcessTest, SigtermEndsInOrder) {
  Start(GoodConfig());
  gated_->Signal(SIGTERM);
  EXPECT_EQ(gated_->Wait(), 0) << Log();
  EXPECT_THAT(Log(), HasSubstr(R"("msg":"ended")"));
}

// A client that has sent half of a request is waited for, unless one says so twice.
TEST_F(ProcessTest, ASecondSigtermEndsAtOnce) {
  Start(GoodConfig());
  const HalfSent slow(Field("serving", "http"));
  // Once another request was answered, the half one has been accepted before it.
  ASSERT_FALSE(Ready().is_null());
  gated_->Signal(SIGTERM);
  ASSERT_TRUE(Eventually([&] { return Log().find("\"msg\":\"ending") != std::string::npos; }));
  gated_->Signal(SIGTERM);
  EXPECT_EQ(gated_->Wait(), 128 + SIGTERM) << Log();
  EXPECT_THAT(Log(), testing::Not(HasSubstr(R"("msg":"ended")")));
}

TEST_F(ProcessTest, AnAddressThatIsTakenIsOneClearError) {
  Start(GoodConfig());
  const std::string address = Field("serving", "grpc");
  const std::string config = Config(absl::StrCat(
      "grpc: {address: \"", address, "\"}\nstore: {url: \"sqlite:", folder_.File("other.db"),
      "\"}\npolicy: policy.yaml\n"));
  const RunResult second = Gated({"--config", config});
  EXPECT_EQ(second.exit, 1);
  EXPECT_THAT(second.output, HasSubstr("cannot listen for gRPC on " + address));
}

}  // namespace
}  // namespace gate
