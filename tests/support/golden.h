// Golden files: what the code says, kept in the repository as a person reads it.
//
// Paths are relative to tests/, where tests run. One switch rewrites every golden file:
//
//   cmake --build --preset debug --target golden
//
// which is GATE_UPDATE_GOLDENS=1 in the environment of the tests that link this library. Read the
// diff before you commit it.
#ifndef TESTS_SUPPORT_GOLDEN_H_
#define TESTS_SUPPORT_GOLDEN_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace gate::testing {

// Holds `actual` against the file; use as EXPECT_TRUE(MatchesGolden("golden/x/a.issues", text)).
// A failure shows the first line that differs and how to refresh. With the switch on it writes the
// file (and its folder) where it differs, and succeeds.
::testing::AssertionResult MatchesGolden(const std::string& path, std::string_view actual);

// The files directly in `folder` whose names end with `suffix`, sorted, as paths like
// "golden/policy/a.yaml". Fails the running test when there are none.
std::vector<std::string> GoldenFiles(const std::string& folder, std::string_view suffix);

// `path` with `suffix` replaced: GoldenFor("a.yaml", ".yaml", ".issues") is "a.issues".
std::string GoldenFor(std::string_view path, std::string_view suffix, std::string_view golden);

// Succeeds when `folder` (and the folders in it) holds the files in `referenced` and no others:
// a golden file that no test reads is a promise that nobody keeps.
::testing::AssertionResult NoStrayGoldens(const std::string& folder,
                                          const std::set<std::string>& referenced);

// The same for folders in which every golden file belongs to an input file beside it: each file
// ends in one of `suffixes`, and exists next to one with the first suffix and the same stem.
::testing::AssertionResult NoStrayGoldens(const std::string& folder,
                                          const std::vector<std::string>& suffixes);

// The whole file, byte for byte. Fails the running test when it cannot be read.
std::string ReadFile(const std::string& path);

}  // namespace gate::testing

#endif  // TESTS_SUPPORT_GOLDEN_H_
