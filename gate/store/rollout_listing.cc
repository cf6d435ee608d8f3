#include "gate/store/rollout_listing.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gate/store/rollouts.h"

namespace gate {
namespace {

// Behind the last moment of a protobuf timestamp.
constexpr int64_t kLatest = 253402300800ll * 1000000;

}  // namespace

std::string RolloutListSql(std::string_view table, const RolloutListQuery& query) {
  std::string sql =
      absl::StrCat("SELECT create_time, id, rollout FROM ", std::string(table), " WHERE");
  int parameters = 0;
  const auto add = [&](std::string_view text) {
    absl::StrAppend(&sql, std::string(text), "$", ++parameters);
  };
  add(" active = ");
  if (!query.service.empty()) add(" AND service = ");
  if (!query.environment.empty()) add(" AND environment = ");
  add(" AND (create_time, id) < (");
  add(", ");
  add(") ORDER BY create_time DESC, id DESC LIMIT ");
  return sql;
}

absl::StatusOr<std::vector<v1::Rollout>> ListMergedRollouts(
    const RolloutFilter& filter, const std::optional<ListPosition>& before, int limit,
    const std::function<absl::StatusOr<std::vector<ListedRollout>>(const RolloutListQuery&)>&
        list) {
  const ListPosition end = before.value_or(ListPosition{kLatest, ""});
  std::vector<ListedRollout> merged;
  for (const bool active : {true, false}) {
    if (filter.active && !active) continue;
    auto page = list({filter.service, filter.environment, active, end, limit});
    if (!page.ok()) return page.status();
    std::move(page->begin(), page->end(), std::back_inserter(merged));
  }
  std::ranges::sort(merged, [](const ListedRollout& a, const ListedRollout& b) {
    return std::tie(a.position.create_time, a.position.id) >
           std::tie(b.position.create_time, b.position.id);
  });
  // One that ends between the two listings is in both.
  const auto again = std::ranges::unique(
      merged, {}, [](const ListedRollout& listed) { return std::string_view(listed.position.id); });
  merged.erase(again.begin(), again.end());
  if (merged.size() > static_cast<size_t>(limit)) merged.resize(static_cast<size_t>(limit));
  std::vector<v1::Rollout> rollouts;
  for (const ListedRollout& listed : merged) {
    auto rollout = DecodeRollout(listed.rollout);
    if (!rollout.ok()) return rollout.status();
    rollouts.push_back(*std::move(rollout));
  }
  return rollouts;
}

absl::Status UnknownRolloutPosition(std::string_view id) {
  return absl::InvalidArgumentError(
      absl::StrCat("there is no rollout ", std::string(id), " to list on from"));
}

}  // namespace gate
