#include "checks/canary/metric_judgement.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

std::string Clock(absl::Time time) {
  return absl::FormatTime("%H:%M", time, absl::UTCTimeZone()) + " UTC";
}

std::string Intervals(int count) {
  return absl::StrCat(count, count == 1 ? " interval holds" : " intervals hold");
}

SeriesDefect FromFlaw(const v1::SeriesFlaw& flaw, const CanaryParameters& parameters) {
  const std::string wait =
      absl::StrCat("Wait until it has left the window of ", absl::FormatDuration(parameters.window),
                   ", at ", Clock(FromProto(flaw.time()) + parameters.window), ".");
  switch (flaw.kind()) {
    case v1::FLAW_KIND_COUNTER_RESET:
      return {
          "canary.counter_reset", flaw.detail(),
          "See whether the process crashed: what it had counted since the last scrape is lost. " +
              wait};
    case v1::FLAW_KIND_GAP:
      return {"canary.gap", flaw.detail(),
              "See why the metrics server has no samples there. " + wait};
    case v1::FLAW_KIND_SILENT_COHORT:
      return {"canary.silent_cohort", flaw.detail(),
              "See that both cohorts run, take traffic, and carry the cohort label."};
    case v1::FLAW_KIND_STALE:
      return {"canary.stale", flaw.detail(), "See whether the metrics server still scrapes."};
    case v1::FLAW_KIND_IMPOSSIBLE:
      return {"canary.impossible_counts", flaw.detail(),
              "Let `events` select a part of what `exposure` selects."};
    default:
      return {"canary.not_a_number", flaw.detail(),
              "See what exports it: a counter is a whole number."};
  }
}

bool Countable(const v1::CohortPoint& point) {
  return std::isfinite(point.exposure()) && point.exposure() >= 0 &&
         std::isfinite(point.events()) && point.events() >= 0 &&
         std::floor(point.events()) == point.events();
}

// A reporter may send points in any order.
std::vector<const v1::MetricPoint*> InOrder(const v1::MetricSeries& series) {
  std::vector<const v1::MetricPoint*> points;
  points.reserve(static_cast<size_t>(series.points_size()));
  for (const v1::MetricPoint& point : series.points()) points.push_back(&point);
  std::sort(points.begin(), points.end(), [](const auto* a, const auto* b) {
    return FromProto(a->time()) < FromProto(b->time());
  });
  return points;
}

// The end of an interval that was reported, and whether with both cohorts.
struct Reported {
  absl::Time end;
  bool whole;
};

// Intervals from the first block on that were reported with one cohort or none, or not at all.
// Those at the very end may still be on their way, as long as they are no older than `oldest`.
// `points` in the order of time.
int Holes(std::vector<Reported> points, absl::Time first, absl::Time oldest, absl::Duration step) {
  std::erase_if(points, [&](const Reported& point) { return point.end < first; });
  while (!points.empty() && !points.back().whole && points.back().end > oldest) points.pop_back();
  double holes = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    holes += !points[i].whole;
    if (i == 0) continue;
    const double steps = std::round(absl::FDivDuration(points[i].end - points[i - 1].end, step));
    holes += std::max(steps - 1, 0.0);
  }
  return static_cast<int>(std::min(holes, 1e6));
}

// Adds one interval, or says why it cannot be counted. Empty: it was added, or says nothing yet.
std::string AddPoint(const v1::MetricPoint& point, absl::Time start, CountSeries& series,
                     std::vector<Reported>& reported) {
  const absl::Time end = FromProto(point.time());
  const auto canary = point.cohorts().find("canary");
  const auto baseline = point.cohorts().find("baseline");
  const bool whole = canary != point.cohorts().end() && baseline != point.cohorts().end();
  if (end > start) reported.push_back({end, whole});
  if (!whole) return "";
  const v1::CohortPoint& c = canary->second;
  const v1::CohortPoint& b = baseline->second;
  if (!Countable(c) || !Countable(b)) return "canary.not_a_number";
  if (c.events() > c.exposure() || b.events() > b.exposure()) return "canary.impossible_counts";
  if (end <= start || (series.blocks.empty() && c.exposure() == 0)) return "";
  series.blocks.push_back({c.exposure(), b.exposure(), c.events(), b.events()});
  series.first = std::min(series.first, end);
  if (c.exposure() > 0) series.last_canary = std::max(series.last_canary, end);
  if (b.exposure() > 0) series.last_baseline = std::max(series.last_baseline, end);
  series.total.canary_exposure += c.exposure();
  series.total.baseline_exposure += b.exposure();
  series.total.canary_events += c.events();
  series.total.baseline_events += b.events();
  return "";
}

// A source that says what is wrong explains it better, and any flaw forbids a PASS.
void FindHoles(const v1::MetricSeries& series, std::vector<Reported> reported,
               const CanaryParameters& parameters, absl::Time now, CountSeries& result) {
  if (!series.flaws().empty()) return;
  absl::Duration step = FromProto(series.step());
  if (step <= absl::ZeroDuration()) step = parameters.step;
  const int holes = Holes(std::move(reported), result.first, now - parameters.max_age, step);
  if (holes == 0) return;
  result.defects.push_back(
      {"canary.gap",
       absl::StrCat(Intervals(holes),
                    " no counts of both cohorts, and the source does not say why"),
       "See that every interval is reported with both cohorts, also where nothing happened."});
}

// A cohort that took traffic and no longer does, and evidence that has ended.
void FindSilence(const CanaryParameters& parameters, absl::Time now, CountSeries& series) {
  if (series.blocks.empty()) return;
  const absl::Time oldest = now - parameters.max_age;
  const absl::Time last = std::max(series.last_canary, series.last_baseline);
  if (last < oldest) {
    series.defects.push_back(
        {"canary.stale",
         absl::StrCat("the newest interval with traffic ended at ", Clock(last), ", ",
                      absl::FormatDuration(absl::Trunc(now - last, absl::Seconds(1))),
                      " ago; at most ", absl::FormatDuration(parameters.max_age), " is accepted"),
         "See whether the metrics server still scrapes, and whether its clock is right."});
    return;
  }
  const auto silent = [&](absl::Time last_seen, std::string_view cohort) {
    if (last_seen >= oldest) return;
    const std::string since = last_seen == absl::InfinitePast()
                                  ? " has taken no traffic since the canary began"
                                  : " has taken no traffic since " + Clock(last_seen);
    series.defects.push_back({"canary.silent_cohort", std::string(cohort) + since,
                              "Route traffic to both cohorts: only what happens to both at the "
                              "same time can be compared."});
  };
  silent(series.last_canary, "canary");
  silent(series.last_baseline, "baseline");
}

// The other way round: less is worse.
std::vector<stats::CountBlock> Reversed(const std::vector<stats::CountBlock>& blocks) {
  std::vector<stats::CountBlock> result = blocks;
  for (stats::CountBlock& block : result) {
    std::swap(block.canary_exposure, block.baseline_exposure);
    std::swap(block.canary_events, block.baseline_events);
  }
  return result;
}

MetricJudgement Judge(const std::vector<stats::CountBlock>& blocks, bool reversed, double limit,
                      double alpha_harm, double alpha_safe, double tolerated_rate = 0) {
  MetricJudgement judgement;
  judgement.reversed = reversed;
  judgement.limit = limit;
  judgement.answer = stats::TestCounts(blocks, {limit, alpha_harm, alpha_safe, tolerated_rate});
  judgement.harm = judgement.answer.harm;
  judgement.safe = judgement.answer.safe;
  return judgement;
}

}  // namespace

CountSeries ReadSeries(const v1::MetricSeries& series, const v1::Change& change,
                       const CanaryParameters& parameters, absl::Time now) {
  const absl::Time start = change.canary().has_started_at()
                               ? FromProto(change.canary().started_at())
                               : absl::InfinitePast();
  CountSeries result;
  std::vector<Reported> reported;
  int unreadable = 0, impossible = 0;
  result.blocks.reserve(static_cast<size_t>(series.points_size()));
  for (const v1::MetricPoint* point : InOrder(series)) {
    const std::string problem = AddPoint(*point, start, result, reported);
    unreadable += problem == "canary.not_a_number";
    impossible += problem == "canary.impossible_counts";
  }
  for (const v1::SeriesFlaw& flaw : series.flaws()) {
    result.defects.push_back(FromFlaw(flaw, parameters));
  }
  FindHoles(series, std::move(reported), parameters, now, result);
  if (unreadable > 0) {
    result.defects.push_back(
        {"canary.not_a_number",
         absl::StrCat(Intervals(unreadable), " what is not a whole, positive number of events"),
         "See what exports it: a counter is a whole number."});
  }
  if (impossible > 0) {
    result.defects.push_back({"canary.impossible_counts",
                              absl::StrCat(Intervals(impossible), " more events than exposure"),
                              "Let `events` select a part of what `exposure` selects."});
  }
  FindSilence(parameters, now, result);
  return result;
}

MetricJudgement JudgeCounts(const CountSeries& series, const v1::CanaryMetric& metric,
                            double alpha_harm, double alpha_safe) {
  const double margin = MarginOf(metric);
  switch (DirectionOf(metric)) {
    case v1::DIRECTION_LOWER_IS_WORSE:
      return Judge(Reversed(series.blocks), true, 1 / (1 - margin), alpha_harm, alpha_safe);
    case v1::DIRECTION_EITHER: {
      // Two one-sided questions: harm in either is harm, safety takes both.
      const MetricJudgement more =
          Judge(series.blocks, false, 1 + margin, alpha_harm / 2, alpha_safe);
      const MetricJudgement less =
          Judge(Reversed(series.blocks), true, 1 / (1 - margin), alpha_harm / 2, alpha_safe);
      MetricJudgement worse = less.harm || (!more.harm && more.safe) ? less : more;
      worse.safe = more.safe && less.safe;
      return worse;
    }
    default:
      return Judge(series.blocks, false, 1 + margin, alpha_harm, alpha_safe,
                   ToleratedRateOf(metric));
  }
}

}  // namespace gate
