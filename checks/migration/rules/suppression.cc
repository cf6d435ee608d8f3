// A comment "gate:allow RULE: why" covers findings of its statement (suppression.h). One that
// covers nothing is a trap for the next reader: the statement may have changed under it, or the
// rule's name is wrong and what it was meant for still stands. Found where the whole file has been
// judged.
#include "checks/migration/rule.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene&) { return std::nullopt; }

}  // namespace

extern constinit const Rule kRule_suppression = {
    .id = "migration.suppression",
    .severity = v1::SEVERITY_WARN,
    .summary = "A comment that is to cover a finding covers none",
    .why =
        "The rule that it names does not exist, or finds nothing in the comment's statement any "
        "more, or the comment does not say why.",
    .instead = "Correct the comment, or remove it: -- gate:allow RULE [SUBJECT]: why.",
    .examine = Examine,
};

}  // namespace gate::migration
