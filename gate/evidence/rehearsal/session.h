// A connection to a scratch server on which somebody else's SQL runs: every wait has an end that
// the other side cannot move, and what the server says (errors with their code, debug messages) is
// kept as it came.
#ifndef GATE_EVIDENCE_REHEARSAL_SESSION_H_
#define GATE_EVIDENCE_REHEARSAL_SESSION_H_

#include <libpq-fe.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gate {

// Why a statement failed.
struct SqlError {
  std::string sqlstate;  // empty: the server did not answer
  std::string message;
  int position = 0;  // the character of the statement that it points to, from 1; 0: to none
};

// What a statement came to: its error, or its rows as text where they were asked for. NULL is "".
struct SqlResult {
  std::optional<SqlError> error;
  std::vector<std::vector<std::string>> rows;

  bool ok() const { return !error; }
};

// What a statement would take and return.
struct Described {
  std::optional<SqlError> error;
  std::vector<Oid> parameters;
  struct Column {
    std::string name;
    Oid type = 0;
    int modifier = -1;
    friend bool operator==(const Column&, const Column&) = default;
  };
  std::vector<Column> columns;

  bool ok() const { return !error; }
};

// What an end looks like that no statement caused.
enum class SessionEnd { kNone, kTimedOut, kDiskFull, kLost };

// Bounds what all sessions of one rehearsal do. Asked every few milliseconds while one waits.
struct SessionLimits {
  std::chrono::steady_clock::time_point deadline;
  // Whether the files have grown too large.
  std::function<bool()> disk_full;
};

// One thread at a time. After an end other than kNone every call fails.
class Session {
 public:
  static absl::StatusOr<std::unique_ptr<Session>> Open(const std::string& connection_info,
                                                       SessionLimits limits);

  // One statement, with its rows; the answer is an error where there are too many.
  SqlResult Query(const std::string& sql);
  // One statement or several, without their rows. `copy_data` is what it reads from standard input.
  SqlResult Run(const std::string& sql, std::string_view copy_data = {});
  // The same; `meanwhile` is called again and again until it is done.
  SqlResult RunWatched(const std::string& sql, const std::function<void()>& meanwhile);

  // Prepares all statements under the names PREFIX0, PREFIX1, ..., in one go.
  std::vector<Described> PrepareAll(std::span<const std::string> statements,
                                    std::string_view prefix);
  // Runs all, each on its own, in one go; errors only.
  std::vector<std::optional<SqlError>> RunAll(std::span<const std::string> statements);
  // The same, with their rows: what is behind the first that are too large has an error instead.
  std::vector<SqlResult> QueryAll(std::span<const std::string> statements);

  // What the server said since the last call, without asking: "rewriting table "orders"".
  std::vector<std::string> TakeMessages();

  PGTransactionStatusType transaction() const { return PQtransactionStatus(connection_.get()); }
  int backend() const { return PQbackendPID(connection_.get()); }
  int server_version() const { return PQserverVersion(connection_.get()); }
  SessionEnd end() const { return end_; }
  const SqlError& how_it_ended() const { return how_it_ended_; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Result = std::unique_ptr<PGresult, Clear>;

  Session(PGconn* connection, SessionLimits limits)
      : connection_(connection), limits_(std::move(limits)) {}
  static void KeepMessage(void* session, const PGresult* result);
  SqlError Ended(SessionEnd end, std::string message);
  // Waits for the server, for at most some milliseconds; false once it is over.
  bool Wait(std::chrono::milliseconds longest);
  // The next result; null at the end of a command's, or once it is over.
  Result Next(const std::function<void()>* meanwhile);
  SqlError ErrorOf(const PGresult* result);
  void FeedCopy(std::string_view data);
  void PassOverCopy();
  static size_t AddRow(const PGresult* result, int row, SqlResult& answer);
  SqlResult Send(const std::string& sql, size_t row_bytes, std::string_view copy_data,
                 const std::function<void()>* meanwhile);
  // Answers of a pipeline of which each command has a sync of its own.
  template <typename OnResult>
  void RunPipeline(std::span<const std::string> statements, const OnResult& on_result);
  template <typename OnResult>
  void CollectPipeline(size_t commands, const OnResult& on_result);

  std::unique_ptr<PGconn, Finish> connection_;
  const SessionLimits limits_;
  std::vector<std::string> messages_;
  SessionEnd end_ = SessionEnd::kNone;
  SqlError how_it_ended_;
  std::chrono::steady_clock::time_point disk_looked_at_{};
};

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_SESSION_H_
