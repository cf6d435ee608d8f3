#include "gate/api/report_request.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/api/names.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/base/names.h"

namespace gate {
namespace {

// Who has made one mistake in each of a thousand points wants to read of it once.
constexpr size_t kMaxErrors = 10;
constexpr size_t kMaxName = 128;
constexpr size_t kMaxMetricName = 64;
constexpr int kMaxSeries = 1000;
constexpr size_t kMaxPoints = 10'000;
constexpr size_t kMaxPointBytes = 64 << 10;
constexpr int kMaxValues = 5000;
constexpr int kMaxBuckets = 500;
constexpr size_t kMaxStrata = 100;
constexpr absl::Duration kShortestStep = absl::Seconds(5);
constexpr absl::Duration kLongestStep = absl::Hours(1);
// How far clocks may be apart.
constexpr absl::Duration kFuture = absl::Minutes(1);

bool IsMetricName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxMetricName &&
         std::ranges::all_of(text, [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
         });
}

bool IsAmount(double value) { return std::isfinite(value) && value >= 0; }

// Reads one request, front to back.
class Reader {
 public:
  Reader(const v1::ReportMetricsRequest& request, const ReportBounds& bounds)
      : request_(request), bounds_(bounds) {}

  absl::StatusOr<MetricsReport> Read() && {
    for (const auto& [field, value] :
         {std::pair("service", request_.service()), {"environment", request_.environment()}}) {
      if (!IsName(value)) Issue(field, "must be 1 to 128 characters of A-Z a-z 0-9 . _ -");
    }
    if (!IsRequestId(request_.request_id())) {
      Issue("request_id", "must be at most 128 characters of A-Z a-z 0-9 . _ : -");
    }
    if (request_.series().empty() || request_.series_size() > kMaxSeries) {
      Issue("series",
            absl::StrCat("must hold 1 to ", kMaxSeries, ", not ", request_.series_size()));
    }
    for (int i = 0; i < request_.series_size() && i < kMaxSeries; ++i) {
      ReadSeries(request_.series(i), absl::StrCat("series[", i, "]"));
    }
    if (points_ > kMaxPoints) {
      Issue("series", absl::StrCat("have ", points_, " points; at most ", kMaxPoints,
                                   " in one message, counted by interval and cohort"));
    }
    if (!errors_.empty()) return InvalidFields(errors_);
    report_.request_id = request_.request_id();
    v1::ReportMetricsRequest content = request_;
    content.clear_request_id();
    report_.request_digest = Sha256Hex(DeterministicBytes(content));
    return std::move(report_);
  }

 private:
  void Issue(std::string field, std::string message) {
    if (errors_.size() < kMaxErrors) errors_.push_back({std::move(field), std::move(message)});
  }

  void ReadSeries(const v1::MetricSeries& series, const std::string& field) {
    const size_t errors = errors_.size();
    if (!IsMetricName(series.name())) {
      Issue(field + ".name", "must be 1 to 64 characters of [a-z0-9_], as policies name metrics");
    }
    if (series.kind() == v1::METRIC_KIND_UNSPECIFIED || !v1::MetricKind_IsValid(series.kind())) {
      Issue(field + ".kind", "must be COUNTS, VALUES or HISTOGRAM");
    }
    const absl::Duration step = series.has_step() ? FromProto(series.step()) : absl::Minutes(1);
    if (step < kShortestStep || step > kLongestStep ||
        absl::Trunc(step, absl::Seconds(1)) != step) {
      Issue(field + ".step",
            absl::StrCat("must be whole seconds, ", absl::FormatDuration(kShortestStep), " to ",
                         absl::FormatDuration(kLongestStep)));
    }
    for (const auto& [given, name] :
         {std::pair(series.has_state(), "state"),
          {!series.before().empty(), "before"},
          {series.has_settled_until(), "settled_until"},
          {!series.flaws().empty(), "flaws"},
          {!series.queries().empty(), "queries"},
          {!series.types().empty(), "types"},
          {series.baseline_kind() == v1::BASELINE_KIND_EARLIER, "baseline_kind"}}) {
      if (given) Issue(absl::StrCat(field, ".", name), "cannot be reported");
    }
    if (series.points().empty()) Issue(field + ".points", "must not be empty");
    // A wrong step would make every time wrong.
    if (errors_.size() > errors) return;
    if (!keys_.emplace(series.name(), series.kind(), step).second) {
      Issue(field, absl::StrCat(series.name(), " is in this message already"));
    }
    kind_ = series.kind();
    step_ = step;
    MetricsReport::Series& read = report_.series.emplace_back();
    read.key = {request_.service(), request_.environment(), series.name(), series.kind(), step};
    absl::Time before = absl::InfinitePast();
    for (int i = 0; i < series.points_size() && errors_.size() < kMaxErrors; ++i) {
      const std::string point = absl::StrCat(field, ".points[", i, "]");
      const absl::Time time = FromProto(series.points(i).time());
      if (!ReadTime(series.points(i), before, point + ".time")) continue;
      before = time;
      ReadCohorts(series.points(i), time, point, read.points);
    }
  }

  bool ReadTime(const v1::MetricPoint& point, absl::Time before, const std::string& field) {
    const auto& proto = point.time();
    const size_t errors = errors_.size();
    if (!point.has_time() || proto.nanos() < 0 || proto.nanos() > 999'999'999 ||
        std::abs(proto.seconds()) > 253'402'300'799) {
      Issue(field, point.has_time() ? "is not a moment" : "must be set");
      return false;
    }
    const absl::Time time = FromProto(proto);
    const absl::Time boundary = absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), step_);
    if (time != boundary) {
      Issue(field, absl::StrCat("must be the end of an interval of ", absl::FormatDuration(step_),
                                ", for example ", Rfc3339(boundary), ", not ",
                                absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone()),
                                ": cohorts are compared interval by interval"));
    } else if (time > bounds_.now + kFuture) {
      Issue(field, absl::StrCat(Rfc3339(time), " has not come yet: here it is ",
                                Rfc3339(bounds_.now), "; is the clock right?"));
    } else if (time < bounds_.forget_before) {
      Issue(field, absl::StrCat(Rfc3339(time), " is too long ago: points are kept for ",
                                absl::FormatDuration(bounds_.now - bounds_.forget_before),
                                " (reported_metrics.retention)"));
    } else if (time <= before) {
      Issue(field, absl::StrCat("must be later than that of the point before, ", Rfc3339(before)));
    }
    return errors_.size() == errors;
  }

  void ReadCohorts(const v1::MetricPoint& point, absl::Time time, const std::string& field,
                   std::vector<ReportedPoint>& points) {
    if (point.cohorts().empty()) Issue(field + ".cohorts", "must not be empty");
    for (const auto& [cohort, content] :
         std::map<std::string, v1::CohortPoint>(point.cohorts().begin(), point.cohorts().end())) {
      const std::string place = absl::StrCat(field, ".cohorts.", cohort.substr(0, kMaxName));
      if (cohort != "canary" && cohort != "baseline" && cohort != "stable") {
        Issue(place, "cohorts are canary, baseline and stable");
        continue;
      }
      v1::CohortPoint read = content;
      ReadCohort(place, read);
      std::string bytes = DeterministicBytes(read);
      if (bytes.size() > kMaxPointBytes) {
        Issue(place, absl::StrCat("has ", bytes.size(), " bytes; at most ", kMaxPointBytes));
      }
      // What is beyond the cap is counted, and not kept.
      if (++points_ <= kMaxPoints) points.push_back({time, cohort, std::move(bytes)});
    }
  }

  void ReadCohort(const std::string& field, v1::CohortPoint& point) {
    if (point.strata().empty()) return ReadValues(field, point);
    if (point.events() != 0 || point.exposure() != 0 || !point.values().empty() ||
        !point.weights().empty() || !point.buckets().empty()) {
      Issue(field, "has either `strata` or values of its own");
    }
    if (point.strata().size() > kMaxStrata) {
      Issue(field + ".strata",
            absl::StrCat("are ", point.strata().size(), "; at most ", kMaxStrata));
      return;
    }
    for (auto& [name, stratum] : *point.mutable_strata()) {
      const std::string place = absl::StrCat(field, ".strata.", name.substr(0, kMaxName));
      if (name.empty() || name.size() > kMaxName) {
        Issue(place, "the name of a stratum has 1 to 128 bytes");
      } else if (!stratum.strata().empty()) {
        Issue(place, "strata have no strata");
      } else {
        ReadValues(place, stratum);
      }
    }
  }

  // What a point may hold by the kind of its series; what means the same becomes the same.
  void ReadValues(const std::string& field, v1::CohortPoint& point) {
    const bool counts = point.events() != 0 || point.exposure() != 0;
    const bool values = !point.values().empty() || !point.weights().empty();
    const bool buckets = !point.buckets().empty();
    const bool only = kind_ == v1::METRIC_KIND_COUNTS   ? !values && !buckets
                      : kind_ == v1::METRIC_KIND_VALUES ? !counts && !buckets
                                                        : !counts && !values;
    if (!only) {
      const char* fields = kind_ == v1::METRIC_KIND_COUNTS   ? "`events` and `exposure`"
                           : kind_ == v1::METRIC_KIND_VALUES ? "`values` (and `weights`)"
                                                             : "`buckets`";
      return Issue(field, absl::StrCat("a metric of kind ", ShortName(kind_), " has ", fields,
                                       ", nothing else"));
    }
    switch (kind_) {
      case v1::METRIC_KIND_COUNTS:
        return ReadCounts(field, point);
      case v1::METRIC_KIND_VALUES:
        return ReadNumbers(field, point);
      default:
        return ReadBuckets(field, point);
    }
  }

  void ReadCounts(const std::string& field, v1::CohortPoint& point) {
    if (!IsAmount(point.events()) || std::floor(point.events()) != point.events()) {
      Issue(field + ".events", absl::StrCat("must be a whole number, not ", point.events()));
    } else if (!IsAmount(point.exposure())) {
      Issue(field + ".exposure",
            absl::StrCat("must be a number and not negative, not ", point.exposure()));
    } else if (point.events() > point.exposure()) {
      Issue(field + ".events", absl::StrCat("must not be more than the exposure: ", point.events(),
                                            " of ", point.exposure()));
    } else {
      point.set_events(std::abs(point.events()));  // -0 is 0.
      point.set_exposure(std::abs(point.exposure()));
    }
  }

  void ReadNumbers(const std::string& field, const v1::CohortPoint& point) {
    if (point.values_size() > kMaxValues) {
      return Issue(field + ".values",
                   absl::StrCat("are ", point.values_size(), "; at most ", kMaxValues));
    }
    if (!point.weights().empty() && point.weights_size() != point.values_size()) {
      return Issue(field + ".weights", absl::StrCat("must be one for each of the ",
                                                    point.values_size(), " values, or none"));
    }
    for (int i = 0; i < point.values_size(); ++i) {
      if (std::isfinite(point.values(i))) continue;
      Issue(absl::StrCat(field, ".values[", i, "]"), "must be a number");
    }
    for (int i = 0; i < point.weights_size(); ++i) {
      if (IsAmount(point.weights(i))) continue;
      Issue(absl::StrCat(field, ".weights[", i, "]"), "must be a number and not negative");
    }
  }

  void ReadBuckets(const std::string& field, v1::CohortPoint& point) {
    const int size = point.buckets_size();
    if (size == 0) return;  // No observation.
    if (size < 2 || size > kMaxBuckets) {
      return Issue(field + ".buckets",
                   absl::StrCat("must be 2 to ", kMaxBuckets, ", or none, not ", size));
    }
    double bound = 0, count = 0;
    for (int i = 0; i < size; ++i) {
      const std::string place = absl::StrCat(field, ".buckets[", i, "]");
      v1::HistogramBucket& bucket = *point.mutable_buckets(i);
      if (i + 1 == size) {
        if (bucket.le() != 0 && bucket.le() != std::numeric_limits<double>::infinity()) {
          Issue(place + ".le", "the last bucket is that of all: \"Infinity\", or none");
        }
        bucket.set_le(std::numeric_limits<double>::infinity());
      } else if (!(bucket.le() > bound) || !std::isfinite(bucket.le())) {
        Issue(place + ".le", "bounds must be over 0 and rise");
      }
      if (!IsAmount(bucket.count()) || bucket.count() < count) {
        Issue(place + ".count", "must be a number, and not less than that of the bucket before");
      }
      bound = bucket.le();
      count = bucket.count();
    }
  }

  const v1::ReportMetricsRequest& request_;
  const ReportBounds& bounds_;
  std::set<std::tuple<std::string, v1::MetricKind, absl::Duration>> keys_;
  v1::MetricKind kind_ = v1::METRIC_KIND_UNSPECIFIED;
  absl::Duration step_;
  size_t points_ = 0;
  MetricsReport report_;
  std::vector<FieldError> errors_;
};

}  // namespace

absl::StatusOr<MetricsReport> ParseReport(const v1::ReportMetricsRequest& request,
                                          const ReportBounds& bounds) {
  return Reader(request, bounds).Read();
}

}  // namespace gate
