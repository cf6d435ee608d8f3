// The freeze windows of a policy as a list, for people and calendars.
#ifndef CHECKS_FREEZE_LIST_H_
#define CHECKS_FREEZE_LIST_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/v1/freezes.pb.h"
#include "gate/v1/policy.pb.h"

namespace gate {

// The occurrences that share a moment with [start, end), by start, then by window id and rule: of
// all rules whose selector can pick the service and the environment, each where it is not empty.
// `policy` is a valid one, `calendars` the text of its calendars by name, the span at most 400
// days. INVALID_ARGUMENT where a calendar that is needed cannot be read: a list that leaves out
// freezes would say that there are none.
absl::StatusOr<std::vector<v1::FreezeOccurrence>> ListOccurrences(
    const v1::Policy& policy, const std::map<std::string, std::string, std::less<>>& calendars,
    std::string_view service, std::string_view environment, absl::Time start, absl::Time end);

}  // namespace gate

#endif  // CHECKS_FREEZE_LIST_H_
