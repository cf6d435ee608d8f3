// Against Unleash itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "gate/evidence/flags/flag_server_source.h"
#include "tests/support/unleash.h"

namespace gate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class RealUnleash : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    postgres_ = new PostgresServer;
    unleash_ = new UnleashServer(*postgres_);
  }
  static void TearDownTestSuite() {
    delete unleash_;
    delete postgres_;
    unleash_ = nullptr;
    postgres_ = nullptr;
  }

  // The state of one flag in that environment, or why there is none. "OFF enabled: false".
  std::string State(const std::string& flag, const std::string& environment = "production") {
    return State(flag, environment, unleash_->Token(environment));
  }
  std::string State(const std::string& flag, const std::string& environment,
                    const std::string& token) {
    config::v1::FlagServer server;
    server.set_name("main");
    server.mutable_unleash()->set_url(unleash_->url());
    (*server.mutable_unleash()->mutable_token_files())[environment] = folder_.Write("token", token);
    FlagServerSource source(server);
    v1::Query query;
    query.mutable_flag_states()->set_source("main");
    query.mutable_flag_states()->add_flags(flag);
    v1::Change change;
    change.set_environment(environment);
    const v1::Observation observation = source.Fetch(
        query, {change, absl::Now(), std::chrono::steady_clock::now() + std::chrono::seconds(30)});
    if (observation.has_absence()) {
      return absl::StrCat(v1::AbsenceReason_Name(observation.absence().reason()).substr(15), " ",
                          observation.absence().detail());
    }
    revision_ = observation.flag_states().revision();
    const v1::FlagState& state = observation.flag_states().flags(0);
    return absl::StrCat(v1::FlagValue_Name(state.value()).substr(11), " ", state.detail());
  }

  static inline PostgresServer* postgres_ = nullptr;
  static inline UnleashServer* unleash_ = nullptr;
  const TempFolder folder_;
  std::string revision_;  // Of the last answer.
};

TEST_F(RealUnleash, OffInProductionWhileOnInDevelopment) {
  unleash_->CreateFlag("checkout");
  unleash_->Switch("checkout", "development", true);
  EXPECT_EQ(State("checkout"), "OFF enabled: false");
  EXPECT_EQ(State("checkout", "development"), "ON on for 100 % (flexibleRollout)");
}

TEST_F(RealUnleash, AFlipIsSeenAndChangesTheRevision) {
  unleash_->CreateFlag("flipped");
  EXPECT_EQ(State("flipped"), "OFF enabled: false");
  const std::string before = revision_;
  EXPECT_EQ(State("flipped"), "OFF enabled: false");
  EXPECT_EQ(revision_, before);
  unleash_->Switch("flipped", "production", true);
  EXPECT_THAT(State("flipped"), StartsWith("ON "));
  const std::string on = revision_;
  EXPECT_NE(on, before);
  // Off again is not as it was before: somebody may have seen it.
  unleash_->Switch("flipped", "production", false);
  EXPECT_EQ(State("flipped"), "OFF enabled: false");
  EXPECT_NE(revision_, before);
  EXPECT_NE(revision_, on);
}

TEST_F(RealUnleash, OnForAPartIsOn) {
  unleash_->CreateFlag("part");
  unleash_->AddStrategy("part", "production", 5);
  EXPECT_EQ(State("part"), "OFF enabled: false");
  const std::string before = revision_;
  unleash_->Switch("part", "production", true);
  EXPECT_EQ(State("part"), "ON on for 5 % (flexibleRollout)");
  EXPECT_NE(revision_, before);
}

TEST_F(RealUnleash, WhatIsArchivedOrNeverWasIsTheCodes) {
  unleash_->CreateFlag("gone");
  EXPECT_EQ(State("gone"), "OFF enabled: false");
  unleash_->Archive("gone");
  EXPECT_THAT(State("gone"), StartsWith("CODE_DEFAULT "));
  EXPECT_THAT(State("never"), StartsWith("CODE_DEFAULT "));
  // Of another project's flags a token of one project knows nothing.
  EXPECT_THAT(State("never", "production", unleash_->ProjectToken("production")),
              StartsWith("UNKNOWN "));
}

TEST_F(RealUnleash, OnlyATokenOfTheEnvironmentIsBelieved) {
  unleash_->CreateFlag("trusted");
  EXPECT_THAT(State("trusted", "production", "*:production.wrong"),
              AllOf(StartsWith("DENIED HTTP 401: the token in "),
                    ::testing::Not(HasSubstr("production.wrong"))));
  EXPECT_THAT(State("trusted", "production", unleash_->Token("development")),
              AllOf(StartsWith("REJECTED "), HasSubstr("of the environment \"development\"")));
  // Unleash answers it, for an environment of its choice.
  EXPECT_THAT(State("trusted", "production", unleash_->AdminToken()),
              AllOf(StartsWith("REJECTED "), HasSubstr("admin token")));
}

TEST_F(RealUnleash, OneThatHasDiedIsUnreachable) {  // The last one: it ends the server.
  unleash_->Kill();
  EXPECT_THAT(State("trusted"), StartsWith("UNREACHABLE "));
}

}  // namespace
}  // namespace gate
