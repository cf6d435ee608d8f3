// The golden runner itself: that it can fail, and that it writes only when told to.
#include "tests/support/golden.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"

namespace gate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GoldenTest : public ::testing::Test {
 protected:
  GoldenTest() {
    // The tests of the switch set it by hand, also while `--target golden` has it on.
    unsetenv("GATE_UPDATE_GOLDENS");
    std::string name = ::testing::TempDir() + "goldenXXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~GoldenTest() override {
    unsetenv("GATE_UPDATE_GOLDENS");
    std::filesystem::remove_all(folder_);
  }
  std::string Add(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }

  std::string folder_;
};

TEST_F(GoldenTest, SameBytesMatch) {
  EXPECT_TRUE(MatchesGolden(Add("a.txt", "one\ntwo\n"), "one\ntwo\n"));
}

TEST_F(GoldenTest, NamesTheFirstLineThatDiffers) {
  const auto result = MatchesGolden(Add("a.txt", "one\ntwo\nthree\n"), "one\ntow\nthree\n");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.message(), HasSubstr("a.txt:2: differs\n  golden: two\n  actual: tow"));
  EXPECT_THAT(result.message(), HasSubstr("--target golden"));
}

TEST_F(GoldenTest, PrefixIsADifference) {
  EXPECT_FALSE(MatchesGolden(Add("a.txt", "one\ntwo\n"), "one\n"));
  EXPECT_FALSE(MatchesGolden(Add("b.txt", "one\n"), "one\ntwo\n"));
  EXPECT_FALSE(MatchesGolden(Add("c.txt", ""), "one"));
}

TEST_F(GoldenTest, MissingFileFails) {
  const auto result = MatchesGolden(folder_ + "/none.txt", "one\n");
  ASSERT_FALSE(result);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/none.txt"));
}

TEST_F(GoldenTest, SwitchWritesFileAndFolder) {
  setenv("GATE_UPDATE_GOLDENS", "1", 1);
  const std::string path = folder_ + "/deep/new.txt";
  EXPECT_TRUE(MatchesGolden(path, "one\n"));
  EXPECT_EQ(ReadFile(path), "one\n");
}

TEST_F(GoldenTest, ListsInputsSorted) {
  Add("b.yaml", "");
  Add("a.yaml", "");
  Add("a.issues", "");
  EXPECT_THAT(GoldenFiles(folder_, ".yaml"), ElementsAre(folder_ + "/a.yaml", folder_ + "/b.yaml"));
}

TEST_F(GoldenTest, StrayFileFails) {
  Add("a.yaml", "");
  Add("a.issues", "");
  EXPECT_TRUE(NoStrayGoldens(folder_, std::vector<std::string>{".yaml", ".issues"}));
  const std::string stray = Add("gone.issues", "");
  const auto result = NoStrayGoldens(folder_, std::vector<std::string>{".yaml", ".issues"});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.message(), HasSubstr(stray));
  EXPECT_FALSE(NoStrayGoldens(folder_, std::set<std::string>{stray}));
}

}  // namespace
}  // namespace gate::testing
