// Both sides of a difference between a rule and a rehearsal; the subject is the rule.
#include "checks/migration/rule.h"

namespace gate::migration {

extern constinit const Rule kRule_rule_disagrees = {
    .id = "migration.rule_disagrees",
    .severity = v1::SEVERITY_INFO,
    .summary = "A rule and a rehearsal say different things of the same statement",
    .why =
        "Rules conclude from text, and PostgreSQL knows better. What was run is believed; the "
        "difference is counted (gate_migration_rule_disagreements_total), since it is either a bug "
        "of the rule or a version of PostgreSQL that differs.",
    .instead = "Report it with the migration: it makes the rule better.",
    .examine = nullptr,
};

}  // namespace gate::migration
