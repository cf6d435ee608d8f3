// Kinds of error that only the canary has: a new exception is news even where the rate of all
// errors is as it was.
#ifndef CHECKS_CANARY_NEW_TYPES_H_
#define CHECKS_CANARY_NEW_TYPES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/stats/count_block.h"
#include "gate/v1/evidence.pb.h"

namespace gate {

struct NewType {
  std::string name;
  double events = 0;  // on the canary; old code had none
  absl::Time first_seen;
  double log_e = 0;  // Of its rate being higher on the canary.
};

// Those that are proven to be more frequent on the canary, of which at most the part `alpha` is
// wrong on the average (e-BH), and that old code has not had at all. `exposure`: of both cohorts.
std::vector<NewType> NewTypes(const v1::MetricSeries& series, const stats::CountBlock& exposure,
                              double alpha);

}  // namespace gate

#endif  // CHECKS_CANARY_NEW_TYPES_H_
