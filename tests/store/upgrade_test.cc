// A database of the version before becomes one with partitions, while that version is still at
// work.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/store/postgres_schema.h"
#include "gate/store/schema.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::ElementsAre;

constexpr size_t kFilesOfBefore = 7;

class PartitioningTest : public StoreTest {
 protected:
  PartitioningTest() {
    std::vector<SchemaFile> files = PostgresSchemaFiles();
    files.resize(kFilesOfBefore);
    auto connection = PostgresConnection::Open(url_);
    if (!UpgradePostgres(**connection, files).ok()) throw std::runtime_error("cannot set up");
  }
  static std::chrono::steady_clock::time_point Soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(30);
  }
  // As the version before wrote it: ids it gave, and whether it was new.
  static absl::StatusOr<bool> WriteAsBefore(PostgresConnection& connection,
                                            const VerdictRecord& record) {
    const v1::Verdict& verdict = record.verdict;
    const auto rows = connection.Query(
        "WITH kept AS (INSERT INTO gate.verdicts (id, request_id, request_digest, create_time,"
        " service, environment, decision, verdict)"
        " VALUES ($1, $2, $3, $4, 'orders', 'production', 3::smallint, $5)"
        " ON CONFLICT DO NOTHING RETURNING id)"
        " INSERT INTO gate.audit (time, actor, action, resource, service, environment, outcome,"
        " detail, request_id) SELECT $4, 'gate', 'a', 'verdicts/' || id, 'orders', 'production',"
        " 'ALLOW', '', $2 FROM kept RETURNING sequence",
        {PostgresParameter::Text(verdict.name().substr(9)),
         PostgresParameter::Text(verdict.request_id()),
         PostgresParameter::Text(record.request_digest),
         PostgresParameter::Timestamp(absl::ToUnixMicros(FromProto(verdict.create_time()))),
         PostgresParameter::Bytes(verdict.SerializeAsString())},
        Soon());
    if (!rows.ok()) return rows.status();
    const absl::Status blobs = connection
                                   .Query(
                                       "INSERT INTO gate.blobs (digest, content) VALUES ($1, 'x')"
                                       " ON CONFLICT DO NOTHING",
                                       {PostgresParameter::Text(verdict.request_id())}, Soon())
                                   .status();
    if (!blobs.ok()) return blobs;
    return rows->size() == 1;
  }
  // On another verdict, of the same request.
  static VerdictRecord Retried(int number) {
    VerdictRecord record = Record(number);
    record.verdict.set_name("verdicts/" + IdOf(1000 + number));
    return record;
  }
};
INSTANTIATE_TEST_SUITE_P(, PartitioningTest, ::testing::Values(Engine::kPostgres), EngineName);

TEST_P(PartitioningTest, TheVersionBeforeWritesOnAndNoRequestIsAnsweredTwice) {
  Sql("INSERT INTO gate.verdicts SELECT lpad(i::text, 26, '0'), 'old-' || i, 'd',"
      " timestamptz '2026-11-01' + make_interval(secs => i), 'orders', 'production', 3, '\\x00'"
      " FROM generate_series(1, 50000) i");
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::chrono::steady_clock::duration longest{0};
  std::thread before([&] {
    const auto connection = PostgresConnection::Open(url_);
    for (int i = 0; !stop && i < 5000; ++i) {
      const auto started = std::chrono::steady_clock::now();
      const auto fresh = WriteAsBefore(**connection, Record(i));
      EXPECT_TRUE(fresh.ok() && *fresh) << fresh.status();
      longest = std::max(longest, std::chrono::steady_clock::now() - started);
      ++written;
    }
  });
  ASSERT_TRUE(Eventually([&] { return written >= 100; }));
  auto store = Open();
  const int at_upgrade = written;
  EXPECT_TRUE(Eventually([&] { return written >= at_upgrade + 100; }));
  stop = true;
  before.join();
  EXPECT_LT(longest, std::chrono::seconds(1)) << "a lock was held";

  // What one version has answered, the other one knows, in both directions.
  for (int i : {0, at_upgrade + 50}) {
    const auto replayed = AppendNow(*store, Retried(i));
    ASSERT_TRUE(replayed.ok()) << replayed.status();
    EXPECT_TRUE(replayed->replayed);
    EXPECT_EQ(replayed->verdict.name(), "verdicts/" + IdOf(i));
    EXPECT_EQ(store->FindRequest(absl::StrCat("request-", i)).value()->verdict.name(),
              "verdicts/" + IdOf(i));
    EXPECT_TRUE(store->GetVerdict(IdOf(i)).ok());
  }
  ASSERT_TRUE(AppendNow(*store, Record(7000)).ok());
  const auto connection = PostgresConnection::Open(url_);
  EXPECT_FALSE(*WriteAsBefore(**connection, Retried(7000)));
  EXPECT_EQ(NamesOf(*store->ListVerdicts({.start = Noon()}, "", 1)),
            std::vector<std::string>{"verdicts/" + IdOf(7000)});
  // The log has one order, and no row was read twice to be moved.
  EXPECT_EQ(Sql("SELECT count(*) = count(DISTINCT sequence) FROM gate.all_audit"), "t\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM gate.all_verdicts"), absl::StrCat(50000 + written + 1, "\n"));
}

// Behind the first partition the version before is refused, and gives no ALLOW; its requests are
// not answered a second time either.
TEST_P(PartitioningTest, BehindItsPartitionTheVersionBeforeIsRefused) {
  const auto connection = PostgresConnection::Open(url_);
  ASSERT_TRUE(*WriteAsBefore(**connection, Record(1)));
  const auto store = Open();
  const absl::Time later = absl::FromCivil(absl::CivilDay(2040, 1, 1), absl::UTCTimeZone());
  ASSERT_TRUE(store->KeepHouse({}, later, false)->problems.empty());
  VerdictRecord late = Record(2);
  *late.verdict.mutable_create_time() = ToProto(later);
  EXPECT_TRUE(absl::IsInvalidArgument(WriteAsBefore(**connection, late).status()));
  EXPECT_TRUE(AppendNow(*store, late).ok());
  late = Retried(1);
  *late.verdict.mutable_create_time() = ToProto(later);
  EXPECT_TRUE(AppendNow(*store, late)->replayed);
  EXPECT_EQ(store->ListVerdicts({}, "", 10)->size(), 2u);
}

}  // namespace
}  // namespace gate
