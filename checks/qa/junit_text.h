// The words, numbers, times and texts in reports.
#ifndef CHECKS_QA_JUNIT_TEXT_H_
#define CHECKS_QA_JUNIT_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace gate::qa {

// UTF-8 on one line, at most `max_bytes`: terminal colours are gone, control characters are blanks,
// what is no UTF-8 is U+FFFD, and there are no blanks around it. `cut` tells whether it was longer.
std::string CleanText(std::string_view text, size_t max_bytes, bool* cut = nullptr);

// The first line that is not blank, cleaned.
std::string FirstLine(std::string_view text, size_t max_bytes);

// What the attribute `status` or `result` of a case says.
enum class StatusWord { kRun, kNotRun, kFailed, kUnknown };
StatusWord ReadStatus(std::string_view word);

// Of a count such as tests="12"; nothing where it is no such number.
std::optional<int> ReadCount(std::string_view text);

// Seconds as "1.5", "1,5" or "1,234.5"; zero where it is no such number, or more than a week.
absl::Duration ReadSeconds(std::string_view text);

// A timestamp: ISO 8601 with "T" or a blank. Without a zone it is read as if it were UTC.
struct Timestamp {
  absl::Time time;
  bool has_zone = false;
};
std::optional<Timestamp> ReadTimestamp(std::string_view text);

// The id in "assigns a task [C123]": "C123"; empty where there is none.
std::string TestRailId(std::string_view name);

}  // namespace gate::qa

#endif  // CHECKS_QA_JUNIT_TEXT_H_
