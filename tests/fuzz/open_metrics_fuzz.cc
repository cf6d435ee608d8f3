// Whatever lies in a file: it is read or refused with its place, and what is read makes series.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gate/evidence/cohort_counts.h"
#include "gate/evidence/open_metrics.h"
#include "gate/evidence/sample_select.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto series = gate::ParseOpenMetrics(text);
  if (!series.ok()) {
    if (series.status().message().find("line ") == std::string_view::npos) __builtin_trap();
    return 0;
  }
  // What is at hand is by labels, each once, with samples that rise.
  for (size_t i = 0; i < series->size(); ++i) {
    const gate::PrometheusSeries& one = (*series)[i];
    if (one.samples.empty() || one.labels.Get("__name__").empty()) __builtin_trap();
    if (i > 0 && !((*series)[i - 1].labels < one.labels)) __builtin_trap();
    if (!std::ranges::is_sorted(one.samples, {}, &gate::PrometheusSample::milliseconds)) {
      __builtin_trap();
    }
  }
  const gate::IntervalGrid grid = {absl::FromUnixSeconds(60), absl::Seconds(60), 10, 4, 2};
  gate::SampleQuestion question;
  question.selector.matchers = {{"track", "=~", "canary|stable"}};
  const auto selected = gate::SelectSamples(question, {&*series, &*series}, grid);
  if (!selected.ok()) __builtin_trap();  // A file does not contradict itself.
  gate::v1::CohortMetricQuery query;
  query.set_exposure("requests_total");
  query.set_cohort_label("track");
  (*query.mutable_cohorts())["canary"] = "canary";
  for (const gate::v1::MetricKind kind :
       {gate::v1::METRIC_KIND_COUNTS, gate::v1::METRIC_KIND_VALUES,
        gate::v1::METRIC_KIND_HISTOGRAM}) {
    query.set_kind(kind);
    const auto counted = gate::CountCohorts({{*selected, *selected}, {}}, query, grid);
    // Not a refusal of our own samples: they lie on the grid.
    if (!counted.ok() && kind != gate::v1::METRIC_KIND_HISTOGRAM) __builtin_trap();
  }
  return 0;
}
