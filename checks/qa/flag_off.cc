#include "checks/qa/flag_off.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/evidence.h"

namespace gate::qa {
namespace {

std::string Where(const v1::FlagStates& states) {
  return absl::StrCat(states.server(), " (",
                      states.environment().empty() ? "" : states.environment() + ", ", "revision ",
                      states.revision(), ")");
}

}  // namespace

FlagSeen Look(const std::string& flag, bool asked, const v1::Observation& flags) {
  FlagSeen seen;
  seen.asked = asked;
  seen.state.set_flag(flag);
  seen.state.set_value(v1::FLAG_VALUE_UNKNOWN);
  if (!asked) {
    seen.state.set_detail("the policy names no flag server (checks.qa.flags)");
    return seen;
  }
  if (!flags.has_flag_states()) {
    seen.state.set_detail(Describe(flags.absence(), flags.source()));
    return seen;
  }
  const v1::FlagStates& states = flags.flag_states();
  seen.answered = true;
  seen.server = Where(states);
  const auto known = std::ranges::find(states.flags(), flag, &v1::FlagState::flag);
  if (known != states.flags().end()) {
    seen.state = *known;
  } else if (states.complete()) {
    seen.state.set_value(v1::FLAG_VALUE_CODE_DEFAULT);
    seen.state.set_detail("there is no such flag");
  } else {
    seen.state.set_detail("it is not among the flags that the server listed");
  }
  return seen;
}

bool IsCovered(const v1::FlagCoverage& coverage) {
  return coverage.failure().empty() && coverage.nodes() == coverage.covered_nodes() &&
         coverage.lines() == coverage.covered_lines() && coverage.uncovered().empty() &&
         coverage.more() == 0;
}

bool IsOff(const v1::FlagState& state, const v1::FlagCoverage& coverage) {
  if (state.value() == v1::FLAG_VALUE_OFF) return true;
  return state.value() == v1::FLAG_VALUE_CODE_DEFAULT && coverage.defaults_off();
}

}  // namespace gate::qa
