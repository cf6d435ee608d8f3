// New code against old code under live traffic: is harm beyond the margin proven, is safety proven,
// else how much longer?
//
// One query per metric, for all cohorts; what is made of it is said in judge.h. FAIL when harm is
// proven for any metric, PASS when safety is proven for every one on a whole and fresh series, else
// INCONCLUSIVE. The promise: with alpha 0.01 a healthy canary FAILs in at most one of a hundred,
// and one that is worse by more than the margin, and has more errors than are tolerated, PASSes in
// at most one of a hundred, however often one asks while it runs.
//
// Code, hotfixes, configuration and shifts of traffic are judged. A schema change or a flag exposes
// no cohort of its own: SKIPPED.
#ifndef CHECKS_CANARY_CANARY_H_
#define CHECKS_CANARY_CANARY_H_

#include "checks/check.h"

namespace gate {

extern const Check kCanaryCheck;

}  // namespace gate

#endif  // CHECKS_CANARY_CANARY_H_
