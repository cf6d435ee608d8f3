#include "tests/freeze/windows.h"

#include <cstdio>
#include <fstream>
#include <sstream>

#include "absl/strings/str_split.h"
#include "checks/freeze/calendar.h"
#include "checks/freeze/freeze.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace gate::testing {

v1::FreezeWindow Window(const std::string& text) {
  v1::FreezeWindow window;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &window)) << text;
  return window;
}

v1::PolicyRule RuleWith(const std::vector<std::string>& windows) {
  v1::PolicyRule rule;
  rule.set_name("web");
  for (const std::string& window : windows) {
    *rule.mutable_checks()->mutable_freeze()->add_windows() = Window(window);
  }
  return rule;
}

absl::Time At(std::string_view text) {
  const size_t blank = text.rfind(' ');
  const std::string wall(text.substr(0, blank));
  const std::string name(text.substr(blank + 1));
  absl::TimeZone zone;
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  const bool seconds = wall.size() > 16;
  EXPECT_TRUE(
      absl::ParseTime(seconds ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M", wall, zone, &time, &error))
      << wall << ": " << error;
  return time;
}

std::string UsHolidaysText() {
  std::ifstream file("../deploy/policies/us-federal-holidays.ics", std::ios::binary);
  EXPECT_TRUE(file.is_open());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

v1::Observation UsHolidays(absl::Time now) {
  static const freeze::HolidayCalendar& calendar =
      *new freeze::HolidayCalendar(*freeze::HolidayCalendar::Parse(UsHolidaysText()));
  const freeze::CalendarSpan span = freeze::SpanAround(now);
  v1::Observation observation;
  observation.set_id("freeze.calendar.us");
  observation.set_source("policy");
  *observation.mutable_calendar() = calendar.Observe("us", span.first, span.last);
  return observation;
}

freeze::Holidays ReadUsHolidays(absl::Time now) {
  return *freeze::Holidays::Read(UsHolidays(now).calendar(),
                                 absl::ToCivilDay(now, absl::UTCTimeZone()));
}

v1::CheckOutcome JudgeFreeze(const v1::PolicyRule& rule, v1::ChangeKind kind, absl::Time now) {
  v1::Change change;
  change.set_service("web");
  change.set_environment("production");
  change.set_kind(kind);
  Evidence evidence;
  evidence.Add(UsHolidays(now));
  return kFreezeCheck.judge(change, evidence, rule, now);
}

std::vector<std::string> LinesOf(const std::string& command) {
  FILE* const pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string all;
  char buffer[1 << 16];
  for (size_t size; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) all.append(buffer, size);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return absl::StrSplit(all, '\n', absl::SkipEmpty());
}

}  // namespace gate::testing
