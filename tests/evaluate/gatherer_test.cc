#include "gate/evidence/gatherer.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/scripted_source.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

constexpr auto kCalendar = v1::Query::kCalendar;
constexpr auto kCounts = v1::Query::kCohortMetric;

v1::Query Ask(const std::string& id, v1::Query::TargetCase target) {
  v1::Query query;
  query.set_id(id);
  if (target == kCalendar) query.mutable_calendar();
  if (target == kCounts) query.mutable_cohort_metric();
  return query;
}

v1::Observation Value(const v1::Query& query, const FetchContext&) {
  v1::Observation observation;
  observation.set_id(query.id());
  observation.mutable_calendar()->set_name(query.id());
  return observation;
}

class GathererTest : public testing::Test {
 protected:
  ScriptedSource& Add(std::string name, v1::Query::TargetCase target, bool immediate,
                      ScriptedSource::Answer answer) {
    auto source = std::make_unique<ScriptedSource>(std::move(name), target, immediate, answer);
    ScriptedSource& added = *source;
    sources_.push_back(std::move(source));
    return added;
  }
  Evidence Gather(
      const std::vector<v1::Query>& queries, steady_clock::duration time = std::chrono::seconds(60),
      const Gatherer::Decided& decided = [](const Evidence&) { return false; }) {
    if (!gatherer_) {
      gatherer_ = std::make_unique<Gatherer>(std::move(sources_), 4, nullptr, grace_);
    }
    return gatherer_->Gather(queries, v1::Change(), absl::UnixEpoch(), steady_clock::now() + time,
                             decided);
  }

  void TearDown() override { latch_.Open(); }

  Latch latch_;  // Holds up sources until the test ends.
  steady_clock::duration grace_ = std::chrono::milliseconds(10);
  std::vector<std::unique_ptr<Source>> sources_;
  std::unique_ptr<Gatherer> gatherer_;
};

TEST_F(GathererTest, AnswersEveryQueryWithItsId) {
  Add("calendar", kCalendar, true, Value);
  Add("prometheus:main", kCounts, false, [](const v1::Query& query, const FetchContext& context) {
    v1::Observation observation = Value(query, context);
    observation.set_id("something else");
    return observation;
  });
  const Evidence evidence = Gather({Ask("a", kCalendar), Ask("b", kCounts), Ask("c", kCounts)});
  ASSERT_EQ(evidence.observations().size(), 3u);
  for (const char* id : {"a", "b", "c"}) {
    EXPECT_EQ(evidence.Get(id).id(), id);
    EXPECT_TRUE(evidence.Get(id).has_calendar());
  }
}

TEST_F(GathererTest, WhatIsAtHandIsNotFetchedAndNotCopied) {
  const std::vector<v1::Query> queries = {Ask("a", kCalendar), Ask("b", kCounts)};
  Add("calendar", kCalendar, true, Value);
  ScriptedSource& slow = Add("prometheus:main", kCounts, false, Value);
  gatherer_ = std::make_unique<Gatherer>(std::move(sources_), 4, nullptr);
  EXPECT_FALSE(gatherer_->GatherAtHand(queries, v1::Change(), absl::UnixEpoch()));
  const auto kept = std::make_shared<const v1::Observation>(Value(Ask("b", kCounts), {{}, {}, {}}));
  slow.Keep(kept);
  const auto at_hand = gatherer_->GatherAtHand(queries, v1::Change(), absl::UnixEpoch());
  ASSERT_TRUE(at_hand);
  for (const Evidence& evidence : {*at_hand, Gather(queries)}) {
    EXPECT_TRUE(evidence.Get("a").has_calendar());
    EXPECT_EQ(&evidence.Get("b"), kept.get());
  }
  EXPECT_EQ(slow.fetches(), 0);
}

TEST_F(GathererTest, NoSourceIsNotConfigured) {
  const Evidence evidence = Gather({Ask("a", kCounts)});
  EXPECT_EQ(evidence.Get("a").absence().reason(), v1::ABSENCE_REASON_NOT_CONFIGURED);
}

TEST_F(GathererTest, ALateSourceIsATimeoutAndItsAnswerIsDropped) {
  Add("prometheus:main", kCounts, false,
      [this](const v1::Query& query, const FetchContext& context) {
        latch_.Wait();
        return Value(query, context);
      });
  const Evidence evidence = Gather({Ask("a", kCounts)}, std::chrono::milliseconds(20));
  EXPECT_EQ(evidence.Get("a").absence().reason(), v1::ABSENCE_REASON_TIMEOUT);
  EXPECT_EQ(evidence.Get("a").source(), "prometheus:main");
}

TEST_F(GathererTest, ADeadlineThatHasPassedIsATimeoutToo) {
  Add("prometheus:main", kCounts, false,
      [this](const v1::Query& query, const FetchContext& context) {
        latch_.Wait();
        return Value(query, context);
      });
  const Evidence evidence = Gather({Ask("a", kCounts)}, -std::chrono::seconds(1));
  EXPECT_EQ(evidence.Get("a").absence().reason(), v1::ABSENCE_REASON_TIMEOUT);
}

TEST_F(GathererTest, AThrowingSourceIsAnAbsenceWithItsWords) {
  Add("broken", kCalendar, true, [](const v1::Query&, const FetchContext&) -> v1::Observation {
    throw std::runtime_error("disk on fire");
  });
  const Evidence evidence = Gather({Ask("a", kCalendar)});
  EXPECT_EQ(evidence.Get("a").absence().reason(), v1::ABSENCE_REASON_INTERNAL);
  EXPECT_EQ(evidence.Get("a").absence().detail(), "disk on fire");
}

TEST_F(GathererTest, AnEmptyAnswerIsAnAbsence) {
  Add("empty", kCalendar, true,
      [](const v1::Query&, const FetchContext&) { return v1::Observation(); });
  EXPECT_EQ(Gather({Ask("a", kCalendar)}).Get("a").absence().reason(), v1::ABSENCE_REASON_INTERNAL);
}

TEST_F(GathererTest, ADecidedBlockIsNotHeldUpByASlowSource) {
  Add("calendar", kCalendar, true, Value);
  Add("prometheus:main", kCounts, false, [&](const v1::Query& query, const FetchContext& context) {
    latch_.Wait();
    return Value(query, context);
  });
  const Evidence evidence = Gather({Ask("a", kCalendar), Ask("b", kCounts)}, std::chrono::hours(1),
                                   [](const Evidence& so_far) { return so_far.Contains("a"); });
  EXPECT_EQ(evidence.Get("b").absence().reason(), v1::ABSENCE_REASON_NOT_AWAITED);
}

TEST_F(GathererTest, ADecidedBlockTellsWhatElseIsSoonKnown) {
  grace_ = std::chrono::seconds(60);
  Add("calendar", kCalendar, true, Value);
  Add("prometheus:main", kCounts, false, Value);
  const Evidence evidence = Gather({Ask("a", kCalendar), Ask("b", kCounts)}, std::chrono::hours(1),
                                   [](const Evidence& so_far) { return so_far.Contains("a"); });
  EXPECT_TRUE(evidence.Get("b").has_calendar());
}

TEST_F(GathererTest, ABlockDecidedByTheFirstOfTwoSlowSourcesEndsTheWaiting) {
  Add("prometheus:main", kCounts, false, [&](const v1::Query& query, const FetchContext& context) {
    if (query.id() == "hangs") latch_.Wait();
    return Value(query, context);
  });
  const Evidence evidence =
      Gather({Ask("answers", kCounts), Ask("hangs", kCounts)}, std::chrono::hours(1),
             [](const Evidence& so_far) { return so_far.Contains("answers"); });
  EXPECT_TRUE(evidence.Get("answers").has_calendar());
  EXPECT_EQ(evidence.Get("hangs").absence().reason(), v1::ABSENCE_REASON_NOT_AWAITED);
}

// Who judges asks the store himself, while slow sources are on their way.
TEST_F(GathererTest, TheStoreIsAskedWhereOneStandsAndHoldsUpNobodyElse) {
  Latch asked;
  Add("prometheus:main", kCounts, false, [&](const v1::Query& query, const FetchContext& context) {
    asked.Open();
    return Value(query, context);
  });
  std::thread::id by;
  Add("store", kCalendar, false, [&](const v1::Query& query, const FetchContext& context) {
    by = std::this_thread::get_id();
    asked.Wait();
    return Value(query, context);
  }).WaitForStoreAlone();
  const std::vector<v1::Query> queries = {Ask("store", kCalendar), Ask("slow", kCounts)};
  const Evidence evidence = Gather(queries);
  EXPECT_TRUE(evidence.Get("store").has_calendar());
  EXPECT_TRUE(evidence.Get("slow").has_calendar());
  EXPECT_EQ(by, std::this_thread::get_id());
  EXPECT_FALSE(gatherer_->GatherAtHand(queries, v1::Change(), absl::UnixEpoch()))
      << "threads of callers wait for nothing";
}

TEST_F(GathererTest, AHangingSourceDoesNotTakeMoreThanItsPlaces) {
  Add("prometheus:main", kCounts, false,
      [this](const v1::Query& query, const FetchContext& context) {
        latch_.Wait();
        return Value(query, context);
      });
  std::vector<v1::Query> queries;
  for (int i = 0; i < 100; ++i) queries.push_back(Ask(std::to_string(i), kCounts));
  const Evidence evidence = Gather(queries, std::chrono::milliseconds(20));
  int overloaded = 0, late = 0;
  for (const auto& [id, observation] : evidence.observations()) {
    overloaded += observation->absence().reason() == v1::ABSENCE_REASON_INTERNAL;
    late += observation->absence().reason() == v1::ABSENCE_REASON_TIMEOUT;
  }
  EXPECT_EQ(late, 64);  // 16 for each of 4 threads.
  EXPECT_EQ(overloaded, 36);
}

}  // namespace
}  // namespace gate
