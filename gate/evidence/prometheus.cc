#include "gate/evidence/prometheus.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/evidence.h"
#include "checks/proto_time.h"
#include "gate/evidence/cohort_questions.h"
#include "gate/evidence/series_questions.h"

namespace gate {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Seconds(5);
constexpr int kDefaultInFlight = 8;
constexpr size_t kMaxKeptBytes = 64 << 20;
constexpr int kMaxPoints = 11000;  // A Prometheus answers no more in one query.
constexpr size_t kMaxHistograms = 10000;

IntervalGrid CohortGrid(const v1::CohortMetricQuery& query, absl::Time now) {
  absl::Time begin = now - FromProto(query.window());
  if (query.has_start()) begin = std::max(begin, FromProto(query.start()));
  return GridFor(begin, FromProto(query.step()), now, FromProto(query.past()));
}

IntervalGrid QuestionGrid(const v1::Query& query, absl::Time now) {
  return query.has_series() ? GridOf(query.series(), now) : CohortGrid(query.cohort_metric(), now);
}

std::string QuestionProblem(const v1::Query& query) {
  return query.has_series() ? ProblemOf(query.series()) : ProblemOf(query.cohort_metric());
}

// What makes two questions the same one.
std::string KeyOf(v1::Query query, const IntervalGrid& grid) {
  query.clear_id();
  if (query.has_cohort_metric()) {
    query.mutable_cohort_metric()->clear_start();
    query.mutable_cohort_metric()->clear_window();
  }
  std::string key;
  {
    google::protobuf::io::StringOutputStream bytes(&key);
    google::protobuf::io::CodedOutputStream coded(&bytes);
    coded.SetSerializationDeterministic(true);  // The cohorts are a map.
    query.SerializeToCodedStream(&coded);
  }
  return absl::StrCat(key, "@", absl::ToUnixSeconds(grid.first), "+", grid.boundaries, "-",
                      grid.past);
}

// Adds later samples of the same series. Both are ascending by labels.
void Append(std::vector<PrometheusSeries> later, std::vector<PrometheusSeries>& series) {
  std::vector<PrometheusSeries> all;
  auto old = series.begin();
  for (PrometheusSeries& one : later) {
    while (old != series.end() && old->labels < one.labels) all.push_back(std::move(*old++));
    if (old == series.end() || old->labels != one.labels) {
      all.push_back(std::move(one));
      continue;
    }
    PrometheusSeries& both = all.emplace_back(std::move(*old++));
    both.samples.insert(both.samples.end(), one.samples.begin(), one.samples.end());
    std::ranges::move(one.histograms, std::back_inserter(both.histograms));
  }
  std::move(old, series.end(), std::back_inserter(all));
  series = std::move(all);
}

}  // namespace

PrometheusSource::PrometheusSource(const config::v1::MetricsServer& server)
    : source_(server.name()),
      name_("prometheus:" + server.name()),
      timeout_(absl::ToChronoNanoseconds(server.has_timeout() ? FromProto(server.timeout())
                                                              : kDefaultTimeout)),
      max_in_flight_(server.max_in_flight() > 0 ? server.max_in_flight() : kDefaultInFlight),
      api_(server.url(), {server.bearer_token_file(), server.ca_file()}) {}

bool PrometheusSource::Answers(const v1::Query& query) const {
  return (query.has_cohort_metric() && query.cohort_metric().source() == source_) ||
         (query.has_series() && query.series().source() == source_);
}

v1::Observation PrometheusSource::Fetch(const v1::Query& query, const FetchContext& context) {
  if (const std::string problem = QuestionProblem(query); !problem.empty()) {
    return Absent(query.id(), name_, v1::ABSENCE_REASON_REJECTED, problem);
  }
  const IntervalGrid grid = QuestionGrid(query, context.now);
  if (grid.boundaries == 0) {
    return Absent(query.id(), name_, v1::ABSENCE_REASON_EMPTY,
                  absl::StrCat("no interval of ", absl::FormatDuration(grid.step),
                               " has been completed since the canary began"));
  }
  v1::Observation observation = FetchOnce(query, KeyOf(query, grid), grid, context.deadline);
  observation.set_id(query.id());
  return observation;
}

std::shared_ptr<const v1::Observation> PrometheusSource::AtHand(const v1::Query& query,
                                                                const FetchContext& context) {
  if (!QuestionProblem(query).empty()) return nullptr;
  const std::string key = KeyOf(query, QuestionGrid(query, context.now));
  MutexLock lock(mu_);
  const auto found = answers_.find(key);
  if (found == answers_.end() || !found->second->done) return nullptr;
  const std::shared_ptr<Answer>& known = found->second;
  if (known->observation.id() != query.id()) return nullptr;  // Another metric with these counts.
  return {known, &known->observation};
}

v1::Observation PrometheusSource::FetchOnce(const v1::Query& query, const std::string& key,
                                            const IntervalGrid& grid, Deadline deadline) {
  std::shared_ptr<Answer> ours;
  {
    MutexLock lock(mu_);
    while (true) {
      const auto found = answers_.find(key);
      if (found == answers_.end()) break;
      const std::shared_ptr<Answer> theirs = found->second;
      while (!theirs->done) {
        if (!changed_.WaitUntil(mu_, deadline) && !theirs->done) {
          return Absent(query.id(), name_, v1::ABSENCE_REASON_TIMEOUT,
                        "the same question is on its way for longer than we can wait");
        }
      }
      // Who asked first may have had less time than we have: then ask again.
      const bool gave_up = theirs->observation.absence().reason() == v1::ABSENCE_REASON_TIMEOUT;
      if (!gave_up || std::chrono::steady_clock::now() >= deadline) return theirs->observation;
    }
    ours = std::make_shared<Answer>();
    answers_.emplace(key, ours);
  }
  v1::Observation observation = Ask(query, grid, deadline);
  MutexLock lock(mu_);
  ours->observation = observation;
  ours->done = true;
  Keep(key, std::move(ours));
  changed_.NotifyAll();
  return observation;
}

// Only answers are kept: a failure is asked again.
void PrometheusSource::Keep(const std::string& key, std::shared_ptr<Answer> answer) {
  if (answer->observation.has_absence()) {
    answers_.erase(key);
    return;
  }
  answer->bytes = answer->observation.SpaceUsedLong();
  kept_bytes_ += answer->bytes;
  kept_.push_back(key);
  while (kept_bytes_ > kMaxKeptBytes && kept_.size() > 1) {
    const auto oldest = answers_.find(kept_.front());
    kept_bytes_ -= oldest->second->bytes;
    answers_.erase(oldest);
    kept_.pop_front();
  }
}

v1::Observation PrometheusSource::Ask(const v1::Query& query, const IntervalGrid& grid,
                                      Deadline deadline) {
  {
    MutexLock lock(mu_);
    while (in_flight_ >= max_in_flight_) {
      if (changed_.WaitUntil(mu_, deadline) || in_flight_ < max_in_flight_) continue;
      return Absent(query.id(), name_, v1::ABSENCE_REASON_TIMEOUT,
                    absl::StrCat(max_in_flight_, " other queries were in flight all the time"));
    }
    ++in_flight_;
  }
  v1::Observation observation = AskInTurn(query, grid, deadline);
  MutexLock lock(mu_);
  --in_flight_;
  changed_.NotifyAll();
  return observation;
}

v1::Observation PrometheusSource::AskInTurn(const v1::Query& query, const IntervalGrid& grid,
                                            Deadline deadline) {
  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(name_);
  v1::Absence absence;
  const bool answered = query.has_series()
                            ? AskSeries(query, grid, deadline, observation, absence)
                            : AskCohorts(query, grid, deadline, observation, absence);
  return answered ? observation : Absent(query.id(), name_, absence.reason(), absence.detail());
}

bool PrometheusSource::AskCohorts(const v1::Query& query, const IntervalGrid& grid,
                                  Deadline deadline, v1::Observation& observation,
                                  v1::Absence& absence) {
  const v1::CohortMetricQuery& asked = query.cohort_metric();
  bool native = false;
  {
    MutexLock lock(mu_);
    const auto known = native_.find(asked.histogram());
    if (known != native_.end()) native = known->second;
  }
  const ReadRange read = [&](const std::string& promql, std::vector<PrometheusSeries>& series,
                             v1::Absence& why) {
    return Read(promql, grid, deadline, series, why);
  };
  v1::MetricSeries& series = *observation.mutable_metric();
  if (!gate::AskCohorts(asked, grid, read, native, series, absence)) return false;
  *observation.mutable_observed_at() = series.points().empty()
                                           ? ToProto(grid.end())
                                           : series.points(series.points_size() - 1).time();
  MutexLock lock(mu_);
  if (native_.size() >= kMaxHistograms) native_.clear();
  if (native) {
    native_[asked.histogram()] = true;
  } else {
    native_.erase(asked.histogram());
  }
  return true;
}

bool PrometheusSource::AskSeries(const v1::Query& query, const IntervalGrid& grid,
                                 Deadline deadline, v1::Observation& observation,
                                 v1::Absence& absence) {
  const std::string promql = PromQlOf(query.series());
  std::vector<PrometheusSeries> series;
  if (!Read(promql, grid, deadline, series, absence)) return false;
  absl::StatusOr<v1::ValueSeries> values = ReadValues(query.series(), series);
  if (!values.ok()) {
    absence.set_reason(v1::ABSENCE_REASON_MALFORMED);
    absence.set_detail(std::string(values.status().message()));
  } else if (values->points().empty()) {
    absence.set_reason(v1::ABSENCE_REASON_EMPTY);
    absence.set_detail(("there is no value of " + promql).substr(0, 1024));
  } else {
    *observation.mutable_observed_at() = values->points(values->points_size() - 1).time();
    *observation.mutable_series() = *std::move(values);
    return true;
  }
  return false;
}

bool PrometheusSource::Read(const std::string& promql, const IntervalGrid& grid, Deadline deadline,
                            std::vector<PrometheusSeries>& series, v1::Absence& absence) {
  for (int from = 0; from < grid.boundaries; from += kMaxPoints) {
    const int to = std::min(from + kMaxPoints, grid.boundaries) - 1;
    const auto in_time =
        std::min(deadline, std::chrono::steady_clock::now() +
                               std::chrono::duration_cast<Deadline::duration>(timeout_));
    std::vector<PrometheusSeries> part;
    if (!api_.Query({promql, grid.At(from), grid.At(to), grid.step}, in_time, part, absence)) {
      return false;
    }
    Append(std::move(part), series);
  }
  return true;
}

}  // namespace gate
