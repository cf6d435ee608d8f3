#include "gate/evaluate/carried.h"

#include <google/protobuf/util/field_mask_util.h>

#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"

namespace gate {
namespace {

// A chain of evidence has a link for every half hour of minutes; a year of them is a circle.
constexpr int kMostLinks = 20'000;

// Every field of a metric but its points.
const google::protobuf::FieldMask& AllButPoints() {
  static const auto& mask = *[] {
    auto* all = new google::protobuf::FieldMask;
    const google::protobuf::Descriptor& type = *v1::MetricSeries::descriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->number() != v1::MetricSeries::kPointsFieldNumber) {
        all->add_paths(type.field(i)->name());
      }
    }
    return all;
  }();
  return mask;
}

absl::Status NotOnRecord(const std::string& evidence) {
  return absl::DataLossError(
      absl::StrCat(evidence, " has no points of the metric that a later evaluation goes on from"));
}

}  // namespace

std::string CarriedStates::Key(const v1::Query& query, const v1::Change& change,
                               const PolicySnapshot& policy) {
  if (!query.has_cohort_metric() || !query.cohort_metric().has_start()) return "";
  return absl::StrCat(policy.digest, "\n", change.service(), "\n", change.environment(), "\n",
                      DeterministicBytes(query));
}

std::shared_ptr<const Carried> CarriedStates::Find(const std::string& key) {
  MutexLock lock(mu_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  uses_.splice(uses_.end(), uses_, found->second.use);
  return found->second.carried;
}

void CarriedStates::Keep(const std::string& key, Carried carried) {
  auto kept = std::make_shared<const Carried>(std::move(carried));
  const size_t bytes = key.size() + kept->state.SpaceUsedLong();
  MutexLock lock(mu_);
  const auto known = entries_.find(key);
  if (known != entries_.end()) {
    // Of two evaluations at a time the one that saw more.
    if (FromProto(known->second.carried->state.until()) > FromProto(kept->state.until())) return;
    Forget(key);
  }
  entries_[key] = {std::move(kept), bytes, uses_.insert(uses_.end(), key)};
  bytes_ += bytes;
  while (bytes_ > max_bytes_ && entries_.size() > 1) Forget(std::string(uses_.front()));
}

void CarriedStates::Forget(const std::string& key) {
  const auto found = entries_.find(key);
  bytes_ -= found->second.bytes;
  uses_.erase(found->second.use);
  entries_.erase(found);
}

v1::Observation GoOn(const v1::Observation& observation, const Carried& carried) {
  v1::Observation later;
  later.set_id(observation.id());
  later.set_source(observation.source());
  *later.mutable_observed_at() = observation.observed_at();
  v1::MetricSeries& series = *later.mutable_metric();
  google::protobuf::util::FieldMaskUtil::MergeMessageTo(observation.metric(), AllButPoints(), {},
                                                        &series);
  const absl::Time until = FromProto(carried.state.until());
  for (const v1::MetricPoint& point : observation.metric().points()) {
    if (FromProto(point.time()) > until) *series.add_points() = point;
  }
  *series.mutable_state() = carried.state;
  series.set_before(carried.before);
  return later;
}

absl::Status Unfold(Store& store, v1::Observation& observation) {
  v1::MetricSeries& series = *observation.mutable_metric();
  std::vector<v1::MetricPoint> points(series.points().rbegin(), series.points().rend());
  v1::MetricSeries at = series;
  for (int link = 0; at.has_state(); ++link) {
    constexpr std::string_view kPrefix = "evidence/";
    if (link == kMostLinks || !at.before().starts_with(kPrefix)) return NotOnRecord(at.before());
    auto bytes = store.GetBlob(std::string_view(at.before()).substr(kPrefix.size()));
    if (!bytes.ok()) return bytes.status();
    v1::Observation before;
    if (!before.ParseFromString(*bytes) || !before.has_metric()) return NotOnRecord(at.before());
    const absl::Time until = FromProto(at.state().until());
    at = std::move(*before.mutable_metric());
    for (auto point = at.points().rbegin(); point != at.points().rend(); ++point) {
      if (FromProto(point->time()) <= until) points.push_back(*point);
    }
  }
  series.clear_state();
  series.clear_before();
  series.clear_points();
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    *series.add_points() = std::move(*point);
  }
  return absl::OkStatus();
}

}  // namespace gate
