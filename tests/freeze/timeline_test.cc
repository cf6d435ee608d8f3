// The next moment to start, against the definition: try every start and end there is.
#include "checks/freeze/timeline.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "checks/freeze/recurrence.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/freeze/windows.h"

namespace gate::freeze {
namespace {

using ::gate::testing::At;

class Windows {
 public:
  explicit Windows(uint32_t seed) : random_(seed) {
    for (int i = Below(5) + 1; i > 0; --i) windows_.push_back(RandomWindow(i));
    for (const v1::FreezeWindow& window : windows_) dated_.push_back({&window, nullptr});
  }

  const std::vector<DatedWindow>& dated() const { return dated_; }
  int Below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

 private:
  v1::FreezeWindow RandomWindow(int id) {
    static constexpr const char* kZones[] = {"UTC", "America/New_York", "Asia/Kolkata",
                                             "Australia/Lord_Howe"};
    static constexpr const char* kRules[] = {"", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH",
                                             "FREQ=MONTHLY;BYMONTHDAY=3", "FREQ=YEARLY"};
    static constexpr int kHours[] = {1, 8, 24, 24};
    const char* const rule = kRules[Below(5)];
    v1::FreezeWindow window;
    window.set_id(absl::StrCat("w", id));
    window.set_mode(Below(3) == 0 ? v1::FreezeWindow::MODE_ALLOW : v1::FreezeWindow::MODE_DENY);
    window.set_time_zone(kZones[Below(4)]);
    window.set_start(absl::StrCat("2026-03-0", Below(7) + 1, "T1", Below(10), ":00"));
    window.mutable_duration()->set_seconds(3600 * kHours[Below(4)] * (*rule == '\0' ? 30 : 1));
    window.set_recurrence(rule);
    return window;
  }

  std::minstd_rand random_;
  std::vector<v1::FreezeWindow> windows_;
  std::vector<DatedWindow> dated_;
};

bool IsOpen(const std::vector<DatedWindow>& windows, absl::Time time) {
  bool allow_windows = false;
  bool allowed = false;
  for (const auto& [window, holidays, spread] : windows) {
    const bool inside = !Occurrences(*window, holidays, time, time + absl::Nanoseconds(1)).empty();
    if (!IsAllow(*window) && inside) return false;
    allow_windows = allow_windows || IsAllow(*window);
    allowed = allowed || (IsAllow(*window) && inside);
  }
  return allowed || !allow_windows;
}

// The first of `now` and all starts and ends after it at which it is open, or is not.
absl::Time FirstThatIs(bool open, const std::vector<DatedWindow>& windows, absl::Time now) {
  const absl::Time end = now + Timeline::kHorizon;
  std::vector<absl::Time> edges = {now};
  for (const auto& [window, holidays, spread] : windows) {
    for (const Occurrence& occurrence : Occurrences(*window, holidays, now, end)) {
      edges.push_back(occurrence.start);
      edges.push_back(occurrence.end);
    }
  }
  std::sort(edges.begin(), edges.end());
  for (const absl::Time edge : edges) {
    if (edge >= now && edge < end && IsOpen(windows, edge) == open) return edge;
  }
  return absl::InfiniteFuture();
}

absl::Time TimeOf(const std::optional<Turn>& turn) {
  return turn ? turn->time : absl::InfiniteFuture();
}

TEST(Timeline, TurnsAreWhereTheDefinitionPutsThem) {
  int frozen = 0;
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    Windows windows(seed);
    const absl::Time now = At("2026-03-05 00:00 UTC") + absl::Minutes(30 * windows.Below(2000));
    const Timeline timeline = Timeline::From(windows.dated(), now);
    EXPECT_EQ(TimeOf(timeline.NextOpen()), FirstThatIs(true, windows.dated(), now)) << seed;
    const bool open = IsOpen(windows.dated(), now);
    EXPECT_EQ(open, timeline.DenyingNow().empty() && !timeline.IsOutsideAllowed()) << seed;
    if (open) {
      EXPECT_EQ(TimeOf(timeline.NextClosed()), FirstThatIs(false, windows.dated(), now)) << seed;
    }
    frozen += open ? 0 : 1;
  }
  EXPECT_GT(frozen, 30);
  EXPECT_LT(frozen, 140);
}

struct Rule {
  const char* first;
  const char* rule;
  std::vector<std::string> starts;  // Within three years of 2024.
};

// What dateutil reads in another way than RFC 5545, and what is known to go wrong elsewhere.
TEST(Recurrence, TheLetterOfTheStandard) {
  const Rule rules[] = {
      // Ordinals and plain weekdays together: each counts.
      {"2024-01-05",
       "FREQ=MONTHLY;BYDAY=FR,1MO;COUNT=3",
       {"2024-01-05", "2024-01-12", "2024-01-19"}},
      {"2024-01-01",
       "FREQ=MONTHLY;BYDAY=FR,1MO;COUNT=3",
       {"2024-01-01", "2024-01-05", "2024-01-12"}},
      // A position counts in the whole week, also where the first start is late in it.
      {"2024-01-04",
       "FREQ=WEEKLY;BYDAY=MO,TH,SA;BYSETPOS=1,2;COUNT=3",
       {"2024-01-04", "2024-01-08", "2024-01-11"}},
      // Days of the month without a month: of all months.
      {"2024-01-31",
       "FREQ=YEARLY;BYMONTHDAY=-1;COUNT=3",
       {"2024-01-31", "2024-02-29", "2024-03-31"}},
      {"2024-01-31",
       "FREQ=DAILY;BYMONTHDAY=-1;COUNT=3",
       {"2024-01-31", "2024-02-29", "2024-03-31"}},
      {"2024-02-29", "FREQ=YEARLY", {"2024-02-29"}},
      {"2024-12-30", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", {"2024-12-30", "2025-12-29"}},
  };
  for (const auto& [text, rule, want] : rules) {
    absl::CivilDay day;
    ASSERT_TRUE(absl::ParseCivilTime(text, &day));
    const auto parsed = Recurrence::Parse(rule, absl::CivilSecond(day), absl::UTCTimeZone());
    ASSERT_TRUE(parsed.ok()) << rule << parsed.status();
    std::vector<absl::CivilSecond> starts;
    parsed->Expand(absl::CivilSecond(2024, 1, 1), absl::CivilSecond(2026, 12, 1), starts);
    std::vector<std::string> found;
    for (const absl::CivilSecond start : starts) {
      found.push_back(absl::FormatCivilTime(absl::CivilDay(start)));
    }
    EXPECT_EQ(found, want) << rule;
  }
}

}  // namespace
}  // namespace gate::freeze
