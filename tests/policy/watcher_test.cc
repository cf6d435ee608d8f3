#include "gate/policy/watcher.h"

#include <atomic>
#include <filesystem>
#include <thread>

#include "gmock/gmock.h"
#include "tests/policy/folder.h"

namespace gate {
namespace {

class FakeClock final : public Clock {
 public:
  absl::Time Now() override { return absl::FromUnixSeconds(seconds_++); }

 private:
  std::atomic<int> seconds_ = 1000;
};

std::string Policy(const std::string& title) {
  return "title: " + title + "\nrules:\n  - name: all\n    checks: {migration: {}}\n";
}

class WatcherTest : public ::testing::Test {
 protected:
  // Loads the file and watches it by hand.
  void Watch(const std::string& path) {
    const LoadedPolicy loaded = LoadPolicy(path, clock_.Now());
    ASSERT_NE(loaded.snapshot, nullptr);
    holder_ = std::make_unique<PolicyHolder>(loaded.snapshot);
    watcher_ = std::make_unique<PolicyWatcher>(
        path, loaded, *holder_, clock_,
        [this](const PolicyStatus&, bool changed) {
          ++attempts_;
          changes_ += changed;
        },
        [this](const auto& before, const auto& after) {
          recorded_ += before.policy.title() + ">" + after.policy.title() + " ";
          return record_;
        });
    Settle();
    attempts_ = 0;
  }
  // Two looks find a file at rest, and a third nothing more to do.
  void Settle() {
    for (int i = 0; i < 3; ++i) watcher_->Look();
  }
  std::string Title() const { return holder_->Current()->policy.title(); }

  const Folder folder_;
  FakeClock clock_;
  std::unique_ptr<PolicyHolder> holder_;
  std::atomic<int> attempts_ = 0;
  std::atomic<int> changes_ = 0;
  std::string recorded_;
  absl::Status record_;  // what recording comes to
  std::unique_ptr<PolicyWatcher> watcher_;
};

TEST_F(WatcherTest, LeavesUnchangedFilesAlone) {
  Watch(folder_.Write("policy.yaml", Policy("one")));
  for (int i = 0; i < 10; ++i) watcher_->Look();
  EXPECT_EQ(attempts_, 0);
  EXPECT_EQ(changes_, 0);
}

TEST_F(WatcherTest, TakesAChangeOnceItIsAtRest) {
  Watch(folder_.Write("policy.yaml", Policy("one")));
  folder_.Write("policy.yaml", Policy("two"));
  watcher_->Look();
  EXPECT_EQ(Title(), "one");
  watcher_->Look();
  EXPECT_EQ(Title(), "two");
  EXPECT_EQ(attempts_, 1);
  EXPECT_EQ(watcher_->Status().digest, holder_->Current()->digest);
}

// An editor that writes in place: what it has written so far is a valid policy.
TEST_F(WatcherTest, APolicyThatCannotBeRecordedStaysOut) {
  Watch(folder_.Write("policy.yaml", Policy("one")));
  record_ = absl::UnavailableError("the store is gone");
  folder_.Write("policy.yaml", Policy("two"));
  Settle();
  EXPECT_EQ(Title(), "one");
  EXPECT_EQ(changes_, 0);
  ASSERT_EQ(watcher_->Status().issues.size(), 1u);
  EXPECT_THAT(watcher_->Status().issues[0].message, ::testing::HasSubstr("the store is gone"));
  record_ = absl::OkStatus();
  Settle();
  EXPECT_EQ(Title(), "two") << "it is tried again by itself";
  EXPECT_TRUE(watcher_->Status().issues.empty());
  EXPECT_TRUE(recorded_.ends_with("one>two ")) << recorded_;
}

TEST_F(WatcherTest, WaitsForAFileThatIsStillBeingWritten) {
  Watch(folder_.Write("policy.yaml", Policy("one")));
  std::string text = Policy("two");
  for (int i = 0; i < 5; ++i) {
    text += "  - name: rule " + std::to_string(i) + "\n    match: {services: [s" +
            std::to_string(i) + "]}\n    checks: {migration: {}}\n";
    folder_.Write("policy.yaml", text);
    watcher_->Look();
    EXPECT_EQ(Title(), "one");
  }
  watcher_->Look();
  EXPECT_EQ(holder_->Current()->policy.rules_size(), 6);
  EXPECT_EQ(attempts_, 1);
}

TEST_F(WatcherTest, TakesARenamedFile) {
  Watch(folder_.Write("policy.yaml", Policy("one")));
  folder_.Replace("policy.yaml", Policy("two"));
  Settle();
  EXPECT_EQ(Title(), "two");
}

// Kubernetes mounts a config map as a link to a link to a folder, and swaps the middle one.
TEST_F(WatcherTest, TakesASwappedLink) {
  namespace fs = std::filesystem;
  folder_.Write("..1/policy.yaml", Policy("one"));
  folder_.Write("..2/policy.yaml", Policy("two"));
  fs::create_symlink("..1", folder_.File("..data"));
  fs::create_symlink("..data/policy.yaml", folder_.File("policy.yaml"));
  Watch(folder_.File("policy.yaml"));
  EXPECT_EQ(Title(), "one");
  fs::create_symlink("..2", folder_.File("..data_tmp"));
  fs::rename(folder_.File("..data_tmp"), folder_.File("..data"));
  Settle();
  EXPECT_EQ(Title(), "two");
}

TEST_F(WatcherTest, BadFileLeavesTheOldOneInForceAndIsShown) {
  Watch(folder_.Write("policy.yaml", Policy("one")));
  const PolicyStatus before = watcher_->Status();
  EXPECT_THAT(before.issues, ::testing::IsEmpty());
  folder_.Write("policy.yaml", "title: two\nrulez: []\n");
  Settle();
  EXPECT_EQ(Title(), "one");
  const PolicyStatus bad = watcher_->Status();
  ASSERT_EQ(bad.issues.size(), 1u);
  EXPECT_EQ(bad.issues[0].line, 2);
  EXPECT_EQ(bad.digest, before.digest);
  EXPECT_EQ(bad.effective, before.effective);
  EXPECT_GT(bad.last_attempt, before.last_attempt);
  EXPECT_EQ(bad.failures, 1);
  EXPECT_EQ(attempts_, 1);  // Told once, not at every look.

  folder_.Write("policy.yaml", Policy("three"));
  Settle();
  EXPECT_EQ(Title(), "three");
  EXPECT_THAT(watcher_->Status().issues, ::testing::IsEmpty());
  EXPECT_GT(watcher_->Status().effective, before.effective);
}

TEST_F(WatcherTest, MissingFileLeavesTheOldOneInForce) {
  Watch(folder_.Write("policy.yaml", Policy("one")));
  std::filesystem::remove(folder_.File("policy.yaml"));
  Settle();
  EXPECT_EQ(Title(), "one");
  EXPECT_EQ(watcher_->Status().issues.size(), 1u);
  folder_.Write("policy.yaml", Policy("one"));
  Settle();
  EXPECT_THAT(watcher_->Status().issues, ::testing::IsEmpty());
}

TEST_F(WatcherTest, TakesAChangedCalendar) {
  const std::string calendar =
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:1@test\r\n"
      "DTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20261126\r\nSUMMARY:One\r\nEND:VEVENT\r\n"
      "END:VCALENDAR\r\n";
  folder_.Write("us.ics", calendar);
  Watch(folder_.Write("policy.yaml", "calendars: {us: us.ics}\n" + Policy("one")));
  const std::string digest = watcher_->Status().digest;
  std::string other = calendar;
  other.replace(other.find("One"), 3, "Two");
  folder_.Write("us.ics", other);
  Settle();
  EXPECT_NE(watcher_->Status().digest, digest);
  EXPECT_EQ(holder_->Current()->calendars.at("us"), other);
}

TEST_F(WatcherTest, ReloadsAtOnceWhenTold) {
  Watch(folder_.Write("policy.yaml", Policy("one")));
  folder_.Write("policy.yaml", Policy("two"));
  watcher_->Reload();
  EXPECT_EQ(Title(), "two");
  watcher_->Reload();
  EXPECT_EQ(attempts_, 2);
  EXPECT_EQ(changes_, 1);
}

// Readers, a reloader and the thread at once, for ThreadSanitizer.
TEST_F(WatcherTest, IsThreadSafe) {
  Watch(folder_.Write("policy.yaml", Policy("one")));
  watcher_->Start(std::chrono::milliseconds(1));
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const auto snapshot = holder_->Current();
      EXPECT_FALSE(snapshot->digest.empty());
      EXPECT_FALSE(watcher_->Status().digest.empty());
    }
  });
  for (int i = 0; i < 50; ++i) {
    folder_.Replace("policy.yaml", Policy("round" + std::to_string(i)));
    watcher_->Reload();
  }
  EXPECT_EQ(Title(), "round49");
  done = true;
  reader.join();
}

TEST_F(WatcherTest, ThreadTakesAChange) {
  Watch(folder_.Write("policy.yaml", Policy("one")));
  watcher_->Start(std::chrono::milliseconds(1));
  folder_.Replace("policy.yaml", Policy("two"));
  while (Title() != "two") std::this_thread::yield();  // Bounded by the test's own time limit.
  watcher_.reset();
}

}  // namespace
}  // namespace gate
