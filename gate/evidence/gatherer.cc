#include "gate/evidence/gatherer.h"

#include <exception>
#include <string>
#include <utility>

#include "gate/base/mutex.h"

namespace gate {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// Fetches that wait for a thread of their source, for each thread.
constexpr int kWaitingPerThread = 16;

v1::Observation FetchSafely(Source& source, const v1::Query& query, const FetchContext& context) {
  v1::Observation observation;
  try {
    observation = source.Fetch(query, context);
  } catch (const std::exception& error) {
    observation = Absent(query.id(), source.name(), v1::ABSENCE_REASON_INTERNAL, error.what());
  }
  if (observation.result_case() == v1::Observation::RESULT_NOT_SET) {
    observation =
        Absent(query.id(), source.name(), v1::ABSENCE_REASON_INTERNAL, "it answered with nothing");
  }
  observation.set_id(query.id());
  return observation;
}

// What a gathering and its fetches share. A fetch may outlive the gathering that was waiting for
// it, so it owns all that it touches.
struct Shared {
  explicit Shared(const v1::Change& change) : change(change) {}

  const v1::Change change;
  Mutex mu;
  CondVar arrived;
  std::vector<v1::Observation> inbox GATE_GUARDED_BY(mu);
};

}  // namespace

Gatherer::Gatherer(std::vector<std::unique_ptr<Source>> sources, int threads,
                   GatherObserver* observer, Duration grace)
    : observer_(observer), grace_(grace) {
  for (auto& source : sources) {
    const bool here = source->Immediate() || source->WaitsForStoreAlone();
    lanes_.push_back(
        {std::move(source),
         here ? nullptr : std::make_unique<ThreadPool>(threads, kWaitingPerThread * threads)});
  }
}

const Gatherer::Lane* Gatherer::LaneOf(const v1::Query& query) const {
  for (const Lane& lane : lanes_) {
    if (lane.source->Answers(query)) return &lane;
  }
  return nullptr;
}

std::shared_ptr<const v1::Observation> Gatherer::AtHand(const Lane* lane, const v1::Query& query,
                                                        const FetchContext& context) {
  if (lane != nullptr && !lane->source->Immediate()) {
    try {
      return lane->source->AtHand(query, context);
    } catch (const std::exception&) {
      return nullptr;  // Fetch will tell.
    }
  }
  if (lane != nullptr) {
    return std::make_shared<v1::Observation>(FetchSafely(*lane->source, query, context));
  }
  return std::make_shared<v1::Observation>(
      Absent(query.id(), "gate", v1::ABSENCE_REASON_NOT_CONFIGURED,
             "no source of the configuration answers this query"));
}

std::optional<Evidence> Gatherer::GatherAtHand(const std::vector<v1::Query>& queries,
                                               const v1::Change& change, absl::Time now) {
  Evidence evidence;
  for (const v1::Query& query : queries) {
    auto observation = AtHand(LaneOf(query), query, {change, now, SteadyTime::max()});
    if (observation == nullptr) return std::nullopt;
    evidence.Add(std::move(observation));
  }
  return evidence;
}

Evidence Gatherer::Gather(const std::vector<v1::Query>& queries, const v1::Change& change,
                          absl::Time now, SteadyTime deadline, const Decided& decided) {
  Evidence evidence;
  std::vector<std::pair<const v1::Query*, const Lane*>> slow;
  for (const v1::Query& query : queries) {
    const Lane* lane = LaneOf(query);
    if (auto observation = AtHand(lane, query, {change, now, deadline})) {
      evidence.Add(std::move(observation));
    } else {
      slow.emplace_back(&query, lane);
    }
  }
  if (slow.empty()) return evidence;

  SteadyTime until = deadline;
  bool enough = false;
  const auto see_whether_enough = [&] {
    if (enough || !decided(evidence)) return;
    enough = true;
    until = std::min(deadline, std::chrono::steady_clock::now() + grace_);
  };
  const auto shared = std::make_shared<Shared>(change);
  for (const auto& [query, lane] : slow) {
    if (lane->pool == nullptr) continue;
    auto fetch = [shared, query = *query, source = lane->source.get(), now, deadline,
                  observer = observer_] {
      const auto start = std::chrono::steady_clock::now();
      v1::Observation observation = FetchSafely(*source, query, {shared->change, now, deadline});
      if (observer != nullptr) {
        observer->OnFetched(source->name(), observation, std::chrono::steady_clock::now() - start);
      }
      MutexLock lock(shared->mu);
      shared->inbox.push_back(std::move(observation));
      shared->arrived.NotifyOne();
    };
    if (!lane->pool->TrySchedule(std::move(fetch))) {
      evidence.Add(Absent(query->id(), lane->source->name(), v1::ABSENCE_REASON_INTERNAL,
                          "too many fetches are under way; ask again"));
    }
  }

  // While the others are on their way.
  for (const auto& [query, lane] : slow) {
    if (lane->pool != nullptr) continue;
    const auto start = std::chrono::steady_clock::now();
    v1::Observation observation = FetchSafely(*lane->source, *query, {change, now, deadline});
    if (observer_ != nullptr) {
      observer_->OnFetched(lane->source->name(), observation,
                           std::chrono::steady_clock::now() - start);
    }
    evidence.Add(std::move(observation));
  }
  const auto missing = [&] { return evidence.observations().size() < queries.size(); };
  if (missing()) see_whether_enough();
  bool late = false;
  while (!late && missing()) {
    std::vector<v1::Observation> arrived;
    {
      MutexLock lock(shared->mu);
      while (shared->inbox.empty() && !late) {
        late = !shared->arrived.WaitUntil(shared->mu, until);
      }
      arrived.swap(shared->inbox);
    }
    for (v1::Observation& observation : arrived) evidence.Add(std::move(observation));
    if (missing()) see_whether_enough();
  }
  const v1::AbsenceReason reason =
      enough ? v1::ABSENCE_REASON_NOT_AWAITED : v1::ABSENCE_REASON_TIMEOUT;
  for (const auto& [query, lane] : slow) {
    if (!evidence.Contains(query->id())) {
      evidence.Add(Absent(query->id(), lane->source->name(), reason, ""));
    }
  }
  return evidence;
}

}  // namespace gate
