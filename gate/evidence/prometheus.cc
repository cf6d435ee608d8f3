#include "gate/evidence/prometheus.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checks/canary/selector.h"
#include "checks/evidence.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Seconds(5);
constexpr int kDefaultInFlight = 8;
// Intervals that are kept for later questions: some tens of megabytes.
constexpr size_t kMaxKeptPoints = 64 << 10;

void SetAbsence(v1::AbsenceReason reason, std::string_view detail, v1::Absence& absence) {
  absence.set_reason(reason);
  absence.set_detail(std::string(detail.substr(0, 1024)));
}

// The selector with the cohorts added: {...,track=~"canary|baseline"}.
std::string WithCohorts(const std::string& text, const v1::CohortMetricQuery& query,
                        std::string& error) {
  std::optional<MetricSelector> selector = ParseSelector(text, error);
  if (!selector) return "";
  selector->matchers.push_back({query.cohort_label(), "=~",
                                absl::StrCat(QuoteRegex(query.cohorts().at("canary")), "|",
                                             QuoteRegex(query.cohorts().at("baseline")))});
  return selector->Print();
}

// Where an answer that is not a success belongs.
v1::AbsenceReason ReasonOfError(const PrometheusResponse& response) {
  if (response.error_type == "timeout" || response.error_type == "canceled") {
    return v1::ABSENCE_REASON_TIMEOUT;
  }
  if (response.error_type == "unavailable" || response.error_type == "internal") {
    return v1::ABSENCE_REASON_UNREACHABLE;
  }
  return v1::ABSENCE_REASON_REJECTED;
}

// An HTTP status other than 200, with the server's own message where it has one.
void ReadRefusal(const HttpResponse& http, v1::Absence& absence) {
  const absl::StatusOr<PrometheusResponse> body = ParsePrometheusResponse(http.body, "");
  const bool explained = body.ok() && !body->success && !body->error.empty();
  const std::string detail = explained ? absl::StrCat("HTTP ", http.status, ": ", body->error)
                                       : absl::StrCat("HTTP ", http.status);
  if (http.status == 401 || http.status == 403) {
    return SetAbsence(v1::ABSENCE_REASON_DENIED, detail, absence);
  }
  if (http.status >= 300 && http.status < 400) {
    return SetAbsence(v1::ABSENCE_REASON_MALFORMED,
                      detail + ": redirects are not followed; configure the address it points to",
                      absence);
  }
  if (http.status == 404 && !explained) {
    return SetAbsence(v1::ABSENCE_REASON_REJECTED, detail + ": no Prometheus API at this address",
                      absence);
  }
  if (explained) return SetAbsence(ReasonOfError(*body), detail, absence);
  const bool our_fault = http.status >= 400 && http.status < 500 && http.status != 429;
  const bool no_answer = http.status < 300;
  SetAbsence(our_fault   ? v1::ABSENCE_REASON_REJECTED
             : no_answer ? v1::ABSENCE_REASON_MALFORMED
                         : v1::ABSENCE_REASON_UNREACHABLE,
             detail, absence);
}

// False: `absence` says why.
bool ReadAnswer(const HttpResponse& http, std::string_view label, PrometheusResponse& response,
                v1::Absence& absence) {
  if (http.failed()) return SetAbsence(http.failure, http.detail, absence), false;
  if (http.status != 200) return ReadRefusal(http, absence), false;
  absl::StatusOr<PrometheusResponse> parsed = ParsePrometheusResponse(http.body, label);
  if (!parsed.ok()) {
    std::string detail(parsed.status().message());
    if (absl::StartsWith(http.content_type, "text/html")) detail = "a page of HTML came back";
    return SetAbsence(v1::ABSENCE_REASON_MALFORMED, detail, absence), false;
  }
  response = *std::move(parsed);
  if (!response.success) {
    SetAbsence(ReasonOfError(response), response.error, absence);
    return false;
  }
  if (response.partial || !response.warnings.empty()) {
    SetAbsence(v1::ABSENCE_REASON_UNREACHABLE,
               absl::StrCat("it answered in part only",
                            response.warnings.empty() ? "" : ": " + response.warnings[0]),
               absence);
    return false;
  }
  return true;
}

v1::Observation AbsentObservation(const v1::Query& query, std::string_view source,
                                  const v1::Absence& absence) {
  return Absent(query.id(), source, absence.reason(), absence.detail());
}

// What makes two questions the same one.
std::string KeyOf(const v1::Query& query, const IntervalGrid& grid) {
  v1::CohortMetricQuery counts = query.cohort_metric();
  counts.clear_start();
  counts.clear_window();
  return absl::StrCat(counts.SerializeAsString(), "@", absl::ToUnixSeconds(grid.first), "+",
                      grid.boundaries);
}

IntervalGrid GridOf(const v1::CohortMetricQuery& query, absl::Time now) {
  absl::Time begin = now - FromProto(query.window());
  if (query.has_start()) begin = std::max(begin, FromProto(query.start()));
  return GridFor(begin, FromProto(query.step()), now);
}

bool IsWholeSeconds(const v1::Query& query) {
  const absl::Duration step = FromProto(query.cohort_metric().step());
  return step >= absl::Seconds(1) && absl::Trunc(step, absl::Seconds(1)) == step;
}

std::string BaseUrl(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url + "/api/v1/query_range";
}

}  // namespace

PrometheusSource::PrometheusSource(const config::v1::MetricsServer& server)
    : source_(server.name()),
      name_("prometheus:" + server.name()),
      url_(BaseUrl(server.url())),
      timeout_(absl::ToChronoNanoseconds(server.has_timeout() ? FromProto(server.timeout())
                                                              : kDefaultTimeout)),
      max_in_flight_(server.max_in_flight() > 0 ? server.max_in_flight() : kDefaultInFlight),
      http_({server.bearer_token_file(), server.ca_file()}) {}

bool PrometheusSource::Answers(const v1::Query& query) const {
  return query.has_cohort_metric() && query.cohort_metric().source() == source_;
}

v1::Observation PrometheusSource::Fetch(const v1::Query& query, const FetchContext& context) {
  const v1::CohortMetricQuery& counts = query.cohort_metric();
  if (!IsWholeSeconds(query)) {
    return Absent(query.id(), name_, v1::ABSENCE_REASON_REJECTED, "step must be whole seconds");
  }
  const IntervalGrid grid = GridOf(counts, context.now);
  if (grid.boundaries == 0) {
    return Absent(query.id(), name_, v1::ABSENCE_REASON_EMPTY,
                  absl::StrCat("no interval of ", absl::FormatDuration(FromProto(counts.step())),
                               " has been completed since the canary began"));
  }
  const auto deadline =
      std::min(context.deadline, std::chrono::steady_clock::now() +
                                     std::chrono::duration_cast<Deadline::duration>(timeout_));
  v1::Observation observation = FetchOnce(query, KeyOf(query, grid), grid, deadline);
  observation.set_id(query.id());
  return observation;
}

std::shared_ptr<const v1::Observation> PrometheusSource::AtHand(const v1::Query& query,
                                                                const FetchContext& context) {
  if (!IsWholeSeconds(query)) return nullptr;
  const std::string key = KeyOf(query, GridOf(query.cohort_metric(), context.now));
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
  if (!answer->observation.has_metric()) {
    answers_.erase(key);
    return;
  }
  const auto points = [](const Answer& kept) {
    return static_cast<size_t>(kept.observation.metric().points_size()) + 1;
  };
  kept_points_ += points(*answer);
  kept_.push_back(key);
  while (kept_points_ > kMaxKeptPoints && kept_.size() > 1) {
    const auto oldest = answers_.find(kept_.front());
    kept_points_ -= points(*oldest->second);
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
  const v1::CohortMetricQuery& counts = query.cohort_metric();
  std::string error;
  const std::string events_query = WithCohorts(counts.events(), counts, error);
  const std::string exposure_query = WithCohorts(counts.exposure(), counts, error);
  if (events_query.empty() || exposure_query.empty()) {
    return Absent(query.id(), name_, v1::ABSENCE_REASON_REJECTED, error);
  }
  PrometheusResponse events, exposure;
  v1::Absence absence;
  if (!QueryRange(exposure_query, counts, grid, deadline, exposure, absence) ||
      !QueryRange(events_query, counts, grid, deadline, events, absence)) {
    return AbsentObservation(query, name_, absence);
  }
  if (exposure.series.empty()) {
    return Absent(query.id(), name_, v1::ABSENCE_REASON_EMPTY,
                  "no series matches " + exposure_query);
  }
  absl::StatusOr<v1::MetricSeries> series =
      CountCohorts(events.series, exposure.series, counts.cohorts().at("canary"),
                   counts.cohorts().at("baseline"), grid);
  if (!series.ok()) {
    return Absent(query.id(), name_, v1::ABSENCE_REASON_MALFORMED,
                  std::string(series.status().message()));
  }
  series->set_name(counts.metric());
  series->add_queries(events_query);
  series->add_queries(exposure_query);
  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(name_);
  *observation.mutable_observed_at() = series->points().empty()
                                           ? ToProto(grid.end())
                                           : series->points(series->points_size() - 1).time();
  *observation.mutable_metric() = *std::move(series);
  return observation;
}

bool PrometheusSource::QueryRange(const std::string& selector, const v1::CohortMetricQuery& query,
                                  const IntervalGrid& grid, Deadline deadline,
                                  PrometheusResponse& response, v1::Absence& absence) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  const HttpClient::Form form = {
      {"query", selector},
      {"start", absl::StrCat(absl::ToUnixSeconds(grid.first))},
      {"end", absl::StrCat(absl::ToUnixSeconds(grid.end()))},
      {"step", absl::StrCat(absl::ToInt64Seconds(grid.step))},
      {"timeout", absl::StrCat(std::max<int64_t>(left.count(), 1), "ms")},
      {"nocache", "1"},  // VictoriaMetrics would round start and end otherwise.
  };
  return ReadAnswer(http_.Post(url_, form, deadline), query.cohort_label(), response, absence);
}

}  // namespace gate
