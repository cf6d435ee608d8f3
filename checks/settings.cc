#include "checks/settings.h"

#include "checks/hold/hold.h"
#include "checks/registry.h"

namespace gate {

v1::CheckSettings SettingsFor(const v1::PolicyRule& rule, const v1::CheckOutcome& outcome) {
  const Check* check = FindCheck(outcome.check());
  if (check == nullptr) return {};
  return check == &kHoldCheck ? HoldSettings(rule, outcome) : SettingsOf(*check, rule);
}

}  // namespace gate
