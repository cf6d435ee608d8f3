#include "gate/store/listing.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gate/store/record.h"

namespace gate {
namespace {

// Moments that both engines can compare with: years 1 to 9999, the range of a protobuf timestamp.
constexpr int64_t kEarliest = -62135596800ll * 1000000;
constexpr int64_t kLatest = 253402300800ll * 1000000;

int64_t Bound(const std::optional<absl::Time>& time, int64_t otherwise) {
  return time ? std::clamp(Micros(*time), kEarliest, kLatest) : otherwise;
}

bool Newer(const ListPosition& a, const ListPosition& b) {
  return std::tie(a.create_time, a.id) > std::tie(b.create_time, b.id);
}

}  // namespace

std::string ListSql(std::string_view table, const ListQuery& query) {
  std::string sql =
      absl::StrCat("SELECT create_time, id, verdict FROM ", std::string(table), " WHERE");
  int parameters = 0;
  const auto add = [&](std::string_view text) {
    absl::StrAppend(&sql, std::string(text), "$", ++parameters);
  };
  add(" decision = ");
  if (!query.service.empty()) add(" AND service = ");
  if (!query.environment.empty()) add(" AND environment = ");
  add(" AND create_time >= ");
  // Says no more than the next condition does, and says it so that partitions can be left out.
  absl::StrAppend(&sql, " AND create_time <= $", parameters + 1);
  add(" AND (create_time, id) < (");
  add(", ");
  add(") ORDER BY create_time DESC, id DESC LIMIT ");
  return sql;
}

absl::StatusOr<std::vector<v1::Verdict>> ListMerged(
    const VerdictFilter& filter, const ListPosition* before, int limit,
    const std::function<absl::StatusOr<std::vector<ListedVerdict>>(const ListQuery&)>& list) {
  // No id is less than the empty one, so this is "created before `end`".
  ListPosition end{Bound(filter.end, kLatest), ""};
  if (before != nullptr && Newer(end, *before)) end = *before;
  std::vector<ListedVerdict> merged;
  for (int decision = v1::Decision_MIN; decision <= v1::Decision_MAX; ++decision) {
    if (decision == v1::DECISION_UNSPECIFIED) continue;
    if (filter.decision != v1::DECISION_UNSPECIFIED && filter.decision != decision) continue;
    auto page = list(
        {filter.service, filter.environment, decision, Bound(filter.start, kEarliest), end, limit});
    if (!page.ok()) return page.status();
    std::move(page->begin(), page->end(), std::back_inserter(merged));
  }
  std::sort(merged.begin(), merged.end(), [](const ListedVerdict& a, const ListedVerdict& b) {
    return Newer(a.position, b.position);
  });
  if (merged.size() > static_cast<size_t>(limit)) merged.resize(limit);
  std::vector<v1::Verdict> verdicts;
  verdicts.reserve(merged.size());
  for (const ListedVerdict& listed : merged) {
    auto verdict = DecodeVerdict(listed.verdict);
    if (!verdict.ok()) return verdict.status();
    verdicts.push_back(*std::move(verdict));
  }
  return verdicts;
}

absl::Status UnknownPosition(std::string_view id) {
  return absl::InvalidArgumentError(
      absl::StrCat("there is no verdict ", std::string(id), " to list on from"));
}

}  // namespace gate
