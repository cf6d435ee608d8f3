// How fast cohorts are judged: a request of many metrics at once, and what it takes to go on with
// one new minute; with how much is kept between the two. Processor time of one thread.
//
//   build/release/bin/judge_bench [--metrics 1000] [--points 720] [--runs 5]
#include "checks/canary/judge.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1795179600);

struct Options {
  int metrics = 1000, points = 720, runs = 5;
};

void Fill(v1::MetricKind kind, std::mt19937_64& random, v1::CohortPoint& point) {
  switch (kind) {
    case v1::METRIC_KIND_VALUES:
      for (int host = 0; host < 3; ++host) {
        point.add_values(std::lognormal_distribution<double>(0, 0.2)(random));
      }
      return;
    case v1::METRIC_KIND_HISTOGRAM: {
      double count = 0;
      for (const double bound :
           {0.005, .01, .025, .05, .1, .25, .5, 1., 2.5, 5., 10., double{INFINITY}}) {
        v1::HistogramBucket& bucket = *point.add_buckets();
        bucket.set_le(bound);
        bucket.set_count(count += std::poisson_distribution<int>(40)(random));
      }
      return;
    }
    default:
      point.set_exposure(1000);
      point.set_events(std::binomial_distribution<int>(1000, 0.01)(random));
  }
}

// The canary begins behind the first third of the points where there is a `past`.
v1::JudgeRequest RequestOf(const Options& options, v1::MetricKind kind, bool past) {
  std::mt19937_64 random(1);
  v1::JudgeRequest request;
  for (int i = 0; i < options.metrics; ++i) {
    v1::MetricSeries& series = *request.add_metrics();
    series.set_name(absl::StrCat("metric_", i));
    series.set_kind(kind);
    series.set_margin(0.2);
    *series.mutable_step() = ToProto(absl::Minutes(1));
    for (int k = 1; k <= options.points; ++k) {
      v1::MetricPoint& point = *series.add_points();
      *point.mutable_time() = ToProto(kStart + k * absl::Minutes(1));
      for (const char* cohort : {"baseline", "canary", "stable"}) {
        if (past && k <= options.points / 3 && cohort[0] != 's') continue;
        Fill(kind, random, (*point.mutable_cohorts())[cohort]);
      }
    }
  }
  return request;
}

// Processor time of the fastest run, in milliseconds.
double Fastest(int runs, const std::function<void()>& run) {
  double fastest = 1e300;
  for (int i = 0; i < runs; ++i) {
    const std::clock_t start = std::clock();
    run();
    fastest = std::min(fastest, 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return fastest;
}

// The same request with all minutes but the last in its states.
v1::JudgeRequest OneNewMinute(const v1::JudgeRequest& request) {
  v1::JudgeRequest later = request;
  for (int i = 0; i < request.metrics_size(); ++i) {
    v1::MetricSeries& series = *later.mutable_metrics(i);
    const int last = series.points_size() - 1;
    const absl::Time before = FromProto(series.points(last - 1).time());
    *series.mutable_state() = *StateOf(request, i, before);
    series.mutable_points()->DeleteSubrange(0, last);
  }
  return later;
}

void Measure(const Options& options, const std::string& name, v1::MetricKind kind, bool past) {
  const v1::JudgeRequest request = RequestOf(options, kind, past);
  Options few = options;
  few.metrics = std::min(options.metrics, 20);
  const v1::JudgeRequest later = OneNewMinute(RequestOf(few, kind, past));
  const double all = Fastest(options.runs, [&] { JudgeMetrics(request); });
  const double again = Fastest(200, [&] { JudgeMetrics(later); });
  std::printf("%-34s %9.1f ms %9.3f ms %8.1f KiB\n", name.c_str(), all, again,
              static_cast<double>(later.metrics(0).state().ByteSizeLong()) / 1024);
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("How fast cohorts are judged");
  app.add_option("--metrics", options.metrics, "Metrics of the whole request (1000)");
  app.add_option("--points", options.points, "Minutes of each, with three cohorts (720)");
  app.add_option("--runs", options.runs, "The fastest of so many counts (5)");
  CLI11_PARSE(app, argc, argv);
  std::printf("%d metrics, 3 cohorts, %d minutes; then 20 of them with one new minute\n\n",
              options.metrics, options.points);
  std::printf("%-34s %12s %12s %12s\n", "", "all at once", "one minute", "state");
  Measure(options, "counts", v1::METRIC_KIND_COUNTS, false);
  Measure(options, "counts, with a past", v1::METRIC_KIND_COUNTS, true);
  Measure(options, "values", v1::METRIC_KIND_VALUES, false);
  Measure(options, "histograms, 12 buckets", v1::METRIC_KIND_HISTOGRAM, false);
  Measure(options, "histograms, with a past", v1::METRIC_KIND_HISTOGRAM, true);
  return 0;
}

}  // namespace
}  // namespace gate

int main(int argc, char** argv) { return gate::Main(argc, argv); }
