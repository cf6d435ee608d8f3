// OFREP, LaunchDarkly and Flagsmith, as they answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "gate/evidence/flags/flagsmith.h"
#include "gate/evidence/flags/launch_darkly.h"
#include "gate/evidence/flags/ofrep.h"
#include "tests/evidence/flags/reading.h"

namespace gate {
namespace {

using ::testing::HasSubstr;

// The rest of a flag with the key f.
constexpr ReadingCase kOfrep[] = {
    {"static_false", R"("reason":"STATIC","value":false,"variant":"off")", "OFF"},
    {"static_true", R"("reason":"STATIC","value":true)", "ON"},
    {"static_without_a_value", R"("reason":"STATIC")", "UNKNOWN"},
    {"static_null", R"("reason":"STATIC","value":null)", "UNKNOWN"},
    {"static_text", R"("reason":"STATIC","value":"false")", "UNKNOWN"},
    {"static_number", R"("reason":"STATIC","value":0)", "UNKNOWN"},
    {"static_in_small_letters", R"("reason":"static","value":false)", "UNKNOWN"},
    {"disabled", R"("reason":"DISABLED")", "CODE_DEFAULT"},
    {"disabled_with_a_value", R"("reason":"DISABLED","value":false)", "CODE_DEFAULT"},
    {"disabled_and_true", R"("reason":"DISABLED","value":true)", "ON"},
    {"disabled_text", R"("reason":"DISABLED","value":"x")", "UNKNOWN"},
    {"targeted_false", R"("reason":"TARGETING_MATCH","value":false)", "UNKNOWN"},
    {"targeted_true", R"("reason":"TARGETING_MATCH","value":true)", "ON"},
    {"split_false", R"("reason":"SPLIT","value":false)", "UNKNOWN"},
    {"default_false", R"("reason":"DEFAULT","value":false)", "UNKNOWN"},
    {"cached_false", R"("reason":"CACHED","value":false)", "UNKNOWN"},
    {"unknown_false", R"("reason":"UNKNOWN","value":false)", "UNKNOWN"},
    {"no_reason", R"("value":false)", "UNKNOWN"},
    {"a_reason_of_another_type", R"("reason":["STATIC"],"value":false)", "UNKNOWN"},
    {"an_error", R"("errorCode":"PARSE_ERROR")", "UNKNOWN"},
    {"an_error_with_a_value", R"("errorCode":"GENERAL","reason":"STATIC","value":false)",
     "UNKNOWN"},
    {"value_twice", R"("reason":"STATIC","value":true,"value":false)", "refused"},
};

class OfrepFlag : public ::testing::TestWithParam<ReadingCase> {};

TEST_P(OfrepFlag, IsOffOnlyWhereItIsForEveryone) {
  const std::string text = absl::StrCat(R"({"flags":[{"key":"f",)", GetParam().text, "}]}");
  EXPECT_EQ(Reading(ParseOfrep(text, "\"1\""), "f"), GetParam().reading);
}

INSTANTIATE_TEST_SUITE_P(Of, OfrepFlag, ::testing::ValuesIn(kOfrep),
                         [](const auto& info) { return info.param.name; });

TEST(Ofrep, TheRevisionIsTheETagAndTheFlags) {
  constexpr char kOff[] = R"({"flags":[{"key":"f","reason":"STATIC","value":false}]})";
  constexpr char kOn[] = R"({"flags":[{"key":"f","reason":"STATIC","value":true}]})";
  const auto revision = [](const char* text, const char* etag) {
    return ParseOfrep(text, etag)->revision();
  };
  EXPECT_THAT(revision(kOff, "W/\"7\""), ::testing::MatchesRegex("W/\"7\" [0-9a-f]{16}"));
  EXPECT_NE(revision(kOff, "\"7\""), revision(kOff, "\"8\""));
  EXPECT_NE(revision(kOff, ""), revision(kOn, ""));
  EXPECT_NE(revision(kOff, "\"7\""), revision(kOn, "\"7\""));
  // No bytes of a header that are no text get into the evidence.
  EXPECT_THAT(revision(kOff, "\"\xff\n\""), ::testing::MatchesRegex("[0-9a-f]{16}"));
}

TEST(Ofrep, OfAFlagThatIsMissingNothingIsKnown) {
  const auto states = ParseOfrep(R"({"flags":[]})", "");
  ASSERT_TRUE(states.ok());
  EXPECT_FALSE(states->complete());
}

TEST(Ofrep, WhatIsNoAnswerIsRefusedAndSaysWhere) {
  const std::pair<const char*, const char*> kTexts[] = {
      {R"({"flags":{}})", "flags: a mapping"},
      {R"({"errorCode":"GENERAL"})", "flags: nothing"},
      {R"({"flags":[{"reason":"STATIC"}]})", "flags[0].key: nothing"},
      {R"({"flags":[{"key":"f"},{"key":"f"}]})", "the flag \"f\" is there twice"}};
  for (const auto& [text, words] : kTexts) {
    const auto states = ParseOfrep(text, "");
    EXPECT_TRUE(absl::IsInvalidArgument(states.status())) << text;
    EXPECT_THAT(std::string(states.status().message()), HasSubstr(words)) << text;
  }
}

// A boolean flag of LaunchDarkly with true and false, not archived; what its environment says.
constexpr ReadingCase kLaunchDarkly[] = {
    {"off", R"("on":false,"offVariation":1)", "OFF"},
    {"off_serves_true", R"("on":false,"offVariation":0)", "ON"},
    {"off_serves_nothing", R"("on":false)", "CODE_DEFAULT"},
    {"off_serves_null", R"("on":false,"offVariation":null)", "CODE_DEFAULT"},
    {"off_serves_a_variation_that_is_none", R"("on":false,"offVariation":2)", "UNKNOWN"},
    {"off_serves_a_negative_one", R"("on":false,"offVariation":-1)", "UNKNOWN"},
    {"off_serves_a_fraction", R"("on":false,"offVariation":1.0)", "UNKNOWN"},
    {"off_serves_a_text", R"("on":false,"offVariation":"1")", "UNKNOWN"},
    {"off_serves_a_huge_one", R"("on":false,"offVariation":99999999999999999999)", "UNKNOWN"},
    {"off_whatever_prerequisites_targets_and_rules",
     R"("on":false,"offVariation":1,"prerequisites":[{"key":"p","variation":0}],
        "targets":[{"values":["u"],"variation":0}],"rules":[{"variation":0}],
        "fallthrough":{"variation":0})",
     "OFF"},
    {"on", R"("on":true,"offVariation":1,"fallthrough":{"variation":0})", "ON"},
    {"on_for_a_part", R"("on":true,"offVariation":1,"fallthrough":{"rollout":{}})", "ON"},
    {"on_and_falls_through_to_false", R"("on":true,"offVariation":1,"fallthrough":{"variation":1})",
     "UNKNOWN"},
    {"on_and_says_no_more", R"("on":true,"offVariation":1)", "UNKNOWN"},
    {"on_is_missing", R"("offVariation":1)", "UNKNOWN"},
    {"on_is_a_text", R"("on":"false","offVariation":1)", "UNKNOWN"},
    {"on_is_null", R"("on":null,"offVariation":1)", "UNKNOWN"},
    {"on_twice", R"("on":true,"on":false,"offVariation":1)", "refused"},
};

class LaunchDarklyFlag : public ::testing::TestWithParam<ReadingCase> {};

absl::StatusOr<v1::FlagStates> States(const absl::StatusOr<FlagPage>& page) {
  return page.ok() ? JoinPages({*page}) : page.status();
}

std::string LaunchDarklyAnswer(const std::string& flag, int total = 1) {
  return absl::StrCat(R"({"items":[)", flag, R"(],"totalCount":)", total, "}");
}

constexpr char kBoolean[] =
    R"("key":"f","kind":"boolean","archived":false,"variations":[{"value":true},{"value":false}])";

absl::StatusOr<v1::FlagStates> LaunchDarklyStates(const std::string& flag) {
  return States(ParseLaunchDarkly(LaunchDarklyAnswer(flag), "production"));
}

TEST_P(LaunchDarklyFlag, IsOffOnlyWhereItIsForEveryone) {
  const std::string flag =
      absl::StrCat("{", kBoolean, R"(,"environments":{"production":{)", GetParam().text, "}}}");
  EXPECT_EQ(Reading(LaunchDarklyStates(flag), "f"), GetParam().reading);
}

INSTANTIATE_TEST_SUITE_P(Of, LaunchDarklyFlag, ::testing::ValuesIn(kLaunchDarkly),
                         [](const auto& info) { return info.param.name; });

// Whole flags, which are off in production as far as the environment goes.
constexpr ReadingCase kLaunchDarklyFlags[] = {
    {"archived",
     R"("kind":"boolean","archived":true,"variations":[{"value":true},{"value":false}])",
     "CODE_DEFAULT"},
    {"says_nothing_of_the_archive",
     R"("kind":"boolean","variations":[{"value":true},{"value":false}])", "UNKNOWN"},
    {"texts",
     R"("kind":"multivariate","archived":false,"variations":[{"value":"a"},{"value":"b"}])",
     "UNKNOWN"},
    {"booleans_of_a_multivariate_flag",
     R"("kind":"multivariate","archived":false,"variations":[{"value":true},{"value":false}])",
     "UNKNOWN"},
    {"a_text_among_booleans",
     R"("kind":"boolean","archived":false,"variations":[{"value":"true"},{"value":false}])",
     "UNKNOWN"},
    {"no_kind", R"("archived":false,"variations":[{"value":true},{"value":false}])", "UNKNOWN"},
    {"no_variations", R"("kind":"boolean","archived":false)", "UNKNOWN"},
    {"variations_of_another_type", R"("kind":"boolean","archived":false,"variations":{"1":false})",
     "UNKNOWN"},
};

class LaunchDarklyWholeFlag : public ::testing::TestWithParam<ReadingCase> {};

TEST_P(LaunchDarklyWholeFlag, IsOffOnlyWhereItIsForEveryone) {
  const std::string flag =
      absl::StrCat(R"({"key":"f",)", GetParam().text,
                   R"(,"environments":{"production":{"on":false,"offVariation":1}}})");
  EXPECT_EQ(Reading(LaunchDarklyStates(flag), "f"), GetParam().reading);
}

INSTANTIATE_TEST_SUITE_P(Of, LaunchDarklyWholeFlag, ::testing::ValuesIn(kLaunchDarklyFlags),
                         [](const auto& info) { return info.param.name; });

std::string OffIn(const std::string& environment, const std::string& key = "f",
                  const std::string& more = "") {
  std::string flag = absl::StrCat("{", kBoolean, R"(,"environments":{")", environment,
                                  R"(":{"on":false,"offVariation":1)", more, "}}}");
  return flag.replace(flag.find("\"f\""), 3, "\"" + key + "\"");
}

TEST(LaunchDarkly, AnotherEnvironmentSaysNothing) {
  EXPECT_EQ(Reading(LaunchDarklyStates(OffIn("production")), "f"), "OFF");
  EXPECT_EQ(Reading(LaunchDarklyStates(OffIn("test")), "f"), "UNKNOWN");
}

TEST(LaunchDarkly, TheRevisionFollowsWhatCounts) {
  const auto revision = [](const std::string& more) {
    return LaunchDarklyStates(OffIn("production", "f", more))->revision();
  };
  EXPECT_NE(revision(R"(,"version":7)"), revision(R"(,"version":9)"));
  EXPECT_NE(revision(R"(,"rules":[1])"), revision(R"(,"rules":[2])"));
  EXPECT_EQ(revision(R"(,"_summary":{"a":1})"), revision(R"(,"_summary":{"a":2})"));
}

TEST(LaunchDarkly, PagesFitTogetherOrAreNoAnswer) {
  const auto page = [](const std::string& key, int total) {
    return *ParseLaunchDarkly(LaunchDarklyAnswer(OffIn("production", key), total), "production");
  };
  const auto one = JoinPages({page("a", 1)});
  ASSERT_TRUE(one.ok());
  EXPECT_TRUE(one->complete());
  const auto two = JoinPages({page("a", 2), page("b", 2)});
  ASSERT_TRUE(two.ok());
  EXPECT_EQ(two->flags_size(), 2);
  EXPECT_FALSE(two->complete()) << "one may have gone and another one come between the two";
  EXPECT_NE(two->revision(), one->revision());
  for (const auto& pages : {std::vector{page("a", 2)}, std::vector{page("a", 2), page("b", 3)},
                            std::vector{page("a", 2), page("a", 2)},
                            std::vector{page("a", 1), page("b", 1)}, std::vector<FlagPage>{}}) {
    EXPECT_FALSE(JoinPages(pages).ok());
  }
}

TEST(LaunchDarkly, WhatIsNoAnswerIsRefusedAndSaysWhere) {
  const std::pair<const char*, const char*> kTexts[] = {
      {R"({"items":{},"totalCount":0})", "items: a mapping"},
      {R"({"items":[]})", "totalCount: nothing"},
      {R"({"items":[],"totalCount":-1})", "totalCount: -1"},
      {R"({"items":[],"totalCount":"0"})", "totalCount: \"0\""},
      {R"({"items":[7],"totalCount":1})", "items[0].key: nothing"},
      {R"({"items":[],"totalCount":0)", "has no end"}};
  for (const auto& [text, words] : kTexts) {
    const auto page = ParseLaunchDarkly(text, "production");
    EXPECT_TRUE(absl::IsInvalidArgument(page.status())) << text;
    EXPECT_THAT(std::string(page.status().message()), HasSubstr(words)) << text;
  }
}

// What the environment 3 of a project on Core, whose disabled flags are not hidden, says of f.
constexpr char kStandard[] = R"("type":"STANDARD","multivariate_options":[])";
constexpr char kDisabled[] =
    R"("environment_feature_state":{"enabled":false,"environment":3,"identity":null,"feature_segment":null,"feature_state_value":null})";

struct FlagsmithCase {
  const char* name;
  const char* kind;
  const char* state;
  const char* overrides;
  const char* reading;
};

constexpr char kNone[] =
    R"("num_segment_overrides":0,"num_identity_overrides":null,"is_num_identity_overrides_complete":null)";

constexpr FlagsmithCase kFlagsmith[] = {
    {"off", kStandard, kDisabled, kNone, "OFF"},
    {"off_and_counted", kStandard, kDisabled,
     R"("num_segment_overrides":0,"num_identity_overrides":0)", "OFF"},
    {"a_segment_has_it_otherwise", kStandard, kDisabled,
     R"("num_segment_overrides":1,"num_identity_overrides":0)", "UNKNOWN"},
    {"an_identity_has_it_otherwise", kStandard, kDisabled,
     R"("num_segment_overrides":0,"num_identity_overrides":1)", "UNKNOWN"},
    {"not_all_identities_were_counted", kStandard, kDisabled,
     R"("num_segment_overrides":0,"num_identity_overrides":0,"is_num_identity_overrides_complete":false)",
     "UNKNOWN"},
    {"segments_are_not_counted", kStandard, kDisabled, R"("num_identity_overrides":0)", "UNKNOWN"},
    {"identities_are_not_counted", kStandard, kDisabled, R"("num_segment_overrides":0)", "UNKNOWN"},
    {"a_count_that_is_none", kStandard, kDisabled,
     R"("num_segment_overrides":"0","num_identity_overrides":0)", "UNKNOWN"},
    {"on", kStandard, R"("environment_feature_state":{"enabled":true,"environment":3})", kNone,
     "ON"},
    {"of_another_environment", kStandard,
     R"("environment_feature_state":{"enabled":false,"environment":4,"feature_state_value":null})",
     kNone, "UNKNOWN"},
    {"of_no_environment", kStandard,
     R"("environment_feature_state":{"enabled":false,"feature_state_value":null})", kNone,
     "UNKNOWN"},
    {"of_an_identity", kStandard,
     R"("environment_feature_state":{"enabled":false,"environment":3,"identity":9,"feature_state_value":null})",
     kNone, "UNKNOWN"},
    {"of_a_segment", kStandard,
     R"("environment_feature_state":{"enabled":false,"environment":3,"feature_segment":9,"feature_state_value":null})",
     kNone, "UNKNOWN"},
    {"with_a_value", kStandard,
     R"("environment_feature_state":{"enabled":false,"environment":3,"feature_state_value":"x"})",
     kNone, "UNKNOWN"},
    {"with_a_value_that_is_empty", kStandard,
     R"("environment_feature_state":{"enabled":false,"environment":3,"feature_state_value":""})",
     kNone, "OFF"},
    {"no_word_of_a_value", kStandard,
     R"("environment_feature_state":{"enabled":false,"environment":3})", kNone, "UNKNOWN"},
    {"no_state", kStandard, R"("environment_feature_state":null)", kNone, "UNKNOWN"},
    {"enabled_is_a_text", kStandard,
     R"("environment_feature_state":{"enabled":"false","environment":3})", kNone, "UNKNOWN"},
    {"multivariate", R"("type":"MULTIVARIATE","multivariate_options":[])", kDisabled, kNone,
     "UNKNOWN"},
    {"with_options", R"("type":"STANDARD","multivariate_options":[{"id":1}])", kDisabled, kNone,
     "UNKNOWN"},
    {"no_word_of_options", R"("type":"STANDARD")", kDisabled, kNone, "UNKNOWN"},
    {"no_type", R"("multivariate_options":[])", kDisabled, kNone, "UNKNOWN"},
    {"archived_is_served_still",
     R"("type":"STANDARD","multivariate_options":[],"is_archived":true)", kDisabled, kNone, "OFF"},
};

std::ostream& operator<<(std::ostream& out, const FlagsmithCase& flag) { return out << flag.name; }

class FlagsmithFlag : public ::testing::TestWithParam<FlagsmithCase> {
 protected:
  std::string Read(const FlagsmithPlace& place) const {
    const FlagsmithCase& flag = GetParam();
    const std::string text = absl::StrCat(R"({"count":1,"results":[{"name":"f",)", flag.kind, ",",
                                          flag.state, ",", flag.overrides, "}]}");
    return Reading(States(ParseFlagsmithFeatures(text, place)), "f");
  }
};

TEST_P(FlagsmithFlag, IsOffOnlyWhereItIsForEveryone) {
  EXPECT_EQ(Read({3, false, true}), GetParam().reading);
}

TEST_P(FlagsmithFlag, IsTheCodesWhereDisabledOnesAreHidden) {
  const std::string reading = GetParam().reading;
  for (const std::optional<bool> hides : {std::optional<bool>(true), std::optional<bool>()}) {
    EXPECT_EQ(Read({3, hides, true}), reading == "OFF" ? "CODE_DEFAULT" : reading);
  }
}

TEST_P(FlagsmithFlag, IsUnknownOnTheEdgeUnlessItIsCounted) {
  const bool uncounted = std::string(GetParam().overrides) == kNone;
  const std::string reading = GetParam().reading;
  EXPECT_EQ(Read({3, false, false}), reading == "OFF" && uncounted ? "UNKNOWN" : reading);
}

INSTANTIATE_TEST_SUITE_P(Of, FlagsmithFlag, ::testing::ValuesIn(kFlagsmith),
                         [](const auto& info) { return info.param.name; });

TEST(Flagsmith, TheEnvironmentOverridesTheProject) {
  const auto place = [](const char* environment, const char* project) {
    FlagsmithPlace place = *ParseFlagsmithEnvironment(environment, 7);
    EXPECT_TRUE(ParseFlagsmithProject(project, place).ok());
    return place;
  };
  const FlagsmithPlace own = place(R"({"id":3,"project":7,"hide_disabled_flags":false})",
                                   R"({"hide_disabled_flags":true,"use_edge_identities":false})");
  EXPECT_EQ(own.environment, 3);
  EXPECT_EQ(own.hides, false);
  EXPECT_TRUE(own.counts_identities);
  const FlagsmithPlace projects =
      place(R"({"id":3,"project":7,"hide_disabled_flags":null})",
            R"({"hide_disabled_flags":true,"use_edge_identities":true})");
  EXPECT_EQ(projects.hides, true);
  EXPECT_FALSE(projects.counts_identities);
  // What is not said is the worse.
  const FlagsmithPlace silent = place(R"({"id":3,"project":7})", "{}");
  EXPECT_EQ(silent.hides, std::nullopt);
  EXPECT_FALSE(silent.counts_identities);
}

TEST(Flagsmith, WhatIsNoAnswerIsRefusedAndSaysWhere) {
  EXPECT_TRUE(
      absl::IsFailedPrecondition(ParseFlagsmithEnvironment(R"({"id":3,"project":8})", 7).status()));
  for (const char* text : {"[]", R"({"id":"3","project":7})", R"({"id":3})",
                           R"({"id":3,"project":7,"hide_disabled_flags":"no"})"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseFlagsmithEnvironment(text, 7).status())) << text;
  }
  for (const char* text : {"[]", R"({"count":0})", R"({"results":[]})",
                           R"({"count":"1","results":[]})", R"({"count":1,"results":[{}]})"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseFlagsmithFeatures(text, {}).status())) << text;
  }
}

}  // namespace
}  // namespace gate
