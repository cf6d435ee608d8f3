#include "gate/base/names.h"

#include <string_view>

namespace gate {
namespace {

std::string Without(std::string_view prefix, const std::string& name) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : "UNSPECIFIED";
}

}  // namespace

std::string ShortName(v1::Decision decision) {
  return Without("DECISION_", v1::Decision_Name(decision));
}

std::string ShortName(v1::Outcome outcome) {
  return Without("OUTCOME_", v1::Outcome_Name(outcome));
}

std::string ShortName(v1::AbsenceReason reason) {
  return Without("ABSENCE_REASON_", v1::AbsenceReason_Name(reason));
}

std::string ShortName(v1::MetricKind kind) {
  return Without("METRIC_KIND_", v1::MetricKind_Name(kind));
}

}  // namespace gate
