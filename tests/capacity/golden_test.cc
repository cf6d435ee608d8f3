// golden/capacity/RULE/NAME.expected: the verdict as people read it. finding* has a finding of the
// rule, near_miss* has none. The worlds are below: weeks of evidence are no text to keep in a file.
#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "checks/render/render.h"
#include "tests/capacity/world.h"

namespace gate {
namespace {

using testing::FindingOf;
using testing::Origin;
using testing::Shift;
using testing::World;

struct Case {
  World world;
  v1::Change change;
  v1::CapacityPolicy policy;
  Evidence evidence;

  explicit Case(World of)
      : world(std::move(of)),
        change(world.Change()),
        policy(world.Policy()),
        evidence(world.Seen()) {}
  v1::CheckOutcome Judge() const { return world.Judge(change, policy, evidence); }
};

World Redis(double old_cost, double new_cost, double noise = 0.05, double others = 0) {
  World world;
  world.resources["redis"] = {.old_cost = old_cost,
                              .new_cost = new_cost,
                              .noise = noise,
                              .others = others,
                              .capacity = 16500};
  return world;
}

Case Commands(World world) {
  Case one(std::move(world));
  one.policy.mutable_resources(0)->set_unit("commands");
  return one;
}

// Messages that are published, and a broker with room for three hours of the flood.
Case Messages(double new_cost) {
  World world;
  world.load_now = 120;
  world.resources["events"] = {.old_cost = 0.8, .new_cost = new_cost, .capacity = 4000};
  Case one(std::move(world));
  v1::CapacityResource& resource = *one.policy.mutable_resources(0);
  resource.set_unit("messages");
  resource.mutable_queue()->set_room(32'832'000);
  resource.mutable_queue()->add_shared_by("lab orders");
  resource.mutable_queue()->add_shared_by("referrals");
  return one;
}

// `backlog` is by minutes before now.
Case Waiting(const std::function<double(double)>& backlog) {
  Case one = Messages(0.8);
  one.policy.mutable_resources(0)->mutable_queue()->set_backlog("messages_ready");
  const World& world = one.world;
  const auto all = [&](absl::Time time) {
    return time > world.Start() ? backlog(absl::ToDoubleMinutes(world.now - time))
                                : 500 * world.Shape(time);
  };
  one.evidence.Add(world.Recent("capacity.events.backlog", all));
  one.evidence.Add(world.Weekly("capacity.events.backlog_before", all));
  return one;
}

// What endpoints each cohort serves.
Case Mixed(World world, const testing::Endpoints& canary, const testing::Endpoints& baseline,
           bool by_endpoint = true) {
  Case one = Commands(std::move(world));
  one.policy.set_endpoint_label("endpoint");
  one.evidence.Add(
      one.world.CostOf("redis", {{"canary", canary}, {"baseline", baseline}}, 0.03, by_endpoint));
  return one;
}

// All requests of the canary go to /home; those to /save cost three times as much.
Case Busy(double load, double home) {
  World world = Redis(6, 6.2);
  world.load_now = load;
  const double cost = 6 / (3 - 2 * home);
  return Mixed(world, {{"/home", {1, cost * 1.03}}},
               {{"/home", {home, cost}}, {"/save", {1 - home, 3 * cost}}});
}

Case Tested(double cost) {
  Case one = Busy(900, 0.7);
  v1::LoadTest& test = *one.change.mutable_load_test();
  test.set_environment("staging");
  (*test.mutable_requests())["/home"] = 9500;
  (*test.mutable_requests())["/save"] = 500;
  v1::LoadTest::Cost& told = *test.add_costs();
  told.set_resource("redis");
  told.set_per_request(cost);
  return one;
}

Case Shifted(int workers) {
  World world;
  world.peak = 1200;
  world.load_now = 500;
  Case one(world);
  one.policy.mutable_origins();
  one.change = Shift({Origin("old-hoster", 1, 0.8, 400, absl::Milliseconds(180)),
                      Origin("new-hoster", 0, 0.2, workers, absl::Milliseconds(270))});
  return one;
}

Case TakenBack(bool said) {
  Case one = Shifted(200);
  one.change = Shift({Origin("old-hoster", 0.8, 1, 200, absl::Milliseconds(180)),
                      Origin("new-hoster", 0.2, 0, 64, absl::Milliseconds(270))});
  if (said) one.change.mutable_traffic_shift()->set_takes_back("the ramp of Friday 15:00");
  return one;
}

// Two days after the shift: what requests wait at the new origin, by minutes before now.
Case Queueing(const std::function<double(double)>& seconds) {
  Case one = Shifted(120);
  *one.change.mutable_canary()->mutable_started_at() = ToProto(one.world.now - absl::Hours(48));
  one.change.mutable_traffic_shift()->set_way_back("weights at the CDN, 2 min");
  one.policy.mutable_origins()->set_label("hoster");
  one.policy.mutable_origins()->set_busy("worker_busy_seconds_total");
  one.policy.mutable_origins()->set_wait("http_queue_wait_seconds");
  const World& world = one.world;
  const auto add = [&](const std::string& id, double value) {
    one.evidence.Add(
        world.Recent("capacity.origin.new-hoster." + id, [=](absl::Time) { return value; }));
  };
  add("busy", 119);
  add("requests", 440);
  one.evidence.Add(world.Recent("capacity.origin.new-hoster.wait", [&](absl::Time time) {
    return seconds(absl::ToDoubleMinutes(world.now - time));
  }));
  one.evidence.Add(
      world.Recent("capacity.origin.old-hoster.wait", [](absl::Time) { return 0.01; }));
  one.evidence.Add(world.Weekly("capacity.wait_before",
                                [&](absl::Time time) { return 0.02 * world.Shape(time); }));
  return one;
}

struct Named {
  std::string path;  // under golden/capacity, without the suffix
  std::function<Case()> make;
};

const std::vector<Named>& Cases() {
  static const auto& cases = *new std::vector<Named>{
      {"already_over/finding", [] { return Commands(Redis(16, 12)); }},
      {"already_over/near_miss", [] { return Commands(Redis(8, 6)); }},
      {"backlog_grows/finding",
       [] {
         return Waiting([](double ago) { return ago > 8 ? 200 : 200 + (8 - ago) * 182'400; });
       }},
      {"backlog_grows/near_miss", [] { return Waiting([](double) { return 450; }); }},
      {"backlog_remains/finding_drains",
       [] { return Waiting([](double ago) { return 5e6 + 57'600 * ago; }); }},
      {"backlog_remains/finding_did_not_help",
       [] {
         Case one = Waiting([](double) { return 5e6; });
         *one.change.mutable_canary()->mutable_started_at() =
             ToProto(one.world.now - absl::Minutes(20));
         return one;
       }},
      {"backlog_remains/near_miss",
       [] { return Waiting([](double ago) { return ago > 10 ? 5e6 : 300; }); }},
      {"coverage/finding_at_night", [] { return Busy(120, 1); }},
      {"coverage/finding_endpoints", [] { return Busy(900, 0.7); }},
      {"coverage/near_miss", [] { return Busy(900, 1); }},
      {"load_test/finding", [] { return Tested(6.1); }},
      {"load_test/finding_disagrees", [] { return Tested(14); }},
      {"load_test/near_miss", [] { return Busy(900, 0.7); }},
      {"no_data/finding_cost",
       [] {
         Case one = Commands(Redis(6, 6));
         one.evidence.Add(Absent("capacity.redis.cost", "prometheus:main",
                                 v1::ABSENCE_REASON_UNREACHABLE, "connection refused"));
         return one;
       }},
      {"no_data/finding_not_begun",
       [] {
         Case one = Commands(Redis(6, 6));
         *one.change.mutable_canary()->mutable_started_at() = ToProto(one.world.now);
         return one;
       }},
      {"no_data/finding_origin",
       [] {
         Case one = Shifted(0);
         one.change.mutable_traffic_shift()->mutable_origins(1)->clear_service_time();
         return one;
       }},
      {"no_data/near_miss", [] { return Commands(Redis(6, 6)); }},
      {"other_mix/finding",
       [] {
         return Mixed(Redis(6, 6), {{"/home", {0.9, 3}}, {"/save", {0.1, 33}}},
                      {{"/home", {0.6, 3}}, {"/save", {0.4, 10}}}, /*by_endpoint=*/false);
       }},
      {"other_mix/near_miss_alike",
       [] {
         return Mixed(Redis(6, 6), {{"/home", {0.65, 3}}, {"/save", {0.35, 10}}},
                      {{"/home", {0.6, 3}}, {"/save", {0.4, 10}}}, /*by_endpoint=*/false);
       }},
      {"other_mix/near_miss_weighted",
       [] {
         return Mixed(Redis(6, 6), {{"/home", {0.9, 3}}, {"/save", {0.1, 33}}},
                      {{"/home", {0.6, 3}}, {"/save", {0.4, 10}}});
       }},
      {"overload/finding", [] { return Commands(Redis(6, 14)); }},
      {"overload/finding_with_others", [] { return Commands(Redis(6, 14, 0.05, 2300)); }},
      {"overload/finding_flood", [] { return Messages(6.4); }},
      {"overload/finding_two",
       [] {
         World world = Redis(6, 14);
         world.resources["database"] = {.old_cost = 1.2, .new_cost = 9, .capacity = 4100};
         Case one(world);
         one.policy.mutable_resources(0)->set_unit("queries");
         one.policy.mutable_resources(1)->set_unit("commands");
         return one;
       }},
      {"overload/finding_workers",
       [] {
         World world;
         world.resources["workers"] = {.old_cost = 0.12, .new_cost = 0.27, .capacity = 256};
         Case one(world);
         one.policy.mutable_resources(0)->set_unit("busy seconds");
         *one.policy.mutable_resources(0)->mutable_max_wait() = ToProto(absl::Milliseconds(1));
         return one;
       }},
      {"overload/near_miss", [] { return Commands(Redis(6, 6.6)); }},
      {"pool_too_small/finding", [] { return Shifted(64); }},
      {"pool_too_small/finding_wait",
       [] {
         Case one = Shifted(100);
         *one.policy.mutable_origins()->mutable_max_wait() = ToProto(absl::Microseconds(1));
         return one;
       }},
      {"pool_too_small/near_miss", [] { return Shifted(120); }},
      {"short_history/finding",
       [] {
         World world = Redis(6, 6);
         world.weeks = 1;
         return Commands(world);
       }},
      {"short_history/near_miss_two_weeks",
       [] {
         World world = Redis(6, 6);
         world.weeks = 2;
         return Commands(world);
       }},
      {"short_history/near_miss_holiday",
       [] {
         World world = Redis(6, 6);
         world.odd_weeks = {{1, 0.4}};
         return Commands(world);
       }},
      {"taken_back/finding", [] { return TakenBack(true); }},
      {"taken_back/near_miss", [] { return TakenBack(false); }},
      {"undecided/finding_noisy", [] { return Commands(Redis(6, 6, 0.6)); }},
      {"undecided/finding_over_already", [] { return Commands(Redis(14, 14)); }},
      {"undecided/finding_near", [] { return Commands(Redis(9, 9.6)); }},
      {"undecided/near_miss", [] { return Commands(Redis(6, 6.6)); }},
      {"wait_grows/finding",
       [] { return Queueing([](double ago) { return ago > 4 ? 0.02 : 0.02 + (5 - ago) * 0.6; }); }},
      {"wait_grows/near_miss_two_minutes",
       [] { return Queueing([](double ago) { return ago > 1.5 ? 0.02 : 2; }); }},
      {"wait_grows/near_miss_usual", [] { return Queueing([](double) { return 0.09; }); }},
  };
  return cases;
}

std::string Rendered(const Case& one, const v1::CheckOutcome& outcome) {
  v1::Verdict verdict;
  *verdict.mutable_change() = one.change;
  Fold(v1::PolicyRule(), {outcome}, one.world.now, verdict);
  verdict.clear_valid_until();
  return render::kTableFormat.verdict(verdict, {});
}

TEST(CapacityGolden, OutcomesAndSentences) {
  std::set<std::string> referenced;
  for (const Named& named : Cases()) {
    SCOPED_TRACE(named.path);
    const Case one = named.make();
    const v1::CheckOutcome outcome = one.Judge();
    const std::string rule = "capacity." + named.path.substr(0, named.path.find('/'));
    const bool should = named.path.find("/finding") != std::string::npos;
    EXPECT_EQ(FindingOf(outcome, rule) != nullptr, should) << outcome.DebugString();
    const std::string path = "golden/capacity/" + named.path + ".expected";
    EXPECT_TRUE(testing::MatchesGolden(path, Rendered(one, outcome)));
    referenced.insert(path);
  }
  EXPECT_TRUE(testing::NoStrayGoldens("golden/capacity", referenced));
}

TEST(CapacityGolden, EveryRuleHasCasesThatFindAndNearMisses) {
  for (const RuleDoc& rule : kCapacityCheck.rules()) {
    const std::string folder = std::string(rule.id.substr(sizeof("capacity.") - 1)) + "/";
    for (const std::string kind : {"finding", "near_miss"}) {
      EXPECT_TRUE(std::ranges::any_of(
          Cases(), [&](const Named& named) { return named.path.starts_with(folder + kind); }))
          << rule.id << " " << kind;
    }
  }
}

TEST(CapacityGolden, RulesAreSortedAndWhole) {
  const auto rules = kCapacityCheck.rules();
  EXPECT_TRUE(std::ranges::is_sorted(rules, {}, &RuleDoc::id));
  for (const RuleDoc& rule : rules) {
    EXPECT_TRUE(rule.id.starts_with("capacity.") && !rule.summary.empty() && !rule.why.empty() &&
                !rule.instead.empty())
        << rule.id;
  }
}

}  // namespace
}  // namespace gate
