// Gathers observations for a set of queries, in parallel, before a deadline. Always answers: a
// source that fails or is late yields an Observation with a reason instead of a value. Thread-safe.
#ifndef GATE_EVIDENCE_GATHERER_H_
#define GATE_EVIDENCE_GATHERER_H_

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "checks/evidence.h"
#include "gate/base/thread_pool.h"
#include "gate/evidence/source.h"

namespace gate {

// Told how long each fetch took, for metrics. Thread-safe.
class GatherObserver {
 public:
  virtual ~GatherObserver() = default;
  virtual void OnFetched(std::string_view source, const v1::Observation& observation,
                         std::chrono::steady_clock::duration took) = 0;
};

class Gatherer {
 public:
  // Asked whenever observations have come in: true where the answer can no longer change. What is
  // not there a moment later is NOT_AWAITED.
  using Decided = std::function<bool(const Evidence&)>;
  using Duration = std::chrono::steady_clock::duration;

  // Who is stopped wants to hear at once of everything that is wrong, and not of the next thing
  // when the first is mended; so a decided answer waits for as long as sources take that are not
  // slow.
  static constexpr Duration kGrace = std::chrono::seconds(2);

  // Each source that waits for more than the store gets `threads` of its own, so that one that
  // hangs holds up no other; a query that finds no free place is an Absence (INTERNAL: too many
  // under way). `observer` may be null and outlives the gatherer.
  Gatherer(std::vector<std::unique_ptr<Source>> sources, int threads, GatherObserver* observer,
           Duration grace = kGrace);

  Evidence Gather(const std::vector<v1::Query>& queries, const v1::Change& change, absl::Time now,
                  std::chrono::steady_clock::time_point deadline, const Decided& decided);

  // What Gather would return, where it would not wait for anything; nothing where it would.
  std::optional<Evidence> GatherAtHand(const std::vector<v1::Query>& queries,
                                       const v1::Change& change, absl::Time now);

 private:
  struct Lane {
    std::unique_ptr<Source> source;
    // Null where Fetch is called by who gathers. Its threads end first.
    std::unique_ptr<ThreadPool> pool;
  };
  const Lane* LaneOf(const v1::Query& query) const;
  // Null where it takes a thread to ask.
  static std::shared_ptr<const v1::Observation> AtHand(const Lane* lane, const v1::Query& query,
                                                       const FetchContext& context);

  GatherObserver* const observer_;
  const Duration grace_;
  std::vector<Lane> lanes_;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_GATHERER_H_
