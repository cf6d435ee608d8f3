// What the check answers, in the words that people read.
#include <string>
#include <tuple>
#include <vector>

#include "checks/freeze/freeze.h"
#include "checks/freeze/spread.h"
#include "checks/freeze/timeline.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/freeze/windows.h"

namespace gate {
namespace {

using ::gate::testing::At;
using ::gate::testing::JudgeFreeze;
using ::gate::testing::RuleWith;
using ::testing::HasSubstr;

constexpr char kHolidayWeekends[] = R"(
  id: "us-holiday-weekends" time_zone: "America/New_York" decision: DECISION_BLOCK
  reason: "nobody is at work to see the next peak"
  holidays { calendar: "us" min_days: 3 starts_at: "12:00" ends_at: "10:00" })";
constexpr char kFridayEvenings[] = R"(
  id: "friday-evenings" time_zone: "America/New_York" decision: DECISION_BLOCK
  start: "2023-01-06T17:00:00" end: "2023-01-09T09:00:00" recurrence: "FREQ=WEEKLY;BYDAY=FR")";
constexpr char kOfficeHours[] = R"(
  id: "office-hours" mode: MODE_ALLOW time_zone: "Europe/Berlin"
  start: "2024-01-01T09:00:00" end: "2024-01-01T17:00:00"
  recurrence: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")";
constexpr char kLunch[] = R"(
  id: "lunch" time_zone: "Europe/Berlin"
  start: "2024-01-01T12:00:00" duration { seconds: 3600 } recurrence: "FREQ=DAILY")";

// Incident of 2021-07-06: traffic moved on the Friday before a holiday weekend.
TEST(FreezeJudge, FridayBeforeTheFourthOfJuly) {
  const v1::CheckOutcome outcome =
      JudgeFreeze(RuleWith({kHolidayWeekends}), v1::CHANGE_KIND_TRAFFIC_SHIFT,
                  At("2021-07-02 15:00 America/New_York"));
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_FAIL);
  EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
  ASSERT_EQ(outcome.findings_size(), 1);
  const v1::Finding& finding = outcome.findings(0);
  EXPECT_EQ(finding.rule(), "freeze.inside_deny_window");
  EXPECT_EQ(finding.severity(), v1::SEVERITY_BLOCK);
  EXPECT_EQ(finding.subject(), "us-holiday-weekends");
  EXPECT_EQ(
      finding.message(),
      "Frozen by us-holiday-weekends (Independence Day (observed)) until Tue 2021-07-06 10:00 "
      "EDT (14:00 UTC): nobody is at work to see the next peak.");
  EXPECT_EQ(finding.instead(), "Start on Tue 2021-07-06 10:00 EDT (14:00 UTC) or later.");
  EXPECT_FALSE(finding.holds());
  EXPECT_EQ(FromProto(finding.clears_at()), At("2021-07-06 10:00 America/New_York"));
  EXPECT_EQ(FromProto(outcome.retry_at()), At("2021-07-06 10:00 America/New_York"));
}

// Incident of 2023-09-11: a hotfix on Friday at nine in the evening.
TEST(FreezeJudge, FridayEveningHotfix) {
  const v1::CheckOutcome outcome = JudgeFreeze(RuleWith({kFridayEvenings}), v1::CHANGE_KIND_HOTFIX,
                                               At("2023-09-08 21:00 America/New_York"));
  EXPECT_EQ(outcome.decision(), v1::DECISION_BLOCK);
  EXPECT_EQ(outcome.summary(),
            "Frozen by friday-evenings until Mon 2023-09-11 09:00 EDT (13:00 UTC).");
  EXPECT_THAT(outcome.unblock(),
              ::testing::ElementsAre("Start on Mon 2023-09-11 09:00 EDT (13:00 UTC) or later.",
                                     "Or an approved override of freeze.inside_deny_window."));
}

struct Moment {
  const char* time;
  v1::Outcome outcome;
  const char* next;  // Empty: unset.
};

void ExpectMoments(const v1::PolicyRule& rule, const std::vector<Moment>& moments) {
  for (const auto& [time, want, next] : moments) {
    const v1::CheckOutcome outcome = JudgeFreeze(rule, v1::CHANGE_KIND_CODE, At(time));
    EXPECT_EQ(outcome.outcome(), want) << time << ": " << outcome.summary();
    EXPECT_EQ(outcome.has_retry_at(), *next != '\0') << time;
    if (*next != '\0') {
      EXPECT_EQ(FromProto(outcome.retry_at()), At(next)) << time;
    }
  }
}

TEST(FreezeJudge, StartsInclusiveEndsExclusive) {
  const char* const end = "2021-07-06 10:00 America/New_York";
  ExpectMoments(RuleWith({kHolidayWeekends}),
                {{"2021-07-02 11:59:59 America/New_York", v1::OUTCOME_PASS, ""},
                 {"2021-07-02 12:00 America/New_York", v1::OUTCOME_FAIL, end},
                 {"2021-07-04 03:00 Asia/Tokyo", v1::OUTCOME_FAIL, end},
                 {"2021-07-06 09:59:59 America/New_York", v1::OUTCOME_FAIL, end},
                 {"2021-07-06 10:00 America/New_York", v1::OUTCOME_PASS, ""}});
}

// Thanksgiving alone is one day off; New Year's Day 2022 was a Saturday, observed on Friday 2021.
TEST(FreezeJudge, HolidayWeekends) {
  const char* const new_year = "2022-01-03 10:00 America/New_York";
  ExpectMoments(RuleWith({kHolidayWeekends}),
                {{"2021-11-25 15:00 America/New_York", v1::OUTCOME_PASS, ""},
                 {"2021-12-30 12:00 America/New_York", v1::OUTCOME_FAIL, new_year},
                 {"2021-12-31 23:59:59 America/New_York", v1::OUTCOME_FAIL, new_year},
                 {"2022-01-01 00:00 America/New_York", v1::OUTCOME_FAIL, new_year},
                 {"2022-01-03 10:00 America/New_York", v1::OUTCOME_PASS, ""}});
}

TEST(FreezeJudge, DenyInsideAllow) {
  const char* const after_lunch = "2024-03-28 13:00 Europe/Berlin";
  ExpectMoments(
      RuleWith({kOfficeHours, kLunch}),
      {{"2024-03-28 08:59:59 Europe/Berlin", v1::OUTCOME_FAIL, "2024-03-28 09:00 Europe/Berlin"},
       {"2024-03-28 09:00 Europe/Berlin", v1::OUTCOME_PASS, ""},
       {"2024-03-28 12:00 Europe/Berlin", v1::OUTCOME_FAIL, after_lunch},
       {after_lunch, v1::OUTCOME_PASS, ""},
       // Friday evening to Monday morning, over a change of the clocks.
       {"2024-03-29 17:00 Europe/Berlin", v1::OUTCOME_FAIL, "2024-04-01 09:00 Europe/Berlin"}});
}

constexpr char kSpread[] = R"(
  id: "night" time_zone: "UTC" reason: "nobody is there" jitter { seconds: 1800 }
  start: "2026-11-22T20:00:00" end: "2026-11-23T09:00:00")";

// Where a service starts when the window has ended at nine.
absl::Time StartAfterNight(const v1::PolicyRule& rule) {
  return FromProto(JudgeFreeze(rule, v1::CHANGE_KIND_CODE, At("2026-11-22 21:00 UTC")).retry_at());
}

TEST(FreezeJitter, AServiceStartsAtAMomentOfItsOwnAndIsToldSo) {
  const v1::PolicyRule rule = RuleWith({kSpread});
  const absl::Time nine = At("2026-11-23 09:00 UTC"), start = StartAfterNight(rule);
  EXPECT_GT(start, nine);
  EXPECT_LT(start, nine + absl::Minutes(30));
  const v1::CheckOutcome inside = JudgeFreeze(rule, v1::CHANGE_KIND_CODE, nine - absl::Hours(1));
  EXPECT_THAT(inside.summary(),
              HasSubstr("Frozen by night until Mon 2026-11-23 09:00 UTC: nobody"));
  EXPECT_THAT(inside.findings(0).instead(),
              HasSubstr("Starts after night are spread over 30m, each service at a moment of its "
                        "own."));
  const v1::CheckOutcome after = JudgeFreeze(rule, v1::CHANGE_KIND_CODE, nine);
  EXPECT_EQ(after.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(after.summary(), HasSubstr("which ended Mon 2026-11-23 09:00 UTC, until its own "
                                         "moment to start"));
  EXPECT_EQ(FromProto(after.retry_at()), start);
  EXPECT_EQ(JudgeFreeze(rule, v1::CHANGE_KIND_CODE, start - absl::Nanoseconds(1)).decision(),
            v1::DECISION_HOLD);
  EXPECT_EQ(JudgeFreeze(rule, v1::CHANGE_KIND_CODE, start).decision(), v1::DECISION_ALLOW);
}

TEST(FreezeJitter, AnAllowWindowOpensLaterAndCloses) {
  const v1::PolicyRule rule = RuleWith({R"(
      id: "day" mode: MODE_ALLOW time_zone: "UTC" jitter { seconds: 14400 }
      start: "2026-11-23T09:00:00" end: "2026-11-23T10:00:00")"});
  const v1::CheckOutcome before =
      JudgeFreeze(rule, v1::CHANGE_KIND_CODE, At("2026-11-23 08:00 UTC"));
  const absl::Time start = FromProto(before.retry_at());
  EXPECT_GE(start, At("2026-11-23 09:00 UTC"));
  EXPECT_LE(start, At("2026-11-23 09:30 UTC")) << "half of it is left, however long the jitter";
  EXPECT_EQ(JudgeFreeze(rule, v1::CHANGE_KIND_CODE, start).decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(JudgeFreeze(rule, v1::CHANGE_KIND_CODE, At("2026-11-23 10:00 UTC")).outcome(),
            v1::OUTCOME_FAIL);
}

// Pearson's statistic over thirty cells of a minute, with 29 degrees of freedom: 58.3 is passed by
// one in a thousand.
TEST(FreezeJitter, ServicesAreEvenlySpread) {
  const v1::FreezeWindow window = gate::testing::Window(kSpread);
  constexpr int kServices = 6000, kCells = 30;
  for (const char* environment : {"production", "staging"}) {
    std::vector<int> cells(kCells);
    for (int i = 0; i < kServices; ++i) {
      const absl::Duration spread =
          freeze::SpreadOf(window, "service-" + std::to_string(i), environment);
      ASSERT_EQ(spread, freeze::SpreadOf(window, "service-" + std::to_string(i), environment));
      ++cells[static_cast<size_t>(spread / absl::Minutes(1))];
    }
    double statistic = 0;
    for (const int cell : cells) {
      const double expected = double{kServices} / kCells;
      statistic += (cell - expected) * (cell - expected) / expected;
    }
    EXPECT_LT(statistic, 58.3) << environment;
  }
  v1::FreezeWindow other = window;
  other.set_id("weekend");
  EXPECT_NE(freeze::SpreadOf(window, "web", "production"),
            freeze::SpreadOf(other, "web", "production"));
  other.clear_jitter();
  EXPECT_EQ(freeze::SpreadOf(other, "web", "production"), absl::ZeroDuration());
}

// Whoever overrides one has to know of the others.
TEST(FreezeJudge, EveryWindowThatDeniesIsNamed) {
  const v1::CheckOutcome outcome =
      JudgeFreeze(RuleWith({kFridayEvenings, kLunch, kHolidayWeekends}), v1::CHANGE_KIND_CODE,
                  At("2025-05-24 12:30 Europe/Berlin"));
  std::vector<std::string> subjects;
  for (const v1::Finding& finding : outcome.findings()) subjects.push_back(finding.subject());
  EXPECT_THAT(subjects,
              ::testing::UnorderedElementsAre("friday-evenings", "lunch", "us-holiday-weekends"));
}

TEST(FreezeJudge, AllowWindowsOfTwoZonesAreAUnion) {
  std::string west = kOfficeHours;
  west.replace(west.find("office-hours"), 12, "pacific-hours");
  west.replace(west.find("Europe/Berlin"), 13, "America/Los_Angeles");
  ExpectMoments(
      RuleWith({kOfficeHours, west}),
      {{"2024-07-01 10:00 Europe/Berlin", v1::OUTCOME_PASS, ""},
       {"2024-07-01 17:00 Europe/Berlin", v1::OUTCOME_FAIL, "2024-07-01 18:00 Europe/Berlin"},
       {"2024-07-01 10:00 America/Los_Angeles", v1::OUTCOME_PASS, ""}});
}

TEST(FreezeJudge, ExemptKinds) {
  const v1::PolicyRule rule =
      RuleWith({std::string(kFridayEvenings) + " exempt_kinds: CHANGE_KIND_FLAG_FLIP"});
  const absl::Time friday = At("2023-09-08 21:00 America/New_York");
  EXPECT_EQ(JudgeFreeze(rule, v1::CHANGE_KIND_FLAG_FLIP, friday).outcome(), v1::OUTCOME_PASS);
  EXPECT_EQ(JudgeFreeze(rule, v1::CHANGE_KIND_CODE, friday).outcome(), v1::OUTCOME_FAIL);
}

TEST(FreezeJudge, SaysWhatComesNext) {
  EXPECT_EQ(JudgeFreeze(RuleWith({kHolidayWeekends}), v1::CHANGE_KIND_CODE,
                        At("2026-11-20 10:00 America/New_York"))
                .summary(),
            "Open; next freeze: us-holiday-weekends from Thu 2026-12-24 12:00 EST (17:00 UTC).");
  EXPECT_EQ(JudgeFreeze(RuleWith({kOfficeHours}), v1::CHANGE_KIND_CODE,
                        At("2024-07-01 10:00 Europe/Berlin"))
                .summary(),
            "Open until Mon 2024-07-01 17:00 CEST (15:00 UTC), when office-hours ends.");
  EXPECT_EQ(JudgeFreeze(RuleWith({R"(id: "once" time_zone: "UTC" start: "2020-01-01T00:00"
                                     end: "2020-01-02T00:00")"}),
                        v1::CHANGE_KIND_CODE, At("2024-07-01 10:00 UTC"))
                .summary(),
            "Open; no freeze within 400 days.");
}

// What is allowed before a freeze must not be used inside it.
TEST(FreezeJudge, AnAllowEndsWhereTheNextFreezeBegins) {
  const auto until = [](const char* window, const char* now) {
    return FromProto(JudgeFreeze(RuleWith({window}), v1::CHANGE_KIND_CODE, At(now)).valid_until());
  };
  EXPECT_EQ(until(kHolidayWeekends, "2026-11-20 10:00 America/New_York"),
            At("2026-12-24 12:00 America/New_York"));
  EXPECT_EQ(until(kOfficeHours, "2024-07-01 10:00 Europe/Berlin"),
            At("2024-07-01 17:00 Europe/Berlin"));
}

TEST(FreezeJudge, HoldsUnlessTheWindowBlocks) {
  const v1::CheckOutcome outcome =
      JudgeFreeze(RuleWith({kLunch}), v1::CHANGE_KIND_CODE, At("2024-07-01 12:30 Europe/Berlin"));
  EXPECT_EQ(outcome.decision(), v1::DECISION_HOLD);
  EXPECT_TRUE(outcome.findings(0).holds());
}

TEST(FreezeJudge, NoMomentWithin400Days) {
  const v1::CheckOutcome outcome =
      JudgeFreeze(RuleWith({R"(id: "always" time_zone: "UTC" start: "2020-01-01T00:00"
                               duration { seconds: 86400 } recurrence: "FREQ=DAILY")"}),
                  v1::CHANGE_KIND_CODE, At("2024-07-01 12:30 UTC"));
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_FAIL);
  EXPECT_FALSE(outcome.has_retry_at());
  EXPECT_EQ(outcome.findings(0).instead(), "No moment to start within 400 days.");
}

class UnreadableCalendar : public ::testing::Test {
 protected:
  static v1::CheckOutcome Judge(const v1::PolicyRule& rule, const Evidence& evidence,
                                absl::Time now) {
    v1::Change change;
    change.set_kind(v1::CHANGE_KIND_CODE);
    return kFreezeCheck.judge(change, evidence, rule, now);
  }
  const absl::Time tuesday_ = At("2023-09-12 12:00 America/New_York");
  const absl::Time friday_ = At("2023-09-08 21:00 America/New_York");
};

TEST_F(UnreadableCalendar, IsInconclusiveWithTheReason) {
  Evidence evidence;
  evidence.Add(
      Absent("freeze.calendar.us", "policy", v1::ABSENCE_REASON_MALFORMED, "no VCALENDAR"));
  const v1::CheckOutcome outcome = Judge(RuleWith({kHolidayWeekends}), evidence, tuesday_);
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_EQ(outcome.findings(0).rule(), "freeze.calendar_unreadable");
  EXPECT_THAT(outcome.summary(), HasSubstr("no VCALENDAR"));
  EXPECT_EQ(Judge(RuleWith({kHolidayWeekends}), Evidence(), tuesday_).outcome(),
            v1::OUTCOME_INCONCLUSIVE);
}

TEST_F(UnreadableCalendar, DoesNotLiftAnotherWindow) {
  const v1::CheckOutcome outcome =
      Judge(RuleWith({kHolidayWeekends, kFridayEvenings}), Evidence(), friday_);
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_FAIL);
  ASSERT_EQ(outcome.findings_size(), 2);
  EXPECT_THAT(outcome.findings(0).instead(), HasSubstr("if the calendar that cannot be read"));
}

TEST_F(UnreadableCalendar, OneThatHasRunOutIsUnreadable) {
  v1::Observation observation = gate::testing::UsHolidays(tuesday_);
  v1::Calendar& calendar = *observation.mutable_calendar();
  while (calendar.holidays_size() > 0 && calendar.holidays().rbegin()->day() > "2023-09-11") {
    calendar.mutable_holidays()->RemoveLast();
  }
  Evidence evidence;
  evidence.Add(observation);
  const v1::CheckOutcome outcome = Judge(RuleWith({kHolidayWeekends}), evidence, tuesday_);
  EXPECT_EQ(outcome.outcome(), v1::OUTCOME_INCONCLUSIVE);
  EXPECT_THAT(outcome.summary(), HasSubstr("has run out"));
}

TEST(FreezeNeeds, OneQueryForEachCalendar) {
  v1::Change change;
  change.set_kind(v1::CHANGE_KIND_CODE);
  const auto queries =
      kFreezeCheck.needs(change, RuleWith({kHolidayWeekends, kHolidayWeekends, kLunch}));
  ASSERT_EQ(queries.size(), 1u);
  EXPECT_EQ(queries[0].id(), "freeze.calendar.us");
  EXPECT_EQ(queries[0].calendar().calendar(), "us");
}

TEST(FreezeRules, AreSortedAndSayWhatToDo) {
  std::string_view last;
  for (const RuleDoc& rule : kFreezeCheck.rules()) {
    EXPECT_LT(last, rule.id);
    EXPECT_FALSE(rule.why.empty() || rule.instead.empty());
    last = rule.id;
  }
}

}  // namespace
}  // namespace gate
