// The findings of the rollback check, as they come about.
#ifndef CHECKS_ROLLBACK_NOTES_H_
#define CHECKS_ROLLBACK_NOTES_H_

#include <string_view>
#include <vector>

#include "checks/migration/finding.h"
#include "checks/migration/rule.h"
#include "checks/migration/steps.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

// A finding's rule, for what makes findings of remarks; its texts are the check's (rollback.cc).
constexpr migration::Rule RollbackRule(std::string_view id) {
  return {.id = id, .severity = v1::SEVERITY_INFO};
}
inline constexpr migration::Rule kCode = RollbackRule("rollback.code"),
                                 kDown = RollbackRule("rollback.down"),
                                 kDownFails = RollbackRule("rollback.down_fails"),
                                 kDownIncomplete = RollbackRule("rollback.down_incomplete"),
                                 kLosesData = RollbackRule("rollback.loses_data"),
                                 kNoDown = RollbackRule("rollback.no_down"),
                                 kRuleDisagrees = RollbackRule("rollback.rule_disagrees"),
                                 kUpAgainFails = RollbackRule("rollback.up_again_fails");

class Notes {
 public:
  // At the beginning of the file.
  void Add(const migration::Rule& rule, const v1::MigrationFile& file, migration::Remark remark);
  // At a statement of the release.
  void AddAt(const migration::Rule& rule, const migration::Step& step, migration::Remark remark);
  // At a place that somebody else has found.
  void AddAt(const migration::Rule& rule, const v1::Location& location, migration::Remark remark);

  std::vector<v1::Finding>& findings() { return findings_; }

 private:
  std::vector<v1::Finding> findings_;
  migration::Identities identities_;
};

}  // namespace gate

#endif  // CHECKS_ROLLBACK_NOTES_H_
