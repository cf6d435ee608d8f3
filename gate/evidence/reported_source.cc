#include "gate/evidence/reported_source.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/canary/parameters.h"
#include "checks/evidence.h"
#include "checks/proto_time.h"
#include "gate/base/names.h"
#include "gate/evidence/cohort_questions.h"
#include "gate/evidence/reported_series.h"

namespace gate {
namespace {

std::string How(const SeriesKey& key) {
  return absl::StrCat(ShortName(key.kind), " in intervals of ", absl::FormatDuration(key.step));
}

std::string Whose(const SeriesKey& key) {
  return absl::StrCat(key.metric, " of ", key.service, " in ", key.environment);
}

v1::AbsenceReason ReasonOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return v1::ABSENCE_REASON_UNREACHABLE;
    case absl::StatusCode::kResourceExhausted:
      return v1::ABSENCE_REASON_TOO_LARGE;
    case absl::StatusCode::kDataLoss:
      return v1::ABSENCE_REASON_MALFORMED;
    default:
      return v1::ABSENCE_REASON_INTERNAL;
  }
}

}  // namespace

bool ReportedSource::Answers(const v1::Query& query) const {
  return (query.has_cohort_metric() && query.cohort_metric().source() == kReportedSource) ||
         (query.has_series() && query.series().source() == kReportedSource);
}

v1::Observation ReportedSource::Fetch(const v1::Query& query, const FetchContext& context) {
  const auto absent = [&](v1::AbsenceReason reason, const std::string& detail) {
    return Absent(query.id(), name(), reason, detail);
  };
  if (query.has_series()) {
    return absent(v1::ABSENCE_REASON_REJECTED,
                  "what is reported has cohorts; a value of all traffic needs a metrics server");
  }
  const v1::CohortMetricQuery& asked = query.cohort_metric();
  const IntervalGrid grid = GridOf(asked, context.now);
  if (grid.boundaries == 0) {
    return absent(v1::ABSENCE_REASON_EMPTY,
                  absl::StrCat("no interval of ", absl::FormatDuration(grid.step),
                               " has been completed since the canary began"));
  }
  const SeriesRange range =
      RangeFor(asked, grid, context.change.service(), context.change.environment());
  const absl::StatusOr<StoredSeries> stored = store_.ReadSeries(range);
  if (!stored.ok()) {
    return absent(ReasonOf(stored.status()), std::string(stored.status().message()));
  }
  if (!stored->others.empty()) {
    return absent(v1::ABSENCE_REASON_REJECTED,
                  absl::StrCat(Whose(range.key), " is reported as ",
                               absl::StrJoin(stored->others, " and as ",
                                             [](std::string* text, const SeriesKey& key) {
                                               text->append(How(key));
                                             }),
                               ", and the policy wants ", How(range.key),
                               ": its `kind` and `step` have to be those that are reported"));
  }
  if (!stored->found) {
    return absent(v1::ABSENCE_REASON_EMPTY,
                  absl::StrCat("nothing is reported of ", Whose(range.key), " as ", How(range.key),
                               "; report it with: gatectl metrics report FILE --service ",
                               range.key.service, " --env ", range.key.environment));
  }
  if (stored->points.empty()) {
    return absent(
        v1::ABSENCE_REASON_EMPTY,
        absl::StrCat("the newest report of ", Whose(range.key), " is of ", Rfc3339(stored->newest),
                     "; report it with: gatectl metrics report "
                     "FILE --service ",
                     range.key.service, " --env ", range.key.environment));
  }
  absl::StatusOr<v1::MetricSeries> series = SeriesOf(*stored, asked, grid, context.now);
  if (!series.ok()) {
    return absent(ReasonOf(series.status()), std::string(series.status().message()));
  }
  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(std::string(name()));
  *observation.mutable_observed_at() = ToProto(stored->points.back().time);
  *observation.mutable_metric() = *std::move(series);
  return observation;
}

}  // namespace gate
