// Calendar files: what is read, what is refused, and what hostile ones cost.
#include "checks/freeze/calendar.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/freeze/list.h"
#include "checks/proto_time.h"
#include "gate/evidence/calendar.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/freeze/windows.h"

namespace gate::freeze {
namespace {

using ::gate::testing::At;
using ::testing::HasSubstr;

std::string CalendarOf(const std::string& events) {
  return absl::StrCat("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n", events,
                      "END:VCALENDAR\r\n");
}

std::string Event(const std::string& lines) {
  return absl::StrCat("BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Day\r\n", lines,
                      "\r\nEND:VEVENT\r\n");
}

std::string Days(const std::string& text) {
  const absl::StatusOr<HolidayCalendar> calendar = HolidayCalendar::Parse(text);
  if (!calendar.ok()) return std::string(calendar.status().message());
  const v1::Calendar observed =
      calendar->Observe("c", absl::CivilDay(2026, 1, 1), absl::CivilDay(2027, 12, 31));
  return absl::StrJoin(observed.holidays(), " ", [](std::string* out, const v1::Holiday& holiday) {
    absl::StrAppend(out, holiday.day());
  });
}

TEST(FreezeCalendar, ReadsWholeDays) {
  EXPECT_EQ(Days(CalendarOf(Event("DTSTART;VALUE=DATE:20261225"))), "2026-12-25");
  EXPECT_EQ(Days(CalendarOf(Event("DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270102"))),
            "2026-12-31 2027-01-01");
  EXPECT_EQ(Days(CalendarOf(Event("DTSTART;VALUE=DATE:20261231\r\nDURATION:P2D"))),
            "2026-12-31 2027-01-01");
  EXPECT_EQ(Days(CalendarOf(Event("DTSTART;VALUE=DATE:20250501\r\nRRULE:FREQ=YEARLY\r\n"
                                  "EXDATE;VALUE=DATE:20260501\r\nRDATE;VALUE=DATE:20260504"))),
            "2026-05-04 2027-05-01");
  EXPECT_EQ(Days(CalendarOf(Event("DTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED") +
                            Event("DTSTART;VALUE=DATE:20261226"))),
            "2026-12-26");
  EXPECT_EQ(Days(CalendarOf(Event("DTSTART;VALUE=DA\r\n TE:20261225"))), "2026-12-25");
}

TEST(FreezeCalendar, RefusesWhatItWouldReadInPart) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "no BEGIN:VCALENDAR"},
      {"hello", "no BEGIN:VCALENDAR"},
      {"BEGIN:VCALENDAR\r\n", "ends before its END"},
      {"END:VCALENDAR\r\n", "without its BEGIN"},
      {CalendarOf(""), "has no event"},
      {std::string("BEGIN:VCALENDAR\0", 16), "NUL"},
      {CalendarOf(Event("X-NOTHING:1")), "no DTSTART"},
      {CalendarOf(Event("DTSTART:20261225T090000")), "has to be a day"},
      {CalendarOf(Event("DTSTART;VALUE=DATE:20261325")), "has to be a day"},
      {CalendarOf(Event("DTSTART;VALUE=DATE:99990101")), "has to be a day"},
      {CalendarOf(Event("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20281225")), "60 days"},
      {CalendarOf(Event("DTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=SECONDLY")), "DAILY"},
      {CalendarOf(Event("DTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=DAILY;COUNT=2000000000")),
       "COUNT"},
      {CalendarOf(Event("DTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY;BYMONTH=7")),
       "own RRULE"},
      {CalendarOf(Event("DTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=NEVER")), "no iCalendar"},
      {CalendarOf(Event("DTSTART;VALUE=DATE:20261225\r\nRECURRENCE-ID;VALUE=DATE:20261226")),
       "RECURRENCE-ID"},
  };
  for (const auto& [text, why] : cases) EXPECT_THAT(Days(text), HasSubstr(why)) << text;
}

// A hostile file is refused in the time that it takes to look through it.
TEST(FreezeCalendar, HostileFiles) {
  std::string deep;
  for (int i = 0; i < 60'000; ++i) deep += "BEGIN:VEVENT\n";
  EXPECT_THAT(Days(deep), HasSubstr("too deep"));
  std::string many;
  while (many.size() < 900'000) many += Event("DTSTART;VALUE=DATE:20261225");
  EXPECT_THAT(Days(CalendarOf(many)), HasSubstr("more than 2000 events"));
  while (many.size() < 2'000'000) many += many;
  EXPECT_THAT(Days(CalendarOf(many)), HasSubstr("larger than 1 MiB"));
}

// libical keeps its last error by thread; reading on many threads at once gives what one gives.
TEST(FreezeCalendar, ReadsOnManyThreads) {
  const std::string good = gate::testing::UsHolidaysText();
  const std::string want = Days(good);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string bad = CalendarOf(Event("DTSTART;VALUE=DATE:2026\r\nRRULE:FREQ=X"));
      for (int i = 0; i < 25; ++i) {
        if (Days(good) != want || Days(bad) == want) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ::testing::Each(0));
}

v1::Policy HolidayPolicy() {
  v1::Policy policy;
  (*policy.mutable_calendars())["us"] = "us.ics";
  v1::PolicyRule& rule = *policy.add_rules();
  rule = gate::testing::RuleWith({R"(id: "weekends" time_zone: "America/New_York"
      holidays { calendar: "us" min_days: 3 starts_at: "12:00" ends_at: "10:00" })"});
  rule.mutable_match()->add_services("we*");
  return policy;
}

TEST(FreezeList, OccurrencesOfTheRulesThatConcernAService) {
  const v1::Policy policy = HolidayPolicy();
  const absl::Time start = At("2021-06-25 00:00 UTC");
  const absl::Time end = start + absl::Hours(24 * 90);
  const std::map<std::string, std::string, std::less<>> calendars = {
      {"us", gate::testing::UsHolidaysText()}};
  const auto list = ListOccurrences(policy, calendars, "web", "production", start, end);
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->size(), 2u);
  EXPECT_EQ(FromProto((*list)[0].start_time()), At("2021-07-02 12:00 America/New_York"));
  EXPECT_EQ((*list)[0].holidays(0), "Independence Day (observed)");
  EXPECT_EQ((*list)[1].holidays(0), "Labor Day");
  EXPECT_TRUE(ListOccurrences(policy, calendars, "mail", "", start, end)->empty());
  EXPECT_FALSE(ListOccurrences(policy, {}, "web", "", start, end).ok());
}

TEST(CalendarSource, AnswersFromThePolicyInForce) {
  const auto snapshot_with = [](std::string text) {
    auto snapshot = std::make_shared<PolicySnapshot>();
    snapshot->calendars["us"] = std::move(text);
    snapshot->effective = absl::FromUnixSeconds(1000);
    return snapshot;
  };
  PolicyHolder holder(snapshot_with(gate::testing::UsHolidaysText()));
  CalendarSource source(holder);
  const v1::Change change;
  const FetchContext context = {change, At("2026-11-20 12:00 UTC"), {}};
  v1::Query query;
  query.set_id("freeze.calendar.us");
  query.mutable_calendar()->set_calendar("us");
  ASSERT_TRUE(source.Answers(query));

  const v1::Observation observation = source.Fetch(query, context);
  EXPECT_EQ(observation.id(), "freeze.calendar.us");
  EXPECT_EQ(observation.observed_at().seconds(), 1000);
  EXPECT_TRUE(Holidays::Read(observation.calendar(), absl::CivilDay(2026, 11, 20)).ok());
  EXPECT_TRUE(Holidays::Read(observation.calendar(), absl::CivilDay(2026, 11, 1)).ok());
  EXPECT_TRUE(Holidays::Read(observation.calendar(), absl::CivilDay(2026, 11, 30)).ok());

  holder.Replace(snapshot_with("garbage"));
  EXPECT_EQ(source.Fetch(query, context).absence().reason(), v1::ABSENCE_REASON_MALFORMED);
  query.mutable_calendar()->set_calendar("uk");
  EXPECT_EQ(source.Fetch(query, context).absence().reason(), v1::ABSENCE_REASON_NOT_CONFIGURED);
}

}  // namespace
}  // namespace gate::freeze
