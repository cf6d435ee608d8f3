// libpq with owners, deadlines and statuses. Everything is sent and read in binary form.
#ifndef GATE_STORE_POSTGRES_CONNECTION_H_
#define GATE_STORE_POSTGRES_CONNECTION_H_

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gate {

// A value for a $n.
struct PostgresParameter {
  Oid type;
  std::string bytes;

  static PostgresParameter Text(std::string_view text);
  static PostgresParameter Bytes(std::string_view bytes);
  static PostgresParameter Bigint(int64_t number);
  static PostgresParameter Smallint(int number);
  static PostgresParameter Timestamp(int64_t unix_micros);
};

// Makes an array of one dimension, element by element.
class PostgresArray {
 public:
  static PostgresArray Texts(size_t size);
  static PostgresArray Bytes(size_t size);
  static PostgresArray Smallints(size_t size);
  static PostgresArray Bigints(size_t size);
  static PostgresArray Timestamps(size_t size);

  void Add(std::string_view bytes);
  void AddSmallint(int number);
  void AddBigint(int64_t number);
  void AddTimestamp(int64_t unix_micros);
  PostgresParameter Take() && { return std::move(array_); }

 private:
  PostgresArray(Oid array, Oid element, size_t size);
  PostgresParameter array_;
};

// What a command answered.
class PostgresRows {
 public:
  explicit PostgresRows(PGresult* result) : result_(result) {}

  int size() const { return PQntuples(result_.get()); }
  // Row and column from 0.
  std::string_view Bytes(int row, int column) const;
  int64_t Number(int row, int column) const;     // of a bigint
  int64_t Timestamp(int row, int column) const;  // microseconds since 1970
  // "COMMIT", "INSERT 0 1".
  std::string_view Tag() const { return PQcmdStatus(result_.get()); }
  PGresult* get() const { return result_.get(); }

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

// A command of a pipeline: a prepared statement's name, or SQL.
struct PostgresCommand {
  const char* text;
  bool prepared = false;
  std::vector<PostgresParameter> parameters;
};

// How long an answer is waited for. More than statement_timeout, so that a slow statement ends with
// the server's own words; a server that says nothing at all is given up after it.
inline constexpr std::chrono::seconds kPostgresTimeout{6};

// One connection. One thread at a time.
//
// Errors: UNAVAILABLE where the server is gone, does not answer in time, or a lock was not to be
// had; ABORTED where the same may succeed at once (deadlock); RESOURCE_EXHAUSTED where the server
// is full; INVALID_ARGUMENT where a row is refused; FAILED_PRECONDITION where tables or rights are
// missing.
class PostgresConnection {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // What it is for: all that the store does, at a server that takes writes; or reading at a
  // standby.
  enum class Use { kStore, kReplica };

  // INVALID_ARGUMENT names what is wrong with the URL; its password is not repeated.
  static absl::Status CheckUrl(const std::string& url);

  // Takes as long as connect_timeout says, per host of the URL. FAILED_PRECONDITION where the
  // server is too old, or set up so that a commit may be lost.
  static absl::StatusOr<std::unique_ptr<PostgresConnection>> Open(const std::string& url,
                                                                  Use use = Use::kStore);

  absl::Status Prepare(const char* name, const char* sql, Deadline deadline);
  absl::StatusOr<PostgresRows> Query(const char* sql,
                                     const std::vector<PostgresParameter>& parameters,
                                     Deadline deadline);
  // One or many statements, without parameters.
  absl::Status Execute(const char* sql, Deadline deadline);

  // Sends all commands, and one sync; the answers in order, or the error of the first that failed.
  // No transaction is left open.
  absl::StatusOr<std::vector<PostgresRows>> Pipeline(const std::vector<PostgresCommand>& commands,
                                                     Deadline deadline);

  // What other sessions notified this one of, on channels that it listens to. Waits until there is
  // something, or until the deadline: then it is empty.
  absl::StatusOr<std::vector<std::string>> Notifications(Deadline deadline);

  // Whether the server is there: has spoken a moment ago, or answers within a second.
  bool Answers();

  // False once the connection cannot be used again. What was sent last may have been done or not.
  bool alive() const { return alive_; }

 private:
  explicit PostgresConnection(PGconn* connection) : connection_(connection) {}
  absl::Status CheckServer();
  std::vector<std::string> NotifiedSoFar();
  absl::Status Lost(std::string_view why);
  absl::Status ErrorOf(const PGresult* result);
  // Whether anything has arrived before the deadline.
  absl::StatusOr<bool> Arrived(bool unsent, Deadline deadline);
  absl::Status Wait(bool unsent, Deadline deadline);
  // The next answer; null at the end of a command's.
  absl::StatusOr<PGresult*> Next(Deadline deadline);
  // The answer to one command.
  absl::StatusOr<PostgresRows> Answer(Deadline deadline);
  absl::Status SendAll(const std::vector<PostgresCommand>& commands);
  absl::StatusOr<std::vector<PostgresRows>> AnswersToSync(size_t commands, Deadline deadline);

  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> connection_;
  bool alive_ = true;
  Deadline last_heard_ = std::chrono::steady_clock::now();
};

}  // namespace gate

#endif  // GATE_STORE_POSTGRES_CONNECTION_H_
