#include "tests/fakes/scratch_repository.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gate {

ScratchRepository::ScratchRepository() {
  Git({"init", "-q", "-b", "main"});
  Git({"config", "user.name", "Ann"});
  Git({"config", "user.email", "ann@example.com"});
  Git({"config", "gc.auto", "0"});
}

RunResult ScratchRepository::TryGit(const std::vector<std::string>& arguments) const {
  ChildProcess::Options options;
  options.arguments = {"/usr/bin/env", "git"};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  options.folder = path();
  const std::string date = absl::StrCat(time_, " +0000");
  options.environment = {{"GIT_CONFIG_GLOBAL", "/dev/null"},
                         {"GIT_CONFIG_NOSYSTEM", "1"},
                         {"GIT_AUTHOR_DATE", date},
                         {"GIT_COMMITTER_DATE", date},
                         {"GIT_MERGE_AUTOEDIT", "no"},
                         {"GIT_EDITOR", "true"},
                         {"LC_ALL", "C"}};
  return RunProgram(std::move(options));
}

std::string ScratchRepository::Git(const std::vector<std::string>& arguments) const {
  const RunResult result = TryGit(arguments);
  if (result.exit != 0) {
    throw std::runtime_error(absl::StrCat("git ", arguments[0], ": ", result.output));
  }
  return std::string(absl::StripAsciiWhitespace(result.output));
}

void ScratchRepository::Write(const std::string& path, const std::string& text) const {
  const std::filesystem::path file = File(path);
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

void ScratchRepository::Remove(const std::string& path) const {
  std::filesystem::remove_all(File(path));
}

std::string ScratchRepository::Commit(const std::string& message) {
  time_ += 60;
  Git({"add", "-A"});
  Git({"commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message});
  return Head();
}

void ScratchRepository::Branch(const std::string& name, const std::string& at) const {
  Git({"checkout", "-q", "-b", name, at});
}

std::string ScratchRepository::Merge(const std::string& branch, const std::string& message) {
  time_ += 60;
  Git({"merge", "-q", "--no-ff", "-m", message, branch});
  return Head();
}

}  // namespace gate
