// The client as its users get it: installed, found by CMake, built against, run.
#include <filesystem>
#include <string>

#include "clients/gatectl/process.h"
#include "gtest/gtest.h"
#include "tests/cli/fake_gate.h"

namespace gate::testing {
namespace {

namespace fs = std::filesystem;

void MustSucceed(const std::vector<std::string>& command) {
  const auto result = ctl::RunProcess(command, "", "");
  ASSERT_EQ(result.exit_code, 0) << command[0] << " " << command[1] << "\n"
                                 << result.out << result.err;
}

TEST(PackageTest, TheExampleBuildsAgainstTheInstalledClientAndRuns) {
  std::string pattern = ::testing::TempDir() + "gate_package_XXXXXX";
  const std::string folder = mkdtemp(pattern.data());
  const std::string example = (fs::current_path() / "../clients/cpp/example").string();
  MustSucceed({"cmake", "--install", GATE_BUILD_FOLDER, "--component", "client", "--prefix",
               folder + "/installed"});
  MustSucceed({"cmake", "-S", example, "-B", folder + "/build", "-G", "Ninja",
               "-DCMAKE_CXX_COMPILER=" GATE_COMPILER, "-DCMAKE_CXX_FLAGS=" GATE_FLAGS,
               "-DCMAKE_CXX_COMPILER_LAUNCHER=" GATE_LAUNCHER,
               "-DCMAKE_PREFIX_PATH=" + folder + "/installed"});
  MustSucceed({"cmake", "--build", folder + "/build"});

  FakeGate gate;
  const auto result = ctl::RunProcess({folder + "/build/check", gate.address()}, "", "");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "DECISION_ALLOW: 3 checks passed.\n");
  // Nobody there: no answer, and the caller sees it.
  const auto nobody =
      ctl::RunProcess({folder + "/build/check", "unix:" + folder + "/none"}, "", "");
  EXPECT_EQ(nobody.exit_code, 3) << nobody.out;
  fs::remove_all(folder);
}

}  // namespace
}  // namespace gate::testing
