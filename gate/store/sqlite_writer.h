// Writes groups to a SQLite database: one transaction, one fsync.
#ifndef GATE_STORE_SQLITE_WRITER_H_
#define GATE_STORE_SQLITE_WRITER_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/group_commit.h"
#include "gate/store/sqlite_database.h"
#include "gate/store/sqlite_file.h"

namespace gate {

class SqliteWriter final : public GroupWriter {
 public:
  // `file` is null for a database in memory, and outlives the writer. The schema is there.
  static absl::StatusOr<std::unique_ptr<SqliteWriter>> Make(
      std::unique_ptr<SqliteDatabase> database, SqliteFile* file);

  void Write(std::vector<PendingAppend>& group, Closing& closing) override;

  // Copies the write-ahead log into the database once it is long. SQLite would do so by itself at
  // the end of a commit, but there it ignores a failed fsync, and the callers would wait for it.
  bool Untidy() const override;
  void Tidy() override;

 private:
  explicit SqliteWriter(std::unique_ptr<SqliteDatabase> database, SqliteFile* file);
  absl::Status WriteInTransaction(std::vector<PendingAppend>& group);
  // Sets the result. An error is of the database, and ends the transaction.
  absl::Status WriteOne(PendingAppend& pending);
  absl::Status WriteBlobs(const EncodedRecord& record);
  absl::Status WriteWatches(const EncodedRecord& record);
  // The id of an override that the record names and cannot have; empty where there is none.
  absl::StatusOr<std::string> FindGone(const EncodedRecord& record);
  absl::Status Consume(const EncodedRecord& record);
  absl::StatusOr<bool> InsertVerdict(const EncodedRecord& record);
  // The result of one whose request_id (or id) is there already; where it is not, `otherwise`.
  absl::Status ResolveConflict(PendingAppend& pending, absl::Status otherwise);

  const std::unique_ptr<SqliteDatabase> database_;
  SqliteFile* const file_;
  SqliteStatement begin_, commit_, rollback_;
  SqliteStatement insert_verdict_, insert_blob_, use_blob_, insert_watch_, insert_audit_, find_,
      find_override_, consume_;
  int log_pages_ = 0;  // in the write-ahead log
};

}  // namespace gate

#endif  // GATE_STORE_SQLITE_WRITER_H_
