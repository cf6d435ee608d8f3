#include "clients/gatectl/plot.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

namespace gate::ctl {
namespace {

constexpr std::string_view kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::string_view kAsciiBars[] = {"_", ".", "-", "=", "+", "*", "%", "#"};
constexpr double kWidest = 8;  // of ratios

}  // namespace

std::string Sparkline(std::span<const double> values, double low, double high, int width,
                      bool unicode) {
  const size_t columns = std::min(values.size(), static_cast<size_t>(std::max(width, 1)));
  std::string text;
  for (size_t column = 0; column < columns; ++column) {
    const size_t begin = column * values.size() / columns;
    const size_t end = (column + 1) * values.size() / columns;
    double sum = 0;
    int count = 0;
    for (const double value : values.subspan(begin, end - begin)) {
      if (!std::isfinite(value)) continue;
      sum += value;
      ++count;
    }
    if (count == 0) {
      text += ' ';
      continue;
    }
    const double part = high > low ? (sum / count - low) / (high - low) : 0;
    const auto bar = static_cast<size_t>(std::clamp(std::floor(part * 8), 0.0, 7.0));
    text += unicode ? kBars[bar] : kAsciiBars[bar];
  }
  return text;
}

std::string RatioBar(double lower, double estimate, double upper, double limit, int width,
                     bool unicode) {
  const auto column = [&](double ratio) {
    const double part =
        (std::log(std::clamp(ratio, 1 / kWidest, kWidest)) / std::log(kWidest) + 1) / 2;
    return static_cast<size_t>(std::lround(part * (width - 1)));
  };
  std::vector<std::string_view> cells(static_cast<size_t>(width), " ");
  if (!std::isnan(lower) && !std::isnan(upper)) {
    const size_t from = column(lower), to = column(upper);
    for (size_t i = from; i <= to; ++i) cells[i] = unicode ? "─" : "-";
    if (lower > 1 / kWidest) cells[from] = unicode ? "├" : "[";
    if (upper < kWidest) cells[to] = unicode ? "┤" : "]";
  }
  cells[column(limit)] = unicode ? "¦" : "|";
  if (!std::isnan(estimate)) cells[column(estimate)] = unicode ? "●" : "o";
  std::string text;
  for (const std::string_view cell : cells) text += cell;
  return text;
}

}  // namespace gate::ctl
