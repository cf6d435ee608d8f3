#include "checks/stage.h"

namespace gate {

std::string_view BeforeTraffic(const v1::Change& change) {
  if (!change.has_stage() || change.stage().has_exposed_at()) return "";
  return "the new version takes no traffic yet; it is judged from its first step on";
}

std::string_view AfterSchemaChange(const v1::Change& change) {
  if (!change.stage().has_migrated_at()) return "";
  return "the schema change has run";
}

bool IsUnderWay(const v1::Change& change) { return change.stage().has_started_at(); }

}  // namespace gate
