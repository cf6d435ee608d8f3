// Files: flagd's, and our own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "gate/evidence/flags/flag_file.h"
#include "gate/evidence/flags/flagd_file.h"
#include "tests/evidence/flags/reading.h"

namespace gate {
namespace {

using ::testing::HasSubstr;

// A flag of flagd's. `$` stands for two variants, on and off.
constexpr ReadingCase kFlagd[] = {
    {"off", R"({"state":"ENABLED",$,"defaultVariant":"off"})", "OFF"},
    {"off_with_empty_targeting", R"({"state":"ENABLED",$,"defaultVariant":"off","targeting":{}})",
     "OFF"},
    {"off_with_null_targeting", R"({"state":"ENABLED",$,"defaultVariant":"off","targeting":null})",
     "OFF"},
    {"off_with_metadata", R"({"state":"ENABLED",$,"defaultVariant":"off","metadata":{"team":"x"}})",
     "OFF"},
    {"a_variant_is_what_it_holds_and_not_its_name",
     R"({"state":"ENABLED","variants":{"off":true,"on":false},"defaultVariant":"off"})", "ON"},
    {"on", R"({"state":"ENABLED",$,"defaultVariant":"on"})", "ON"},
    {"disabled", R"({"state":"DISABLED",$,"defaultVariant":"off"})", "CODE_DEFAULT"},
    {"disabled_with_targeting",
     R"({"state":"DISABLED",$,"defaultVariant":"off","targeting":{"if":[true,"on"]}})",
     "CODE_DEFAULT"},
    {"no_default", R"({"state":"ENABLED",$})", "CODE_DEFAULT"},
    {"null_default", R"({"state":"ENABLED",$,"defaultVariant":null})", "CODE_DEFAULT"},
    {"targeting", R"({"state":"ENABLED",$,"defaultVariant":"off","targeting":{"if":[true,"on"]}})",
     "UNKNOWN"},
    {"targeting_by_reference",
     R"({"state":"ENABLED",$,"defaultVariant":"off","targeting":{"$ref":"x"}})", "UNKNOWN"},
    {"targeting_of_another_type", R"({"state":"ENABLED",$,"defaultVariant":"off","targeting":[]})",
     "UNKNOWN"},
    {"targeting_and_no_default", R"({"state":"ENABLED",$,"targeting":{"if":[true,"on"]}})",
     "UNKNOWN"},
    {"a_text", R"({"state":"ENABLED","variants":{"off":"false"},"defaultVariant":"off"})",
     "UNKNOWN"},
    {"a_number", R"({"state":"ENABLED","variants":{"off":0},"defaultVariant":"off"})", "UNKNOWN"},
    {"one_variant_is_no_boolean",
     R"({"state":"ENABLED","variants":{"off":false,"x":"y"},"defaultVariant":"off"})", "UNKNOWN"},
    {"a_variant_by_reference",
     R"({"state":"ENABLED","variants":{"off":{"$ref":"x"}},"defaultVariant":"off"})", "UNKNOWN"},
    {"no_variants_at_all", R"({"state":"ENABLED","variants":{}})", "UNKNOWN"},
    {"a_field_that_is_not_known",
     R"({"state":"ENABLED",$,"defaultVariant":"off","rollout":{"on":5}})", "UNKNOWN"},
    {"a_reference_in_place_of_fields", R"({"state":"ENABLED",$,"defaultVariant":"off","$ref":"x"})",
     "UNKNOWN"},
    // flagd refuses a whole file for these, and goes on with what it had.
    {"state_in_small_letters", R"({"state":"enabled",$,"defaultVariant":"off"})", "refused"},
    {"no_state", R"({$,"defaultVariant":"off"})", "refused"},
    {"state_of_another_type", R"({"state":true,$,"defaultVariant":"off"})", "refused"},
    {"default_that_is_no_variant", R"({"state":"ENABLED",$,"defaultVariant":"no"})", "refused"},
    {"default_of_another_type", R"({"state":"ENABLED",$,"defaultVariant":false})", "refused"},
    {"no_variants", R"({"state":"ENABLED","defaultVariant":"off"})", "refused"},
    {"variants_of_another_type", R"({"state":"ENABLED","variants":[false]})", "refused"},
    {"metadata_by_reference",
     R"({"state":"ENABLED",$,"defaultVariant":"off","metadata":{"$ref":"x"}})", "refused"},
    {"no_mapping", R"("off")", "refused"},
    {"state_twice", R"({"state":"DISABLED",$,"defaultVariant":"off","state":"ENABLED"})",
     "refused"},
};

class FlagdFlag : public ::testing::TestWithParam<ReadingCase> {};

std::string FlagdFile(std::string flag) {
  if (const size_t at = flag.find('$'); at != flag.npos && flag[at + 1] != 'r') {
    flag.replace(at, 1, R"("variants":{"on":true,"off":false})");
  }
  return absl::StrCat(R"({"$schema":"x","flags":{"f":)", flag, "}}");
}

TEST_P(FlagdFlag, IsOffOnlyWhereItIsForEveryone) {
  const std::string text = FlagdFile(GetParam().text);
  EXPECT_EQ(Reading(ParseFlagdFile(text, false), "f"), GetParam().reading);
  // JSON is YAML.
  EXPECT_EQ(Reading(ParseFlagdFile(text, true), "f"), GetParam().reading) << "as YAML";
}

INSTANTIATE_TEST_SUITE_P(Of, FlagdFlag, ::testing::ValuesIn(kFlagd),
                         [](const auto& info) { return info.param.name; });

TEST(FlagdFile, OneFlagThatFlagdCannotTakeMakesAllUnknown) {
  const std::string good = R"({"state":"ENABLED","variants":{"x":false},"defaultVariant":"x"})";
  const auto both = ParseFlagdFile(
      absl::StrCat(R"({"flags":{"f":)", good, R"(,"g":{"state":"ON","variants":{}}}})"), false);
  EXPECT_TRUE(absl::IsInvalidArgument(both.status()));
  EXPECT_THAT(std::string(both.status().message()), HasSubstr("flags.g.state: \"ON\""));
}

TEST(FlagdFile, WhatIsNoFileOfFlagdIsRefusedAndSaysWhere) {
  const std::pair<const char*, const char*> kTexts[] = {
      {"{}", "flags: nothing"},
      {"[]", "the file: a list"},
      {R"({"flags":[]})", "flags: a list"},
      {R"({"flags":{"$ref":"all"},"$evaluators":{"all":{}}})", "flags.$ref: \"all\""},
      {R"({"flags":{},"overrides":{}})", "\"overrides\" is not understood"},
      {R"({"flags":{},"$evaluators":[]})", "$evaluators: a list"},
      {R"({"flags":{},"metadata":{"a":{"b":1}}})", "metadata: a mapping"},
      {R"({"flags":{"a":{},"a":{}}})", "flags: \"a\" is there twice"},
      {R"({"flags":{)", "has no end"}};
  for (const auto& [text, words] : kTexts) {
    const auto states = ParseFlagdFile(text, false);
    EXPECT_TRUE(absl::IsInvalidArgument(states.status())) << text;
    EXPECT_THAT(std::string(states.status().message()), HasSubstr(words)) << text;
  }
  const auto yaml = ParseFlagdFile("flags:\n  a: {}\n  a: {}\n", true);
  EXPECT_THAT(std::string(yaml.status().message()),
              HasSubstr("line 2, column 3: \"a\" is there twice"));
}

TEST(FlagdFile, InYamlOnlyTrueAndFalseAreBooleans) {
  const auto read = [](const char* value) {
    return Reading(ParseFlagdFile(absl::StrCat("flags:\n  f:\n    state: ENABLED\n    variants: "
                                               "{\"off\": ",
                                               value, "}\n    defaultVariant: \"off\"\n"),
                                  true),
                   "f");
  };
  EXPECT_EQ(read("false"), "OFF");
  EXPECT_EQ(read("true"), "ON");
  for (const char* value : {"off", "no", "False", "\"false\"", "0", "~", "", "!!bool false"}) {
    EXPECT_NE(read(value), "OFF") << value;
  }
  // What an anchor stands for is read; what a merge key brings is not understood.
  EXPECT_EQ(
      Reading(ParseFlagdFile("flags:\n"
                             "  g: &g {state: ENABLED, variants: {x: false}, defaultVariant: x}\n"
                             "  f: *g\n"
                             "  h: {<<: *g, state: ENABLED, variants: {x: false}}\n",
                             true),
              "f"),
      "OFF");
  EXPECT_EQ(
      Reading(ParseFlagdFile("flags:\n"
                             "  g: &g {state: ENABLED, variants: {x: false}, defaultVariant: x}\n"
                             "  h: {<<: *g, state: ENABLED, variants: {x: false}}\n",
                             true),
              "h"),
      "UNKNOWN");
}

TEST(FlagFile, OffAndOnByEnvironment) {
  constexpr char kText[] =
      "# who may see what\n"
      "production:\n"
      "  new_checkout: off\n"
      "  new_search: \"on\"\n"
      "development:\n"
      "  new_checkout: on\n"
      "empty: {}\n";
  const auto production = ParseFlagFile(kText, "production");
  EXPECT_EQ(Reading(production, "new_checkout"), "OFF");
  EXPECT_EQ(Reading(production, "new_search"), "ON");
  EXPECT_EQ(Reading(production, "New_checkout"), "not there");
  EXPECT_TRUE(production->complete());
  EXPECT_EQ(Reading(ParseFlagFile(kText, "development"), "new_checkout"), "ON");
  EXPECT_EQ(Reading(ParseFlagFile(kText, "development"), "new_search"), "not there");
  EXPECT_EQ(ParseFlagFile(kText, "empty")->flags_size(), 0);
  const auto staging = ParseFlagFile(kText, "staging");
  EXPECT_TRUE(absl::IsFailedPrecondition(staging.status()));
  EXPECT_THAT(std::string(staging.status().message()), HasSubstr("no environment \"staging\""));
}

TEST(FlagFile, TheRevisionFollowsTheEnvironmentsFlags) {
  const auto revision = [](const char* text) {
    return ParseFlagFile(text, "production")->revision();
  };
  EXPECT_EQ(revision("production: {a: off}\n"), revision("# said\nproduction:\n  a: \"off\"\n"));
  EXPECT_NE(revision("production: {a: off}\n"), revision("production: {a: on}\n"));
  EXPECT_NE(revision("production: {a: off}\n"), revision("production: {a: off, b: off}\n"));
  EXPECT_EQ(revision("production: {a: off}\n"),
            revision("production: {a: off}\ndevelopment: {a: on}\n"));
}

TEST(FlagFile, NothingElseIsTaken) {
  const std::pair<const char*, const char*> kTexts[] = {
      {"", "line 1, column 1: environments are expected"},
      {"- production\n", "line 1, column 1: environments are expected"},
      {"production: {f: Off}\n", "line 1, column 17: a flag is off or on, not \"Off\""},
      {"production: {f: false}\n", "a flag is off or on, not \"false\""},
      {"production: {f: no}\n", "not \"no\""},
      {"production: {f: 0}\n", "not \"0\""},
      {"production: {f: \"off \"}\n", "not \"off \""},
      {"production: {f: }\n", "a flag is off or on"},
      {"production: {f: [off]}\n", "a flag is off or on"},
      {"production: {f: {state: off}}\n", "a flag is off or on"},
      {"production:\n  f: on\n  f: off\n", "line 3, column 3: \"f\" is there twice"},
      {"production: {f: off}\nproduction: {f: off}\n", "line 2, column 1: \"production\""},
      {"production:\n", "flags are expected"},
      {"production: off\n", "flags are expected"},
      {"production: {f: off}\ndevelopment: {f: maybe}\n", "line 2, column 18"},
      {"production: {\"\": off}\n", "a name is expected"},
      {"production: {<<: off}\n---\n", "a second document"},
      {"production: {f: off\n", "not YAML"},
      {"production: {f: !!str off}\n", "is not understood"}};
  for (const auto& [text, words] : kTexts) {
    const auto states = ParseFlagFile(text, "production");
    EXPECT_TRUE(absl::IsInvalidArgument(states.status())) << text;
    EXPECT_THAT(std::string(states.status().message()), HasSubstr(words)) << text;
  }
}

}  // namespace
}  // namespace gate
