// A service that keeps sessions in its origins, in memory or in a store of each site, can be served
// from two of them only while each user stays with one. The sites need not fail for that: users
// lose logins and half-saved forms while error rates stay normal.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/traffic/rule.h"

namespace gate::traffic {
namespace {

// The chance that a request goes to another origin than the one before it, where each is sent by
// share alone: 1 - sum of squares.
double ChanceToChange(const std::vector<const Origin*>& serving) {
  double same = 0;
  for (const Origin* origin : serving) same += origin->after * origin->after;
  return 1 - same;
}

// Where the traffic is now, if it is in one place.
const Origin* OnlyOneBefore(const Shift& shift) {
  const auto whole = std::ranges::find_if(
      shift.origins, [](const Origin& origin) { return origin.before > 1 - kTolerance; });
  return whole == shift.origins.end() ? nullptr : &*whole;
}

std::string Instead(const Shift& shift) {
  const Origin* now = OnlyOneBefore(shift);
  const Origin& target = *std::ranges::max_element(shift.origins, {}, &Origin::Growth);
  return absl::StrCat(
      "Now:      ",
      now != nullptr ? absl::StrCat("Leave all traffic with ", now->name, ".")
                     : "Take all traffic back to one origin.",
      "\nThen:     Turn on affinity at the load balancer or CDN, try it with one session, and ask "
      "again with --affinity cookie; or move whole tenants, with --affinity tenant.",
      "\nOr:       Move everything at once: ", target.name, " from ", Percent(target.before),
      " to 100 %, with --way-back.");
}

void Examine(const Shift& shift, Findings& findings) {
  const std::vector<const Origin*> serving = shift.Serving();
  if (serving.size() < 2 || shift.keeps_sessions == Answer::kNo ||
      shift.is_sticky == Answer::kYes) {
    return;
  }
  const std::string names = NamesWithShares(serving);
  if (shift.keeps_sessions == Answer::kYes && shift.is_sticky == Answer::kNo) {
    return findings.Add(
        {shift.service,
         absl::StrCat(shift.service, " keeps sessions in its origins, and nothing keeps a user ",
                      "with one of them: ", names, " answer in turn. About ",
                      Percent(ChanceToChange(serving)),
                      " of requests reach another origin than the user's last one, which does not "
                      "know the login or what was being saved."),
         Instead(shift)});
  }
  if (shift.is_sticky == Answer::kUnknown) {
    findings.AddUnproven(
        {"affinity",
         absl::StrCat("Whether a user's requests stay with one of ", names,
                      " is not told. If they do not, sessions break."),
         "Look at the load balancer or CDN, and tell it: --affinity cookie, tenant or none."});
  }
  if (shift.keeps_sessions == Answer::kUnknown) {
    findings.AddUnproven(
        {"stateful_sessions",
         absl::StrCat("Whether ", shift.service,
                      " keeps sessions in its origins is not told. If "
                      "it does, a user may not be served by ",
                      names, " in turn."),
         "Ask who knows the service, and tell it: --sessions stateful or stateless; better, "
         "checks.traffic.stateful_sessions in the policy."});
  }
}

}  // namespace

const Rule kSplitSessions = {
    .doc = {"traffic.split_sessions",
            "A service with sessions of its own would be served from two origins in turn.",
            "What one origin keeps of a user (a login, a basket, a form that is half saved), the "
            "other does not know. Users see slowness, logins and lost work, while error rates stay "
            "normal and each origin by itself looks healthy.",
            "Affinity at the load balancer or CDN (--affinity cookie); or whole tenants at a time "
            "(--affinity tenant); or everything at once, with a way back. A session store that all "
            "origins share does away with the question."},
    .severity = v1::SEVERITY_BLOCK,
    .compares = false,
    .examine = Examine,
};

}  // namespace gate::traffic
