#include "gate/evidence/prometheus_api.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gate {
namespace {

void SetAbsence(v1::AbsenceReason reason, std::string_view detail, v1::Absence& absence) {
  absence.set_reason(reason);
  absence.set_detail(std::string(detail.substr(0, 1024)));
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
  const absl::StatusOr<PrometheusResponse> body = ParsePrometheusResponse(http.body);
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
bool ReadAnswer(const HttpResponse& http, PrometheusResponse& response, v1::Absence& absence) {
  if (http.failed()) return SetAbsence(http.failure, http.detail, absence), false;
  if (http.status != 200) return ReadRefusal(http, absence), false;
  absl::StatusOr<PrometheusResponse> parsed = ParsePrometheusResponse(http.body);
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

std::string RangeUrl(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url + "/api/v1/query_range";
}

}  // namespace

PrometheusApi::PrometheusApi(const std::string& url, HttpOptions options)
    : url_(RangeUrl(url)), http_(std::move(options)) {}

bool PrometheusApi::Query(const RangeQuery& query, Deadline deadline,
                          std::vector<PrometheusSeries>& series, v1::Absence& absence) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  const HttpClient::Form form = {
      {"query", query.promql},
      {"start", absl::StrCat(absl::ToUnixSeconds(query.first))},
      {"end", absl::StrCat(absl::ToUnixSeconds(query.last))},
      {"step", absl::StrCat(absl::ToInt64Seconds(query.step))},
      {"timeout", absl::StrCat(std::max<int64_t>(left.count(), 1), "ms")},
      {"nocache", "1"},  // VictoriaMetrics would round start and end otherwise.
  };
  PrometheusResponse response;
  if (!ReadAnswer(http_.Post(url_, form, deadline), response, absence)) return false;
  series = std::move(response.series);
  std::ranges::sort(series, {}, &PrometheusSeries::labels);
  // Counted twice, it would be as much again.
  if (std::ranges::adjacent_find(series, {}, &PrometheusSeries::labels) != series.end()) {
    SetAbsence(v1::ABSENCE_REASON_MALFORMED, "a series is there twice", absence);
    return false;
  }
  return true;
}

}  // namespace gate
