#include "checks/canary/numbers.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace gate {

std::string Count(double value) {
  std::string digits = absl::StrFormat("%.0f", value);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  return digits;
}

std::string TwoDigits(double value) {
  if (!std::isfinite(value)) return "more than can be told";
  if (value < 0) return "-" + TwoDigits(-value);
  if (value == 0) return "0";
  if (value >= 9.95) return Count(value);
  const int decimals = std::min(8, 1 - static_cast<int>(std::floor(std::log10(value * 1.005))));
  return absl::StrFormat("%.*f", decimals, value);
}

std::string ThreeDigits(double value) {
  if (!std::isfinite(value)) return "more than can be told";
  if (value < 0) return "-" + ThreeDigits(-value);
  if (value == 0) return "0";
  if (value >= 999.5) return Count(value);
  const int decimals = std::min(9, 2 - static_cast<int>(std::floor(std::log10(value * 1.0005))));
  return absl::StrFormat("%.*f", decimals, value);
}

std::string Times(double ratio) {
  if (!(ratio < 1000)) return "over 1,000x";
  if (ratio < 0.5 || ratio >= 2) return TwoDigits(ratio) + "x";
  // Near one, where limits lie, two decimals: 1.15x is not 1.2x.
  std::string text = absl::StrFormat("%.2f", ratio);
  if (text.back() == '0') text.pop_back();
  return text + "x";
}

std::string More(absl::Duration duration) {
  const double minutes = std::ceil(absl::ToDoubleMinutes(duration));
  if (minutes < 120) return Count(minutes) + (minutes == 1 ? " more minute" : " more minutes");
  const double hours = std::ceil(minutes / 60);
  return hours < 72 ? Count(hours) + " more hours" : Count(std::ceil(hours / 24)) + " more days";
}

}  // namespace gate
