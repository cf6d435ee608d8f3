#include "tests/incidents/rolled/live_service.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace gate {

LiveService::LiveService(unsigned seed)
    : seed_(seed), name_(absl::StrCat("web-", seed)), any_(seed), random_(seed + 1) {}

MetricsHistory LiveService::Run(const std::vector<absl::Time>& scrapes, absl::Time long_ago_until) {
  samples_.clear();
  for (size_t i = 1; i < scrapes.size(); ++i) {
    scrape_ = scrapes[i];
    Live({scrapes[i - 1], scrapes[i], scrapes[i] <= long_ago_until});
  }
  MetricsHistory history;
  for (auto& [series, samples] : samples_) {
    const auto& [name, labels] = series;
    history.Add(name,
                absl::StrCat("{service=\"", name_, "\"", labels.empty() ? "" : ",", labels, "}"),
                std::move(samples));
  }
  return history;
}

double LiveService::Requests(double per_second, const Moment& moment) {
  const double mean = per_second * moment.seconds();
  if (mean <= 0) return 0;
  if (mean < 1000) return std::poisson_distribution<int>(mean)(random_);
  return std::round(std::normal_distribution(mean, std::sqrt(mean))(random_));
}

double LiveService::Some(double requests, double part) {
  return std::binomial_distribution<int64_t>(static_cast<int64_t>(requests), part)(random_);
}

double LiveService::Spent(const std::string& what, double requests, double each, double noise,
                          const Moment& moment) {
  Noise& now = noise_[what];
  const int64_t minute = absl::ToUnixSeconds(moment.to) / 60;
  if (now.minute != minute) {
    now.minute = minute;
    now.factor = std::exp(noise * std::normal_distribution<>()(random_) - noise * noise / 2);
  }
  return std::round(requests * each * now.factor);
}

void LiveService::Count(const std::string& counter, const std::string& labels, double by) {
  double& value = counters_[{counter, labels}];
  value += by;
  samples_[{counter, labels}].emplace_back(scrape_, value);
}

void LiveService::Show(const std::string& gauge, const std::string& labels, double value) {
  samples_[{gauge, labels}].emplace_back(scrape_, value);
}

}  // namespace gate
