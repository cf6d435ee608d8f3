// One evaluation's judgement: the enabled checks of a rule, and the hold check, over what was
// observed. Pure; the server, replay and offline commands share it.
#ifndef CHECKS_JUDGING_H_
#define CHECKS_JUDGING_H_

#include <optional>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/check.h"

namespace gate {

// Observation that, when it is there, keeps every verdict from ALLOW: the server's clock is behind
// verdicts that it has already given.
inline constexpr char kClockObservation[] = "gate.clock";

// The change without its bulky parts (SQL, statements), as verdicts carry it. What checks need of
// those they take from evidence.
v1::Change Thin(const v1::Change& change);

// Not thread-safe. References outlive it.
class Judging {
 public:
  // `rule` is null where no rule of the policy matches: then the verdict is HOLD and says so.
  // `rollout` is the one that the change belongs to, for overrides that it has used; empty: none.
  Judging(const v1::Change& change, const v1::PolicyRule* rule, absl::Time now,
          std::string_view rollout = "");

  // What these checks need to see, and the overrides, by id, each id once.
  const std::vector<v1::Query>& queries() const { return queries_; }

  // Judges each check whose observations are all there; whether one of them blocks, so that nothing
  // still to come can change the decision, be it an override. Of a change that is under way the
  // advice counts as well: a freeze does not say that the canary is to go back.
  bool Decided(const Evidence& evidence);

  // Judges what is left, and folds. Fills everything that follows from change, evidence, rule and
  // time; leaves name, digests, observations, request_id and rollout to the caller. Called once.
  v1::Verdict Verdict(const Evidence& evidence);

  // What of it a later evaluation need not see again, of all enabled checks.
  std::vector<CarriedState> Carry(const Evidence& evidence) const;

 private:
  struct Part {
    const Check* check;
    bool enabled;                             // By the policy; the hold check is asked without it.
    std::vector<std::string> observations;    // Ids of its queries.
    std::optional<v1::CheckOutcome> outcome;  // Once judged.
  };
  void Judge(const Evidence& evidence, Part& part) const;
  bool BlocksWhateverComes(const Evidence& evidence, const v1::CheckOutcome& outcome) const;
  // Why no override could be seen, or nothing.
  std::string ApplyOverrides(const Evidence& evidence, std::vector<v1::CheckOutcome>& outcomes,
                             v1::Verdict& verdict) const;
  void EndWithOverrides(v1::Verdict& verdict) const;

  const v1::Change& change_;
  const v1::PolicyRule* const rule_;
  const absl::Time now_;
  const bool has_rollout_;
  std::vector<Part> parts_;
  std::vector<v1::Query> queries_;
  std::optional<v1::Query> overrides_;  // One of the queries, where overrides may count.
};

}  // namespace gate

#endif  // CHECKS_JUDGING_H_
