// A repository read by one `git cat-file` that stays.
#include "clients/gatectl/git.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/gatectl/process.h"
#include "clients/gatectl/revision.h"
#include "gtest/gtest.h"

namespace gate::ctl {
namespace {

class GitTest : public ::testing::Test {
 protected:
  GitTest() {
    std::string pattern = ::testing::TempDir() + "gate_git_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    Run({"init", "-q"});
  }
  ~GitTest() override { std::filesystem::remove_all(folder_); }

  void Run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {"git", "-c", "user.name=Ada", "-c",
                                        "user.email=ada@example.com"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const ProcessResult result = RunProcess(command, folder_, "");
    ASSERT_TRUE(result.started && result.exit_code == 0) << result.Failure();
  }
  void Write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  void Commit() const {
    Run({"add", "--all"});
    Run({"commit", "-q", "-m", "More"});
  }

  std::filesystem::path folder_;
};

TEST_F(GitTest, ContentsComeInTheirOrderHoweverManyAreAskedFor) {
  std::map<std::string, std::string> written = {{"empty", ""},
                                                {"large", std::string(3'000'000, 'x')}};
  for (int i = 1000; i < 3000; ++i) written[absl::StrCat("file", i)] = absl::StrCat(i, "\n\n", i);
  for (const auto& [path, text] : written) Write(path, text);
  Commit();
  const Or<Git> git = Git::Open(folder_);
  ASSERT_TRUE(git);
  const Or<std::vector<GitFile>> files = git->Tree("HEAD");
  ASSERT_TRUE(files);
  std::vector<std::string> ids;
  for (const GitFile& file : *files) ids.push_back(file.id);
  std::vector<std::optional<std::string>> texts(ids.size());
  const auto take = [&](size_t i, std::optional<std::string_view> piece) {
    if (piece) texts[i] = texts[i].value_or("") + std::string(*piece);
  };
  ASSERT_TRUE(git->Stream(ids, take));
  ASSERT_EQ(files->size(), written.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_TRUE(texts[i] == written[(*files)[i].path]) << (*files)[i].path;
  }
  // Again, and with one that is not there.
  texts.assign(2, std::nullopt);
  ASSERT_TRUE(git->Stream({std::string(40, '1'), ids[1]}, take));
  EXPECT_FALSE(texts[0]);
  EXPECT_TRUE(texts[1]);
}

TEST_F(GitTest, ARevisionIsSearchedWithoutTestsAndPictures) {
  Write("app/store.py", "def store(task):\n    pass\n");
  Write("app/view.py", "store(task)\n");
  Write("app/restore.py", "restore(task)\n");
  Write("tests/store.py", "store(task)\n");
  Write("store.png", "store");
  Write("jobs.yaml", "run: app.store\n");
  std::filesystem::create_symlink("app/store.py", folder_ / "link.py");
  Commit();
  Write("app/later.py", "store(task)\n");
  const Or<Git> git = Git::Open(folder_);
  ASSERT_TRUE(git);
  const Revision revision(*git, "HEAD");
  EXPECT_EQ(revision.Mentioning("store"),
            (std::vector<std::string>{"app/store.py", "app/view.py", "jobs.yaml"}));
  EXPECT_EQ(revision.Read("app/view.py"), "store(task)\n");
  EXPECT_EQ(revision.Read("app/later.py"), std::nullopt);
  EXPECT_FALSE(revision.problem());
}

TEST_F(GitTest, WhatHasChangedButIsNotThereIsAProblem) {
  Write("app/store.py", "pass\n");
  Commit();
  const Or<Git> git = Git::Open(folder_);
  ASSERT_TRUE(git);
  const Or<std::vector<std::string>> texts =
      ReadCode(*git, {{"app/store.py", std::string(40, '1')}});
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.problem().title, "git cannot read app/store.py");
}

}  // namespace
}  // namespace gate::ctl
