// From findings to the outcome of a check whose findings say all that there is to say.
#ifndef CHECKS_CONCLUDE_H_
#define CHECKS_CONCLUDE_H_

#include <string>
#include <string_view>

#include "gate/v1/verdict.pb.h"

namespace gate {

bool IsUnproven(const v1::Finding& finding);

// What a check says of its outcome, in its own words.
struct ConcludingWords {
  std::string_view not_shown;  // before what is unproven: "Not shown to be safe: "
  std::string_view unblock;    // what is proven
  std::string in_order;        // where nothing stands in the way
};

// FAIL where a finding of severity BLOCK is proven, INCONCLUSIVE where one is not, else PASS; with
// the summary and what would unblock it.
void Conclude(const ConcludingWords& words, v1::CheckOutcome& outcome);

// A shift that takes an earlier one back is told what it meets, by `rule` and the findings, and is
// stopped by none of it.
void LetPass(std::string_view rule, const std::string& takes_back, v1::CheckOutcome& outcome);

}  // namespace gate

#endif  // CHECKS_CONCLUDE_H_
