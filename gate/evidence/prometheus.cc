#include "gate/evidence/prometheus.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/evidence.h"
#include "checks/proto_time.h"
#include "gate/evidence/cohort_questions.h"
#include "gate/evidence/series_questions.h"

namespace gate {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Seconds(5);
// What a server that is fed by others may catch up on.
constexpr absl::Duration kComesLate = absl::Minutes(10);
constexpr int kDefaultInFlight = 8;
constexpr size_t kMaxKeptBytes = 64 << 20;
constexpr size_t kMaxHistograms = 10000;
// Eight answers of the largest size are some hundred megabytes of samples.
constexpr int kMaxHalvings = 3;
constexpr int kMinHalvedSteps = 60;

IntervalGrid QuestionGrid(const v1::Query& query, absl::Time now) {
  return query.has_series() ? GridOf(query.series(), now) : GridOf(query.cohort_metric(), now);
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

std::vector<std::string> UrlsOf(const config::v1::MetricsServer& server) {
  if (server.urls().empty()) return {server.url()};
  return {server.urls().begin(), server.urls().end()};
}

HttpOptions OptionsOf(const config::v1::MetricsServer& server) {
  HttpOptions options;
  options.bearer_token_file = server.bearer_token_file();
  options.basic_user = server.basic_auth().user();
  options.basic_password_file = server.basic_auth().password_file();
  options.ca_file = server.ca_file();
  options.client_certificate_file = server.client_certificate_file();
  options.client_private_key_file = server.client_private_key_file();
  options.headers.assign(server.headers().begin(), server.headers().end());
  return options;
}

}  // namespace

PrometheusSource::PrometheusSource(const config::v1::MetricsServer& server,
                                   EndpointObserver* observer)
    : source_(server.name()),
      name_("prometheus:" + server.name()),
      timeout_(absl::ToChronoNanoseconds(server.has_timeout() ? FromProto(server.timeout())
                                                              : kDefaultTimeout)),
      max_in_flight_(server.max_in_flight() > 0 ? server.max_in_flight() : kDefaultInFlight),
      endpoints_(name_, UrlsOf(server), observer) {
  for (const std::string& url : UrlsOf(server)) {
    apis_.push_back(std::make_unique<PrometheusApi>(url, OptionsOf(server)));
  }
}

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
  v1::Observation observation = FetchOnce(query, KeyOf(query, grid), grid, context);
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
                                            const IntervalGrid& grid, const FetchContext& context) {
  std::shared_ptr<Answer> ours;
  {
    MutexLock lock(mu_);
    while (true) {
      const auto found = answers_.find(key);
      if (found == answers_.end()) break;
      const std::shared_ptr<Answer> theirs = found->second;
      while (!theirs->done) {
        if (!changed_.WaitUntil(mu_, context.deadline) && !theirs->done) {
          return Absent(query.id(), name_, v1::ABSENCE_REASON_TIMEOUT,
                        "the same question is on its way for longer than we can wait");
        }
      }
      // Who asked first may have had less time than we have: then ask again.
      const bool gave_up = theirs->observation.absence().reason() == v1::ABSENCE_REASON_TIMEOUT;
      if (!gave_up || std::chrono::steady_clock::now() >= context.deadline)
        return theirs->observation;
    }
    ours = std::make_shared<Answer>();
    answers_.emplace(key, ours);
  }
  v1::Observation observation = AskInTurn(query, grid, context);
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

v1::Observation PrometheusSource::AskInTurn(const v1::Query& query, const IntervalGrid& grid,
                                            const FetchContext& context) {
  {
    MutexLock lock(mu_);
    while (in_flight_ >= max_in_flight_) {
      if (changed_.WaitUntil(mu_, context.deadline) || in_flight_ < max_in_flight_) continue;
      return Absent(query.id(), name_, v1::ABSENCE_REASON_TIMEOUT,
                    absl::StrCat(max_in_flight_, " other queries were in flight all the time"));
    }
    ++in_flight_;
  }
  v1::Observation observation = AskAny(query, grid, context);
  MutexLock lock(mu_);
  --in_flight_;
  changed_.NotifyAll();
  return observation;
}

v1::Observation PrometheusSource::AskAny(const v1::Query& query, const IntervalGrid& grid,
                                         const FetchContext& context) {
  const std::vector<int> order = endpoints_.InOrder();
  v1::Absence all;
  for (size_t i = 0; i < order.size(); ++i) {
    // Who hangs leaves some time for the others.
    const auto start = std::chrono::steady_clock::now();
    const auto share = (context.deadline - start) / static_cast<int>(order.size() - i);
    const Attempt attempt = {order[i], context.now, start + share};
    v1::Observation observation;
    v1::Absence absence;
    bool go_on = true;
    if (!endpoints_.MayAsk(attempt.endpoint, context.now)) {
      absence = endpoints_.WhyNot(attempt.endpoint);
    } else if (Ask(query, grid, attempt, observation, absence)) {
      endpoints_.Answered(attempt.endpoint);
      return observation;
    } else {
      go_on = Settle(attempt, share, absence);
    }
    // The reason is that of the first, the words are those of all.
    if (order.size() > 1) {
      absence.set_detail(absl::StrCat(endpoints_.url(attempt.endpoint), ": ", absence.detail()));
    }
    if (i == 0 || !go_on) all.set_reason(absence.reason());
    all.set_detail(absl::StrCat(all.detail(), all.detail().empty() ? "" : "; ", absence.detail()));
    if (!go_on) break;
  }
  return Absent(query.id(), name_, all.reason(), all.detail().substr(0, 1024));
}

bool PrometheusSource::Settle(const Attempt& attempt, std::chrono::nanoseconds had,
                              const v1::Absence& absence) {
  constexpr std::chrono::seconds kFair(1);
  const bool unreachable = absence.reason() == v1::ABSENCE_REASON_UNREACHABLE;
  const bool hung = absence.reason() == v1::ABSENCE_REASON_TIMEOUT;
  if (unreachable || (hung && had >= std::min<std::chrono::nanoseconds>(timeout_, kFair))) {
    endpoints_.Failed(attempt.endpoint, absence, attempt.now);
  } else if (hung || absence.reason() == v1::ABSENCE_REASON_DENIED ||
             absence.reason() == v1::ABSENCE_REASON_INTERNAL) {
    endpoints_.Undecided(attempt.endpoint);
  } else {
    endpoints_.Answered(attempt.endpoint);  // That it will not, but so would others.
  }
  return unreachable || hung;
}

bool PrometheusSource::Ask(const v1::Query& query, const IntervalGrid& grid, const Attempt& attempt,
                           v1::Observation& observation, v1::Absence& absence) {
  observation.set_id(query.id());
  observation.set_source(name_);
  try {
    return query.has_series() ? AskSeries(query, grid, attempt, observation, absence)
                              : AskCohorts(query, grid, attempt, observation, absence);
  } catch (const std::exception& error) {  // Memory. Others wait for this answer.
    absence.set_reason(v1::ABSENCE_REASON_INTERNAL);
    absence.set_detail(error.what());
    return false;
  }
}

bool PrometheusSource::AskCohorts(const v1::Query& query, const IntervalGrid& grid,
                                  const Attempt& attempt, v1::Observation& observation,
                                  v1::Absence& absence) {
  const v1::CohortMetricQuery& asked = query.cohort_metric();
  bool native = false;
  {
    MutexLock lock(mu_);
    const auto known = native_.find(asked.histogram());
    if (known != native_.end()) native = known->second;
  }
  const ReadRange read = [&](const SampleQuestion& question, std::vector<PrometheusSeries>& series,
                             v1::Absence& why) {
    return Read(question.PromQl(), grid, attempt, series, why);
  };
  v1::MetricSeries& series = *observation.mutable_metric();
  if (!gate::AskCohorts(asked, grid, read, native, series, absence)) return false;
  *series.mutable_settled_until() = ToProto(grid.end() - std::max(kComesLate, 5 * grid.step));
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
                                 const Attempt& attempt, v1::Observation& observation,
                                 v1::Absence& absence) {
  const std::string promql = PromQlOf(query.series());
  std::vector<PrometheusSeries> series;
  if (!Read(promql, grid, attempt, series, absence)) return false;
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

bool PrometheusSource::Read(const std::string& promql, const IntervalGrid& grid,
                            const Attempt& attempt, std::vector<PrometheusSeries>& series,
                            v1::Absence& absence) {
  const auto fetch = [&](absl::Time first, absl::Time last, std::vector<PrometheusSeries>& found) {
    return FetchRange({promql, first, last, grid.step}, attempt, kMaxHalvings, found, absence);
  };
  const std::string key =
      absl::StrCat(attempt.endpoint, "/", absl::ToInt64Seconds(grid.step), "s/", promql);
  return ranges_.Read(key, grid, attempt.now, fetch, series);
}

bool PrometheusSource::FetchRange(const RangeQuery& query, const Attempt& attempt, int halvings,
                                  std::vector<PrometheusSeries>& series, v1::Absence& absence) {
  const auto in_time =
      std::min(attempt.deadline, std::chrono::steady_clock::now() +
                                     std::chrono::duration_cast<Deadline::duration>(timeout_));
  if (apis_[attempt.endpoint]->Query(query, in_time, series, absence)) return true;
  const int64_t steps = (query.last - query.first) / query.step;
  const bool too_large = absence.reason() == v1::ABSENCE_REASON_TOO_LARGE;
  if (!too_large || halvings == 0 || steps < kMinHalvedSteps) return false;
  RangeQuery earlier = query, later = query;
  earlier.last = query.first + steps / 2 * query.step;
  later.first = earlier.last + query.step;
  std::vector<PrometheusSeries> found;
  if (!FetchRange(earlier, attempt, halvings - 1, series, absence) ||
      !FetchRange(later, attempt, halvings - 1, found, absence)) {
    return false;
  }
  Append(std::move(found), series);
  absence.Clear();
  return true;
}

}  // namespace gate
