// A service with a week, resources that its requests use up, and the evidence that metrics servers
// would give of it: what the capacity check is asked with in tests.
#ifndef TESTS_CAPACITY_WORLD_H_
#define TESTS_CAPACITY_WORLD_H_

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/capacity/capacity.h"
#include "checks/fold.h"
#include "checks/proto_time.h"
#include "tests/support/shift.h"

namespace gate::testing {

inline absl::Time At(const char* time) {
  absl::Time parsed;
  std::string error;
  return absl::ParseTime(absl::RFC3339_full, time, &parsed, &error) ? parsed : absl::InfinitePast();
}

// What requests cost of one resource.
struct Spending {
  double old_cost = 1, new_cost = 1;
  double noise = 0.05;  // of the cost of a minute, relative, lognormal
  double others = 0;    // spent by others, per second, always
  double capacity = 0;  // 0: nobody knows
};

// What goes to an endpoint: the part of a cohort's requests, and what one costs.
struct Endpoint {
  double share = 0, cost = 0;
};
using Endpoints = std::map<std::string, Endpoint>;

// Monday is the highest day, 15:00 UTC its highest hour, the night a tenth of it.
struct World {
  absl::Time now = At("2026-11-20T21:00:00Z");  // a Friday
  double peak = 1100;                           // requests/s
  double load_now = 300;                        // over the time of the canary
  double share = 0.05;                          // of the canary
  int weeks = 5;                                // of history
  int minutes = 40;                             // of canary
  double weekly_noise = 0.02;
  unsigned seed = 1;
  std::map<std::string, Spending> resources;
  // Weeks ago, 1 is the last: by what part the peak is another.
  std::map<int, double> odd_weeks;

  absl::Time Start() const { return now - absl::Minutes(minutes); }

  double Shape(absl::Time time) const {
    const auto moment = absl::UTCTimeZone().At(time);
    static constexpr double kDays[] = {1, 0.95, 0.9, 0.9, 0.85, 0.35, 0.3};
    const int day = static_cast<int>(absl::GetWeekday(moment.cs));
    const double hour = moment.cs.hour() + moment.cs.minute() / 60.0;
    const double wave = 0.5 + 0.5 * std::cos((hour - 15) / 24 * 2 * 3.14159265358979);
    return kDays[day] * (0.1 + 0.9 * wave * wave);
  }

  // Requests per second in the five minutes that end at `time`.
  double Load(absl::Time time) const {
    if (time > Start()) return load_now;
    const int week = static_cast<int>(absl::IDivDuration(now - time, absl::Hours(168), &rest_)) + 1;
    std::mt19937 random(seed * 1000 + static_cast<unsigned>(week));
    const double noise = weekly_noise * std::normal_distribution<double>()(random);
    const auto odd = odd_weeks.find(week);
    return peak * Shape(time) * (1 + noise) * (odd == odd_weeks.end() ? 1 : odd->second);
  }

  v1::Observation Series(const std::string& id, absl::Duration window, absl::Duration step,
                         const std::function<double(absl::Time)>& value) const {
    v1::Observation observation;
    observation.set_id(id);
    observation.set_source("prometheus:main");
    *observation.mutable_series()->mutable_step() = ToProto(step);
    for (absl::Time time = now - window + step; time <= now; time += step) {
      v1::ValuePoint& point = *observation.mutable_series()->add_points();
      *point.mutable_time() = ToProto(time);
      point.set_value(value(time));
    }
    return observation;
  }
  v1::Observation Weekly(const std::string& id,
                         const std::function<double(absl::Time)>& value) const {
    return Series(id, weeks * absl::Hours(168), absl::Minutes(5), value);
  }
  v1::Observation Recent(const std::string& id,
                         const std::function<double(absl::Time)>& value) const {
    return Series(id, absl::Hours(1), absl::Minutes(1), value);
  }

  v1::Observation CostOf(const std::string& name, const Spending& spending) const {
    v1::Observation observation;
    observation.set_id("capacity." + name + ".cost");
    observation.set_source("prometheus:main");
    v1::MetricSeries& series = *observation.mutable_metric();
    series.set_kind(v1::METRIC_KIND_VALUES);
    *series.mutable_step() = ToProto(absl::Minutes(1));
    std::mt19937 random(seed + static_cast<unsigned>(std::hash<std::string>()(name)));
    std::normal_distribution<double> normal;
    const auto cost = [&](double mean) {
      const double sd = spending.noise;
      return mean * std::exp(sd * normal(random) - sd * sd / 2);
    };
    for (int minute = minutes - 1; minute >= 0; --minute) {
      v1::MetricPoint& point = *series.add_points();
      *point.mutable_time() = ToProto(now - absl::Minutes(minute));
      const auto add = [&](const char* cohort, double mean) {
        v1::CohortPoint& one = (*point.mutable_cohorts())[cohort];
        one.add_values(cost(mean));
        one.add_weights(load_now * share * 60);
      };
      add("canary", spending.new_cost);
      add("baseline", spending.old_cost);
    }
    return observation;
  }

  // By cohort and endpoint. Where costs are not counted by endpoint, sources spread them evenly.
  v1::Observation CostOf(const std::string& name, const std::map<std::string, Endpoints>& cohorts,
                         double noise, bool by_endpoint = true) const {
    v1::Observation observation = CostOf(name, Spending());
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    for (v1::MetricPoint& point : *observation.mutable_metric()->mutable_points()) {
      point.clear_cohorts();
      for (const auto& [cohort, endpoints] : cohorts) {
        auto& strata = *(*point.mutable_cohorts())[cohort].mutable_strata();
        double mean = 0;
        for (const auto& [endpoint, served] : endpoints) {
          if (!(served.share > 0)) continue;
          const double cost = served.cost * std::exp(noise * normal(random) - noise * noise / 2);
          mean += served.share * cost;
          strata[endpoint].add_values(cost);
          strata[endpoint].add_weights(load_now * share * 60 * served.share);
        }
        if (by_endpoint) continue;
        for (auto& [endpoint, part] : strata) part.set_values(0, mean);
      }
    }
    return observation;
  }

  v1::Change Change(v1::ChangeKind kind = v1::CHANGE_KIND_CODE) const {
    v1::Change change;
    change.set_service("web");
    change.set_environment("production");
    change.set_kind(kind);
    change.mutable_canary()->set_share(share);
    *change.mutable_canary()->mutable_started_at() = ToProto(Start());
    return change;
  }

  v1::CapacityPolicy Policy() const {
    v1::CapacityPolicy policy;
    policy.set_source("main");
    policy.set_load("http_requests_total");
    policy.set_cohort_label("track");
    for (const auto& [name, spending] : resources) {
      v1::CapacityResource& resource = *policy.add_resources();
      resource.set_name(name);
      resource.set_cost(name + "_spent_total");
      resource.set_capacity(spending.capacity);
      if (spending.others > 0) resource.set_total(name + "_total");
    }
    return policy;
  }

  // All that the check asks for, but what a test adds of itself.
  Evidence Seen() const {
    Evidence evidence;
    evidence.Add(Weekly("capacity.load", [&](absl::Time time) { return Load(time); }));
    for (const auto& [name, spending] : resources) {
      evidence.Add(CostOf(name, spending));
      const auto total = [&, spending = spending](absl::Time time) {
        const double part = time > Start() ? share : 0;
        return spending.others +
               Load(time) * (part * spending.new_cost + (1 - part) * spending.old_cost);
      };
      if (spending.others > 0) evidence.Add(Weekly("capacity." + name + ".total", total));
    }
    return evidence;
  }

  v1::CheckOutcome Judge(const v1::Change& change, const v1::CapacityPolicy& policy,
                         const Evidence& evidence) const {
    v1::PolicyRule rule;
    *rule.mutable_checks()->mutable_capacity() = policy;
    v1::CheckOutcome outcome = kCapacityCheck.judge(change, evidence, rule, now);
    outcome.set_check("capacity");
    Decide(policy.settings(), now, outcome);
    return outcome;
  }
  v1::CheckOutcome Judge() const { return Judge(Change(), Policy(), Seen()); }

 private:
  mutable absl::Duration rest_;
};

inline v1::TrafficShift::Origin Origin(const std::string& name, double before, double after,
                                       int workers, absl::Duration service) {
  v1::TrafficShift::Origin origin;
  origin.set_name(name);
  origin.set_share_before(before);
  origin.set_share_after(after);
  origin.set_workers(workers);
  if (service > absl::ZeroDuration()) *origin.mutable_service_time() = ToProto(service);
  return origin;
}

inline const v1::Finding* FindingOf(const v1::CheckOutcome& outcome, const std::string& rule,
                                    const std::string& subject = "") {
  for (const v1::Finding& finding : outcome.findings()) {
    if (finding.rule() == rule && (subject.empty() || finding.subject() == subject)) {
      return &finding;
    }
  }
  return nullptr;
}

}  // namespace gate::testing

#endif  // TESTS_CAPACITY_WORLD_H_
