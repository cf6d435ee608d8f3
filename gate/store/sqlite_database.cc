#include "gate/store/sqlite_database.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr double kRetryAfterSeconds = 1;
constexpr size_t kMostIdle = 100;  // there are fewer texts

[[noreturn]] void StopAfterFailedSync(const char* reason) {
  std::fprintf(stderr,
               "gated: an fsync of the SQLite store failed (%s): what was written may be lost, and "
               "trying again cannot tell. Stopping; check the disk, then start again.\n",
               reason);
  std::abort();
}

}  // namespace

absl::Status SqliteError(sqlite3* database, int code) {
  const char* message = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) StopAfterFailedSync(message);
  const std::string what = absl::StrCat("SQLite: ", message, " (code ", code, ")");
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return WithReason(
          absl::UnavailableError(absl::StrCat("the store is locked by another program. ", what)),
          "STORE_LOCKED", kRetryAfterSeconds);
    case SQLITE_FULL:
      return WithReason(absl::ResourceExhaustedError(absl::StrCat("the store is full. ", what)),
                        "STORE_FULL", kRetryAfterSeconds);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return WithReason(absl::DataLossError(absl::StrCat("the store is damaged. ", what)),
                        "STORE_DAMAGED");
    case SQLITE_TOOBIG:
      return absl::InvalidArgumentError(absl::StrCat("too large to be stored. ", what));
    case SQLITE_CONSTRAINT:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return absl::InternalError(what);
    default:
      return WithReason(absl::UnavailableError(absl::StrCat("the store cannot be reached. ", what)),
                        "STORE_GONE", kRetryAfterSeconds);
  }
}

sqlite3_stmt* SqliteIdleStatements::Take(std::string_view sql) {
  const auto found = idle_.find(sql);
  return found == idle_.end() ? nullptr : std::exchange(found->second, nullptr);
}

void SqliteIdleStatements::Give(std::string_view sql, sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (!closed_ && idle_.size() < kMostIdle) {
    sqlite3_stmt*& place = idle_.try_emplace(std::string(sql), nullptr).first->second;
    std::swap(place, statement);
  } else if (const auto found = idle_.find(sql); !closed_ && found != idle_.end()) {
    std::swap(found->second, statement);
  }
  sqlite3_finalize(statement);
}

void SqliteIdleStatements::Close() {
  closed_ = true;
  for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  idle_.clear();
}

void SqliteStatement::Bind(int parameter, std::string_view text) {
  sqlite3_bind_text(statement_.get(), parameter, text.data(), static_cast<int>(text.size()),
                    SQLITE_STATIC);
}

void SqliteStatement::BindBlob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(), SQLITE_STATIC);
}

void SqliteStatement::Bind(int parameter, int64_t number) {
  sqlite3_bind_int64(statement_.get(), parameter, number);
}

absl::StatusOr<bool> SqliteStatement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteError(sqlite3_db_handle(statement_.get()), code);
}

absl::Status SqliteStatement::Run() {
  const SqliteReset reset(*this);
  return Step().status();
}

void SqliteStatement::Reset() { sqlite3_reset(statement_.get()); }

std::string_view SqliteStatement::Bytes(int column) {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

int64_t SqliteStatement::Number(int column) {
  return sqlite3_column_int64(statement_.get(), column);
}

absl::StatusOr<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& uri,
                                                                     int busy_milliseconds) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(
      uri.c_str(), &handle,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(handle));
  if (code != SQLITE_OK) return SqliteError(handle, code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, busy_milliseconds);
  return database;
}

absl::Status SqliteDatabase::Execute(std::string_view sql) {
  const int code =
      sqlite3_exec(database_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteError(database_.get(), code);
}

absl::StatusOr<SqliteStatement> SqliteDatabase::Prepare(std::string_view sql) {
  SqliteStatement statement;
  statement.statement_.get_deleter().to = idle_;
  sqlite3_stmt* handle = idle_->Take(sql);
  if (handle == nullptr) {
    const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (code != SQLITE_OK) return SqliteError(database_.get(), code);
  }
  statement.statement_.reset(handle);
  return statement;
}

absl::StatusOr<std::string> SqliteDatabase::Value(std::string_view sql) {
  auto statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const auto row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? std::string(statement->Bytes(0)) : std::string();
}

int64_t SqliteDatabase::Changes() { return sqlite3_changes64(database_.get()); }

}  // namespace gate
