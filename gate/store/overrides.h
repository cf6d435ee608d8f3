// How both stores keep overrides: the rules, over the few things that a database has to do for
// them.
#ifndef GATE_STORE_OVERRIDES_H_
#define GATE_STORE_OVERRIDES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/store/override_store.h"
#include "gate/store/record.h"

namespace gate {

// An override in the form in which both stores write it.
struct EncodedOverride {
  std::string id;
  int64_t create_time = 0;  // microseconds since 1970; as is expire_time
  std::string service;
  std::string environment;
  std::string subject;
  int state = 0;
  int64_t expire_time = 0;
  bool awaiting_review = false;
  int64_t version = 0;  // after the write
  std::string override;
};

// A row, as it is read.
struct OverrideRow {
  int state = 0;
  int64_t expire_time = 0;
  std::string consumed_by;
  int64_t consume_time = 0;
  int64_t version = 0;
  std::string override;
};

// A call that wrote one, as it is on record.
struct OverrideRequestRow {
  std::string request_digest;
  std::string override;
};

// The tables, within a transaction that whoever calls the functions below begins and ends.
class OverrideTables {
 public:
  virtual ~OverrideTables() = default;

  virtual absl::StatusOr<std::optional<OverrideRequestRow>> FindRequest(
      std::string_view request_id) = 0;
  // Whether it is new.
  virtual absl::StatusOr<bool> AddRequest(std::string_view request_id,
                                          const OverrideRequestRow& row, int64_t create_time) = 0;
  // Nobody else writes the row until the transaction ends.
  virtual absl::StatusOr<std::optional<OverrideRow>> Lock(std::string_view id) = 0;
  virtual absl::Status Add(const EncodedOverride& override) = 0;
  // Of a row that is locked.
  virtual absl::Status Replace(const EncodedOverride& override) = 0;
  // In the transaction of what it records.
  virtual absl::Status AddAudit(const v1::AuditEntry& entry) = 0;
};

// As OverrideStore::Create and OverrideStore::Change. Where they are not OK the transaction has to
// be rolled back; they may run again from the start where nobody knows what became of it, and where
// they are ABORTED, which is also what `decide` may say: somebody else used the request_id
// meanwhile.
absl::StatusOr<v1::Override> CreateOverrideIn(const NewOverride& made, OverrideTables& tables);
absl::StatusOr<v1::Override> ChangeOverrideIn(const OverrideChange& change,
                                              const DecideOverride& decide, OverrideTables& tables);

// INVALID_ARGUMENT for what an index cannot hold.
absl::StatusOr<EncodedOverride> EncodeOverride(const v1::Override& override, int64_t version);

// As it stands at `now`. DATA_LOSS where the bytes are none.
absl::StatusOr<v1::Override> DecodeOverride(const OverrideRow& row, absl::Time now);

// What an override of such a change is kept under.
std::string OverrideSubject(std::string_view artifact_digest, std::string_view head_revision);

absl::Status NoSuchOverride(std::string_view id);

// What has to be known of an override before a verdict consumes it.
struct ConsumableRow {
  int state = 0;
  int64_t expire_time = 0;
  std::string consumed_by;
};
// Whether the record's verdict may have it. Its own consumption, repeated, is one.
bool MayConsume(const ConsumableRow& row, const EncodedRecord& record);

// For an append that named an override which no longer counts.
absl::Status OverrideGone(std::string_view id);

// A statement that reads, and its parameters in order.
struct OverrideSql {
  struct Moment {
    int64_t unix_micros;
  };
  using Value = std::variant<std::string, int64_t, Moment>;
  std::string sql;
  std::vector<Value> values;
};

// The columns of an OverrideRow, in its order, all numbers as bigint.
inline constexpr std::string_view kOverrideColumns =
    "CAST(state AS bigint), expire_time, consumed_by, consume_time, version, override";

// Where a listing begins: behind this one.
struct OverridePosition {
  int64_t create_time = 0;
  std::string id;
};
OverrideSql ListOverridesSql(std::string_view table, const OverrideFilter& filter,
                             const std::optional<OverridePosition>& before, int limit,
                             absl::Time now);
absl::Status UnknownOverridePosition(std::string_view id);

OverrideSql LiveOverridesSql(std::string_view table, const v1::OverridesQuery& query,
                             absl::Time now);
// Of what LiveOverridesSql reads.
absl::StatusOr<std::vector<v1::Override>> DecodeLive(const std::vector<OverrideRow>& rows,
                                                     absl::Time now);
absl::StatusOr<std::vector<v1::Override>> DecodeOverrides(const std::vector<OverrideRow>& rows,
                                                          absl::Time now);

}  // namespace gate

#endif  // GATE_STORE_OVERRIDES_H_
