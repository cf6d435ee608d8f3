#include "checks/canary/metric_course.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

// Of what a state holds, and of the statistics that made it: another one cannot go on from there.
constexpr int kStateVersion = 5;

// All that makes the numbers of a state what they are, beside the points.
std::string QuestionOf(const v1::MetricSeries& metric, const SeriesWindow& window,
                       const Levels& levels) {
  return absl::StrFormat(
      "%d %s %s %s margin %.17g quantile %.17g tolerated %.17g step %s from %s warm-up %s alpha "
      "%.17g %.17g %.17g",
      kStateVersion, metric.name(), v1::MetricKind_Name(metric.kind()),
      v1::Direction_Name(metric.direction()), metric.margin(), QuantileOf(metric),
      metric.tolerated_rate(), absl::FormatDuration(FromProto(metric.step())),
      window.start == absl::InfinitePast() ? "the first traffic" : Rfc3339(window.start),
      absl::FormatDuration(window.warm_up), levels.harm, levels.safe, levels.past);
}

}  // namespace

MetricCourse::MetricCourse(const v1::MetricSeries& metric, const SeriesWindow& window,
                           const Levels& levels, absl::Time until)
    : metric_(metric),
      window_(window),
      levels_(levels),
      reader_(metric),
      past_(metric, levels.past) {
  if (metric.has_state() && !Restore(metric.state())) {
    comparisons_.clear();
    lost_.emplace();
    lost_->set_kind(v1::FLAW_KIND_GAP);
    *lost_->mutable_time() = metric.state().until();
    lost_->set_detail(absl::StrCat(
        "what was seen up to ", UtcClock(FromProto(metric.state().until())),
        " is only known by a state of another question, or of another version of the gate"));
  } else {
    while (reader_.Next(until)) AddBlock();
  }
  OpenComparisons();
}

void MetricCourse::AddBlock() {
  const absl::Time end = reader_.end();
  if (window_.InFuture(end, reader_.length())) {
    future_ = std::max(future_, end);
    return;
  }
  const bool began = began_ > absl::InfinitePast();
  if (!began && !(end > window_.start && Any(reader_.at(kCanary)))) return past_.AddPast(reader_);
  if (!began) {
    began_ = end;
    past_.Begin(reader_);
  }
  past_.Add(reader_);
  for (size_t cohort = kBaseline; cohort < kCohorts; ++cohort) {
    beside_[cohort] = beside_[cohort] || Any(reader_.at(cohort));
  }
  OpenComparisons();
  if (end - began_ < window_.warm_up) return;
  for (Comparison& comparison : comparisons_) comparison.Add(reader_);
}

// A cohort that comes up later begins there: before, there was nothing to compare. Who has had no
// traffic beside the canary is no yardstick while there is another one.
void MetricCourse::OpenComparisons() {
  const auto known = static_cast<size_t>(std::ranges::count(beside_, true));
  if (!comparisons_.empty() && opened_for_ == known) return;
  opened_for_ = known;
  std::vector<size_t> wanted;
  if (beside_[kBaseline]) {
    wanted = {kBaseline};
  } else if (!beside_[kStable]) {
    for (size_t week = kLastWeek; week < kCohorts; ++week) {
      if (beside_[week]) wanted.push_back(week);
    }
  }
  if (wanted.empty()) wanted = {reader_.seen(kBaseline) && !beside_[kStable] ? kBaseline : kStable};
  const auto is_wanted = [&](const Comparison& comparison) {
    return std::ranges::find(wanted, comparison.old_cohort()) != wanted.end();
  };
  if (!std::ranges::all_of(comparisons_, is_wanted)) comparisons_.clear();
  for (const size_t old : wanted) {
    if (std::ranges::find(comparisons_, old, &Comparison::old_cohort) == comparisons_.end()) {
      comparisons_.emplace_back(metric_, old, reader_.length(), window_, past_.noise(),
                                levels_.harm);
    }
  }
}

std::vector<v1::SeriesFlaw> MetricCourse::Defects(const Comparison& comparison) const {
  std::vector<v1::SeriesFlaw> defects = comparison.Defects(reader_, future_);
  if (lost_) defects.insert(defects.begin(), *lost_);
  return defects;
}

std::optional<v1::MetricState> MetricCourse::State() {
  if (began_ == absl::InfinitePast() || !metric_.has_step() || lost_) return std::nullopt;
  v1::MetricState state;
  state.set_question(QuestionOf(metric_, window_, levels_));
  *state.mutable_until() = ToProto(reader_.end());
  StateArchive archive = StateArchive::Writing(state);
  Each(archive);
  return state;
}

bool MetricCourse::Restore(const v1::MetricState& state) {
  if (!metric_.has_step() || state.question() != QuestionOf(metric_, window_, levels_))
    return false;
  StateArchive archive = StateArchive::Reading(state);
  Each(archive);
  return archive.Whole();
}

void MetricCourse::Each(StateArchive& archive) {
  archive(reader_), archive(began_);
  for (bool& beside : beside_) archive(beside);
  past_.Each(archive, reader_);
  size_t comparisons = comparisons_.size();
  archive(comparisons);
  for (size_t i = 0; i < comparisons; ++i) {
    size_t old = i < comparisons_.size() ? comparisons_[i].old_cohort() : kStable;
    archive(old);
    if (archive.reading()) {
      if (old == kCanary || old >= kCohorts || comparisons >= kCohorts) return archive.Fail();
      comparisons_.emplace_back(metric_, old, reader_.length(), window_, past_.noise(),
                                levels_.harm);
    }
    comparisons_[i].Each(archive, reader_);
  }
}

}  // namespace gate
