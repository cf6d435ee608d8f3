// What a rehearsal has seen to fail, where no rule has a name for it: a function whose body no
// longer works, another column in the place that an INSERT counts on, a code of PostgreSQL that
// says no more than that it fails.
#include "checks/migration/rule.h"

namespace gate::migration {

extern constinit const Rule kRule_rehearsed_break = {
    .id = "migration.rehearsed_break",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Fails when it is run after the migration, and no other rule has a name for it",
    .why =
        "A statement or function of the running version worked on the schema before and fails on "
        "the one after, on a real PostgreSQL. Old nodes fail in the same way from the commit on.",
    .instead =
        "Keep what the statement uses; take it away in a later release, once no node runs that "
        "executes it.",
    .examine = nullptr,
};

}  // namespace gate::migration
