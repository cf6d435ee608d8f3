// How both stores list rollouts: by (create_time, id), newest first, as listing.h does for
// verdicts. Each listing fixes whether they have ended, and one of all merges the two.
#ifndef GATE_STORE_ROLLOUT_LISTING_H_
#define GATE_STORE_ROLLOUT_LISTING_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gate/store/listing.h"
#include "gate/store/rollout_store.h"

namespace gate {

struct RolloutListQuery {
  std::string_view service;      // empty: any
  std::string_view environment;  // empty: any
  bool active = true;
  ListPosition before;  // first place that does not count
  int limit = 0;
};

struct ListedRollout {
  ListPosition position;
  std::string rollout;
};

// SELECT create_time, id, rollout. The parameters are, in this order: active, service and
// environment where there is one, before.create_time, before.id, limit.
std::string RolloutListSql(std::string_view table, const RolloutListQuery& query);

absl::StatusOr<std::vector<v1::Rollout>> ListMergedRollouts(
    const RolloutFilter& filter, const std::optional<ListPosition>& before, int limit,
    const std::function<absl::StatusOr<std::vector<ListedRollout>>(const RolloutListQuery&)>& list);

// For a `before` that is no stored rollout.
absl::Status UnknownRolloutPosition(std::string_view id);

}  // namespace gate

#endif  // GATE_STORE_ROLLOUT_LISTING_H_
