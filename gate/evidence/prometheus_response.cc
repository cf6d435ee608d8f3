#include "gate/evidence/prometheus_response.h"

#include <cmath>
#include <exception>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace gate {
namespace {

using nlohmann::json;

constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxText = 1024;
constexpr size_t kMaxWarnings = 16;
constexpr int kMaxLabels = 256;

constexpr char kEnd[] = "\xff";

// Calls `visit` with names and values, until it says false.
template <typename Visit>
void ForEach(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const size_t name = text.find(kEnd[0]);
    const size_t value = text.find(kEnd[0], name + 1);
    if (!visit(text.substr(0, name), text.substr(name + 1, value - name - 1))) return;
    text.remove_prefix(value + 1);
  }
}

// Where the reader stands. Everything that is not listed is skipped, whatever it holds.
enum class Place {
  kDocument,  // before the object
  kRoot,      // in {status, data, ...}
  kStatus,
  kErrorType,
  kError,
  kWarnings,
  kPartial,
  kData,
  kDataObject,  // in {resultType, result}
  kResultType,
  kResult,
  kResultArray,  // among series
  kSeries,       // in {metric, values}
  kMetric,
  kLabels,
  kLabel,
  kValues,
  kSamples,  // among samples
  kSample,   // in [time, "value"]
  kHistograms,
  kHistogramSamples,  // among histograms
  kHistogramSample,   // in [time, {count, sum, buckets}]
  kHistogram,         // in {count, sum, buckets}
  kHistogramCount,
  kBuckets,
  kBucketArray,  // among buckets
  kBucket,       // in [rule, "lower", "upper", "count"]
  kSkip,         // a value that does not matter
  kSkipInside,
};

// A SAX reader: no document is ever built, so 16 MiB of brackets take 16 MiB.
class Reader final : public nlohmann::json_sax<json> {
 public:
  explicit Reader(PrometheusResponse& response) : response_(response) {
    places_.push_back(Place::kDocument);
  }

  const std::string& error() const { return error_; }
  bool complete() const { return saw_status_ && (!response_.success || saw_result_); }

  bool null() override { return Scalar("null"); }
  bool boolean(bool value) override {
    if (Now() == Place::kPartial) {
      response_.partial = value;
      return Leave();
    }
    return Scalar("a boolean");
  }
  bool number_integer(number_integer_t value) override {
    return Number(static_cast<double>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Number(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return Number(value); }
  bool binary(binary_t&) override { return Fail("binary data"); }

  bool string(string_t& value) override {
    switch (Now()) {
      case Place::kStatus:
        if (value != "success" && value != "error")
          return Fail("status is neither success nor error");
        saw_status_ = true;
        response_.success = value == "success";
        return Leave();
      case Place::kErrorType:
        response_.error_type = value.substr(0, kMaxText);
        return Leave();
      case Place::kError:
        response_.error = value.substr(0, kMaxText);
        return Leave();
      case Place::kWarnings:
        if (!in_warnings_) return Fail("warnings is not an array");
        if (response_.warnings.size() < kMaxWarnings) {
          response_.warnings.push_back(value.substr(0, kMaxText));
        }
        return true;
      case Place::kResultType:
        if (value != "matrix") return Fail("resultType is not matrix");
        return Leave();
      case Place::kLabel:
        if (++labels_ > kMaxLabels) return Fail("a series has too many labels");
        response_.series.back().labels.Set(label_key_, value);
        return Leave();
      case Place::kSample:
        return SampleValue(value);
      case Place::kHistogramCount:
        return ReadNumber(value, Histogram().count) && Leave();
      case Place::kBucket:
        return BucketPart(value);
      default:
        return Scalar("a string");
    }
  }

  bool start_object(std::size_t) override {
    switch (Now()) {
      case Place::kDocument:
        return Become(Place::kRoot);
      case Place::kData:
        return Become(Place::kDataObject);
      case Place::kResultArray:
        response_.series.emplace_back();
        saw_metric_ = saw_values_ = saw_histograms_ = false;
        labels_ = 0;
        return Enter(Place::kSeries);
      case Place::kHistogramSample:
        if (in_sample_ != 1) return Fail("a histogram is not [time, {...}]");
        in_sample_ = 2;
        saw_count_ = false;
        return Enter(Place::kHistogram);
      case Place::kMetric:
        return Become(Place::kLabels);
      case Place::kSkip:
        return Become(Place::kSkipInside);
      case Place::kSkipInside:
        return Enter(Place::kSkipInside);
      default:
        return Fail("an object where none belongs");
    }
  }

  bool key(string_t& value) override {
    switch (Now()) {
      case Place::kRoot:
        return Enter(RootField(value));
      case Place::kDataObject:
        return Enter(value == "resultType" ? Place::kResultType
                     : value == "result"   ? Place::kResult
                                           : Place::kSkip);
      case Place::kSeries:
        return SeriesField(value);
      case Place::kHistogram:
        saw_count_ = saw_count_ || value == "count";
        return Enter(value == "count"     ? Place::kHistogramCount
                     : value == "buckets" ? Place::kBuckets
                                          : Place::kSkip);
      case Place::kLabels:
        label_key_ = value;
        return Enter(Place::kLabel);
      default:
        return Enter(Place::kSkip);
    }
  }

  bool end_object() override {
    if (Now() == Place::kSeries && !(saw_metric_ && (saw_values_ || saw_histograms_))) {
      return Fail("a series lacks metric or values");
    }
    if (Now() == Place::kHistogram && !saw_count_) return Fail("a histogram lacks its count");
    return Leave();
  }

  bool start_array(std::size_t) override {
    switch (Now()) {
      case Place::kResult:
        if (saw_result_) return Fail("result is there twice");
        saw_result_ = true;
        return Become(Place::kResultArray);
      case Place::kValues:
        return Become(Place::kSamples);
      case Place::kSamples:
        in_sample_ = 0;
        return Enter(Place::kSample);
      case Place::kHistograms:
        return Become(Place::kHistogramSamples);
      case Place::kHistogramSamples:
        in_sample_ = 0;
        return Enter(Place::kHistogramSample);
      case Place::kBuckets:
        return Become(Place::kBucketArray);
      case Place::kBucketArray:
        Histogram().buckets.emplace_back();
        in_bucket_ = 0;
        return Enter(Place::kBucket);
      case Place::kWarnings:
        if (in_warnings_) return Fail("an array within warnings");
        in_warnings_ = true;
        return true;
      case Place::kSkip:
        return Become(Place::kSkipInside);
      case Place::kSkipInside:
        return Enter(Place::kSkipInside);
      default:
        return Fail("an array where none belongs");
    }
  }

  bool end_array() override {
    if (Now() == Place::kSample && in_sample_ != 2) return Fail("a sample is not [time, value]");
    if (Now() == Place::kHistogramSample && in_sample_ != 2) {
      return Fail("a histogram is not [time, {...}]");
    }
    if (Now() == Place::kBucket && in_bucket_ != 4) {
      return Fail("a bucket is not [rule, lower, upper, count]");
    }
    if (Now() == Place::kWarnings) in_warnings_ = false;
    return Leave();
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    if (error_.empty()) error_ = absl::StrCat("byte ", position, ": it is not JSON");
    return false;
  }

 private:
  Place Now() const { return places_.back(); }

  bool Fail(std::string_view what) {
    if (error_.empty()) error_ = std::string(what);
    return false;
  }
  bool Enter(Place place) {
    if (places_.size() >= kMaxDepth) return Fail("it is nested too deeply");
    places_.push_back(place);
    return true;
  }
  bool Become(Place place) {
    places_.back() = place;
    return true;
  }
  bool Leave() {
    places_.pop_back();
    if (places_.empty()) places_.push_back(Place::kSkip);  // After the document.
    return true;
  }

  PrometheusHistogram& Histogram() { return response_.series.back().histograms.back(); }

  // A scalar that is skipped, or out of place.
  bool Scalar(std::string_view what) {
    if (Now() == Place::kSkip) return Leave();
    if (Now() == Place::kSkipInside) return true;
    // null where a field may be left out: no warnings, no data beside an error.
    if (what == "null" && Now() == Place::kWarnings && !in_warnings_) return Leave();
    if (what == "null" && Now() == Place::kData) return Leave();
    return Fail(absl::StrCat(std::string(what), " where it does not belong"));
  }

  bool Number(double value) {
    if (Now() == Place::kBucket && in_bucket_ == 0) {
      in_bucket_ = 1;
      return (value >= 0 && value <= 3) || Fail("the rule of a bucket is unknown");
    }
    const bool histogram = Now() == Place::kHistogramSample;
    if (Now() != Place::kSample && !histogram) return Scalar("a number");
    constexpr double kLatest = 1e11;  // Seconds; the year 5138.
    if (in_sample_ != 0) return Fail("the value of a sample is not a string");
    if (!(value >= 0 && value < kLatest)) return Fail("the time of a sample is out of range");
    const int64_t milliseconds = std::llround(value * 1000);
    in_sample_ = 1;
    PrometheusSeries& series = response_.series.back();
    return histogram ? Append(series.histograms, {milliseconds, 0, {}})
                     : Append(series.samples, {milliseconds, 0});
  }

  template <typename Sample>
  bool Append(std::vector<Sample>& samples, Sample sample) {
    if (!samples.empty() && samples.back().milliseconds >= sample.milliseconds) {
      return Fail("the samples of a series are not in order");
    }
    samples.push_back(std::move(sample));
    return true;
  }

  bool ReadNumber(const std::string& text, double& value) {
    return absl::SimpleAtod(text, &value) || Fail("the value of a sample is not a number");
  }

  bool SampleValue(const std::string& text) {
    if (in_sample_ != 1) return Fail("a sample is not [time, value]");
    in_sample_ = 2;
    return ReadNumber(text, response_.series.back().samples.back().value);
  }

  bool BucketPart(const std::string& text) {
    NativeBucket& bucket = Histogram().buckets.back();
    double* const parts[] = {nullptr, &bucket.lower, &bucket.upper, &bucket.count};
    if (in_bucket_ < 1 || in_bucket_ > 3) {
      return Fail("a bucket is not [rule, lower, upper, count]");
    }
    return ReadNumber(text, *parts[in_bucket_++]);
  }

  static Place RootField(std::string_view key) {
    if (key == "status") return Place::kStatus;
    if (key == "data") return Place::kData;
    if (key == "errorType") return Place::kErrorType;
    if (key == "error") return Place::kError;
    if (key == "warnings") return Place::kWarnings;
    if (key == "isPartial") return Place::kPartial;  // VictoriaMetrics.
    return Place::kSkip;
  }

  bool SeriesField(std::string_view key) {
    if (key == "metric") {
      if (std::exchange(saw_metric_, true)) return Fail("metric is there twice");
      return Enter(Place::kMetric);
    }
    if (key == "values") {
      if (std::exchange(saw_values_, true)) return Fail("values is there twice");
      return Enter(Place::kValues);
    }
    if (key == "histograms") {
      if (std::exchange(saw_histograms_, true)) return Fail("histograms is there twice");
      return Enter(Place::kHistograms);
    }
    return Enter(Place::kSkip);
  }

  PrometheusResponse& response_;
  std::vector<Place> places_;
  std::string error_;
  bool saw_status_ = false, saw_result_ = false;
  bool saw_metric_ = false, saw_values_ = false, saw_histograms_ = false, saw_count_ = false;
  bool in_warnings_ = false;
  std::string label_key_;  // Of the label whose value comes next.
  int in_sample_ = 0;      // How many parts of a sample were read.
  int in_bucket_ = 0;
  int labels_ = 0;  // Of this series.
};

}  // namespace

void Labels::Set(std::string_view name, std::string_view value) {
  Labels others;
  bool placed = false;
  const auto put = [&] {
    absl::StrAppend(&others.text_, std::string(name), kEnd, std::string(value), kEnd);
    placed = true;
  };
  ForEach(text_, [&](std::string_view other, std::string_view its) {
    if (!placed && name <= other) put();
    if (name != other) {
      absl::StrAppend(&others.text_, std::string(other), kEnd, std::string(its), kEnd);
    }
    return true;
  });
  if (!placed) put();
  *this = std::move(others);
}

std::string_view Labels::Get(std::string_view name) const {
  std::string_view found;
  ForEach(text_, [&](std::string_view other, std::string_view value) {
    if (other == name) found = value;
    return other < name;
  });
  return found;
}

Labels Labels::Without(std::string_view name) const {
  Labels others;
  ForEach(text_, [&](std::string_view other, std::string_view value) {
    if (other != name) {
      absl::StrAppend(&others.text_, std::string(other), kEnd, std::string(value), kEnd);
    }
    return true;
  });
  return others;
}

absl::StatusOr<PrometheusResponse> ParsePrometheusResponse(std::string_view body) {
  PrometheusResponse response;
  Reader reader(response);
  bool read = false;
  try {
    read = json::sax_parse(body.begin(), body.end(), &reader);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (!read) return absl::InvalidArgumentError(reader.error());
  if (!reader.complete()) return absl::InvalidArgumentError("it lacks status or data.result");
  return response;
}

}  // namespace gate
