#include "gate/store/rollouts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/name_patterns.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr std::string_view kPrefix = "rollouts/";
constexpr std::string_view kCapFull = "CAP_FULL";
// Keys of indexes, and PostgreSQL's hold at most 2,704 bytes an entry.
constexpr size_t kMaxNameBytes = 1024;
constexpr size_t kMaxIdBytes = 128;
// A moment that both engines can write.
const absl::Time kNever = absl::FromUnixSeconds(253'402'300'799);

absl::Status RequestIdReused(std::string_view request_id) {
  return WithReason(
      absl::AlreadyExistsError(absl::StrCat("request_id ", std::string(request_id),
                                            " was used for another request; use a new request_id")),
      "REQUEST_ID_REUSED");
}

// Whether it has a place under the caps that are for it.
bool IsMoving(const v1::Rollout& rollout) {
  if (rollout.taken().empty() || rollout.has_end_time()) return false;
  const bool paused = rollout.state() == v1::ROLLOUT_STATE_PAUSED;
  return (paused ? rollout.paused_from() : rollout.state()) == v1::ROLLOUT_STATE_PROGRESSING;
}

absl::Status CapFull(const v1::ConcurrencyCap& cap, const std::vector<std::string>& holders) {
  return WithReason(absl::AbortedError(absl::StrCat(
                        "the cap ", cap.name(), " is full: ", absl::StrJoin(holders, ", "),
                        holders.size() == 1 ? " has its place" : " have its places")),
                    kCapFull);
}

// OK where there is a place under each cap; nobody else takes it until the transaction ends.
absl::Status TakePlaces(const EncodedRollout& move, RolloutTables& tables) {
  for (const v1::ConcurrencyCap& cap : move.caps) {
    if (absl::Status status = tables.LockCap(cap.name()); !status.ok()) return status;
  }
  if (move.caps.empty()) return absl::OkStatus();
  const auto moving = tables.FindMoving();
  if (!moving.ok()) return moving.status();
  for (const v1::ConcurrencyCap& cap : move.caps) {
    std::vector<std::string> holders;
    for (const MovingRow& row : *moving) {
      if (row.id == move.id || !Concerns(cap, row.service, row.environment)) continue;
      holders.push_back(absl::StrCat(std::string(kPrefix), row.id));
    }
    if (static_cast<int>(holders.size()) >= cap.at_most()) return CapFull(cap, holders);
  }
  return absl::OkStatus();
}

// Whether the row had the version before.
absl::StatusOr<bool> Write(const EncodedRollout& rollout, RolloutTables& tables) {
  if (rollout.version == 1) {
    if (absl::Status status = tables.Add(rollout); !status.ok()) return status;
  } else {
    const auto replaced = tables.Replace(rollout);
    if (!replaced.ok() || !*replaced) return replaced;
  }
  absl::Status status = tables.AddEvents(rollout);
  if (status.ok() && rollout.audit) status = tables.AddAudit(*rollout.audit);
  if (!status.ok()) return status;
  return true;
}

// Of a row that the transaction has locked.
absl::Status WriteLocked(const RolloutMove& move, const std::string& write_id,
                         RolloutTables& tables) {
  const auto encoded = EncodeRollout(move, write_id);
  if (!encoded.ok()) return encoded.status();
  const auto written = Write(*encoded, tables);
  if (!written.ok()) return written.status();
  return *written ? absl::OkStatus() : HasMoved(encoded->id);
}

absl::StatusOr<v1::Rollout> Repeated(const RolloutStart& start, const RolloutRequestRow& row,
                                     RolloutTables& tables) {
  if (row.request_digest != start.request_digest) return RequestIdReused(start.request_id);
  const auto found = tables.Find(row.rollout);
  if (!found.ok()) return found.status();
  if (!*found) return NoSuchRollout(row.rollout);
  auto rollout = DecodeRollout((*found)->rollout);
  if (rollout.ok()) rollout->set_fencing_token(row.token);
  return rollout;
}

}  // namespace

absl::StatusOr<v1::Rollout> StartIn(const RolloutStart& start, const DecideStart& decide,
                                    const EncodedBlob& change, RolloutTables& tables) {
  // The lock comes first: who repeats a call that is still under way waits for its end.
  const auto token = tables.NextToken(start.service, start.environment);
  if (!token.ok()) return token.status();
  const auto request = tables.FindRequest(start.request_id);
  if (!request.ok()) return request.status();
  if (*request) return Repeated(start, **request, tables);

  const auto row = tables.FindActive(start.service, start.environment);
  if (!row.ok()) return row.status();
  std::optional<StoredRollout> active;
  if (*row) {
    auto stored = DecodeRow(**row);
    if (!stored.ok()) return stored.status();
    active = *std::move(stored);
  }
  const auto decision = decide(active, *token);
  if (!decision.ok()) return decision.status();
  absl::Status status = tables.AddBlob(change);
  if (status.ok() && decision->superseded) {
    status = WriteLocked(*decision->superseded, start.request_id, tables);
  }
  if (status.ok()) status = WriteLocked(decision->taken, start.request_id, tables);
  const v1::Rollout& taken = decision->taken.rollout;
  if (status.ok()) {
    status = tables.AddRequest(start.request_id,
                               {start.request_digest, taken.name().substr(kPrefix.size()), *token},
                               Micros(start.now));
  }
  if (!status.ok()) return status;
  return taken;
}

absl::StatusOr<bool> MoveIn(const EncodedRollout& move, RolloutTables& tables) {
  if (absl::Status status = TakePlaces(move, tables); !status.ok()) return status;
  const auto written = Write(move, tables);
  if (!written.ok() || *written) return written;
  // It may be this very write, whose answer was lost.
  const auto row = tables.Find(move.id);
  if (!row.ok()) return row.status();
  if (!*row) return NoSuchRollout(move.id);
  return (*row)->version == move.version && (*row)->write_id == move.write_id;
}

absl::Status HasMoved(std::string_view id) {
  return absl::AbortedError(
      absl::StrCat(std::string(kPrefix), std::string(id), " has moved on meanwhile; try again"));
}

bool IsCapFull(const absl::Status& status) {
  return absl::IsAborted(status) && status.GetPayload(kErrorInfoUrl).has_value();
}

absl::StatusOr<EncodedRollout> EncodeRollout(const RolloutMove& move, std::string write_id) {
  const v1::Rollout& rollout = move.rollout;
  const std::string_view name = rollout.name();
  if (!name.starts_with(kPrefix)) return absl::InvalidArgumentError("a rollout without a name");
  EncodedRollout encoded;
  encoded.id = std::string(name.substr(kPrefix.size()));
  encoded.create_time = Micros(FromProto(rollout.create_time()));
  encoded.service = rollout.change().service();
  encoded.environment = rollout.change().environment();
  encoded.active = !rollout.has_end_time();
  encoded.moving = IsMoving(rollout);
  // In one order, so that nobody waits for somebody who waits for them.
  encoded.caps = move.caps;
  std::ranges::sort(encoded.caps, {}, [](const auto& cap) { return std::string_view(cap.name()); });
  encoded.version = move.version + 1;
  encoded.write_id = std::move(write_id);
  encoded.due_time = Micros(std::clamp(move.due, absl::UnixEpoch(), kNever));
  encoded.change = move.change_digest;
  encoded.rollout = DeterministicBytes(rollout);
  for (const v1::WatchRolloutResponse& event : move.events) {
    encoded.events.push_back({event.sequence(), DeterministicBytes(event)});
  }
  if (!move.audit.action().empty()) encoded.audit = EncodeAudit(move.audit);
  absl::Status status = CheckStoredText("rollout", encoded.id, kMaxIdBytes);
  if (status.ok()) status = CheckStoredText("service", encoded.service, kMaxNameBytes);
  if (status.ok()) status = CheckStoredText("environment", encoded.environment, kMaxNameBytes);
  if (!status.ok()) return status;
  return encoded;
}

absl::StatusOr<v1::Rollout> DecodeRollout(std::string_view bytes) {
  v1::Rollout rollout;
  if (!rollout.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("a stored rollout cannot be read: its bytes are damaged");
  }
  return rollout;
}

absl::StatusOr<StoredRollout> DecodeRow(const RolloutRow& row) {
  auto rollout = DecodeRollout(row.rollout);
  if (!rollout.ok()) return rollout.status();
  return StoredRollout{*std::move(rollout), row.version, row.change};
}

absl::StatusOr<v1::WatchRolloutResponse> DecodeRolloutEvent(std::string_view bytes) {
  v1::WatchRolloutResponse event;
  if (!event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("a stored event of a rollout cannot be read: its bytes are damaged");
  }
  return event;
}

std::string_view IdOf(const RolloutDue& rollout) {
  return std::string_view(rollout.name).substr(rollout.name.find('/') + 1);
}

std::string NewWriteId() { return NewId(absl::Now()); }

absl::Status NoSuchRollout(std::string_view id) {
  return absl::NotFoundError(absl::StrCat("there is no rollout ", std::string(id)));
}

}  // namespace gate
