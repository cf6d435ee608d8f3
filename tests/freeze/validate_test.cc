// What a policy may not say about freezes: each mistake with its field and a sentence that helps.
#include "checks/freeze/validate.h"

#include "checks/freeze/zone_name.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/freeze/windows.h"

namespace gate::freeze {
namespace {

using ::testing::HasSubstr;

std::vector<ParameterIssue> Issues(const std::vector<std::string>& windows) {
  v1::Policy policy;
  (*policy.mutable_calendars())["us"] = "us.ics";
  return Validate(policy, gate::testing::RuleWith(windows));
}

struct Mistake {
  const char* window;
  const char* field;
  const char* message;
};

class FreezeValidate : public ::testing::TestWithParam<Mistake> {};

TEST_P(FreezeValidate, NamesTheFieldAndTheWayOut) {
  // Zone and id are right unless the case is about them.
  std::string text = GetParam().window;
  if (text.find("time_zone") == std::string::npos) text += R"( time_zone: "America/New_York")";
  if (text.find(" id:") == std::string::npos) text += R"( id: "w")";
  const std::vector<ParameterIssue> issues = Issues({text});
  ASSERT_EQ(issues.size(), 1u) << text << (issues.empty() ? "" : "\n" + issues.back().message);
  EXPECT_EQ(issues[0].field, std::string("checks.freeze.windows[0].") + GetParam().field);
  EXPECT_THAT(issues[0].message, HasSubstr(GetParam().message));
}

#define ONCE R"( start: "2026-11-27T12:00:00" end: "2026-11-30T10:00:00" )"
#define FRIDAYS R"( start: "2026-11-27T12:00:00" end: "2026-11-27T18:00:00" )"
INSTANTIATE_TEST_SUITE_P(
    Mistakes, FreezeValidate,
    ::testing::Values(
        Mistake{ONCE R"( id: "Black Friday")", "id", "a-z, 0-9 and -"},
        Mistake{ONCE R"( time_zone: "")", "time_zone", "is required"},
        Mistake{ONCE R"( time_zone: "New York")", "time_zone",
                "did you mean \"America/New_York\"?"},
        Mistake{ONCE R"( time_zone: "America/NewYork")", "time_zone", "\"America/New_York\"?"},
        Mistake{ONCE R"( time_zone: "europe/berlin")", "time_zone", "\"Europe/Berlin\"?"},
        Mistake{ONCE R"( time_zone: "EST")", "time_zone", "without summer time"},
        Mistake{ONCE R"( time_zone: "PST")", "time_zone", "\"America/Los_Angeles\"?"},
        Mistake{ONCE R"( time_zone: "/etc/passwd")", "time_zone", "expected an IANA name"},
        Mistake{ONCE R"( time_zone: "localtime")", "time_zone", "unknown time zone"},
        Mistake{ONCE R"( decision: DECISION_ALLOW)", "decision", "mode ALLOW"},
        Mistake{ONCE R"( exempt_kinds: CHANGE_KIND_UNSPECIFIED)", "exempt_kinds[0]", "HOTFIX"},
        Mistake{ONCE R"( except: "2026-11-27T12:00")", "except", "needs a recurrence"},
        Mistake{R"( start: "27.11.2026" duration { seconds: 60 })", "start", "is not a local time"},
        Mistake{R"( start: "2026-02-29T12:00" duration { seconds: 60 })", "start",
                "is not a local"},
        Mistake{R"( start: "2026-11-27T12:00Z" duration { seconds: 60 })", "start", "time_zone"},
        Mistake{R"( start: "1801-11-27T12:00" duration { seconds: 60 })", "start", "1970"},
        Mistake{R"( end: "2026-11-30T10:00" )", "start", "is required"},
        Mistake{ONCE R"( duration { seconds: 60 })", "duration", "not both"},
        Mistake{R"( start: "2026-11-27T12:00" )", "end", "either end or duration"},
        Mistake{R"( start: "2026-11-27T12:00" end: "2026-11-27T12:00")", "end", "after start"},
        Mistake{R"( start: "2026-11-27T12:00" duration { seconds: 0 })", "duration", "nothing"},
        Mistake{R"( start: "2026-11-27T12:00" duration { seconds: -5 })", "duration", "nothing"},
        Mistake{R"( start: "2026-11-27T12:00" end: "2030-11-27T12:00")", "end", "400 days"},
        Mistake{R"( start: "2026-03-08T02:10" end: "2026-03-08T03:00")", "end", "skip"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=WEEKY")", "recurrence", "cannot read \"FREQ=WEEKY\""},
        Mistake{FRIDAYS R"( recurrence: "FREQ=WEEKLY;BYDAY=FRI")", "recurrence", "\"BYDAY=FRI\""},
        Mistake{FRIDAYS R"( recurrence: "BYDAY=FR")", "recurrence", "no FREQ"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=SECONDLY")", "recurrence", "DAILY, WEEKLY"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=WEEKLY;BYHOUR=3")", "recurrence", "that of start"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=WEEKLY;BYDAY=1FR")", "recurrence", "FREQ=MONTHLY"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=WEEKLY;COUNT=5000")", "recurrence", "say UNTIL"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=WEEKLY;COUNT=99999999999")", "recurrence",
                "four digits"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=WEEKLY;UNTIL=20271399T000000")", "recurrence",
                "UNTIL is no"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=WEEKLY;UNTIL=20271231")", "recurrence",
                "time of day"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=WEEKLY;COUNT=3;UNTIL=20271231T000000")", "recurrence",
                "both COUNT and UNTIL"},
        Mistake{FRIDAYS R"( recurrence: "RSCALE=HEBREW;FREQ=YEARLY")", "recurrence", "RSCALE"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=YEARLY;BYMONTH=13")", "recurrence", "1 to 12"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=YEARLY;BYWEEKNO=52")", "recurrence", "needs BYDAY"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=WEEKLY;BYDAY=TH")", "start",
                "\"2026-12-03T12:00:00\""},
        Mistake{FRIDAYS R"( recurrence: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")", "start",
                "nor does"},
        Mistake{FRIDAYS R"( recurrence: "FREQ=WEEKLY" except: "2026-12-03T12:00")", "except[0]",
                "leaves out nothing"},
        Mistake{
            R"( start: "2026-11-27T12:00" duration { seconds: 90000 } recurrence: "FREQ=DAILY")",
            "duration", "beyond its next start, \"2026-11-28T12:00:00\""},
        Mistake{R"( holidays { calendar: "uk" starts_at: "12:00" ends_at: "10:00" })",
                "holidays.calendar", "unknown calendar \"uk\"; the policy has \"us\""},
        Mistake{R"( holidays { starts_at: "12:00" ends_at: "10:00" })", "holidays.calendar",
                "required"},
        Mistake{R"( holidays { calendar: "us" starts_at: "noon" ends_at: "10:00" })",
                "holidays.starts_at", "\"12:00\""},
        Mistake{R"( holidays { calendar: "us" starts_at: "12:00" ends_at: "24:00" })",
                "holidays.ends_at", "\"10:00\""},
        Mistake{R"( holidays { calendar: "us" starts_at: "12:00" ends_at: "10:00" min_days: 31 })",
                "holidays.min_days", "1 to 30"},
        Mistake{R"( holidays { calendar: "us" starts_at: "12:00" ends_at: "10:00" }
                    recurrence: "FREQ=DAILY")",
                "recurrence", "does not go with holidays"}));

TEST(FreezeValidateAll, TakesWhatIsRight) {
  for (const char* right : {
           R"(id: "a" time_zone: "Asia/Kolkata" start: "2024-02-29T00:00" end: "2024-03-01T00:00"
              recurrence: "FREQ=YEARLY" except: "2028-02-29T00:00")",
           R"(id: "a" time_zone: "UTC" start: "2026-11-27T12:00" duration { seconds: 86400 }
              recurrence: "FREQ=DAILY;UNTIL=20271231T000000Z")",
           R"(id: "a" time_zone: "Europe/Berlin"
              holidays { calendar: "us" min_days: 3 starts_at: "12:00" ends_at: "10:00" })"}) {
    for (const ParameterIssue& issue : Issues({right})) {
      ADD_FAILURE() << right << "\n" << issue.field << ": " << issue.message;
    }
  }
}

TEST(FreezeValidateAll, WindowsAndTheirIds) {
  const std::vector<ParameterIssue> none = Issues({});
  ASSERT_EQ(none.size(), 1u);
  EXPECT_EQ(none[0].field, "checks.freeze.windows");
  const std::string window = ONCE R"( id: "w" time_zone: "UTC")";
  const std::vector<ParameterIssue> twice = Issues({window, window});
  ASSERT_EQ(twice.size(), 1u);
  EXPECT_EQ(twice[0].field, "checks.freeze.windows[1].id");
}

}  // namespace
}  // namespace gate::freeze
