#include "checks/freeze/calendar.h"

#include <libical/ical.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace gate::freeze {
namespace {

constexpr int kMaxDaysOfEvent = 60;
constexpr int kMaxDates = 2000;
constexpr size_t kMaxName = 200;
constexpr int kFirstYear = 1900;
constexpr int kLastYear = 2200;

struct FreeComponent {
  void operator()(icalcomponent* component) const { icalcomponent_free(component); }
};
using Component = std::unique_ptr<icalcomponent, FreeComponent>;

// Long lines are folded: a line break and a blank inside one have no meaning.
std::string Unfold(std::string_view text) {
  return absl::StrReplaceAll(absl::string_view(text.data(), text.size()),
                             {{"\r\n ", ""}, {"\r\n\t", ""}, {"\n ", ""}, {"\n\t", ""}});
}

// libical builds and frees nested components by recursion, and takes any number of them; what it is
// handed is therefore held to the shape that a calendar has.
absl::Status CheckShape(const std::string& unfolded) {
  constexpr int kMaxDepth = 4;
  int depth = 0;
  int components = 0;
  for (const absl::string_view line : absl::StrSplit(unfolded, '\n')) {
    const std::string head = absl::AsciiStrToUpper(line.substr(0, 6));
    if (head.rfind("BEGIN:", 0) == 0) {
      ++components;
      ++depth;
    } else if (head.rfind("END:", 0) == 0) {
      --depth;
    }
    if (depth < 0) return absl::InvalidArgumentError("has an END without its BEGIN");
    if (depth > kMaxDepth) return absl::InvalidArgumentError("is nested too deep");
    if (components > 2 * HolidayCalendar::kMaxEvents) {
      return absl::InvalidArgumentError(
          absl::StrCat("has more than ", HolidayCalendar::kMaxEvents, " events"));
    }
  }
  if (components == 0) return absl::InvalidArgumentError("has no BEGIN:VCALENDAR");
  if (depth != 0) return absl::InvalidArgumentError("ends before its END:VCALENDAR");
  return absl::OkStatus();
}

absl::CivilDay ToDay(const icaltimetype& time) {
  return absl::CivilDay(time.year, time.month, time.day);
}

bool IsDay(const icaltimetype& time) {
  if (icaltime_is_null_time(time) || !time.is_date) return false;
  if (time.year < kFirstYear || time.year > kLastYear) return false;
  const absl::CivilDay day = ToDay(time);
  return day.month() == time.month && day.day() == time.day;
}

}  // namespace

// Reads one VEVENT.
class HolidayCalendar::Reader {
 public:
  explicit Reader(icalcomponent* event) : event_(event) {}

  absl::StatusOr<Event> Read() {
    ReadName();
    absl::Status status = ReadStart();
    if (status.ok()) status = ReadLength();
    if (status.ok()) status = ReadRules();
    if (status.ok()) status = ReadDates();
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "has an event \"", read_.name, "\" that cannot be taken: ", status.message()));
    }
    return std::move(read_);
  }

  bool IsCancelled() const { return icalcomponent_get_status(event_) == ICAL_STATUS_CANCELLED; }

 private:
  icalproperty* First(icalproperty_kind kind) const {
    return icalcomponent_get_first_property(event_, kind);
  }
  icalproperty* Next(icalproperty_kind kind) const {
    return icalcomponent_get_next_property(event_, kind);
  }

  void ReadName() {
    const char* summary = icalcomponent_get_summary(event_);
    read_.name = std::string(absl::StripAsciiWhitespace(summary == nullptr ? "" : summary));
    if (read_.name.size() > kMaxName) read_.name.resize(kMaxName);
    if (read_.name.empty()) read_.name = "holiday";
  }

  absl::Status ReadStart() {
    if (First(ICAL_RECURRENCEID_PROPERTY) != nullptr) {
      return absl::InvalidArgumentError(
          "RECURRENCE-ID moves one occurrence of another event; leave that one out there with "
          "EXDATE and make this an event of its own");
    }
    icalproperty* property = First(ICAL_DTSTART_PROPERTY);
    if (property == nullptr) return absl::InvalidArgumentError("it has no DTSTART");
    const icaltimetype time = icalproperty_get_dtstart(property);
    if (!IsDay(time)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "DTSTART has to be a day, for example DTSTART;VALUE=DATE:20261225, in the years ",
          kFirstYear, " to ", kLastYear));
    }
    start_ = ToDay(time);
    return absl::OkStatus();
  }

  absl::Status ReadLength() {
    int64_t days = 1;
    if (icalproperty* property = First(ICAL_DTEND_PROPERTY); property != nullptr) {
      const icaltimetype end = icalproperty_get_dtend(property);
      if (!IsDay(end)) return absl::InvalidArgumentError("DTEND has to be a day");
      days = std::max<int64_t>(ToDay(end) - start_, ToDay(end) == start_ ? 1 : 0);
    } else if (property = First(ICAL_DURATION_PROPERTY); property != nullptr) {
      const icaldurationtype duration = icalproperty_get_duration(property);
      if (duration.is_neg || duration.hours != 0 || duration.minutes != 0 ||
          duration.seconds != 0 || duration.weeks > kMaxDaysOfEvent) {
        return absl::InvalidArgumentError("DURATION has to be in days");
      }
      days = static_cast<int64_t>(duration.days) + 7 * static_cast<int64_t>(duration.weeks);
    }
    if (days < 1 || days > kMaxDaysOfEvent) {
      return absl::InvalidArgumentError(
          absl::StrCat("it has to last 1 to ", kMaxDaysOfEvent, " days"));
    }
    read_.days = static_cast<int>(days);
    return absl::OkStatus();
  }

  absl::Status ReadRules() {
    if (First(ICAL_EXRULE_PROPERTY) != nullptr) {
      return absl::InvalidArgumentError("EXRULE is not taken: say EXDATE");
    }
    for (icalproperty* property = First(ICAL_RRULE_PROPERTY); property != nullptr;
         property = Next(ICAL_RRULE_PROPERTY)) {
      absl::StatusOr<Recurrence> rule =
          Recurrence::OfDays(icalproperty_get_rrule(property), start_);
      if (!rule.ok()) {
        return absl::InvalidArgumentError(absl::StrCat("its RRULE: ", rule.status().message()));
      }
      std::vector<absl::CivilSecond> first;
      rule->Expand(absl::CivilSecond(start_), absl::CivilSecond(start_ + 1), first);
      if (first.empty()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "its DTSTART, ", absl::FormatCivilTime(start_), ", does not keep its own RRULE"));
      }
      read_.rules.push_back(*std::move(rule));
    }
    return absl::OkStatus();
  }

  absl::Status ReadDates() {
    if (read_.rules.empty()) read_.dates.push_back(start_);
    for (icalproperty* property = First(ICAL_RDATE_PROPERTY); property != nullptr;
         property = Next(ICAL_RDATE_PROPERTY)) {
      const icaltimetype day = icalproperty_get_rdate(property).time;
      if (!IsDay(day)) return absl::InvalidArgumentError("RDATE has to be a day");
      read_.dates.push_back(ToDay(day));
    }
    for (icalproperty* property = First(ICAL_EXDATE_PROPERTY); property != nullptr;
         property = Next(ICAL_EXDATE_PROPERTY)) {
      const icaltimetype day = icalproperty_get_exdate(property);
      if (!IsDay(day)) return absl::InvalidArgumentError("EXDATE has to be a day");
      read_.except.push_back(ToDay(day));
    }
    if (read_.dates.size() + read_.except.size() > kMaxDates) {
      return absl::InvalidArgumentError(absl::StrCat("it has more than ", kMaxDates, " dates"));
    }
    std::sort(read_.except.begin(), read_.except.end());
    return absl::OkStatus();
  }

  icalcomponent* const event_;
  absl::CivilDay start_;
  Event read_;
};

absl::StatusOr<HolidayCalendar> HolidayCalendar::Parse(std::string_view text) {
  if (text.size() > kMaxBytes) return absl::InvalidArgumentError("is larger than 1 MiB");
  if (text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("has a NUL in it: it is no text");
  }
  const std::string unfolded = Unfold(text);
  if (absl::Status status = CheckShape(unfolded); !status.ok()) return status;
  const Component root(icalparser_parse_string(unfolded.c_str()));
  if (root == nullptr || icalcomponent_isa(root.get()) != ICAL_VCALENDAR_COMPONENT) {
    return absl::InvalidArgumentError("is not one VCALENDAR");
  }
  HolidayCalendar calendar;
  for (icalcomponent* event = icalcomponent_get_first_component(root.get(), ICAL_VEVENT_COMPONENT);
       event != nullptr;
       event = icalcomponent_get_next_component(root.get(), ICAL_VEVENT_COMPONENT)) {
    Reader reader(event);
    if (reader.IsCancelled()) continue;
    absl::StatusOr<Event> read = reader.Read();
    if (!read.ok()) return read.status();
    calendar.events_.push_back(*std::move(read));
  }
  if (const int errors = icalcomponent_count_errors(root.get()); errors > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", errors, " lines that are no iCalendar (RFC 5545)"));
  }
  if (calendar.events_.empty()) return absl::InvalidArgumentError("has no event");
  return calendar;
}

v1::Calendar HolidayCalendar::Observe(std::string_view name, absl::CivilDay first,
                                      absl::CivilDay last) const {
  std::set<std::pair<absl::CivilDay, std::string_view>> holidays;
  std::vector<absl::CivilDay> days;
  for (const Event& event : events_) {
    days.clear();
    AppendDays(event, first, last, days);
    for (const absl::CivilDay day : days) holidays.emplace(day, event.name);
  }
  v1::Calendar observed;
  observed.set_name(std::string(name));
  observed.set_first_day(absl::FormatCivilTime(first));
  observed.set_last_day(absl::FormatCivilTime(last));
  for (const auto& [day, holiday] : holidays) {
    v1::Holiday& added = *observed.add_holidays();
    added.set_day(absl::FormatCivilTime(day));
    added.set_name(std::string(holiday));
  }
  return observed;
}

void HolidayCalendar::AppendDays(const Event& event, absl::CivilDay first, absl::CivilDay last,
                                 std::vector<absl::CivilDay>& days) {
  const absl::CivilDay earliest = first - (event.days - 1);
  std::vector<absl::CivilSecond> starts;
  for (const Recurrence& rule : event.rules) {
    rule.Expand(absl::CivilSecond(earliest), absl::CivilSecond(last + 1), starts);
  }
  for (const absl::CivilDay date : event.dates) starts.push_back(absl::CivilSecond(date));
  for (const absl::CivilSecond start : starts) {
    const absl::CivilDay begin(start);
    if (std::binary_search(event.except.begin(), event.except.end(), begin)) continue;
    for (absl::CivilDay day = begin; day < begin + event.days; ++day) {
      if (day >= first && day <= last) days.push_back(day);
    }
  }
}

CalendarSpan SpanAround(absl::Time now) {
  constexpr int kMonthsBefore = 2;
  constexpr int kMonthsAfter = 16;
  const absl::CivilMonth month = absl::ToCivilMonth(now, absl::UTCTimeZone());
  return {absl::CivilDay(month - kMonthsBefore), absl::CivilDay(month + kMonthsAfter) - 1};
}

}  // namespace gate::freeze
