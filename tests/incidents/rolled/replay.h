// An incident as it happens to several services side by side, each with the numbers of a seed of
// its own: a Prometheus that has their past and goes on scraping them, a gate whose clock is moved
// on, and for each service a pipeline that takes a change out as the gate lets it.
//
// A test reads: what the service does (live_service.h), what is started, and what has to be
// answered at which minute.
#ifndef TESTS_INCIDENTS_ROLLED_REPLAY_H_
#define TESTS_INCIDENTS_ROLLED_REPLAY_H_

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gate/v1/incidents.grpc.pb.h"
#include "gate/v1/overrides.grpc.pb.h"
#include "gtest/gtest.h"
#include "tests/incidents/incident.h"
#include "tests/incidents/pipeline.h"
#include "tests/incidents/rolled/live_service.h"

namespace gate {

// 1 and 2, or 1 to GATE_INCIDENT_SEEDS, five at a time.
std::vector<std::vector<unsigned>> SeedsOfIncidents();
// "Seeds1to5".
std::string NameOfSeeds(const testing::TestParamInfo<std::vector<unsigned>>& seeds);
// For tests with all of them as parameter.
#define GATE_WITH_SEEDS(suite) \
  INSTANTIATE_TEST_SUITE_P(Numbers, suite, testing::ValuesIn(SeedsOfIncidents()), NameOfSeeds)

struct ReplaySetup {
  GateSetup gate;  // its clock and metrics servers are filled in
  absl::Time begin;
  // How much of the past there is; the last six hours and these spans of it are scraped closely.
  absl::Duration past = absl::Hours(6);
  std::vector<Span> closely{};
};

class Replay {
 public:
  Replay(ReplaySetup setup, const std::vector<LiveService*>& services);

  absl::Time now() const { return now_; }
  RunningGate& gate() { return *gate_; }
  v1::Incidents::Stub& incidents() { return *incidents_; }

  // The services live until then, and then it is that time for the gate.
  void GoOnTo(absl::Time time);
  void GoOnFor(absl::Duration time) { GoOnTo(now_ + time); }

  // A person lets a change through by name: these findings of the verdict.
  void BreakGlass(const v1::Verdict& verdict, const std::vector<std::string>& rules);

 private:
  std::vector<LiveService*> services_;
  std::unique_ptr<MetricsServerFake> prometheus_;
  std::unique_ptr<RunningGate> gate_;
  std::unique_ptr<v1::Overrides::Stub> overrides_;
  std::unique_ptr<v1::Incidents::Stub> incidents_;
  absl::Time now_;
};

// Prints the answer's minute, and records it with the test.
void TellMinute(const std::string& what, unsigned seed, double minutes);

// A change of a service in production, of a kind, that can be told from others.
v1::Change ChangeOf(const LiveService& service, v1::ChangeKind kind, const std::string& version);

// A gate looks after its rollouts twice a second.
inline constexpr std::chrono::milliseconds kOneLook{1500};

// One service of an incident's kind for each seed of the test, and its pipeline.
template <typename Service>
class RolledIncident : public testing::TestWithParam<std::vector<unsigned>> {
 protected:
  struct Story {
    Service& service;
    Pipeline pipeline;
    bool over = false;  // All of its answers have been given.
  };

  // `set` gives a service what differs from story to story.
  template <typename Set>
  void Begin(ReplaySetup setup, Set set) {
    std::vector<LiveService*> all;
    for (const unsigned seed : GetParam()) {
      services_.push_back(std::make_unique<Service>(seed));
      AnyNumber any(seed + 1000);
      set(*services_.back(), any);
      all.push_back(services_.back().get());
    }
    replay_.emplace(std::move(setup), all);
    for (const auto& service : services_) {
      stories_.push_back({*service, Pipeline(replay_->gate())});
    }
  }

  // What fails in there is told with its seed and its time. The traffic follows the rollout.
  template <typename Tell>
  void ForEach(Tell tell) {
    for (Story& story : stories_) {
      const testing::ScopedTrace trace(
          __FILE__, __LINE__,
          absl::StrCat("seed ", story.service.seed(), " at ", ClockText(replay_->now())));
      tell(story);
      story.service.share = story.pipeline.share();
      story.service.migrated = story.pipeline.migrated();
    }
  }
  // Those that are not over, again and again for so long. `tell` takes the minutes since.
  template <typename Tell>
  void EachMinute(double minutes, Tell tell) {
    const absl::Time begin = replay_->now();
    for (;;) {
      const double since = absl::ToDoubleMinutes(replay_->now() - begin);
      ForEach([&](Story& story) {
        if (!story.over) tell(story, since);
      });
      if (since >= minutes || AllAreOver()) return;
      replay_->GoOnFor(period_);
    }
  }
  bool AllAreOver() const { return std::ranges::all_of(stories_, &Story::over); }
  // Nobody asks; the gate looks after its rollouts by itself. Until it has looked, or each of those
  // that are not over has come to this state.
  void LetTheGateLook(v1::RolloutState until) {
    Eventually(
        [&] {
          return std::ranges::all_of(stories_, [&](Story& story) {
            return story.over || story.pipeline.Look().state() == until;
          });
        },
        kOneLook);
  }

  Replay& replay() { return *replay_; }

  absl::Duration period_ = absl::Minutes(1);  // of EachMinute

 private:
  std::vector<std::unique_ptr<Service>> services_;
  std::optional<Replay> replay_;
  std::vector<Story> stories_;
};

}  // namespace gate

#endif  // TESTS_INCIDENTS_ROLLED_REPLAY_H_
