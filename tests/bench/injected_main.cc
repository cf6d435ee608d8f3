// What the judge makes of recorded series of real services, healthy and with faults put in.
//
//   injected --series DIR [--runs N] [--points N] [--seed N] [--late] [--past] [--each]
//            [--counts PART...]
//
// DIR holds folders of CSV files with a time and a value in each line, for example data/ of the
// Numenta Anomaly Benchmark. Values are compared as values; where a name has one of the PARTs they
// are counts of events. The judge is asked after every point, Kayenta's rule after every fifth.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/injected.h"

namespace gate::bench {
namespace {

struct Options {
  std::string series;
  Trial trial;
  std::vector<std::string> counts = {"volume", "count", "taxi"};
  bool each = false;
};

bool AreCounts(const Options& options, const RecordedSeries& series) {
  return std::ranges::any_of(options.counts, [&](const std::string& part) {
    return series.name.find(part) != std::string::npos;
  });
}

void AddTo(Injected& sum, const Injected& more) {
  sum.runs += more.runs, sum.failed += more.failed, sum.passed += more.passed;
  sum.early += more.early, sum.kayenta += more.kayenta, sum.kayenta_end += more.kayenta_end;
  sum.until.insert(sum.until.end(), more.until.begin(), more.until.end());
}

void Print(const std::string& name, Injected result) {
  if (result.runs == 0) return;
  const auto part = [&](int count) { return static_cast<double>(count) / result.runs; };
  std::ranges::sort(result.until);
  const std::string median =
      result.until.empty() ? "-" : std::to_string(result.until[result.until.size() / 2]);
  std::printf("  %-26s %5d | %6.4f %6s | %6.4f | %6.4f | %5.3f %5.3f\n", name.c_str(), result.runs,
              part(result.failed), median.c_str(), part(result.early), part(result.passed),
              part(result.kayenta_end), part(result.kayenta));
  std::fflush(stdout);
}

void Measure(const Options& options, const std::vector<RecordedSeries>& all, Split split,
             bool counts, const char* title) {
  std::map<std::string, std::vector<const RecordedSeries*>> folders;
  for (const RecordedSeries& series : all) {
    if (AreCounts(options, series) == counts) folders[series.folder].push_back(&series);
  }
  for (const auto& [folder, members] : folders) {
    std::printf("%s, %s, %zu series\n  %-26s %5s | %6s %6s | %6s | %6s | Kayenta: end, ever\n",
                folder.c_str(), title, members.size(), "", "runs", "FAIL", "points", "early",
                "PASS");
    for (const Injection& injection : Injections()) {
      Injected sum;
      for (const RecordedSeries* series : members) {
        const Injected one = Inject(*series, counts, split, injection, options.trial);
        AddTo(sum, one);
        if (options.each && injection.fault == Fault::kNone) Print(series->name, one);
      }
      Print(injection.name, sum);
    }
  }
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Faults put into recorded series");
  app.add_option("--series", options.series, "Folder of CSV files")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--runs", options.trial.runs, "Canaries of each series and fault (20)");
  app.add_option("--points", options.trial.points, "How long a canary runs (72)");
  app.add_option("--seed", options.trial.seed, "Of the first run");
  app.add_option("--counts", options.counts, "Parts of the names whose values are counts");
  app.add_flag("--late", options.trial.late, "Faults begin somewhere in the first half");
  app.add_flag("--past", options.trial.past, "What came before is the old version's past");
  app.add_flag("--each", options.each, "Tell the healthy ones of each series");
  CLI11_PARSE(app, argc, argv);
  try {
    const std::vector<RecordedSeries> all = ReadSeries(options.series);
    std::printf("seed %llu, %d points, limit 1.2, alpha 0.01, faults from the %s, %s past\n",
                static_cast<unsigned long long>(options.trial.seed), options.trial.points,
                options.trial.late ? "first half" : "start", options.trial.past ? "with a" : "no");
    Measure(options, all, Split::kNeighbours, false, "values, neighbours");
    Measure(options, all, Split::kWeekEarlier, false, "values, a week earlier");
    Measure(options, all, Split::kThinned, true, "counts, thinned");
    Measure(options, all, Split::kNeighbours, true, "counts, neighbours");
    Measure(options, all, Split::kWeekEarlier, true, "counts, a week earlier");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace gate::bench

int main(int argc, char** argv) { return gate::bench::Main(argc, argv); }
