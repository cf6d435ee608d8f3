// Schemas that are kept loaded: what comes out is the same, and nothing stays behind.
#include "gate/evidence/rehearsal/prepared_schemas.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gate/evidence/rehearsal/rehearse.h"
#include "gate/evidence/rehearsal/release.h"
#include "tests/fakes/child_process.h"
#include "tests/rehearsal/rehearsal_fixture.h"

namespace gate {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Large enough to be kept. Some of it fails, some of it speaks of roles, and there are rows.
std::string LargeSchema(const std::string& more = "") {
  std::string sql =
      "CREATE TABLE orders (id bigint PRIMARY KEY, note text);"
      "INSERT INTO orders VALUES (1, NULL), (2, 'b');"
      "CREATE EXTENSION nothing_of_that_name;"
      "GRANT SELECT ON orders TO reporting; ALTER TABLE orders OWNER TO shop;";
  for (int i = 0; i < 20; ++i) {
    absl::StrAppend(&sql, "CREATE TABLE t", i, " (id bigint, name varchar(80) NOT NULL);\n");
  }
  return absl::StrCat(sql, more, "-- ", std::string(16 << 10, '-'));
}

v1::SchemaChange NewRelease(const std::string& schema, const std::string& migration) {
  return NewChange(schema, migration, {"SELECT note FROM orders", "SELECT name FROM t7"});
}

std::vector<std::string> FoldersIn(const std::string& folder, const std::string& prefix) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix)) found.push_back(name);
  }
  return found;
}

class PreparedSchemasTest : public testing::Test {
 protected:
  void Open() {
    auto clusters = ScratchClusters::Open(options_);
    ASSERT_TRUE(clusters.ok()) << clusters.status();
    clusters_ = *std::move(clusters);
  }
  std::unique_ptr<ScratchCluster> Start(const std::string& schema) {
    auto cluster =
        clusters_->Start(std::chrono::steady_clock::now() + std::chrono::seconds(30), schema);
    if (!cluster.ok()) throw std::runtime_error(std::string(cluster.status().message()));
    return *std::move(cluster);
  }
  v1::Rehearsal Run(const v1::SchemaChange& change) {
    auto rehearsal = Rehearse(*Start(change.schema_before()), change, {});
    if (!rehearsal.ok()) throw std::runtime_error(std::string(rehearsal.status().message()));
    return *std::move(rehearsal);
  }
  bool IsKept(const std::string& schema) { return Start(schema)->loaded() != nullptr; }
  std::vector<std::string> Kept() const { return FoldersIn(options_.folder, "schema-"); }

  const TempFolder around_;
  ScratchOptions options_ = Rehearsals::Get().options();  // without what others keep
  std::unique_ptr<ScratchClusters> clusters_;
};

TEST_F(PreparedSchemasTest, ACopyGivesTheSameRehearsal) {
  Open();
  const std::string schema = LargeSchema();
  const v1::SchemaChange drop = NewRelease(
      schema, "ALTER TABLE orders DROP COLUMN note; REVOKE SELECT ON orders FROM reporting");
  EXPECT_FALSE(IsKept(schema));
  const v1::Rehearsal loaded = Run(drop);
  EXPECT_THAT(Kept(), SizeIs(1));
  EXPECT_TRUE(IsKept(schema));
  const v1::Rehearsal copied = Run(drop);
  EXPECT_EQ(Lines(loaded), Lines(copied));
  EXPECT_THAT(Lines(copied), Contains(HasSubstr("nothing_of_that_name")));
  EXPECT_THAT(Lines(copied), Contains("GRANT_LOST public.orders SELECT to reporting"));
  EXPECT_EQ(loaded.statements_size(), copied.statements_size());

  // Its rows are there, and what one rehearsal does to them no other one sees.
  for (int i = 0; i < 2; ++i) {
    const v1::Rehearsal null = Run(NewRelease(schema,
                                              "UPDATE orders SET note = 'a' WHERE id = 2;"
                                              "ALTER TABLE orders ALTER COLUMN note SET NOT NULL"));
    EXPECT_EQ(null.failure().sqlstate(), "23502");
  }
  EXPECT_THAT(Kept(), SizeIs(1));
  clusters_.reset();
  EXPECT_THAT(Kept(), IsEmpty());
}

// PostgreSQL 18 checks each page that it reads.
TEST_F(PreparedSchemasTest, ACopyIsWholeWithChecksums) {
  options_ = Rehearsals::Of(18).options();
  Open();
  const v1::SchemaChange change =
      NewRelease(LargeSchema(), "ALTER TABLE orders DROP COLUMN note; SELECT count(*) FROM orders");
  const v1::Rehearsal loaded = Run(change), copied = Run(change);
  EXPECT_EQ(loaded.postgres_major_version(), 18);
  EXPECT_THAT(Kept(), SizeIs(1));
  EXPECT_EQ(copied.end(), v1::REHEARSAL_END_COMPLETED) << copied.failure().ShortDebugString();
  EXPECT_EQ(Lines(loaded), Lines(copied));
}

TEST_F(PreparedSchemasTest, OtherTextsAreLoaded) {
  Open();
  Run(NewRelease(LargeSchema(), "SELECT 1"));
  EXPECT_FALSE(IsKept(LargeSchema("CREATE TABLE other ();")));
  const std::string small = "CREATE TABLE orders (note text); CREATE TABLE t7 (name text);";
  Run(NewRelease(small, "SELECT 1"));
  EXPECT_FALSE(IsKept(small));
  EXPECT_THAT(Kept(), SizeIs(1));
}

// They come up empty in a server that was not shut down.
TEST_F(PreparedSchemasTest, UnloggedTablesAreNotKept) {
  Open();
  const std::string schema = LargeSchema("CREATE UNLOGGED TABLE u (id int);");
  Run(NewRelease(schema, "SELECT 1"));
  EXPECT_FALSE(IsKept(schema));
  EXPECT_THAT(Kept(), IsEmpty());
}

TEST_F(PreparedSchemasTest, FewAreKept) {
  Open();
  std::vector<std::string> schemas;
  for (int i = 0; i < 6; ++i) {
    schemas.push_back(LargeSchema(absl::StrCat("CREATE TABLE more", i, " ();")));
    Run(NewRelease(schemas[i], "SELECT 1"));
    // The one that is asked for again and again stays.
    EXPECT_TRUE(IsKept(schemas[0]));
  }
  EXPECT_THAT(Kept(), SizeIs(4));
  EXPECT_FALSE(IsKept(schemas[1]));
  EXPECT_TRUE(IsKept(schemas[5]));
}

TEST_F(PreparedSchemasTest, TheyTakeNoMoreThanTheyMay) {
  options_.disk_bytes = uint64_t{60} << 20;
  Open();
  for (int i = 0; i < 4; ++i) {
    Run(NewRelease(LargeSchema(absl::StrCat("CREATE TABLE more", i, " ();")), "SELECT 1"));
  }
  uint64_t bytes = 0;
  for (const std::string& name : Kept()) {
    for (const auto& file : fs::recursive_directory_iterator(options_.folder + "/" + name)) {
      if (file.is_regular_file()) bytes += file.file_size();
    }
  }
  EXPECT_GT(bytes, 0);
  EXPECT_LE(bytes, options_.disk_bytes);
}

TEST_F(PreparedSchemasTest, TwoAtOnceKeepOne) {
  Open();
  const v1::SchemaChange change =
      NewRelease(LargeSchema(), "ALTER TABLE orders RENAME note TO remark");
  std::vector<v1::Rehearsal> rehearsals(3);
  for (int round = 0; round < 2; ++round) {
    std::vector<std::thread> threads;
    for (v1::Rehearsal& rehearsal : rehearsals) {
      threads.emplace_back([&] { rehearsal = Run(change); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const v1::Rehearsal& rehearsal : rehearsals) {
      EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_COMPLETED) << rehearsal.ShortDebugString();
      EXPECT_EQ(Lines(rehearsal), Lines(rehearsals[0]));
    }
    EXPECT_THAT(Kept(), SizeIs(1));
  }
}

// One that makes room while it is copied from goes when the copy is made.
TEST_F(PreparedSchemasTest, OneInUseIsNotTakenAway) {
  PreparedSchemas schemas(100);
  const auto keep = [&](const std::string& name, uint64_t bytes) {
    fs::create_directory(around_.File(name));
    schemas.Keep(name,
                 std::make_shared<const PreparedSchema>(around_.File(name), bytes, LoadedSchema()));
  };
  keep("a", 60);
  std::shared_ptr<const PreparedSchema> used = schemas.Find("a");
  ASSERT_NE(used, nullptr);
  keep("b", 60);
  EXPECT_EQ(schemas.Find("a"), nullptr);
  EXPECT_TRUE(fs::exists(around_.File("a")));
  used.reset();
  EXPECT_FALSE(fs::exists(around_.File("a")));
  keep("c", 101);  // Larger than all may be.
  EXPECT_EQ(schemas.Find("c"), nullptr);
  EXPECT_FALSE(fs::exists(around_.File("c")));
  EXPECT_TRUE(fs::exists(around_.File("b")));
}

constexpr char kVictimFolder[] = "GATE_PREPARED_FOLDER";

// Not a test: the process that the next one kills.
TEST(PreparedSchemasEndTest, DISABLED_Keeper) {
  ScratchOptions options;
  options.folder = std::getenv(kVictimFolder);
  RehearsalLimits limits;
  Rehearser rehearser(options, limits);
  for (;;) {
    const auto rehearsals =
        rehearser.Rehearse(NewRelease(LargeSchema(), "SELECT 1"),
                           std::chrono::steady_clock::now() + std::chrono::seconds(60));
    ASSERT_TRUE(rehearsals.ok()) << rehearsals.status();
  }
}

TEST(PreparedSchemasEndTest, WhatAKilledProcessKeptIsRemovedByTheNext) {
  const TempFolder around;
  fs::permissions(around.path(), fs::perms(0711));
  ScratchOptions options;
  options.folder = around.File("r");
  // While it copies for the first time, and while copies are made of the copy.
  for (const int later : {0, 300}) {
    auto victim =
        ChildProcess::Start({.arguments = {fs::read_symlink("/proc/self/exe").string(),
                                           "--gtest_filter=PreparedSchemasEndTest.DISABLED_Keeper",
                                           "--gtest_also_run_disabled_tests"},
                             .environment = {{kVictimFolder, options.folder}},
                             .output = around.File("output")});
    ASSERT_TRUE(victim.ok()) << victim.status();
    ASSERT_TRUE(Eventually([&] { return !FoldersIn(options.folder, "schema-").empty(); }))
        << ReadFile(around.File("output"));
    std::this_thread::sleep_for(std::chrono::milliseconds(later));
    (*victim)->Kill();
    EXPECT_THAT(FoldersIn(options.folder, "schema-"), SizeIs(1));
    const auto clusters = ScratchClusters::Open(options);
    ASSERT_TRUE(clusters.ok()) << clusters.status();
    EXPECT_THAT(FoldersIn(options.folder, "schema-"), IsEmpty());
  }
}

}  // namespace
}  // namespace gate
