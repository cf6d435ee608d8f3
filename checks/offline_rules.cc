#include "checks/offline_rules.h"

namespace gate {
namespace {

constexpr RuleDoc kRules[] = {
    {"flags.coverage", "How much of a change runs only where a flag is on.",
     "Counted are expressions and statements that the change added or changed and that run; not "
     "comments, types, tests and names.",
     "Nothing: it is told in any case."},
    {"flags.disables_live_code", "With the flag off, code that runs now does not run any more.",
     "To wrap code in a check of a flag that is off takes it away from everyone. That may be "
     "meant; "
     "it is no proof that nothing changes.",
     "Keep the old code in the other branch of the check, or be sure that nobody needs it."},
    {"flags.uncovered", "A changed line runs whether the flag is on or off.",
     "\"It is behind a flag\" holds for a line only where each way to it leads through a check of "
     "that flag. The classic mistake is a change to a function that the old code calls as well: "
     "the "
     "calls that lead there without a check are named.",
     "Put it behind a check:   if flags.is_enabled(\"tasks-v2\"): ...\n"
     "Or before it, where the rest of the function is new:   if not "
     "flags.is_enabled(\"tasks-v2\"): "
     "return\n"
     "Or give the function of your own that asks for the flag: --wrapper FUNCTION:ARGUMENT"},
    {"flags.unknown", "Nobody can tell whether a changed line runs only where the flag is on.",
     "Its language is not known, it cannot be read, the flag's name is worked out when it runs, or "
     "somebody may call it without naming it: the finding says which. What cannot be proven counts "
     "as not covered.",
     "Ask for the flag by its name, in a condition, near the line."},
};

}  // namespace

std::span<const RuleDoc> OfflineRules() { return kRules; }

}  // namespace gate
