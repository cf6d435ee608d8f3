// The whole extension point: a check is a value with pure functions.
//
// `needs` says what has to be seen before the question can be answered; the service gathers it once
// and hands it to `judge`. Nothing in here does I/O, reads a clock, logs, locks or draws random
// numbers, so the same code serves the server, `gatectl lint` and replay, and the same evidence,
// policy and time give the same outcome, byte for byte.
//
// To add a check: a message in proto/gate/v1/policy.proto with a field of the check's id in
// `Checks`, a folder here with its `const Check`, and a line in registry.cc.
#ifndef CHECKS_CHECK_H_
#define CHECKS_CHECK_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/evidence.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/evidence.pb.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

// One clause of a check, as `gatectl explain` and the catalogue show it.
struct RuleDoc {
  std::string_view id;       // "migration.drop_column"
  std::string_view summary;  // one line
  std::string_view why;      // what goes wrong, for whom, since which version
  std::string_view instead;  // what to do, with something to paste
};

// What is wrong with a policy rule's parameters: a problem of the user, not of ours.
struct ParameterIssue {
  std::string field;    // relative to the PolicyRule: "checks.freeze.windows[2].time_zone"
  std::string message;  // "unknown time zone "America/NewYork"; did you mean "America/New_York"?"
};

// What the intervals of a query's metric came to.
struct CarriedState {
  std::string query;  // its id
  v1::MetricState state;
};

struct Check {
  // The field of gate.v1.Checks that enables it: "freeze".
  std::string_view id;
  // One line for lists.
  std::string_view summary;

  // Strict at the door: what no parameter of `rule` may be. Called once, when a policy is loaded;
  // `needs` and `judge` rely on it and do not validate again. `policy` is the whole file.
  std::vector<ParameterIssue> (*validate)(const v1::Policy& policy, const v1::PolicyRule& rule);

  // What to observe for this change. Empty when the check needs nothing or does not concern it.
  std::vector<v1::Query> (*needs)(const v1::Change& change, const v1::PolicyRule& rule);

  // The outcome at `now`. Fills outcome, summary, findings, retry_at, valid_until, unblock; leaves
  // check, enforcement, decision and observations to the caller. Evidence holds an observation for
  // every query of `needs`, be it an Absence.
  //
  // What is proven to be wrong is a finding of severity BLOCK. What could not be proven is a
  // finding of severity BLOCK with EFFECT_UNPROVEN: it makes the outcome INCONCLUSIVE, and it still
  // stands in the way when every other finding is covered by an exemption or an override.
  v1::CheckOutcome (*judge)(const v1::Change& change, const Evidence& evidence,
                            const v1::PolicyRule& rule, absl::Time now);

  // Its rules, sorted by id.
  std::span<const RuleDoc> (*rules)();

  // What the evidence has of settled intervals, so that a later evaluation of the same change under
  // the same rule may see that instead of them (MetricSeries.state), and come to the same outcome.
  // Only where it is worth it. Null for checks that do not go on from anything.
  std::vector<CarriedState> (*carry)(const v1::Change& change, const Evidence& evidence,
                                     const v1::PolicyRule& rule, absl::Time now) = nullptr;

  // Why its question is not open at this moment of a rollout (stage.h): then nothing is observed
  // for it, and it is SKIPPED. Empty: it is open. Null for checks that always ask.
  std::string_view (*not_due)(const v1::Change& change) = nullptr;
};

}  // namespace gate

#endif  // CHECKS_CHECK_H_
