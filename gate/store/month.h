// Months in UTC: by them PostgreSQL's partitions begin, and evidence is kept. Moments are
// microseconds since 1970.
#ifndef GATE_STORE_MONTH_H_
#define GATE_STORE_MONTH_H_

#include <cstdint>
#include <string>

namespace gate {

// The beginning of the month that a moment lies in.
int64_t MonthOf(int64_t micros);

// The beginning of the month that is `count` behind it, or before it where that is negative.
int64_t MonthsLater(int64_t micros, int count);

// "2026_11".
std::string MonthName(int64_t micros);

}  // namespace gate

#endif  // GATE_STORE_MONTH_H_
