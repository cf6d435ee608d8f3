// Every policy in golden/policy, and what is said about it. A file without issues has an empty
// .issues file.
#include <string>

#include "checks/policy/policy.h"
#include "tests/support/golden.h"

namespace gate::testing {
namespace {

class PolicyGoldenTest : public ::testing::TestWithParam<std::string> {};

std::string Name(const ::testing::TestParamInfo<std::string>& info) {
  const size_t start = info.param.rfind('/') + 1;
  return info.param.substr(start, info.param.rfind('.') - start);
}

TEST_P(PolicyGoldenTest, SaysAllThatIsWrong) {
  const std::string file = GetParam().substr(GetParam().rfind('/') + 1);
  v1::Policy policy;
  std::string said;
  for (const FileIssue& issue : ParsePolicy(file, ReadFile(GetParam()), policy)) {
    said += issue.ToString() + "\n";
  }
  EXPECT_TRUE(MatchesGolden(GoldenFor(GetParam(), ".yaml", ".issues"), said));
}

INSTANTIATE_TEST_SUITE_P(All, PolicyGoldenTest,
                         ::testing::ValuesIn(GoldenFiles("golden/policy", ".yaml")), Name);

TEST(PolicyGoldens, AreAllRead) {
  EXPECT_TRUE(NoStrayGoldens("golden/policy", std::vector<std::string>{".yaml", ".issues"}));
}

}  // namespace
}  // namespace gate::testing
