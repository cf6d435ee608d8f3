// That nothing was proven by running it, and why: not configured, late, or not all of the schema
// known. Said once for a release.
#include "checks/migration/rule.h"

namespace gate::migration {

extern constinit const Rule kRule_not_rehearsed = {
    .id = "migration.not_rehearsed",
    .severity = v1::SEVERITY_INFO,
    .summary = "The migrations were not run on a scratch PostgreSQL, or not to their end",
    .why =
        "What is said about them is concluded from their text and the schema's. A rehearsal would "
        "show which statements of the running version fail, what is locked, written anew and read "
        "as a whole. Where the policy requires one, the check is inconclusive without it.",
    .instead =
        "Configure rehearsal in gated, give the schema before and the workload with the change, "
        "and give the policy's gather_timeout time for it.",
    .examine = nullptr,
};

}  // namespace gate::migration
