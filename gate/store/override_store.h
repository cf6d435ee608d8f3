// Where overrides are kept: durable before the reply, shared by replicas where the implementation
// is PostgreSQL. A part of Store, with its errors. What consumes them is Store::Append.
//
// Nobody writes that one has expired: who reads says what time it is, and gets the state of then.
#ifndef GATE_STORE_OVERRIDE_STORE_H_
#define GATE_STORE_OVERRIDE_STORE_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/v1/audit.pb.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/override.pb.h"

namespace gate {

// One that is asked for.
struct NewOverride {
  std::string request_id;
  std::string request_digest;  // Sha256Hex of the request without its request_id
  v1::Override override;       // PENDING, or APPROVED for break-glass
  v1::AuditEntry audit;
  absl::Time now;
};

// What one is to be, and why.
struct OverrideWrite {
  v1::Override override;
  v1::AuditEntry audit;
};
// Decides, under a lock of the override, over it as it stands. May run more than once. Where it is
// not OK nothing has happened.
using DecideOverride = std::function<absl::StatusOr<OverrideWrite>(const v1::Override& current)>;

// Who changes which.
struct OverrideChange {
  std::string id;  // what follows "overrides/" in the name
  std::string request_id;
  std::string request_digest;
  absl::Time now;
};

// Which overrides to list. Empty or unset fields match all.
struct OverrideFilter {
  std::string service;
  std::string environment;
  v1::OverrideState state = v1::OVERRIDE_STATE_UNSPECIFIED;
  bool awaiting_review = false;  // only those of break-glass that nobody has looked at
};

// Thread-safe. All overrides come with their etag, which is another one after each write.
class OverrideStore {
 public:
  virtual ~OverrideStore() = default;

  // Keeps a new one; it is on disk when this returns. The same request_id with the same request
  // gets the override that it made, as it stands now; with another one ALREADY_EXISTS
  // (REQUEST_ID_REUSED). After UNAVAILABLE it may be there or not: asked again, it is there once.
  virtual absl::StatusOr<v1::Override> Create(const NewOverride& made) = 0;

  // Writes what `decide` says; on disk when this returns. NOT_FOUND where there is none. Of a
  // request_id as in Create. What is consumed stays so, and only Append consumes.
  virtual absl::StatusOr<v1::Override> Change(const OverrideChange& change,
                                              const DecideOverride& decide) = 0;

  // By id, as it stands at `now`. NOT_FOUND where there is none.
  virtual absl::StatusOr<v1::Override> Get(std::string_view id, absl::Time now) = 0;

  // At most `limit` overrides as they stand at `now`, newest first, as ListVerdicts does.
  virtual absl::StatusOr<std::vector<v1::Override>> List(const OverrideFilter& filter,
                                                         std::string_view before, int limit,
                                                         absl::Time now) = 0;

  // Those that count for a change at `now`, by name: approved and not over, for its service,
  // environment and artefact (or head revision, where it has none); and those that its rollout has
  // consumed. RESOURCE_EXHAUSTED where there are more than 1,000.
  virtual absl::StatusOr<std::vector<v1::Override>> Live(const v1::OverridesQuery& query,
                                                         absl::Time now) = 0;
};

}  // namespace gate

#endif  // GATE_STORE_OVERRIDE_STORE_H_
