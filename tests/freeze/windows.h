// Short ways to write windows and moments in tests.
#ifndef TESTS_FREEZE_WINDOWS_H_
#define TESTS_FREEZE_WINDOWS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/check.h"
#include "checks/freeze/holidays.h"

namespace gate::testing {

// A message from its text format; fails the test when it cannot be read.
v1::FreezeWindow Window(const std::string& text);
v1::PolicyRule RuleWith(const std::vector<std::string>& windows);

// "2021-07-02 15:00 America/New_York"; with seconds where wanted.
absl::Time At(std::string_view text);

// The shipped calendar of US federal holidays, as its source would observe it at `now`.
v1::Observation UsHolidays(absl::Time now);
freeze::Holidays ReadUsHolidays(absl::Time now);
std::string UsHolidaysText();

// Judges a change of that kind at that moment with the US calendar at hand.
v1::CheckOutcome JudgeFreeze(const v1::PolicyRule& rule, v1::ChangeKind kind, absl::Time now);

// What `command` writes, by lines; fails the test when it does not end well.
std::vector<std::string> LinesOf(const std::string& command);

}  // namespace gate::testing

#endif  // TESTS_FREEZE_WINDOWS_H_
