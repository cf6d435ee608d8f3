// A service while a gate paces its change: what it did in the weeks before, and then from scrape to
// scrape what comes of the share of its traffic that the gate has let the change have. An incident
// says by Live() what that is; its numbers are drawn from the service's seed.
#ifndef TESTS_INCIDENTS_ROLLED_LIVE_SERVICE_H_
#define TESTS_INCIDENTS_ROLLED_LIVE_SERVICE_H_

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tests/fakes/prometheus_server.h"
#include "tests/incidents/incident.h"

namespace gate {

// Between two scrapes.
struct Moment {
  absl::Time from, to;
  // Weeks before the story, where only what is asked of weeks has to be counted.
  bool long_ago = false;

  double seconds() const { return absl::ToDoubleSeconds(to - from); }
};

class LiveService {
 public:
  // Called "web-" and the seed.
  explicit LiveService(unsigned seed);
  virtual ~LiveService() = default;

  const std::string& name() const { return name_; }
  unsigned seed() const { return seed_; }

  // What a Prometheus that scrapes at these times, of which the first only begins, has of it.
  MetricsHistory Run(const std::vector<absl::Time>& scrapes, absl::Time long_ago_until);

  // What the change has of the traffic, and whether its schema change has run: whoever takes it out
  // says so.
  double share = 0;
  bool migrated = false;

 protected:
  // Counts and shows what happens in this moment.
  virtual void Live(const Moment& moment) = 0;

  // A number of a kind that must not change the answer.
  double Any(double from, double to) { return any_(from, to); }

  // Requests as they come: Poisson.
  double Requests(double per_second, const Moment& moment);
  // Those of them with which it happens: binomial.
  double Some(double requests, double part);
  // What they spend, in whole units, with a relative noise that lasts for a minute. `what` tells
  // apart what is noisy for itself.
  double Spent(const std::string& what, double requests, double each, double noise,
               const Moment& moment);

  // Labels beside the service: `track="canary"`. A counter is there from its first count on, as
  // long as it is counted.
  void Count(const std::string& counter, const std::string& labels, double by);
  void Show(const std::string& gauge, const std::string& labels, double value);

 private:
  struct Noise {
    int64_t minute = -1;
    double factor = 1;
  };
  using Series = std::pair<std::string, std::string>;  // name, labels

  unsigned seed_;
  std::string name_;
  AnyNumber any_;
  std::mt19937 random_;
  std::map<Series, double> counters_;
  std::map<std::string, Noise> noise_;
  std::map<Series, std::vector<std::pair<absl::Time, double>>> samples_;  // of this run
  absl::Time scrape_;
};

}  // namespace gate

#endif  // TESTS_INCIDENTS_ROLLED_LIVE_SERVICE_H_
