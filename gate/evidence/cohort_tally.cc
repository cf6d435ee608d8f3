#include "gate/evidence/cohort_tally.h"

#include <algorithm>

namespace gate {

Tally::Tally(int boundaries, int slots)
    : sums(static_cast<size_t>(slots), std::vector<double>(static_cast<size_t>(boundaries))),
      values(static_cast<size_t>(boundaries)),
      known(static_cast<size_t>(boundaries)) {}

Cohort::Cohort(int boundaries) : excluded(static_cast<size_t>(boundaries)) {}

void Cohort::Exclude(int interval, v1::FlawKind kind) {
  if (interval < static_cast<int>(excluded.size()) && !Excluded(interval)) {
    excluded[interval] = kind;
  }
}

bool Cohort::Excluded(int interval) const {
  return excluded[interval] != v1::FLAW_KIND_UNSPECIFIED;
}

bool Cohort::Known(int interval) const {
  return std::ranges::any_of(strata,
                             [&](const auto& stratum) { return stratum.second.known[interval]; });
}

}  // namespace gate
