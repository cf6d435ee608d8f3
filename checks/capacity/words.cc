#include "checks/capacity/words.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "checks/canary/numbers.h"

namespace gate::capacity {

std::string Percent(double part) {
  return std::isfinite(part) ? Count(part * 100) + " %" : "any part";
}

std::string Amount(double value) {
  if (!std::isfinite(value)) return "any number";
  std::string text = ThreeDigits(value);
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string Many(double value) {
  return value < 1e6 ? Count(value) : ThreeDigits(value / 1e6) + " M";
}

std::string Long(absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  if (seconds < 1) return absl::StrFormat("%.3g ms", seconds * 1e3);
  if (seconds < 120) return absl::StrFormat("%.0f s", seconds);
  if (seconds < 120 * 60) return absl::StrFormat("%.0f min", seconds / 60);
  if (seconds < 72 * 3600) return absl::StrFormat("%.1f h", seconds / 3600);
  return absl::StrFormat("%.1f days", seconds / 86400);
}

}  // namespace gate::capacity
