// How long records are kept: what may be forgotten at a moment, and what was. Both stores go by it.
//
// A store forgets from its old end on, so one moment says it all: verdicts from before it may go,
// later ones stay. It is the beginning of a month, as long ago as the configuration says, and
// before all that is still open and may refer to a verdict. The audit log has a moment of its own.
// Evidence stays a month longer than its verdicts, since what was judged is gone on from
// (evaluate/carried.h).
#ifndef GATE_STORE_KEEPING_H_
#define GATE_STORE_KEEPING_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/v1/audit.pb.h"

namespace gate {

// How long records are kept at least. Infinite: for ever.
struct Retention {
  absl::Duration verdicts = absl::InfiniteDuration();
  absl::Duration audit = absl::InfiniteDuration();
};

// What keeping house came to.
struct Housekeeping {
  // What was forgotten, or would be: "verdicts_2027_02" where it is a partition, "verdicts" where
  // it is rows.
  struct Part {
    std::string name;
    int64_t rows = 0;   // About so many where it is a partition.
    int64_t bytes = 0;  // Of a partition, with its indexes; else 0.
  };
  std::vector<Part> forgotten;
  // What is open, and keeps verdicts whose time is up: "rollouts/…", "overrides/…", "incidents/…".
  std::string held_by;
  // Another replica is at it; nothing was done.
  bool elsewhere = false;
  // What could not be done, and will be tried again.
  std::vector<std::string> problems;
};

// Something that is still open, and the time of the oldest verdict that it may refer to.
struct OpenMatter {
  std::string name;
  int64_t since = 0;  // microseconds since 1970
};

// Of rows of the tables of overrides and incidents. `time_of` finds when the verdict with an id was
// made, where there is one. DATA_LOSS where the bytes cannot be read.
using VerdictTimes = std::function<absl::StatusOr<std::optional<int64_t>>(std::string_view id)>;
absl::StatusOr<OpenMatter> OpenOverride(std::string_view id, int64_t create_time,
                                        std::string_view bytes, std::string_view consumed_by,
                                        const VerdictTimes& time_of);
absl::StatusOr<OpenMatter> OpenIncident(std::string_view id, int64_t create_time,
                                        std::string_view bytes);

// Rows from before these moments may go: beginnings of months, microseconds since 1970.
struct Horizon {
  int64_t verdicts;
  int64_t blobs;
  int64_t audit;
  std::string held_by;
};
Horizon HorizonOf(const Retention& retention, absl::Time now, const std::vector<OpenMatter>& open);

// The row of the audit log that says so.
v1::AuditEntry ForgottenEntry(const Housekeeping::Part& part, int64_t before, absl::Time now);

}  // namespace gate

#endif  // GATE_STORE_KEEPING_H_
