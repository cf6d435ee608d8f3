#include "tests/evidence/git/scratch_repository.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gate/evidence/git/release.h"

namespace gate::git {

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
  EXPECT_EQ(result.exit, 0) << "git " << arguments[0] << ": " << result.output;
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

v1::ReleaseQuery Between(const std::string& base, const std::string& head) {
  v1::ReleaseQuery query;
  query.set_repository("shop");
  query.set_base_revision(base);
  query.set_head_revision(head);
  return query;
}

v1::Release Answer(const ScratchRepository& repository, const v1::ReleaseQuery& query) {
  const auto release = AnswerRelease(query, repository.path(),
                                     std::chrono::steady_clock::now() + std::chrono::seconds(60));
  EXPECT_TRUE(release.ok()) << release.status();
  return release.ok() ? *release : v1::Release();
}

v1::ReleaseTicket TicketOf(const v1::Release& release, const std::string& key) {
  for (const v1::ReleaseTicket& ticket : release.tickets()) {
    if (ticket.key() == key) return ticket;
  }
  ADD_FAILURE() << "no ticket \"" << key << "\" in " << release.ShortDebugString();
  return {};
}

std::vector<std::string> SubjectsOf(const v1::Release& release, const std::string& key) {
  std::vector<std::string> subjects;
  const v1::ReleaseTicket ticket = TicketOf(release, key);
  for (const std::string& revision : ticket.commits()) {
    for (const v1::ReleaseCommit& commit : release.commits()) {
      if (commit.revision() == revision) subjects.push_back(commit.summary());
    }
  }
  return subjects;
}

}  // namespace gate::git
