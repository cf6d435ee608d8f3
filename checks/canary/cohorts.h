// The cohorts that a metric may be told by, and their places in what is kept of each.
#ifndef CHECKS_CANARY_COHORTS_H_
#define CHECKS_CANARY_COHORTS_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace gate {

inline constexpr size_t kCanary = 0, kBaseline = 1, kStable = 2, kLastWeek = 3, kCohorts = 11;

inline constexpr std::array<std::string_view, kCohorts> kCohortNames = {
    "canary",     "baseline",   "stable",     "earlier-1w", "earlier-2w", "earlier-3w",
    "earlier-4w", "earlier-5w", "earlier-6w", "earlier-7w", "earlier-8w"};

inline constexpr bool IsEarlierWeek(size_t cohort) { return cohort >= kLastWeek; }
inline bool IsEarlierWeek(std::string_view name) { return name.starts_with("earlier-"); }

// "on stable", "a week earlier", "2 weeks earlier".
inline std::string OnCohort(const std::string& name) {
  if (!IsEarlierWeek(name)) return "on " + name;
  if (name == kCohortNames[kLastWeek]) return "a week earlier";
  return name.substr(8, name.size() - 9) + " weeks earlier";
}

// Its place; kCohorts for a name that is none.
inline size_t CohortOf(std::string_view name) {
  size_t cohort = 0;
  while (cohort < kCohorts && kCohortNames[cohort] != name) ++cohort;
  return cohort;
}

}  // namespace gate

#endif  // CHECKS_CANARY_COHORTS_H_
