#include "tests/incidents/service_history.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

constexpr absl::Duration kStep = absl::Minutes(2), kCloseStep = absl::Seconds(15);

}  // namespace

ServiceHistory::ServiceHistory(std::string service, Span all, const std::vector<Span>& closely,
                               unsigned seed)
    : service_(std::move(service)), random_(seed) {
  const absl::Duration offset = absl::Seconds(std::uniform_int_distribution<int>(0, 14)(random_));
  auto close = closely.begin();
  for (absl::Time time = all.from + offset; time <= all.to;) {
    scrapes_.push_back(time);
    while (close != closely.end() && time > close->to) ++close;
    const bool closer = close != closely.end() && time + kStep > close->from;
    time += closer ? kCloseStep : kStep;
  }
}

absl::Duration ServiceHistory::Before(size_t scrape, Span span) const {
  if (scrape == 0) return absl::ZeroDuration();
  const absl::Time from = std::max(scrapes_[scrape - 1], span.from);
  return std::max(absl::ZeroDuration(), std::min(scrapes_[scrape], span.to) - from);
}

Rise ServiceHistory::Requests(const Curve& per_second, Span span) {
  Rise rise;
  for (size_t i = 0; i < scrapes_.size(); ++i) {
    if (!span.Holds(scrapes_[i])) continue;
    if (rise.values.empty()) rise.first = i;
    const double mean = per_second(scrapes_[i]) * absl::ToDoubleSeconds(Before(i, span));
    const auto whole = [&] { return std::poisson_distribution<int>(mean)(random_); };
    const auto close = [&] {
      return std::round(std::normal_distribution(mean, std::sqrt(mean))(random_));
    };
    rise.values.push_back(mean <= 0 ? 0 : mean < 1000 ? whole() : close());
  }
  return rise;
}

Rise ServiceHistory::Some(const Rise& requests, const Curve& part) {
  Rise rise{requests.first, {}};
  for (size_t i = 0; i < requests.values.size(); ++i) {
    rise.values.push_back(std::binomial_distribution<int>(static_cast<int>(requests.values[i]),
                                                          part(scrapes_[rise.first + i]))(random_));
  }
  return rise;
}

Rise ServiceHistory::Spent(const Rise& requests, const Curve& each, double noise) {
  Rise rise{requests.first, {}};
  std::normal_distribution<double> normal;
  int64_t minute = -1;
  double factor = 1, rest = 0;
  for (size_t i = 0; i < requests.values.size(); ++i) {
    const absl::Time time = scrapes_[rise.first + i];
    if (absl::ToUnixSeconds(time) / 60 != minute) {
      minute = absl::ToUnixSeconds(time) / 60;
      factor = std::exp(noise * normal(random_) - noise * noise / 2);
    }
    const double spent = requests.values[i] * each(time) * factor + rest;
    rise.values.push_back(std::floor(spent));
    rest = spent - rise.values.back();
  }
  return rise;
}

std::string ServiceHistory::Labels(const std::string& labels) const {
  return absl::StrCat("{service=\"", service_, "\"", labels.empty() ? "" : ",", labels, "}");
}

void ServiceHistory::AddCounter(const std::string& name, const std::string& labels,
                                const Rise& rise, Span span) {
  std::vector<std::pair<absl::Time, double>> samples;
  double value = 0;
  for (size_t i = 0; i < rise.values.size(); ++i) {
    value += rise.values[i];
    const absl::Time time = scrapes_[rise.first + i];
    if (span.Holds(time)) samples.emplace_back(time, value);
  }
  metrics_.Add(name, Labels(labels), samples);
}

void ServiceHistory::AddGauge(const std::string& name, const std::string& labels,
                              const Curve& value, Span span) {
  std::vector<std::pair<absl::Time, double>> samples;
  for (const absl::Time time : scrapes_) {
    if (span.Holds(time)) samples.emplace_back(time, value(time));
  }
  metrics_.Add(name, Labels(labels), samples);
}

double OfficeWeek(absl::Time time, double opens, double night) {
  static const absl::TimeZone new_york = [] {
    absl::TimeZone zone;
    absl::LoadTimeZone("America/New_York", &zone);
    return zone;
  }();
  const absl::CivilSecond local = absl::ToCivilSecond(time, new_york);
  const double hour = local.hour() + local.minute() / 60.0 + local.second() / 3600.0;
  static constexpr double kDays[] = {1, 0.95, 0.9, 0.9, 0.85, 0.3, 0.25};
  const double day = kDays[static_cast<int>(absl::GetWeekday(local))];
  const double open = 1 / (1 + std::exp(-(hour - opens) / 0.15));
  const double close = 1 / (1 + std::exp((hour - 18) / 0.3));
  const double wave = 0.95 + 0.05 * std::cos((hour - 12) / 6 * std::numbers::pi);
  return night + (1 - night) * day * open * close * wave;
}

}  // namespace gate
