// How both stores list verdicts, and which index answers which filter.
//
// Listings are by (create_time, id), newest first, and each fixes the decision: a listing of all
// decisions merges one for each of the three. So four indexes serve all eight filters, none of them
// scans or sorts, however many verdicts there are (tests/store/listing_test.cc asks the planners).
#ifndef GATE_STORE_LISTING_H_
#define GATE_STORE_LISTING_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/store.h"

namespace gate {

// A place in a listing.
struct ListPosition {
  int64_t create_time;  // microseconds since 1970
  std::string id;
};

// One listing of one decision.
struct ListQuery {
  std::string_view service;      // empty: any
  std::string_view environment;  // empty: any
  int decision;
  int64_t start;        // first create_time that counts
  ListPosition before;  // first place that does not
  int limit;
};

struct ListedVerdict {
  ListPosition position;
  std::string verdict;
};

// SELECT create_time, id, verdict. The parameters are, in this order: decision, service and
// environment where there is one, start, before.create_time, before.id, limit. `table` is the name
// of the verdicts' table.
std::string ListSql(std::string_view table, const ListQuery& query);

// Runs `list` once per decision that the filter admits, and merges. `before` is the last verdict of
// the page before, if there was one.
absl::StatusOr<std::vector<v1::Verdict>> ListMerged(
    const VerdictFilter& filter, const ListPosition* before, int limit,
    const std::function<absl::StatusOr<std::vector<ListedVerdict>>(const ListQuery&)>& list);

// For a `before` that is no stored verdict.
absl::Status UnknownPosition(std::string_view id);

}  // namespace gate

#endif  // GATE_STORE_LISTING_H_
