#include "checks/qa/rules.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

namespace gate::qa {
namespace {

struct Clause {
  RuleDoc doc;
  v1::Severity severity;  // UNSPECIFIED: unproven, not for a policy to weigh
};

constexpr Clause kClauses[] = {
    {{"qa.behind_flag", "A ticket without a pass goes out behind a flag that is off.",
      "Each line of it that runs is reached through a check of the flag alone, and the flag server "
      "says that it is off for everyone. So nobody meets it, for as long as the flag stays off: "
      "switching it on is watched, and takes a pass on this build.",
      "Nothing. Mend the ticket; then have it tested, and switch the flag on."},
     v1::SEVERITY_INFO},
    {{"qa.disables_live_code", "With the flag off, code that runs now does not run any more.",
      "To wrap code in a check of a flag that is off takes it away from everyone. That may be "
      "meant; it is no proof that nothing changes.",
      "Keep the old code in the other branch of the check, or be sure that nobody needs it."},
     v1::SEVERITY_WARN},
    {{"qa.failed", "A ticket that failed QA goes out, and its code runs.",
      "On 2022-05-12 a change that had failed testing went out because it was behind a flag. Half "
      "of it was; the other half stopped everyone from assigning tasks, for nine hours. So what a "
      "failed ticket changes has to be shown to be off, line by line, or it does not go out.",
      "Put what the finding names behind the flag, have the ticket tested on this build, or revert "
      "its commits."},
     v1::SEVERITY_BLOCK},
    {{"qa.flag_unknown", "Whether the flag of a ticket is off cannot be told.",
      "Its code is behind the flag. Who then cannot see the flag does not know whether the code is "
      "off.",
      "See that the flag server answers, and ask again."},
     v1::SEVERITY_UNSPECIFIED},
    {{"qa.flaky", "A required case failed, and then passed.",
      "That it passes at the second try is no evidence that it works: half of the users have only "
      "one.",
      "Mend the test or the code, and run it again; or set `accept_flaky`."},
     v1::SEVERITY_UNSPECIFIED},
    {{"qa.missing", "Something that has to be tested has no result on this build.",
      "The two faults of 2022-05-12 would have shown in four cases on two platforms that nobody "
      "had. What was not run, was skipped, or was run on another build proves nothing.",
      "Run the cases that the finding names on this build, and report them: gatectl qa report"},
     v1::SEVERITY_UNSPECIFIED},
    {{"qa.no_commits", "No commit of the release belongs to a ticket that the change names.",
      "Either the ticket is not in this release, or its commits do not say that they are its. Then "
      "what is said of commits without a ticket holds for it.",
      "Name the ticket in its commits' messages, or its commits in the change (ticket_details)."},
     v1::SEVERITY_WARN},
    {{"qa.no_ticket", "Commits of the release belong to no ticket.",
      "Nobody has tested them for a ticket, and nobody in the meeting has heard of them.",
      "Name the ticket in the message, as in \"TASKS-118: archive tasks\"; or name the commits in "
      "the change (ticket_details)."},
     v1::SEVERITY_WARN},
    {{"qa.other_failure", "A case failed that the policy does not require.",
      "The build was tested, and something that nobody asked for failed. It may be the very thing "
      "that should have been asked for.",
      "Look at it. A policy that sets this to BLOCK stops at every failed case."},
     v1::SEVERITY_WARN},
    {{"qa.reused", "A hotfix goes by results of a commit that it contains.",
      "Behind that commit nothing of the component was changed, so what was tested is what goes "
      "out.",
      "Nothing."},
     v1::SEVERITY_INFO},
    {{"qa.takes_back", "What runs now has commits that this release does not have.",
      "Whoever deploys it takes these back, and their fixes with them.",
      "Merge what runs now into the release, or be sure that it is meant."},
     v1::SEVERITY_WARN},
    {{"qa.uncovered", "A line of a failed ticket that runs whether its flag is on or off.",
      "It was added or changed by the ticket, and no check of the flag stands before it on each "
      "way to it.",
      "Move it behind a check of the flag; the finding says how it is reached without one."},
     v1::SEVERITY_WARN},
    {{"qa.unproven", "What QA is judged by could not be seen.",
      "Without the results, or the release's commits, nobody can say what was tested.",
      "See that the source that the finding names answers, and ask again."},
     v1::SEVERITY_UNSPECIFIED},
    {{"qa.watched_flag",
      "A flag is switched on behind which a ticket went out that has not passed.",
      "The ticket was let go because the flag is off. Switching it on is what brings its faults to "
      "everyone.",
      "Have the ticket tested on the build that runs; with a pass the flag may be switched on."},
     v1::SEVERITY_BLOCK},
};

constexpr auto kDocs = [] {
  std::array<RuleDoc, std::size(kClauses)> docs{};
  for (size_t i = 0; i < docs.size(); ++i) docs[i] = kClauses[i].doc;
  return docs;
}();

const Clause* Find(std::string_view id) {
  const auto found =
      std::ranges::find_if(kClauses, [&](const Clause& clause) { return clause.doc.id == id; });
  return found == std::end(kClauses) ? nullptr : found;
}

}  // namespace

std::span<const RuleDoc> Rules() { return kDocs; }

bool IsRule(std::string_view id) { return Find(id) != nullptr; }

bool HasSeverity(std::string_view id) { return Find(id)->severity != v1::SEVERITY_UNSPECIFIED; }

v1::Severity SeverityOf(const v1::QaPolicy& policy, std::string_view id) {
  const auto set = policy.severities().find(std::string(id));
  if (set != policy.severities().end()) return set->second;
  const v1::Severity own = Find(id)->severity;
  return own == v1::SEVERITY_UNSPECIFIED ? v1::SEVERITY_BLOCK : own;
}

}  // namespace gate::qa
