#include "checks/migration/failure.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace gate::migration {

bool IsMissing(std::string_view sqlstate) {
  return sqlstate == "42P01" || sqlstate == "42703" || sqlstate == "42704" || sqlstate == "42883" ||
         sqlstate == "3F000" || sqlstate == "42P02";
}

bool FailsEverywhere(const v1::RehearsalFailure& failure) {
  const std::string& code = failure.sqlstate();
  if (code == "0A000") return failure.message().find("extension") == std::string::npos;
  return code.starts_with("42") || code == "2BP01" || code == "25001" || code == "55P04" ||
         code == "3F000";
}

std::string Describe(const v1::RehearsalFailure& failure) {
  return failure.sqlstate().empty()
             ? failure.message()
             : absl::StrCat(failure.message(), " (", failure.sqlstate(), ")");
}

bool SchemaIsWhole(const v1::Rehearsal& rehearsal, bool given) {
  return given && std::ranges::none_of(rehearsal.lost_coverage(), [](const v1::LostCoverage& lost) {
           return lost.kind() == v1::COVERAGE_KIND_SCHEMA ||
                  lost.kind() == v1::COVERAGE_KIND_MIGRATION;
         });
}

}  // namespace gate::migration
