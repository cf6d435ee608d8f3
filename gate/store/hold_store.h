// Where declared freezes and incidents are kept: durable before the reply, shared by replicas where
// the implementation is PostgreSQL, and counted for each evaluation that begins after the reply. A
// part of Store, with its errors.
#ifndef GATE_STORE_HOLD_STORE_H_
#define GATE_STORE_HOLD_STORE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/v1/audit.pb.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/freeze.pb.h"
#include "gate/v1/incident.pb.h"

namespace gate {

// What every write begins with. The same id with the same request answers with what it wrote then,
// as it stands now; with another request it is ALREADY_EXISTS (REQUEST_ID_REUSED).
struct HoldWrite {
  std::string request_id;      // empty: none
  std::string request_digest;  // Sha256Hex of the request without its request_id
  absl::Time now;
  v1::AuditEntry audit;
};

struct FreezeCreation {
  HoldWrite write;
  v1::Freeze freeze;  // with name, start_time and create_time
};

struct FreezeLift {
  HoldWrite write;
  std::string id;
  std::string lifted_by;
  std::string reason;
};

// What somebody says of an incident, as of `write.now`: when it was true, not when it arrived.
struct IncidentReport {
  HoldWrite write;
  // With name, which counts where the incident is new. Of one that is known, empty fields and
  // SEVERITY_UNSPECIFIED change nothing.
  v1::Incident incident;
};

struct IncidentResolution {
  HoldWrite write;
  std::string id;
  std::string resolver;
};

struct IncidentFilter {
  std::string service;      // empty: any
  std::string environment;  // empty: any
  bool open = false;        // only those that are
};

// Thread-safe.
class HoldStore {
 public:
  virtual ~HoldStore() = default;

  // Each write is on disk when it returns. After UNAVAILABLE it may be there or not: with its
  // request_id it is done once.
  virtual absl::StatusOr<v1::Freeze> CreateFreeze(const FreezeCreation& creation) = 0;
  // NOT_FOUND where there is none. One that was lifted stays as it is.
  virtual absl::StatusOr<v1::Freeze> LiftFreeze(const FreezeLift& lift) = 0;
  virtual absl::StatusOr<v1::Freeze> GetFreeze(std::string_view id) = 0;
  // Those that were, or will be, in force in [start, end), by start and then by name; until when is
  // told by end_time and lift_time.
  virtual absl::StatusOr<std::vector<v1::Freeze>> ListFreezes(absl::Time start, absl::Time end) = 0;

  // Known by source and external_id. A report that is older than what is known changes nothing, and
  // neither does one that is as old, but to say that the incident is over: what comes late opens
  // nothing again.
  virtual absl::StatusOr<v1::Incident> ReportIncident(const IncidentReport& report) = 0;
  // NOT_FOUND where there is none. One that is over stays as it is.
  virtual absl::StatusOr<v1::Incident> ResolveIncident(const IncidentResolution& resolution) = 0;
  virtual absl::StatusOr<v1::Incident> GetIncident(std::string_view id) = 0;
  // At most `limit`, those first that were first reported last. `before` is the id of the last one
  // of the page before; INVALID_ARGUMENT where there is none.
  virtual absl::StatusOr<std::vector<v1::Incident>> ListIncidents(const IncidentFilter& filter,
                                                                  std::string_view before,
                                                                  int limit) = 0;

  // What may hold a change at `now`, of all services, each by name: freezes that are not over, open
  // incidents and, where they are asked for, moving rollouts.
  virtual absl::StatusOr<v1::Holds> ReadHolds(absl::Time now, bool moving) = 0;
  // Whether ReadHolds waits for this machine's disk alone.
  virtual bool IsAtHand() const = 0;
};

}  // namespace gate

#endif  // GATE_STORE_HOLD_STORE_H_
