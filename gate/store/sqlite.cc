#include "gate/store/sqlite.h"

#include <atomic>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/store/connection_pool.h"
#include "gate/store/group_commit.h"
#include "gate/store/known_digests.h"
#include "gate/store/listing.h"
#include "gate/store/sqlite_audit.h"
#include "gate/store/sqlite_database.h"
#include "gate/store/sqlite_file.h"
#include "gate/store/sqlite_holds.h"
#include "gate/store/sqlite_keeping.h"
#include "gate/store/sqlite_overrides.h"
#include "gate/store/sqlite_qa.h"
#include "gate/store/sqlite_reports.h"
#include "gate/store/sqlite_rollouts.h"
#include "gate/store/sqlite_schema.h"
#include "gate/store/sqlite_writer.h"

namespace gate {
namespace {

// Longer than a well-behaved visitor holds the lock, shorter than a caller's patience.
constexpr int kBusyMilliseconds = 2000;
constexpr int kReadConnections = 4;
constexpr size_t kKnownDigests = 4096;
constexpr std::string_view kMemory = ":memory:";

// Cache sizes are in KiB where negative: they bound what a large database takes of our memory.
constexpr std::string_view kWriterSettings =
    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -32768;"
    "PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY;";
constexpr std::string_view kReaderSettings =
    "PRAGMA query_only = 1; PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY;";

// A "file:" URI; every byte that could mean something in it is escaped.
std::string FileUri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      absl::StrAppend(&uri, "%", absl::BytesToHexString(absl::string_view(&c, 1)));
    } else {
      uri.push_back(c);
    }
  }
  return uri;
}

// Shared by the connections of this process that name it.
std::string MemoryUri() {
  static std::atomic<int> count{0};
  return absl::StrCat("file:/gate-", ++count, "?vfs=memdb");
}

absl::StatusOr<std::unique_ptr<SqliteDatabase>> OpenWriter(const std::string& uri, bool in_memory) {
  auto database = SqliteDatabase::Open(uri, kBusyMilliseconds);
  if (!database.ok()) return database;
  const auto mode = (*database)->Value("PRAGMA journal_mode = WAL");
  if (!mode.ok()) return mode.status();
  if (!in_memory && *mode != "wal") {
    return absl::FailedPreconditionError(
        "the file system of the store cannot do write-ahead logging (shared memory); use a local "
        "disk");
  }
  if (absl::Status status = (*database)->Execute(kWriterSettings); !status.ok()) return status;
  return database;
}

absl::StatusOr<std::unique_ptr<SqliteDatabase>> OpenReader(const std::string& uri) {
  auto database = SqliteDatabase::Open(uri, kBusyMilliseconds);
  if (!database.ok()) return database;
  if (absl::Status status = (*database)->Execute(kReaderSettings); !status.ok()) return status;
  return database;
}

absl::Status OpeningFailed(const std::string& path, const absl::Status& status) {
  std::string message = absl::StrCat("the store ", path, ": ", std::string(status.message()));
  if (absl::IsDataLoss(status)) {
    absl::StrAppend(
        &message,
        "; it is no SQLite database, or an encrypted or a damaged one. Restore it from a "
        "backup, or name another file");
  }
  absl::Status failed(status.code(), message);
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { failed.SetPayload(url, payload); });
  return failed;
}

class SqliteStore final : public Store {
 public:
  SqliteStore(std::unique_ptr<SqliteFile> file,
              std::vector<std::unique_ptr<SqliteDatabase>> readers,
              std::unique_ptr<SqliteDatabase> reporter, std::unique_ptr<SqliteWriter> writer,
              const StoreOptions& options)
      : file_(std::move(file)),
        reports_(std::move(reporter), file_.get()),
        known_(kKnownDigests),
        readers_(std::move(readers)),
        commits_(Alone(std::move(writer)), known_, options.max_group, options.max_waiting) {}

  void Append(VerdictRecord record, Done done) override {
    commits_.Append(std::move(record), std::move(done));
  }

  absl::StatusOr<v1::Verdict> GetVerdict(std::string_view id) override {
    auto verdict = Find("SELECT verdict FROM verdicts WHERE id = $1", id);
    if (!verdict.ok()) return verdict.status();
    if (!*verdict)
      return absl::NotFoundError(absl::StrCat("there is no verdict ", std::string(id)));
    return DecodeVerdict(**verdict);
  }

  absl::StatusOr<std::optional<Given>> FindRequest(std::string_view request_id) override;

  absl::StatusOr<std::vector<v1::Verdict>> ListVerdicts(const VerdictFilter& filter,
                                                        std::string_view before,
                                                        int limit) override;

  absl::StatusOr<std::string> GetBlob(std::string_view digest) override {
    auto frame = Find("SELECT content FROM blobs WHERE digest = $1", digest);
    if (!frame.ok()) return frame.status();
    if (!*frame)
      return absl::NotFoundError(absl::StrCat("nothing is stored as ", std::string(digest)));
    return DecodeBlob(digest, **frame);
  }

  absl::StatusOr<Reported> ReportMetrics(const MetricsReport& report,
                                         const ReportBounds& bounds) override {
    return TakeInSqlite(report, bounds, reports_);
  }

  absl::StatusOr<StoredSeries> ReadSeries(const SeriesRange& range) override {
    return ReadSqliteSeries(*readers_.Take(), range);
  }

  absl::StatusOr<ReportedRun> ReportQaRun(const QaReport& report, const QaBounds& bounds) override {
    return TakeInSqlite(report, bounds, reports_);
  }

  absl::StatusOr<v1::QaRuns> ReadQaRuns(const std::string& service,
                                        const std::vector<std::string>& builds) override {
    return ReadSqliteQaRuns(*readers_.Take(), service, builds);
  }

  absl::StatusOr<std::vector<v1::FlagWatch>> ReadFlagWatches(const std::string& environment,
                                                             const std::string& flag) override {
    return ReadSqliteWatches(*readers_.Take(), environment, flag);
  }

  RolloutStore& rollouts() override { return rollouts_; }
  HoldStore& holds() override { return holds_; }

  OverrideStore& overrides() override { return overrides_; }
  AuditStore& audit() override { return audit_; }

  absl::StatusOr<absl::Time> NewestVerdictTime() override {
    auto newest = ListVerdicts({}, "", 1);
    if (!newest.ok()) return newest.status();
    return newest->empty() ? absl::InfinitePast() : FromProto(newest->front().create_time());
  }

  absl::StatusOr<Housekeeping> KeepHouse(const Retention& retention, absl::Time now,
                                         bool dry_run) override {
    auto kept = KeepSqliteHouse(*readers_.Take(), reports_, retention, now, dry_run);
    // What was known to be stored may be gone.
    if (!dry_run && (!kept.ok() || !kept->forgotten.empty())) known_.Clear();
    return kept;
  }

  absl::Status Ready() override {
    absl::Status status = commits_.HasRoom();
    if (status.ok() && file_ != nullptr) status = file_->StillThere();
    if (status.ok() && file_ != nullptr) status = file_->HasSpace();
    if (status.ok()) status = Find("SELECT id FROM verdicts WHERE id = $1", "").status();
    return status;
  }

 private:
  static std::vector<std::unique_ptr<GroupWriter>> Alone(std::unique_ptr<SqliteWriter> writer) {
    std::vector<std::unique_ptr<GroupWriter>> writers;
    writers.push_back(std::move(writer));
    return writers;
  }

  // The first column of the one row with that key.
  absl::StatusOr<std::optional<std::string>> Find(std::string_view sql, std::string_view key);
  absl::StatusOr<ListPosition> PositionOf(std::string_view id);
  absl::StatusOr<std::vector<ListedVerdict>> List(const ListQuery& query);

  const std::unique_ptr<SqliteFile> file_;  // null in memory
  SqliteReports reports_;
  KnownDigests known_;
  ConnectionPool<SqliteDatabase> readers_;
  SqliteRollouts rollouts_{readers_, reports_};
  SqliteOverrides overrides_{readers_, reports_};
  SqliteHolds holds_{readers_, reports_};
  SqliteAudit audit_{readers_, reports_};
  GroupCommit commits_;  // last: its threads use the others
};

absl::StatusOr<std::optional<std::string>> SqliteStore::Find(std::string_view sql,
                                                             std::string_view key) {
  auto reader = readers_.Take();
  auto statement = reader->Prepare(sql);
  if (!statement.ok()) return statement.status();
  statement->Bind(1, key);
  const auto row = statement->Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  return std::string(statement->Bytes(0));
}

absl::StatusOr<std::optional<Store::Given>> SqliteStore::FindRequest(std::string_view request_id) {
  auto reader = readers_.Take();
  auto statement =
      reader->Prepare("SELECT request_digest, verdict FROM verdicts WHERE request_id = $1");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, request_id);
  const auto row = statement->Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  auto verdict = DecodeVerdict(statement->Bytes(1));
  if (!verdict.ok()) return verdict.status();
  return Given{*std::move(verdict), std::string(statement->Bytes(0))};
}

absl::StatusOr<ListPosition> SqliteStore::PositionOf(std::string_view id) {
  auto reader = readers_.Take();
  auto statement = reader->Prepare("SELECT create_time FROM verdicts WHERE id = $1");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, id);
  const auto row = statement->Step();
  if (!row.ok()) return row.status();
  if (!*row) return UnknownPosition(id);
  return ListPosition{statement->Number(0), std::string(id)};
}

absl::StatusOr<std::vector<v1::Verdict>> SqliteStore::ListVerdicts(const VerdictFilter& filter,
                                                                   std::string_view before,
                                                                   int limit) {
  std::optional<ListPosition> position;
  if (!before.empty()) {
    auto found = PositionOf(before);
    if (!found.ok()) return found.status();
    position = *std::move(found);
  }
  return ListMerged(filter, position ? &*position : nullptr, limit,
                    [this](const ListQuery& query) { return List(query); });
}

absl::StatusOr<std::vector<ListedVerdict>> SqliteStore::List(const ListQuery& query) {
  auto reader = readers_.Take();
  auto statement = reader->Prepare(ListSql("verdicts", query));
  if (!statement.ok()) return statement.status();
  int parameter = 0;
  statement->Bind(++parameter, int64_t{query.decision});
  if (!query.service.empty()) statement->Bind(++parameter, query.service);
  if (!query.environment.empty()) statement->Bind(++parameter, query.environment);
  statement->Bind(++parameter, query.start);
  statement->Bind(++parameter, query.before.create_time);
  statement->Bind(++parameter, query.before.id);
  statement->Bind(++parameter, int64_t{query.limit});
  std::vector<ListedVerdict> listed;
  auto row = statement->Step();
  for (; row.ok() && *row; row = statement->Step()) {
    listed.push_back({{statement->Number(0), std::string(statement->Bytes(1))},
                      std::string(statement->Bytes(2))});
  }
  if (!row.ok()) return row.status();
  return listed;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const std::string& path,
                                                  const StoreOptions& options) {
  const bool in_memory = path == kMemory;
  std::unique_ptr<SqliteFile> file;
  if (!in_memory) {
    auto claimed = SqliteFile::Claim(path);
    if (!claimed.ok()) return claimed.status();
    file = *std::move(claimed);
  }
  const std::string uri = in_memory ? MemoryUri() : FileUri(path);
  auto database = OpenWriter(uri, in_memory);
  if (!database.ok()) return OpeningFailed(path, database.status());
  if (absl::Status status = UpgradeSqlite(**database, SqliteSchemaFiles()); !status.ok()) {
    return OpeningFailed(path, status);
  }
  auto writer = SqliteWriter::Make(*std::move(database), file.get());
  if (!writer.ok()) return OpeningFailed(path, writer.status());
  auto reporter = OpenWriter(uri, in_memory);
  if (!reporter.ok()) return OpeningFailed(path, reporter.status());
  std::vector<std::unique_ptr<SqliteDatabase>> readers;
  for (int i = 0; i < kReadConnections; ++i) {
    auto reader = OpenReader(uri);
    if (!reader.ok()) return OpeningFailed(path, reader.status());
    readers.push_back(*std::move(reader));
  }
  return std::make_unique<SqliteStore>(std::move(file), std::move(readers), *std::move(reporter),
                                       *std::move(writer), options);
}

}  // namespace gate
