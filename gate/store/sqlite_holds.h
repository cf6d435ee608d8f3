// Freezes and incidents in SQLite: each write is a transaction of its own, beside those of
// verdicts.
#ifndef GATE_STORE_SQLITE_HOLDS_H_
#define GATE_STORE_SQLITE_HOLDS_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/connection_pool.h"
#include "gate/store/hold_store.h"
#include "gate/store/sqlite_database.h"
#include "gate/store/sqlite_reports.h"

namespace gate {

class SqliteHolds final : public HoldStore {
 public:
  // Both outlive it.
  SqliteHolds(ConnectionPool<SqliteDatabase>& readers, SqliteReports& writer)
      : readers_(readers), writer_(writer) {}

  absl::StatusOr<v1::Freeze> CreateFreeze(const FreezeCreation& creation) override;
  absl::StatusOr<v1::Freeze> LiftFreeze(const FreezeLift& lift) override;
  absl::StatusOr<v1::Freeze> GetFreeze(std::string_view id) override;
  absl::StatusOr<std::vector<v1::Freeze>> ListFreezes(absl::Time start, absl::Time end) override;
  absl::StatusOr<v1::Incident> ReportIncident(const IncidentReport& report) override;
  absl::StatusOr<v1::Incident> ResolveIncident(const IncidentResolution& resolution) override;
  absl::StatusOr<v1::Incident> GetIncident(std::string_view id) override;
  absl::StatusOr<std::vector<v1::Incident>> ListIncidents(const IncidentFilter& filter,
                                                          std::string_view before,
                                                          int limit) override;
  absl::StatusOr<v1::Holds> ReadHolds(absl::Time now, bool moving) override;
  bool IsAtHand() const override { return true; }

 private:
  ConnectionPool<SqliteDatabase>& readers_;
  SqliteReports& writer_;
};

}  // namespace gate

#endif  // GATE_STORE_SQLITE_HOLDS_H_
