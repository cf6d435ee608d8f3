// A start and the rule by which it recurs: RFC 5545's RRULE in floating local time.
//
// libical reads the rule; the expansion is ours, and README.md says why. It finds the starts of any
// span without walking there from the first one, so that a question costs the same in every year.
#ifndef CHECKS_FREEZE_RECURRENCE_H_
#define CHECKS_FREEZE_RECURRENCE_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

struct icalrecurrencetype;

namespace gate::freeze {

// Immutable. A value.
class Recurrence {
 public:
  // The most that COUNT may be: a counted rule is the one kind that has to be walked from its
  // start.
  static constexpr int kMaxCount = 1000;

  // Reads "FREQ=WEEKLY;BYDAY=FR". An UNTIL in UTC ("...Z") is turned into the zone's wall time.
  // INVALID_ARGUMENT with a sentence for the author of the rule: what libical cannot read, what RFC
  // 5545 forbids, and what has no meaning for a time of the day that `first` already says:
  // frequencies under a day and BYHOUR, BYMINUTE, BYSECOND; also RSCALE.
  static absl::StatusOr<Recurrence> Parse(std::string_view rule, absl::CivilSecond first,
                                          const absl::TimeZone& zone);

  // The same for the rule of an all-day event; UNTIL counts as a whole day.
  static absl::StatusOr<Recurrence> OfDays(const icalrecurrencetype& rule, absl::CivilDay first);

  // Appends the starts in [from, to), ascending. The first one is among them only if it keeps the
  // rule itself.
  void Expand(absl::CivilSecond from, absl::CivilSecond to,
              std::vector<absl::CivilSecond>& starts) const;

 private:
  enum class Frequency { kDaily, kWeekly, kMonthly, kYearly };

  // "-1FR": the last Friday of the month or, in a yearly rule without BYMONTH, of the year.
  struct Ordinal {
    absl::Weekday weekday;
    int position;
  };

  // The days of one day, week, month or year: [begin, end).
  struct Period {
    absl::CivilDay begin;
    absl::CivilDay end;
  };

  explicit Recurrence(absl::CivilSecond first) : first_(first) {}

  absl::Status Read(const icalrecurrencetype& rule);
  absl::Status ReadNumbers(const icalrecurrencetype& rule);
  absl::Status ReadWeekdays(const icalrecurrencetype& rule);
  absl::Status CheckCombination() const;
  void FillFromFirst();

  int64_t PeriodAt(absl::CivilSecond time) const;
  Period PeriodNumber(int64_t number) const;
  void AppendDays(const Period& period, std::vector<absl::CivilDay>& days) const;
  bool Contains(absl::CivilDay day) const;
  bool HasMonthDay(absl::CivilDay day) const;
  bool HasYearDay(absl::CivilDay day) const;
  bool HasWeekNumber(absl::CivilDay day) const;
  bool HasWeekday(absl::CivilDay day) const;

  absl::CivilSecond first_;
  Frequency frequency_ = Frequency::kDaily;
  int interval_ = 1;
  int count_ = 0;  // 0: no end by count.
  std::optional<absl::CivilSecond> until_;
  absl::Weekday week_start_ = absl::Weekday::monday;

  // Each part restricts the days; one that is empty restricts nothing. Sets of small numbers are
  // bit masks: bit n for n.
  uint32_t months_ = 0;
  uint32_t month_days_ = 0;
  uint32_t month_days_from_end_ = 0;  // Bit 1 is the last day.
  uint32_t weekdays_ = 0;
  std::vector<Ordinal> ordinals_;
  std::vector<int> year_days_;
  std::vector<int> week_numbers_;
  // Which of a period's days remain: 1 is the first, -1 the last.
  std::vector<int> positions_;
};

}  // namespace gate::freeze

#endif  // CHECKS_FREEZE_RECURRENCE_H_
