#include "checks/hold/rules.h"

namespace gate::hold {
namespace {

constexpr RuleDoc kRules[] = {
    {kConcurrency, "As many rollouts are on their way as the policy wants at a time.",
     "When several services change at once and something breaks, nobody knows which of them it "
     "was, "
     "and those who could tell are busy with their own. A rollout has a place under the cap from "
     "its "
     "first step to its last, also while it is paused; one that bakes, has ended or goes back has "
     "none.",
     "Wait until one of the rollouts that the finding names is all out, or end it: "
     "gatectl rollout advance SERVICE --wait 30m asks until there is a place. Kinds of change that "
     "must not wait are exempt_kinds of the cap in the policy."},
    {kFreeze, "Somebody has declared a freeze.",
     "A person has stopped changes by hand: a failover is under way, a sale is on, or nobody "
     "understands yet what is wrong. It counts whatever the policy says. Going back is never held.",
     "Wait until the moment that the finding names, or talk to the person whom it names; who may "
     "lift it does so with: gatectl freeze lift freezes/… --reason '…'. For one change that cannot "
     "wait, ask for an override of this finding."},
    {kIncident, "An incident is open that concerns the service.",
     "While production is broken, another change hides the cause of it, and may be the last straw. "
     "Those who look after the incident should have to think of one thing only.",
     "Wait until the incident is resolved. A change that is to mend it does not wait for it: "
     "gatectl rollout start SERVICE --env E --incident incidents/…. Where the report is wrong: "
     "gatectl incident resolve incidents/… --reason '…'."},
    {kNotMended, "The rollout has not been seen to mend its incident.",
     "A fix that is out is not yet a fix: after the flood of March 2023 the right change went out "
     "and the queue grew on. A rollout that was started to mend an incident is over when the "
     "incident's signal has been back in its range for long enough, all of it since the new "
     "version "
     "has all of the traffic; without a signal, when the incident is resolved.",
     "Wait: it bakes until then. Where the signal does not come back, the change did not help: "
     "take "
     "it back (gatectl rollout abort rollouts/… --reason '…'), or look for the other cause. Where "
     "there is no signal: gatectl incident resolve incidents/… --reason '…'."},
    {kUnknown, "Whether somebody has stopped changes could not be seen.",
     "Declared freezes and incidents are in the gate's store. Where it cannot be read, nobody can "
     "say that everything was not stopped a minute ago.",
     "See that the gate reaches its store (gatectl doctor, and /readyz of the gate), and ask "
     "again."},
};

}  // namespace

std::span<const RuleDoc> Rules() { return kRules; }

}  // namespace gate::hold
