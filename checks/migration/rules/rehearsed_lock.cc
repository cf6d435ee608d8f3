// A rewrite or a full read that a rehearsal has seen, where no rule says so: in a DO block, in a
// function, in what the parser does not understand.
#include "checks/migration/rule.h"

namespace gate::migration {

extern constinit const Rule kRule_rehearsed_lock = {
    .id = "migration.rehearsed_lock",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Writes or reads a whole table under a lock, as seen when it was run",
    .why =
        "On a real PostgreSQL the table got a new file, or was read from end to end, under a lock "
        "that stops writers (ACCESS EXCLUSIVE: readers, too). The time that it takes grows with "
        "the table; the scratch tables were empty.",
    .instead =
        "Build indexes CONCURRENTLY, add constraints NOT VALID and validate them in a transaction "
        "of their own, fill a new column in batches instead of writing the table anew.",
    .examine = nullptr,
};

}  // namespace gate::migration
