// What overrides do to a verdict: which of them count for a change, and which findings they cover.
//
// An override counts for the very same service, environment and artefact, while it is approved and
// not over, or where the rollout that asks has consumed it. It covers findings of the rules that it
// names that would otherwise stand in the way, unless the policy lets nobody override them.
// Outcomes without a finding (no policy rule, a clock that is wrong) it never covers. Exemptions
// come first, and what nobody needs is left alone, so that no override is used up in vain.
#ifndef CHECKS_OVERRIDES_H_
#define CHECKS_OVERRIDES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/evidence.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/override.pb.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

// The standing question for the overrides of a change, and its observation.
inline constexpr char kOverridesObservation[] = "gate.overrides";

// For which overrides to look. Nothing where the policy lets nobody override, or the change has
// neither an artefact nor a revision by which it could be told from another.
std::optional<v1::Query> OverridesQueryOf(const v1::Change& change, const v1::PolicyRule* rule,
                                          std::string_view rollout);

// Whether the override is for this finding.
bool Covers(const v1::Override& override, const v1::Finding& finding);

// Of one evaluation. References outlive it.
class Overrides {
 public:
  // `query` is what OverridesQueryOf says; nothing counts where it is nothing, where the
  // observation is an Absence, or not there.
  Overrides(const v1::PolicyRule* rule, const std::optional<v1::Query>& query,
            const Evidence& evidence, absl::Time now);

  // Whether the policy lets people override the finding.
  bool MayCover(const v1::Finding& finding) const;
  // The first that counts and covers the finding: its name, or nothing.
  std::string CoverOf(const v1::Finding& finding) const;

  // Leaves of those that count only the ones that these outcomes, which went through Decide, need:
  // what its rollout has consumed anyway before the others, and none beside one that will do.
  void KeepNeeded(const std::vector<v1::CheckOutcome>& outcomes, const v1::PolicyRule& rule);

  // Fills in the verdict's overrides, from outcomes that went through Cover, and what else could be
  // overridden.
  void Tell(const std::vector<v1::CheckOutcome>& outcomes, const v1::PolicyRule& rule,
            v1::Verdict& verdict) const;

  // Why none could be seen; empty where they could, or are not asked for.
  const std::string& absence() const { return absence_; }

 private:
  bool Counts(const v1::Override& override, const v1::OverridesQuery& query, absl::Time now) const;

  std::optional<v1::OverridePolicy> policy_;
  std::vector<v1::Override> counting_;  // by name
  std::string absence_;
};

}  // namespace gate

#endif  // CHECKS_OVERRIDES_H_
