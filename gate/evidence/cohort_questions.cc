#include "gate/evidence/cohort_questions.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/canary/selector.h"
#include "checks/proto_time.h"
#include "gate/evidence/cohort_counts.h"

namespace gate {
namespace {

constexpr int kMaxEarlierWeeks = 8;

bool IsHistogram(const v1::CohortMetricQuery& query) {
  return query.kind() == v1::METRIC_KIND_HISTOGRAM;
}

// The selectors of a question, events first.
std::vector<std::string> SelectorsOf(const v1::CohortMetricQuery& query) {
  if (IsHistogram(query)) return {query.histogram()};
  if (query.exposure().empty()) return {query.events()};
  return {query.events(), query.exposure()};
}

// track=~"canary|baseline", each value once.
Matcher CohortMatcher(const v1::CohortMetricQuery& query) {
  // The canary's first, as people read it.
  std::vector<std::string> values = {query.cohorts().at("canary")};
  const std::map<std::string, std::string> cohorts(query.cohorts().begin(), query.cohorts().end());
  for (const auto& [name, value] : cohorts) {
    if (std::ranges::find(values, value) == values.end()) values.push_back(value);
  }
  for (std::string& value : values) value = QuoteRegex(value);
  return {query.cohort_label(), "=~", absl::StrJoin(values, "|")};
}

std::string Suffix(const MetricSelector& selector) {
  return selector.name.ends_with("_bucket") ? "" : "_bucket";
}

// One question after the other, until one has no answer.
class Asker {
 public:
  Asker(const v1::CohortMetricQuery& query, const IntervalGrid& grid, const ReadRange& read,
        bool& native, v1::Absence& absence)
      : query_(query), grid_(grid), read_(read), native_(native), absence_(absence) {}

  bool Ask(v1::MetricSeries& series) {
    CohortSamples samples;
    if (!AskOnce(0, samples.cohorts)) return false;
    if (Nothing(samples.cohorts)) {
      return Fail(v1::ABSENCE_REASON_EMPTY, "no series matches " + queries_.back());
    }
    for (int week = 1; week <= query_.earlier_weeks(); ++week) {
      if (!AskOnce(week, samples.earlier.emplace_back())) return false;
    }
    absl::StatusOr<v1::MetricSeries> counted = CountCohorts(samples, query_, grid_);
    if (!counted.ok()) {
      return Fail(absl::IsResourceExhausted(counted.status()) ? v1::ABSENCE_REASON_TOO_LARGE
                                                              : v1::ABSENCE_REASON_MALFORMED,
                  std::string(counted.status().message()));
    }
    series = *std::move(counted);
    series.set_name(query_.metric());
    for (const std::string& promql : queries_) series.add_queries(promql);
    return true;
  }

 private:
  bool Fail(v1::AbsenceReason reason, const std::string& detail) {
    absence_.set_reason(reason);
    absence_.set_detail(detail.substr(0, 1024));
    return false;
  }

  // Without exposure nothing can be compared.
  bool Nothing(const MetricSamples& samples) const {
    return SelectorsOf(query_).size() == 1 ? samples.events.empty() : samples.exposure.empty();
  }

  bool AskOnce(int week, MetricSamples& samples) {
    if (IsHistogram(query_)) return AskHistogram(week, samples.events);
    const std::vector<std::string> selectors = SelectorsOf(query_);
    return Read(selectors[0], "", week, samples.events) &&
           (selectors.size() == 1 || Read(selectors[1], "", week, samples.exposure));
  }

  // Where the one form has nothing, the other may.
  bool AskHistogram(int week, std::vector<PrometheusSeries>& histograms) {
    const size_t before = queries_.size();
    if (!AskForm(native_, week, histograms)) return false;
    if (!histograms.empty() || week > 0) return true;
    queries_.resize(before);
    if (!AskForm(!native_, week, histograms)) return false;
    if (!histograms.empty()) native_ = !native_;
    return true;
  }

  bool AskForm(bool native, int week, std::vector<PrometheusSeries>& histograms) {
    std::string error;
    const std::optional<MetricSelector> selector = ParseSelector(query_.histogram(), error);
    if (!selector) return Fail(v1::ABSENCE_REASON_REJECTED, error);
    if (!Read(query_.histogram(), native ? "" : Suffix(*selector), week, histograms)) return false;
    // A counter of the histogram's own name is no histogram.
    if (native) std::erase_if(histograms, [](const auto& one) { return one.histograms.empty(); });
    return true;
  }

  bool Read(const std::string& text, const std::string& suffix, int week,
            std::vector<PrometheusSeries>& series) {
    std::string error;
    std::optional<MetricSelector> selector = ParseSelector(text, error);
    if (!selector) return Fail(v1::ABSENCE_REASON_REJECTED, error);
    selector->name += suffix;
    if (week == 0) selector->matchers.push_back(CohortMatcher(query_));
    SampleQuestion question;
    question.selector = *std::move(selector);
    question.weeks_before = week;
    const bool gauge = !IsHistogram(query_) && query_.exposure().empty();
    // The last sample of the interval, not one from before: what is told twice is no evidence.
    if (gauge) question.within = grid_.step;
    queries_.push_back(question.PromQl());
    return read_(question, series, absence_);
  }

  const v1::CohortMetricQuery& query_;
  const IntervalGrid& grid_;
  const ReadRange& read_;
  bool& native_;
  v1::Absence& absence_;
  std::vector<std::string> queries_;
};

}  // namespace

std::string SampleQuestion::PromQl() const {
  std::string promql = selector.Print();
  const bool last = within > absl::ZeroDuration();
  if (last) absl::StrAppend(&promql, "[", absl::ToInt64Seconds(within), "s]");
  if (weeks_before > 0) absl::StrAppend(&promql, " offset ", weeks_before, "w");
  return last ? absl::StrCat("last_over_time(", promql, ")") : promql;
}

IntervalGrid GridOf(const v1::CohortMetricQuery& query, absl::Time now) {
  absl::Time begin = now - FromProto(query.window());
  if (query.has_start()) begin = std::max(begin, FromProto(query.start()));
  return GridFor(begin, FromProto(query.step()), now, FromProto(query.past()));
}

std::string ProblemOf(const v1::CohortMetricQuery& query) {
  const absl::Duration step = FromProto(query.step());
  if (step < absl::Seconds(1) || absl::Trunc(step, absl::Seconds(1)) != step) {
    return "step must be whole seconds";
  }
  const auto canary = query.cohorts().find("canary");
  if (canary == query.cohorts().end()) return "the cohort \"canary\" is not asked for";
  for (const auto& [name, value] : query.cohorts()) {
    if (name != "canary" && value == canary->second) {
      return absl::StrCat("canary and ", name, " have the same label value \"", value, "\"");
    }
  }
  if (query.cohort_label().empty()) return "no label tells the cohorts apart";
  if (query.earlier_weeks() < 0 || query.earlier_weeks() > kMaxEarlierWeeks) {
    return absl::StrCat("earlier_weeks is out of range: 0 to ", kMaxEarlierWeeks);
  }
  if (FromProto(query.past()) < absl::ZeroDuration()) return "past is negative";
  if (query.kind() != v1::METRIC_KIND_COUNTS && query.kind() != v1::METRIC_KIND_VALUES &&
      query.kind() != v1::METRIC_KIND_HISTOGRAM) {
    return "the kind of the metric is not known";
  }
  if (query.kind() == v1::METRIC_KIND_COUNTS && query.exposure().empty()) {
    return "there is no selector of exposure";
  }
  for (const std::string& selector : SelectorsOf(query)) {
    std::string error;
    const std::optional<MetricSelector> parsed = ParseSelector(selector, error);
    if (!parsed) return error;
    if (IsHistogram(query) && parsed->name.empty()) return "the selector does not name a histogram";
  }
  return "";
}

bool AskCohorts(const v1::CohortMetricQuery& query, const IntervalGrid& grid, const ReadRange& read,
                bool& native, v1::MetricSeries& series, v1::Absence& absence) {
  return Asker(query, grid, read, native, absence).Ask(series);
}

}  // namespace gate
