#include "gate/evidence/cohort_writer.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr char kCanary[] = "canary";
constexpr size_t kMaxTypes = 1000;

bool IsEarlier(const std::string& cohort) { return cohort.starts_with("earlier-"); }

// A cohort that was there and has no samples now. Before it was born it has no gap.
void FindGaps(Cohort& cohort) {
  bool begun = false;
  for (int i = 1; i < static_cast<int>(cohort.excluded.size()); ++i) {
    const bool known = cohort.Known(i);
    begun = begun || known;
    if (begun && !known) cohort.Exclude(i, v1::FLAW_KIND_GAP);
  }
}

// No slot holds more than the next: events and exposure, buckets by their bounds.
void FindImpossible(Cohort& cohort) {
  for (const auto& [name, tally] : cohort.strata) {
    for (int i = 0; i < static_cast<int>(cohort.excluded.size()); ++i) {
      for (size_t slot = 1; slot < tally.sums.size(); ++slot) {
        if (cohort.Known(i) && tally.sums[slot - 1][i] > tally.sums[slot][i]) {
          cohort.Exclude(i, v1::FLAW_KIND_IMPOSSIBLE);
        }
      }
    }
  }
}

// A cost without exposure counts with the next interval that has some.
void CarryCosts(const IntervalGrid& grid, Cohort& cohort) {
  for (auto& [name, tally] : cohort.strata) {
    double carried = 0;
    for (int i = grid.judged_from + 1; i < grid.boundaries; ++i) {
      if (cohort.Excluded(i)) {
        carried = 0;
      } else if (tally.sums[1][i] > 0) {
        tally.sums[0][i] += std::exchange(carried, 0);
      } else if (tally.known[i]) {
        carried += tally.sums[0][i];
      }
    }
  }
}

// Who spends often cannot say for which endpoint. What is spent in a stratum that has no exposure
// at all is spent by the requests of all others, each as much: so the sum over strata is right.
void SpreadCosts(const IntervalGrid& grid, Cohort& cohort) {
  const auto has_none = [](const Tally& tally) {
    return std::ranges::all_of(tally.sums[1], [](double exposure) { return exposure == 0; });
  };
  std::vector<double> spent(static_cast<size_t>(grid.boundaries)), exposure = spent;
  for (const auto& [name, tally] : cohort.strata) {
    const bool none = has_none(tally);
    for (int i = 0; i < grid.boundaries; ++i) {
      exposure[i] += tally.sums[1][i];
      if (none) spent[i] += tally.sums[0][i];
    }
  }
  if (std::ranges::all_of(exposure, [](double all) { return all == 0; })) return;
  std::erase_if(cohort.strata, [&](const auto& stratum) { return has_none(stratum.second); });
  double carried = 0;
  for (int i = grid.judged_from + 1; i < grid.boundaries; ++i) {
    if (cohort.Excluded(i)) {
      carried = 0;
      continue;
    }
    carried += spent[i];
    if (exposure[i] == 0) continue;
    for (auto& [name, tally] : cohort.strata) {
      tally.sums[0][i] += carried * tally.sums[1][i] / exposure[i];
    }
    carried = 0;
  }
}

class Writer {
 public:
  explicit Writer(CountedCohorts counted) : counted_(std::move(counted)), query_(counted_.query) {
    *series_.mutable_step() = ToProto(counted_.grid.step);
    series_.set_kind(query_.kind());
  }

  v1::MetricSeries Write() && {
    for (auto& [name, cohort] : counted_.judged) Settle(counted_.grid.Judged(), cohort);
    for (auto& [name, cohort] : counted_.past) Settle(counted_.grid.Past(), cohort);
    WritePoints(counted_.grid.Past(), counted_.past, /*past=*/true);
    WritePoints(counted_.grid.Judged(), counted_.judged, /*past=*/false);
    WriteSilence();
    if (query_.kind() == v1::METRIC_KIND_HISTOGRAM && counted_.bounds.empty()) {
      WriteFlaw(v1::FLAW_KIND_IMPOSSIBLE,
                "the histograms have no bucket bound in common, so that they cannot be compared");
    }
    WriteTypes();
    return std::move(series_);
  }

 private:
  void Settle(const IntervalGrid& grid, Cohort& cohort) const {
    FindGaps(cohort);
    if (query_.kind() == v1::METRIC_KIND_VALUES) {
      SpreadCosts(grid, cohort);
      CarryCosts(grid, cohort);
    } else {
      FindImpossible(cohort);
    }
  }

  // The canary first, then by name.
  static std::vector<std::string> NamesOf(const Cohorts& cohorts) {
    std::vector<std::string> names;
    if (cohorts.contains(kCanary)) names.push_back(kCanary);
    for (const auto& [name, cohort] : cohorts) {
      if (name != kCanary) names.push_back(name);
    }
    return names;
  }

  void WritePoints(const IntervalGrid& grid, const Cohorts& cohorts, bool past) {
    for (int i = grid.judged_from + 1; i < grid.boundaries; ++i) {
      v1::MetricPoint point;
      *point.mutable_time() = ToProto(grid.At(i));
      for (const std::string& name : NamesOf(cohorts)) {
        if (past && name == kCanary) continue;
        const Cohort& cohort = cohorts.at(name);
        if (!past && cohort.Known(i)) seen_[name] = true;
        if (cohort.Excluded(i)) {
          if (!past && !IsEarlier(name)) CountFlaw(cohort.excluded[i], name, grid.At(i));
        } else if (cohort.Known(i)) {
          (*point.mutable_cohorts())[name] = PointOf(cohort, i);
        }
      }
      if (!point.cohorts().empty()) *series_.add_points() = std::move(point);
    }
  }

  v1::CohortPoint PointOf(const Cohort& cohort, int i) const {
    v1::CohortPoint point;
    for (const auto& [stratum, tally] : cohort.strata) {
      if (!tally.known[i]) continue;
      Fill(tally, i, query_.stratum_label().empty() ? point : (*point.mutable_strata())[stratum]);
    }
    return point;
  }

  void Fill(const Tally& tally, int i, v1::CohortPoint& point) const {
    switch (query_.kind()) {
      case v1::METRIC_KIND_VALUES:
        for (const double value : tally.values[i]) point.add_values(value);
        if (tally.sums[1][i] > 0) {
          point.add_values(tally.sums[0][i] / tally.sums[1][i]);
          point.add_weights(tally.sums[1][i]);
        }
        break;
      case v1::METRIC_KIND_HISTOGRAM:
        for (size_t slot = 0; slot < tally.sums.size(); ++slot) {
          v1::HistogramBucket& bucket = *point.add_buckets();
          bucket.set_le(slot < counted_.bounds.size() ? counted_.bounds[slot]
                                                      : std::numeric_limits<double>::infinity());
          bucket.set_count(tally.sums[slot][i]);
        }
        break;
      default:
        point.set_events(tally.sums[0][i]);
        point.set_exposure(tally.sums[1][i]);
    }
  }

  void CountFlaw(v1::FlawKind kind, const std::string& cohort, absl::Time time) {
    auto found = flaws_.find({kind, cohort});
    if (found == flaws_.end()) {
      v1::SeriesFlaw& flaw = *series_.add_flaws();
      flaw.set_kind(kind);
      flaw.set_cohort(cohort);
      *flaw.mutable_time() = ToProto(time);
      found = flaws_.emplace(std::pair(kind, cohort), series_.flaws_size() - 1).first;
    }
    v1::SeriesFlaw& flaw = *series_.mutable_flaws(found->second);
    flaw.set_intervals(flaw.intervals() + 1);
    flaw.set_detail(
        FlawDetail(kind, query_.kind(), cohort, flaw.intervals(), FromProto(flaw.time())));
  }

  void WriteFlaw(v1::FlawKind kind, const std::string& detail, const std::string& cohort = "") {
    const IntervalGrid grid = counted_.grid.Judged();
    v1::SeriesFlaw& flaw = *series_.add_flaws();
    flaw.set_kind(kind);
    flaw.set_cohort(cohort);
    *flaw.mutable_time() = ToProto(grid.At(grid.judged_from));
    flaw.set_intervals(grid.boundaries - 1 - grid.judged_from);
    flaw.set_detail(detail);
  }

  // One old cohort is enough to compare with.
  void WriteSilence() {
    bool concurrent = false, earlier = false;
    for (const auto& [name, seen] : seen_) {
      concurrent = concurrent || (name != kCanary && !IsEarlier(name));
      earlier = earlier || IsEarlier(name);
    }
    if (earlier && !concurrent) series_.set_baseline_kind(v1::BASELINE_KIND_EARLIER);
    if (!seen_.contains(kCanary)) WriteSilence(kCanary);
    if (concurrent || earlier) return;
    std::map<std::string, std::string> asked(query_.cohorts().begin(), query_.cohorts().end());
    asked.erase(kCanary);
    for (const auto& [name, value] : asked) WriteSilence(name);
    if (asked.empty()) WriteSilence(query_.earlier_weeks() > 0 ? "earlier-1w" : "baseline");
  }

  void WriteSilence(const std::string& name) {
    WriteFlaw(v1::FLAW_KIND_SILENT_COHORT, SilenceDetail(query_, name), name);
  }

  // Boundary from which on the canary has had traffic; the last one where it never has.
  int FirstTraffic() const {
    const IntervalGrid grid = counted_.grid.Judged();
    const auto canary = counted_.judged.find(kCanary);
    for (int i = grid.judged_from + 1; i < grid.boundaries; ++i) {
      if (canary == counted_.judged.end()) break;
      for (const auto& [name, tally] : canary->second.strata) {
        if (tally.known[i] && tally.sums.back()[i] > 0) return i;
      }
    }
    return grid.boundaries;
  }

  std::map<std::string, v1::EventType> CountTypes() const {
    std::map<std::string, v1::EventType> types;
    const int first_traffic = FirstTraffic();
    const IntervalGrid judged = counted_.grid.Judged(), past = counted_.grid.Past();
    for (const auto& [cohort, counted] : counted_.judged) {
      for (const auto& [name, by_interval] : counted.types) {
        for (const auto& [i, events] : by_interval) {
          if (i <= judged.judged_from) continue;  // The past's, if anyone's.
          v1::EventType& type = types[name];
          if (i < first_traffic && cohort != kCanary) {
            type.set_past_events(type.past_events() + events);
            continue;
          }
          (*type.mutable_events())[cohort] += events;
          const absl::Time time = judged.At(i);
          if (!type.has_first_seen() || time < FromProto(type.first_seen())) {
            *type.mutable_first_seen() = ToProto(time);
          }
        }
      }
    }
    for (const auto& [cohort, counted] : counted_.past) {
      if (cohort == kCanary) continue;
      for (const auto& [name, by_interval] : counted.types) {
        for (const auto& [i, events] : by_interval) {
          if (i <= past.judged_from) continue;
          v1::EventType& type = types[name];
          type.set_past_events(type.past_events() + events);
        }
      }
    }
    return types;
  }

  // Those that the canary alone has come first where there are too many.
  void WriteTypes() {
    std::vector<v1::EventType> types;
    for (auto& [name, type] : CountTypes()) {
      types.push_back(type);
      types.back().set_name(name);
    }
    const auto rank = [](const v1::EventType& type) {
      const auto canary = type.events().find(kCanary);
      const double events = canary == type.events().end() ? 0 : canary->second;
      const bool alone = type.events().size() == 1 && type.past_events() == 0 && events > 0;
      return std::tuple(!alone, -events, type.name());
    };
    if (types.size() > kMaxTypes) {
      std::ranges::sort(types, {}, rank);
      WriteFlaw(v1::FLAW_KIND_GAP,
                absl::StrCat("of ", types.size(), " values of ", query_.type_label(), " ",
                             types.size() - kMaxTypes, " are left out"));
      types.resize(kMaxTypes);
      std::ranges::sort(types, {}, [](const v1::EventType& type) { return type.name(); });
    }
    for (v1::EventType& type : types) *series_.add_types() = std::move(type);
  }

  CountedCohorts counted_;
  const v1::CohortMetricQuery& query_;
  v1::MetricSeries series_;
  std::map<std::pair<v1::FlawKind, std::string>, int> flaws_;
  std::map<std::string, bool> seen_;  // Cohorts that were there.
};

}  // namespace

std::string FlawDetail(v1::FlawKind kind, v1::MetricKind metric, const std::string& cohort,
                       int intervals, absl::Time from) {
  const std::string where =
      absl::StrCat(" of ", cohort, " in ", intervals, intervals == 1 ? " interval" : " intervals",
                   ", first at ", absl::FormatTime("%H:%M:%S", from, absl::UTCTimeZone()), " UTC");
  switch (kind) {
    case v1::FLAW_KIND_COUNTER_RESET:
      return "a counter fell" + where + ": a process restarted";
    case v1::FLAW_KIND_GAP:
      return "there are no samples" + where;
    case v1::FLAW_KIND_IMPOSSIBLE:
      return metric == v1::METRIC_KIND_HISTOGRAM ? "a bucket holds more than a larger one" + where
                                                 : "there are more events than exposure" + where;
    default:
      return metric == v1::METRIC_KIND_COUNTS ? "a value is not a whole number" + where
                                              : "a value is not a number" + where;
  }
}

std::string SilenceDetail(const v1::CohortMetricQuery& query, const std::string& cohort) {
  const bool has_exposure = query.kind() == v1::METRIC_KIND_COUNTS || !query.exposure().empty();
  return absl::StrCat("there ", has_exposure ? "is no exposure" : "are no samples", " of ", cohort,
                      " at all");
}

v1::MetricSeries WriteSeries(CountedCohorts counted) { return Writer(std::move(counted)).Write(); }

}  // namespace gate
