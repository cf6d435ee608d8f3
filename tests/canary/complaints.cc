#include "tests/canary/complaints.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate::testing {
namespace {

using Random = std::mt19937_64;
using Point = v1::CohortPoint;
// What both cohorts do in a minute, counted from 1.
using Minute = std::function<void(int minute, Random&, Point& canary, Point& old)>;

const absl::Time kStart = absl::FromUnixSeconds(1795179600);
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr auto kCounts = v1::METRIC_KIND_COUNTS;
constexpr auto kValues = v1::METRIC_KIND_VALUES;
constexpr auto kHistogram = v1::METRIC_KIND_HISTOGRAM;
constexpr auto kHarm = v1::OUTCOME_FAIL;
constexpr auto kHealth = v1::OUTCOME_PASS;
constexpr auto kUnknown = v1::OUTCOME_INCONCLUSIVE;

// ---- what a cohort does in a minute
void Errors(Random& random, Point& point, double rate, int requests) {
  point.set_exposure(requests);
  point.set_events(std::binomial_distribution<int>(requests, rate)(random));
}

void Counted(Point& point, int events, int requests) {
  point.set_exposure(requests);
  point.set_events(events);
}

void Hosts(Random& random, Point& point, double mean, double spread = 0.1, int hosts = 3) {
  for (int i = 0; i < hosts; ++i) {
    point.add_values(mean * std::lognormal_distribution<double>(0, spread)(random));
  }
}

void Latency(Random& random, Point& point, double median, double spread, int requests) {
  static const std::vector<double> kBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                              0.5,   1,    2.5,   5,    10};
  std::vector<int> counts(kBounds.size() + 1);
  for (int i = 0; i < requests; ++i) {
    const double seconds = median * std::lognormal_distribution<double>(0, spread)(random);
    ++counts[static_cast<size_t>(std::ranges::lower_bound(kBounds, seconds) - kBounds.begin())];
  }
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    v1::HistogramBucket& bucket = *point.add_buckets();
    if (i < kBounds.size()) bucket.set_le(kBounds[i]);
    bucket.set_count(sum += counts[i]);
  }
}

// Normal noise with a variance of one that lasts for some minutes.
class Swing {
 public:
  explicit Swing(double correlation) : correlation_(correlation) {}
  double Next(Random& random) {
    const double normal = std::normal_distribution<double>()(random);
    const double before = std::exchange(begun_, true) ? now_ : normal;
    return now_ = correlation_ * before + std::sqrt(1 - correlation_ * correlation_) * normal;
  }

 private:
  double correlation_, now_ = 0;
  bool begun_ = false;
};

// ---- series
v1::MetricSeries Series(v1::MetricKind kind, int minutes, const Minute& draw,
                        const std::string& old = "baseline") {
  Random random(20261122);
  v1::MetricSeries series;
  series.set_name("metric");
  series.set_kind(kind);
  series.set_margin(0.2);
  for (int minute = 1; minute <= minutes; ++minute) {
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(kStart + minute * absl::Minutes(1));
    auto& cohorts = *point.mutable_cohorts();
    draw(minute, random, cohorts["canary"], cohorts[old]);
  }
  return series;
}

v1::MetricSeries With(v1::MetricSeries series,
                      const std::function<void(v1::MetricSeries&)>& spoil) {
  spoil(series);
  return series;
}

v1::MetricSeries Margin(double margin, v1::MetricSeries series) {
  series.set_margin(margin);
  return series;
}

v1::MetricSeries Tolerated(double rate, v1::MetricSeries series) {
  series.set_tolerated_rate(rate);
  return series;
}

// `times`: the canary's rate to that of the baseline, 1 % of 5,000 requests a minute.
v1::MetricSeries Requests(int minutes, double times = 1) {
  return Series(kCounts, minutes, [=](int, Random& random, Point& canary, Point& old) {
    Errors(random, canary, 0.01 * times, 5000);
    Errors(random, old, 0.01, 5000);
  });
}

v1::MetricSeries Cost(int minutes, double times, double spread = 0.1, int hosts = 3) {
  return Series(kValues, minutes, [=](int, Random& random, Point& canary, Point& old) {
    Hosts(random, canary, 6 * times, spread, hosts);
    Hosts(random, old, 6, spread, hosts);
  });
}

// One value of each side in a minute.
v1::MetricSeries Constant(int minutes, double canary_value, double old_value) {
  return Series(kValues, minutes, [=](int, Random&, Point& canary, Point& old) {
    canary.add_values(canary_value);
    old.add_values(old_value);
  });
}

v1::MetricSeries Spikes(int of_ten) {
  return Series(kValues, 60, [=](int minute, Random& random, Point& canary, Point& old) {
    Hosts(random, canary, minute * 7 % 10 < of_ten ? 100 : 1, 0.2, 1);
    Hosts(random, old, 1, 0.2, 1);
  });
}

v1::MetricSeries Dropped(v1::MetricSeries series, const std::string& cohort,
                         const std::function<bool(int minute)>& where) {
  for (int i = 0; i < series.points_size(); ++i) {
    if (where(i + 1)) series.mutable_points(i)->mutable_cohorts()->erase(cohort);
  }
  return series;
}

bool Always(int) { return true; }
bool Odd(int minute) { return minute % 2 == 1; }

// Earlier weeks in place of the baseline, with so many times the errors.
v1::MetricSeries AgainstWeeks(v1::MetricSeries series, const std::vector<double>& times) {
  Random random(1);
  for (v1::MetricPoint& point : *series.mutable_points()) {
    auto& cohorts = *point.mutable_cohorts();
    cohorts.erase("baseline");
    for (size_t week = 0; week < times.size(); ++week) {
      Errors(random, cohorts[absl::StrCat("earlier-", week + 1, "w")], 0.01 * times[week], 5000);
    }
  }
  return series;
}

std::vector<v1::MetricSeries> Together(std::vector<v1::MetricSeries> metrics) {
  for (size_t i = 0; i < metrics.size(); ++i) metrics[i].set_name(absl::StrCat("metric ", i + 1));
  return metrics;
}

std::vector<v1::MetricSeries> Among(int healthy, const v1::MetricSeries& metric) {
  std::vector<v1::MetricSeries> metrics(static_cast<size_t>(healthy),
                                        Requests(metric.points_size()));
  metrics.push_back(metric);
  return Together(std::move(metrics));
}

// ---- rows
void AddShapes(std::vector<Complaint>& rows) {
  // A rise in most of the points, and one in few of them.
  rows.push_back({"seven_of_ten_minutes_at_100x", "spinnaker/kayenta#780", {Spikes(7)}, kHarm, 25});
  rows.push_back({"three_of_ten_minutes_at_100x", "spinnaker/kayenta#780", {Spikes(3)}, kHarm, 60});
  // The same median.
  rows.push_back({"only_the_spread_of_latency_grew",
                  "spinnaker/kayenta#780",
                  {Series(kHistogram, 30,
                          [](int, Random& random, Point& canary, Point& old) {
                            Latency(random, canary, 0.08, 0.8, 500);
                            Latency(random, old, 0.08, 0.4, 500);
                          })},
                  kHarm,
                  15});
  rows.push_back({"a_few_requests_take_ten_times_as_long",
                  "spinnaker/kayenta#780",
                  {Series(kHistogram, 60,
                          [](int, Random& random, Point& canary, Point& old) {
                            Latency(random, canary, 0.08, 0.4, 480);
                            Point slow;
                            Latency(random, slow, 0.8, 0.4, 20);
                            for (int i = 0; i < slow.buckets_size(); ++i) {
                              v1::HistogramBucket& bucket = *canary.mutable_buckets(i);
                              bucket.set_count(bucket.count() + slow.buckets(i).count());
                            }
                            Latency(random, old, 0.08, 0.4, 500);
                          })},
                  kHarm,
                  40});
  // The same mean of values: which of the two is worse?
  rows.push_back({"only_the_spread_of_values_grew",
                  "spinnaker/kayenta#780",
                  {Series(kValues, 120,
                          [](int, Random& random, Point& canary, Point& old) {
                            const auto draw = [&](double sd) {
                              return std::normal_distribution<double>(100, sd)(random);
                            };
                            canary.add_values(draw(30));
                            old.add_values(draw(5));
                          })},
                  kHarm,
                  120,
                  "",
                  0,
                  kHealth});
}

void AddSparse(std::vector<Complaint>& rows) {
  // http_307 comes up in the canary alone, in a few of the minutes.
  const auto only_canary = [](int every, int at_once, int minutes) {
    return Series(kCounts, minutes, [=](int minute, Random&, Point& canary, Point& old) {
      Counted(canary, minute % every == 0 ? at_once : 0, 500);
      Counted(old, 0, 500);
    });
  };
  rows.push_back({"a_status_that_only_the_canary_has_in_most_minutes",
                  "spinnaker/kayenta#426, spinnaker/spinnaker#5622",
                  {only_canary(1, 3, 30)},
                  kHarm,
                  12});
  rows.push_back({"a_status_that_only_the_canary_has_in_every_third_minute",
                  "spinnaker/kayenta#426, spinnaker/spinnaker#5622",
                  {only_canary(3, 2, 60)},
                  kHarm,
                  45});
  rows.push_back({"the_same_few_errors_on_both_sides",
                  "spinnaker/kayenta#377",
                  {Series(kCounts, 120,
                          [](int, Random& random, Point& canary, Point& old) {
                            Errors(random, canary, 0.0001, 1000);
                            Errors(random, old, 0.0001, 1000);
                          })},
                  kUnknown,
                  0,
                  "limit 1.2x"});
  // No error removed for being far from the others.
  rows.push_back({"errors_in_one_minute_of_ten",
                  "spinnaker/kayenta#420, #619",
                  {Series(kCounts, 240,
                          [](int minute, Random& random, Point& canary, Point& old) {
                            Errors(random, canary, minute % 10 == 5 ? 0.3 : 0.001, 1000);
                            Errors(random, old, 0.001, 1000);
                          })},
                  kHarm,
                  140});
}

void AddZeros(std::vector<Complaint>& rows) {
  const auto no_errors = [](int requests) {
    return Series(kCounts, 60, [=](int, Random&, Point& canary, Point& old) {
      Counted(canary, 0, requests);
      Counted(old, 0, requests);
    });
  };
  const std::string at_zero = "keptn-contrib/dynatrace-service#818, spinnaker/kayenta#510, #527";
  rows.push_back({"no_errors_on_either_side_and_a_rate_that_is_tolerated",
                  at_zero,
                  {Tolerated(1e-4, no_errors(10000))},
                  kHealth,
                  35});
  rows.push_back({"no_errors_on_either_side",
                  at_zero,
                  {no_errors(10000)},
                  kUnknown,
                  0,
                  "nothing has happened yet that could be compared"});
  rows.push_back({"values_of_zero_on_both_sides",
                  at_zero,
                  {Constant(60, 0, 0)},
                  kHealth,
                  60,
                  "",
                  0,
                  kUnknown});
  rows.push_back({"something_where_there_was_nothing",
                  "spinnaker/kayenta#674, #762",
                  {Constant(60, 5, 0)},
                  kHarm,
                  12});
  rows.push_back({"nothing_where_there_was_something",
                  "spinnaker/kayenta#674, #762",
                  {Constant(60, 0, 5)},
                  kHealth,
                  12});
  rows.push_back(
      {"all_values_tied", "read in kayenta's source", {Constant(60, 7, 7)}, kHealth, 60});
  // A ratio of means that are next to zero is anything.
  rows.push_back({"noise_around_zero",
                  "spinnaker/kayenta#674, #762",
                  {Series(kValues, 60,
                          [](int, Random& random, Point& canary, Point& old) {
                            std::normal_distribution<double> noise(0.02, 1);
                            canary.add_values(noise(random));
                            old.add_values(noise(random));
                          })},
                  kUnknown,
                  0,
                  "metric: canary"});
}

void AddMissing(std::vector<Complaint>& rows) {
  const std::string one_side = "spinnaker/kayenta#799, #330, #333";
  rows.push_back({"no_data_of_the_canary",
                  one_side,
                  {Dropped(Requests(60), "canary", Always)},
                  kUnknown,
                  0,
                  "have not been seen at the same time"});
  rows.push_back({"no_data_of_the_baseline",
                  one_side,
                  {Dropped(Requests(60, 10), "baseline", Always)},
                  kUnknown,
                  0,
                  "have not been seen at the same time"});
  rows.push_back({"one_point_against_one_point",
                  "read in kayenta's source",
                  {Cost(1, 100)},
                  kUnknown,
                  0,
                  "anything is possible yet"});
  rows.push_back({"one_point_against_zeros",
                  "read in kayenta's source",
                  {Dropped(Constant(60, 5, 0), "canary", [](int minute) { return minute > 1; })},
                  kUnknown,
                  0,
                  "59 intervals have no values of both cohorts"});
  const auto not_a_number = [](v1::MetricSeries series, const std::function<bool(int)>& where) {
    for (int i = 0; i < series.points_size(); ++i) {
      if (!where(i + 1)) continue;
      Point& canary = (*series.mutable_points(i)->mutable_cohorts())["canary"];
      canary.clear_values();
      canary.add_values(kNaN);
    }
    return series;
  };
  rows.push_back({"nothing_but_nan",
                  "read in argo-rollouts' and flagger's source",
                  {not_a_number(Cost(60, 1), Always)},
                  kUnknown,
                  0,
                  "have not been seen at the same time"});
  rows.push_back({"every_second_minute_nan",
                  "argoproj/argo-rollouts#4479",
                  {not_a_number(Cost(60, 1), Odd)},
                  kUnknown,
                  0,
                  "not a number"});
  rows.push_back({"harm_and_every_second_minute_nan",
                  "argoproj/argo-rollouts#4479",
                  {not_a_number(Cost(60, 3), Odd)},
                  kHarm,
                  40});
  const auto missing = [](int minute) { return minute % 10 > 6; };
  rows.push_back({"minutes_missing",
                  "argoproj/argo-rollouts#1466, #3503",
                  {Dropped(Requests(66), "canary", missing)},
                  kUnknown,
                  0,
                  "no values of both cohorts, first at 13:07:00 UTC"});
  rows.push_back({"harm_and_minutes_missing",
                  "argoproj/argo-rollouts#1466, #3503",
                  {Dropped(Requests(66, 3), "canary", missing)},
                  kHarm,
                  20});
  const auto without_traffic = [](v1::MetricSeries series, const std::function<bool(int)>& where) {
    for (int i = 0; i < series.points_size(); ++i) {
      if (where(i + 1)) Counted((*series.mutable_points(i)->mutable_cohorts())["canary"], 0, 0);
    }
    return series;
  };
  rows.push_back({"no_request_to_the_canary_in_every_second_minute",
                  "fluxcd/flagger#1035, #1689",
                  {without_traffic(Requests(120), Odd)},
                  kHealth,
                  120});
  rows.push_back({"harm_and_no_request_to_the_canary_in_every_second_minute",
                  "fluxcd/flagger#1035, #1689",
                  {without_traffic(Requests(60, 3), Odd)},
                  kHarm,
                  30});
  rows.push_back({"traffic_vanishes_on_the_way",
                  "fluxcd/flagger#1011",
                  {without_traffic(Requests(60), [](int minute) { return minute > 20; })},
                  kUnknown,
                  0,
                  "the canary has had no traffic since 13:20:00 UTC"});
  // A metric of nothing but trouble among healthy ones does not make them a PASS, nor a FAIL.
  rows.push_back(
      {"one_metric_cannot_be_read_and_nine_are_well", "read in kayenta's source",
       Among(9, With(not_a_number(Cost(60, 1), Always), [](auto& m) { m.set_critical(true); })),
       kUnknown, 0, "have not been seen at the same time"});
}

void AddFew(std::vector<Complaint>& rows) {
  rows.push_back({"three_points",
                  "spinnaker/spinnaker.github.io#1292, spinnaker/kayenta#283",
                  {Cost(3, 1)},
                  kUnknown,
                  0,
                  "limit 1.2x"});
  rows.push_back({"an_outage_of_three_minutes",
                  "spinnaker/spinnaker.github.io#1292",
                  {Series(kCounts, 12,
                          [](int, Random& random, Point& canary, Point& old) {
                            Errors(random, canary, 0.5, 1000);
                            Errors(random, old, 0.001, 1000);
                          })},
                  kHarm,
                  12});
  const auto one_of_few = [](int minutes, int bad) {
    return Series(kCounts, minutes, [=](int minute, Random&, Point& canary, Point& old) {
      Counted(canary, minute == bad ? 1 : 0, 3);
      Counted(old, 0, 3);
    });
  };
  rows.push_back({"one_5xx_in_the_first_minute_at_low_traffic",
                  "kortix-ai/suna#3403",
                  {one_of_few(20, 1)},
                  kUnknown,
                  0,
                  "canary 1 error of 60 requests"});
  rows.push_back({"one_5xx_late_at_low_traffic",
                  "kortix-ai/suna#3403",
                  {one_of_few(60, 50)},
                  kUnknown,
                  0,
                  "canary 1 error of 180 requests"});
  rows.push_back({"traffic_in_spikes",
                  "fluxcd/flagger#1501",
                  {Series(kCounts, 240,
                          [](int minute, Random& random, Point& canary, Point& old) {
                            const int requests = minute % 8 == 0 ? 50000 : 3;
                            Errors(random, canary, 0.01, requests);
                            Errors(random, old, 0.01, requests);
                          })},
                  kHealth,
                  180});
}

void AddRises(std::vector<Complaint>& rows) {
  // What is shown and what is decided are one thing.
  const v1::MetricSeries eighth = Cost(60, 1.125, 0.01, 10);
  rows.push_back({"dearer_by_an_eighth_where_a_tenth_is_allowed",
                  "spinnaker/kayenta#744",
                  {Margin(0.1, eighth)},
                  kHarm,
                  20});
  rows.push_back({"dearer_by_an_eighth_where_a_fifth_is_allowed",
                  "spinnaker/kayenta#744",
                  {Margin(0.2, eighth)},
                  kHealth,
                  20});
  rows.push_back(
      {"up_by_650_percent", "spinnaker/kayenta#633", {Cost(30, 7.5, 0.5, 3)}, kHarm, 20});
  rows.push_back({"up_by_650_percent_among_nineteen_healthy_metrics", "spinnaker/kayenta#633",
                  Among(19, Cost(60, 7.5, 0.5, 3)), kHarm, 30});
  // So much traffic that every difference is a certain one.
  rows.push_back({"half_a_percent_more_and_sure_of_it",
                  "spinnaker/kayenta#674",
                  {Cost(60, 1.005, 0.005, 1)},
                  kHealth,
                  20});
  rows.push_back({"minutes_alike_on_machines_alike",
                  "spinnaker/kayenta#521",
                  {Series(kValues, 120,
                          [ours = Swing(0.9), theirs = Swing(0.9)](
                              int, Random& random, Point& canary, Point& old) mutable {
                            canary.add_values(std::exp(0.2 * ours.Next(random)));
                            old.add_values(std::exp(0.2 * theirs.Next(random)));
                          })},
                  kHealth,
                  120});
  rows.push_back({"both_get_worse_together_at_the_peak",
                  "fluxcd/flagger#225, #739",
                  {Series(kCounts, 240,
                          [](int minute, Random& random, Point& canary, Point& old) {
                            const double rate = minute > 30 ? 0.03 : 0.01;
                            Errors(random, canary, rate, 5000);
                            Errors(random, old, rate, 5000);
                          })},
                  kHealth,
                  120});
}

void AddTimes(std::vector<Complaint>& rows) {
  const auto late = [](int onset, int minutes) {
    return Series(kCounts, minutes, [=](int minute, Random& random, Point& canary, Point& old) {
      Errors(random, canary, minute > onset ? 0.05 : 0.01, 1000);
      Errors(random, old, 0.01, 1000);
    });
  };
  rows.push_back({"errors_from_the_third_hour_on",
                  "fluxcd/flagger#1801",
                  {late(120, 480)},
                  kHarm,
                  150,
                  "",
                  120});
  rows.push_back({"a_cost_that_doubles_in_the_third_hour",
                  "fluxcd/flagger#1801",
                  {Series(kValues, 300,
                          [](int minute, Random& random, Point& canary, Point& old) {
                            Hosts(random, canary, minute > 120 ? 12 : 6);
                            Hosts(random, old, 6);
                          })},
                  kHarm,
                  180,
                  "",
                  120});
  rows.push_back({"a_leak_of_one_percent_a_minute",
                  "fluxcd/flagger#1801",
                  {Series(kValues, 240,
                          [](int minute, Random& random, Point& canary, Point& old) {
                            Hosts(random, canary, 1 + 0.01 * minute, 0.05);
                            Hosts(random, old, 1, 0.05);
                          })},
                  kHarm,
                  120,
                  "",
                  20});
  // A scrape that goes wrong, now here, now there.
  const std::string flaky = "argoproj/argo-rollouts#4792, #3969";
  rows.push_back({"single_bad_minutes_of_errors",
                  flaky,
                  {Series(kCounts, 120,
                          [](int minute, Random& random, Point& canary, Point& old) {
                            Errors(random, canary, minute % 40 == 7 ? 0.3 : 0.01, 1000);
                            Errors(random, old, minute % 40 == 29 ? 0.3 : 0.01, 1000);
                          })},
                  kUnknown,
                  0,
                  "they come in bursts"});
  rows.push_back({"one_bad_minute_of_latency",
                  flaky,
                  {Series(kValues, 120,
                          [](int minute, Random& random, Point& canary, Point& old) {
                            Hosts(random, canary, minute == 15 ? 50 : 1, 0.1, 1);
                            Hosts(random, old, 1, 0.1, 1);
                          })},
                  kUnknown,
                  0,
                  "limit 1.2x"});
  // Earlier releases as the yardstick.
  rows.push_back({"as_bad_as_a_release_that_failed",
                  "keptn/keptn#1263, #2224",
                  {AgainstWeeks(Requests(60, 3), {3, 1})},
                  kUnknown,
                  0,
                  "2 weeks earlier"});
  rows.push_back({"worse_than_any_earlier_week",
                  "spinnaker/orca#2836, spinnaker/kayenta#824",
                  {AgainstWeeks(Requests(60, 3), {1, 1})},
                  kHarm,
                  25});
  rows.push_back({"no_worse_than_any_earlier_week",
                  "spinnaker/orca#2836, spinnaker/kayenta#824",
                  {AgainstWeeks(Requests(120), {1, 1})},
                  kHealth,
                  120});
}

}  // namespace

std::vector<Complaint> Complaints() {
  std::vector<Complaint> rows;
  AddShapes(rows);
  AddSparse(rows);
  AddZeros(rows);
  AddMissing(rows);
  AddFew(rows);
  AddRises(rows);
  AddTimes(rows);
  return rows;
}

v1::JudgeRequest AskedAt(const Complaint& complaint, int minute) {
  v1::JudgeRequest request;
  for (const v1::MetricSeries& metric : complaint.metrics) {
    v1::MetricSeries& seen = *request.add_metrics() = metric;
    const int points = std::min(minute, seen.points_size());
    seen.mutable_points()->DeleteSubrange(points, seen.points_size() - points);
  }
  return request;
}

int LengthOf(const Complaint& complaint) { return complaint.metrics[0].points_size(); }

}  // namespace gate::testing
