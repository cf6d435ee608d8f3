// From what a rule says to the finding that people and machines read.
#ifndef CHECKS_MIGRATION_FINDING_H_
#define CHECKS_MIGRATION_FINDING_H_

#include <map>
#include <string>
#include <string_view>

#include "checks/migration/rule.h"
#include "checks/migration/sql/text.h"
#include "gate/v1/verdict.pb.h"

namespace gate::migration {

// How often each finding was made so far: two that say the same of equal clauses differ in this.
using Identities = std::map<std::string, int>;

// The fingerprint does not depend on lines: it is made of rule, path, subject, the clause without
// layout and comments, and the count of such findings before.
v1::Finding MakeFinding(const Rule& rule, const Remark& remark, Span span, std::string_view text,
                        const std::string& path, const Places& places, Identities& identities);

// The plan as text:  "Now:      ALTER TABLE ...;\nBetween:  ...\nLater:    ...;"
std::string ToText(const Plan& plan);

// The rule in that file, which exists.
const Rule* FindRuleByStem(std::string_view stem);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_FINDING_H_
