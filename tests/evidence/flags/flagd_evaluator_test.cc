// Our reading of flagd's files against flagd's own evaluator, behind OFREP: where we say OFF, it
// says false for every context, whatever the default in the code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "absl/strings/str_cat.h"
#include "gate/evidence/flags/flag_server_source.h"
#include "gate/evidence/flags/flagd_file.h"
#include "gate/evidence/flags/ofrep.h"
#include "tests/fakes/child_process.h"

namespace gate {
namespace {

using nlohmann::json;

constexpr char kVariants[] = R"({"on":true,"off":false})";

std::string Flag(const std::string& state, const std::string& variants,
                 const std::string& default_variant, const std::string& targeting) {
  std::string flag = absl::StrCat(R"({"state":)", state, R"(,"variants":)", variants);
  if (!default_variant.empty()) absl::StrAppend(&flag, R"(,"defaultVariant":)", default_variant);
  if (!targeting.empty()) absl::StrAppend(&flag, R"(,"targeting":)", targeting);
  return flag + "}";
}

std::string File(const std::map<std::string, std::string>& flags) {
  std::string text =
      R"({"$evaluators":{"staff":{"ends_with":[{"var":"email"},"@example.com"]}},"flags":{)";
  bool first = true;
  for (const auto& [name, flag] : flags) {
    absl::StrAppend(&text, first ? "" : ",", json(name).dump(), ":", flag);
    first = false;
  }
  return text + "}}";
}

constexpr const char* kTargetings[] = {"",
                                       "",
                                       "",
                                       "{}",
                                       "null",
                                       R"({"if":[{"==":[{"var":"country"},"de"]},"on","off"]})",
                                       R"({"if":[{"$ref":"staff"},"on",null]})",
                                       R"({"if":[{"in":[{"var":"tier"},["gold"]]},"on"]})",
                                       R"({"fractional":[["on",5],["off",95]]})",
                                       R"({"if":[{">":[{"var":"age"},30]},"off","on"]})",
                                       R"({"if":[false,"on"]})",
                                       R"({"no_such_operator":[1]})",
                                       R"({"if":[true,"missing"]})"};
constexpr const char* kDefaults[] = {"", "null", R"("on")", R"("off")", R"("off")"};
constexpr const char* kValues[] = {kVariants,
                                   kVariants,
                                   kVariants,
                                   R"({"off":false})",
                                   R"({"on":false,"off":true})",
                                   R"({"on":"yes","off":"no"})",
                                   R"({"on":1,"off":0})",
                                   R"({"on":true,"off":"false"})"};

// Sixty flags of a random choice of everything that a flag may have, and be taken by flagd.
std::map<std::string, std::string> RandomFlags(std::mt19937& random) {
  const auto any = [&](const auto& choices) {
    return std::string(choices[random() % std::size(choices)]);
  };
  std::map<std::string, std::string> flags;
  while (flags.size() < 60) {
    const std::string variants = any(kValues);
    const std::string default_variant = any(kDefaults);
    if (default_variant == R"("on")" && variants == kValues[3]) continue;
    flags.emplace(absl::StrCat("flag-", flags.size()),
                  Flag(random() % 5 == 0 ? R"("DISABLED")" : R"("ENABLED")", variants,
                       default_variant, any(kTargetings)));
  }
  return flags;
}

// Nobody, everybody that the rules name, and some whom chance makes.
std::vector<std::string> Contexts() {
  std::vector<std::string> contexts = {"{}",
                                       R"({"targetingKey":""})",
                                       R"({"country":"de"})",
                                       R"({"email":"a@example.com"})",
                                       R"({"tier":"gold"})",
                                       R"({"age":31})",
                                       R"({"age":"31"})",
                                       R"({"country":["de"]})",
                                       R"({"targetingKey":7,"tier":null})"};
  for (int i = 0; i < 40; ++i) {
    contexts.push_back(json({{"targetingKey", absl::StrCat("user-", i)},
                             {"country", i % 2 == 0 ? "de" : "fr"},
                             {"email", i % 3 == 0 ? "b@example.com" : "c@example.org"},
                             {"tier", i % 5 == 0 ? "gold" : "none"},
                             {"age", i * 2}})
                           .dump());
  }
  return contexts;
}

class FlagdEvaluator : public ::testing::Test {
 protected:
  FlagdEvaluator() {
    const auto script = std::filesystem::absolute("fakes/ofrep.mjs").lexically_normal();
    std::filesystem::create_directory(folder_.File("files"));
    auto process = ChildProcess::Start(
        {.arguments = {"node", script, folder_.File("files")}, .output = folder_.File("port")});
    if (!process.ok()) throw std::runtime_error(std::string(process.status().message()));
    process_ = *std::move(process);
    const auto port = [this] { return ReadFile(folder_.File("port")); };
    Eventually([&] { return port().find('\n') != std::string::npos || !process_->Running(); });
    if (!process_->Running()) throw std::runtime_error(port());
    url_ = "http://127.0.0.1:" + port().substr(0, port().find('\n'));
  }

  // What it answers for one context; the status alone where it refuses the file.
  httplib::Result Evaluate(const std::string& file, const std::string& context) {
    return client_->Post("/" + file + "/ofrep/v1/evaluate/flags", R"({"context":)" + context + "}",
                         "application/json");
  }
  void Write(const std::string& file, const std::string& text) {
    folder_.Write("files/" + file, text);
    if (client_ == nullptr) client_ = std::make_unique<httplib::Client>(url_);
    client_->set_keep_alive(true);
    client_->set_tcp_nodelay(true);
  }

  const TempFolder folder_;
  std::unique_ptr<ChildProcess> process_;
  std::string url_;
  std::unique_ptr<httplib::Client> client_;
};

TEST_F(FlagdEvaluator, AgreesForEveryContext) {
  std::mt19937 random(7);
  std::map<v1::FlagValue, int> seen;
  int answers = 0;
  for (int n = 0; n < 12; ++n) {
    const std::string text = File(RandomFlags(random));
    Write("random", text);
    const auto states = ParseFlagdFile(text, false);
    ASSERT_TRUE(states.ok()) << states.status() << "\n" << text;
    std::map<std::string, v1::FlagValue> ours;
    for (const v1::FlagState& state : states->flags()) {
      ours[state.flag()] = state.value();
      ++seen[state.value()];
    }
    for (const std::string& context : Contexts()) {
      const auto reply = Evaluate("random", context);
      ASSERT_TRUE(reply) << n;
      ASSERT_EQ(reply->status, 200) << reply->body;
      const json flags = json::parse(reply->body)["flags"];
      ASSERT_EQ(flags.size(), ours.size());
      for (const json& flag : flags) {
        ++answers;
        const v1::FlagValue state = ours.at(flag["key"]);
        const json value = flag.value("value", json());  // null: the default in the code
        if (state == v1::FLAG_VALUE_UNKNOWN) continue;
        const json wanted =
            state == v1::FLAG_VALUE_CODE_DEFAULT ? json() : json(state == v1::FLAG_VALUE_ON);
        EXPECT_EQ(value, wanted) << flag << text;
      }
      // One context's answers, read as a flag server's, say nothing that the file does not.
      const auto remote = ParseOfrep(reply->body, "");
      ASSERT_TRUE(remote.ok()) << remote.status();
      for (const v1::FlagState& state : remote->flags()) {
        if (state.value() != v1::FLAG_VALUE_OFF) continue;
        EXPECT_EQ(ours.at(state.flag()), v1::FLAG_VALUE_OFF) << state.ShortDebugString() << text;
      }
    }
  }
  EXPECT_EQ(answers, 12 * 60 * 49);
  for (const v1::FlagValue value : {v1::FLAG_VALUE_OFF, v1::FLAG_VALUE_ON,
                                    v1::FLAG_VALUE_CODE_DEFAULT, v1::FLAG_VALUE_UNKNOWN}) {
    EXPECT_GE(seen[value], 20) << v1::FlagValue_Name(value);
  }
}

// flagd goes on with what it had before: nothing may be known of a file that it refuses.
TEST_F(FlagdEvaluator, WhatItRefusesWeRefuse) {
  const std::string good = Flag(R"("ENABLED")", kVariants, R"("off")", "");
  const std::string kFlags[] = {Flag(R"("enabled")", kVariants, R"("off")", ""),
                                Flag("null", kVariants, R"("off")", ""),
                                Flag(R"("ENABLED")", kVariants, R"("none")", ""),
                                Flag(R"("ENABLED")", "null", "", ""),
                                R"({"state":"ENABLED"})",
                                R"({"variants":{"off":false},"defaultVariant":"off"})",
                                "null",
                                "7"};
  for (const std::string& bad : kFlags) {
    const std::string text = File({{"good", good}, {"other", bad}});
    Write("refused", text);
    const auto reply = Evaluate("refused", "{}");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 500) << reply->body << text;
    EXPECT_FALSE(ParseFlagdFile(text, false).ok()) << text;
  }
  for (const std::string& text :
       {std::string("{"), "\xEF\xBB\xBF" + File({{"good", good}}), File({{"good", good}}) + "}"}) {
    Write("refused", text);
    EXPECT_EQ(Evaluate("refused", "{}")->status, 500) << text;
    EXPECT_FALSE(ParseFlagdFile(text, false).ok()) << text;
  }
}

// Its text is put in wherever a $ref stands.
TEST_F(FlagdEvaluator, AReferenceIsNeverOff) {
  for (
      const char* flag :
      {R"({"state":"ENABLED","variants":{"off":{"$ref":"yes"}},"defaultVariant":"off"})",
       R"({"state":"ENABLED","variants":{"off":false},"defaultVariant":"off","targeting":{"$ref":"yes"}})",
       R"({"$ref":"flag"})"}) {
    const std::string text = absl::StrCat(
        R"({"$evaluators":{"yes":true,"flag":{"state":"ENABLED","variants":{"off":true},)",
        R"("defaultVariant":"off"}},"flags":{"f":)", flag, "}}");
    Write("reference", text);
    const auto states = ParseFlagdFile(text, false);
    const v1::FlagStates none;
    for (const v1::FlagState& state : (states.ok() ? *states : none).flags()) {
      EXPECT_NE(state.value(), v1::FLAG_VALUE_OFF) << text;
    }
    const auto reply = Evaluate("reference", "{}");
    ASSERT_TRUE(reply) << text;
    EXPECT_EQ(reply->status, 200) << reply->body;
  }
}

TEST_F(FlagdEvaluator, OverHttpTheSourceReadsItAndKeepsItsETag) {
  Write("live", File({{"off", Flag(R"("ENABLED")", kVariants, R"("off")", "")},
                      {"disabled", Flag(R"("DISABLED")", kVariants, R"("off")", "")},
                      {"some", Flag(R"("ENABLED")", kVariants, R"("off")", kTargetings[7])}}));
  config::v1::FlagServer server;
  server.set_name("main");
  (*server.mutable_ofrep()->mutable_urls())["production"] = url_ + "/live";
  FlagServerSource source(server);
  v1::Query query;
  query.mutable_flag_states()->set_source("main");
  v1::Change change;
  change.set_environment("production");
  const auto fetch = [&] {
    return source
        .Fetch(query,
               {change, absl::Now(), std::chrono::steady_clock::now() + std::chrono::seconds(20)})
        .flag_states();
  };
  const v1::FlagStates before = fetch();
  ASSERT_EQ(before.flags_size(), 3) << before.ShortDebugString();
  EXPECT_EQ(before.flags(0).value(), v1::FLAG_VALUE_CODE_DEFAULT) << "disabled";
  EXPECT_EQ(before.flags(1).value(), v1::FLAG_VALUE_OFF) << "off";
  EXPECT_EQ(before.flags(2).value(), v1::FLAG_VALUE_UNKNOWN) << "some";
  EXPECT_THAT(before.revision(), ::testing::MatchesRegex("\"[0-9a-f]{40}\" [0-9a-f]{16}"));
  EXPECT_EQ(fetch().revision(), before.revision());
  Write("live", File({{"off", Flag(R"("ENABLED")", kVariants, R"("on")", "")}}));
  EXPECT_EQ(fetch().flags(0).value(), v1::FLAG_VALUE_ON);
  EXPECT_NE(fetch().revision(), before.revision());
}

}  // namespace
}  // namespace gate
