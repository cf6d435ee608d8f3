// Proof by running it, as evidence: rehearses the migrations that the request carries
// (gate/evidence/rehearsal) within the time that the evaluation has.
//
// The answer follows from the question alone, so it is kept: asked again during a rollout, it costs
// nothing. Equal questions at the same time share one rehearsal. Those that find no place wait, and
// are an Absence (TIMEOUT) when none has come free in time.
#ifndef GATE_EVIDENCE_REHEARSALS_H_
#define GATE_EVIDENCE_REHEARSALS_H_

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "gate/base/mutex.h"
#include "gate/config/v1/config.pb.h"
#include "gate/evidence/rehearsal/release.h"
#include "gate/evidence/source.h"

namespace gate {

// Thread-safe.
class RehearsalSource final : public Source {
 public:
  // With its defaults filled in. An error where this machine has nothing to run, or no user to run
  // it as.
  static absl::StatusOr<std::unique_ptr<RehearsalSource>> Open(const config::v1::Rehearsal& config);

  std::string_view name() const override { return "rehearsal"; }
  bool Answers(const v1::Query& query) const override { return query.has_rehearsal(); }
  bool Immediate() const override { return false; }
  std::shared_ptr<const v1::Observation> AtHand(const v1::Query& query,
                                                const FetchContext& context) override
      GATE_EXCLUDES(mu_);
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override
      GATE_EXCLUDES(mu_);

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  using Kept = std::shared_ptr<const v1::Observation>;

  RehearsalSource(ScratchOptions options, const RehearsalLimits& limits, int max_in_flight)
      : rehearser_(std::move(options), limits), max_in_flight_(max_in_flight) {}

  // Until there is a place and nobody else rehearses the same. The answer where it is kept by then;
  // false where the time is over.
  bool Enter(const std::string& key, Deadline deadline, Kept& kept) GATE_EXCLUDES(mu_);
  void Leave(const std::string& key, const v1::Observation& observation) GATE_EXCLUDES(mu_);
  v1::Observation Ask(const v1::Query& query, const FetchContext& context);

  Rehearser rehearser_;
  const int max_in_flight_;

  Mutex mu_;
  CondVar left_;
  std::set<std::string> under_way_ GATE_GUARDED_BY(mu_);
  std::map<std::string, Kept> kept_ GATE_GUARDED_BY(mu_);
  std::deque<std::string> order_ GATE_GUARDED_BY(mu_);  // of what is kept, oldest first
  size_t kept_bytes_ GATE_GUARDED_BY(mu_) = 0;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSALS_H_
