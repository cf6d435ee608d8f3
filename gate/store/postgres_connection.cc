#include "gate/store/postgres_connection.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "gate/store/postgres_error.h"

namespace gate {
namespace {

constexpr int kOldestServer = 120000;

// What holds where the URL says nothing else. Nothing waits for ever: not for a host, nor for a
// peer that vanished, nor for a lock.
constexpr std::pair<const char*, const char*> kDefaults[] = {
    {"application_name", "gated"},          {"connect_timeout", "3"},
    {"target_session_attrs", "read-write"}, {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},           {"keepalives_count", "3"},
    {"tcp_user_timeout", "10000"},
};
// The server's side of the same: a session of ours that nobody speaks on any more keeps its row
// locks, which other replicas wait for, for as long as a statement may take and no longer.
constexpr char kSessionDefaults[] =
    "-c statement_timeout=5s -c idle_in_transaction_session_timeout=5s -c tcp_keepalives_idle=10 "
    "-c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=10s";

// A connection that was quiet for so long may lead to nobody any more, and is asked for a sign of
// life before it is trusted with a statement.
constexpr std::chrono::seconds kQuiet{3};
constexpr std::chrono::seconds kSignOfLife{1};

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ConnectionOptions = std::unique_ptr<PQconninfoOption, FreeOptions>;

absl::StatusOr<ConnectionOptions> Parse(const std::string& url) {
  char* error = nullptr;
  ConnectionOptions options(PQconninfoParse(url.c_str(), &error));
  const std::string message = error != nullptr ? error : "out of memory";
  PQfreemem(error);
  if (options != nullptr) return options;
  // The message may quote the URL, and that its password.
  return absl::InvalidArgumentError(
      absl::StrCat("the store URL is not a PostgreSQL connection URI: ",
                   message.substr(0, message.find("://"))));
}

// libpq reads the values of options only when it connects.
absl::Status CannotConnect(std::string_view message) {
  if (!message.starts_with("invalid ")) return PostgresGone(message);
  return absl::InvalidArgumentError(
      absl::StrCat("the store URL cannot be used: ", std::string(message)));
}

std::string Option(const ConnectionOptions& options, std::string_view keyword) {
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->keyword == keyword && option->val != nullptr) return option->val;
  }
  return "";
}

}  // namespace

absl::Status PostgresConnection::CheckUrl(const std::string& url) { return Parse(url).status(); }

absl::StatusOr<std::unique_ptr<PostgresConnection>> PostgresConnection::Open(const std::string& url,
                                                                             Use use) {
  const auto parsed = Parse(url);
  if (!parsed.ok()) return parsed.status();
  const std::string session = absl::StrCat(kSessionDefaults, " ", Option(*parsed, "options"));
  std::vector<const char*> keywords, values;
  const auto add = [&](const char* keyword, const char* value) {
    keywords.push_back(keyword);
    values.push_back(value);
  };
  // Of two values for a keyword the later one holds; "dbname" stands for all that the URL says.
  for (const auto& [keyword, value] : kDefaults) add(keyword, value);
  if (use == Use::kReplica) add("target_session_attrs", "any");
  add("dbname", url.c_str());
  add("options", session.c_str());
  add("client_encoding", "UTF8");
  add(nullptr, nullptr);
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(
      PQconnectdbParams(keywords.data(), values.data(), /*expand_dbname=*/1)));
  PGconn* raw = connection->connection_.get();
  if (PQstatus(raw) != CONNECTION_OK) return CannotConnect(PQerrorMessage(raw));
  PQsetnonblocking(raw, 1);
  if (use == Use::kReplica) return connection;
  if (absl::Status status = connection->CheckServer(); !status.ok()) return status;
  return connection;
}

// "Durable before reply" is the server's promise too; without these it does not give it.
absl::Status PostgresConnection::CheckServer() {
  if (PQserverVersion(connection_.get()) < kOldestServer) {
    return absl::FailedPreconditionError("the store needs PostgreSQL 12 or newer");
  }
  const auto settings = Query(
      "SELECT current_setting('fsync'), current_setting('data_sync_retry'),"
      " set_config('synchronous_commit',"
      "  CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'"
      "  ELSE current_setting('synchronous_commit') END, false)",
      {}, std::chrono::steady_clock::now() + kPostgresTimeout);
  if (!settings.ok()) return settings.status();
  if (settings->Bytes(0, 0) != "on") {
    return absl::FailedPreconditionError(
        "the PostgreSQL server runs with fsync=off: a verdict could be lost after it was given. "
        "Set "
        "fsync=on");
  }
  if (settings->Bytes(0, 1) != "off") {
    return absl::FailedPreconditionError(
        "the PostgreSQL server runs with data_sync_retry=on: after a failed fsync it would go on "
        "with "
        "lost data. Set data_sync_retry=off");
  }
  return absl::OkStatus();
}

absl::Status PostgresConnection::Lost(std::string_view why) {
  alive_ = false;
  return PostgresGone(why);
}

absl::Status PostgresConnection::ErrorOf(const PGresult* result) {
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  // Errors without a code are libpq's own: the connection broke.
  if (sqlstate == nullptr || severity == nullptr) return Lost(PQresultErrorMessage(result));
  const std::string_view how = severity;
  // After a read-only error, connecting anew finds the primary.
  if (how == "FATAL" || how == "PANIC" || std::string_view(sqlstate) == "25006") alive_ = false;
  return PostgresError(sqlstate, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

absl::StatusOr<bool> PostgresConnection::Arrived(bool unsent, Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd socket{PQsocket(connection_.get()), static_cast<short>(POLLIN | (unsent ? POLLOUT : 0)),
                  0};
    const int ready = ::poll(&socket, 1, static_cast<int>(std::min<long>(left.count(), 60000)));
    if (ready > 0) break;
    if (ready < 0 && errno != EINTR) return Lost("poll failed");
  }
  if (PQconsumeInput(connection_.get()) == 0) return Lost(PQerrorMessage(connection_.get()));
  last_heard_ = std::chrono::steady_clock::now();
  return true;
}

absl::Status PostgresConnection::Wait(bool unsent, Deadline deadline) {
  const auto arrived = Arrived(unsent, deadline);
  if (!arrived.ok()) return arrived.status();
  return *arrived ? absl::OkStatus() : Lost("no answer in time");
}

absl::StatusOr<std::vector<std::string>> PostgresConnection::Notifications(Deadline deadline) {
  std::vector<std::string> payloads = NotifiedSoFar();
  if (!payloads.empty()) return payloads;
  const auto arrived = Arrived(/*unsent=*/false, deadline);
  if (!arrived.ok()) return arrived.status();
  return NotifiedSoFar();
}

std::vector<std::string> PostgresConnection::NotifiedSoFar() {
  std::vector<std::string> payloads;
  while (PGnotify* notification = PQnotifies(connection_.get())) {
    payloads.emplace_back(notification->extra);
    PQfreemem(notification);
  }
  return payloads;
}

bool PostgresConnection::Answers() {
  const auto now = std::chrono::steady_clock::now();
  if (!alive_ || now < last_heard_ + kQuiet) return alive_;
  const auto answer = Execute("SELECT 1", now + kSignOfLife);
  return answer.ok();
}

absl::StatusOr<PGresult*> PostgresConnection::Next(Deadline deadline) {
  for (;;) {
    const int unsent = PQflush(connection_.get());
    if (unsent < 0) return Lost(PQerrorMessage(connection_.get()));
    if (PQisBusy(connection_.get()) == 0) return PQgetResult(connection_.get());
    if (absl::Status status = Wait(unsent != 0, deadline); !status.ok()) return status;
  }
}

absl::StatusOr<PostgresRows> PostgresConnection::Answer(Deadline deadline) {
  absl::StatusOr<PostgresRows> answer = absl::InternalError("PostgreSQL gave no answer");
  for (;;) {
    const auto next = Next(deadline);
    if (!next.ok()) return next.status();
    if (*next == nullptr) return answer;
    PostgresRows rows(*next);
    const ExecStatusType status = PQresultStatus(rows.get());
    if (status == PGRES_PIPELINE_ABORTED) {
      answer = absl::AbortedError("an earlier command failed");
    } else if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      // Of many statements, an error in the last one counts and their rows do not.
      answer = std::move(rows);
    } else {
      answer = ErrorOf(rows.get());
      if (!alive_) return answer;
    }
  }
}

absl::Status PostgresConnection::Prepare(const char* name, const char* sql, Deadline deadline) {
  if (PQsendPrepare(connection_.get(), name, sql, 0, nullptr) == 0) {
    return Lost(PQerrorMessage(connection_.get()));
  }
  return Answer(deadline).status();
}

absl::Status PostgresConnection::Execute(const char* sql, Deadline deadline) {
  if (PQsendQuery(connection_.get(), sql) == 0) return Lost(PQerrorMessage(connection_.get()));
  return Answer(deadline).status();
}

absl::StatusOr<PostgresRows> PostgresConnection::Query(
    const char* sql, const std::vector<PostgresParameter>& parameters, Deadline deadline) {
  if (absl::Status status = SendAll({{sql, false, parameters}}); !status.ok()) return status;
  return Answer(deadline);
}

absl::Status PostgresConnection::SendAll(const std::vector<PostgresCommand>& commands) {
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  for (const PostgresCommand& command : commands) {
    types.clear();
    values.clear();
    lengths.clear();
    for (const PostgresParameter& parameter : command.parameters) {
      types.push_back(parameter.type);
      values.push_back(parameter.bytes.data());
      lengths.push_back(static_cast<int>(parameter.bytes.size()));
    }
    formats.assign(values.size(), 1);
    const int count = static_cast<int>(values.size());
    const int sent = command.prepared
                         ? PQsendQueryPrepared(connection_.get(), command.text, count,
                                               values.data(), lengths.data(), formats.data(), 1)
                         : PQsendQueryParams(connection_.get(), command.text, count, types.data(),
                                             values.data(), lengths.data(), formats.data(), 1);
    if (sent == 0) return Lost(PQerrorMessage(connection_.get()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PostgresRows>> PostgresConnection::Pipeline(
    const std::vector<PostgresCommand>& commands, Deadline deadline) {
  if (PQenterPipelineMode(connection_.get()) == 0) return Lost(PQerrorMessage(connection_.get()));
  absl::Status status = SendAll(commands);
  if (status.ok() && PQpipelineSync(connection_.get()) == 0) {
    status = Lost(PQerrorMessage(connection_.get()));
  }
  if (!status.ok()) return status;
  auto answers = AnswersToSync(commands.size(), deadline);
  if (!alive_) return answers;
  if (PQexitPipelineMode(connection_.get()) == 0) return Lost(PQerrorMessage(connection_.get()));
  if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) {
    if (absl::Status ended = Execute("ROLLBACK", deadline); !ended.ok()) alive_ = false;
  }
  return answers;
}

absl::StatusOr<std::vector<PostgresRows>> PostgresConnection::AnswersToSync(size_t commands,
                                                                            Deadline deadline) {
  std::vector<PostgresRows> answers;
  absl::Status first_error;
  for (size_t i = 0; i < commands; ++i) {
    auto answer = Answer(deadline);
    if (!alive_) return answer.status();
    first_error.Update(answer.status());
    if (answer.ok()) answers.push_back(*std::move(answer));
  }
  const auto sync = Next(deadline);
  if (!sync.ok()) return sync.status();
  const PostgresRows end(*sync);
  if (PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC)
    return Lost("the pipeline went out of step");
  if (!first_error.ok()) return first_error;
  return answers;
}

}  // namespace gate
