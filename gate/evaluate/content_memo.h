// The bytes and digests of observations that many evaluations share, made once. A source that
// answers from its cache hands out the same object again and again, and to serialize and digest a
// day of metrics takes longer than to judge it.
#ifndef GATE_EVALUATE_CONTENT_MEMO_H_
#define GATE_EVALUATE_CONTENT_MEMO_H_

#include <deque>
#include <memory>
#include <unordered_map>

#include "gate/base/mutex.h"
#include "gate/store/store.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// Thread-safe.
class ContentMemo {
 public:
  // Keeps at most `max_bytes` of contents, and the observations that they are of.
  explicit ContentMemo(size_t max_bytes) : max_bytes_(max_bytes) {}

  // The content that an observation is stored as: what was seen, and where, but not when.
  Blob Of(const std::shared_ptr<const v1::Observation>& observation) GATE_EXCLUDES(mu_);

 private:
  struct Kept {
    std::shared_ptr<const v1::Observation> observation;  // Its address stays its own.
    Blob content;
  };

  const size_t max_bytes_;
  Mutex mu_;
  std::unordered_map<const v1::Observation*, Kept> kept_ GATE_GUARDED_BY(mu_);
  std::deque<const v1::Observation*> order_ GATE_GUARDED_BY(mu_);  // Oldest first.
  size_t bytes_ GATE_GUARDED_BY(mu_) = 0;
};

}  // namespace gate

#endif  // GATE_EVALUATE_CONTENT_MEMO_H_
