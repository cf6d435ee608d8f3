// Outcomes -> verdict: the one place where a decision is made.
//
// Findings first: those that an exemption or override covers decide nothing. Of the others,
// severity BLOCK decides: with EFFECT_UNPROVEN it asks for evidence, without it forbids the change.
// Then, per enforced check (WARN and DRY_RUN decide nothing):
//   a forbidding finding, or FAIL without any finding    BLOCK; HOLD where all of them `hold`
//   an unproven one, or INCONCLUSIVE without any finding required: what the policy says, HOLD or
//                                                        BLOCK; optional: nothing
//   otherwise                                            nothing stands in the way
// The verdict is the worst of these: BLOCK over HOLD over ALLOW. So ALLOW means that each required,
// enforced check passed, did not concern the change, or is covered by a live exception. The advice
// is the worst of the enforced checks' as well: ROLL_BACK over ACCELERATE, PAUSE, WAIT and PROCEED;
// what an exception covers advises nobody to go back.
#ifndef CHECKS_FOLD_H_
#define CHECKS_FOLD_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

// Fills enforcement and decision of one outcome, and `covered_by` of findings that an exemption
// covers at `now`. The decision is what the outcome asks for if it is enforced.
void Decide(const v1::CheckSettings& settings, absl::Time now, v1::CheckOutcome& outcome);

// Whether a finding of an outcome that went through Decide keeps the verdict from ALLOW: the
// outcome is enforced, and nothing covers the finding.
bool StandsInTheWay(const v1::CheckSettings& settings, const v1::CheckOutcome& outcome,
                    const v1::Finding& finding);

// Covers findings that stand in the way by what `cover` says of each, "" for nothing, and decides
// again. Of an outcome that went through Decide: what an exemption covers is not asked about.
void Cover(const v1::CheckSettings& settings,
           const std::function<std::string(const v1::Finding&)>& cover, v1::CheckOutcome& outcome);

// Whether the outcome counts and asks for BLOCK: then no other evidence can change the verdict.
bool Blocks(const v1::CheckOutcome& outcome);

// Fills decision, advice, reason, retry_at, valid_until, outcomes and policy_rule from outcomes
// that went through Decide; the verdict has its counted_overrides already. Outcomes are sorted,
// those that decide first, then by check id; findings worst first, then by place, rule and subject.
void Fold(const v1::PolicyRule& rule, std::vector<v1::CheckOutcome> outcomes, absl::Time now,
          v1::Verdict& verdict);

}  // namespace gate

#endif  // CHECKS_FOLD_H_
