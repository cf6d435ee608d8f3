// Worlds and what has to come out of them. What people read is in golden_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>

#include "tests/capacity/world.h"

namespace gate {
namespace {

using ::testing::AllOf;
using testing::At;
using testing::FindingOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Origin;
using testing::Shift;
using testing::Spending;
using testing::World;

constexpr auto kPass = v1::OUTCOME_PASS, kFail = v1::OUTCOME_FAIL, kOpen = v1::OUTCOME_INCONCLUSIVE;

// At the peak of 1,100 requests/s: 70 % of 16,500 are 11,550 commands/s, 10.5 per request.
World Redis(double old_cost, double new_cost, double noise = 0.05) {
  World world;
  world.resources["redis"] = {
      .old_cost = old_cost, .new_cost = new_cost, .noise = noise, .capacity = 16500};
  return world;
}

struct Row {
  const char* name;
  World world;
  v1::Outcome outcome;
  v1::Advice advice;
};

const Row kRows[] = {
    {"NothingChanges", Redis(6, 6), kPass, v1::ADVICE_PROCEED},
    {"ALittleDearerAndRoomEnough", Redis(6, 6.6), kPass, v1::ADVICE_PROCEED},
    {"Dearer", Redis(6, 16), kFail, v1::ADVICE_ROLL_BACK},
    {"DearerAndOverByTheBestGuessAlone", Redis(6, 11.2), kOpen, v1::ADVICE_WAIT},
    {"DearerButNotProven", Redis(9.6, 10, 0.2), kOpen, v1::ADVICE_WAIT},
    {"NoisyAndTheSame", Redis(6, 6, 0.9), kOpen, v1::ADVICE_WAIT},
    {"OverWhateverTheChangeDoes", Redis(14, 14), kOpen, v1::ADVICE_WAIT},
    {"OverAndTheChangeMakesItLess", Redis(16, 12), kPass, v1::ADVICE_PROCEED},
    {"NothingSpentByEither", Redis(0, 0), kOpen, v1::ADVICE_WAIT},
    {"NothingSpentAnyMore", Redis(6, 0, 0.05), kPass, v1::ADVICE_PROCEED},
};

class CapacityTable : public ::testing::TestWithParam<Row> {};

TEST_P(CapacityTable, Answers) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    World world = GetParam().world;
    world.seed = seed;
    const v1::CheckOutcome outcome = world.Judge();
    EXPECT_EQ(outcome.outcome(), GetParam().outcome) << outcome.DebugString();
    EXPECT_EQ(outcome.advice(), GetParam().advice);
    EXPECT_EQ(world.Judge().SerializeAsString(), outcome.SerializeAsString());
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, CapacityTable, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

// Its upper bound is known beside the other cohort: it passes for what it costs, and not only since
// it costs less.
TEST(Capacity, WhatCostsNothingAnyMoreIsUnderTheTarget) {
  const v1::CheckOutcome outcome = Redis(6, 0).Judge();
  EXPECT_EQ(outcome.outcome(), kPass) << outcome.DebugString();
  EXPECT_EQ(FindingOf(outcome, "capacity.already_over"), nullptr) << outcome.DebugString();
}

// --- What is missing, old or short never passes -------------------------------------------------

struct Spoilt {
  const char* name;
  void (*spoil)(World& world, v1::Change& change, v1::CapacityPolicy& policy, Evidence& evidence);
  const char* rule;
};

v1::Observation Copy(const Evidence& evidence, const std::string& id) { return evidence.Get(id); }

void DropLast(Evidence& evidence, const std::string& id, int count) {
  v1::Observation observation = Copy(evidence, id);
  if (observation.has_series()) {
    auto& points = *observation.mutable_series()->mutable_points();
    points.DeleteSubrange(points.size() - count, count);
  } else {
    auto& points = *observation.mutable_metric()->mutable_points();
    points.DeleteSubrange(points.size() - count, count);
  }
  evidence.Add(observation);
}

const Spoilt kSpoilt[] = {
    {"NoLoad",
     [](auto&, auto&, auto&, Evidence& e) {
       e.Add(Absent("capacity.load", "prometheus:main", v1::ABSENCE_REASON_UNREACHABLE, ""));
     },
     "capacity.no_data"},
    {"LoadIsOld", [](auto&, auto&, auto&, Evidence& e) { DropLast(e, "capacity.load", 5); },
     "capacity.no_data"},
    {"OneWeekOfLoad",
     [](World& w, auto&, auto&, Evidence& e) {
       w.weeks = 1;
       e = w.Seen();
     },
     "capacity.short_history"},
    {"HolesInTheLoad",
     [](auto&, auto&, auto&, Evidence& e) {
       v1::Observation observation = Copy(e, "capacity.load");
       for (int i = 0; i < observation.series().points_size(); i += 3) {
         observation.mutable_series()->mutable_points(i)->set_value(
             std::numeric_limits<double>::quiet_NaN());
       }
       e.Add(observation);
     },
     "capacity.short_history"},
    {"ALoadOfLessThanNothing",
     [](auto&, auto&, auto&, Evidence& e) {
       v1::Observation observation = Copy(e, "capacity.load");
       for (int i = 0; i < observation.series().points_size(); i += 3) {
         observation.mutable_series()->mutable_points(i)->set_value(-1);
       }
       e.Add(observation);
     },
     "capacity.short_history"},
    {"NoCost",
     [](auto&, auto&, auto&, Evidence& e) {
       e.Add(Absent("capacity.redis.cost", "prometheus:main", v1::ABSENCE_REASON_TIMEOUT, ""));
     },
     "capacity.no_data"},
    {"CostIsOld", [](auto&, auto&, auto&, Evidence& e) { DropLast(e, "capacity.redis.cost", 20); },
     "capacity.no_data"},
    {"TooFewIntervals",
     [](World& w, v1::Change& c, auto&, Evidence& e) {
       w.minutes = 4;
       c = w.Change();
       e = w.Seen();
     },
     "capacity.undecided"},
    {"TheCanaryHasNotBegun",
     [](World& w, v1::Change& c, auto&, Evidence&) {
       *c.mutable_canary()->mutable_started_at() = ToProto(w.now);
     },
     "capacity.no_data"},
    {"NobodyRunsTheOldCode",
     [](auto&, auto&, auto&, Evidence& e) {
       v1::Observation observation = Copy(e, "capacity.redis.cost");
       for (auto& point : *observation.mutable_metric()->mutable_points()) {
         point.mutable_cohorts()->erase("baseline");
       }
       e.Add(observation);
     },
     "capacity.no_data"},
    {"AFlaw",
     [](auto&, auto&, auto&, Evidence& e) {
       v1::Observation observation = Copy(e, "capacity.redis.cost");
       observation.mutable_metric()->add_flaws()->set_kind(v1::FLAW_KIND_IMPOSSIBLE);
       e.Add(observation);
     },
     "capacity.no_data"},
    {"ANegativeCost",
     [](auto&, auto&, auto&, Evidence& e) {
       v1::Observation observation = Copy(e, "capacity.redis.cost");
       (*observation.mutable_metric()->mutable_points(7)->mutable_cohorts())["canary"].set_values(
           0, -1);
       e.Add(observation);
     },
     "capacity.no_data"},
    {"LessThanNoRequests",
     [](auto&, auto&, auto&, Evidence& e) {
       v1::Observation observation = Copy(e, "capacity.redis.cost");
       v1::CohortPoint& point =
           (*observation.mutable_metric()->mutable_points(7)->mutable_cohorts())["canary"];
       point.set_values(0, -1);
       point.set_weights(0, -5);
       e.Add(observation);
     },
     "capacity.no_data"},
    {"ACostOfNoRequests",
     [](auto&, auto&, auto&, Evidence& e) {
       v1::Observation observation = Copy(e, "capacity.redis.cost");
       (*observation.mutable_metric()->mutable_points(7)->mutable_cohorts())["canary"].add_values(
           1);
       e.Add(observation);
     },
     "capacity.no_data"},
    {"TheSameTimeTwice",
     [](auto&, auto&, auto&, Evidence& e) {
       v1::Observation observation = Copy(e, "capacity.redis.cost");
       *observation.mutable_metric()->add_points() = observation.metric().points(7);
       e.Add(observation);
     },
     "capacity.no_data"},
    {"ManyGaps",
     [](auto&, auto&, auto&, Evidence& e) {
       v1::Observation observation = Copy(e, "capacity.redis.cost");
       observation.mutable_metric()->mutable_points()->DeleteSubrange(10, 8);
       e.Add(observation);
     },
     "capacity.no_data"},
    {"NoCapacity",
     [](auto&, auto&, v1::CapacityPolicy& p, Evidence&) {
       p.mutable_resources(0)->clear_capacity();
       p.mutable_resources(0)->set_capacity_metric("redis_commands_max");
     },
     "capacity.no_data"},
    {"NoTotal",
     [](auto&, auto&, v1::CapacityPolicy& p, Evidence&) {
       p.mutable_resources(0)->set_total("redis_commands_total");
     },
     "capacity.no_data"},
    {"NoBacklog",
     [](auto&, auto&, v1::CapacityPolicy& p, Evidence&) {
       p.mutable_resources(0)->mutable_queue()->set_backlog("messages_ready");
     },
     "capacity.no_data"},
    {"UseIsOfFourMoments",
     [](World& w, auto&, v1::CapacityPolicy& p, Evidence& e) {
       p.mutable_resources(0)->clear_capacity();
       p.mutable_resources(0)->set_utilization("redis_busy");
       e.Add(w.Recent("capacity.redis.spent", [](absl::Time) { return 4950; }));
       v1::Observation use = w.Recent("capacity.redis.utilization", [](absl::Time) { return 0.3; });
       use.mutable_series()->mutable_points()->DeleteSubrange(0, 52);
       e.Add(use);
     },
     "capacity.no_data"},
    {"InUseAndNothingSpent",
     [](World& w, auto&, v1::CapacityPolicy& p, Evidence& e) {
       p.mutable_resources(0)->clear_capacity();
       p.mutable_resources(0)->set_utilization("redis_busy");
       e.Add(w.Recent("capacity.redis.spent", [](absl::Time) { return 0; }));
       e.Add(w.Recent("capacity.redis.utilization", [](absl::Time) { return 0.3; }));
     },
     "capacity.no_data"},
    {"TheMetricOfCapacityIsZero",
     [](World& w, auto&, v1::CapacityPolicy& p, Evidence& e) {
       p.mutable_resources(0)->clear_capacity();
       p.mutable_resources(0)->set_capacity_metric("redis_commands_max");
       e.Add(w.Recent("capacity.redis.capacity", [](absl::Time) { return 0; }));
     },
     "capacity.no_data"},
    {"UseIsTooLittle",
     [](World& w, auto&, v1::CapacityPolicy& p, Evidence& e) {
       p.mutable_resources(0)->clear_capacity();
       p.mutable_resources(0)->set_utilization("redis_busy");
       e.Add(w.Recent("capacity.redis.utilization", [](absl::Time) { return 0.02; }));
       e.Add(w.Recent("capacity.redis.spent", [](absl::Time) { return 1800; }));
     },
     "capacity.no_data"},
};

class CapacitySpoilt : public ::testing::TestWithParam<Spoilt> {};

TEST_P(CapacitySpoilt, NeverPassesNorBlocks) {
  World world = Redis(6, 6);
  ASSERT_EQ(world.Judge().outcome(), kPass);
  v1::Change change = world.Change();
  v1::CapacityPolicy policy = world.Policy();
  Evidence evidence = world.Seen();
  GetParam().spoil(world, change, policy, evidence);
  const v1::CheckOutcome outcome = world.Judge(change, policy, evidence);
  EXPECT_EQ(outcome.outcome(), kOpen) << outcome.DebugString();
  EXPECT_EQ(outcome.decision(), v1::DECISION_HOLD);
  EXPECT_NE(FindingOf(outcome, GetParam().rule), nullptr) << outcome.DebugString();
  EXPECT_GT(outcome.unblock_size(), 0);
}

INSTANTIATE_TEST_SUITE_P(Rows, CapacitySpoilt, ::testing::ValuesIn(kSpoilt),
                         [](const auto& row) { return row.param.name; });

TEST(Capacity, AFewGapsAreNoHarm) {
  const World world = Redis(6, 6);
  Evidence evidence = world.Seen();
  v1::Observation observation = Copy(evidence, "capacity.redis.cost");
  observation.mutable_metric()->mutable_points()->DeleteSubrange(10, 2);
  observation.mutable_metric()->add_flaws()->set_kind(v1::FLAW_KIND_COUNTER_RESET);
  evidence.Add(observation);
  EXPECT_EQ(world.Judge(world.Change(), world.Policy(), evidence).outcome(), kPass);
}

TEST(Capacity, TheOrderOfPointsAndStrataDoNotMatter) {
  const World world = Redis(6, 16);
  Evidence evidence = world.Seen();
  v1::Observation observation = Copy(evidence, "capacity.redis.cost");
  auto& points = *observation.mutable_metric()->mutable_points();
  for (int i = 0; i < points.size(); ++i) {
    *points.Mutable(i) = evidence.Get("capacity.redis.cost").metric().points(i * 7 % points.size());
    for (auto& [cohort, point] : *points.Mutable(i)->mutable_cohorts()) {
      v1::CohortPoint half = point;
      half.set_weights(0, point.weights(0) / 2);
      point.Clear();
      (*point.mutable_strata())["/a"] = (*point.mutable_strata())["/b"] = half;
    }
  }
  evidence.Add(observation);
  const v1::CheckOutcome outcome = world.Judge(world.Change(), world.Policy(), evidence);
  EXPECT_EQ(outcome.outcome(), kFail);
  EXPECT_EQ(outcome.summary(), world.Judge().summary());
}

// Of what is told more closely than is asked for, the highest counts; what has not been yet does
// not.
TEST(Capacity, TheHighestLoadOfACellCounts) {
  const World world = Redis(6, 8);
  ASSERT_EQ(world.Judge().outcome(), kPass);
  Evidence evidence = world.Seen();
  const v1::Observation load = Copy(evidence, "capacity.load");
  v1::Observation ahead = load;
  for (int hours = 1; hours <= 3; ++hours) {
    v1::ValuePoint& point = *ahead.mutable_series()->add_points();
    *point.mutable_time() = ToProto(world.now + absl::Hours(hours));
    point.set_value(1e9);
  }
  evidence.Add(ahead);
  EXPECT_EQ(world.Judge(world.Change(), world.Policy(), evidence).summary(),
            world.Judge().summary());
  v1::Observation closer = load;
  closer.mutable_series()->clear_points();
  for (const v1::ValuePoint& point : load.series().points()) {
    v1::ValuePoint& first = *closer.mutable_series()->add_points();
    *first.mutable_time() = ToProto(FromProto(point.time()) - absl::Minutes(1));
    first.set_value(2 * point.value());
    *closer.mutable_series()->add_points() = point;
  }
  evidence.Add(closer);
  EXPECT_EQ(world.Judge(world.Change(), world.Policy(), evidence).outcome(), kFail);
}

TEST(Capacity, AResourceMayHaveATargetOfItsOwn) {
  const World world = Redis(6, 8);
  v1::CapacityPolicy policy = world.Policy();
  ASSERT_EQ(world.Judge(world.Change(), policy, world.Seen()).outcome(), kPass);
  policy.mutable_resources(0)->set_target(0.3);
  EXPECT_EQ(world.Judge(world.Change(), policy, world.Seen()).outcome(), kFail);
  policy.set_target(0.3);
  policy.mutable_resources(0)->set_target(0.7);
  EXPECT_EQ(world.Judge(world.Change(), policy, world.Seen()).outcome(), kPass);
}

TEST(Capacity, AHolidayDoesNotLowerThePeak) {
  World world = Redis(6, 13);
  world.odd_weeks = {{1, 0.4}};
  EXPECT_EQ(world.Judge().outcome(), kFail) << world.Judge().DebugString();
  world = Redis(6, 9.5);
  world.odd_weeks = {{1, 0.4}, {2, 0.4}};
  EXPECT_NE(world.Judge().outcome(), kPass) << world.Judge().DebugString();
}

TEST(Capacity, WhatOthersSpendCountsAtThePeak) {
  World world = Redis(6, 6.6);
  EXPECT_EQ(world.Judge().outcome(), kPass);
  world.resources["redis"].others = 9000;
  const v1::CheckOutcome outcome = world.Judge();
  EXPECT_EQ(outcome.outcome(), kFail) << outcome.DebugString();
  EXPECT_THAT(outcome.summary(), HasSubstr("/s of others = "));
  world.resources["redis"].others = 1000;
  EXPECT_EQ(world.Judge().outcome(), kPass) << world.Judge().DebugString();
}

TEST(Capacity, ComesFromAMetricOrFromUse) {
  const World world = Redis(6, 16);
  Evidence evidence = world.Seen();
  v1::CapacityPolicy policy = world.Policy();
  policy.mutable_resources(0)->clear_capacity();
  policy.mutable_resources(0)->set_capacity_metric("redis_commands_max");
  evidence.Add(world.Recent("capacity.redis.capacity", [](absl::Time) { return 16500; }));
  EXPECT_EQ(world.Judge(world.Change(), policy, evidence).summary(), world.Judge().summary());

  policy.mutable_resources(0)->clear_capacity_metric();
  policy.mutable_resources(0)->set_utilization("redis_busy");
  evidence.Add(world.Recent("capacity.redis.spent", [](absl::Time) { return 1950; }));
  evidence.Add(world.Recent("capacity.redis.utilization", [](absl::Time) { return 0.118182; }));
  const v1::CheckOutcome outcome = world.Judge(world.Change(), policy, evidence);
  EXPECT_EQ(outcome.outcome(), kFail);
  EXPECT_THAT(outcome.summary(), HasSubstr("of 16,500/s (12 % in use at 1,950 units/s now)"));
}

// What there is changes: the last value counts.
TEST(Capacity, AMetricThatFellIsNotWhatItWas) {
  const World world = Redis(6, 6.6);
  v1::CapacityPolicy policy = world.Policy();
  policy.mutable_resources(0)->clear_capacity();
  policy.mutable_resources(0)->set_capacity_metric("redis_commands_max");
  Evidence evidence = world.Seen();
  const auto judge = [&](double before, double now) {
    evidence.Add(world.Recent("capacity.redis.capacity", [&](absl::Time time) {
      return time > world.now - absl::Minutes(6) ? now : before;
    }));
    return world.Judge(world.Change(), policy, evidence).outcome();
  };
  EXPECT_EQ(judge(5000, 16500), kPass);
  EXPECT_NE(judge(16500, 5000), kPass);
}

// Where use does not grow with what is spent, nobody knows how much there is: neither the best
// moment nor the worst decides.
TEST(Capacity, UseThatDoesNotFollowWhatIsSpentLeavesItOpen) {
  const auto judge = [](double new_cost, const std::function<double(double)>& capacity) {
    const World world = Redis(6, new_cost);
    v1::CapacityPolicy policy = world.Policy();
    policy.mutable_resources(0)->clear_capacity();
    policy.mutable_resources(0)->set_utilization("redis_busy");
    Evidence evidence = world.Seen();
    const auto spent = [&](absl::Time time) {
      return 4000 + 30 * absl::ToDoubleMinutes(world.now - time);
    };
    evidence.Add(world.Recent("capacity.redis.spent", spent));
    evidence.Add(world.Recent("capacity.redis.utilization", [&](absl::Time time) {
      return spent(time) / capacity(absl::ToDoubleMinutes(world.now - time));
    }));
    return world.Judge(world.Change(), policy, evidence);
  };
  const auto same = [](double) { return 16500; };
  const auto differs = [](double ago) { return ago < 30 ? 13000 : 20000; };
  EXPECT_EQ(judge(8, same).outcome(), kPass) << judge(8, same).DebugString();
  EXPECT_EQ(judge(8, differs).outcome(), kOpen) << judge(8, differs).DebugString();
  EXPECT_EQ(judge(13.5, same).outcome(), kFail) << judge(13.5, same).DebugString();
  EXPECT_EQ(judge(13.5, differs).outcome(), kOpen) << judge(13.5, differs).DebugString();
}

// Costs without noise prove everything soon; four minutes are nothing all the same, also where each
// is sent ten times.
TEST(Capacity, FourIntervalsProveNothing) {
  for (const auto& [old_cost, new_cost] :
       {std::pair(6.0, 16.0), std::pair(30.0, 20.0), std::pair(6.0, 6.0)}) {
    World world = Redis(old_cost, new_cost, 1e-5);
    for (const int minutes : {2, 4}) {
      world.minutes = minutes;
      const v1::CheckOutcome outcome = world.Judge();
      EXPECT_EQ(outcome.outcome(), kOpen) << outcome.DebugString();
      EXPECT_EQ(FromProto(outcome.retry_at()), world.now + absl::Minutes(5 - minutes));
    }
    Evidence evidence = world.Seen();
    v1::Observation observation = Copy(evidence, "capacity.redis.cost");
    for (int i = 0; i < 36; ++i) {
      *observation.mutable_metric()->add_points() = observation.metric().points(i % 4);
    }
    evidence.Add(observation);
    EXPECT_EQ(world.Judge(world.Change(), world.Policy(), evidence).outcome(), kOpen);
  }
}

TEST(Capacity, WhereNothingIsLikeTheCanaryItIsComparedWithTheRest) {
  const World world = Redis(6, 16);
  Evidence evidence = world.Seen();
  v1::Observation observation = Copy(evidence, "capacity.redis.cost");
  for (auto& point : *observation.mutable_metric()->mutable_points()) {
    auto& cohorts = *point.mutable_cohorts();
    cohorts["stable"] = cohorts["baseline"];
    cohorts.erase("baseline");
  }
  evidence.Add(observation);
  const v1::CheckOutcome outcome = world.Judge(world.Change(), world.Policy(), evidence);
  EXPECT_EQ(outcome.outcome(), kFail) << outcome.DebugString();
  EXPECT_THAT(outcome.summary(), HasSubstr(" on stable: "));
}

TEST(Capacity, LongerIntervalsThanWereAskedForAreNoGaps) {
  World world = Redis(6, 6, 0.01);
  world.minutes = 60;
  Evidence evidence = world.Seen();
  v1::Observation observation = Copy(evidence, "capacity.redis.cost");
  v1::MetricSeries& series = *observation.mutable_metric();
  *series.mutable_step() = ToProto(absl::Minutes(5));
  series.clear_points();
  for (int i = 4; i < 60; i += 5) {
    *series.add_points() = evidence.Get("capacity.redis.cost").metric().points(i);
  }
  evidence.Add(observation);
  const v1::CheckOutcome outcome = world.Judge(world.Change(), world.Policy(), evidence);
  EXPECT_EQ(outcome.outcome(), kPass) << outcome.DebugString();
}

// Who had no requests in a minute has no cost in it, not one of zero.
TEST(Capacity, AMinuteWithoutRequestsDoesNotCount) {
  const World world = Redis(6, 6);
  for (const char* cohort : {"canary", "baseline"}) {
    Evidence evidence = world.Seen();
    v1::Observation observation = Copy(evidence, "capacity.redis.cost");
    for (const int minute : {9, 17}) {
      v1::MetricPoint& point = *observation.mutable_metric()->mutable_points(minute);
      (*point.mutable_cohorts())[cohort].set_weights(0, 0);
    }
    evidence.Add(observation);
    const v1::CheckOutcome outcome = world.Judge(world.Change(), world.Policy(), evidence);
    EXPECT_EQ(outcome.outcome(), kPass) << cohort << outcome.DebugString();
    v1::CapacityPolicy low = world.Policy();
    low.set_target(0.3);
    EXPECT_THAT(world.Judge(world.Change(), low, evidence).summary(),
                AllOf(HasSubstr(" on baseline: "), Not(HasSubstr("any"))));
  }
}

// What a shift may say of itself does not let code through.
TEST(Capacity, OnlyAShiftIsAWayBack) {
  const World world = Redis(6, 16);
  v1::Change change = world.Change();
  change.mutable_traffic_shift()->set_takes_back("Friday's ramp");
  EXPECT_EQ(world.Judge(change, world.Policy(), world.Seen()).outcome(), kFail);
}

TEST(Capacity, NamesTheLargestShareThatIsSafe) {
  World world = Redis(6, 16);
  const v1::CheckOutcome outcome = world.Judge();
  int share = 0;
  ASSERT_EQ(std::sscanf(std::strstr(outcome.summary().c_str(), "under the target: "),
                        "under the target: %d", &share),
            1)
      << outcome.summary();
  // (0.7 16,500 / peak - 6) / (16 - 6), with bounds of a few per cent on each.
  EXPECT_GE(share, 20);
  EXPECT_LE(share, 45);
}

// A rollout goes as far as is shown to be safe, and shows more there.
v1::Change AtStep(const World& world, double share, double next_share) {
  v1::Change change = world.Change();
  change.mutable_canary()->set_share(share);
  v1::RolloutStage& stage = *change.mutable_stage();
  stage.set_share(share);
  stage.set_next_share(next_share);
  if (next_share > share) stage.set_next_step("next");
  *stage.mutable_exposed_at() = change.canary().started_at();
  return change;
}

TEST(Capacity, WhatIsOpenAtFullTrafficPassesAtTheNextStep) {
  const World world = Redis(6, 11.2);
  const auto judge = [&](double share, double next_share) {
    return world.Judge(AtStep(world, share, next_share), world.Policy(), world.Seen());
  };
  const v1::CheckOutcome next = judge(0.05, 0.25);
  EXPECT_EQ(next.outcome(), kPass) << next.DebugString();
  EXPECT_THAT(next.summary(), HasSubstr("and with 25 % of the traffic, the next step, "));
  EXPECT_GE(next.pace().largest_safe_share(), 0.25);
  EXPECT_LT(next.pace().largest_safe_share(), 1);
  EXPECT_EQ(judge(0.25, 1).outcome(), kOpen) << "all of it is not shown to be safe";
  EXPECT_EQ(judge(1, 1).outcome(), kOpen);
  EXPECT_EQ(judge(0.25, 0.25).outcome(), kPass) << "it may stay where it is";
}

TEST(Capacity, WhatIsProvenToBeTooMuchAtFullTrafficGoesNoStepFurther) {
  const World world = Redis(6, 16);
  const v1::CheckOutcome outcome =
      world.Judge(AtStep(world, 0.05, 0.1), world.Policy(), world.Seen());
  EXPECT_EQ(outcome.outcome(), kFail) << outcome.DebugString();
  EXPECT_LT(outcome.pace().largest_safe_share(), 0.5);
}

TEST(Capacity, SaysHowMuchOfAPeakAllOfItHasSeen) {
  World world = Redis(6, 6);
  world.load_now = 800;
  v1::Change change = AtStep(world, 1, 1);
  EXPECT_FALSE(world.Judge(change, world.Policy(), world.Seen()).pace().has_peak_seen());
  *change.mutable_stage()->mutable_complete_at() = change.canary().started_at();
  const v1::Pace pace = world.Judge(change, world.Policy(), world.Seen()).pace();
  EXPECT_NEAR(pace.peak_seen(), 800.0 / 1100, 0.08);
  EXPECT_EQ(pace.largest_safe_share(), 1);

  // What was served before it had all of the traffic is not what it has seen.
  *change.mutable_stage()->mutable_complete_at() = ToProto(world.now);
  EXPECT_FALSE(world.Judge(change, world.Policy(), world.Seen()).pace().has_peak_seen());
}

// The last step was taken when the new version began; no old code has had a request since.
v1::Change Complete(const World& world) {
  v1::Change change = AtStep(world, 1, 1);
  *change.mutable_stage()->mutable_complete_at() = change.canary().started_at();
  return change;
}

// What was the old version's beside it is all traffic of the same hours so many weeks before.
Evidence AfterOld(const World& world, const std::string& earlier) {
  Evidence evidence = world.Seen();
  for (const auto& [name, spending] : world.resources) {
    v1::Observation cost = world.CostOf(name, spending);
    for (v1::MetricPoint& point : *cost.mutable_metric()->mutable_points()) {
      auto& cohorts = *point.mutable_cohorts();
      if (!earlier.empty()) cohorts[earlier] = cohorts.at("baseline");
      cohorts.erase("baseline");
    }
    evidence.Add(cost);
  }
  return evidence;
}

World Alone(double old_cost, double new_cost) {
  World world = Redis(old_cost, new_cost);
  world.share = 1;
  return world;
}

// A rollout bakes for longer than old code runs beside it.
TEST(Capacity, WhatRunsAloneIsHeldAgainstTheWeekBefore) {
  const auto judge = [](const World& world, const std::string& earlier) {
    return world.Judge(Complete(world), world.Policy(), AfterOld(world, earlier));
  };
  const v1::CheckOutcome same = judge(Alone(6, 6), "earlier-1w");
  EXPECT_EQ(same.outcome(), kPass) << same.DebugString();
  EXPECT_TRUE(same.pace().has_peak_seen());
  EXPECT_EQ(same.pace().largest_safe_share(), 1);

  // It may have become dearer before the change; going back is not known to help.
  const v1::CheckOutcome dearer = judge(Alone(6, 16), "earlier-1w");
  EXPECT_EQ(dearer.outcome(), kOpen) << dearer.DebugString();
  EXPECT_EQ(dearer.advice(), v1::ADVICE_WAIT);
  EXPECT_LT(dearer.pace().largest_safe_share(), 1);
  EXPECT_THAT(FindingOf(dearer, "capacity.undecided", "redis")->message(),
              ::testing::ContainsRegex("on the canary .* against 5.9.* a week earlier: 2.*x "));
  EXPECT_EQ(judge(Alone(14, 14), "earlier-1w").outcome(), kOpen);
  EXPECT_EQ(judge(Alone(16, 12), "earlier-1w").outcome(), kPass) << "over, and less than before";

  const v1::CheckOutcome unknown = judge(Alone(6, 6), "");
  EXPECT_EQ(unknown.outcome(), kOpen) << unknown.DebugString();
  EXPECT_THAT(unknown.summary(),
              HasSubstr("redis: cost per request: the canary has all of the traffic, and of the "
                        "same hours a week earlier, before it, nothing is known"));
}

// A week before, it was the new version itself.
TEST(Capacity, TheWeekBeforeIsOneBeforeTheNewVersion) {
  World world = Alone(6, 6);
  world.minutes = 8 * 24 * 60;
  const auto judge = [&](const std::string& earlier) {
    return world.Judge(Complete(world), world.Policy(), AfterOld(world, earlier));
  };
  EXPECT_EQ(judge("earlier-1w").outcome(), kOpen);
  EXPECT_EQ(judge("earlier-2w").outcome(), kPass) << judge("earlier-2w").DebugString();
}

// Old code that has just lost its traffic tells more than a week ago; while it has some there is no
// other yardstick.
TEST(Capacity, OldCodeBesideItIsTheBetterYardstick) {
  const World world = Alone(6, 16);
  Evidence evidence = world.Seen();
  v1::Observation cost = world.CostOf("redis", world.resources.at("redis"));
  for (v1::MetricPoint& point : *cost.mutable_metric()->mutable_points()) {
    auto& cohorts = *point.mutable_cohorts();
    cohorts["earlier-1w"] = cohorts.at("canary");
    if (FromProto(point.time()) > world.now - absl::Minutes(10)) cohorts.erase("baseline");
  }
  evidence.Add(cost);
  const v1::CheckOutcome outcome = world.Judge(Complete(world), world.Policy(), evidence);
  EXPECT_EQ(outcome.outcome(), kFail) << outcome.DebugString();
  EXPECT_THAT(FindingOf(outcome, "capacity.overload", "redis")->message(),
              HasSubstr(" on baseline: "));

  // Not at the end of its rollout, it is not asked of weeks.
  EXPECT_EQ(
      world.Judge(AtStep(world, 0.5, 1), world.Policy(), AfterOld(world, "earlier-1w")).outcome(),
      kOpen);
}

TEST(Capacity, WhatEverybodySpentSinceHasTheNewVersionInIt) {
  World world = Alone(6, 9);
  world.weekly_noise = 0;
  world.minutes = 5 * 24 * 60;
  world.load_now = world.peak;
  world.resources["redis"].others = 5000;
  world.resources["redis"].capacity = 26000;
  const v1::CheckOutcome outcome =
      world.Judge(Complete(world), world.Policy(), AfterOld(world, "earlier-1w"));
  EXPECT_EQ(outcome.outcome(), kPass) << outcome.DebugString();
  // 5,000 and 1,100 x 9 of 26,000.
  EXPECT_THAT(outcome.summary(), HasSubstr("redis 57 % (at most 65 %)"));
}

// Who has run for weeks is known by its weeks, however little a canary tells of its cost.
TEST(Capacity, WhatTheOldVersionTakesAloneIsKnownByItsWeeks) {
  const World world = Redis(6, 6, 0.9);
  const auto message = [&](const v1::CapacityPolicy& policy, const Evidence& evidence) {
    const v1::CheckOutcome outcome = world.Judge(world.Change(), policy, evidence);
    EXPECT_EQ(outcome.outcome(), kOpen) << outcome.DebugString();
    const v1::Finding* finding = FindingOf(outcome, "capacity.undecided", "redis");
    return finding == nullptr ? "" : finding->message();
  };
  EXPECT_THAT(message(world.Policy(), world.Seen()),
              HasSubstr("Of the old version only the cost in 40 intervals is known, so what it "
                        "takes alone is not known closely"));

  v1::CapacityPolicy policy = world.Policy();
  policy.mutable_resources(0)->clear_capacity();
  policy.mutable_resources(0)->set_utilization("redis_busy");
  Evidence evidence = world.Seen();
  evidence.Add(world.Recent("capacity.redis.spent", [](absl::Time) { return 1800; }));
  evidence.Add(
      world.Recent("capacity.redis.utilization", [](absl::Time) { return 1800.0 / 16500; }));
  const auto weeks_of = [&](double at_peak) {
    evidence.Add(world.Weekly("capacity.redis.utilization_before",
                              [&](absl::Time time) { return at_peak * world.Shape(time); }));
  };
  weeks_of(0.4);
  EXPECT_THAT(message(policy, evidence),
              AllOf(HasSubstr("and 40 % without the change"),
                    HasSubstr("The old version alone stays under the target (at most 4"),
                    HasSubstr(" %, by its use in 5 weeks); no share of the new one is shown to")));
  weeks_of(0.69);
  EXPECT_THAT(message(policy, evidence),
              HasSubstr("The old version alone may be over the target already ("));
  weeks_of(0.95);
  EXPECT_THAT(message(policy, evidence),
              HasSubstr("The old version alone is over the target already ("));
  EXPECT_THAT(world.Judge(world.Change(), policy, evidence).unblock(0),
              HasSubstr("redis is over its target whatever the change does"));
}

TEST(Capacity, EndpointsThatTheCanaryHasNotServedAreTold) {
  const World world = Redis(6, 6);
  Evidence evidence = world.Seen();
  v1::Observation observation = Copy(evidence, "capacity.redis.cost");
  for (auto& point : *observation.mutable_metric()->mutable_points()) {
    for (auto& [cohort, one] : *point.mutable_cohorts()) {
      v1::CohortPoint part = one;
      one.Clear();
      (*one.mutable_strata())["/home"] = part;
      if (cohort != "canary") (*one.mutable_strata())["/save"] = part;
    }
  }
  evidence.Add(observation);
  v1::CapacityPolicy policy = world.Policy();
  policy.set_endpoint_label("endpoint");
  const v1::CheckOutcome outcome = world.Judge(world.Change(), policy, evidence);
  ASSERT_NE(FindingOf(outcome, "capacity.coverage"), nullptr);
  EXPECT_THAT(FindingOf(outcome, "capacity.coverage")->message(),
              HasSubstr("1 of 2 endpoints (50 % of the requests)"));
  (*policy.mutable_severities())["capacity.coverage"] = v1::SEVERITY_BLOCK;
  EXPECT_EQ(world.Judge(world.Change(), policy, evidence).outcome(), kFail);
}

TEST(Capacity, ALoadTestDecidesNothing) {
  const World world = Redis(6, 6);
  v1::Change change = world.Change();
  change.mutable_load_test()->set_environment("staging");
  v1::LoadTest::Cost& cost = *change.mutable_load_test()->add_costs();
  cost.set_resource("redis");
  cost.set_per_request(60);
  const auto told = [&] {
    const v1::CheckOutcome outcome = world.Judge(change, world.Policy(), world.Seen());
    EXPECT_EQ(outcome.outcome(), kPass);
    return FindingOf(outcome, "capacity.load_test")->message();
  };
  EXPECT_THAT(told(), HasSubstr("they do not agree"));
  cost.set_per_request(6);
  EXPECT_THAT(told(), HasSubstr("they agree"));
  cost.set_per_request(1);
  EXPECT_THAT(told(), HasSubstr("they do not agree"));
  Evidence evidence = world.Seen();
  evidence.Add(Absent("capacity.redis.cost", "prometheus:main", v1::ABSENCE_REASON_EMPTY, ""));
  EXPECT_EQ(world.Judge(change, world.Policy(), evidence).outcome(), kOpen);
}

TEST(Capacity, ConcernsWhatPutsNewCodeUnderTraffic) {
  const World dearer = Redis(6, 16);
  for (const auto kind : {v1::CHANGE_KIND_CODE, v1::CHANGE_KIND_HOTFIX, v1::CHANGE_KIND_CONFIG}) {
    EXPECT_EQ(dearer.Judge(dearer.Change(kind), dearer.Policy(), dearer.Seen()).outcome(), kFail);
  }
  const World world = Redis(6, 6);
  for (const auto kind : {v1::CHANGE_KIND_MIGRATION, v1::CHANGE_KIND_FLAG_FLIP}) {
    EXPECT_EQ(world.Judge(world.Change(kind), world.Policy(), Evidence()).outcome(),
              v1::OUTCOME_SKIPPED);
    v1::PolicyRule rule;
    *rule.mutable_checks()->mutable_capacity() = world.Policy();
    EXPECT_TRUE(kCapacityCheck.needs(world.Change(kind), rule).empty());
  }
  // A shift that says nothing is no reason to let it go.
  EXPECT_EQ(world.Judge(world.Change(v1::CHANGE_KIND_TRAFFIC_SHIFT), world.Policy(), world.Seen())
                .outcome(),
            kOpen);
}

// --- Queues -------------------------------------------------------------------------------------

// A queue whose backlog is `backlog(time)` since the release, and up to 500 in the weeks before.
struct Queue {
  World world;
  v1::CapacityPolicy policy;
  Evidence evidence;

  explicit Queue(const std::function<double(absl::Time)>& backlog) {
    world.minutes = 60;
    world.resources["queue"] = {.old_cost = 0.8, .new_cost = 0.8, .capacity = 4000};
    policy = world.Policy();
    policy.mutable_resources(0)->mutable_queue()->set_backlog("messages_ready");
    evidence = world.Seen();
    const auto all = [&](absl::Time time) {
      return time > world.Start() ? backlog(time) : 500 * world.Shape(time);
    };
    evidence.Add(world.Recent("capacity.queue.backlog", all));
    evidence.Add(world.Weekly("capacity.queue.backlog_before", all));
  }
  v1::CheckOutcome Judge() const { return world.Judge(world.Change(), policy, evidence); }
};

TEST(CapacityQueue, ABacklogThatGrowsIsAReasonToRollBack) {
  const World clock;
  const absl::Time since = clock.now - absl::Minutes(7);
  const auto flood = [&](absl::Time time) {
    return 200 + std::max(0.0, absl::ToDoubleSeconds(time - since)) * 3000;
  };
  const v1::CheckOutcome outcome = Queue(flood).Judge();
  EXPECT_EQ(outcome.outcome(), kFail) << outcome.DebugString();
  EXPECT_EQ(outcome.advice(), v1::ADVICE_ROLL_BACK);
  EXPECT_THAT(FindingOf(outcome, "capacity.backlog_grows")->message(), HasSubstr("3,000/s"));
}

TEST(CapacityQueue, WhatIsNormalIsNot) {
  EXPECT_EQ(Queue([](absl::Time) { return 400; }).Judge().outcome(), kPass);
  // A burst that drains again, and one that is over the usual and over.
  const absl::Time end = World().now;
  const auto drained = [&](absl::Time time) {
    const double ago = absl::ToDoubleMinutes(end - time);
    return ago > 10 && ago < 30 ? 90'000.0 : 300.0;
  };
  EXPECT_EQ(Queue(drained).Judge().outcome(), kPass);
  // Growing within the normal range.
  const auto ripple = [&](absl::Time time) {
    return 1000 - 10 * absl::ToDoubleMinutes(end - time);
  };
  EXPECT_EQ(Queue(ripple).Judge().outcome(), kPass);
}

TEST(CapacityQueue, AFixIsOneWhenTheBacklogHasDrained) {
  const absl::Time end = World().now;
  const auto draining = [&](absl::Time time) {
    return 5e6 + 60'000 * absl::ToDoubleMinutes(end - time);
  };
  const v1::CheckOutcome outcome = Queue(draining).Judge();
  EXPECT_EQ(outcome.outcome(), kOpen) << outcome.DebugString();
  EXPECT_THAT(FindingOf(outcome, "capacity.backlog_remains")->message(),
              AllOf(HasSubstr("5.00 M"), HasSubstr("drained in 83 min")));
  EXPECT_NEAR(absl::ToDoubleMinutes(FromProto(outcome.retry_at()) - end), 83, 1);
}

// Of several moments at which asking again may help, the last.
TEST(CapacityQueue, WhoWaitsForTheQueueWaitsForTheCanaryAsWell) {
  const absl::Time end = World().now;
  Queue queue([&](absl::Time time) { return 5e6 + 60'000 * absl::ToDoubleMinutes(end - time); });
  queue.world.minutes = 4;
  queue.evidence.Add(queue.world.CostOf("queue", queue.world.resources.at("queue")));
  const v1::CheckOutcome outcome = queue.Judge();
  ASSERT_NE(FindingOf(outcome, "capacity.undecided"), nullptr) << outcome.DebugString();
  EXPECT_NEAR(absl::ToDoubleMinutes(FromProto(outcome.retry_at()) - end), 83, 1);
}

TEST(CapacityQueue, AFixThatDoesNotDrainItDidNotHelp) {
  const absl::Time end = World().now;
  const auto flood = [&](absl::Time time) {
    return 9e6 - 60'000 * absl::ToDoubleMinutes(end - time);
  };
  Queue queue(flood);
  v1::Change fix = queue.world.Change(v1::CHANGE_KIND_HOTFIX);
  *fix.mutable_canary()->mutable_started_at() = ToProto(end - absl::Minutes(20));
  const v1::CheckOutcome outcome = queue.world.Judge(fix, queue.policy, queue.evidence);
  EXPECT_EQ(outcome.outcome(), kOpen) << outcome.DebugString();
  EXPECT_THAT(FindingOf(outcome, "capacity.backlog_remains")->message(),
              HasSubstr("it did not help"));
}

// What is over the normal range, and does not rise as a flood does, has not drained: `ago` minutes
// before now.
TEST(CapacityQueue, OnlyWhatRisesForFiveMinutesGrows) {
  const World clock;
  const auto finding = [&](const std::function<double(double)>& backlog, int seen = 60) {
    Queue queue([&](absl::Time time) { return backlog(absl::ToDoubleMinutes(clock.now - time)); });
    v1::Observation recent = Copy(queue.evidence, "capacity.queue.backlog");
    recent.mutable_series()->mutable_points()->DeleteSubrange(0, 60 - seen);
    queue.evidence.Add(recent);
    const v1::CheckOutcome outcome = queue.Judge();
    return FindingOf(outcome, "capacity.backlog_grows") != nullptr     ? "grows"
           : FindingOf(outcome, "capacity.backlog_remains") != nullptr ? "remains"
                                                                       : "normal";
  };
  const auto rises = [](double ago) { return 90'000 + 1000 * (10 - ago); };
  EXPECT_STREQ(finding([&](double ago) { return ago > 10 ? 300 : rises(ago); }), "grows");
  EXPECT_STREQ(finding([&](double ago) { return ago > 2.5 ? 300 : rises(ago); }), "remains");
  EXPECT_STREQ(finding([](double ago) { return ago > 10    ? 300
                                               : ago > 0.5 ? 90'000
                                                           : 90'001; }),
               "remains");
  EXPECT_STREQ(finding([&](double ago) {
                 return ago > 10 ? 300 : rises(ago) + (std::lround(ago) % 2 == 0 ? 3000 : 0);
               }),
               "remains");
  // One that is out of order is a scrape that was late.
  EXPECT_STREQ(finding([&](double ago) {
                 return ago > 10 ? 300 : rises(ago) + (std::lround(ago) == 2 ? 1500 : 0);
               }),
               "grows");
  EXPECT_STREQ(finding([&](double ago) { return ago > 10 ? 300 : rises(ago); }, 5), "remains");
  // What was seen just before the end of the weeks counts where the minutes do not reach back.
  EXPECT_STREQ(finding(rises, 6), "grows");
}

// Three times the usual weekly peak is normal, and that peak is the lower of two.
TEST(CapacityQueue, WhatIsNormalIsToldByTheWeeks) {
  const auto outcome = [](double usual, double flooded_week, double now_waiting) {
    Queue queue([](absl::Time) { return 0; });
    World& world = queue.world;
    world.weeks = 2;
    queue.evidence.Add(world.Recent("capacity.queue.backlog", [&](absl::Time time) {
      return std::max(0.0, now_waiting - 100 * absl::ToDoubleMinutes(world.now - time));
    }));
    queue.evidence.Add(world.Weekly("capacity.queue.backlog_before", [&](absl::Time time) {
      const bool earlier = world.now - time >= absl::Hours(168);
      return (earlier ? flooded_week : usual) * world.Shape(time);
    }));
    v1::Change change = world.Change();
    *change.mutable_canary()->mutable_started_at() = ToProto(world.now - absl::Minutes(50));
    return world.Judge(change, queue.policy, queue.evidence);
  };
  EXPECT_EQ(outcome(30'000, 30'000, 80'000).outcome(), kPass);
  EXPECT_NE(outcome(30'000, 30'000, 95'000).outcome(), kPass);
  EXPECT_NE(outcome(30'000, 300'000, 95'000).outcome(), kPass);
  EXPECT_NE(outcome(300'000, 30'000, 95'000).outcome(), kPass);
}

// Where nobody knows what consumers take, a hundred messages are a queue.
TEST(CapacityQueue, AQueueOfUnknownConsumersIsJudgedByItsWeeks) {
  const World clock;
  Queue queue([&](absl::Time time) {
    return std::max(0.0, 3000 - 100 * absl::ToDoubleMinutes(clock.now - time));
  });
  queue.policy.mutable_resources(0)->clear_capacity();
  queue.policy.mutable_resources(0)->set_capacity_metric("consumers");
  const v1::CheckOutcome outcome = queue.Judge();
  EXPECT_NE(FindingOf(outcome, "capacity.backlog_grows"), nullptr) << outcome.DebugString();
}

// The canary is older than the minutes that are looked at: the weeks know that it was full before.
TEST(CapacityQueue, AQueueThatWasFullBeforeAnOldCanaryIsNotItsDoing) {
  Queue queue([](absl::Time) { return 0; });
  const World& world = queue.world;
  const auto flood = [&](absl::Time time) {
    return 9e6 - 60'000 * absl::ToDoubleMinutes(world.now - time);
  };
  const auto judge = [&](absl::Duration full_for) {
    queue.evidence.Add(world.Recent("capacity.queue.backlog", flood));
    queue.evidence.Add(world.Weekly("capacity.queue.backlog_before", [&](absl::Time time) {
      return world.now - time < full_for ? flood(time) : 500 * world.Shape(time);
    }));
    v1::Change change = world.Change();
    *change.mutable_canary()->mutable_started_at() = ToProto(world.now - absl::Minutes(90));
    return world.Judge(change, queue.policy, queue.evidence);
  };
  EXPECT_NE(FindingOf(judge(absl::Minutes(80)), "capacity.backlog_grows"), nullptr);
  const v1::CheckOutcome before = judge(absl::Minutes(120));
  EXPECT_EQ(FindingOf(before, "capacity.backlog_grows"), nullptr) << before.DebugString();
  EXPECT_NE(FindingOf(before, "capacity.backlog_remains"), nullptr);
}

// Nobody told when the canary began: its first minute is when it was first seen, and a flood that
// is there by the end of that minute was not there before it.
TEST(CapacityQueue, AFloodOfTheFirstMinuteIsTheCanarys) {
  const World clock;
  const absl::Time start = clock.now - absl::Minutes(60);
  Queue queue([&](absl::Time time) { return 50'000 * absl::ToDoubleMinutes(time - start); });
  v1::Change change = queue.world.Change();
  change.mutable_canary()->clear_started_at();
  const v1::CheckOutcome outcome = queue.world.Judge(change, queue.policy, queue.evidence);
  EXPECT_NE(FindingOf(outcome, "capacity.backlog_grows"), nullptr) << outcome.DebugString();
}

TEST(CapacityQueue, WithoutWeeksToCompareWithNothingIsProven) {
  const absl::Time end = World().now;
  Queue queue([&](absl::Time time) { return 9e6 - 60'000 * absl::ToDoubleMinutes(end - time); });
  queue.evidence.Add(
      Absent("capacity.queue.backlog_before", "prometheus:main", v1::ABSENCE_REASON_EMPTY, ""));
  const v1::CheckOutcome outcome = queue.Judge();
  EXPECT_EQ(outcome.outcome(), kOpen) << outcome.DebugString();
  EXPECT_EQ(FindingOf(outcome, "capacity.backlog_grows"), nullptr);
}

// --- Shifts of traffic --------------------------------------------------------------------------

v1::CheckOutcome JudgeShift(const v1::Change& change, World world = {}) {
  v1::CapacityPolicy policy;
  policy.set_source("main");
  policy.set_load("http_requests_total");
  policy.mutable_origins();
  return world.Judge(change, policy, world.Seen());
}

TEST(CapacityShift, HoldsUntilThePoolIsLargeEnough) {
  World world;
  world.peak = 1200;
  const auto shift = [](int workers) {
    return Shift({Origin("old", 1, 0.8, 600, absl::Milliseconds(180)),
                  Origin("new", 0, 0.2, workers, absl::Milliseconds(270))});
  };
  const v1::CheckOutcome small = JudgeShift(shift(64), world);
  EXPECT_EQ(small.outcome(), kFail) << small.DebugString();
  EXPECT_EQ(small.decision(), v1::DECISION_HOLD);
  const v1::Finding* finding = FindingOf(small, "capacity.pool_too_small", "new");
  ASSERT_NE(finding, nullptr);
  int needed = 0;
  ASSERT_EQ(std::sscanf(finding->instead().c_str(), "Give new %d workers", &needed), 1)
      << finding->instead();
  EXPECT_EQ(JudgeShift(shift(needed), world).outcome(), kPass);
  EXPECT_EQ(JudgeShift(shift(needed - 1), world).outcome(), kFail);
}

TEST(CapacityShift, AsksForWhatItIsNotTold) {
  v1::TrafficShift::Origin old = Origin("old", 1, 0.8, 600, absl::Milliseconds(180));
  for (const auto& origin : {Origin("new", 0, 0.2, 0, absl::Milliseconds(270)),
                             Origin("new", 0, 0.2, 640, absl::ZeroDuration())}) {
    const v1::CheckOutcome outcome = JudgeShift(Shift({old, origin}));
    EXPECT_EQ(outcome.outcome(), kOpen) << outcome.DebugString();
    EXPECT_NE(FindingOf(outcome, "capacity.no_data", "new"), nullptr);
  }
  v1::TrafficShift::Origin unshared = Origin("new", 0, 0, 640, absl::Milliseconds(270));
  unshared.clear_share_after();
  EXPECT_EQ(JudgeShift(Shift({old, unshared})).outcome(), kOpen);
  // Where nothing goes nothing is needed.
  EXPECT_EQ(JudgeShift(Shift({Origin("old", 0.8, 1, 600, absl::Milliseconds(180)),
                              Origin("new", 0.2, 0, 0, absl::ZeroDuration())}))
                .outcome(),
            kPass);
}

TEST(CapacityShift, WhatIsMeasuredCountsAndTheLongerOfBoth) {
  World world;
  v1::CapacityPolicy policy;
  policy.set_source("main");
  policy.set_load("http_requests_total");
  policy.mutable_origins()->set_label("hoster");
  policy.mutable_origins()->set_busy("busy_seconds_total");
  Evidence evidence = world.Seen();
  evidence.Add(world.Recent("capacity.origin.new.busy", [](absl::Time) { return 100 * 0.27; }));
  evidence.Add(world.Recent("capacity.origin.new.requests", [](absl::Time) { return 100; }));
  const auto judge = [&](absl::Duration told) {
    return world.Judge(Shift({Origin("new", 0.9, 1, 320, told)}), policy, evidence);
  };
  EXPECT_THAT(judge(absl::ZeroDuration()).summary(), HasSubstr("x 270 ms = "));
  EXPECT_THAT(judge(absl::Milliseconds(200)).summary(), HasSubstr("x 270 ms = "));
  EXPECT_THAT(judge(absl::Milliseconds(400)).summary(), HasSubstr("x 400 ms = "));
}

// The mean of a noisy time is not what the pool has to bear; and where only one of two is seen
// there is no mean.
TEST(CapacityShift, AMeasuredTimeHasBounds) {
  World world;
  v1::CapacityPolicy policy;
  policy.set_source("main");
  policy.set_load("http_requests_total");
  policy.mutable_origins()->set_label("hoster");
  policy.mutable_origins()->set_busy("busy_seconds_total");
  // A policy's own is for where nothing is measured.
  *policy.mutable_origins()->mutable_service_time() = ToProto(absl::Milliseconds(900));
  std::mt19937 random(3);
  Evidence evidence = world.Seen();
  evidence.Add(world.Recent("capacity.origin.new.busy", [&](absl::Time) {
    return 27 * std::exp(0.5 * std::normal_distribution<double>()(random));
  }));
  v1::Observation requests =
      world.Recent("capacity.origin.new.requests", [](absl::Time) { return 100; });
  evidence.Add(requests);
  const auto judge = [&](int workers) {
    return world.Judge(Shift({Origin("new", 0.9, 1, workers, absl::ZeroDuration())}), policy,
                       evidence);
  };
  const v1::CheckOutcome small = judge(400);
  EXPECT_EQ(small.outcome(), kFail) << small.DebugString();
  double estimate = 0, lower = 0, upper = 0;
  const char* const use = std::strstr(small.summary().c_str(), " busy of 400 workers: ");
  ASSERT_NE(use, nullptr) << small.DebugString();
  ASSERT_EQ(
      std::sscanf(use, " busy of 400 workers: %lf %% (%lf %% to %lf", &estimate, &lower, &upper),
      3);
  // The forecast alone is 14 % to either side.
  EXPECT_GT(upper, 1.3 * estimate);
  EXPECT_LT(lower, estimate / 1.3);
  EXPECT_EQ(judge(static_cast<int>(400 * upper / 70) + 5).outcome(), kPass);
  EXPECT_EQ(judge(static_cast<int>(400 * upper / 70) - 10).outcome(), kFail);

  v1::Observation busy = evidence.Get("capacity.origin.new.busy");
  for (int i = 0; i < 60; i += 7) {
    busy.mutable_series()->mutable_points(i)->set_value(std::nan(""));
    busy.mutable_series()->mutable_points(i + 1)->set_value(std::nan(""));
  }
  evidence.Add(busy);
  EXPECT_THAT(judge(400).summary(), Not(HasSubstr("x 900 ms = ")));
  // Four moments are no measurement: then the policy's 900 ms count.
  busy.mutable_series()->mutable_points()->DeleteSubrange(0, 53);
  evidence.Add(busy);
  EXPECT_THAT(judge(400).summary(), HasSubstr("x 900 ms = "));
}

TEST(CapacityShift, WhatIsNotToldIsTakenForTheWorst) {
  const auto judge = [](std::optional<double> before, double after,
                        std::optional<absl::Duration> service) {
    v1::TrafficShift::Origin origin = Origin("new", 0, after, 100, absl::ZeroDuration());
    origin.clear_share_before();
    if (before) origin.set_share_before(*before);
    if (service) *origin.mutable_service_time() = ToProto(*service);
    return JudgeShift(Shift({origin}));
  };
  const absl::Duration service = absl::Milliseconds(270);
  // Who had as much before is too small by itself, and not by this shift.
  EXPECT_EQ(judge(0.5, 0.5, service).outcome(), kPass);
  EXPECT_EQ(judge(0.4, 0.5, service).outcome(), kFail);
  EXPECT_EQ(judge(std::nullopt, 0.5, service).outcome(), kFail);
  // A request of no time is one that was not measured.
  EXPECT_EQ(judge(0.4, 0.5, absl::ZeroDuration()).outcome(), kOpen);
}

TEST(CapacityShift, AWaitMayAskForMoreWorkers) {
  v1::CapacityPolicy policy;
  policy.set_source("main");
  policy.set_load("http_requests_total");
  policy.mutable_origins();
  const World world;
  // Eight workers of which five are busy: enough, but one request in six waits.
  const v1::Change shift = Shift({Origin("all", 0.9, 1, 8, absl::Milliseconds(4))});
  EXPECT_EQ(world.Judge(shift, policy, world.Seen()).outcome(), kPass);
  *policy.mutable_origins()->mutable_max_wait() = ToProto(absl::Microseconds(100));
  const v1::CheckOutcome outcome = world.Judge(shift, policy, world.Seen());
  EXPECT_EQ(outcome.outcome(), kFail) << outcome.DebugString();
  EXPECT_THAT(outcome.summary(), HasSubstr("M/M/c model"));
}

TEST(CapacityShift, AWayBackIsNotStopped) {
  v1::Change change = Shift({Origin("old", 0.5, 1, 10, absl::Milliseconds(180)),
                             Origin("new", 0.5, 0, 10, absl::Milliseconds(180))});
  EXPECT_EQ(JudgeShift(change).decision(), v1::DECISION_HOLD);
  change.mutable_traffic_shift()->set_takes_back("Friday's ramp");
  const v1::CheckOutcome outcome = JudgeShift(change);
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(FindingOf(outcome, "capacity.taken_back")->severity(), v1::SEVERITY_WARN);
  World blind;
  blind.weeks = 0;
  EXPECT_EQ(JudgeShift(change, blind).decision(), v1::DECISION_ALLOW);
}

TEST(CapacityShift, AnOriginThatGetsLessIsOnlyWarnedOf) {
  const v1::CheckOutcome outcome =
      JudgeShift(Shift({Origin("old", 1, 0.8, 100, absl::Milliseconds(180)),
                        Origin("new", 0, 0.2, 640, absl::Milliseconds(270))}));
  EXPECT_EQ(outcome.outcome(), kPass) << outcome.DebugString();
  EXPECT_EQ(FindingOf(outcome, "capacity.pool_too_small", "old")->severity(), v1::SEVERITY_WARN);
}

// Half an hour after a shift, what requests wait at both origins by minutes before now.
v1::CheckOutcome JudgeWait(
    const std::function<double(double)>& at_old, const std::function<double(double)>& at_new,
    bool in_force = true, int weeks = 5,
    const std::function<void(v1::Change&, v1::CapacityPolicy&)>& altered = nullptr) {
  World world;
  v1::CapacityPolicy policy;
  policy.set_source("main");
  policy.set_load("http_requests_total");
  policy.mutable_origins()->set_label("hoster");
  policy.mutable_origins()->set_wait("queue_wait_seconds");
  Evidence evidence = world.Seen();
  const auto add = [&](const std::string& name, const std::function<double(double)>& wait) {
    evidence.Add(world.Recent("capacity.origin." + name + ".wait", [&](absl::Time time) {
      return wait(absl::ToDoubleMinutes(world.now - time));
    }));
  };
  add("old", at_old);
  add("new", at_new);
  World known = world;
  known.weeks = weeks;
  evidence.Add(known.Weekly("capacity.wait_before",
                            [&](absl::Time time) { return 0.1 * world.Shape(time); }));
  v1::Change change = Shift({Origin("old", 1, 0.8, 600, absl::Milliseconds(180)),
                             Origin("new", 0, 0.2, 200, absl::Milliseconds(270))});
  if (in_force) {
    *change.mutable_canary()->mutable_started_at() = ToProto(world.now - absl::Minutes(30));
  }
  if (altered) altered(change, policy);
  return world.Judge(change, policy, evidence);
}

TEST(CapacityWait, AGapDoesNotEndIt) {
  const auto usual = [](double) { return 0.05; };
  const auto late = [](double ago) {
    return ago > 4 ? 0.05 : std::lround(ago) == 1 ? std::nan("") : 2.0;
  };
  EXPECT_EQ(JudgeWait(usual, late).decision(), v1::DECISION_BLOCK);
}

TEST(CapacityWait, APolicyMayAllowMore) {
  const auto usual = [](double) { return 0.05; };
  const auto late = [](double ago) { return ago > 6 ? 0.05 : 2; };
  const auto judge = [&](absl::Duration allowed) {
    return JudgeWait(usual, late, true, 5, [&](v1::Change&, v1::CapacityPolicy& policy) {
      *policy.mutable_origins()->mutable_max_wait() = ToProto(allowed);
    });
  };
  EXPECT_EQ(FindingOf(judge(absl::Seconds(5)), "capacity.wait_grows"), nullptr);
  EXPECT_NE(FindingOf(judge(absl::Seconds(1)), "capacity.wait_grows"), nullptr);
}

TEST(CapacityWait, AnOriginWhoseShareBeforeIsNotToldMayHaveGrown) {
  const auto usual = [](double) { return 0.05; };
  const auto late = [](double ago) { return ago > 6 ? 0.05 : 2; };
  const v1::CheckOutcome outcome =
      JudgeWait(usual, late, true, 5, [](v1::Change& change, v1::CapacityPolicy&) {
        change.mutable_traffic_shift()->mutable_origins(1)->clear_share_before();
      });
  EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK) << outcome.DebugString();
}

TEST(CapacityWait, AWayBackIsNotToldToWait) {
  const auto usual = [](double) { return 0.05; };
  const auto always = [](double) { return 2; };
  const v1::CheckOutcome outcome =
      JudgeWait(usual, always, true, 5, [](v1::Change& change, v1::CapacityPolicy&) {
        change.mutable_traffic_shift()->set_takes_back("Friday's ramp");
      });
  EXPECT_EQ(outcome.decision(), v1::DECISION_ALLOW) << outcome.DebugString();
  EXPECT_FALSE(outcome.has_retry_at());
  EXPECT_EQ(outcome.advice(), v1::ADVICE_UNSPECIFIED);
  EXPECT_EQ(outcome.unblock_size(), 0);
}

TEST(CapacityWait, RequestsThatWaitSinceTheShiftTakeItBack) {
  const auto usual = [](double) { return 0.05; };
  const auto grows = [](double ago) { return ago > 6 ? 0.05 : 0.2 * (7 - ago); };
  const v1::CheckOutcome outcome = JudgeWait(usual, grows);
  EXPECT_EQ(outcome.outcome(), kFail) << outcome.DebugString();
  EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
  EXPECT_EQ(outcome.advice(), v1::ADVICE_ROLL_BACK);
  ASSERT_NE(FindingOf(outcome, "capacity.wait_grows", "new"), nullptr);
  EXPECT_THAT(FindingOf(outcome, "capacity.wait_grows", "new")->instead(),
              HasSubstr("new to 0 % of the traffic"));
  EXPECT_EQ(JudgeWait(usual, usual).decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(JudgeWait(usual, usual).advice(), v1::ADVICE_PROCEED);
}

TEST(CapacityWait, WhereTheWayBackWouldNotHelpItHolds) {
  const auto usual = [](double) { return 0.05; };
  const auto late = [](double ago) { return ago > 6 ? 0.05 : 2; };
  const auto always = [](double) { return 2; };
  const auto expect_hold = [](const v1::CheckOutcome& outcome, const char* why) {
    EXPECT_EQ(outcome.decision(), v1::DECISION_HOLD) << outcome.DebugString();
    EXPECT_NE(outcome.advice(), v1::ADVICE_ROLL_BACK);
    EXPECT_TRUE(outcome.has_retry_at());
    ASSERT_NE(FindingOf(outcome, "capacity.wait_grows"), nullptr);
    EXPECT_THAT(FindingOf(outcome, "capacity.wait_grows")->message(), HasSubstr(why));
  };
  expect_hold(JudgeWait(usual, always), "it did not help");
  expect_hold(JudgeWait(late, usual), "taking that back would not help");
  expect_hold(JudgeWait(usual, late, /*in_force=*/true, /*weeks=*/1), "less than two weeks");
  expect_hold(JudgeWait(usual, late, /*in_force=*/false), "More traffic makes it longer");
  // What is too much for the old origin may be why traffic is to leave it.
  EXPECT_EQ(JudgeWait(always, usual, /*in_force=*/false).decision(), v1::DECISION_ALLOW);
}

TEST(CapacityWait, WhatIsNotSeenIsNotShort) {
  World world;
  v1::CapacityPolicy policy;
  policy.set_source("main");
  policy.set_load("http_requests_total");
  policy.mutable_origins()->set_label("hoster");
  policy.mutable_origins()->set_wait("queue_wait_seconds");
  v1::Change change = Shift({Origin("new", 0.9, 1, 600, absl::Milliseconds(180))});
  EXPECT_EQ(world.Judge(change, policy, world.Seen()).outcome(), kPass);
  *change.mutable_canary()->mutable_started_at() = ToProto(world.now - absl::Minutes(30));
  EXPECT_EQ(world.Judge(change, policy, world.Seen()).outcome(), kOpen);
  // Nobody waits where nobody goes.
  change = Shift({Origin("new", 0, 1, 600, absl::Milliseconds(180)),
                  Origin("old", 1, 0, 0, absl::ZeroDuration())});
  *change.mutable_canary()->mutable_started_at() = ToProto(world.now - absl::Minutes(30));
  Evidence evidence = world.Seen();
  evidence.Add(world.Recent("capacity.origin.new.wait", [](absl::Time) { return 0.01; }));
  EXPECT_EQ(world.Judge(change, policy, evidence).outcome(), kPass);
}

// --- The policy ---------------------------------------------------------------------------------

TEST(CapacityPolicy, MistakesAreNamed) {
  v1::PolicyRule rule;
  v1::CapacityPolicy& policy = *rule.mutable_checks()->mutable_capacity();
  policy = Redis(6, 6).Policy();
  const auto issues = [&] {
    std::vector<std::string> fields;
    for (const ParameterIssue& issue : kCapacityCheck.validate({}, rule)) {
      fields.push_back(issue.field);
    }
    return fields;
  };
  EXPECT_THAT(issues(), ::testing::IsEmpty());
  const v1::CapacityPolicy good = policy;
  const auto expect = [&](const char* field, const std::function<void()>& spoil) {
    policy = good;
    spoil();
    EXPECT_THAT(issues(), ::testing::Contains(absl::StrCat("checks.capacity.", field))) << field;
  };
  expect("source", [&] { policy.clear_source(); });
  expect("load", [&] { policy.set_load("rate(x[5m])"); });
  expect("load", [&] { policy.set_load("x{track=\"canary\"}"); });
  expect("load", [&] { policy.set_load("x{a=\"${servise}\"}"); });
  expect("weeks", [&] { policy.set_weeks(1); });
  expect("weeks", [&] { policy.set_weeks(27); });
  expect("cohort_label", [&] { policy.clear_cohort_label(); });
  expect("target", [&] { policy.set_target(1.1); });
  expect("target", [&] { policy.set_target(std::nan("")); });
  expect("alpha", [&] { policy.set_alpha(0.5); });
  expect("resources", [&] { policy.clear_resources(); });
  expect("window", [&] { *policy.mutable_window() = ToProto(absl::Minutes(5)); });
  expect("step", [&] { *policy.mutable_step() = ToProto(absl::Seconds(5)); });
  expect("max_age", [&] { *policy.mutable_max_age() = ToProto(absl::Seconds(60)); });
  expect("resources[0].name", [&] { policy.mutable_resources(0)->set_name("Redis!"); });
  expect("resources[0].name", [&] { policy.mutable_resources(0)->set_name("load"); });
  expect("resources[1].name", [&] { *policy.add_resources() = good.resources(0); });
  expect("resources[0].cost", [&] { policy.mutable_resources(0)->clear_cost(); });
  expect("resources[0].capacity", [&] { policy.mutable_resources(0)->clear_capacity(); });
  expect("resources[0].capacity", [&] { policy.mutable_resources(0)->set_capacity(-1); });
  expect("resources[0].capacity", [&] { policy.mutable_resources(0)->set_utilization("u"); });
  expect("resources[0].target", [&] { policy.mutable_resources(0)->set_target(-0.1); });
  expect("resources[0].queue.room",
         [&] { policy.mutable_resources(0)->mutable_queue()->set_room(-1); });
  expect("origins.label", [&] { policy.mutable_origins()->set_busy("busy_total"); });
  expect("origins.label", [&] { policy.mutable_origins()->set_wait("wait_seconds"); });
  expect("origins.wait", [&] { policy.mutable_origins()->set_wait("rate(x[5m])"); });
  expect("severities[\"capacity.x\"]",
         [&] { (*policy.mutable_severities())["capacity.x"] = v1::SEVERITY_INFO; });
  expect("severities[\"capacity.taken_back\"]",
         [&] { (*policy.mutable_severities())["capacity.taken_back"] = v1::SEVERITY_INFO; });
  expect("severities[\"capacity.no_data\"]",
         [&] { (*policy.mutable_severities())["capacity.no_data"] = v1::SEVERITY_INFO; });
}

TEST(CapacityNeeds, AsksForEachResourceAndOrigin) {
  World world = Redis(6, 6);
  world.resources["redis"].others = 1;
  v1::PolicyRule rule;
  v1::CapacityPolicy& policy = *rule.mutable_checks()->mutable_capacity();
  policy = world.Policy();
  policy.set_load("requests{service=\"${service}\"}");
  policy.mutable_resources(0)->mutable_queue()->set_backlog("ready");
  std::vector<std::string> ids;
  for (const v1::Query& query : kCapacityCheck.needs(world.Change(), rule)) {
    ids.push_back(query.id());
  }
  EXPECT_THAT(ids,
              ::testing::ElementsAre("capacity.load", "capacity.redis.cost", "capacity.redis.total",
                                     "capacity.redis.backlog", "capacity.redis.backlog_before"));
  const v1::Query load = kCapacityCheck.needs(world.Change(), rule)[0];
  EXPECT_EQ(load.series().selector(), "requests{service=\"web\"}");
  EXPECT_TRUE(load.series().counter());
  EXPECT_EQ(FromProto(load.series().window()), absl::Hours(5 * 168));

  // A rate takes two scrapes; a backlog is looked at as closely as it can be.
  policy.mutable_resources(0)->clear_capacity();
  policy.mutable_resources(0)->set_utilization("busy");
  const auto step_of = [&](const std::string& id) {
    for (const v1::Query& query : kCapacityCheck.needs(world.Change(), rule)) {
      if (query.id() == id) return FromProto(query.series().step());
    }
    return absl::ZeroDuration();
  };
  EXPECT_EQ(step_of("capacity.redis.spent"), absl::Minutes(2));
  EXPECT_EQ(step_of("capacity.redis.utilization"), absl::Minutes(2));
  EXPECT_EQ(step_of("capacity.redis.utilization_before"), absl::Minutes(5));
  EXPECT_EQ(step_of("capacity.redis.backlog"), absl::Minutes(1));
  EXPECT_EQ(step_of("capacity.redis.backlog_before"), absl::Minutes(5));

  // What is in use is that of the busiest, and what is spent meanwhile is what everybody spends.
  const auto query = [&](const std::string& id) {
    for (const v1::Query& query : kCapacityCheck.needs(world.Change(), rule)) {
      if (query.id() == id) return query;
    }
    return v1::Query();
  };
  EXPECT_EQ(query("capacity.redis.utilization").series().aggregation(),
            v1::SeriesQuery::AGGREGATION_MAX);
  EXPECT_EQ(query("capacity.redis.utilization_before").series().aggregation(),
            v1::SeriesQuery::AGGREGATION_MAX);
  EXPECT_EQ(query("capacity.redis.spent").series().selector(), "redis_total");
  EXPECT_TRUE(query("capacity.redis.spent").series().counter());
  const v1::CohortMetricQuery cost = query("capacity.redis.cost").cohort_metric();
  EXPECT_EQ(cost.events(), "redis_spent_total");
  EXPECT_EQ(cost.exposure(), "requests{service=\"web\"}");
  EXPECT_EQ(FromProto(cost.start()), world.Start());
  EXPECT_EQ(cost.earlier_weeks(), 0);
  EXPECT_EQ(kCapacityCheck.needs(Complete(world), rule)[1].cohort_metric().earlier_weeks(), 2);
  // An empty label would match every series that lacks it.
  policy.mutable_resources(0)->set_cost("redis_spent_total{version=\"${version}\"}");
  EXPECT_EQ(query("capacity.redis.cost").id(), "");

  policy.mutable_origins()->set_busy("busy_total");
  policy.mutable_origins()->set_label("hoster");
  const auto queries =
      kCapacityCheck.needs(Shift({Origin("new", 0, 1, 64, absl::ZeroDuration())}), rule);
  ASSERT_EQ(queries.size(), 3u);
  EXPECT_EQ(queries[1].id(), "capacity.origin.new.busy");
  EXPECT_EQ(queries[1].series().selector(), "busy_total{hoster=\"new\"}");
  EXPECT_EQ(queries[2].series().selector(), "requests{service=\"web\",hoster=\"new\"}");

  policy.mutable_origins()->set_wait("wait_seconds");
  const auto with_wait =
      kCapacityCheck.needs(Shift({Origin("new", 0, 1, 64, absl::ZeroDuration())}), rule);
  ASSERT_EQ(with_wait.size(), 5u);
  EXPECT_EQ(with_wait[1].id(), "capacity.wait_before");
  EXPECT_EQ(with_wait[1].series().selector(), "wait_seconds");
  EXPECT_FALSE(with_wait[1].series().counter());
  EXPECT_FALSE(with_wait[2].series().counter());
  EXPECT_EQ(with_wait[2].id(), "capacity.origin.new.wait");
  EXPECT_EQ(with_wait[2].series().selector(), "wait_seconds{hoster=\"new\"}");
  EXPECT_EQ(step_of("capacity.redis.backlog"), absl::Minutes(1));
}

}  // namespace
}  // namespace gate
