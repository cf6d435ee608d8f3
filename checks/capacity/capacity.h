// Whether shared resources bear the change at the coming weekly peak, not only at this hour: what a
// request costs on the new code, times the load still to come, against what there is.
//
// For each resource the cost per request of the canary has bounds that hold however often one asks
// (stats/mean_process.h), the peak has the bounds of its forecast (stats/weekly_peak.h), and the
// part of the resource in use at the peak those of both. FAIL where its lower bound is over the
// target and the new code is proven to cost more than the old; PASS where its upper bound is under
// it; else INCONCLUSIVE, and how much longer it takes. Missing, old or short evidence never passes.
//
// Code, hotfixes and configuration are judged by cohorts; a shift of traffic by the workers of each
// origin. Schema changes and flags expose no cohort: SKIPPED.
#ifndef CHECKS_CAPACITY_CAPACITY_H_
#define CHECKS_CAPACITY_CAPACITY_H_

#include "checks/check.h"

namespace gate {

extern const Check kCapacityCheck;

}  // namespace gate

#endif  // CHECKS_CAPACITY_CAPACITY_H_
