// What Unleash tells its clients, and every way in which its "off" is not off.
#include "gate/evidence/flags/unleash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "checks/policy/utf8.h"
#include "tests/evidence/flags/reading.h"

namespace gate {
namespace {

using ::testing::HasSubstr;

std::string Answer(const std::string& features,
                   const std::string& query = R"({"environment":"production"})") {
  return absl::StrCat(R"({"version":2,"features":[)", features, R"(],"query":)", query,
                      R"(,"meta":{"revisionId":22,"etag":"x"}})");
}

// The rest of a feature named f.
constexpr ReadingCase kFeatures[] = {
    {"off", R"("enabled":false,"strategies":[],"variants":[])", "OFF"},
    {"off_whatever_would_turn_it_on",
     R"("enabled":false,"strategies":[{"name":"default","variants":[]}],"variants":[])", "OFF"},
    {"off_with_a_parent_that_is_on",
     R"("enabled":false,"strategies":[],"variants":[],"dependencies":[{"feature":"p"}])", "OFF"},
    {"off_but_a_variant_falls_back_to_the_code",
     R"("enabled":false,"strategies":[],"variants":[{"name":"a","weight":1000}])", "CODE_DEFAULT"},
    {"off_but_a_strategy_has_variants",
     R"("enabled":false,"strategies":[{"name":"default","variants":[{"name":"a"}]}])",
     "CODE_DEFAULT"},
    {"off_with_variants_that_are_no_list", R"("enabled":false,"variants":{"a":1})", "CODE_DEFAULT"},
    {"on_without_strategies", R"("enabled":true,"strategies":[])", "ON"},
    {"on_for_a_part",
     R"("enabled":true,"strategies":[{"name":"flexibleRollout","parameters":{"rollout":"5"}}])",
     "ON"},
    {"on_for_a_user",
     R"("enabled":true,"strategies":[{"name":"default","constraints":[{"contextName":"userId"}]}])",
     "ON"},
    {"on_with_parents_that_may_be_off",
     R"("enabled":true,"strategies":[],"dependencies":[{"feature":"p","enabled":true}])", "ON"},
    {"on_for_none_today",
     R"("enabled":true,"strategies":[{"name":"flexibleRollout","parameters":{"rollout":"0"}}])",
     "UNKNOWN"},
    {"on_with_strategies_that_are_no_list", R"("enabled":true,"strategies":"none")", "UNKNOWN"},
    {"on_without_a_word_of_strategies", R"("enabled":true)", "UNKNOWN"},
    {"enabled_is_missing", R"("strategies":[])", "UNKNOWN"},
    {"enabled_is_a_text", R"("enabled":"false","strategies":[])", "UNKNOWN"},
    {"enabled_is_a_number", R"("enabled":0,"strategies":[])", "UNKNOWN"},
    {"enabled_is_null", R"("enabled":null,"strategies":[])", "UNKNOWN"},
    {"enabled_is_there_twice", R"("enabled":true,"strategies":[],"enabled":false)", "refused"},
    {"the_name_is_there_twice", R"("enabled":false,"name":"g")", "refused"},
};

class UnleashFeature : public ::testing::TestWithParam<ReadingCase> {};

TEST_P(UnleashFeature, IsOffOnlyWhereItIsForEveryone) {
  const std::string text = Answer(absl::StrCat(R"({"name":"f",)", GetParam().text, "}"));
  EXPECT_EQ(Reading(ParseUnleash(text, "production"), "f"), GetParam().reading);
}

INSTANTIATE_TEST_SUITE_P(Of, UnleashFeature, ::testing::ValuesIn(kFeatures),
                         [](const auto& info) { return info.param.name; });

constexpr char kOff[] = R"({"name":"f","enabled":false,"strategies":[]})";

TEST(Unleash, AnAnswerOfAnotherEnvironmentIsRefused) {
  EXPECT_EQ(Reading(ParseUnleash(Answer(kOff), "production"), "f"), "OFF");
  const auto other = ParseUnleash(Answer(kOff, R"({"environment":"development"})"), "production");
  EXPECT_TRUE(absl::IsFailedPrecondition(other.status()));
  EXPECT_THAT(std::string(other.status().message()),
              HasSubstr("the token is of the environment \"development\", not of \"production\""));
  // What an admin token gets, and it is not production's.
  for (const char* query : {R"({"inlineSegmentConstraints":true})", "{}", "null", "[]",
                            R"({"environment":["production"]})"}) {
    const auto none = ParseUnleash(Answer(kOff, query), "production");
    EXPECT_TRUE(absl::IsFailedPrecondition(none.status())) << query;
    EXPECT_THAT(std::string(none.status().message()), HasSubstr("admin token")) << query;
  }
}

TEST(Unleash, AFlagThatIsNotThereIsKnownToBeNoneOnlyWithAllProjects) {
  const std::pair<const char*, bool> kQueries[] = {
      {R"({"environment":"production"})", true},
      {R"({"environment":"production","inlineSegmentConstraints":true})", true},
      {R"({"environment":"production","project":["*"]})", true},
      {R"({"environment":"production","project":["default"]})", false},
      {R"({"environment":"production","project":["*","default"]})", false},
      {R"({"environment":"production","project":"*"})", false},
      {R"({"environment":"production","namePrefix":"a"})", false},
      {R"({"environment":"production","tag":[["simple","x"]]})", false}};
  for (const auto& [query, complete] : kQueries) {
    const auto states = ParseUnleash(Answer(kOff, query), "production");
    ASSERT_TRUE(states.ok()) << states.status();
    EXPECT_EQ(states->complete(), complete) << query;
  }
}

TEST(Unleash, TheRevisionFollowsTheServersAndEverythingThatCounts) {
  const auto revision = [](const std::string& text) {
    return ParseUnleash(text, "production")->revision();
  };
  const std::string five = Answer(
      R"({"name":"f","enabled":true,"strategies":[{"name":"flexibleRollout","parameters":{"rollout":"5"},"constraints":[{"values":["1"]}]}]})");
  EXPECT_THAT(revision(five), ::testing::MatchesRegex("22 [0-9a-f]{16}"));
  EXPECT_EQ(revision(five), revision(five));
  // The same state and the same words, for other people, before the server has noticed.
  std::string others = five;
  others.replace(others.find(R"(["1"])"), 5, R"(["2"])");
  EXPECT_NE(revision(five), revision(others));
  // Off, on and off again.
  std::string again = five;
  again.replace(again.find("22"), 2, "24");
  EXPECT_NE(revision(five), revision(again));
}

TEST(Unleash, WhatIsNoAnswerIsRefusedAndSaysWhere) {
  const std::pair<std::string, const char*> kTexts[] = {
      {"", "has no end"},
      {Answer(kOff).substr(0, 60), "has no end"},
      {Answer(kOff) + "x", "line 1, byte"},
      {"{\"features\":[],\n\"features\": nope}", "line 2, byte 14"},
      {"[]", "features: nothing, not a list"},
      {"null", "features: nothing"},
      {R"({"features":{}})", "features: a mapping, not a list"},
      {Answer(R"({"enabled":false})"), "features[0].name: nothing, not a text"},
      {Answer(R"({"name":7})"), "features[0].name: 7, not a text"},
      {Answer(R"({"name":""})"), "a flag has no name"},
      {Answer(absl::StrCat(kOff, ",", kOff)), "the flag \"f\" is there twice"},
      {Answer(R"({"name":"f","enabled":true,"enabled":false})"),
       "features[0]: \"enabled\" is there twice"},
      {Answer(std::string(100, '[') + std::string(100, ']')), "nested too deeply"},
      {Answer("\"\xff\""), "it is not JSON"},
      {"\xEF\xBB\xBF" + Answer(kOff), "byte order mark"}};
  for (const auto& [text, words] : kTexts) {
    const auto states = ParseUnleash(text, "production");
    EXPECT_TRUE(absl::IsInvalidArgument(states.status())) << text;
    EXPECT_THAT(std::string(states.status().message()), HasSubstr(words)) << text;
  }
}

TEST(Unleash, AMillionValuesAreTooMany) {
  std::string features = "0";
  for (int i = 0; i < 1'000'000; ++i) features += ",0";
  const auto states = ParseUnleash(Answer(features), "production");
  EXPECT_THAT(std::string(states.status().message()), HasSubstr("more than 1000000 values"));
}

TEST(Unleash, DetailsAreInWordsAndBounded) {
  std::string strategies = R"({"name":"flexibleRollout","parameters":{"rollout":"5"}})";
  for (int i = 0; i < 9; ++i) {
    strategies += absl::StrCat(R"(,{"name":")", std::string(59, 'x'), R"(\u00e9\u00e9"})");
  }
  const auto states = ParseUnleash(
      Answer(absl::StrCat(R"({"name":"f","enabled":true,"strategies":[)", strategies, "]}")),
      "production");
  ASSERT_TRUE(states.ok());
  const std::string& detail = states->flags(0).detail();
  EXPECT_THAT(detail, HasSubstr("on for 5 % (flexibleRollout); "));
  EXPECT_THAT(detail, HasSubstr("and 7 more strategies"));
  EXPECT_LE(detail.size(), 512u);
  EXPECT_EQ(FindInvalidUtf8(detail), std::string_view::npos) << "a name was cut within a letter";
}

}  // namespace
}  // namespace gate
