// The queue in front of a store's disk, with a disk that a test opens and shuts.
#include "gate/store/group_commit.h"

#include <gmock/gmock.h>

#include <atomic>

#include "tests/fakes/scripted_source.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::ElementsAre;

// Holds the first group until it is told to go on, and notes the sizes of all.
struct SlowDisk {
  Latch entered;
  Latch release;
  Mutex mu;
  std::vector<size_t> sizes GATE_GUARDED_BY(mu);
  std::vector<std::string> blobs GATE_GUARDED_BY(mu);
  std::atomic<bool> fails = false;

  std::vector<size_t> Sizes() {
    MutexLock lock(mu);
    return sizes;
  }
};

class SlowWriter final : public GroupWriter {
 public:
  explicit SlowWriter(SlowDisk& disk) : disk_(disk) {}
  void Write(std::vector<PendingAppend>& group, Closing&) override {
    {
      MutexLock lock(disk_.mu);
      disk_.sizes.push_back(group.size());
      for (const PendingAppend& pending : group) {
        for (const EncodedBlob& blob : pending.record.blobs) disk_.blobs.push_back(blob.digest);
      }
    }
    disk_.entered.Open();
    disk_.release.Wait();
    for (PendingAppend& pending : group) {
      pending.result = Appended{pending.verdict, false};
      if (disk_.fails) pending.result = absl::UnavailableError("gone");
    }
  }

 private:
  SlowDisk& disk_;
};

std::unique_ptr<GroupCommit> Over(SlowDisk& disk, KnownDigests& known, int max_group,
                                  int max_waiting) {
  std::vector<std::unique_ptr<GroupWriter>> writers;
  writers.push_back(std::make_unique<SlowWriter>(disk));
  return std::make_unique<GroupCommit>(std::move(writers), known, max_group, max_waiting);
}

TEST(GroupCommitTest, WhatArrivesDuringACommitSharesTheNextOnes) {
  SlowDisk disk;
  KnownDigests known(8);
  std::atomic<int> done = 0;
  auto commits = Over(disk, known, 4, 100);
  const auto append = [&](int number) {
    commits->Append(Record(number), [&](const absl::StatusOr<Appended>& appended) {
      if (appended.ok()) ++done;
    });
  };
  append(0);
  disk.entered.Wait();
  for (int i = 1; i < 10; ++i) append(i);
  EXPECT_EQ(done, 0);
  disk.release.Open();
  commits.reset();
  EXPECT_EQ(done, 10);
  EXPECT_THAT(disk.Sizes(), ElementsAre(1, 4, 4, 1));
}

TEST(GroupCommitTest, TheNextGroupIsWrittenWhileTheLastOnesCallersGetTheirAnswers) {
  SlowDisk disk;
  disk.release.Open();
  KnownDigests known(8);
  Latch answering, go_on;
  std::atomic<bool> second = false;
  auto commits = Over(disk, known, 4, 100);
  commits->Append(Record(0), [&](const absl::StatusOr<Appended>&) {
    answering.Open();
    go_on.Wait();
  });
  answering.Wait();
  commits->Append(Record(1), [&](const absl::StatusOr<Appended>& a) { second = a.ok(); });
  EXPECT_TRUE(Eventually([&] { return second.load(); }));
  go_on.Open();
}

TEST(GroupCommitTest, AnUntidyWriterIsTidiedAfterTheAnswersAndBeforeItWritesOn) {
  class Collector final : public GroupWriter {
   public:
    void Write(std::vector<PendingAppend>& group, Closing&) override {
      EXPECT_FALSE(untidy_);
      untidy_ = true;
      for (PendingAppend& pending : group) pending.Won();
    }
    bool Untidy() const override { return untidy_; }
    void Tidy() override { untidy_ = false; }

   private:
    bool untidy_ = false;
  };
  KnownDigests known(8);
  std::vector<std::unique_ptr<GroupWriter>> writers;
  writers.push_back(std::make_unique<Collector>());
  std::atomic<int> done = 0;
  {
    GroupCommit commits(std::move(writers), known, 1, 100);
    for (int i = 0; i < 50; ++i) {
      commits.Append(Record(i), [&](const absl::StatusOr<Appended>& a) { done += a.ok(); });
    }
  }
  EXPECT_EQ(done, 50);
}

TEST(GroupCommitTest, RefusesOnTheCallersThreadWhenTheQueueIsFullAndNotAfterwards) {
  SlowDisk disk;
  KnownDigests known(8);
  auto commits = Over(disk, known, 4, 3);
  std::vector<absl::Status> refused;
  std::atomic<int> stored = 0;
  const auto append = [&](int number) {
    commits->Append(Record(number), [&](const absl::StatusOr<Appended>& appended) {
      if (appended.ok()) ++stored;
      if (!appended.ok()) refused.push_back(appended.status());
    });
  };
  append(0);
  disk.entered.Wait();
  EXPECT_TRUE(commits->HasRoom().ok());
  for (int i = 1; i < 6; ++i) append(i);
  EXPECT_EQ(refused.size(), 2u);
  EXPECT_TRUE(absl::IsResourceExhausted(commits->HasRoom()));
  disk.release.Open();
  ASSERT_TRUE(Eventually([&] { return stored == 4; }));
  EXPECT_TRUE(commits->HasRoom().ok());
  append(6);
  commits.reset();
  EXPECT_EQ(stored, 5);
}

TEST(GroupCommitTest, ARecordThatIsRefusedGivesItsPlaceBack) {
  SlowDisk disk;
  KnownDigests known(8);
  auto commits = Over(disk, known, 4, 1);
  for (int i = 0; i < 3; ++i) {
    VerdictRecord record = Record(i);
    record.verdict.clear_decision();
    absl::Status status;
    commits->Append(record, [&](const absl::StatusOr<Appended>& a) { status = a.status(); });
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  }
  EXPECT_TRUE(commits->HasRoom().ok());
}

TEST(GroupCommitTest, ABlobIsWrittenUntilItIsKnownToBeOnDisk) {
  SlowDisk disk;
  disk.release.Open();
  KnownDigests known(8);
  auto commits = Over(disk, known, 4, 100);
  std::atomic<int> done = 0;
  const auto append_and_wait = [&](int number) {
    VerdictRecord record = Record(number);
    record.blobs = {BlobOf("policy")};
    const int before = done;
    commits->Append(std::move(record), [&](const absl::StatusOr<Appended>&) { ++done; });
    ASSERT_TRUE(Eventually([&] { return done > before; }));
  };
  disk.fails = true;
  append_and_wait(1);
  disk.fails = false;
  append_and_wait(2);
  append_and_wait(3);
  known.Clear();
  append_and_wait(4);
  MutexLock lock(disk.mu);
  EXPECT_EQ(disk.blobs.size(), 3u);
}

TEST(KnownDigestsTest, RemembersThoseUsedLast) {
  KnownDigests known(2);
  known.Add("a");
  known.Add("b");
  EXPECT_TRUE(known.Contains("a"));
  known.Add("c");
  EXPECT_TRUE(known.Contains("a"));
  EXPECT_FALSE(known.Contains("b"));
  EXPECT_TRUE(known.Contains("c"));
  known.Clear();
  EXPECT_FALSE(known.Contains("c"));
}

}  // namespace
}  // namespace gate
