// How often a canary is judged wrongly, and how soon rightly, by simulation; beside Mann and
// Whitney's test as Kayenta uses it, on the same data.
//
//   canary_quality [--runs N] [--seed N] [--no-past] [--only false-alarms|detection|complaints]
//
// Both are asked after every minute, and Kayenta's rule once more at the end of the hour only. What
// is measured is the engine's own: the sequential tests of checks/stats under one alpha, put
// together by CombineMetrics, as judge.cc does it. Seeds are printed; the same build with the same
// seed gives the same figures. Complaints are the rows of tests/canary/complaints.h, each of which
// is judged as `gatectl judge` does.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "checks/canary/judge.h"
#include "checks/stats/combine.h"
#include "checks/stats/count_test.h"
#include "checks/stats/mean_process.h"
#include "checks/stats/quantile_test.h"
#include "checks/stats/rate_reference.h"
#include "tests/bench/kayenta_points.h"
#include "tests/bench/mann_whitney.h"
#include "tests/canary/complaints.h"

namespace gate::bench {
namespace {

constexpr double kAlpha = 0.01;
constexpr int kNever = 100000;

using Random = std::mt19937_64;

// Autoregressive normal noise with a variance of one.
class Swing {
 public:
  Swing(Random& random, double phi) : phi_(phi), now_(normal_(random)) {}
  double Next(Random& random) {
    now_ = phi_ * now_ + std::sqrt(1 - phi_ * phi_) * normal_(random);
    return now_;
  }

 private:
  double phi_;
  std::normal_distribution<double> normal_;
  double now_;
};

// Counts with a mean of `mean` and a variance of `dispersion` times that, whose rate swings.
class Counts {
 public:
  Counts(Random& random, double mean, double dispersion, double phi)
      : mean_(mean),
        spread_(dispersion <= 1 ? 0 : std::sqrt(std::log1p((dispersion - 1) / mean))),
        swing_(random, phi) {}
  double Next(Random& random, double times) {
    const double rate = mean_ * std::exp(spread_ * swing_.Next(random) - spread_ * spread_ / 2);
    return static_cast<double>(std::poisson_distribution<int64_t>(rate * times)(random));
  }

 private:
  double mean_, spread_;
  Swing swing_;
};

struct World {
  double per_minute = 1000;  // requests of both cohorts
  double share = 0.5;        // of them on the canary
  double dispersion = 1;     // of errors in a minute
  double phi = 0;            // how alike neighbouring minutes are
  double limit = 1.2;
  double error_rate = 0.01;
  // What the canary does worse.
  double errors = 1, cost = 1, latency = 1;
  int hosts = 3;     // of each cohort, for costs
  bool past = true;  // whether four hours of the old version's past are known
};

// One metric: what happens in a minute, what the engine makes of it, and what Kayenta would see.
class Metric {
 public:
  virtual ~Metric() = default;
  virtual void Minute(Random& random) = 0;
  virtual double LogHarm() const = 0;
  virtual bool Safe() const = 0;

  std::vector<double> canary, baseline;  // a point for each minute
};

class Errors final : public Metric {
 public:
  Errors(Random& random, const World& world)
      : world_(world),
        canary_(random, Requests(true) * world.error_rate, world.dispersion, world.phi),
        baseline_(random, Requests(false) * world.error_rate, world.dispersion, world.phi),
        test_(world.limit, 0, Past(random)) {}
  void Minute(Random& random) override {
    const double ours = std::round(Requests(true)), theirs = std::round(Requests(false));
    const double a = std::min(canary_.Next(random, world_.errors), ours);
    const double b = std::min(baseline_.Next(random, 1), theirs);
    test_.Add(stats::CountBlock{ours, theirs, a, b});
    canary.push_back(a / ours);
    baseline.push_back(b / theirs);
  }
  double LogHarm() const override { return test_.Answer(kAlpha, kAlpha).log_e_harm; }
  bool Safe() const override { return test_.Answer(kAlpha, kAlpha).safe; }

 private:
  double Requests(bool canary) const {
    return world_.per_minute * (canary ? world_.share : 1 - world_.share);
  }
  // How the old version's errors came before.
  stats::PastNoise Past(Random& random) {
    if (!world_.past) return {};
    std::vector<stats::RateInterval> past;
    for (int i = 0; i < 240; ++i) {
      const double requests = std::round(Requests(false));
      past.push_back({requests, std::min(baseline_.Next(random, 1), requests)});
    }
    return stats::NoiseOf(stats::MeasureReference(past));
  }
  const World world_;
  Counts canary_, baseline_;
  stats::CountTest test_;
};

class Cost final : public Metric {
 public:
  Cost(Random& random, const World& world) : world_(world) {
    for (int i = 0; i < world.hosts; ++i) {
      ours_.emplace_back(random, world.phi);
      theirs_.emplace_back(random, world.phi);
    }
  }
  void Minute(Random& random) override {
    const auto mean = [&](std::vector<Swing>& hosts, double times) {
      double sum = 0;
      for (Swing& host : hosts) sum += times * std::exp(0.2 * host.Next(random) - 0.02);
      return sum / static_cast<double>(hosts.size());
    };
    const double a = mean(ours_, world_.cost), b = mean(theirs_, 1);
    process_.Add({a, 1, b, 1});
    canary.push_back(a);
    baseline.push_back(b);
  }
  double LogHarm() const override { return Answer().log_e_harm; }
  bool Safe() const override { return Answer().safe; }

 private:
  stats::MeanAnswer Answer() const { return process_.Answer({world_.limit, kAlpha, kAlpha}); }
  const World world_;
  stats::MeanProcess process_;
  std::vector<Swing> ours_, theirs_;
};

class Latency final : public Metric {
 public:
  Latency(Random&, const World& world)
      : world_(world), test_({kBounds.begin(), kBounds.end()}, 0.99, world.limit) {}
  void Minute(Random& random) override {
    const auto draw = [&](double share, double times) {
      // Requests into buckets, one after the other, each a binomial part of the rest.
      auto left = static_cast<int64_t>(std::round(world_.per_minute * share));
      stats::Cumulative counts;
      double before = 0, sum = 0;
      for (const double bound : kBounds) {
        const double at = Below(bound / times);
        const double part = before < 1 ? std::clamp((at - before) / (1 - before), 0.0, 1.0) : 0;
        const int64_t here = std::binomial_distribution<int64_t>(left, part)(random);
        left -= here;
        sum += static_cast<double>(here);
        counts.push_back(sum);
        before = at;
      }
      counts.push_back(sum + static_cast<double>(left));
      return counts;
    };
    const stats::HistogramBlock block{draw(world_.share, world_.latency),
                                      draw(1 - world_.share, 1)};
    test_.Add(block);
    canary.push_back(stats::Quantile(kBounds, block.canary, 0.99));
    baseline.push_back(stats::Quantile(kBounds, block.baseline, 0.99));
  }
  double LogHarm() const override { return test_.Answer(kAlpha, kAlpha).counts.log_e_harm; }
  bool Safe() const override { return test_.Answer(kAlpha, kAlpha).counts.safe; }

 private:
  // 1.1 times wider each, from 10 ms to 10 s: as native histograms of schema 3 are.
  static const std::vector<double> kBounds;
  static double Below(double seconds) {
    return 0.5 * std::erfc(-std::log(seconds / 0.1) / 0.5 / std::sqrt(2.0));
  }
  const World world_;
  stats::QuantileTest test_;
};

const std::vector<double> Latency::kBounds = [] {
  std::vector<double> bounds;
  for (double bound = 0.01; bound < 10; bound *= 1.0905) bounds.push_back(bound);
  return bounds;
}();

// What came of one canary: the first minute of each answer.
struct Life {
  int harm = kNever, safe = kNever;
  int kayenta = kNever;         // the first minute from the 10th on in which any metric is High
  bool kayenta_at_end = false;  // in the last minute
};

using Metrics = std::vector<std::unique_ptr<Metric>>;

Life Live(Random& random, Metrics metrics, int minutes, bool ask_kayenta) {
  Life life;
  for (int minute = 1; minute <= minutes; ++minute) {
    std::vector<stats::WeightedEvidence> evidence;
    bool safe = true;
    for (auto& metric : metrics) {
      metric->Minute(random);
      evidence.push_back({metric->LogHarm(), 1});
      safe = safe && metric->Safe();
    }
    if (stats::CombineMetrics(evidence, kAlpha).some) life.harm = std::min(life.harm, minute);
    if (safe) life.safe = std::min(life.safe, minute);
    // Every five minutes, as its users do.
    if (!ask_kayenta || minute < 10 || (minute % 5 != 0 && minute != minutes)) continue;
    const bool high = std::ranges::any_of(metrics, [](const auto& metric) {
      return CompareAsKayenta(metric->canary, metric->baseline) == Label::kHigh;
    });
    if (high) life.kayenta = std::min(life.kayenta, minute);
    if (minute == minutes) life.kayenta_at_end = high;
  }
  return life;
}

struct Summary {
  double harm = 0, safe = 0, kayenta = 0, kayenta_at_end = 0;  // parts of the runs
  int median_harm = kNever, median_safe = kNever, median_kayenta = kNever;
};

Summary Sum(std::vector<Life> lives) {
  Summary summary;
  const auto part = [&](auto predicate) {
    return static_cast<double>(std::ranges::count_if(lives, predicate)) /
           static_cast<double>(lives.size());
  };
  const auto median = [&](int Life::*minute) {
    std::ranges::sort(lives, {}, minute);
    return lives[lives.size() / 2].*minute;
  };
  summary.harm = part([](const Life& life) { return life.harm < kNever; });
  summary.safe = part([](const Life& life) { return life.safe < kNever; });
  summary.kayenta = part([](const Life& life) { return life.kayenta < kNever; });
  summary.kayenta_at_end = part(&Life::kayenta_at_end);
  summary.median_harm = median(&Life::harm);
  summary.median_safe = median(&Life::safe);
  summary.median_kayenta = median(&Life::kayenta);
  return summary;
}

std::string Minute(int minute) { return minute == kNever ? "-" : std::to_string(minute); }

// Twelve counts, four costs, four latencies.
Metrics Twenty(Random& random, const World& world) {
  Metrics metrics;
  for (int i = 0; i < 12; ++i) metrics.push_back(std::make_unique<Errors>(random, world));
  for (int i = 0; i < 4; ++i) metrics.push_back(std::make_unique<Cost>(random, world));
  for (int i = 0; i < 4; ++i) metrics.push_back(std::make_unique<Latency>(random, world));
  return metrics;
}

void FalseAlarms(int runs, uint64_t seed, bool past) {
  std::printf(
      "False alarms: twenty metrics of a healthy canary, two hours, asked every minute, alpha %g.\n"
      "%9s %6s %5s %5s | %7s | %s\n",
      kAlpha, "req/min", "share", "disp", "phi", "FAIL", "Kayenta: ever, at the end");
  double all = 0, worst = 0;
  int cells = 0;
  for (const double per_minute : {20.0, 1000.0, 1e5}) {
    for (const double share : {0.5, 0.05}) {
      for (const auto& [dispersion, phi] :
           {std::pair(1.0, 0.0), {2.0, 0.3}, {5.0, 0.0}, {5.0, 0.6}}) {
        World world;
        world.per_minute = per_minute;
        world.share = share;
        world.dispersion = dispersion;
        world.phi = phi;
        world.past = past;
        std::vector<Life> lives;
        for (int run = 0; run < runs; ++run) {
          Random random(seed + static_cast<uint64_t>(run));
          // Kayenta's roots take long; a tenth of the runs tells enough.
          lives.push_back(Live(random, Twenty(random, world), 120, run % 10 == 0));
        }
        Summary summary = Sum(lives);
        std::erase_if(lives, [&](const Life& life) { return (&life - lives.data()) % 10 != 0; });
        const Summary tenth = Sum(lives);
        std::printf("%9g %6g %5g %5g | %7.4f | %.2f, %.2f\n", per_minute, share, dispersion, phi,
                    summary.harm, tenth.kayenta, tenth.kayenta_at_end);
        std::fflush(stdout);
        all += summary.harm;
        worst = std::max(worst, summary.harm);
        ++cells;
      }
    }
  }
  std::printf("%d cells of %d runs: mean %.4f, worst %.4f\n\n", cells, runs, all / cells, worst);
}

struct Detection {
  const char* name;
  const char* aim;
  World world;
  int others = 0;  // healthy metrics beside it
  int minutes = 60;
  enum { kErrors, kCost, kLatency } what = kErrors;
};

std::vector<Detection> Detections() {
  const auto errors = [](double per_minute, double share, double rate, double times, double limit) {
    World world;
    world.per_minute = per_minute;
    world.share = share;
    world.error_rate = rate;
    world.errors = times;
    world.limit = limit;
    return world;
  };
  const auto cost = [](double times, double limit, double phi, int hosts) {
    World world;
    world.cost = times;
    world.limit = limit;
    world.phi = phi;
    world.hosts = hosts;
    return world;
  };
  const auto latency = [](double times, double limit) {
    World world;
    world.per_minute = 200;
    world.latency = times;
    world.limit = limit;
    return world;
  };
  return {
      {"errors .1 -> 1 %, 100/min each, limit 1", "14", errors(200, .5, .001, 10, 1)},
      {"the same, limit 1.2", "14", errors(200, .5, .001, 10, 1.2)},
      {"the same among twenty, limit 1", "20", errors(200, .5, .001, 10, 1), 19},
      {"the same among twenty, limit 1.2", "20", errors(200, .5, .001, 10, 1.2), 19},
      {".1 -> .5 %, 5 % of 2,000/min, limit 1", "15", errors(2000, .05, .001, 5, 1)},
      {".1 -> .5 %, 5 % of 2,000/min, limit 1.2", "15", errors(2000, .05, .001, 5, 1.2)},
      {"1 -> 2 %, 100/min each, limit 1", "", errors(200, .5, .01, 2, 1)},
      {"cost x1.5, 1+1 hosts, limit 1.1", "30", cost(1.5, 1.1, 0, 1), 0, 120, Detection::kCost},
      {"cost x1.5, 3+3 hosts, limit 1.1", "10", cost(1.5, 1.1, 0, 3), 0, 120, Detection::kCost},
      {"cost x1.5, 3+3 hosts, phi .3, limit 1.1", "10", cost(1.5, 1.1, .3, 3), 0, 120,
       Detection::kCost},
      {"p99 x1.5, 100/min each, limit 1.1", "20", latency(1.5, 1.1), 0, 60, Detection::kLatency},
      {"p99 x1.5, 100/min each, limit 1.2", "20", latency(1.5, 1.2), 0, 60, Detection::kLatency},
      {"safe: 1 % errors, 1,000/min each, limit 1.2", "", errors(2000, .5, .01, 1, 1.2), 0, 120},
      {"safe: cost, 3+3 hosts, limit 1.2", "", cost(1, 1.2, 0, 3), 0, 120, Detection::kCost},
  };
}

void Detect(int runs, uint64_t seed, bool past) {
  std::printf(
      "What is found, asked every minute at alpha %g; \"aim\" is the median minute that is aimed "
      "at.\n"
      "%-46s %4s | %5s %6s | %5s %6s | %s\n",
      kAlpha, "", "aim", "FAIL", "median", "PASS", "median", "Kayenta: ever, median, at the end");
  std::vector<Detection> detections = Detections();
  for (Detection& detection : detections) {
    detection.world.past = past;
    std::vector<Life> lives;
    for (int run = 0; run < runs; ++run) {
      Random random(seed + static_cast<uint64_t>(run));
      Metrics metrics;
      if (detection.what == Detection::kErrors) {
        metrics.push_back(std::make_unique<Errors>(random, detection.world));
      } else if (detection.what == Detection::kCost) {
        metrics.push_back(std::make_unique<Cost>(random, detection.world));
      } else {
        metrics.push_back(std::make_unique<Latency>(random, detection.world));
      }
      World healthy = detection.world;
      healthy.errors = 1;
      for (int i = 0; i < detection.others; ++i) {
        metrics.push_back(std::make_unique<Errors>(random, healthy));
      }
      lives.push_back(Live(random, std::move(metrics), detection.minutes, true));
    }
    const Summary summary = Sum(lives);
    std::printf("%-46s %4s | %5.3f %6s | %5.3f %6s | %.2f, %s, %.2f\n", detection.name,
                detection.aim, summary.harm, Minute(summary.median_harm).c_str(), summary.safe,
                Minute(summary.median_safe).c_str(), summary.kayenta,
                Minute(summary.median_kayenta).c_str(), summary.kayenta_at_end);
    std::fflush(stdout);
  }
}

const char* AnswerOf(v1::Decision decision) {
  return decision == v1::DECISION_BLOCK ? "FAIL" : decision == v1::DECISION_ALLOW ? "PASS" : "open";
}

// What both make of the complaints: each answer with the minute from which it was given.
void TellComplaints() {
  std::printf("%-58s %-5s | %-30s | Kayenta: at the end, first High\n", "", "right", "from minute");
  for (const testing::Complaint& row : testing::Complaints()) {
    const int minutes = testing::LengthOf(row);
    v1::Decision before = v1::DECISION_UNSPECIFIED;
    std::string course;
    int kayenta = kNever;
    for (int minute = 1; minute <= minutes; ++minute) {
      const v1::JudgeRequest seen = testing::AskedAt(row, minute);
      const v1::Decision decision = JudgeMetrics(seen).decision();
      if (decision != before) {
        course += (course.empty() ? "" : ", ") + std::to_string(minute) + " " + AnswerOf(decision);
      }
      before = decision;
      if (kayenta != kNever || minute < 10 || (minute != minutes && minute % 5 != 0)) continue;
      const auto high = [](const auto& metric) { return LabelOf(metric) == Label::kHigh; };
      if (std::ranges::any_of(seen.metrics(), high)) kayenta = minute;
    }
    const char* right = row.right == v1::OUTCOME_FAIL   ? "FAIL"
                        : row.right == v1::OUTCOME_PASS ? "PASS"
                                                        : "open";
    std::printf("%-58s %-5s | %-30s | %s, %s\n", row.name.c_str(), right, course.c_str(),
                NameOf(LabelOf(row.metrics.back())), Minute(kayenta).c_str());
  }
}

}  // namespace
}  // namespace gate::bench

int main(int argc, char** argv) {
  CLI::App app("How often a canary is judged wrongly, and how soon rightly");
  int runs = 100;
  uint64_t seed = 20261122;
  std::string part;
  bool no_past = false;
  app.add_option("--runs", runs, "Runs for each cell")->check(CLI::Range(10, 1000000));
  app.add_option("--seed", seed, "Of the first run");
  app.add_flag("--no-past", no_past, "Nothing is known of the old version before the canary");
  app.add_option("--only", part, "false-alarms, detection or complaints")
      ->check(CLI::IsMember({"false-alarms", "detection", "complaints"}));
  CLI11_PARSE(app, argc, argv);
  std::printf("seed %llu\n\n", static_cast<unsigned long long>(seed));
  const auto wanted = [&](const char* name) { return part.empty() || part == name; };
  if (wanted("false-alarms")) gate::bench::FalseAlarms(runs, seed, !no_past);
  if (wanted("detection")) gate::bench::Detect(runs, seed, !no_past);
  if (wanted("complaints")) gate::bench::TellComplaints();
}
