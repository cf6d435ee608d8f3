// How both stores take in a report of metrics: the rules, over the few things that a database has
// to do for them. In one transaction, under a lock of each series.
#ifndef GATE_STORE_REPORT_H_
#define GATE_STORE_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/store.h"

namespace gate {

// As much of a series as is read at once. What a series takes in memory is some times that.
inline constexpr int64_t kMaxReadBytes = 64 << 20;
absl::Status TooMuchToRead(const SeriesKey& key);

// The tables, within a transaction that whoever calls TakeIn begins and ends.
class ReportTables {
 public:
  virtual ~ReportTables() = default;

  // Enters the request where it is new: then its digest comes back, else the one on record.
  virtual absl::StatusOr<std::string> EnterRequest(std::string_view request_id,
                                                   std::string_view digest, absl::Time now) = 0;

  // A series that nobody else changes until the transaction ends; made where there is none, without
  // points and with `newest` at `now`.
  struct Row {
    int64_t id = 0;
    int64_t points = 0;
    absl::Time newest;
    bool made = false;
  };
  virtual absl::StatusOr<Row> LockSeries(const SeriesKey& key, absl::Time now) = 0;
  virtual absl::StatusOr<int64_t> CountSeries() = 0;
  virtual absl::Status UpdateSeries(const Row& row) = 0;

  // Points of a series before a time; how many they were.
  virtual absl::StatusOr<int64_t> ForgetPoints(int64_t series, absl::Time before) = 0;
  // Requests, and one series, of which all is older.
  virtual absl::Status ForgetOthers(absl::Time before) = 0;

  // What is there of some times, ascending and each once.
  virtual absl::StatusOr<std::vector<ReportedPoint>> PointsAt(
      int64_t series, const std::vector<absl::Time>& times) = 0;
  virtual absl::Status AddPoints(int64_t series,
                                 const std::vector<const ReportedPoint*>& points) = 0;
};

// Where it is not OK the transaction has to be rolled back.
absl::StatusOr<Reported> TakeIn(const MetricsReport& report, const ReportBounds& bounds,
                                ReportTables& tables);

}  // namespace gate

#endif  // GATE_STORE_REPORT_H_
