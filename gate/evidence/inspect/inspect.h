// What a live PostgreSQL database tells about itself: its schema as SQL, how large its tables are
// and who holds them open, which statements run on it. It reads catalogues only, never a row of a
// table, so a role without any right on the data is enough (pg_read_all_stats to see the statements
// and transactions of others). It takes no lock that anybody but an ACCESS EXCLUSIVE one minds, and
// gives up after a second where such a one is held.
#ifndef GATE_EVIDENCE_INSPECT_INSPECT_H_
#define GATE_EVIDENCE_INSPECT_INSPECT_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/v1/change.pb.h"

namespace gate {

struct Inspection {
  // Everything but its name.
  v1::Database database;
  // What was left out and why, one sentence each: rights that are missing, indexes that are
  // invalid, kinds of objects that are not told.
  std::vector<std::string> notes;
};

// `url` as libpq takes it. One transaction, read only, so that all of it is of one moment;
// PostgreSQL 11 or newer. UNAVAILABLE where the server cannot be reached, is locked or does not
// answer by the deadline; FAILED_PRECONDITION where it is too old. No message has the URL's
// password.
absl::StatusOr<Inspection> Inspect(const std::string& url,
                                   std::chrono::steady_clock::time_point deadline);

}  // namespace gate

#endif  // GATE_EVIDENCE_INSPECT_INSPECT_H_
