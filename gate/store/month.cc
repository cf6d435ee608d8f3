#include "gate/store/month.h"

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace gate {
namespace {

absl::CivilMonth CivilMonthOf(int64_t micros) {
  return absl::ToCivilMonth(absl::FromUnixMicros(micros), absl::UTCTimeZone());
}

}  // namespace

int64_t MonthOf(int64_t micros) { return MonthsLater(micros, 0); }

int64_t MonthsLater(int64_t micros, int count) {
  return absl::ToUnixMicros(absl::FromCivil(CivilMonthOf(micros) + count, absl::UTCTimeZone()));
}

std::string MonthName(int64_t micros) {
  const absl::CivilMonth month = CivilMonthOf(micros);
  return absl::StrFormat("%04d_%02d", month.year(), month.month());
}

}  // namespace gate
