// Schema files: applied once, in order, all or nothing, and never edited afterwards.
#include "gate/store/schema.h"

#include <gmock/gmock.h>

#include <deque>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gate/base/digest.h"
#include "gate/store/postgres_schema.h"
#include "gate/store/sqlite_schema.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SchemaTest, FilesAreNumberedFromOneWithoutGapsAndCarryTheirNumber) {
  for (const auto* files : {&SqliteSchemaFiles(), &PostgresSchemaFiles()}) {
    ASSERT_FALSE(files->empty());
    for (size_t i = 0; i < files->size(); ++i) {
      EXPECT_EQ((*files)[i].number, static_cast<int>(i) + 1);
      EXPECT_THAT(std::string((*files)[i].name), HasSubstr(absl::StrFormat("%04d_", i + 1)));
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
  // The program's own, as Applied tells them.
  std::string Own() const {
    const bool sqlite = GetParam() == Engine::kSqlite;
    std::string names;
    for (const SchemaFile& file : sqlite ? SqliteSchemaFiles() : PostgresSchemaFiles()) {
      absl::StrAppend(&names, std::string(file.name), "\n");
    }
    return names;
  }
  // One behind them; its name.
  std::string Add(std::string_view name, std::string_view sql) {
    const int number = static_cast<int>(files_.size()) + 1;
    names_.push_back(absl::StrFormat("%04d_%s", number, std::string(name)));
    files_.push_back({number, names_.back(), sql});
    return names_.back();
  }
  std::string Applied() {
    return Sql("SELECT name FROM " + Table("schema_files") + " ORDER BY number");
  }

  std::vector<SchemaFile> files_;
  std::deque<std::string> names_;
};
INSTANTIATE_TEST_SUITE_P(, UpgradeTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

TEST_P(UpgradeTest, ALaterFileIsAppliedToAStoreThatIsInUse) {
  ASSERT_TRUE(AppendNow(*Open(), Record(1)).ok());
  const std::string sql = "CREATE TABLE " + Table("later") + " (x integer)";
  const std::string name = Add("later.sql", sql);
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = Upgrade(files_);
    ASSERT_TRUE(status.ok()) << status;
  }
  EXPECT_EQ(Applied(), absl::StrCat(Own(), name, "\n"));
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("later")), "0\n");
  EXPECT_EQ(Sql("SELECT digest FROM " + Table("schema_files") + " WHERE name = '" + name + "'"),
            Sha256Hex(sql) + "\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("verdicts")), "1\n");

  const auto older = OpenStore(url_, {});
  EXPECT_TRUE(absl::IsFailedPrecondition(older.status())) << older.status();
  EXPECT_THAT(older.status().message(), AllOf(HasSubstr("newer"), HasSubstr(name)));
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
  const std::string name = Add("half.sql", sql);
  const absl::Status status = Upgrade(files_);
  EXPECT_THAT(status.message(), HasSubstr(name));
  EXPECT_EQ(Applied(), Own());
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
  EXPECT_EQ(Applied(), Own());
}

}  // namespace
}  // namespace gate
