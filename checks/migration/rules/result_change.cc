// What PostgreSQL tells of a statement's rows and parameters before and after a migration: other
// columns, in another order, of other types.
#include "checks/migration/rule.h"

namespace gate::migration {

extern constinit const Rule kRule_result_change = {
    .id = "migration.result_change",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Rows of the running version's statements look different afterwards",
    .why =
        "Sessions that have prepared such a statement fail once (0A000, cached plan must not "
        "change result type). Clients that count on the place, the name or the type of a column "
        "fail for good or read something else. Where columns only come behind those that there "
        "were, it is a warning.",
    .instead =
        "Name the columns in the statement before the migration; recycle the connections of old "
        "nodes after it.",
    .examine = nullptr,
};

}  // namespace gate::migration
