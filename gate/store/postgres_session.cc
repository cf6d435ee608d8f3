#include "gate/store/postgres_session.h"

#include <algorithm>

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstPause{20};
constexpr milliseconds kLongestPause{1000};

}  // namespace

absl::StatusOr<PostgresConnection*> PostgresSession::Connected() {
  if (connection_ != nullptr && connection_->Answers()) return connection_.get();
  connection_.reset();
  prepared_.clear();
  if (steady_clock::now() < next_attempt_) return failure_;
  auto opened = PostgresConnection::Open(url_, use_);
  failure_ = opened.status();
  if (opened.ok() && set_up_) failure_ = set_up_(**opened);
  if (!failure_.ok()) {
    pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
    next_attempt_ = steady_clock::now() + pause_;
    return failure_;
  }
  pause_ = milliseconds(0);
  connection_ = *std::move(opened);
  return connection_.get();
}

absl::StatusOr<PostgresRows> PostgresSession::Read(
    const char* sql, const std::vector<PostgresParameter>& parameters) {
  for (bool again : {true, false}) {
    const auto connection = Connected();
    if (!connection.ok()) return connection.status();
    auto rows = (*connection)->Query(sql, parameters, steady_clock::now() + kPostgresTimeout);
    if (rows.ok() || (*connection)->alive() || !again) return rows;
  }
  return failure_;
}

absl::StatusOr<PostgresRows> PostgresSession::ReadPrepared(
    const char* name, const char* sql, const std::vector<PostgresParameter>& parameters) {
  for (bool again : {true, false}) {
    const auto connection = Connected();
    if (!connection.ok()) return connection.status();
    const auto deadline = steady_clock::now() + kPostgresTimeout;
    absl::Status status;
    if (!prepared_.contains(name)) status = (*connection)->Prepare(name, sql, deadline);
    if (status.ok()) {
      prepared_.insert(name);
      auto answers = (*connection)->Pipeline({{name, /*prepared=*/true, parameters}}, deadline);
      if (answers.ok()) return std::move(answers->front());
      status = answers.status();
    }
    if ((*connection)->alive() || !again) return status;
  }
  return failure_;
}

milliseconds PostgresSession::UntilNextAttempt() const {
  return std::max(milliseconds(0),
                  std::chrono::ceil<milliseconds>(next_attempt_ - steady_clock::now()));
}

}  // namespace gate
