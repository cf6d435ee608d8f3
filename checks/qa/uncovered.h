// The lines of a ticket that run whether its flag is on or off.
#ifndef CHECKS_QA_UNCOVERED_H_
#define CHECKS_QA_UNCOVERED_H_

#include <string>

#include "checks/qa/flag_off.h"
#include "checks/qa/report.h"
#include "gate/v1/flag.pb.h"

namespace gate::qa {

// "12 of the 40 lines that it changes run whether tasks-v2 is on or off: src/a.py:10, ...". Of a
// coverage that is not whole.
std::string NotCovered(const v1::FlagCoverage& coverage, const FlagSeen& seen);

// A finding for each place: lines that follow each other, of which the same is to be said.
void AddUncovered(const v1::FlagCoverage& coverage, const std::string& ticket, Report& report);

}  // namespace gate::qa

#endif  // CHECKS_QA_UNCOVERED_H_
