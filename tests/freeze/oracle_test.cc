// Against an independent oracle: Python's zoneinfo and dateutil (oracle.py).
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "checks/freeze/calendar.h"
#include "checks/freeze/freeze.h"
#include "checks/freeze/occurrences.h"
#include "checks/freeze/recurrence.h"
#include "checks/freeze/validate.h"
#include "checks/freeze/zone_name.h"
#include "gmock/gmock.h"
#include "tests/freeze/windows.h"

namespace gate::freeze {
namespace {

using ::testing::ElementsAreArray;

constexpr absl::Duration kInstant = absl::Nanoseconds(1);

std::vector<std::string> Fields(const std::string& line) { return absl::StrSplit(line, '|'); }

int64_t Number(absl::string_view text) {
  int64_t number = 0;
  EXPECT_TRUE(absl::SimpleAtoi(text, &number)) << text;
  return number;
}

std::string Show(const std::vector<Occurrence>& occurrences) {
  return absl::StrJoin(occurrences, ",", [](std::string* out, const Occurrence& o) {
    absl::StrAppend(out, absl::ToUnixSeconds(o.start), ":", absl::ToUnixSeconds(o.end));
  });
}

v1::FreezeWindow WindowFrom(const std::vector<std::string>& fields) {
  v1::FreezeWindow window;
  window.set_id("w");
  window.set_time_zone(fields[0]);
  window.set_start(fields[1]);
  if (fields[2][0] == '+') {
    window.mutable_duration()->set_seconds(Number(fields[2].substr(1)));
  } else {
    window.set_end(fields[2]);
  }
  return window;
}

bool JudgesInside(const v1::FreezeWindow& window, absl::Time time) {
  v1::PolicyRule rule;
  *rule.mutable_checks()->mutable_freeze()->add_windows() = window;
  v1::Change change;
  change.set_kind(v1::CHANGE_KIND_CODE);
  return kFreezeCheck.judge(change, Evidence(), rule, time).outcome() == v1::OUTCOME_FAIL;
}

TEST(Oracle, EveryZoneAndEveryChangeOfItsClocks) {
  std::set<std::string> zones;
  int64_t windows = 0;
  int64_t instants = 0;
  int64_t judged = 0;
  int mismatches = 0;
  for (const std::string& line :
       gate::testing::LinesOf("/usr/bin/python3 freeze/oracle.py zones")) {
    const std::vector<std::string> fields = Fields(line);
    const v1::FreezeWindow window = WindowFrom(fields);
    const absl::Time start = absl::FromUnixSeconds(Number(fields[3]));
    const absl::Time end = absl::FromUnixSeconds(Number(fields[4]));
    if (zones.insert(fields[0]).second) {
      EXPECT_EQ(ZoneIssue(fields[0]), "");
    }
    ++windows;

    const std::vector<Occurrence> all =
        Occurrences(window, nullptr, std::min(start, end) - absl::Hours(100), end + absl::Hours(9));
    const std::string want = start < end ? absl::StrCat(fields[3], ":", fields[4]) : "";
    if (Show(all) != want && ++mismatches < 10) ADD_FAILURE() << line << "\n" << Show(all);

    for (const absl::string_view instant : absl::StrSplit(fields[5], ',')) {
      const absl::Time time = absl::FromUnixSeconds(Number(instant.substr(0, instant.size() - 1)));
      const bool inside = instant.back() == '+';
      const bool found = !Occurrences(window, nullptr, time, time + kInstant).empty();
      ++instants;
      if (found != inside && ++mismatches < 10) ADD_FAILURE() << line << " at " << instant;
      if (windows % 16 != 0) continue;
      ++judged;
      if (JudgesInside(window, time) != inside && ++mismatches < 10) {
        ADD_FAILURE() << line << " judged at " << instant;
      }
    }
  }
  std::cout << "compared: " << zones.size() << " zones with changes, " << windows << " windows, "
            << instants << " instants, " << judged << " of them judged; mismatches: " << mismatches
            << "\n";
  EXPECT_EQ(mismatches, 0);
  EXPECT_GT(zones.size(), 150u);
  EXPECT_GT(instants, 400'000);
}

TEST(Oracle, RandomRecurrences) {
  const char* const more = std::getenv("GATE_ORACLE_RULES");
  const std::string count = more == nullptr ? "2000" : more;
  int64_t compared = 0;
  int mismatches = 0;
  for (const std::string& line :
       gate::testing::LinesOf("/usr/bin/python3 freeze/oracle.py rules " + count)) {
    const std::vector<std::string> fields = Fields(line);
    v1::FreezeWindow window = WindowFrom(fields);
    window.set_recurrence(fields[3]);
    for (const absl::string_view except : absl::StrSplit(fields[4], ',', absl::SkipEmpty())) {
      window.add_except(std::string(except));
    }
    const auto rule = Recurrence::Parse(window.recurrence(), absl::CivilSecond(), absl::TimeZone());
    ASSERT_TRUE(rule.ok()) << line << "\n" << rule.status();
    const std::vector<Occurrence> found =
        Occurrences(window, nullptr, absl::FromUnixSeconds(Number(fields[5])),
                    absl::FromUnixSeconds(Number(fields[6])));
    compared += static_cast<int64_t>(found.size());
    if (Show(found) != fields[7] && ++mismatches < 10) ADD_FAILURE() << line << "\n" << Show(found);
  }
  std::cout << "compared: " << count << " rules, " << compared
            << " occurrences; mismatches: " << mismatches << "\n";
  EXPECT_EQ(mismatches, 0);
  EXPECT_GT(compared, 10'000);
}

TEST(Oracle, FederalHolidaysOfTheUnitedStates) {
  const auto calendar = HolidayCalendar::Parse(gate::testing::UsHolidaysText());
  ASSERT_TRUE(calendar.ok()) << calendar.status();
  const v1::Calendar observed =
      calendar->Observe("us", absl::CivilDay(2015, 1, 1), absl::CivilDay(2040, 12, 31));
  std::vector<std::string> found;
  for (const v1::Holiday& holiday : observed.holidays()) {
    found.push_back(absl::StrCat(holiday.day(), "|", holiday.name()));
  }
  EXPECT_THAT(found, ElementsAreArray(
                         gate::testing::LinesOf("/usr/bin/python3 freeze/oracle.py holidays")));
}

}  // namespace
}  // namespace gate::freeze
