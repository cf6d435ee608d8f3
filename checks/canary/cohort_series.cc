#include "checks/canary/cohort_series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr absl::Duration kBlock = absl::Minutes(1);
constexpr int kSilence = 3;  // blocks without traffic that are no chance

using Cohorts = google::protobuf::Map<std::string, v1::CohortPoint>;

bool IsAmount(double value) { return std::isfinite(value) && value >= 0; }

std::string Clock(absl::Time time) {
  return absl::FormatTime("%H:%M:%S", time, absl::UTCTimeZone()) + " UTC";
}

// What one cohort did in one block; `error` says why it cannot be read.
struct Amount {
  double cost = 0;      // events, or the sum of values
  double exposure = 0;  // requests, or how many values
  stats::Cumulative counts;

  void Add(const Amount& other) {
    cost += other.cost;
    exposure += other.exposure;
    counts.resize(std::max(counts.size(), other.counts.size()));
    for (size_t i = 0; i < other.counts.size(); ++i) counts[i] += other.counts[i];
  }
  bool Any() const { return exposure > 0 || (!counts.empty() && counts.back() > 0); }
};

std::optional<Amount> ReadCounts(const v1::CohortPoint& point, std::string& error) {
  if (!IsAmount(point.events()) || std::floor(point.events()) != point.events() ||
      !IsAmount(point.exposure())) {
    error = "what is not a whole, positive number of events";
  } else if (point.events() > point.exposure()) {
    error = "more events than exposure";
  } else {
    return Amount{point.events(), point.exposure(), {}};
  }
  return std::nullopt;
}

std::optional<Amount> ReadValues(const v1::CohortPoint& point, std::string& error) {
  Amount amount;
  const bool weighted = !point.weights().empty();
  if (weighted && point.weights_size() != point.values_size()) {
    error = "another number of weights than of values";
    return std::nullopt;
  }
  for (int i = 0; i < point.values_size(); ++i) {
    const double weight = weighted ? point.weights(i) : 1;
    if (!std::isfinite(point.values(i)) || !IsAmount(weight)) {
      error = "a value that is not a number";
      return std::nullopt;
    }
    amount.cost += point.values(i) * weight;
    amount.exposure += weight;
  }
  return amount;
}

std::optional<Amount> ReadBuckets(const v1::CohortPoint& point, const std::vector<double>& bounds,
                                  std::string& error) {
  Amount amount;
  amount.counts.reserve(bounds.size() + 1);
  double before = 0;
  for (int i = 0; i < point.buckets_size(); ++i) {
    const v1::HistogramBucket& bucket = point.buckets(i);
    const bool last = i + 1 == point.buckets_size();
    const bool fits = last ? std::isinf(bucket.le()) || bucket.le() == 0
                           : static_cast<size_t>(i) < bounds.size() && bucket.le() == bounds[i];
    if (!fits) {
      error = "other bucket bounds than the first";
      return std::nullopt;
    }
    if (!IsAmount(bucket.count()) || bucket.count() < before) {
      error = "a bucket that holds less than a smaller one, or no number";
      return std::nullopt;
    }
    before = bucket.count();
    amount.counts.push_back(bucket.count());
  }
  if (amount.counts.empty()) amount.counts.resize(bounds.size() + 1);
  if (amount.counts.size() != bounds.size() + 1) {
    error = "other bucket bounds than the first";
    return std::nullopt;
  }
  return amount;
}

class Reader {
 public:
  explicit Reader(const v1::MetricSeries& series) : series_(series) {
    for (const v1::MetricPoint& point : series.points()) points_.push_back(&point);
    std::ranges::stable_sort(points_, {},
                             [](const auto* point) { return FromProto(point->time()); });
    result_.old_cohort = OldCohort();
    FindBounds();
    FindLength();
    switch (series.kind()) {
      case v1::METRIC_KIND_VALUES:
        result_.blocks.emplace<std::vector<stats::MeanBlock>>();
        break;
      case v1::METRIC_KIND_HISTOGRAM:
        result_.blocks.emplace<std::vector<stats::HistogramBlock>>();
        break;
      default:
        break;
    }
  }

  CohortSeries Read() && {
    for (const v1::MetricPoint* point : points_) AddPoint(*point);
    // A block that has not ended yet is left for later.
    if (complete_ || step_ >= kBlock) Finish();
    for (const v1::SeriesFlaw& flaw : series_.flaws()) result_.defects.push_back(flaw.detail());
    if (gaps_ > 0) {
      result_.defects.push_back(
          absl::StrCat(gaps_, gaps_ == 1 ? " interval has" : " intervals have",
                       " no values of both cohorts, first at ", Clock(first_gap_)));
    }
    for (const auto& [error, times] : unreadable_) {
      result_.defects.push_back(
          absl::StrCat(times, times == 1 ? " point holds " : " points hold ", error));
    }
    if (twice_ > 0) {
      result_.defects.push_back(absl::StrCat(twice_, twice_ == 1 ? " point has" : " points have",
                                             " the time of another one; only the first counts"));
    }
    FindSilence("the canary", canary_seen_);
    FindSilence(result_.old_cohort, old_seen_);
    return std::move(result_);
  }

 private:
  // The cohort that runs old code at the same size and age, else all that run it.
  std::string OldCohort() const {
    const bool baseline = std::ranges::any_of(
        points_, [](const auto* point) { return point->cohorts().contains("baseline"); });
    return baseline ? "baseline" : "stable";
  }

  void FindBounds() {
    for (const v1::MetricPoint* point : points_) {
      for (const std::string& cohort : {std::string("canary"), result_.old_cohort}) {
        const auto found = point->cohorts().find(cohort);
        if (found == point->cohorts().end() || found->second.buckets().empty()) continue;
        for (const v1::HistogramBucket& bucket : found->second.buckets()) {
          if (std::isfinite(bucket.le()) && bucket.le() > 0) result_.bounds.push_back(bucket.le());
        }
        return;
      }
    }
  }

  void FindLength() {
    step_ = FromProto(series_.step());
    if (step_ <= absl::ZeroDuration()) {
      step_ = absl::InfiniteDuration();
      for (size_t i = 1; i < points_.size(); ++i) {
        const absl::Duration apart =
            FromProto(points_[i]->time()) - FromProto(points_[i - 1]->time());
        if (apart > absl::ZeroDuration()) step_ = std::min(step_, apart);
      }
      if (step_ == absl::InfiniteDuration()) step_ = kBlock;
    }
    result_.length = std::max(step_, kBlock);
  }

  // The end of the block in which an interval that ends at `time` lies.
  absl::Time BlockEnd(absl::Time time) const {
    if (step_ >= kBlock) return time;
    return absl::UnixEpoch() + absl::Ceil(time - absl::UnixEpoch(), kBlock);
  }

  void AddPoint(const v1::MetricPoint& point) {
    const absl::Time time = FromProto(point.time());
    if (time == last_time_) {
      ++twice_;
      return;
    }
    last_time_ = time;
    const absl::Time end = BlockEnd(time);
    if (end != block_end_) {
      Finish();
      block_end_ = end;
      canary_.reset();
      old_.reset();
      whole_ = true;
    }
    complete_ = time == end;
    Take(point.cohorts(), "canary", canary_);
    Take(point.cohorts(), result_.old_cohort, old_);
  }

  void Take(const Cohorts& cohorts, const std::string& name, std::optional<Amount>& amount) {
    const auto found = cohorts.find(name);
    if (found == cohorts.end()) {
      whole_ = false;
      return;
    }
    std::string error;
    std::optional<Amount> read;
    switch (series_.kind()) {
      case v1::METRIC_KIND_VALUES:
        read = ReadValues(found->second, error);
        break;
      case v1::METRIC_KIND_HISTOGRAM:
        read = ReadBuckets(found->second, result_.bounds, error);
        break;
      default:
        read = ReadCounts(found->second, error);
    }
    if (!read) {
      ++unreadable_[error];
      unread_ = true;
      whole_ = false;
      return;
    }
    if (!amount) amount.emplace();
    amount->Add(*read);
  }

  // Ends the present block.
  void Finish() {
    if (block_end_ == absl::InfinitePast()) return;
    const bool begun = size() > 0;
    if (!begun && !(canary_ && canary_->Any())) return;
    if (begun) {
      const double missing =
          std::round(absl::FDivDuration(block_end_ - previous_, result_.length)) - 1;
      if (missing > 0) AddGap(previous_ + result_.length, missing);
    }
    previous_ = block_end_;
    if (!whole_ || !canary_ || !old_) {
      if (!unread_) AddGap(block_end_, 1);
      unread_ = false;
      return;
    }
    unread_ = false;
    if (canary_->Any()) canary_seen_ = block_end_;
    if (old_->Any()) old_seen_ = block_end_;
    std::visit([&](auto& blocks) { Push(blocks); }, result_.blocks);
  }

  size_t size() const { return result_.size(); }

  // A cohort that took traffic and no longer does.
  void FindSilence(const std::string& cohort, absl::Time seen) {
    if (size() == 0 || previous_ - seen < kSilence * result_.length) return;
    result_.defects.push_back(absl::StrCat(
        cohort, seen == absl::InfinitePast() ? " has had no traffic since the canary began"
                                             : " has had no traffic since " + Clock(seen)));
  }

  void AddGap(absl::Time end, double count) {
    if (gaps_ == 0) first_gap_ = end;
    gaps_ += static_cast<int>(std::min(count, 1e6));
  }

  void Push(std::vector<stats::CountBlock>& blocks) const {
    blocks.push_back({canary_->exposure, old_->exposure, canary_->cost, old_->cost});
  }
  void Push(std::vector<stats::MeanBlock>& blocks) const {
    blocks.push_back({canary_->cost, canary_->exposure, old_->cost, old_->exposure});
  }
  void Push(std::vector<stats::HistogramBlock>& blocks) const {
    blocks.push_back({canary_->counts, old_->counts});
  }

  const v1::MetricSeries& series_;
  std::vector<const v1::MetricPoint*> points_;  // by time
  CohortSeries result_;
  absl::Duration step_;
  // The block that is being put together.
  absl::Time block_end_ = absl::InfinitePast(), last_time_ = absl::InfinitePast();
  std::optional<Amount> canary_, old_;
  bool whole_ = true, complete_ = false, unread_ = false;
  absl::Time previous_ = absl::InfinitePast();  // end of the block before
  absl::Time canary_seen_ = absl::InfinitePast(), old_seen_ = absl::InfinitePast();
  int gaps_ = 0, twice_ = 0;
  absl::Time first_gap_;
  std::map<std::string, int> unreadable_;
};

}  // namespace

CohortSeries ReadCohorts(const v1::MetricSeries& series) { return Reader(series).Read(); }

}  // namespace gate
