// Which rule of a policy holds for a change: the most specific selector wins.
//
// A selector names services, environments, change kinds and labels. What it names must match; the
// more it names the more specific it is. Compared in the order service, environment, kind, number
// of labels; for names an exact one is more specific than a pattern, and of two patterns the
// longer. A lone "*" names nothing. Selectors of one policy that can match the same change with the
// same specificity are refused when the policy is loaded, so at most one rule is best.
#ifndef CHECKS_POLICY_MATCH_H_
#define CHECKS_POLICY_MATCH_H_

#include <compare>
#include <optional>

#include "gate/v1/change.pb.h"
#include "gate/v1/policy.pb.h"

namespace gate {

// The rule for the change, or nullptr where none matches.
const v1::PolicyRule* MatchRule(const v1::Policy& policy, const v1::Change& change);

// Whether the selector picks the change.
bool Matches(const v1::Selector& selector, const v1::Change& change);

// How specifically a selector picks a change: 0 where it names nothing.
struct Specificity {
  int service = 0;
  int environment = 0;
  int kind = 0;
  int labels = 0;
  auto operator<=>(const Specificity&) const = default;
};

// Nothing where the selector does not pick the change.
std::optional<Specificity> SpecificityFor(const v1::Selector& selector, const v1::Change& change);

// Whether some change could be picked by both with neither being more specific.
bool Ambiguous(const v1::Selector& a, const v1::Selector& b);

// Such a change, to show to people: service, environment, kind and labels.
std::optional<v1::Change> FindClash(const v1::Selector& a, const v1::Selector& b);

}  // namespace gate

#endif  // CHECKS_POLICY_MATCH_H_
