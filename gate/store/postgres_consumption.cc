#include "gate/store/postgres_consumption.h"

#include <algorithm>
#include <set>
#include <utility>

#include "gate/store/overrides.h"

namespace gate {
namespace {

static_assert(v1::OVERRIDE_STATE_CONSUMED == 3);

constexpr char kLock[] =
    "SELECT id, state::bigint, expire_time, consumed_by FROM gate.overrides"
    " WHERE id = ANY ($1) ORDER BY id FOR UPDATE";

}  // namespace

bool ConsumesOverrides(std::span<PendingAppend* const> group) {
  return std::ranges::any_of(
      group, [](const PendingAppend* pending) { return !pending->record.consumes.empty(); });
}

absl::StatusOr<GoneOverrides> LockOverrides(PostgresConnection& connection,
                                            std::span<PendingAppend* const> group,
                                            PostgresConnection::Deadline deadline) {
  std::set<std::string> wanted;
  for (const PendingAppend* pending : group) {
    wanted.insert(pending->record.consumes.begin(), pending->record.consumes.end());
  }
  PostgresArray ids = PostgresArray::Texts(wanted.size());
  for (const std::string& id : wanted) ids.Add(id);
  const auto rows = connection.Query(kLock, {std::move(ids).Take()}, deadline);
  if (!rows.ok()) return rows.status();
  absl::flat_hash_map<std::string, ConsumableRow> locked;
  for (int row = 0; row < rows->size(); ++row) {
    locked[std::string(rows->Bytes(row, 0))] = {static_cast<int>(rows->Number(row, 1)),
                                                rows->Timestamp(row, 2),
                                                std::string(rows->Bytes(row, 3))};
  }
  GoneOverrides gone;
  for (const PendingAppend* pending : group) {
    const EncodedRecord& record = pending->record;
    for (const std::string& id : record.consumes) {
      const auto found = locked.find(id);
      if (found != locked.end() && MayConsume(found->second, record)) continue;
      gone.emplace(pending, id);
      break;
    }
    if (gone.contains(pending)) continue;
    for (const std::string& id : record.consumes) locked[id].consumed_by = record.consumer;
  }
  return gone;
}

std::vector<PostgresParameter> ConsumptionArrays(std::span<PendingAppend* const> group) {
  size_t size = 0;
  for (const PendingAppend* pending : group) size += pending->record.consumes.size();
  if (size == 0) return {};
  PostgresArray ids = PostgresArray::Texts(size);
  PostgresArray consumers = PostgresArray::Texts(size);
  PostgresArray verdicts = PostgresArray::Texts(size);
  PostgresArray times = PostgresArray::Timestamps(size);
  for (const PendingAppend* pending : group) {
    for (const std::string& id : pending->record.consumes) {
      ids.Add(id);
      consumers.Add(pending->record.consumer);
      verdicts.Add(pending->record.id);
      times.AddTimestamp(pending->record.create_time);
    }
  }
  std::vector<PostgresParameter> arrays;
  for (PostgresArray* array : {&ids, &consumers, &verdicts, &times}) {
    arrays.push_back(std::move(*array).Take());
  }
  return arrays;
}

}  // namespace gate
