// What is SQLite's own: files that are no store, a disk that is full, gone or lying.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gate/base/digest.h"
#include "gate/store/sqlite_database.h"
#include "tests/store/faulty_disk.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StoreOnSqliteTest : public StoreTest {
 protected:
  std::string path() const { return folder_.File("gate.db"); }
  absl::Status OpenError(const std::string& url) { return OpenStore(url, {}).status(); }
};
INSTANTIATE_TEST_SUITE_P(, StoreOnSqliteTest, ::testing::Values(Engine::kSqlite), EngineName);

TEST_P(StoreOnSqliteTest, EveryWrongUrlSaysWhatIsWrongWithIt) {
  const std::string folder = folder_.path();
  const std::tuple<std::string, absl::StatusCode, std::string> cases[] = {
      {"sqlite:", absl::StatusCode::kInvalidArgument, "names no file"},
      {"sqlite:" + folder, absl::StatusCode::kInvalidArgument, "is a directory"},
      {"sqlite:" + folder + "/none/gate.db", absl::StatusCode::kInvalidArgument,
       "create the folder " + folder + "/none first"},
      {"sqlite:/proc/gate.db", absl::StatusCode::kInvalidArgument, "/proc"},
      {"sqlite:/dev/null", absl::StatusCode::kInvalidArgument, "not a regular file"},
      {"/var/lib/gate.db", absl::StatusCode::kInvalidArgument, "sqlite:/path/to/gate.db"},
      {"mysql://root:secret@host/gate", absl::StatusCode::kInvalidArgument, "\"mysql\""},
      {"", absl::StatusCode::kInvalidArgument, "has to be"},
  };
  for (const auto& [url, code, message] : cases) {
    const absl::Status status = OpenError(url);
    EXPECT_EQ(status.code(), code) << url << status;
    EXPECT_THAT(status.message(), HasSubstr(message));
    EXPECT_THAT(status.message(), ::testing::Not(HasSubstr("secret")));
  }
  std::filesystem::remove("/dev/null.lock");
}

TEST_P(StoreOnSqliteTest, AFileThatIsNoDatabaseStaysAsItIs) {
  for (const std::string& text : {std::string(2000, 'x'), Noise(100000)}) {
    folder_.Write("gate.db", text);
    const absl::Status status = OpenError(url_);
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(status.message(), AllOf(HasSubstr(path()), HasSubstr("no SQLite database")));
    EXPECT_EQ(ReadFile(path()), text);
  }
}

TEST_P(StoreOnSqliteTest, ADatabaseOfAnotherProgramStaysAsItIs) {
  Sql("CREATE TABLE bookmarks (url TEXT)");
  const absl::Status status = OpenError(url_);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("another program"));
  EXPECT_EQ(Sql("SELECT name FROM sqlite_schema"), "bookmarks\n");
}

TEST_P(StoreOnSqliteTest, DamagedPagesAreDataLossNotAWrongAnswer) {
  {
    const auto store = Open();
    std::vector<VerdictRecord> records;
    for (int i = 0; i < 200; ++i) records.push_back(Record(i));
    AppendAll(*store, std::move(records));
  }
  const auto size = std::filesystem::file_size(path());
  std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096 * 2);
  file << std::string(size - 4096 * 2, '\xff');
  file.close();
  const auto store = OpenStore(url_, {});
  const absl::Status status =
      store.ok() ? (*store)->ListVerdicts({}, "", 1000).status() : store.status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  if (store.ok()) {
    EXPECT_TRUE(absl::IsDataLoss(AppendNow(**store, Record(1000)).status()));
  }
}

TEST_P(StoreOnSqliteTest, OneGatedAtATimeAndItSaysWhichOne) {
  auto first = Open();
  const auto second = OpenStore(url_, {});
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
  EXPECT_EQ(ReasonOf(second.status()), "STORE_IN_USE");
  EXPECT_THAT(second.status().message(), HasSubstr(absl::StrCat("process ", getpid())));
  ASSERT_TRUE(AppendNow(*first, Record(1)).ok());
  first.reset();
  EXPECT_TRUE(Open()->GetVerdict(IdOf(1)).ok());
}

TEST_P(StoreOnSqliteTest, OthersMayReadTheFileButNotTheWorld) {
  const auto store = Open();
  ASSERT_TRUE(AppendNow(*store, Record(1)).ok());
  EXPECT_EQ(Sql("SELECT request_id FROM verdicts"), "request-1\n");
  struct stat about {};
  ASSERT_EQ(stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0007, 0u);
}

TEST_P(StoreOnSqliteTest, AFileNameMayHoldWhatMeansSomethingInAUri) {
  const std::string url = "sqlite:" + folder_.File("a?mode=memory#%41 b.db");
  const auto store = OpenStore(url, {});
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(AppendNow(**store, Record(1)).ok());
  EXPECT_TRUE(std::filesystem::exists(folder_.File("a?mode=memory#%41 b.db")));
}

TEST_P(StoreOnSqliteTest, InMemoryEachStoreIsItsOwn) {
  const auto one = OpenStore("sqlite::memory:", {});
  const auto two = OpenStore("sqlite::memory:", {});
  ASSERT_TRUE(one.ok() && two.ok()) << one.status() << two.status();
  ASSERT_TRUE(AppendNow(**one, Record(1)).ok());
  EXPECT_TRUE((*one)->GetVerdict(IdOf(1)).ok());
  EXPECT_TRUE((*one)->Ready().ok());
  EXPECT_TRUE(absl::IsNotFound((*two)->GetVerdict(IdOf(1)).status()));
}

TEST_P(StoreOnSqliteTest, WhileAnotherProgramHoldsTheLockAppendsAreUnavailableAndReadsAreNot) {
  const auto store = Open();
  ASSERT_TRUE(AppendNow(*store, Record(1)).ok());
  const auto other = SqliteDatabase::Open("file:" + path(), 0);
  ASSERT_TRUE(other.ok() && (*other)->Execute("BEGIN IMMEDIATE").ok());
  const auto appended = AppendNow(*store, Record(2));
  EXPECT_TRUE(absl::IsUnavailable(appended.status())) << appended.status();
  EXPECT_EQ(ReasonOf(appended.status()), "STORE_LOCKED");
  EXPECT_TRUE(store->GetVerdict(IdOf(1)).ok());
  ASSERT_TRUE((*other)->Execute("COMMIT").ok());
  EXPECT_TRUE(AppendNow(*store, Record(2)).ok());
}

TEST_P(StoreOnSqliteTest, AFileThatWasMovedAwayIsUnavailableUntilItIsBack) {
  const auto store = Open();
  ASSERT_TRUE(AppendNow(*store, Record(1)).ok());
  for (const std::string suffix : {"", "-wal"}) {
    std::filesystem::rename(path() + suffix, folder_.File("away"));
    const auto appended = AppendNow(*store, Record(suffix.empty() ? 2 : 3));
    EXPECT_TRUE(absl::IsUnavailable(appended.status())) << appended.status();
    EXPECT_EQ(ReasonOf(appended.status()), "STORE_GONE");
    EXPECT_TRUE(absl::IsUnavailable(store->Ready()));
    std::filesystem::rename(folder_.File("away"), path() + suffix);
    EXPECT_TRUE(store->Ready().ok()) << store->Ready();
  }
  // Nothing that was refused without need to ask again gives another verdict.
  EXPECT_TRUE(AppendNow(*store, Record(4)).ok());
}

// At each of the writes that a group needs in turn, the disk is full, and half a page is written.
// The group is refused whole, and once there is room the same records are taken.
TEST_P(StoreOnSqliteTest, AFullDiskRefusesWholeGroupsAndWorksAgainWhenThereIsRoom) {
  FaultyDisk disk;
  const auto store = Open();
  ASSERT_TRUE(AppendNow(*store, Record(0)).ok());
  const std::string noise = Noise(300000);
  int refused = 0;
  bool fits = false;
  for (int writes = 0; !fits; writes += writes < 4 ? 1 : 17) {
    std::vector<VerdictRecord> records;
    for (int i = 0; i < 3; ++i) {
      records.push_back(Record(1 + writes * 3 + i));
      records.back().blobs = {BlobOf(absl::StrCat(noise, writes))};
    }
    FaultyDisk::writes_left = writes;
    const auto answer = AppendNow(*store, records[0]);
    fits = answer.ok();
    FaultyDisk::writes_left = 1 << 30;
    if (!fits) {
      ++refused;
      EXPECT_TRUE(absl::IsResourceExhausted(answer.status())) << writes << answer.status();
      EXPECT_EQ(ReasonOf(answer.status()), "STORE_FULL");
      EXPECT_TRUE(absl::IsNotFound(store->GetVerdict(IdOf(1 + writes * 3)).status()));
      EXPECT_TRUE(absl::IsNotFound(store->GetBlob(records[0].blobs[0].digest).status()));
    }
    for (const auto& again : AppendAll(*store, records)) ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(store->GetBlob(records[0].blobs[0].digest).ok());
  }
  EXPECT_GE(refused, 5);
  EXPECT_EQ(Sql("PRAGMA integrity_check"), "ok\n");
}

// The process that is to die makes this fixture once more, and nobody takes that one down: it has
// its folder inside of ours, and the two go together.
class StoreOnSqliteDeathTest : public StoreOnSqliteTest {
 protected:
  StoreOnSqliteDeathTest() {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    setenv("TMPDIR", folder_.path().c_str(), 1);
  }
  ~StoreOnSqliteDeathTest() override { setenv("TMPDIR", temporary_.c_str(), 1); }

 private:
  const std::string temporary_ = std::filesystem::temp_directory_path().string();
};
INSTANTIATE_TEST_SUITE_P(, StoreOnSqliteDeathTest, ::testing::Values(Engine::kSqlite), EngineName);

TEST_P(StoreOnSqliteDeathTest, AFailedSyncStopsTheProcessAndNobodyIsAnswered) {
  EXPECT_DEATH(
      {
        FaultyDisk disk;
        const auto store = Open();
        FaultyDisk::sync_fails = true;
        const auto answer = AppendNow(*store, Record(1));
        std::fprintf(stderr, "answered %s", answer.status().ToString().c_str());
      },
      "^gated: an fsync of the SQLite store failed.*\n$");
}

// SQLite itself would not say that the sync of a checkpoint failed.
TEST_P(StoreOnSqliteDeathTest, AFailedSyncOfACheckpointStopsTheProcessToo) {
  EXPECT_DEATH(
      {
        FaultyDisk disk;
        const auto store = Open();
        VerdictRecord record = Record(1);
        record.blobs = {BlobOf(Noise(20 << 20))};
        store->Append(std::move(record), [](const absl::StatusOr<Appended>& answer) {
          if (answer.ok()) FaultyDisk::sync_fails = true;
        });
      },
      "an fsync of the SQLite store failed");
}

}  // namespace
}  // namespace gate
