// What metrics came to so far, from one evaluation of a canary to the next: a re-evaluation then
// judges, and stores, the new intervals only. Lost, it costs time and changes nothing: going on
// from a state equals judging all intervals at once, to the last bit.
#ifndef GATE_EVALUATE_CARRIED_H_
#define GATE_EVALUATE_CARRIED_H_

#include <list>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gate/base/mutex.h"
#include "gate/policy/snapshot.h"
#include "gate/store/store.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

struct Carried {
  v1::MetricState state;
  std::string before;  // "evidence/…": the observation that has the points it was worked out of.
};

// Thread-safe.
class CarriedStates {
 public:
  // Bytes at the most, of which it forgets the longest unused.
  explicit CarriedStates(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Under which a state is kept: one answer of one query under one policy, for one canary. Empty
  // for what has nothing to go on from: only a canary whose beginning is known has.
  static std::string Key(const v1::Query& query, const v1::Change& change,
                         const PolicySnapshot& policy);

  // Null where there is none.
  std::shared_ptr<const Carried> Find(const std::string& key) GATE_EXCLUDES(mu_);
  void Keep(const std::string& key, Carried carried) GATE_EXCLUDES(mu_);

 private:
  struct Entry {
    std::shared_ptr<const Carried> carried;
    size_t bytes;
    std::list<std::string>::iterator use;
  };
  void Forget(const std::string& key) GATE_REQUIRES(mu_);

  const size_t max_bytes_;
  Mutex mu_;
  std::map<std::string, Entry> entries_ GATE_GUARDED_BY(mu_);
  std::list<std::string> uses_ GATE_GUARDED_BY(mu_);  // Keys, the longest unused first.
  size_t bytes_ GATE_GUARDED_BY(mu_) = 0;
};

// The observation of a metric with the state in place of the points that it was worked out of.
v1::Observation GoOn(const v1::Observation& observation, const Carried& carried);

// The observation with all points that are on record in place of its state. An error of the store
// where the record does not reach back to the first one.
absl::Status Unfold(Store& store, v1::Observation& observation);

}  // namespace gate

#endif  // GATE_EVALUATE_CARRIED_H_
