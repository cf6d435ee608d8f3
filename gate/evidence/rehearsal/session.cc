#include "gate/evidence/rehearsal/session.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

// SQL of others can make the server talk without end.
constexpr size_t kMaxMessages = 10'000;
constexpr size_t kMaxMessageBytes = 1024;
constexpr size_t kMaxRowBytes = size_t{64} << 20;
constexpr std::chrono::milliseconds kLook{100};  // between two looks at the disk
// Of statements sent before the first answer is read.
constexpr size_t kInFlight = 256;

std::string Shortened(const char* text) {
  std::string whole = text == nullptr ? "" : text;
  while (whole.ends_with('\n')) whole.pop_back();
  if (whole.size() <= kMaxMessageBytes) return whole;
  size_t end = kMaxMessageBytes;
  while (end > 0 && (whole[end] & 0xC0) == 0x80) --end;  // not within a character
  return whole.substr(0, end);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const std::string& connection_info,
                                                       SessionLimits limits) {
  PGconn* connection = PQconnectdb(connection_info.c_str());
  std::unique_ptr<Session> session(new Session(connection, std::move(limits)));
  if (PQstatus(connection) != CONNECTION_OK) {
    return absl::UnavailableError(Shortened(PQerrorMessage(connection)));
  }
  PQsetnonblocking(connection, 1);
  PQsetNoticeReceiver(connection, KeepMessage, session.get());
  return session;
}

void Session::KeepMessage(void* session, const PGresult* result) {
  std::vector<std::string>& messages = static_cast<Session*>(session)->messages_;
  if (messages.size() == kMaxMessages) return;
  messages.push_back(Shortened(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
}

std::vector<std::string> Session::TakeMessages() { return std::exchange(messages_, {}); }

SqlError Session::Ended(SessionEnd end, std::string message) {
  if (end_ == SessionEnd::kNone) {
    end_ = end;
    how_it_ended_ = {"", std::move(message)};
  }
  return how_it_ended_;
}

bool Session::Wait(std::chrono::milliseconds longest) {
  using std::chrono::steady_clock;
  const int unsent = PQflush(connection_.get());
  const auto now = steady_clock::now();
  if (now >= limits_.deadline) {
    Ended(SessionEnd::kTimedOut, "the time for the rehearsal is used up");
  } else if (limits_.disk_full && now - disk_looked_at_ >= kLook) {
    disk_looked_at_ = now;
    if (limits_.disk_full())
      Ended(SessionEnd::kDiskFull, "the scratch server's files grew too large");
  }
  if (end_ != SessionEnd::kNone) return false;
  pollfd socket{PQsocket(connection_.get()),
                static_cast<short>(POLLIN | (unsent > 0 ? POLLOUT : 0)), 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(limits_.deadline - now);
  const int ready = poll(&socket, 1, static_cast<int>(std::min(longest, left).count()));
  if (unsent < 0 || (ready < 0 && errno != EINTR) || PQconsumeInput(connection_.get()) == 0) {
    Ended(SessionEnd::kLost, Shortened(PQerrorMessage(connection_.get())));
    return false;
  }
  return true;
}

Session::Result Session::Next(const std::function<void()>* meanwhile) {
  PQflush(connection_.get());
  while (PQisBusy(connection_.get()) != 0) {
    if (meanwhile != nullptr) (*meanwhile)();
    if (!Wait(meanwhile != nullptr ? std::chrono::milliseconds(0) : kLook)) return nullptr;
  }
  return Result(PQgetResult(connection_.get()));
}

SqlError Session::ErrorOf(const PGresult* result) {
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  // Errors without a code are libpq's own: the connection broke.
  if (sqlstate == nullptr || severity == nullptr) {
    return Ended(SessionEnd::kLost, Shortened(PQresultErrorMessage(result)));
  }
  SqlError error{sqlstate, Shortened(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY))};
  if (const char* position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION)) {
    const std::string_view digits = position;
    std::from_chars(digits.data(), digits.data() + digits.size(), error.position);
  }
  const std::string_view how = severity;
  if (how == "FATAL" || how == "PANIC") Ended(SessionEnd::kLost, error.message);
  return error;
}

void Session::FeedCopy(std::string_view data) {
  constexpr size_t kChunk = 65536;
  while (!data.empty()) {
    const size_t size = std::min(kChunk, data.size());
    const int sent = PQputCopyData(connection_.get(), data.data(), static_cast<int>(size));
    if (sent < 0) break;  // The server's error comes with the next result.
    if (sent > 0) data.remove_prefix(size);
    if (sent == 0 && !Wait(kLook)) return;
  }
  while (PQputCopyEnd(connection_.get(), nullptr) == 0) {
    if (!Wait(kLook)) return;
  }
}

// The bytes that it takes.
size_t Session::AddRow(const PGresult* result, int row, SqlResult& answer) {
  size_t bytes = 0;
  std::vector<std::string>& added = answer.rows.emplace_back();
  for (int column = 0; column < PQnfields(result); ++column) {
    added.emplace_back(PQgetvalue(result, row, column),
                       static_cast<size_t>(PQgetlength(result, row, column)));
    bytes += added.back().size() + sizeof(std::string);
  }
  return bytes;
}

SqlResult Session::Send(const std::string& sql, size_t row_bytes, std::string_view copy_data,
                        const std::function<void()>* meanwhile) {
  SqlResult answer;
  if (end_ == SessionEnd::kNone && PQsendQuery(connection_.get(), sql.c_str()) == 0) {
    Ended(SessionEnd::kLost, Shortened(PQerrorMessage(connection_.get())));
  }
  size_t bytes = 0;
  // One row at a time: those that we do not keep take no memory.
  PQsetSingleRowMode(connection_.get());
  while (end_ == SessionEnd::kNone) {
    const Result result = Next(meanwhile);
    if (result == nullptr) break;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_SINGLE_TUPLE && row_bytes > 0 && bytes <= row_bytes) {
      bytes += AddRow(result.get(), 0, answer);
    } else if (status == PGRES_FATAL_ERROR) {
      answer.error = ErrorOf(result.get());
    } else if (status == PGRES_COPY_IN) {
      FeedCopy(copy_data);
    } else if (status == PGRES_COPY_OUT) {
      PassOverCopy();
    }
  }
  if (row_bytes > 0 && bytes > row_bytes) answer = {SqlError{"", "the answer is too large"}, {}};
  if (end_ != SessionEnd::kNone && !answer.error) answer.error = how_it_ended_;
  return answer;
}

void Session::PassOverCopy() {
  char* line = nullptr;
  for (;;) {
    const int size = PQgetCopyData(connection_.get(), &line, /*async=*/1);
    if (size < 0) return;
    if (size > 0) PQfreemem(line);
    if (size == 0 && !Wait(kLook)) return;
  }
}

SqlResult Session::Query(const std::string& sql) { return Send(sql, kMaxRowBytes, {}, nullptr); }

SqlResult Session::Run(const std::string& sql, std::string_view copy_data) {
  return Send(sql, 0, copy_data, nullptr);
}

SqlResult Session::RunWatched(const std::string& sql, const std::function<void()>& meanwhile) {
  return Send(sql, 0, {}, &meanwhile);
}

template <typename OnResult>
void Session::CollectPipeline(size_t commands, const OnResult& on_result) {
  for (size_t command = 0; command < commands;) {
    const Result result = Next(nullptr);
    if (end_ != SessionEnd::kNone) return;
    if (result == nullptr) continue;  // Between the results of two commands.
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) {
      ++command;
    } else {
      on_result(command, result.get());
      if (end_ != SessionEnd::kNone) return;
    }
  }
}

std::vector<Described> Session::PrepareAll(std::span<const std::string> statements,
                                           std::string_view prefix) {
  std::vector<Described> described(statements.size());
  PGconn* const raw = connection_.get();
  for (size_t begin = 0; begin < statements.size() && end_ == SessionEnd::kNone;
       begin += kInFlight) {
    const size_t count = std::min(kInFlight, statements.size() - begin);
    PQenterPipelineMode(raw);
    for (size_t i = begin; i < begin + count; ++i) {
      const std::string name = absl::StrCat(std::string(prefix), i);
      PQsendPrepare(raw, name.c_str(), statements[i].c_str(), 0, nullptr);
      PQsendDescribePrepared(raw, name.c_str());
      PQpipelineSync(raw);
    }
    CollectPipeline(count, [&](size_t command, const PGresult* result) {
      Described& one = described[begin + command];
      if (PQresultStatus(result) == PGRES_FATAL_ERROR) one.error = ErrorOf(result);
      if (PQresultStatus(result) != PGRES_COMMAND_OK || !one.ok()) return;
      // The first of two is Prepare's, which is empty.
      for (int i = 0; i < PQnparams(result); ++i) one.parameters.push_back(PQparamtype(result, i));
      for (int i = 0; i < PQnfields(result); ++i) {
        one.columns.push_back({PQfname(result, i), PQftype(result, i), PQfmod(result, i)});
      }
    });
    if (end_ == SessionEnd::kNone) PQexitPipelineMode(raw);
  }
  if (end_ != SessionEnd::kNone) {
    for (Described& one : described) one.error = how_it_ended_;
  }
  return described;
}

template <typename OnResult>
void Session::RunPipeline(std::span<const std::string> statements, const OnResult& on_result) {
  PGconn* const raw = connection_.get();
  for (size_t begin = 0; begin < statements.size() && end_ == SessionEnd::kNone;
       begin += kInFlight) {
    const size_t count = std::min(kInFlight, statements.size() - begin);
    PQenterPipelineMode(raw);
    for (size_t i = begin; i < begin + count; ++i) {
      PQsendQueryParams(raw, statements[i].c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);
      PQpipelineSync(raw);
    }
    CollectPipeline(
        count, [&](size_t command, const PGresult* result) { on_result(begin + command, result); });
    if (end_ == SessionEnd::kNone) PQexitPipelineMode(raw);
  }
}

std::vector<std::optional<SqlError>> Session::RunAll(std::span<const std::string> statements) {
  std::vector<std::optional<SqlError>> errors(statements.size());
  RunPipeline(statements, [&](size_t command, const PGresult* result) {
    if (PQresultStatus(result) == PGRES_FATAL_ERROR) errors[command] = ErrorOf(result);
  });
  if (end_ != SessionEnd::kNone) {
    for (auto& error : errors) error = how_it_ended_;
  }
  return errors;
}

std::vector<SqlResult> Session::QueryAll(std::span<const std::string> statements) {
  std::vector<SqlResult> results(statements.size());
  size_t bytes = 0;
  RunPipeline(statements, [&](size_t command, const PGresult* result) {
    SqlResult& answer = results[command];
    if (PQresultStatus(result) == PGRES_FATAL_ERROR) answer.error = ErrorOf(result);
    // The first of a pipeline comes row by row where the command before it did.
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_SINGLE_TUPLE) return;
    for (int row = 0; row < PQntuples(result) && bytes <= kMaxRowBytes; ++row) {
      bytes += AddRow(result, row, answer);
    }
    if (bytes > kMaxRowBytes) answer = {SqlError{"", "the answer is too large"}, {}};
  });
  if (end_ != SessionEnd::kNone) {
    for (SqlResult& answer : results) answer = {how_it_ended_, {}};
  }
  return results;
}

}  // namespace gate
