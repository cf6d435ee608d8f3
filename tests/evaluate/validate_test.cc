// Strict at the door: what no traffic shift may be.
#include "gate/evaluate/validate.h"

#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using testing::HasSubstr;

absl::Status Validate(const std::string& shift) {
  v1::EvaluateRequest request;
  request.mutable_change()->set_service("web");
  request.mutable_change()->set_environment("production");
  request.mutable_change()->set_kind(v1::CHANGE_KIND_TRAFFIC_SHIFT);
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      shift, request.mutable_change()->mutable_traffic_shift()))
      << shift;
  return ValidateRequest(request);
}

#define OLD R"( origins { name: "old" share_before: 1 share_after: 0.8 } )"
#define NEW R"( origins { name: "new" share_before: 0 share_after: 0.2 } )"

TEST(ValidateTrafficShift, TakesWhatIsWhole) {
  EXPECT_TRUE(Validate(OLD NEW).ok()) << Validate(OLD NEW);
  // A share that is not told may be anything that is left; the check says what it does not know.
  for (const char* shift : {
           OLD R"( origins { name: "new" share_after: 0.2 } )",
           OLD R"( origins { name: "new" } )",
           R"( origins { name: "old" } origins { name: "new" } )",
           OLD NEW "sticky_sessions: true affinity: SESSION_AFFINITY_COOKIE",
           OLD NEW "sticky_sessions: true affinity: SESSION_AFFINITY_TENANT",
           OLD NEW "sticky_sessions: false affinity: SESSION_AFFINITY_NONE",
       }) {
    EXPECT_TRUE(Validate(shift).ok()) << shift << Validate(shift);
  }
}

struct Mistake {
  const char* name;
  std::string shift;
  const char* field;
  const char* message;
};

class MistakenShift : public testing::TestWithParam<Mistake> {};

TEST_P(MistakenShift, IsNamedWithItsField) {
  const absl::Status status = Validate(GetParam().shift);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().field));
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().message));
}

std::string ManyOrigins() {
  std::string origins = OLD NEW;
  for (int i = 0; i < 99; ++i) {
    origins += "origins { name: \"o" + std::to_string(i) + "\" share_before: 0 share_after: 0 }";
  }
  return origins;
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, MistakenShift,
    testing::ValuesIn(std::vector<Mistake>{
        {"SumAfterTooSmall", OLD R"( origins { name: "n" share_before: 0 share_after: 0.1 } )",
         "change.traffic_shift.origins", "shares after must sum to 1; they sum to 0.9"},
        {"SumAfterTooLarge", OLD R"( origins { name: "n" share_before: 0 share_after: 0.3 } )",
         "change.traffic_shift.origins", "shares after must sum to 1; they sum to 1.1"},
        {"SumBeforeTooLarge", OLD R"( origins { name: "n" share_before: 0.5 share_after: 0.2 } )",
         "change.traffic_shift.origins", "shares before must sum to 1; they sum to 1.5"},
        {"SumTooLargeWithOneNotTold", OLD NEW OLD R"( origins { name: "n" } )",
         "change.traffic_shift.origins", "they sum to 2"},
        {"NoOrigins", "way_back: \"x\"", "change.traffic_shift.origins", "must sum to 1"},
        {"NamedTwice", NEW NEW R"( origins { name: "o" share_before: 1 share_after: 0.6 } )",
         "change.traffic_shift.origins[1].name", "there are two origins new"},
        {"NoName", R"( origins { share_before: 1 share_after: 1 } )",
         "change.traffic_shift.origins[0].name", "is required"},
        {"NotAShare",
         R"( origins { name: "o" share_before: 1 share_after: 1.5 }
             origins { name: "n" share_before: 0 share_after: -0.5 } )",
         "change.traffic_shift.origins[1].share_after", "from 0 to 1"},
        {"NotANumber", R"( origins { name: "o" share_before: nan share_after: 1 } )",
         "change.traffic_shift.origins[0].share_before", "from 0 to 1"},
        {"NegativeWorkers", R"( origins { name: "o" share_before: 1 share_after: 1 workers: -1 } )",
         "change.traffic_shift.origins[0].workers", "not be negative"},
        {"NoServiceTime",
         R"( origins { name: "o" share_before: 1 share_after: 1 service_time { seconds: -1 } } )",
         "change.traffic_shift.origins[0].service_time", "over 0"},
        {"StickyWithoutAffinity", OLD NEW "sticky_sessions: true affinity: SESSION_AFFINITY_NONE",
         "change.traffic_shift.affinity", "contradicts sticky_sessions"},
        {"AffinityWithoutStickiness",
         OLD NEW "sticky_sessions: false affinity: SESSION_AFFINITY_COOKIE",
         "change.traffic_shift.affinity", "contradicts sticky_sessions"},
        {"UnknownAffinity", OLD NEW "affinity: 9", "change.traffic_shift.affinity", "TENANT"},
        {"LongWayBack", OLD NEW "way_back: \"" + std::string(1025, 'x') + "\"",
         "change.traffic_shift.way_back", "at most 1024"},
        {"TooManyOrigins", ManyOrigins(), "change.traffic_shift.origins", "at most 100"},
    }),
    [](const auto& mistake) { return mistake.param.name; });

}  // namespace
}  // namespace gate
