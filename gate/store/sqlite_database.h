// SQLite's C interface with owners and statuses.
#ifndef GATE_STORE_SQLITE_DATABASE_H_
#define GATE_STORE_SQLITE_DATABASE_H_

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gate {

// The error that `code` stands for: UNAVAILABLE where the database is locked or cannot be reached,
// RESOURCE_EXHAUSTED where it is full, DATA_LOSS where it is damaged or no database. Stops the
// process where an fsync failed: see store.h.
absl::Status SqliteError(sqlite3* database, int code);

// Statements that nobody uses, by their text: preparing one takes longer than most of them run. One
// thread at a time. Outlives its database, as the statements do that come back to it.
class SqliteIdleStatements {
 public:
  ~SqliteIdleStatements() { Close(); }
  // Null where there is none of that text.
  sqlite3_stmt* Take(std::string_view sql);
  // Keeps it for the next one, or finalizes it.
  void Give(std::string_view sql, sqlite3_stmt* statement);
  // Finalizes all, and those that come from now on.
  void Close();

 private:
  std::map<std::string, sqlite3_stmt*, std::less<>> idle_;
  bool closed_ = false;
};

// A prepared statement. Bound text is not copied: it must live until Reset.
class SqliteStatement {
 public:
  SqliteStatement() = default;

  // From 1.
  void Bind(int parameter, std::string_view text);
  void BindBlob(int parameter, std::string_view bytes);
  void Bind(int parameter, int64_t number);

  // Whether there is a row.
  absl::StatusOr<bool> Step();
  // For statements that answer nothing: steps and resets.
  absl::Status Run();
  void Reset();

  // Of the row, from 0. Valid until the next step.
  std::string_view Bytes(int column);
  int64_t Number(int column);

 private:
  friend class SqliteDatabase;
  struct GiveBack {
    void operator()(sqlite3_stmt* statement) const { to->Give(sqlite3_sql(statement), statement); }
    std::shared_ptr<SqliteIdleStatements> to;
  };
  std::unique_ptr<sqlite3_stmt, GiveBack> statement_;
};

// Resets a statement at the end of a scope, so that it holds no lock.
class SqliteReset {
 public:
  explicit SqliteReset(SqliteStatement& statement) : statement_(statement) {}
  ~SqliteReset() { statement_.Reset(); }
  SqliteReset(const SqliteReset&) = delete;
  SqliteReset& operator=(const SqliteReset&) = delete;

 private:
  SqliteStatement& statement_;
};

// A connection. One thread at a time. Outlives its statements.
class SqliteDatabase {
 public:
  // `uri` is a "file:" URI. Waits `busy_milliseconds` for locks.
  static absl::StatusOr<std::unique_ptr<SqliteDatabase>> Open(const std::string& uri,
                                                              int busy_milliseconds);

  ~SqliteDatabase() { idle_->Close(); }

  // One or many statements, without parameters.
  absl::Status Execute(std::string_view sql);
  absl::StatusOr<SqliteStatement> Prepare(std::string_view sql);
  // The first column of the first row of a query that answers one.
  absl::StatusOr<std::string> Value(std::string_view sql);

  // Rows that the last INSERT made.
  int64_t Changes();
  sqlite3* handle() { return database_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  explicit SqliteDatabase(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Close> database_;
  const std::shared_ptr<SqliteIdleStatements> idle_ = std::make_shared<SqliteIdleStatements>();
};

}  // namespace gate

#endif  // GATE_STORE_SQLITE_DATABASE_H_
