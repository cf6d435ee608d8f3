// The JSON Schemas that editors read are those of the protos, comments and all.
#include <fstream>
#include <iterator>
#include <string>

#include "checks/policy/yaml.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "tests/support/golden.h"

namespace gate::testing {
namespace {

// The schema of a message as the build's descriptors have it: with comments.
std::string SchemaOf(const std::string& message, const std::string& title) {
  google::protobuf::FileDescriptorSet files;
  EXPECT_TRUE(files.ParseFromString(ReadFile(GATE_DESCRIPTORS)));
  google::protobuf::DescriptorPool pool;
  for (const auto& file : files.file()) EXPECT_NE(pool.BuildFile(file), nullptr) << file.name();
  const auto* descriptor = pool.FindMessageTypeByName(message);
  EXPECT_NE(descriptor, nullptr) << message;
  return JsonSchema(*descriptor, title);
}

TEST(SchemaTest, PolicySchemaIsUpToDate) {
  EXPECT_TRUE(MatchesGolden("../deploy/policies/policy.schema.json",
                            SchemaOf("gate.v1.Policy", "Policy of the deployment-safety gate")));
}

TEST(SchemaTest, ConfigSchemaIsUpToDate) {
  EXPECT_TRUE(MatchesGolden("../deploy/config.schema.json",
                            SchemaOf("gate.config.v1.Config", "Configuration of gated")));
}

TEST(SchemaTest, OutputOnlyFieldsAreNotOffered) {
  const std::string schema = SchemaOf("gate.v1.Policy", "x");
  EXPECT_THAT(schema, ::testing::Not(::testing::HasSubstr("calendar_digests")));
  EXPECT_THAT(schema, ::testing::HasSubstr("\"calendars\""));
}

}  // namespace
}  // namespace gate::testing
