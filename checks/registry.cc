#include "checks/registry.h"

#include <algorithm>
#include <array>
#include <string>

#include "checks/canary/canary.h"
#include "checks/capacity/capacity.h"
#include "checks/freeze/freeze.h"
#include "checks/hold/hold.h"
#include "checks/migration/migration.h"
#include "checks/offline_rules.h"
#include "checks/qa/qa.h"
#include "checks/rollback/rollback.h"
#include "checks/traffic/traffic.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace gate {
namespace {

constexpr std::array<const Check*, 8> kChecks = {&kCanaryCheck,   &kCapacityCheck,  &kFreezeCheck,
                                                 &kHoldCheck,     &kMigrationCheck, &kQaCheck,
                                                 &kRollbackCheck, &kTrafficCheck};

using google::protobuf::FieldDescriptor;

// Where a check's parameters lie in gate.v1.Checks, and its settings in these.
struct Fields {
  const FieldDescriptor* parameters;
  const FieldDescriptor* settings;
};

// Looked up by name once: every evaluation asks for each check's.
const Fields& FieldsOf(const Check& check) {
  static const auto& all = *[] {
    auto* fields = new std::array<Fields, kChecks.size()>;
    for (size_t i = 0; i < kChecks.size(); ++i) {
      const FieldDescriptor* parameters =
          v1::Checks::descriptor()->FindFieldByName(std::string(kChecks[i]->id));
      (*fields)[i] = {parameters, parameters->message_type()->FindFieldByName("settings")};
    }
    return fields;
  }();
  return all[std::ranges::find(kChecks, &check) - kChecks.begin()];
}

}  // namespace

std::span<const Check* const> AllChecks() { return kChecks; }

const Check* FindCheck(std::string_view id) {
  for (const Check* check : kChecks) {
    if (check->id == id) return check;
  }
  return nullptr;
}

const RuleDoc* FindRule(std::string_view id) {
  const Check* check = FindCheck(id.substr(0, id.find('.')));
  for (const RuleDoc& rule : check != nullptr ? check->rules() : OfflineRules()) {
    if (rule.id == id) return &rule;
  }
  return nullptr;
}

bool IsEnabled(const Check& check, const v1::PolicyRule& rule) {
  return v1::Checks::GetReflection()->HasField(rule.checks(), FieldsOf(check).parameters);
}

const v1::CheckSettings& SettingsOf(const Check& check, const v1::PolicyRule& rule) {
  const Fields& fields = FieldsOf(check);
  const google::protobuf::Message& parameters =
      v1::Checks::GetReflection()->GetMessage(rule.checks(), fields.parameters);
  return static_cast<const v1::CheckSettings&>(
      parameters.GetReflection()->GetMessage(parameters, fields.settings));
}

}  // namespace gate
