// Whether a flag may be switched on: not while a ticket that went out behind it has not passed.
#ifndef CHECKS_QA_WATCHED_H_
#define CHECKS_QA_WATCHED_H_

#include "absl/time/time.h"
#include "checks/qa/report.h"
#include "checks/qa/setting.h"

namespace gate::qa {

// Of a FLAG_FLIP. Adds what it finds; the sentence for a PASS.
std::string JudgeFlip(const v1::Change& change, const Evidence& evidence,
                      const Parameters& parameters, absl::Time now, Report& report);

}  // namespace gate::qa

#endif  // CHECKS_QA_WATCHED_H_
