#include "gate/evidence/cohort_counts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gate/evidence/cohort_tally.h"
#include "gate/evidence/cohort_writer.h"
#include "gate/evidence/histogram_buckets.h"
#include "gate/evidence/scrape_target.h"

namespace gate {
namespace {

// Some tens of megabytes of numbers, and of points.
constexpr int64_t kMaxNumbers = 4 << 20;
constexpr int64_t kMaxPoints = 256 << 10;

using NamesByValue = std::map<std::string, std::vector<std::string>, std::less<>>;

bool IsGauge(const v1::CohortMetricQuery& query) {
  return query.kind() == v1::METRIC_KIND_VALUES && query.exposure().empty();
}

// Counts one part of the grid.
class Counting {
 public:
  Counting(const v1::CohortMetricQuery& query, const IntervalGrid& grid, int slots)
      : query_(query), grid_(grid), slots_(slots) {
    for (const auto& [name, value] : query.cohorts()) names_[value].push_back(name);
  }

  // Series of the cohorts; `week`: those of an earlier week, whatever their label.
  void Add(const MetricSamples& samples, const std::vector<double>& bounds, int week = 0) {
    const auto names = [&](const Labels& labels) {
      return week == 0 ? NamesOf(labels)
                       : std::vector<std::string>{absl::StrCat("earlier-", week, "w")};
    };
    if (query_.kind() == v1::METRIC_KIND_HISTOGRAM) {
      for (const BucketCounter& bucket : BucketCounters(samples.events, bounds)) {
        AddCounter(bucket.labels, bucket.samples, bucket.slot, names(bucket.labels));
      }
      return;
    }
    for (const PrometheusSeries& series : samples.events) {
      if (IsGauge(query_)) {
        AddGauge(series, names(series.labels));
      } else {
        AddCounter(series.labels, series.samples, 0, names(series.labels));
      }
    }
    for (const PrometheusSeries& series : samples.exposure) {
      AddCounter(series.labels, series.samples, 1, names(series.labels));
    }
  }

  Cohorts Count() && {
    for (const auto& [key, target] : targets_) target.Count(cohorts_.at(key.first));
    return std::move(cohorts_);
  }

 private:
  std::vector<std::string> NamesOf(const Labels& labels) const {
    const auto found = names_.find(labels.Get(query_.cohort_label()));
    return found == names_.end() ? std::vector<std::string>() : found->second;
  }

  Cohort& CohortOf(const std::string& name) {
    return cohorts_.try_emplace(name, grid_.boundaries).first->second;
  }

  Tally& TallyOf(Cohort& cohort, const Labels& labels) {
    const std::string stratum(query_.stratum_label().empty() ? ""
                                                             : labels.Get(query_.stratum_label()));
    return cohort.strata.try_emplace(stratum, grid_.boundaries, slots_).first->second;
  }

  void AddCounter(const Labels& labels, const std::vector<PrometheusSample>& samples, int slot,
                  const std::vector<std::string>& names) {
    const bool is_exposure = slot + 1 == slots_;
    const bool is_events = query_.kind() == v1::METRIC_KIND_COUNTS && !is_exposure;
    const std::string target =
        absl::StrCat(std::string(labels.Get("job")), "\n", std::string(labels.Get("instance")),
                     "\n", std::string(labels.Get("pod")));
    for (const std::string& name : names) {
      Cohort& cohort = CohortOf(name);
      Sink sink = {&TallyOf(cohort, labels), slot, is_exposure, nullptr};
      if (is_events && !query_.type_label().empty()) {
        sink.by_type = &cohort.types[std::string(labels.Get(query_.type_label()))];
      }
      targets_.try_emplace({name, target}, grid_.boundaries)
          .first->second.Add(OnGrid(samples, grid_, /*whole=*/is_events), sink);
    }
  }

  void AddGauge(const PrometheusSeries& series, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      Cohort& cohort = CohortOf(name);
      Tally& tally = TallyOf(cohort, series.labels);
      for (const PrometheusSample& sample : series.samples) {
        const absl::Duration offset = absl::FromUnixMillis(sample.milliseconds) - grid_.first;
        if (offset < absl::ZeroDuration() || offset / grid_.step >= grid_.boundaries) continue;
        const int i = static_cast<int>(offset / grid_.step);
        if (!std::isfinite(sample.value)) {
          cohort.Exclude(i, v1::FLAW_KIND_NOT_A_NUMBER);
        } else {
          tally.values[i].push_back(sample.value);
        }
        tally.known[i] = true;
      }
    }
  }

  const v1::CohortMetricQuery& query_;
  const IntervalGrid grid_;
  const int slots_;
  NamesByValue names_;
  Cohorts cohorts_;
  // By cohort, then by name.
  std::map<std::pair<std::string, std::string>, ScrapeTarget> targets_;
};

std::vector<const std::vector<PrometheusSeries>*> AllOf(const CohortSamples& samples) {
  std::vector<const std::vector<PrometheusSeries>*> all = {&samples.cohorts.events,
                                                           &samples.cohorts.exposure};
  for (const MetricSamples& week : samples.earlier) {
    all.push_back(&week.events);
    all.push_back(&week.exposure);
  }
  return all;
}

absl::Status CheckForm(const CohortSamples& samples, const v1::CohortMetricQuery& query,
                       const IntervalGrid& grid) {
  for (const auto* list : AllOf(samples)) {
    for (const PrometheusSeries& series : *list) {
      if (!series.histograms.empty() && query.kind() != v1::METRIC_KIND_HISTOGRAM) {
        return absl::InvalidArgumentError("a histogram where a counter was asked for");
      }
      if (!AllOnGrid(series, grid)) {
        return absl::InvalidArgumentError("a sample lies at another time than was asked for");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSize(const CohortSamples& samples, const v1::CohortMetricQuery& query,
                       const IntervalGrid& grid, int slots) {
  std::set<std::string_view> strata = {""};
  if (!query.stratum_label().empty()) {
    for (const auto* list : AllOf(samples)) {
      for (const PrometheusSeries& series : *list) {
        strata.insert(series.labels.Get(query.stratum_label()));
      }
    }
  }
  const auto cohorts = static_cast<int64_t>(query.cohorts().size() + samples.earlier.size());
  const int64_t points = static_cast<int64_t>(strata.size()) * cohorts * grid.boundaries;
  if (points <= kMaxPoints && points * slots <= kMaxNumbers) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(strata.size(), " values of ", query.stratum_label(), " in ", grid.boundaries - 1,
                   " intervals of ", cohorts,
                   " cohorts are more than can be compared; take a label with fewer values, longer "
                   "intervals or less of the past"));
}

}  // namespace

absl::StatusOr<v1::MetricSeries> CountCohorts(const CohortSamples& samples,
                                              const v1::CohortMetricQuery& query,
                                              const IntervalGrid& grid) {
  if (absl::Status form = CheckForm(samples, query, grid); !form.ok()) return form;
  std::vector<double> bounds;
  if (query.kind() == v1::METRIC_KIND_HISTOGRAM) {
    absl::StatusOr<std::vector<double>> common = CommonBounds(AllOf(samples));
    if (!common.ok()) return common.status();
    bounds = *std::move(common);
  }
  const int slots =
      query.kind() == v1::METRIC_KIND_HISTOGRAM ? static_cast<int>(bounds.size()) + 1 : 2;
  if (absl::Status size = CheckSize(samples, query, grid, slots); !size.ok()) return size;

  Counting judged(query, grid.Judged(), slots), past(query, grid.Past(), slots);
  judged.Add(samples.cohorts, bounds);
  for (size_t week = 0; week < samples.earlier.size(); ++week) {
    judged.Add(samples.earlier[week], bounds, static_cast<int>(week) + 1);
  }
  if (grid.past > 0) past.Add(samples.cohorts, bounds);
  return WriteSeries({query, bounds, grid, std::move(judged).Count(), std::move(past).Count()});
}

}  // namespace gate
