// Where observations come from. A source is a seam to the outside world: it may be slow, wrong or
// gone, and says so in an Observation; it never fails in another way.
#ifndef GATE_EVIDENCE_SOURCE_H_
#define GATE_EVIDENCE_SOURCE_H_

#include <chrono>
#include <memory>
#include <string_view>

#include "absl/time/time.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

// What a source is told beside the query. References live as long as the fetch.
struct FetchContext {
  const v1::Change& change;
  // The evaluation's one moment.
  absl::Time now;
  // When the answer is not waited for any longer; a source stops its own work by then.
  std::chrono::steady_clock::time_point deadline;
};

// Thread-safe.
class Source {
 public:
  virtual ~Source() = default;

  // As observations and metrics print it: "prometheus:main".
  virtual std::string_view name() const = 0;

  // Whether this source answers the query.
  virtual bool Answers(const v1::Query& query) const = 0;

  // Whether Fetch returns without waiting for anything: the gatherer then calls it where it stands.
  virtual bool Immediate() const = 0;

  // Whether Fetch waits for the store alone, and for no longer than a verdict waits for it: without
  // it there is no verdict either. The gatherer then asks on the thread that judges.
  virtual bool WaitsForStoreAlone() const { return false; }

  // The answer where it is at hand, with the query's id; null where Fetch has to be asked. Waits
  // for nothing.
  virtual std::shared_ptr<const v1::Observation> AtHand(const v1::Query&, const FetchContext&) {
    return nullptr;
  }

  // Always answers, with the query's id: a value, or an Absence with its reason.
  virtual v1::Observation Fetch(const v1::Query& query, const FetchContext& context) = 0;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_SOURCE_H_
