#include "tests/cli/script.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/gatectl/process.h"
#include "gtest/gtest.h"

namespace gate::testing {
namespace {

namespace fs = std::filesystem;

// What differs between runs and machines.
std::string Normalise(std::string text, const std::string& folder, const std::string& address) {
  const auto replace = [&text](const std::string& from, const std::string& to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
  };
  replace(folder, "HOME");
  replace(address, "127.0.0.1:PORT");
  const std::pair<const char*, const char*> kWords[] = {
      {"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "REQUEST"},
      {"\\b[0-9a-f]{40}\\b", "REVISION"},
      {"gate_[a-z2-7]{52}", "SECRET"},
      {"(sha256\"?: ?\"?)[0-9a-f]{64}", "$1DIGEST"},
      {"(expires\"?: ?\")[0-9TZ:-]+", "$1TIME"},
      {"tried:   (once|[0-9]+ times) in [0-9.]+ s", "tried:   so often in TIME"},
      {"[0-9]{2}:[0-9]{2}:[0-9]{2}Z ", "TIME "},
      {"after [0-9]+ s", "after TIME"},
      {"\\bin [0-9]+ (s|min)( [0-9]+ s)?\\b", "in TIME"},
  };
  for (const auto& [pattern, word] : kWords)
    text = std::regex_replace(text, std::regex(pattern), word);
  return text;
}

std::string Prefixed(const std::string& prefix, const std::string& text) {
  std::string out;
  if (text.empty()) return out;
  const bool ends = text.back() == '\n';
  const std::string body = ends ? text.substr(0, text.size() - 1) : text;
  for (const absl::string_view line : absl::StrSplit(body, '\n')) {
    absl::StrAppend(&out, prefix, line.empty() ? "" : " ", line, "\n");
  }
  if (!ends) absl::StrAppend(&out, prefix, " (no line feed at the end)\n");
  return out;
}

std::string Run(const std::string& command, const std::string& folder, const std::string& address) {
  const auto result = ctl::RunProcess(
      {"env", "-i", absl::StrCat("PATH=", GATECTL_FOLDER, ":", std::getenv("PATH")),
       absl::StrCat("HOME=", folder), absl::StrCat("GATE_ADDR=", address), "LANG=C.UTF-8",
       "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com",
       "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com", "bash", "-c", command},
      folder, "");
  EXPECT_TRUE(result.started) << result.err;
  return absl::StrCat(Prefixed("|", Normalise(result.out, folder, address)),
                      Prefixed("!", Normalise(result.err, folder, address)), "exit ",
                      result.exit_code, "\n");
}

bool IsExpectation(absl::string_view line) {
  return absl::StartsWith(line, "|") || absl::StartsWith(line, "!") ||
         absl::StartsWith(line, "exit ");
}

}  // namespace

std::string RunScript(std::string_view script, const std::string& gate_address) {
  std::string pattern = ::testing::TempDir() + "gatectl_XXXXXX";
  const std::string folder = mkdtemp(pattern.data());
  std::string out;
  std::ofstream file;
  std::vector<std::string> lines = absl::StrSplit(std::string(script), '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  for (const std::string& line : lines) {
    if (IsExpectation(line)) continue;
    absl::StrAppend(&out, line, "\n");
    if (absl::StartsWith(line, "    ") && file.is_open()) {
      file << line.substr(4) << "\n";
      continue;
    }
    file.close();
    if (absl::StartsWith(line, "file ")) {
      const fs::path path = fs::path(folder) / line.substr(5);
      fs::create_directories(path.parent_path());
      file.open(path);
    } else if (absl::StartsWith(line, "$ ")) {
      out += Run(line.substr(2), folder, gate_address);
    }
  }
  fs::remove_all(folder);
  return out;
}

}  // namespace gate::testing
