// The source: which repository is meant, what is kept, what is shared, and what an error becomes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gate/evidence/git_source.h"
#include "gate/evidence/release_process.h"
#include "tests/evidence/git/releases.h"

namespace gate::git {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;

config::v1::Repository Named(const std::string& name, const std::string& folder,
                             const std::string& address) {
  config::v1::Repository repository;
  repository.set_name(name);
  repository.set_folder(folder);
  repository.set_address(address);
  repository.mutable_timeout()->set_seconds(60);
  return repository;
}

class GitSourceTest : public testing::Test {
 protected:
  GitSourceTest() {
    base_ = repository_.CommitFile("a.txt", "1\n", "base");
    head_ = repository_.CommitFile("a.txt", "2\n", "TASKS-1: two");
    query_.set_id("qa.release");
    *query_.mutable_release() = Between(base_, head_);
    Open([this](const v1::ReleaseQuery& query, const std::string& folder, auto) {
      ++asked_;
      v1::Release release;
      release.set_repository(absl::StrCat(query.repository(), " in ", folder));
      return release;
    });
  }

  void Open(GitSource::Answer answer) {
    source_ = std::make_unique<GitSource>(
        std::vector{Named("shop", repository_.path(), "github.com/example/shop"),
                    Named("other", "/other", "")},
        std::move(answer));
  }
  v1::Observation Fetch(milliseconds time = std::chrono::seconds(60)) {
    return source_->Fetch(query_, {change_, absl::UnixEpoch(), steady_clock::now() + time});
  }
  std::shared_ptr<const v1::Observation> AtHand() {
    return source_->AtHand(query_, {change_, absl::UnixEpoch(), steady_clock::time_point::max()});
  }

  ScratchRepository repository_;
  std::string base_, head_;
  v1::Query query_;
  v1::Change change_;
  std::unique_ptr<GitSource> source_;
  std::atomic<int> asked_ = 0;
};

TEST_F(GitSourceTest, TheRepositoryIsNamedOrThatOfTheChange) {
  EXPECT_EQ(Fetch().release().repository(), "shop in " + repository_.path());
  EXPECT_EQ(Fetch().source(), "git:shop");
  query_.mutable_release()->set_repository("other");
  EXPECT_EQ(Fetch().release().repository(), "other in /other");
  query_.mutable_release()->clear_repository();
  change_.set_repository("github.com/example/shop");
  EXPECT_EQ(Fetch().source(), "git:shop");
}

TEST_F(GitSourceTest, WhatIsNotConfiguredSaysWhatIs) {
  query_.mutable_release()->set_repository("payments");
  EXPECT_EQ(Fetch().absence().reason(), v1::ABSENCE_REASON_NOT_CONFIGURED);
  EXPECT_THAT(Fetch().absence().detail(),
              AllOf(HasSubstr("\"payments\""), HasSubstr("shop (github.com/example/shop), other")));
  query_.mutable_release()->clear_repository();
  EXPECT_THAT(AtHand()->absence().detail(), HasSubstr("names none"));
  change_.set_repository("github.com/example/payments");
  EXPECT_THAT(AtHand()->absence().detail(), HasSubstr("github.com/example/payments"));
}

TEST_F(GitSourceTest, AnAnswerIsKeptForItsQuestion) {
  EXPECT_EQ(AtHand(), nullptr);
  const v1::Observation first = Fetch();
  EXPECT_EQ(first.id(), "qa.release");
  ASSERT_NE(AtHand(), nullptr);
  EXPECT_EQ(AtHand(), AtHand());  // Shared, not copied.
  EXPECT_EQ(AtHand()->SerializeAsString(), first.SerializeAsString());
  Fetch();
  EXPECT_EQ(asked_, 1);
  const v1::Query before = query_;
  query_.mutable_release()->add_tickets()->set_key("TASKS-1");
  EXPECT_EQ(AtHand(), nullptr);
  query_ = before;
  query_.mutable_release()->add_flag_wrappers()->set_function("isOn");
  EXPECT_EQ(AtHand(), nullptr);
  query_ = before;
  query_.mutable_release()->add_ticket_patterns("x");
  EXPECT_EQ(AtHand(), nullptr);
}

TEST_F(GitSourceTest, EqualQuestionsShareOneAnswer) {
  std::atomic<bool> go = false;
  Open([&](const v1::ReleaseQuery&, const std::string&, auto) {
    ++asked_;
    while (!go) std::this_thread::yield();
    return v1::Release();
  });
  std::vector<std::thread> threads;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { answered += Fetch().has_release(); });
  }
  EXPECT_TRUE(Eventually([&] { return asked_ == 1; }));
  go = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(answered, 4);
}

TEST_F(GitSourceTest, WhoFindsNoPlaceInTimeIsToldSo) {
  std::atomic<bool> go = false;
  Open([&](const v1::ReleaseQuery&, const std::string&, auto) {
    ++asked_;
    while (!go) std::this_thread::yield();
    return v1::Release();
  });
  std::thread other([&] { Fetch(); });
  EXPECT_TRUE(Eventually([&] { return asked_ == 1; }));
  const v1::Observation late = Fetch(milliseconds(50));
  EXPECT_EQ(late.absence().reason(), v1::ABSENCE_REASON_TIMEOUT);
  go = true;
  other.join();
}

TEST_F(GitSourceTest, ErrorsAreAbsencesAndNotKept) {
  const std::vector<std::pair<absl::StatusCode, v1::AbsenceReason>> table = {
      {absl::StatusCode::kNotFound, v1::ABSENCE_REASON_EMPTY},
      {absl::StatusCode::kInvalidArgument, v1::ABSENCE_REASON_REJECTED},
      {absl::StatusCode::kFailedPrecondition, v1::ABSENCE_REASON_UNREACHABLE},
      {absl::StatusCode::kResourceExhausted, v1::ABSENCE_REASON_TOO_LARGE},
      {absl::StatusCode::kDeadlineExceeded, v1::ABSENCE_REASON_TIMEOUT},
      {absl::StatusCode::kDataLoss, v1::ABSENCE_REASON_MALFORMED},
      {absl::StatusCode::kInternal, v1::ABSENCE_REASON_INTERNAL}};
  for (const auto& [code, reason] : table) {
    Open([code = code](const v1::ReleaseQuery&, const std::string&, auto) {
      return absl::Status(code, "what and where");
    });
    EXPECT_EQ(Fetch().absence().reason(), reason);
    EXPECT_EQ(Fetch().absence().detail(), "what and where");
    EXPECT_EQ(Fetch().source(), "git:shop");
    EXPECT_EQ(AtHand(), nullptr);
  }
}

TEST_F(GitSourceTest, TheRepositorysOwnTimeoutBinds) {
  steady_clock::time_point given;
  Open([&](const v1::ReleaseQuery&, const std::string&, auto deadline) {
    given = deadline;
    return v1::Release();
  });
  const auto before = steady_clock::now();
  Fetch(std::chrono::hours(1));
  EXPECT_LE(given, before + std::chrono::seconds(61));
}

// ---- The process that reads.

class ReleaseProcessTest : public GitSourceTest {
 protected:
  static absl::Status Failure(const ReleaseProcess& process, const v1::ReleaseQuery& query,
                              const std::string& folder,
                              milliseconds time = std::chrono::seconds(60)) {
    return process.Answer(query, folder, steady_clock::now() + time).status();
  }
  std::string Script(const std::string& text) {
    const std::string path = scripts_.Write("program", "#!/bin/sh\n" + text);
    chmod(path.c_str(), 0755);
    return path;
  }
  TempFolder scripts_;
};

TEST_F(ReleaseProcessTest, AnswersAsTheFunctionDoes) {
  const auto process = ReleaseProcess::Find();
  ASSERT_TRUE(process.ok()) << process.status();
  const auto release = process->Answer(query_.release(), repository_.path(),
                                       steady_clock::now() + std::chrono::seconds(60));
  ASSERT_TRUE(release.ok()) << release.status();
  EXPECT_EQ(release->SerializeAsString(),
            git::Answer(repository_, query_.release()).SerializeAsString());
}

// As where the configuration itself is named by a relative path.
TEST_F(ReleaseProcessTest, AFolderMayBeRelativeToWhereTheGateRuns) {
  const auto process = ReleaseProcess::Find();
  ASSERT_TRUE(process.ok()) << process.status();
  const std::string relative = std::filesystem::relative(repository_.path());
  ASSERT_FALSE(relative.starts_with('/'));
  EXPECT_EQ(Failure(*process, query_.release(), relative), absl::OkStatus());
}

TEST_F(ReleaseProcessTest, FailuresKeepTheirKindAndWords) {
  const auto process = ReleaseProcess::Find();
  ASSERT_TRUE(process.ok()) << process.status();
  const std::string missing(40, 'a');
  EXPECT_EQ(Failure(*process, Between(base_, missing), repository_.path()),
            absl::NotFoundError("the mirror shop does not have " + missing + "; fetch it"));
  EXPECT_EQ(Failure(*process, Between(base_, "main"), repository_.path()).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Failure(*process, query_.release(), "/nowhere").code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Failure(*process, query_.release(), repository_.path(), milliseconds(0)).code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(ReleaseProcessTest, AProcessThatDiesTakesNothingWithIt) {
  const ReleaseProcess crashing({.program = Script("kill -SEGV $$\n")});
  const absl::Status crashed = Failure(crashing, query_.release(), repository_.path());
  EXPECT_EQ(crashed.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(crashed.message()), HasSubstr("signal 11"));
  const ReleaseProcess babbling({.program = Script("exit 0\n")});
  EXPECT_THAT(std::string(Failure(babbling, query_.release(), repository_.path()).message()),
              HasSubstr("is no answer"));
  const ReleaseProcess gone({.program = "/nowhere/gate-release"});
  EXPECT_THAT(std::string(Failure(gone, query_.release(), repository_.path()).message()),
              HasSubstr("cannot be started"));
}

TEST_F(ReleaseProcessTest, AProcessThatHangsIsEndedInTime) {
  const ReleaseProcess hanging({.program = Script("sleep 600\n")});
  const auto before = steady_clock::now();
  EXPECT_EQ(Failure(hanging, query_.release(), repository_.path(), milliseconds(400)).code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(steady_clock::now() - before, std::chrono::seconds(30));
}

TEST_F(ReleaseProcessTest, TooMuchMemoryIsRefusedByTheKernel) {
  auto process = ReleaseProcess::Find();
  ASSERT_TRUE(process.ok()) << process.status();
  const std::string program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "gate-release";
  const ReleaseProcess small({.program = program, .memory_bytes = 16 << 20});
  EXPECT_FALSE(Failure(small, query_.release(), repository_.path()).ok());
}

}  // namespace
}  // namespace gate::git
