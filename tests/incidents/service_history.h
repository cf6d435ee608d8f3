// A service over weeks as the Prometheus knows it that scrapes it: every two minutes, and every 15
// s in the spans that a test asks about. What happens between two scrapes is drawn at random.
#ifndef TESTS_INCIDENTS_SERVICE_HISTORY_H_
#define TESTS_INCIDENTS_SERVICE_HISTORY_H_

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/fakes/prometheus_server.h"

namespace gate {

struct Span {
  absl::Time from = absl::InfinitePast(), to = absl::InfiniteFuture();

  bool Holds(absl::Time time) const { return time > from && time <= to; }
};

// Something that changes over time: requests per second, the cost of one, a part.
using Curve = std::function<double(absl::Time)>;

// How much a counter rises from scrape to scrape.
struct Rise {
  size_t first = 0;  // the scrape that the first value is of
  std::vector<double> values;
};

class ServiceHistory {
 public:
  // Of all time in `all`; `closely` in order and apart.
  ServiceHistory(std::string service, Span all, const std::vector<Span>& closely, unsigned seed);

  // Requests as they come: Poisson.
  Rise Requests(const Curve& per_second, Span span = {});
  // Those of them with which it happens: binomial.
  Rise Some(const Rise& requests, const Curve& part);
  // What they spend, with a relative noise that lasts for a minute. Counters of whole numbers.
  Rise Spent(const Rise& requests, const Curve& each, double noise);

  // Labels beside the service: `track="canary"`. Samples of other times than the span's are left
  // out.
  void AddCounter(const std::string& name, const std::string& labels, const Rise& rise,
                  Span span = {});
  void AddGauge(const std::string& name, const std::string& labels, const Curve& value,
                Span span = {});

  const std::string& service() const { return service_; }
  const std::vector<absl::Time>& scrapes() const { return scrapes_; }
  const MetricsHistory& metrics() const { return metrics_; }

 private:
  // The part of the time before a scrape that lies in the span.
  absl::Duration Before(size_t scrape, Span span) const;
  std::string Labels(const std::string& labels) const;

  std::string service_;
  std::mt19937 random_;
  std::vector<absl::Time> scrapes_;
  MetricsHistory metrics_;
};

// A week in New York, as a part of its highest load: offices open at `opens` (9.0 is nine o'clock)
// within half an hour and close at six, Monday is the highest day, and `night` is what comes in at
// night and at the weekend at least.
double OfficeWeek(absl::Time time, double opens, double night);

}  // namespace gate

#endif  // TESTS_INCIDENTS_SERVICE_HISTORY_H_
