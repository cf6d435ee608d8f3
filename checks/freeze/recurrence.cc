#include "checks/freeze/recurrence.h"

#include <libical/ical.h>

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/freeze/local_time.h"

namespace gate::freeze {
namespace {

constexpr size_t kMaxRule = 1000;

absl::Status Refuse(std::string_view why) {
  return absl::InvalidArgumentError(absl::string_view(why.data(), why.size()));
}

bool Has(uint32_t mask, int bit) { return (mask >> bit & 1) != 0; }

int DaysInMonth(absl::CivilDay day) {
  const absl::CivilMonth month(day);
  return static_cast<int>(absl::CivilDay(month + 1) - absl::CivilDay(month));
}

int DaysInYear(absl::CivilDay day) {
  return static_cast<int>(absl::CivilDay(day.year() + 1, 1, 1) - absl::CivilDay(day.year(), 1, 1));
}

// The day on which the week begins that has `day` in it.
absl::CivilDay WeekBegin(absl::CivilDay day, absl::Weekday week_start) {
  const int ahead = static_cast<int>(absl::GetWeekday(day)) - static_cast<int>(week_start);
  return day - (ahead + 7) % 7;
}

// The n-th from the front or, where n is negative, from the back: does `index` of `size` match?
bool IsAt(int n, int index, int size) { return n > 0 ? index == n : size - index + 1 == -n; }

// Values of one BY part of libical's, which ends each list with a mark.
template <size_t size>
std::vector<int> Values(const short (&part)[size]) {
  std::vector<int> values;
  for (const short value : part) {
    if (value == ICAL_RECURRENCE_ARRAY_MAX) break;
    values.push_back(value);
  }
  return values;
}

bool AnyBeyond(const std::vector<int>& values, int limit) {
  return std::any_of(values.begin(), values.end(),
                     [limit](int v) { return v == 0 || v > limit || v < -limit; });
}

absl::Weekday ToWeekday(icalrecurrencetype_weekday day) {
  // libical counts from Sunday = 1, absl from Monday = 0.
  return static_cast<absl::Weekday>((static_cast<int>(day) + 5) % 7);
}

absl::CivilSecond ToCivil(const icaltimetype& time) {
  return absl::CivilSecond(time.year, time.month, time.day, time.hour, time.minute, time.second);
}

// Whether the fields are what a clock can show; libical takes the thirteenth month as it comes.
bool IsReal(const icaltimetype& time) {
  const absl::CivilSecond civil = ToCivil(time);
  return civil.month() == time.month && civil.day() == time.day && civil.hour() == time.hour &&
         civil.minute() == time.minute && civil.second() == time.second;
}

bool Reads(const std::string& rule) {
  return icalrecurrencetype_from_string(rule.c_str()).freq != ICAL_NO_RECURRENCE;
}

// libical says no more than that a rule is malformed; its parts are tried one by one to say where.
std::string WhatIsUnreadable(const std::string& rule) {
  static constexpr char kExpected[] =
      "; expected a rule of RFC 5545, for example \"FREQ=WEEKLY;BYDAY=FR\"";
  for (const absl::string_view part : absl::StrSplit(rule, ';', absl::SkipEmpty())) {
    const bool is_frequency = absl::StrContains(absl::AsciiStrToUpper(part), "FREQ=");
    const std::string alone = is_frequency ? std::string(part) : absl::StrCat("FREQ=DAILY;", part);
    if (!Reads(alone)) return absl::StrCat("cannot read \"", part, "\"", kExpected);
  }
  if (!absl::StrContains(absl::AsciiStrToUpper(rule), "FREQ=")) {
    return absl::StrCat("\"", rule, "\" has no FREQ", kExpected);
  }
  return absl::StrCat("\"", rule, "\" repeats a part, or has both COUNT and UNTIL", kExpected);
}

// Whether a number in the text is longer than any that a rule needs: libical keeps the low bits of
// those that are too large for it. UNTIL alone has more digits.
bool HasLongNumber(std::string_view rule) {
  for (const absl::string_view part :
       absl::StrSplit(absl::string_view(rule.data(), rule.size()), ';')) {
    if (absl::AsciiStrToUpper(part).rfind("UNTIL=", 0) == 0) continue;
    size_t digits = 0;
    for (const char c : part) {
      digits = absl::ascii_isdigit(static_cast<unsigned char>(c)) ? digits + 1 : 0;
      if (digits > 4) return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<Recurrence> Recurrence::Parse(std::string_view rule, absl::CivilSecond first,
                                             const absl::TimeZone& zone) {
  if (rule.size() > kMaxRule) return Refuse("is longer than 1,000 characters");
  const std::string text(rule);
  // Handed to libical, RSCALE would allocate and load other calendars' tables.
  if (absl::StrContains(absl::AsciiStrToUpper(text), "RSCALE")) {
    return Refuse("RSCALE is not taken: dates are of the Gregorian calendar");
  }
  if (HasLongNumber(rule)) return Refuse("has a number of more than four digits");
  const icalrecurrencetype read = icalrecurrencetype_from_string(text.c_str());
  if (read.freq == ICAL_NO_RECURRENCE) return Refuse(WhatIsUnreadable(text));

  Recurrence recurrence(first);
  if (!icaltime_is_null_time(read.until)) {
    if (!IsReal(read.until)) return Refuse("UNTIL is no date that exists");
    if (read.until.is_date) {
      return Refuse("UNTIL needs a time of day, as start has one: \"UNTIL=20261231T235959\"");
    }
    recurrence.until_ = ToCivil(read.until);
    if (icaltime_is_utc(read.until)) {
      const absl::Time until = absl::FromCivil(*recurrence.until_, absl::UTCTimeZone());
      recurrence.until_ = absl::ToCivilSecond(until, zone);
    }
  }
  if (absl::Status status = recurrence.Read(read); !status.ok()) return status;
  return recurrence;
}

absl::StatusOr<Recurrence> Recurrence::OfDays(const icalrecurrencetype& rule,
                                              absl::CivilDay first) {
  if (rule.rscale != nullptr) return Refuse("RSCALE is not taken");
  Recurrence recurrence{absl::CivilSecond(first)};
  if (!icaltime_is_null_time(rule.until)) {
    if (!IsReal(rule.until)) return Refuse("UNTIL is no date that exists");
    recurrence.until_ = absl::CivilDay(ToCivil(rule.until));
  }
  if (absl::Status status = recurrence.Read(rule); !status.ok()) return status;
  return recurrence;
}

absl::Status Recurrence::Read(const icalrecurrencetype& rule) {
  switch (rule.freq) {
    case ICAL_DAILY_RECURRENCE:
      frequency_ = Frequency::kDaily;
      break;
    case ICAL_WEEKLY_RECURRENCE:
      frequency_ = Frequency::kWeekly;
      break;
    case ICAL_MONTHLY_RECURRENCE:
      frequency_ = Frequency::kMonthly;
      break;
    case ICAL_YEARLY_RECURRENCE:
      frequency_ = Frequency::kYearly;
      break;
    default:
      return Refuse("FREQ has to be DAILY, WEEKLY, MONTHLY or YEARLY");
  }
  week_start_ = ToWeekday(rule.week_start);
  if (absl::Status status = ReadNumbers(rule); !status.ok()) return status;
  if (absl::Status status = ReadWeekdays(rule); !status.ok()) return status;
  if (absl::Status status = CheckCombination(); !status.ok()) return status;
  FillFromFirst();
  return absl::OkStatus();
}

absl::Status Recurrence::ReadNumbers(const icalrecurrencetype& rule) {
  if (!Values(rule.by_hour).empty() || !Values(rule.by_minute).empty() ||
      !Values(rule.by_second).empty()) {
    return Refuse("BYHOUR, BYMINUTE and BYSECOND are not taken: the time of day is that of start");
  }
  interval_ = rule.interval;
  if (interval_ < 1 || interval_ > 9999) return Refuse("INTERVAL has to be 1 to 9999");
  count_ = rule.count;
  if (count_ < 0 || count_ > kMaxCount) {
    return Refuse(absl::StrCat("COUNT is over ", kMaxCount, ": say UNTIL"));
  }
  for (const int month : Values(rule.by_month)) {
    if (month < 1 || month > 12) return Refuse("BYMONTH has to be 1 to 12");
    months_ |= 1u << month;
  }
  for (const int day : Values(rule.by_month_day)) {
    if (day == 0 || day > 31 || day < -31)
      return Refuse("BYMONTHDAY has to be 1 to 31 or -31 to -1");
    (day > 0 ? month_days_ : month_days_from_end_) |= 1u << std::abs(day);
  }
  year_days_ = Values(rule.by_year_day);
  if (AnyBeyond(year_days_, 366)) return Refuse("BYYEARDAY has to be 1 to 366 or -366 to -1");
  week_numbers_ = Values(rule.by_week_no);
  if (AnyBeyond(week_numbers_, 53)) return Refuse("BYWEEKNO has to be 1 to 53 or -53 to -1");
  positions_ = Values(rule.by_set_pos);
  if (AnyBeyond(positions_, 366)) return Refuse("BYSETPOS has to be 1 to 366 or -366 to -1");
  return absl::OkStatus();
}

absl::Status Recurrence::ReadWeekdays(const icalrecurrencetype& rule) {
  for (const int value : Values(rule.by_day)) {
    const absl::Weekday weekday =
        ToWeekday(icalrecurrencetype_day_day_of_week(static_cast<short>(value)));
    const int position = icalrecurrencetype_day_position(static_cast<short>(value));
    if (position == 0) {
      weekdays_ |= 1u << static_cast<int>(weekday);
    } else if (position > 53 || position < -53) {
      return Refuse("a number in BYDAY has to be 1 to 53 or -53 to -1");
    } else {
      ordinals_.push_back({weekday, position});
    }
  }
  return absl::OkStatus();
}

// RFC 5545, 3.3.10: the table of what a part means at each frequency, and the notes under it.
absl::Status Recurrence::CheckCombination() const {
  const bool yearly = frequency_ == Frequency::kYearly;
  const bool month_days = month_days_ != 0 || month_days_from_end_ != 0;
  const bool any_weekday = weekdays_ != 0 || !ordinals_.empty();
  if (!yearly && !week_numbers_.empty()) return Refuse("BYWEEKNO needs FREQ=YEARLY");
  if (!yearly && !year_days_.empty()) return Refuse("BYYEARDAY needs FREQ=YEARLY");
  if (frequency_ == Frequency::kWeekly && month_days) {
    return Refuse("BYMONTHDAY does not go with FREQ=WEEKLY");
  }
  if (!ordinals_.empty() && !yearly && frequency_ != Frequency::kMonthly) {
    return Refuse("a number in BYDAY needs FREQ=MONTHLY or FREQ=YEARLY");
  }
  if (!ordinals_.empty() && !week_numbers_.empty()) {
    return Refuse("a number in BYDAY does not go with BYWEEKNO");
  }
  if (!week_numbers_.empty() && !any_weekday) {
    return Refuse("BYWEEKNO needs BYDAY: \"BYWEEKNO=52;BYDAY=MO\"");
  }
  const bool any_other = months_ != 0 || month_days || any_weekday || !year_days_.empty();
  if (!positions_.empty() && !any_other) return Refuse("BYSETPOS needs another BY part");
  return absl::OkStatus();
}

// What a rule leaves open is that of its first start.
void Recurrence::FillFromFirst() {
  if (weekdays_ != 0 || !ordinals_.empty() || month_days_ != 0 || month_days_from_end_ != 0 ||
      !year_days_.empty() || frequency_ == Frequency::kDaily) {
    return;
  }
  if (frequency_ == Frequency::kWeekly) {
    weekdays_ = 1u << static_cast<int>(absl::GetWeekday(first_));
    return;
  }
  month_days_ = 1u << first_.day();
  if (frequency_ == Frequency::kYearly && months_ == 0) months_ = 1u << first_.month();
}

void Recurrence::Expand(absl::CivilSecond from, absl::CivilSecond to,
                        std::vector<absl::CivilSecond>& starts) const {
  if (until_ && *until_ < to) to = *until_ + 1;
  const int64_t time_of_day = first_ - absl::CivilSecond(absl::CivilDay(first_));
  int left = count_;
  std::vector<absl::CivilDay> days;
  for (int64_t number = count_ > 0 ? 0 : PeriodAt(from);; ++number) {
    const Period period = PeriodNumber(number);
    if (absl::CivilSecond(period.begin) >= to) return;
    days.clear();
    AppendDays(period, days);
    for (const absl::CivilDay day : days) {
      const absl::CivilSecond start = absl::CivilSecond(day) + time_of_day;
      if (start < first_) continue;
      if (start >= to) return;
      if (start >= from) starts.push_back(start);
      if (--left == 0) return;
    }
  }
}

// The last period of the rule that begins at or before `time`, counted from the first start's.
int64_t Recurrence::PeriodAt(absl::CivilSecond time) const {
  if (time <= first_) return 0;
  const auto between = [&]() -> int64_t {
    switch (frequency_) {
      case Frequency::kDaily:
        return absl::CivilDay(time) - absl::CivilDay(first_);
      case Frequency::kWeekly:
        return (WeekBegin(absl::CivilDay(time), week_start_) -
                WeekBegin(absl::CivilDay(first_), week_start_)) /
               7;
      case Frequency::kMonthly:
        return absl::CivilMonth(time) - absl::CivilMonth(first_);
      default:
        return time.year() - first_.year();
    }
  };
  return between() / interval_;
}

Recurrence::Period Recurrence::PeriodNumber(int64_t number) const {
  const int64_t step = number * interval_;
  const absl::CivilDay day(first_);
  switch (frequency_) {
    case Frequency::kDaily:
      return {day + step, day + step + 1};
    case Frequency::kWeekly: {
      const absl::CivilDay begin = WeekBegin(day, week_start_) + 7 * step;
      return {begin, begin + 7};
    }
    case Frequency::kMonthly: {
      const absl::CivilMonth month = absl::CivilMonth(first_) + step;
      return {absl::CivilDay(month), absl::CivilDay(month + 1)};
    }
    default: {
      const absl::CivilYear year = absl::CivilYear(first_) + step;
      return {absl::CivilDay(year), absl::CivilDay(year + 1)};
    }
  }
}

void Recurrence::AppendDays(const Period& period, std::vector<absl::CivilDay>& days) const {
  for (absl::CivilDay day = period.begin; day < period.end; ++day) {
    if (months_ != 0 && !Has(months_, day.month())) {
      day = absl::CivilDay(absl::CivilMonth(day) + 1) - 1;  // None of this month's days.
    } else if (Contains(day)) {
      days.push_back(day);
    }
  }
  if (positions_.empty()) return;
  const int size = static_cast<int>(days.size());
  int index = 0;
  std::erase_if(days, [&](absl::CivilDay) {
    ++index;
    return std::none_of(positions_.begin(), positions_.end(),
                        [&](int position) { return IsAt(position, index, size); });
  });
}

bool Recurrence::Contains(absl::CivilDay day) const {
  return HasMonthDay(day) && HasWeekday(day) && HasYearDay(day) && HasWeekNumber(day);
}

bool Recurrence::HasMonthDay(absl::CivilDay day) const {
  if (month_days_ == 0 && month_days_from_end_ == 0) return true;
  return Has(month_days_, day.day()) ||
         (month_days_from_end_ != 0 && Has(month_days_from_end_, DaysInMonth(day) - day.day() + 1));
}

bool Recurrence::HasYearDay(absl::CivilDay day) const {
  if (year_days_.empty()) return true;
  return std::any_of(year_days_.begin(), year_days_.end(), [&](int wanted) {
    return IsAt(wanted, absl::GetYearDay(day), DaysInYear(day));
  });
}

// Week 1 is the first with at least four days in the year; a week is of the year of its fourth day.
bool Recurrence::HasWeekNumber(absl::CivilDay day) const {
  if (week_numbers_.empty()) return true;
  const absl::CivilDay fourth = WeekBegin(day, week_start_) + 3;
  const int week = (absl::GetYearDay(fourth) - 1) / 7 + 1;
  const int weeks = week + (DaysInYear(fourth) - absl::GetYearDay(fourth)) / 7;
  return std::any_of(week_numbers_.begin(), week_numbers_.end(),
                     [&](int wanted) { return IsAt(wanted, week, weeks); });
}

bool Recurrence::HasWeekday(absl::CivilDay day) const {
  if (weekdays_ == 0 && ordinals_.empty()) return true;
  const absl::Weekday weekday = absl::GetWeekday(day);
  if (Has(weekdays_, static_cast<int>(weekday))) return true;
  const bool of_year = frequency_ == Frequency::kYearly && months_ == 0;
  return std::any_of(ordinals_.begin(), ordinals_.end(), [&](const Ordinal& ordinal) {
    if (ordinal.weekday != weekday) return false;
    const int number = of_year ? absl::GetYearDay(day) : day.day();
    const int last = of_year ? DaysInYear(day) : DaysInMonth(day);
    const int from_front = (number - 1) / 7 + 1;
    const int from_back = (last - number) / 7 + 1;
    return ordinal.position > 0 ? from_front == ordinal.position : from_back == -ordinal.position;
  });
}

}  // namespace gate::freeze
