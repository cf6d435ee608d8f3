// What a rehearsal was not able to look at, counted, with the first few.
#include "checks/migration/rule.h"

namespace gate::migration {

extern constinit const Rule kRule_rehearsal_coverage = {
    .id = "migration.rehearsal_coverage",
    .severity = v1::SEVERITY_INFO,
    .summary = "Parts of schema, workload or functions could not be looked at by a rehearsal",
    .why =
        "What a rehearsal could not look at is as unproven as before it: statements that do not "
        "prepare on the schema before, functions whose bodies failed before, are in other "
        "languages than "
        "SQL and PL/pgSQL or make the texts that they run, lines that only psql understands. A "
        "rehearsal's lists are bounded; where it has seen more breaks, differences or locks than "
        "they hold, the finding says how many, and blocks as unproven.",
    .instead =
        "Give a schema that loads as it is (pg_dump --schema-only), and a workload of that schema. "
        "For "
        "PL/pgSQL the machine that rehearses needs the extension plpgsql_check (Debian: "
        "postgresql-15-plpgsql-check).",
    .examine = nullptr,
};

}  // namespace gate::migration
