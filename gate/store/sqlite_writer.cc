#include "gate/store/sqlite_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gate/store/overrides.h"
#include "gate/store/sqlite_audit.h"
#include "gate/store/sqlite_keeping.h"

namespace gate {
namespace {

// 4 MiB of write-ahead log. Nothing commits while it is copied into the database: four times as
// much stores no more verdicts a second, and makes the slowest hundredth wait 15 ms, not 9.
constexpr int kCheckpointPages = 1024;

}  // namespace

SqliteWriter::SqliteWriter(std::unique_ptr<SqliteDatabase> database, SqliteFile* file)
    : database_(std::move(database)), file_(file) {
  sqlite3_wal_hook(
      database_->handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteWriter*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
}

absl::StatusOr<std::unique_ptr<SqliteWriter>> SqliteWriter::Make(
    std::unique_ptr<SqliteDatabase> database, SqliteFile* file) {
  std::unique_ptr<SqliteWriter> writer(new SqliteWriter(std::move(database), file));
  const std::pair<SqliteStatement*, std::string_view> statements[] = {
      {&writer->begin_, "BEGIN IMMEDIATE"},
      {&writer->commit_, "COMMIT"},
      {&writer->rollback_, "ROLLBACK"},
      {&writer->insert_verdict_,
       "INSERT INTO verdicts (id, request_id, request_digest, create_time, service, environment,"
       " decision, verdict) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"},
      {&writer->insert_blob_,
       "INSERT INTO blobs (digest, content) VALUES ($1, $2) ON CONFLICT DO NOTHING"},
      {&writer->use_blob_, kUseSqliteBlob},
      {&writer->insert_watch_,
       "INSERT INTO flag_watches (environment, flag, service, ticket, build, create_time, verdict,"
       " watch) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
       " ON CONFLICT (environment, flag, service, ticket) DO UPDATE SET build = excluded.build,"
       " create_time = excluded.create_time, verdict = excluded.verdict, watch = excluded.watch"
       " WHERE (excluded.create_time, excluded.verdict)"
       " > (flag_watches.create_time, flag_watches.verdict)"},
      {&writer->insert_audit_, kInsertSqliteAudit},
      {&writer->find_, "SELECT id, request_digest, verdict FROM verdicts WHERE request_id = $1"},
      {&writer->find_override_,
       "SELECT state, expire_time, consumed_by FROM overrides WHERE id = $1"},
      {&writer->consume_,
       "UPDATE overrides SET state = $1, consumed_by = $2, consume_time = $3,"
       " version = version + 1 WHERE id = $4 AND consumed_by = ''"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = writer->database_->Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  return writer;
}

void SqliteWriter::Write(std::vector<PendingAppend>& group, Closing&) {
  const absl::Status status = WriteInTransaction(group);
  if (status.ok()) return;
  for (PendingAppend& pending : group) pending.result = status;
}

absl::Status SqliteWriter::WriteInTransaction(std::vector<PendingAppend>& group) {
  absl::Status status = begin_.Run();
  if (!status.ok()) return status;
  for (PendingAppend& pending : group) {
    status = WriteOne(pending);
    if (!status.ok()) break;
  }
  if (status.ok()) status = commit_.Run();
  if (!status.ok()) {
    // Some errors have rolled back already; then this one has nothing to do.
    if (!sqlite3_get_autocommit(database_->handle())) (void)rollback_.Run();
    return status;
  }
  return file_ == nullptr ? absl::OkStatus() : file_->StillThere();
}

absl::Status SqliteWriter::WriteOne(PendingAppend& pending) {
  // Nobody else writes until the commit, so what is found here still holds when it is consumed.
  const auto gone = FindGone(pending.record);
  if (!gone.ok()) return gone.status();
  if (!gone->empty()) return ResolveConflict(pending, OverrideGone(*gone));
  const auto won = InsertVerdict(pending.record);
  // Too large for SQLite is one record's own affair.
  if (absl::IsInvalidArgument(won.status())) {
    pending.result = won.status();
    return absl::OkStatus();
  }
  if (!won.ok()) return won.status();
  if (!*won) {
    return ResolveConflict(
        pending, absl::InternalError(absl::StrCat("there is a verdict ", pending.record.id,
                                                  " already, of another request")));
  }
  if (absl::Status status = WriteBlobs(pending.record); !status.ok()) return status;
  if (absl::Status status = WriteWatches(pending.record); !status.ok()) return status;
  if (absl::Status status = Consume(pending.record); !status.ok()) return status;
  if (absl::Status status = RunInsert(insert_audit_, pending.record.audit); !status.ok()) {
    return status;
  }
  pending.Won();
  return absl::OkStatus();
}

absl::StatusOr<std::string> SqliteWriter::FindGone(const EncodedRecord& record) {
  for (const std::string& id : record.consumes) {
    const SqliteReset reset(find_override_);
    find_override_.Bind(1, id);
    const auto row = find_override_.Step();
    if (!row.ok()) return row.status();
    const bool mine =
        *row && MayConsume({static_cast<int>(find_override_.Number(0)), find_override_.Number(1),
                            std::string(find_override_.Bytes(2))},
                           record);
    if (!mine) return id;
  }
  return std::string();
}

absl::Status SqliteWriter::Consume(const EncodedRecord& record) {
  for (const std::string& id : record.consumes) {
    consume_.Bind(1, int64_t{v1::OVERRIDE_STATE_CONSUMED});
    consume_.Bind(2, record.consumer);
    consume_.Bind(3, record.create_time);
    consume_.Bind(4, id);
    if (absl::Status status = consume_.Run(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> SqliteWriter::InsertVerdict(const EncodedRecord& record) {
  insert_verdict_.Bind(1, record.id);
  insert_verdict_.Bind(2, record.request_id);
  insert_verdict_.Bind(3, record.request_digest);
  insert_verdict_.Bind(4, record.create_time);
  insert_verdict_.Bind(5, record.service);
  insert_verdict_.Bind(6, record.environment);
  insert_verdict_.Bind(7, int64_t{record.decision});
  insert_verdict_.BindBlob(8, record.verdict);
  if (absl::Status status = insert_verdict_.Run(); !status.ok()) return status;
  return database_->Changes() == 1;
}

absl::Status SqliteWriter::WriteBlobs(const EncodedRecord& record) {
  for (const EncodedBlob& blob : record.blobs) {
    insert_blob_.Bind(1, blob.digest);
    insert_blob_.BindBlob(2, blob.content);
    if (absl::Status status = insert_blob_.Run(); !status.ok()) return status;
    use_blob_.Bind(1, blob.digest);
    use_blob_.Bind(2, blob.month);
    if (absl::Status status = use_blob_.Run(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SqliteWriter::WriteWatches(const EncodedRecord& record) {
  for (const EncodedWatch& watch : record.watches) {
    insert_watch_.Bind(1, watch.environment);
    insert_watch_.Bind(2, watch.flag);
    insert_watch_.Bind(3, watch.service);
    insert_watch_.Bind(4, watch.ticket);
    insert_watch_.Bind(5, watch.build);
    insert_watch_.Bind(6, record.create_time);
    insert_watch_.Bind(7, record.id);
    insert_watch_.BindBlob(8, watch.watch);
    if (absl::Status status = insert_watch_.Run(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SqliteWriter::ResolveConflict(PendingAppend& pending, absl::Status otherwise) {
  const SqliteReset reset(find_);
  find_.Bind(1, pending.record.request_id);
  const auto row = find_.Step();
  if (!row.ok()) return row.status();
  if (!*row) {
    pending.result = std::move(otherwise);
    return absl::OkStatus();
  }
  pending.result = ResolveTaken(
      pending.record,
      {std::string(find_.Bytes(0)), std::string(find_.Bytes(1)), std::string(find_.Bytes(2))});
  return absl::OkStatus();
}

bool SqliteWriter::Untidy() const { return log_pages_ >= kCheckpointPages; }

void SqliteWriter::Tidy() {
  int pages = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(database_->handle(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
  // A reader in the way or a full disk: the log keeps all, and the next group tries again. A failed
  // fsync stops the process in here.
  if (code != SQLITE_OK) (void)SqliteError(database_->handle(), code);
  log_pages_ = 0;
}

}  // namespace gate
