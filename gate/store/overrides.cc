#include "gate/store/overrides.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr std::string_view kPrefix = "overrides/";
// Keys of indexes, and PostgreSQL's hold at most 2,704 bytes an entry.
constexpr size_t kMaxNameBytes = 512;
constexpr size_t kMaxIdBytes = 128;
constexpr size_t kMaxLive = 1000;
// Behind the last moment of a protobuf timestamp.
constexpr int64_t kLatest = 253402300800ll * 1000000;

absl::Status RequestIdReused(std::string_view request_id) {
  return WithReason(
      absl::AlreadyExistsError(absl::StrCat("request_id ", std::string(request_id),
                                            " was used for another request; use a new request_id")),
      "REQUEST_ID_REUSED");
}

absl::Status UsedMeanwhile(std::string_view request_id) {
  return absl::AbortedError(
      absl::StrCat("request_id ", std::string(request_id), " is in use by another call"));
}

absl::StatusOr<v1::Override> Repeated(const OverrideRequestRow& row, std::string_view request_id,
                                      std::string_view request_digest, absl::Time now,
                                      OverrideTables& tables) {
  if (row.request_digest != request_digest) return RequestIdReused(request_id);
  const auto found = tables.Lock(row.override);
  if (!found.ok()) return found.status();
  if (!*found) return NoSuchOverride(row.override);
  return DecodeOverride(**found, now);
}

// As it is told to whoever wrote it: what a reader would be told.
absl::StatusOr<v1::Override> AsWritten(const EncodedOverride& encoded, OverrideRow before,
                                       absl::Time now) {
  before.state = encoded.state;
  before.expire_time = encoded.expire_time;
  before.version = encoded.version;
  before.override = encoded.override;
  return DecodeOverride(before, now);
}

// Builds a statement, numbering its parameters.
class Statement {
 public:
  explicit Statement(std::string text) { built_.sql = std::move(text); }
  Statement& Text(std::string_view text) {
    absl::StrAppend(&built_.sql, std::string(text));
    return *this;
  }
  Statement& With(std::string_view text, OverrideSql::Value value) {
    built_.values.push_back(std::move(value));
    absl::StrAppend(&built_.sql, std::string(text), "$", built_.values.size());
    return *this;
  }
  OverrideSql Take() && { return std::move(built_); }

 private:
  OverrideSql built_;
};

void AddState(v1::OverrideState state, OverrideSql::Moment now, Statement& statement) {
  switch (state) {
    case v1::OVERRIDE_STATE_UNSPECIFIED:
      return;
    case v1::OVERRIDE_STATE_PENDING:
    case v1::OVERRIDE_STATE_APPROVED:
      statement.With(" AND state = ", int64_t{state}).With(" AND expire_time > ", now);
      return;
    case v1::OVERRIDE_STATE_EXPIRED:
      statement.With(" AND state IN (", int64_t{v1::OVERRIDE_STATE_PENDING})
          .With(", ", int64_t{v1::OVERRIDE_STATE_APPROVED})
          .With(") AND expire_time <= ", now);
      return;
    default:
      statement.With(" AND state = ", int64_t{state});
  }
}

}  // namespace

absl::StatusOr<v1::Override> CreateOverrideIn(const NewOverride& made, OverrideTables& tables) {
  const auto request = tables.FindRequest(made.request_id);
  if (!request.ok()) return request.status();
  if (*request) {
    return Repeated(**request, made.request_id, made.request_digest, made.now, tables);
  }
  const auto encoded = EncodeOverride(made.override, /*version=*/1);
  if (!encoded.ok()) return encoded.status();
  const auto fresh =
      tables.AddRequest(made.request_id, {made.request_digest, encoded->id}, Micros(made.now));
  if (!fresh.ok()) return fresh.status();
  if (!*fresh) return UsedMeanwhile(made.request_id);
  absl::Status status = tables.Add(*encoded);
  if (status.ok()) status = tables.AddAudit(made.audit);
  if (!status.ok()) return status;
  return AsWritten(*encoded, {}, made.now);
}

absl::StatusOr<v1::Override> ChangeOverrideIn(const OverrideChange& change,
                                              const DecideOverride& decide,
                                              OverrideTables& tables) {
  // The lock comes first: who repeats a call that is still under way waits for its end.
  const auto row = tables.Lock(change.id);
  if (!row.ok()) return row.status();
  if (!*row) return NoSuchOverride(change.id);
  const auto request = tables.FindRequest(change.request_id);
  if (!request.ok()) return request.status();
  if (*request) {
    return Repeated(**request, change.request_id, change.request_digest, change.now, tables);
  }
  const auto current = DecodeOverride(**row, change.now);
  if (!current.ok()) return current.status();
  const auto decided = decide(*current);
  if (!decided.ok()) return decided.status();
  const auto encoded = EncodeOverride(decided->override, (*row)->version + 1);
  if (!encoded.ok()) return encoded.status();
  const auto fresh =
      tables.AddRequest(change.request_id, {change.request_digest, change.id}, Micros(change.now));
  if (!fresh.ok()) return fresh.status();
  if (!*fresh) return UsedMeanwhile(change.request_id);
  absl::Status status = tables.Replace(*encoded);
  if (status.ok()) status = tables.AddAudit(decided->audit);
  if (!status.ok()) return status;
  return AsWritten(*encoded, **row, change.now);
}

absl::StatusOr<EncodedOverride> EncodeOverride(const v1::Override& override, int64_t version) {
  const std::string_view name = override.name();
  if (!name.starts_with(kPrefix)) return absl::InvalidArgumentError("an override without a name");
  EncodedOverride encoded;
  encoded.id = std::string(name.substr(kPrefix.size()));
  encoded.create_time = Micros(FromProto(override.create_time()));
  encoded.service = override.service();
  encoded.environment = override.environment();
  encoded.subject = OverrideSubject(override.artifact_digest(), override.head_revision());
  encoded.state = override.state();
  encoded.expire_time = Micros(FromProto(override.expire_time()));
  encoded.awaiting_review = override.break_glass() && !override.has_review();
  encoded.version = version;
  v1::Override rest = override;
  rest.clear_state();
  rest.clear_consumed_by();
  rest.clear_consume_time();
  rest.clear_etag();
  encoded.override = DeterministicBytes(rest);
  absl::Status status = CheckStoredText("override", encoded.id, kMaxIdBytes);
  if (status.ok()) status = CheckStoredText("service", encoded.service, kMaxNameBytes);
  if (status.ok()) status = CheckStoredText("environment", encoded.environment, kMaxNameBytes);
  if (status.ok()) status = CheckStoredText("artefact", encoded.subject, kMaxNameBytes);
  if (!status.ok()) return status;
  return encoded;
}

absl::StatusOr<v1::Override> DecodeOverride(const OverrideRow& row, absl::Time now) {
  v1::Override override;
  if (!override.ParseFromString(row.override) || !v1::OverrideState_IsValid(row.state)) {
    return absl::DataLossError("a stored override cannot be read: its bytes are damaged");
  }
  override.set_state(static_cast<v1::OverrideState>(row.state));
  const bool open =
      row.state == v1::OVERRIDE_STATE_PENDING || row.state == v1::OVERRIDE_STATE_APPROVED;
  if (open && Micros(now) >= row.expire_time) override.set_state(v1::OVERRIDE_STATE_EXPIRED);
  if (!row.consumed_by.empty()) {
    override.set_consumed_by(row.consumed_by);
    *override.mutable_consume_time() = ToProto(absl::FromUnixMicros(row.consume_time));
  }
  override.set_etag(absl::StrCat(row.version));
  return override;
}

std::string OverrideSubject(std::string_view artifact_digest, std::string_view head_revision) {
  return artifact_digest.empty() ? absl::StrCat("revision:", std::string(head_revision))
                                 : std::string(artifact_digest);
}

absl::Status NoSuchOverride(std::string_view id) {
  return absl::NotFoundError(absl::StrCat("there is no override ", std::string(id)));
}

bool MayConsume(const ConsumableRow& row, const EncodedRecord& record) {
  if (!row.consumed_by.empty()) return row.consumed_by == record.consumer;
  return row.state == v1::OVERRIDE_STATE_APPROVED && row.expire_time > record.create_time;
}

absl::Status OverrideGone(std::string_view id) {
  return WithReason(
      absl::AbortedError(absl::StrCat(std::string(kPrefix), std::string(id),
                                      " does not count any more: it was used, taken back, or its "
                                      "time is over. Ask again")),
      "OVERRIDE_GONE");
}

OverrideSql ListOverridesSql(std::string_view table, const OverrideFilter& filter,
                             const std::optional<OverridePosition>& before, int limit,
                             absl::Time now) {
  const OverridePosition end = before.value_or(OverridePosition{kLatest, ""});
  Statement statement(
      absl::StrCat("SELECT ", std::string(kOverrideColumns), " FROM ", std::string(table)));
  statement.With(" WHERE (create_time, id) < (", OverrideSql::Moment{end.create_time})
      .With(", ", end.id)
      .Text(")");
  if (!filter.service.empty()) statement.With(" AND service = ", filter.service);
  if (!filter.environment.empty()) statement.With(" AND environment = ", filter.environment);
  if (filter.awaiting_review) statement.Text(" AND awaiting_review = 1");
  AddState(filter.state, {Micros(now)}, statement);
  statement.With(" ORDER BY create_time DESC, id DESC LIMIT ", int64_t{limit});
  return std::move(statement).Take();
}

absl::Status UnknownOverridePosition(std::string_view id) {
  return absl::InvalidArgumentError(
      absl::StrCat("there is no override ", std::string(id), " to list on from"));
}

OverrideSql LiveOverridesSql(std::string_view table, const v1::OverridesQuery& query,
                             absl::Time now) {
  Statement statement(
      absl::StrCat("SELECT ", std::string(kOverrideColumns), " FROM ", std::string(table)));
  statement.With(" WHERE service = ", query.service())
      .With(" AND environment = ", query.environment())
      .With(" AND subject = ", OverrideSubject(query.artifact_digest(), query.head_revision()))
      .With(" AND ((state = ", int64_t{v1::OVERRIDE_STATE_APPROVED})
      .With(" AND expire_time > ", OverrideSql::Moment{Micros(now)})
      .Text(")");
  if (!query.rollout().empty()) {
    statement.With(" OR (state = ", int64_t{v1::OVERRIDE_STATE_CONSUMED})
        .With(" AND consumed_by = ", query.rollout())
        .Text(")");
  }
  statement.With(") ORDER BY id LIMIT ", static_cast<int64_t>(kMaxLive + 1));
  return std::move(statement).Take();
}

absl::StatusOr<std::vector<v1::Override>> DecodeLive(const std::vector<OverrideRow>& rows,
                                                     absl::Time now) {
  if (rows.size() > kMaxLive) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", kMaxLive, " overrides are live for one artefact"));
  }
  return DecodeOverrides(rows, now);
}

absl::StatusOr<std::vector<v1::Override>> DecodeOverrides(const std::vector<OverrideRow>& rows,
                                                          absl::Time now) {
  std::vector<v1::Override> overrides;
  for (const OverrideRow& row : rows) {
    auto override = DecodeOverride(row, now);
    if (!override.ok()) return override.status();
    overrides.push_back(*std::move(override));
  }
  return overrides;
}

}  // namespace gate
