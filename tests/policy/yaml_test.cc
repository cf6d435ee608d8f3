// Every type of field, in a message made for it, and the bounds of a file.
#include "checks/policy/yaml.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/timestamp.pb.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kFile[] = R"pb(
  name: "test.proto"
  package: "test"
  syntax: "proto3"
  dependency: "google/protobuf/duration.proto"
  dependency: "google/protobuf/timestamp.proto"
  enum_type {
    name: "TrafficLight"
    value { name: "TRAFFIC_LIGHT_UNSPECIFIED" number: 0 }
    value { name: "TRAFFIC_LIGHT_RED" number: 1 }
    value { name: "TRAFFIC_LIGHT_DEEP_GREEN" number: 2 }
  }
  message_type {
    name: "All"
    field { name: "truth" number: 1 label: LABEL_OPTIONAL type: TYPE_BOOL json_name: "truth" }
    field { name: "int_32" number: 2 label: LABEL_OPTIONAL type: TYPE_INT32 json_name: "int32" }
    field { name: "sint_64" number: 3 label: LABEL_OPTIONAL type: TYPE_SINT64 json_name: "sint64" }
    field { name: "uint_32" number: 4 label: LABEL_OPTIONAL type: TYPE_UINT32 json_name: "uint32" }
    field {
      name: "fixed_64"
      number: 5
      label: LABEL_OPTIONAL
      type: TYPE_FIXED64
      json_name: "fixed64"
    }
    field { name: "single" number: 6 label: LABEL_OPTIONAL type: TYPE_FLOAT json_name: "single" }
    field { name: "number" number: 7 label: LABEL_OPTIONAL type: TYPE_DOUBLE json_name: "number" }
    field { name: "text" number: 8 label: LABEL_OPTIONAL type: TYPE_STRING json_name: "text" }
    field { name: "raw" number: 9 label: LABEL_OPTIONAL type: TYPE_BYTES json_name: "raw" }
    field {
      name: "light"
      number: 10
      label: LABEL_OPTIONAL
      type: TYPE_ENUM
      type_name: ".test.TrafficLight"
      json_name: "light"
    }
    field {
      name: "child"
      number: 11
      label: LABEL_OPTIONAL
      type: TYPE_MESSAGE
      type_name: ".test.All"
      json_name: "child"
    }
    field {
      name: "length"
      number: 12
      label: LABEL_OPTIONAL
      type: TYPE_MESSAGE
      type_name: ".google.protobuf.Duration"
      json_name: "length"
    }
    field {
      name: "moment"
      number: 13
      label: LABEL_OPTIONAL
      type: TYPE_MESSAGE
      type_name: ".google.protobuf.Timestamp"
      json_name: "moment"
    }
    field { name: "numbers" number: 14 label: LABEL_REPEATED type: TYPE_INT32 json_name: "numbers" }
    field {
      name: "children"
      number: 15
      label: LABEL_REPEATED
      type: TYPE_MESSAGE
      type_name: ".test.All"
      json_name: "children"
    }
    field {
      name: "by_number"
      number: 16
      label: LABEL_REPEATED
      type: TYPE_MESSAGE
      type_name: ".test.All.ByNumberEntry"
      json_name: "byNumber"
    }
    field {
      name: "either"
      number: 17
      label: LABEL_OPTIONAL
      type: TYPE_STRING
      oneof_index: 0
      json_name: "either"
    }
    field {
      name: "or_else"
      number: 18
      label: LABEL_OPTIONAL
      type: TYPE_INT32
      oneof_index: 0
      json_name: "orElse"
    }
    field {
      name: "maybe"
      number: 19
      label: LABEL_OPTIONAL
      type: TYPE_DOUBLE
      oneof_index: 1
      proto3_optional: true
      json_name: "maybe"
    }
    oneof_decl { name: "choice" }
    oneof_decl { name: "_maybe" }
    nested_type {
      name: "ByNumberEntry"
      options { map_entry: true }
      field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 json_name: "key" }
      field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_INT64 json_name: "value" }
    }
  }
)pb";

class YamlTest : public ::testing::Test {
 protected:
  YamlTest() {
    google::protobuf::FileDescriptorProto file, dependency;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kFile, &file));
    for (const auto* known : {google::protobuf::Duration::descriptor()->file(),
                              google::protobuf::Timestamp::descriptor()->file()}) {
      dependency.Clear();
      known->CopyTo(&dependency);
      pool_.BuildFile(dependency);
    }
    const auto* built = pool_.BuildFile(file);
    EXPECT_NE(built, nullptr);
    message_.reset(factory_.GetPrototype(built->FindMessageTypeByName("All"))->New());
  }

  // "line:column: message" of each issue.
  std::vector<std::string> Parse(std::string_view text) {
    message_->Clear();
    places_ = {};
    std::vector<std::string> said;
    for (const FileIssue& issue : ParseYaml("f", text, *message_, &places_)) {
      said.push_back(issue.ToString().substr(2));
    }
    return said;
  }
  std::string Read(std::string_view text) {
    EXPECT_THAT(Parse(text), IsEmpty()) << text;
    return message_->ShortDebugString();
  }

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  std::unique_ptr<google::protobuf::Message> message_;
  FieldPlaces places_;
};

struct GoodCase {
  const char* yaml;
  const char* message;
};

TEST_F(YamlTest, ReadsEveryType) {
  const GoodCase kCases[] = {
      {"", ""},
      {"{}", ""},
      {"truth: true", "truth: true"},
      {"truth: false", ""},
      {"int_32: -2147483648", "int_32: -2147483648"},
      {"int32: 2147483647", "int_32: 2147483647"},
      {"sint_64: -9223372036854775808", "sint_64: -9223372036854775808"},
      {"uint_32: 4294967295", "uint_32: 4294967295"},
      {"fixed_64: 18446744073709551615", "fixed_64: 18446744073709551615"},
      {"single: 0.5", "single: 0.5"},
      {"number: 1e-3", "number: 0.001"},
      {"number: -.5", "number: -0.5"},
      {"number: 7", "number: 7"},
      {"maybe: 0", "maybe: 0"},
      {"text: 1.10", "text: \"1.10\""},
      {"text: no", "text: \"no\""},
      {"text: \"~\"", "text: \"~\""},
      {"text: |\n  two\n  lines\n", "text: \"two\\nlines\\n\""},
      {"text: '{}'", "text: \"{}\""},
      {"raw: aGVsbG8=", "raw: \"hello\""},
      {"light: RED", "light: TRAFFIC_LIGHT_RED"},
      {"light: deep_green", "light: TRAFFIC_LIGHT_DEEP_GREEN"},
      {"light: TRAFFIC_LIGHT_RED", "light: TRAFFIC_LIGHT_RED"},
      {"child: {child: {int_32: 1}}", "child { child { int_32: 1 } }"},
      {"child: {}", "child { }"},
      {"length: 90s", "length { seconds: 90 }"},
      {"length: 1h30m", "length { seconds: 5400 }"},
      {"length: 1.5h", "length { seconds: 5400 }"},
      {"length: 1d12h", "length { seconds: 129600 }"},
      {"length: 1s500ms", "length { seconds: 1 nanos: 500000000 }"},
      {"length: 0.000000001s", "length { nanos: 1 }"},
      {"length: 0s", "length { }"},
      {"moment: 1970-01-01T00:00:01Z", "moment { seconds: 1 }"},
      {"moment: 1970-01-01T01:00:00.5+01:00", "moment { nanos: 500000000 }"},
      {"moment: '2024-02-29T23:59:59-05:00'", "moment { seconds: 1709269199 }"},
      {"numbers: [1, 0, -1]", "numbers: 1 numbers: 0 numbers: -1"},
      {"children: [{truth: true}, {}]", "children { truth: true } children { }"},
      {"by_number: {7: 8, -1: 0}", "by_number { key: -1 value: 0 } by_number { key: 7 value: 8 }"},
      {"either: x", "either: \"x\""},
      {"orElse: 0", "or_else: 0"},
      {"child: &c {int_32: 1}\nchildren: [*c, *c]",
       "child { int_32: 1 } children { int_32: 1 } children { int_32: 1 }"},
  };
  for (const GoodCase& c : kCases) EXPECT_EQ(Read(c.yaml), c.message) << c.yaml;
}

struct BadCase {
  const char* yaml;
  const char* said;
};

TEST_F(YamlTest, RefusesWhatWouldBeReadAsSomethingElse) {
  const BadCase kCases[] = {
      {"truth: 1", "1:8: expects true or false, has \"1\""},
      {"truth: Yes", "1:8: expects true or false; write true for Yes"},
      {"truth: [true]", "1:8: expects true or false, has a list"},
      {"int_32: 2147483648", "1:9: \"2147483648\" is out of range: -2147483648 to 2147483647"},
      {"int_32: 010", "1:9: expects a whole number such as 42, has \"010\""},
      {"int_32: 0x10", "1:9: expects a whole number such as 42, has \"0x10\""},
      {"int_32: 1.0", "1:9: expects a whole number such as 42, has \"1.0\""},
      {"int_32: +1", "1:9: expects a whole number such as 42, has \"+1\""},
      {"int_32: '1'", "1:9: expects a whole number; write 1 without quotes"},
      {"int_32: 0",
       "1:9: 0 cannot be told from \"not given\" here; leave the field out for its default"},
      {"number: 0.0",
       "1:9: 0 cannot be told from \"not given\" here; leave the field out for its default"},
      {"sint_64: 9223372036854775808",
       "1:10: \"9223372036854775808\" is out of range: -9223372036854775808 to "
       "9223372036854775807"},
      {"uint_32: -1", "1:10: \"-1\" is out of range: 0 to 4294967295"},
      {"fixed_64: 18446744073709551616",
       "1:11: \"18446744073709551616\" is out of range: 0 to 18446744073709551615"},
      {"single: 1e39", "1:9: \"1e39\" is out of range"},
      {"number: 1e999", "1:9: \"1e999\" is out of range"},
      {"number: .inf", "1:9: expects a number such as 0.2, has \".inf\""},
      {"number: nan", "1:9: expects a number such as 0.2, has \"nan\""},
      {"number: inf", "1:9: expects a number such as 0.2, has \"inf\""},
      {"number: e", "1:9: expects a number such as 0.2, has \"e\""},
      {"number: 0,2", "1:9: expects a number such as 0.2, has \"0,2\""},
      {"number: 20%", "1:9: expects a fraction; write 0.2 for 20%"},
      {"text: ~", "1:1: \"text\" has no value; leave it out"},
      {"text: {a: b}", "1:7: expects a text, has a mapping"},
      {"raw: '*'", "1:6: expects bytes in base 64, has \"*\""},
      {"light: GREEN", "1:8: unknown value \"GREEN\"; it is one of RED or DEEP_GREEN"},
      {"light: DEP_GREEN", "1:8: unknown value \"DEP_GREEN\"; did you mean \"DEEP_GREEN\"?"},
      {"light: 1", "1:8: unknown value \"1\"; it is one of RED or DEEP_GREEN"},
      {"light: unspecified",
       "1:8: \"unspecified\" says nothing; leave the field out, or write RED or DEEP_GREEN"},
      {"length: 5", "1:9: \"5\" has no unit; for seconds write \"5s\""},
      {"length: -5s", "1:9: \"-5s\" is negative; a duration is not"},
      {"length: 5m5m", "1:9: \"5m5m\" is not a duration; write it as \"90s\", \"5m\" or \"1h30m\""},
      {"length: 1m1h", "1:9: \"1m1h\" is not a duration; write it as \"90s\", \"5m\" or \"1h30m\""},
      {"length: 1.s", "1:9: \"1.s\" is not a duration; write it as \"90s\", \"5m\" or \"1h30m\""},
      {"length: inf", "1:9: \"inf\" is not a duration; write it as \"90s\", \"5m\" or \"1h30m\""},
      {"length: ''", "1:9: \"\" is not a duration; write it as \"90s\", \"5m\" or \"1h30m\""},
      {"length: 999999999999d", "1:9: \"999999999999d\" is too long"},
      {"length: {seconds: 1}", "1:9: expects a duration; write it as \"90s\", \"5m\" or \"1h30m\""},
      {"moment: 2026-01-01",
       "1:9: \"2026-01-01\" has no time of day; write \"2026-01-01T00:00:00Z\""},
      {"moment: 2026-01-01T00:00:00",
       "1:9: \"2026-01-01T00:00:00\" has no offset; for UTC write \"2026-01-01T00:00:00Z\""},
      {"moment: 2026-02-29T00:00:00Z",
       "1:9: \"2026-02-29T00:00:00Z\" does not exist in the calendar"},
      {"moment: 2026-01-01T24:00:00Z",
       "1:9: \"2026-01-01T24:00:00Z\" does not exist in the calendar"},
      {"moment: 2026-12-31T23:59:60Z",
       "1:9: \"2026-12-31T23:59:60Z\" does not exist in the calendar"},
      {"moment: 0000-01-01T00:00:00Z",
       "1:9: \"0000-01-01T00:00:00Z\" does not exist in the calendar"},
      {"moment: infinite-future",
       "1:9: \"infinite-future\" is not a moment; write it as \"2026-11-27T12:00:00-05:00\", or "
       "with Z "
       "for UTC"},
      {"numbers: 1", "1:10: expects a list; write [1]"},
      {"numbers: []", "1:1: \"numbers\" is empty; leave it out, or write a value"},
      {"numbers: [x]", "1:11: expects a whole number such as 42, has \"x\""},
      {"by_number: {x: 1}", "1:13: expects a whole number such as 42, has \"x\""},
      {"by_number: {1: 1, 1: 2}", "1:19: \"1\" is given twice; first in line 1"},
      {"by_number: [1]", "1:12: expects a mapping of names to values"},
      {"child:",
       "1:1: \"child\" has no value; write \"child: {}\" for all defaults, or leave it out"},
      {"either: x\nor_else: 1", "2:1: either \"or_else\" or \"either\" (line 1), not both"},
      {"int_32: 1\nint32: 2", "2:1: \"int32\" is given twice; first in line 1"},
      {"? [a]\n: 1", "1:3: a key is the name of a field"},
      {"int32 : 1\nINT_32: 2", "2:1: unknown field \"INT_32\"; did you mean \"int_32\"?"},
      {"? \"open\n: 1\n", "1:3: not YAML: a closing quote is missing"},
  };
  for (const BadCase& c : kCases) EXPECT_THAT(Parse(c.yaml), ElementsAre(c.said)) << c.yaml;
}

TEST_F(YamlTest, KnowsWhereFieldsAre) {
  Parse("int_32: 5\nchildren:\n  - text: a\n  - child:\n      truth: true\nby_number:\n  7: 8\n");
  const auto at = [&](std::string_view field) {
    const FieldPlaces::Place place = places_.Find(field);
    return std::to_string(place.line) + ":" + std::to_string(place.column);
  };
  EXPECT_EQ(at("int_32"), "1:9");
  EXPECT_EQ(at("children"), "2:1");
  EXPECT_EQ(at("children[1]"), "4:5");
  EXPECT_EQ(at("children[1].child.truth"), "5:14");
  EXPECT_EQ(at("children[1].child.missing"), "4:5");
  EXPECT_EQ(at("children[0].missing.deeper[3]"), "3:5");
  EXPECT_EQ(at("by_number[\"7\"]"), "7:6");
  EXPECT_EQ(at("missing"), "1:1");
}

TEST_F(YamlTest, HasBounds) {
  EXPECT_THAT(Parse(std::string((1 << 20) + 1, ' ')),
              ElementsAre("1:1: the file has 1048577 bytes; at most 1048576"));
  std::string deep;
  for (int i = 0; i < 63; ++i) deep += "{child: ";
  EXPECT_THAT(Parse(deep + "{}" + std::string(63, '}')), IsEmpty());
  EXPECT_THAT(Parse("{child: " + deep + "{}" + std::string(64, '}')),
              ElementsAre(HasSubstr("nested more than 64 deep")));
  std::string many = "numbers: [1";
  for (int i = 0; i < 100'000; ++i) many += ",1";
  EXPECT_THAT(Parse(many + "]"), ElementsAre(HasSubstr("more than 100000 values")));
}

TEST_F(YamlTest, TellsOfTheFirstHundredIssues) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "zzzzzz" + std::to_string(i) + ": 1\n";
  const std::vector<std::string> said = Parse(text);
  ASSERT_THAT(said, SizeIs(101));
  EXPECT_EQ(said.back(), "101:1: and more issues from here on");
}

}  // namespace
}  // namespace gate
