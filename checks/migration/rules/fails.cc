// A migration that a rehearsal could not bring to its end, by an error that production would meet
// as well. Errors that depend on rows, on rights or on objects that may be missing from the
// schema's text prove nothing: see not_rehearsed.
#include "checks/migration/rule.h"

namespace gate::migration {

extern constinit const Rule kRule_fails = {
    .id = "migration.fails",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "A statement of the migration fails when it is run",
    .why =
        "On a scratch PostgreSQL with the schema before, PostgreSQL refuses the statement, and not "
        "because of the rows that tables have there. In production the release would stop at it, "
        "with what ran before it in place.",
    .instead =
        "Mend the migration. Where it is right, the schema that was given with it is not "
        "production's.",
    .examine = nullptr,
};

}  // namespace gate::migration
