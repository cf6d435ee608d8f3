// Samples of range queries that no later sample will change, so that a question that comes again a
// minute later asks for the new minutes only.
//
// The value of a PromQL expression at a boundary does not depend on the range that is asked for, so
// what is put together is what one query would have answered. A sample may be late; what is younger
// than the settling time is asked again. After half an hour of minutes all of it is asked again,
// should a server have caught up on more than that.
#ifndef GATE_EVIDENCE_RANGE_CACHE_H_
#define GATE_EVIDENCE_RANGE_CACHE_H_

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gate/base/mutex.h"
#include "gate/evidence/interval_grid.h"
#include "gate/evidence/prometheus_response.h"

namespace gate {

// Adds later samples of the same series. Both are ascending by labels.
void Append(std::vector<PrometheusSeries> later, std::vector<PrometheusSeries>& series);

// Thread-safe.
class RangeCache {
 public:
  // Bytes of samples at the most, of which it forgets the longest unused.
  explicit RangeCache(size_t max_bytes = 64 << 20) : max_bytes_(max_bytes) {}

  // Fetches the boundaries from `first` to `last`; false: it could not. Series come ascending by
  // their labels.
  using FetchRange =
      std::function<bool(absl::Time first, absl::Time last, std::vector<PrometheusSeries>&)>;

  // The series at the boundaries of the grid, of what is known under `key` and what is fetched for
  // the rest. False where a fetch failed. `key` tells everything apart that would have another
  // answer: the server, the expression, the step.
  bool Read(const std::string& key, const IntervalGrid& grid, absl::Time now,
            const FetchRange& fetch, std::vector<PrometheusSeries>& series) GATE_EXCLUDES(mu_);

 private:
  struct Known {
    absl::Time first, last;  // Boundaries.
    absl::Time since;        // When the oldest of it was fetched.
    size_t bytes = 0;
    std::vector<PrometheusSeries> series;
  };
  struct Entry {
    std::shared_ptr<const Known> known;
    std::list<std::string>::iterator use;
  };
  // Null where nothing of use is known.
  std::shared_ptr<const Known> Find(const std::string& key, const IntervalGrid& grid,
                                    absl::Time now) GATE_EXCLUDES(mu_);
  void Keep(const std::string& key, std::shared_ptr<const Known> known) GATE_EXCLUDES(mu_);
  void Forget(const std::string& key) GATE_REQUIRES(mu_);

  const size_t max_bytes_;
  Mutex mu_;
  std::map<std::string, Entry> entries_ GATE_GUARDED_BY(mu_);
  std::list<std::string> uses_ GATE_GUARDED_BY(mu_);  // Keys, the longest unused first.
  size_t bytes_ GATE_GUARDED_BY(mu_) = 0;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_RANGE_CACHE_H_
