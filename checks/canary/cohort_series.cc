#include "checks/canary/cohort_series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checks/canary/block_reader.h"
#include "checks/canary/numbers.h"
#include "checks/proto_time.h"
#include "checks/stats/share_betting.h"

namespace gate {
namespace {

constexpr size_t kCanary = 0, kOld = 1;  // in the BlockReader
constexpr int kSilence = 3;              // blocks without traffic that are no chance
// The canary's share of the traffic may be off by so much, and the chance of saying so in vain.
constexpr double kShareMargin = 0.25, kShareAlpha = 0.001;
// How far clocks may be apart.
constexpr absl::Duration kFuture = absl::Minutes(1);

bool Any(const std::vector<Amount>* strata) {
  return strata != nullptr && std::ranges::any_of(*strata, &Amount::Any);
}

absl::Duration MaxAge(const SeriesWindow& window, absl::Duration length) {
  if (window.max_age > absl::ZeroDuration()) return window.max_age;
  return std::max(absl::Minutes(3), 2 * length);
}

std::string Intervals(double count) {
  return absl::StrCat(Count(count), count == 1 ? " interval has" : " intervals have");
}

// Puts the blocks of both cohorts together.
class Joiner {
 public:
  Joiner(const v1::MetricSeries& series, const std::string& old_cohort, const SeriesWindow& window,
         std::optional<std::string> stratum)
      : series_(series), window_(window), reader_(series, {"canary", old_cohort}) {
    result_.old_cohort = old_cohort;
    result_.bounds = reader_.bounds();
    result_.length = reader_.length();
    for (size_t i = 0; i < reader_.strata().size(); ++i) {
      if (!stratum || *stratum == reader_.strata()[i]) chosen_.push_back(i);
    }
    if (series.kind() == v1::METRIC_KIND_VALUES) {
      result_.blocks.emplace<std::vector<stats::MeanBlock>>();
    } else {
      result_.strata = std::max<size_t>(chosen_.size(), 1);
      if (series.kind() == v1::METRIC_KIND_HISTOGRAM) {
        result_.blocks.emplace<std::vector<stats::HistogramBlock>>();
      }
    }
  }

  CohortSeries Join() && {
    while (reader_.Next()) AddBlock();
    // Values of both cohorts at the very end may still be on their way.
    const absl::Time late =
        window_.Recorded() ? absl::InfiniteFuture() : window_.as_of - MaxAge(window_, length());
    while (!gaps_.empty() && gaps_.back() > late && gaps_.back() > result_.last) gaps_.pop_back();
    for (const v1::SeriesFlaw& flaw : series_.flaws()) result_.defects.push_back(flaw);
    // A source that says what is wrong explains it better.
    if (series_.flaws().empty()) AddGaps();
    for (v1::SeriesFlaw& problem : reader_.Problems()) {
      result_.defects.push_back(std::move(problem));
    }
    FindStaleness();
    FindShare();
    return std::move(result_);
  }

 private:
  absl::Duration length() const { return result_.length; }

  void AddBlock() {
    const absl::Time end = reader_.end();
    if (!window_.Recorded() && end > window_.as_of + kFuture + length()) {
      future_ = std::max(future_, end);
      return;
    }
    const std::vector<Amount>* canary = reader_.at(kCanary);
    const std::vector<Amount>* old = reader_.at(kOld);
    if (end <= window_.start) return;
    if (began_ == absl::InfinitePast()) {
      if (!Any(canary)) return;
      began_ = end;
    }
    if (end - began_ < window_.warm_up) return;
    const bool both = canary != nullptr && old != nullptr;
    if (!both && result_.first == absl::InfinitePast()) return;
    if (previous_ != absl::InfinitePast()) {
      for (absl::Time gap = previous_ + length(); end - gap > length() / 2 && gaps_.size() < 1e6;
           gap += length()) {
        gaps_.push_back(gap);
      }
    }
    previous_ = end;
    if (!both) {
      if (!reader_.unread()) gaps_.push_back(end);
      return;
    }
    if (result_.first == absl::InfinitePast()) result_.first = end;
    result_.last = end;
    if (Any(canary)) canary_seen_ = end;
    if (Any(old)) old_seen_ = end;
    std::visit([&](auto& blocks) { Push(*canary, *old, blocks); }, result_.blocks);
  }

  void Push(const std::vector<Amount>& canary, const std::vector<Amount>& old,
            std::vector<stats::CountBlock>& blocks) const {
    for (const size_t i : chosen_) {
      blocks.push_back({canary[i].exposure, old[i].exposure, canary[i].cost, old[i].cost});
    }
  }

  void Push(const std::vector<Amount>& canary, const std::vector<Amount>& old,
            std::vector<stats::HistogramBlock>& blocks) const {
    for (const size_t i : chosen_) blocks.push_back({canary[i].counts, old[i].counts});
  }

  // The means of strata that both have, weighted by how much both have of each: the same mix on
  // both sides (direct standardisation).
  void Push(const std::vector<Amount>& canary, const std::vector<Amount>& old,
            std::vector<stats::MeanBlock>& blocks) const {
    if (chosen_.size() == 1) {
      const size_t i = chosen_[0];
      blocks.push_back({canary[i].cost, canary[i].exposure, old[i].cost, old[i].exposure});
      return;
    }
    stats::MeanBlock block;
    double canary_mean = 0, old_mean = 0;
    for (const size_t i : chosen_) {
      if (!(canary[i].exposure > 0 && old[i].exposure > 0)) continue;
      const double weight = canary[i].exposure + old[i].exposure;
      canary_mean += weight * canary[i].cost / canary[i].exposure;
      old_mean += weight * old[i].cost / old[i].exposure;
      block.canary_exposure += canary[i].exposure;
      block.baseline_exposure += old[i].exposure;
    }
    const double weights = block.canary_exposure + block.baseline_exposure;
    if (weights > 0) {
      block.canary_cost = canary_mean / weights * block.canary_exposure;
      block.baseline_cost = old_mean / weights * block.baseline_exposure;
    }
    blocks.push_back(block);
  }

  void AddDefect(v1::FlawKind kind, const std::string& cohort, absl::Time time, size_t intervals,
                 std::string detail) {
    v1::SeriesFlaw& flaw = result_.defects.emplace_back();
    flaw.set_kind(kind);
    flaw.set_cohort(cohort);
    if (time > absl::InfinitePast()) *flaw.mutable_time() = ToProto(time);
    flaw.set_intervals(static_cast<int>(std::min<size_t>(intervals, 1'000'000)));
    flaw.set_detail(std::move(detail));
  }

  void AddGaps() {
    if (gaps_.empty()) return;
    AddDefect(v1::FLAW_KIND_GAP, "", gaps_[0], gaps_.size(),
              absl::StrCat(Intervals(static_cast<double>(gaps_.size())),
                           " no values of both cohorts, first at ", UtcClock(gaps_[0])));
  }

  void FindStaleness() {
    if (future_ > absl::InfinitePast()) {
      AddDefect(v1::FLAW_KIND_FUTURE, "", future_, 1,
                absl::StrCat("there are values of ", UtcClock(future_),
                             ", which has not come yet: two clocks disagree"));
    }
    if (previous_ == absl::InfinitePast()) return;
    const absl::Time oldest = window_.Recorded()
                                  ? previous_ - (kSilence - 1) * length() - length() / 2
                                  : window_.as_of - MaxAge(window_, length());
    const absl::Time seen = std::max(canary_seen_, old_seen_);
    if (!window_.Recorded() && seen < oldest && seen > absl::InfinitePast()) {
      AddDefect(
          v1::FLAW_KIND_STALE, "", seen, 0,
          absl::StrCat("the newest interval with traffic ended at ", UtcClock(seen), ", ",
                       absl::FormatDuration(absl::Trunc(window_.as_of - seen, absl::Seconds(1))),
                       " ago; at most ", absl::FormatDuration(MaxAge(window_, length())),
                       " is accepted"));
      return;
    }
    FindSilence("the canary", "canary", canary_seen_, oldest);
    FindSilence(result_.old_cohort, result_.old_cohort, old_seen_, oldest);
  }

  // A cohort that took traffic and no longer does.
  void FindSilence(const std::string& name, const std::string& cohort, absl::Time seen,
                   absl::Time oldest) {
    if (seen >= oldest || (result_.size() == 0 && seen == absl::InfinitePast())) return;
    AddDefect(v1::FLAW_KIND_SILENT_COHORT, cohort, seen, 0,
              absl::StrCat(name, seen == absl::InfinitePast()
                                     ? " has had no traffic since the canary began"
                                     : " has had no traffic since " + UtcClock(seen)));
  }

  // Whether the canary gets the part of the traffic that it is said to get. Bets, an interval each:
  // users bring many requests at once.
  void FindShare() {
    const double told = window_.canary_share;
    if (!(told > 0 && told < 1) || result_.old_cohort.starts_with("earlier")) return;
    stats::ShareBetting above(stats::Side::kAbove), below(stats::Side::kBelow);
    double canary = 0, all = 0;
    const auto bet = [&](const stats::CountBlock& requests) {
      if (!(requests.events() > 0)) return;
      above.Add(requests, std::min(told * (1 + kShareMargin), 1.0));
      below.Add(requests, told * (1 - kShareMargin));
      canary += requests.canary_events;
      all += requests.events();
    };
    ForEachTraffic(bet);
    if (std::max(above.LogE(), below.LogE()) < -std::log(kShareAlpha / 2)) return;
    AddDefect(v1::FLAW_KIND_TRAFFIC_SPLIT, "canary", result_.first, result_.size(),
              absl::StrCat("the canary gets ", TwoDigits(100 * canary / all),
                           " % of the traffic, not ", TwoDigits(100 * told),
                           " % as the change says: nobody knows whose "
                           "requests are compared"));
  }

  // The requests of all cohorts, block by block, where the metric tells them.
  template <typename Bet>
  void ForEachTraffic(Bet bet) const {
    if (series_.kind() == v1::METRIC_KIND_VALUES) return;
    BlockReader reader(series_, {"canary", "baseline", "stable"});
    while (reader.Next()) {
      if (reader.end() < result_.first || reader.end() > result_.last) continue;
      const auto requests = [&](size_t cohort) {
        double sum = 0;
        if (reader.at(cohort) == nullptr) return sum;
        for (const Amount& amount : *reader.at(cohort)) {
          sum += amount.counts.empty() ? amount.exposure : amount.counts.back();
        }
        return sum;
      };
      bet(stats::CountBlock{0, 0, requests(0), requests(1) + requests(2)});
    }
  }

  const v1::MetricSeries& series_;
  const SeriesWindow& window_;
  BlockReader reader_;
  std::vector<size_t> chosen_;  // strata
  CohortSeries result_;
  absl::Time began_ = absl::InfinitePast();     // first block with traffic of the canary
  absl::Time previous_ = absl::InfinitePast();  // end of the block before
  absl::Time canary_seen_ = absl::InfinitePast(), old_seen_ = absl::InfinitePast();
  absl::Time future_ = absl::InfinitePast();
  std::vector<absl::Time> gaps_;
};

}  // namespace

SeriesWindow::SeriesWindow(const v1::JudgeRequest& request)
    : start(request.has_start() ? FromProto(request.start()) : absl::InfinitePast()),
      warm_up(FromProto(request.warm_up())),
      as_of(request.has_as_of() ? FromProto(request.as_of()) : absl::InfinitePast()),
      max_age(FromProto(request.max_age())),
      canary_share(request.canary_share()) {}

std::vector<std::string> OldCohorts(const v1::MetricSeries& series) {
  bool baseline = false;
  std::vector<std::string> earlier;
  for (const v1::MetricPoint& point : series.points()) {
    baseline = baseline || point.cohorts().contains("baseline");
    for (const auto& [name, cohort] : point.cohorts()) {
      if (name.starts_with("earlier-") && std::ranges::find(earlier, name) == earlier.end()) {
        earlier.push_back(name);
      }
    }
  }
  if (baseline) return {"baseline"};
  const bool stable = std::ranges::any_of(
      series.points(), [](const auto& point) { return point.cohorts().contains("stable"); });
  if (stable || earlier.empty()) return {"stable"};
  std::ranges::sort(earlier);
  return earlier;
}

CohortSeries ReadCohorts(const v1::MetricSeries& series, const std::string& old_cohort,
                         const SeriesWindow& window) {
  return Joiner(series, old_cohort, window, std::nullopt).Join();
}

CohortSeries ReadStratum(const v1::MetricSeries& series, const std::string& old_cohort,
                         const std::string& stratum, const SeriesWindow& window) {
  return Joiner(series, old_cohort, window, stratum).Join();
}

std::vector<std::string> StrataOf(const v1::MetricSeries& series, const std::string& old_cohort) {
  return BlockReader(series, {"canary", old_cohort}).strata();
}

}  // namespace gate
