#include "checks/freeze/validate.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/freeze/local_time.h"
#include "checks/freeze/occurrences.h"
#include "checks/freeze/recurrence.h"
#include "checks/freeze/zone_name.h"
#include "checks/proto_time.h"

namespace gate::freeze {
namespace {

constexpr int kMaxWindows = 200;
constexpr int kMaxExcept = 500;
constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2199;
constexpr absl::Duration kMaxLength = absl::Hours(24 * 400);
constexpr absl::Duration kMaxJitter = absl::Hours(4);
// The years of a rule in which its occurrences must not overlap: a whole cycle of leap days.
constexpr int kYearsLookedAt = 8;

constexpr char kLocalTime[] = "a local time, for example \"2026-11-27T12:00:00\"";

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string Quoted(absl::CivilSecond time) {
  return absl::StrCat("\"", absl::FormatCivilTime(time), "\"");
}

// Collects the issues of one window.
class WindowValidator {
 public:
  WindowValidator(const v1::Policy& policy, const v1::FreezeWindow& window, std::string path,
                  std::vector<ParameterIssue>& issues)
      : policy_(policy), window_(window), path_(std::move(path)), issues_(issues) {}

  void Run() {
    CheckId();
    CheckEffect();
    if (const std::string issue = ZoneIssue(window_.time_zone()); !issue.empty()) {
      Add("time_zone", issue);
    } else {
      zone_ = ZoneOf(window_);
    }
    if (window_.has_holidays()) {
      CheckHolidays();
    } else {
      CheckClock();
    }
  }

 private:
  void Add(std::string_view field, std::string message) {
    issues_.push_back({absl::StrCat(path_, ".", std::string(field)), std::move(message)});
  }

  void CheckId() {
    if (!IsId(window_.id())) Add("id", "has to be 1 to 64 characters of a-z, 0-9 and -");
  }

  void CheckEffect() {
    if (window_.decision() == v1::DECISION_ALLOW) {
      Add("decision",
          "has to be HOLD or BLOCK: a window in which changes may start has mode ALLOW");
    }
    const absl::Duration jitter = FromProto(window_.jitter());
    if (jitter < absl::ZeroDuration() || jitter > kMaxJitter) {
      Add("jitter", absl::StrCat("has to be 0 to 4h, not ", absl::FormatDuration(jitter)));
    }
    for (int i = 0; i < window_.exempt_kinds_size(); ++i) {
      if (window_.exempt_kinds(i) == v1::CHANGE_KIND_UNSPECIFIED) {
        Add(absl::StrCat("exempt_kinds[", i, "]"),
            "has to be a kind of change, for example HOTFIX");
      }
    }
  }

  void CheckHolidays() {
    const v1::HolidayWindow& holidays = window_.holidays();
    for (const char* field : {"start", "end", "duration", "recurrence", "except"}) {
      if (IsGiven(field)) {
        Add(field, "does not go with holidays: the calendar says when the window is");
      }
    }
    if (holidays.calendar().empty()) {
      Add("holidays.calendar", "is required: a key of the policy's calendars");
    } else if (!policy_.calendars().contains(holidays.calendar())) {
      Add("holidays.calendar",
          absl::StrCat("unknown calendar \"", holidays.calendar(), "\"; ", KnownCalendars()));
    }
    if (holidays.min_days() < 0 || holidays.min_days() > 30) {
      Add("holidays.min_days", "has to be 1 to 30");
    }
    CheckTimeOfDay("holidays.starts_at", holidays.starts_at(), "12:00");
    CheckTimeOfDay("holidays.ends_at", holidays.ends_at(), "10:00");
  }

  bool IsGiven(std::string_view field) const {
    if (field == "start") return !window_.start().empty();
    if (field == "end") return !window_.end().empty();
    if (field == "duration") return window_.has_duration();
    if (field == "recurrence") return !window_.recurrence().empty();
    return window_.except_size() > 0;
  }

  std::string KnownCalendars() const {
    std::set<std::string> names;
    for (const auto& [name, path] : policy_.calendars()) names.insert(name);
    if (names.empty()) return "the policy names no calendars";
    std::string list = "the policy has";
    for (const std::string& name : names) absl::StrAppend(&list, " \"", name, "\"");
    return list;
  }

  void CheckTimeOfDay(std::string_view field, const std::string& text, std::string_view example) {
    if (ParseTimeOfDay(text)) return;
    Add(field,
        absl::StrCat("has to be a local time of day, for example \"", std::string(example), "\""));
  }

  void CheckClock() {
    const std::optional<absl::CivilSecond> start = ReadTime("start", window_.start());
    const std::optional<absl::Duration> length = ReadLength(start);
    if (!start) return;
    if (!window_.recurrence().empty()) {
      CheckRecurrence(*start, length);
    } else {
      if (window_.except_size() > 0) {
        Add("except", "needs a recurrence: it leaves out some of its starts");
      }
      CheckOnce(*start);
    }
  }

  std::optional<absl::CivilSecond> ReadTime(std::string_view field, const std::string& text) {
    const std::optional<absl::CivilSecond> time = ParseLocalTime(text);
    if (text.empty()) {
      Add(field, absl::StrCat("is required: ", kLocalTime));
    } else if (!time) {
      Add(field, absl::StrCat("\"", text.substr(0, 64), "\" is not ", kLocalTime,
                              "; the zone is in time_zone"));
    } else if (time->year() < kFirstYear || time->year() > kLastYear) {
      Add(field, absl::StrCat("has to be in the years ", kFirstYear, " to ", kLastYear));
    } else {
      return time;
    }
    return std::nullopt;
  }

  std::optional<absl::Duration> ReadLength(std::optional<absl::CivilSecond> start) {
    const bool has_end = !window_.end().empty();
    if (has_end == window_.has_duration()) {
      Add(has_end ? "duration" : "end",
          has_end ? "either end or duration, not both" : "either end or duration is required");
      return std::nullopt;
    }
    const char* const field = has_end ? "end" : "duration";
    absl::Duration length = FromProto(window_.duration());
    if (has_end) {
      const std::optional<absl::CivilSecond> end = ReadTime("end", window_.end());
      if (!start || !end) return std::nullopt;
      length = absl::Seconds(*end - *start);
    }
    if (length <= absl::ZeroDuration()) {
      Add(field, has_end ? "has to be after start" : "has to be more than nothing");
    } else if (length > kMaxLength) {
      Add(field, "makes a window of more than 400 days");
    } else {
      return length;
    }
    return std::nullopt;
  }

  // A window of one time, all of which the clocks skip, would never be in force.
  void CheckOnce(absl::CivilSecond start) {
    const std::optional<absl::CivilSecond> end = ParseLocalTime(window_.end());
    if (!end || !zone_ || *end <= start || ToTime(start, *zone_) < ToTime(*end, *zone_)) return;
    Add("end", absl::StrCat("leaves nothing: the clocks of ", window_.time_zone(), " skip ",
                            Quoted(start)));
  }

  void CheckRecurrence(absl::CivilSecond start, std::optional<absl::Duration> length) {
    const absl::StatusOr<Recurrence> rule =
        Recurrence::Parse(window_.recurrence(), start, zone_.value_or(absl::UTCTimeZone()));
    if (!rule.ok()) {
      Add("recurrence", std::string(rule.status().message()));
      return;
    }
    std::vector<absl::CivilSecond> starts;
    rule->Expand(start, absl::CivilSecond(start.year() + kYearsLookedAt, 1, 1), starts);
    if (starts.empty() || starts.front() != start) {
      Add("start",
          absl::StrCat("does not keep the recurrence; ",
                       starts.empty()
                           ? std::string("nor does any time in the years after it")
                           : absl::StrCat("the first that does is ", Quoted(starts.front()))));
      return;
    }
    CheckExcept(*rule);
    if (length) CheckOverlap(starts, *length);
  }

  void CheckExcept(const Recurrence& rule) {
    if (window_.except_size() > kMaxExcept) {
      Add("except", absl::StrCat("has more than ", kMaxExcept, " entries"));
      return;
    }
    for (int i = 0; i < window_.except_size(); ++i) {
      const std::string field = absl::StrCat("except[", i, "]");
      const std::optional<absl::CivilSecond> except = ReadTime(field, window_.except(i));
      if (!except) continue;
      std::vector<absl::CivilSecond> starts;
      rule.Expand(*except, *except + 1, starts);
      if (starts.empty()) {
        Add(field,
            absl::StrCat(Quoted(*except), " is no start of this window, so it leaves out nothing"));
      }
    }
  }

  void CheckOverlap(const std::vector<absl::CivilSecond>& starts, absl::Duration length) {
    for (size_t i = 1; i < starts.size(); ++i) {
      if (absl::Seconds(starts[i] - starts[i - 1]) >= length) continue;
      Add(window_.has_duration() ? "duration" : "end",
          absl::StrCat("makes the window that starts ", Quoted(starts[i - 1]),
                       " last beyond its next start, ", Quoted(starts[i])));
      return;
    }
  }

  const v1::Policy& policy_;
  const v1::FreezeWindow& window_;
  const std::string path_;
  std::vector<ParameterIssue>& issues_;
  std::optional<absl::TimeZone> zone_;
};

}  // namespace

std::vector<ParameterIssue> Validate(const v1::Policy& policy, const v1::PolicyRule& rule) {
  const v1::FreezePolicy& freeze = rule.checks().freeze();
  if (freeze.windows().empty()) {
    return {{"checks.freeze.windows", "has to have at least one window"}};
  }
  if (freeze.windows_size() > kMaxWindows) {
    return {{"checks.freeze.windows", absl::StrCat("has more than ", kMaxWindows, " windows")}};
  }
  std::vector<ParameterIssue> issues;
  std::set<std::string> ids;
  for (int i = 0; i < freeze.windows_size(); ++i) {
    const v1::FreezeWindow& window = freeze.windows(i);
    std::string path = absl::StrCat("checks.freeze.windows[", i, "]");
    if (!ids.insert(window.id()).second) {
      issues.push_back(
          {path + ".id", absl::StrCat("\"", window.id(), "\" is the id of an earlier window")});
    }
    WindowValidator(policy, window, std::move(path), issues).Run();
  }
  return issues;
}

}  // namespace gate::freeze
