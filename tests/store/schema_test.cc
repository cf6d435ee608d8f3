// Schema files: applied once, in order, all or nothing, and never edited afterwards.
#include "gate/store/schema.h"

#include <gmock/gmock.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "gate/base/digest.h"
#include "gate/store/postgres_schema.h"
#include "gate/store/sqlite_schema.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The program's own.
constexpr char kFiles[] = "0001_verdicts.sql\n0002_reported_metrics.sql\n0003_qa_results.sql\n";

TEST(SchemaTest, FilesAreNumberedFromOneWithoutGapsAndCarryTheirNumber) {
  for (const auto* files : {&SqliteSchemaFiles(), &PostgresSchemaFiles()}) {
    ASSERT_FALSE(files->empty());
    for (size_t i = 0; i < files->size(); ++i) {
      EXPECT_EQ((*files)[i].number, static_cast<int>(i) + 1);
      EXPECT_THAT(std::string((*files)[i].name), HasSubstr(absl::StrCat("000", i + 1, "_")));
    }
  }
}

class UpgradeTest : public StoreTest {
 protected:
  UpgradeTest() {
    files_ = GetParam() == Engine::kSqlite ? SqliteSchemaFiles() : PostgresSchemaFiles();
  }
  absl::Status Upgrade(const std::vector<SchemaFile>& files) {
    if (GetParam() == Engine::kPostgres) {
      auto connection = PostgresConnection::Open(url_);
      return connection.ok() ? UpgradePostgres(**connection, files) : connection.status();
    }
    auto database = SqliteDatabase::Open("file:" + folder_.File("gate.db"), 5000);
    return database.ok() ? UpgradeSqlite(**database, files) : database.status();
  }
  std::string Applied() {
    return Sql("SELECT name FROM " + Table("schema_files") + " ORDER BY number");
  }

  std::vector<SchemaFile> files_;
};
INSTANTIATE_TEST_SUITE_P(, UpgradeTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

TEST_P(UpgradeTest, ALaterFileIsAppliedToAStoreThatIsInUse) {
  ASSERT_TRUE(AppendNow(*Open(), Record(1)).ok());
  const std::string sql = "CREATE TABLE " + Table("later") + " (x integer)";
  files_.push_back({4, "0004_later.sql", sql});
  ASSERT_TRUE(Upgrade(files_).ok());
  ASSERT_TRUE(Upgrade(files_).ok());
  EXPECT_EQ(Applied(), absl::StrCat(kFiles, "0004_later.sql\n"));
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("later")), "0\n");
  EXPECT_EQ(Sql("SELECT digest FROM " + Table("schema_files") + " WHERE number = 4"),
            Sha256Hex(sql) + "\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("verdicts")), "1\n");

  const auto older = OpenStore(url_, {});
  EXPECT_TRUE(absl::IsFailedPrecondition(older.status())) << older.status();
  EXPECT_THAT(older.status().message(), AllOf(HasSubstr("newer"), HasSubstr("0004_later.sql")));
}

TEST_P(UpgradeTest, AnEditedFileIsRefused) {
  Open();
  const std::string edited = absl::StrCat(std::string(files_[0].sql), "\n-- a word more");
  files_[0].sql = edited;
  const absl::Status status = Upgrade(files_);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), AllOf(HasSubstr("0001_verdicts.sql"), HasSubstr("edited")));
}

TEST_P(UpgradeTest, AFileThatFailsLeavesNothingOfItself) {
  Open();
  const std::string sql = "CREATE TABLE " + Table("half") + " (x integer); INSERT INTO " +
                          Table("nowhere") + " VALUES (1)";
  files_.push_back({4, "0004_half.sql", sql});
  const absl::Status status = Upgrade(files_);
  EXPECT_THAT(status.message(), HasSubstr("0004_half.sql"));
  EXPECT_EQ(Applied(), kFiles);
  EXPECT_THROW(Sql("SELECT * FROM " + Table("half")), std::runtime_error);
  ASSERT_TRUE(AppendNow(*Open(), Record(1)).ok());
}

TEST_P(UpgradeTest, ReplicasThatStartTogetherApplyEachFileOnce) {
  std::vector<absl::Status> statuses(6);
  std::vector<std::thread> threads;
  for (absl::Status& status : statuses) {
    threads.emplace_back([&] { status = Upgrade(files_); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(Applied(), kFiles);
}

}  // namespace
}  // namespace gate
