// The source on a real PostgreSQL: what it keeps, what it shares, and when it gives up.
#include "gate/evidence/rehearsals.h"

#include <unistd.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/child_process.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

class RehearsalSourceTest : public testing::Test {
 protected:
  RehearsalSourceTest() {
    // Short, for its sockets, and reachable by another user where we are root.
    folder_ = "/tmp/gate-source-test-" + std::to_string(getpid());
    config_.set_folder(folder_);
    config_.set_user("postgres");
    config_.set_max_memory_bytes(int64_t{1} << 30);
    config_.set_max_disk_bytes(256 << 20);
    config_.mutable_timeout()->set_seconds(30);
    config_.set_max_in_flight(1);
    query_.set_id("migration.rehearsal");
    query_.mutable_rehearsal();
  }
  ~RehearsalSourceTest() override { std::filesystem::remove_all(folder_); }

  static v1::Change NewChange(const std::string& sql) {
    v1::Change change;
    v1::SchemaChange& schema = *change.mutable_schema_change();
    schema.set_schema_before("CREATE TABLE orders (id bigint PRIMARY KEY, note text);");
    schema.add_files()->set_path("db/1.sql");
    schema.mutable_files(0)->set_sql(sql);
    schema.add_running_workload()->set_sql("SELECT note FROM orders WHERE id = $1");
    return change;
  }

  v1::Observation Fetch(const v1::Change& change, milliseconds time = seconds(20)) {
    return source_->Fetch(query_, {change, absl::UnixEpoch(), steady_clock::now() + time});
  }
  std::shared_ptr<const v1::Observation> AtHand(const v1::Change& change) {
    return source_->AtHand(query_, {change, absl::UnixEpoch(), steady_clock::time_point::max()});
  }
  void Open() {
    auto source = RehearsalSource::Open(config_);
    ASSERT_TRUE(source.ok()) << source.status();
    source_ = *std::move(source);
  }
  // Scratch servers that are there now.
  int Servers() const {
    int servers = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      servers += entry.path().filename().string().starts_with("run-");
    }
    return servers;
  }

  std::string folder_;
  config::v1::Rehearsal config_;
  v1::Query query_;
  std::unique_ptr<RehearsalSource> source_;
};

TEST_F(RehearsalSourceTest, ProvesAndKeepsTheAnswer) {
  Open();
  const v1::Change change = NewChange("ALTER TABLE orders DROP COLUMN note;");
  EXPECT_EQ(AtHand(change), nullptr);
  const v1::Observation first = Fetch(change);
  ASSERT_EQ(first.rehearsals().rehearsals_size(), 1) << first.DebugString();
  EXPECT_EQ(first.id(), query_.id());
  const v1::Rehearsal& rehearsal = first.rehearsals().rehearsals(0);
  EXPECT_EQ(rehearsal.end(), v1::REHEARSAL_END_COMPLETED);
  ASSERT_EQ(rehearsal.broken_statements_size(), 1);
  EXPECT_EQ(rehearsal.broken_statements(0).sqlstate(), "42703");
  EXPECT_EQ(Servers(), 0);

  ASSERT_NE(AtHand(change), nullptr);
  EXPECT_EQ(AtHand(change)->SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(AtHand(change), AtHand(change));  // Shared, not copied.
  // What the new version executes is no part of the question; all else is.
  v1::Change same = change;
  same.set_version("2");
  same.mutable_schema_change()->add_new_workload()->set_sql("SELECT 1");
  EXPECT_NE(AtHand(same), nullptr);
  v1::Change other = change;
  other.mutable_schema_change()->set_schema_before("CREATE TABLE orders (id bigint);");
  EXPECT_EQ(AtHand(other), nullptr);
}

TEST_F(RehearsalSourceTest, RehearsesEachDatabase) {
  Open();
  v1::Change change = NewChange("ALTER TABLE orders DROP COLUMN note;");
  v1::MigrationFile& file = *change.mutable_schema_change()->add_files();
  file.set_path("db/2.sql");
  file.set_sql("ALTER TABLE bills ADD COLUMN total int;");
  file.set_database("billing");
  v1::Database& billing = *change.mutable_schema_change()->add_databases();
  billing.set_name("billing");
  billing.set_schema_before("CREATE TABLE bills (id bigint);");
  const v1::Observation observation = Fetch(change);
  ASSERT_EQ(observation.rehearsals().rehearsals_size(), 2) << observation.DebugString();
  EXPECT_EQ(observation.rehearsals().rehearsals(0).broken_statements_size(), 1);
  EXPECT_EQ(observation.rehearsals().rehearsals(1).database(), "billing");
  EXPECT_EQ(observation.rehearsals().rehearsals(1).end(), v1::REHEARSAL_END_COMPLETED);
}

TEST_F(RehearsalSourceTest, EqualQuestionsShareOneRehearsal) {
  Open();
  const v1::Change change = NewChange("SELECT pg_sleep(0.5); ALTER TABLE orders DROP COLUMN note;");
  std::vector<v1::Observation> answers(4);
  std::vector<std::thread> askers;
  const auto begin = steady_clock::now();
  for (v1::Observation& answer : answers) {
    askers.emplace_back([&] { answer = Fetch(change); });
  }
  for (std::thread& asker : askers) asker.join();
  // The time that each rehearsal takes is in it: these are of one.
  for (const v1::Observation& answer : answers) {
    EXPECT_TRUE(answer.has_rehearsals());
    EXPECT_EQ(answer.SerializeAsString(), answers[0].SerializeAsString());
  }
  EXPECT_LT(steady_clock::now() - begin, seconds(15));
}

TEST_F(RehearsalSourceTest, IsAnAbsenceWhenItIsLate) {
  Open();
  const v1::Change change = NewChange("SELECT pg_sleep(20);");
  const auto begin = steady_clock::now();
  const v1::Observation late = Fetch(change, seconds(2));
  EXPECT_LT(steady_clock::now() - begin, seconds(3));
  EXPECT_EQ(late.absence().reason(), v1::ABSENCE_REASON_TIMEOUT) << late.DebugString();
  EXPECT_EQ(Servers(), 0);
  EXPECT_EQ(AtHand(change), nullptr);  // With more time it may succeed.
  EXPECT_EQ(Fetch(change, milliseconds(1)).absence().reason(), v1::ABSENCE_REASON_TIMEOUT);
}

TEST_F(RehearsalSourceTest, IsAnAbsenceWhereNoPlaceComesFree) {
  Open();
  v1::Observation slow;
  std::thread first([&] { slow = Fetch(NewChange("SELECT pg_sleep(4);")); });
  ASSERT_TRUE(Eventually([&] { return Servers() == 1; }));
  const v1::Observation refused =
      Fetch(NewChange("ALTER TABLE orders ADD COLUMN region text;"), milliseconds(500));
  EXPECT_EQ(refused.absence().reason(), v1::ABSENCE_REASON_TIMEOUT);
  EXPECT_THAT(refused.absence().detail(), HasSubstr("took its 1 place"));
  first.join();
  EXPECT_TRUE(slow.has_rehearsals());
}

TEST_F(RehearsalSourceTest, AChangeWithoutMigrationsIsEmpty) {
  Open();
  EXPECT_EQ(AtHand(v1::Change())->absence().reason(), v1::ABSENCE_REASON_EMPTY);
}

TEST_F(RehearsalSourceTest, NeedsPostgres) {
  config_.add_programs("/nowhere");
  const auto source = RehearsalSource::Open(config_);
  ASSERT_FALSE(source.ok());
  EXPECT_THAT(std::string(source.status().message()), HasSubstr("rehearsal: "));
}

}  // namespace
}  // namespace gate
