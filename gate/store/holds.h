// How both stores keep freezes and incidents: the rules, over the few things that a database has to
// do for them.
#ifndef GATE_STORE_HOLDS_H_
#define GATE_STORE_HOLDS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/hold_store.h"
#include "gate/store/listing.h"

namespace gate {

// Times are microseconds since 1970.
struct FreezeRow {
  std::string id;
  int64_t start_time = 0;
  int64_t over_time = 0;
  bool lifted = false;
  std::string freeze;
};

struct IncidentRow {
  std::string id;
  std::string source;
  std::string external_id;
  int64_t create_time = 0;
  bool open = true;
  std::string incident;
};

struct HoldRequestRow {
  std::string request_digest;
  std::string resource;
};

// The tables, within a transaction that whoever calls the functions below begins and ends. What is
// found is locked until its end.
class HoldTables {
 public:
  virtual ~HoldTables() = default;

  virtual absl::StatusOr<std::optional<HoldRequestRow>> FindRequest(
      std::string_view request_id) = 0;
  // Whether the request is new.
  virtual absl::StatusOr<bool> AddRequest(std::string_view request_id, const HoldRequestRow& row,
                                          int64_t create_time) = 0;
  virtual absl::Status AddFreeze(const FreezeRow& row) = 0;
  virtual absl::Status ReplaceFreeze(const FreezeRow& row) = 0;
  virtual absl::StatusOr<std::optional<std::string>> FindFreeze(std::string_view id) = 0;
  // Whether there was none of that source and external_id.
  // In the transaction of what it records.
  virtual absl::Status AddAudit(const v1::AuditEntry& entry) = 0;
  virtual absl::StatusOr<bool> AddIncident(const IncidentRow& row) = 0;
  // Its create_time stays.
  virtual absl::Status ReplaceIncident(const IncidentRow& row) = 0;
  virtual absl::StatusOr<std::optional<std::string>> FindIncident(std::string_view id) = 0;
  virtual absl::StatusOr<std::optional<std::string>> FindIncident(std::string_view source,
                                                                  std::string_view external_id) = 0;
};

// As the methods of HoldStore. Where they are not OK the transaction has to be rolled back; they
// may run again from the start.
absl::StatusOr<v1::Freeze> CreateIn(const FreezeCreation& creation, HoldTables& tables);
absl::StatusOr<v1::Freeze> LiftIn(const FreezeLift& lift, HoldTables& tables);
absl::StatusOr<v1::Incident> ReportIn(const IncidentReport& report, HoldTables& tables);
absl::StatusOr<v1::Incident> ResolveIn(const IncidentResolution& resolution, HoldTables& tables);

// What a report makes of what is known.
v1::Incident Merged(v1::Incident known, const v1::Incident& report, absl::Time now);

// DATA_LOSS where the bytes are none.
absl::StatusOr<v1::Freeze> DecodeFreeze(std::string_view bytes);
absl::StatusOr<v1::Incident> DecodeIncident(std::string_view bytes);

// Those of [start, end), sorted; there may be others among them.
std::vector<v1::Freeze> InSpan(std::vector<v1::Freeze> freezes, absl::Time start, absl::Time end);

// Reads page after page of all incidents until there are `limit` that the filter picks.
struct ListedIncident {
  ListPosition position;
  std::string incident;
};
absl::StatusOr<std::vector<v1::Incident>> PickIncidents(
    const IncidentFilter& filter, std::optional<ListPosition> before, int limit,
    const std::function<absl::StatusOr<std::vector<ListedIncident>>(const ListPosition& before,
                                                                    int limit)>& page);

// Takes in a row of ReadHolds: kind 1 is a freeze, 2 an incident, 3 a rollout that is moving.
struct HoldRow {
  int64_t kind = 0;
  std::string_view bytes;
  std::string_view id, service, environment;
};
absl::Status AddHold(const HoldRow& row, v1::Holds& holds);
void SortHolds(v1::Holds& holds);

// For a `before` that is no stored incident.
absl::Status UnknownIncidentPosition(std::string_view id);
absl::Status NoSuchFreeze(std::string_view id);
absl::Status NoSuchIncident(std::string_view id);

}  // namespace gate

#endif  // GATE_STORE_HOLDS_H_
