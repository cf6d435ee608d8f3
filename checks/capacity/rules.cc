#include "checks/capacity/rules.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

namespace gate::capacity {
namespace {

struct Clause {
  RuleDoc doc;
  v1::Severity severity;  // UNSPECIFIED: unproven, not for a policy to weigh
};

constexpr Clause kClauses[] = {
    {{"capacity.already_over",
      "A resource is over its target at the peak whatever the change does.",
      "The old version alone takes more of the resource at the coming weekly peak than the policy "
      "wants. The change is proven to cost less, so stopping it would make it worse.",
      "Let the change go on, and give the resource more capacity before the peak."},
     v1::SEVERITY_WARN},
    {{"capacity.backlog_grows", "A queue grows beyond all that it was before the release.",
      "Consumers are outrun: what is published does not come back as errors, it comes late, and "
      "when "
      "the broker's memory is full everything that waits in it stops at once. Nobody sees it until "
      "then, so the backlog itself is what is judged.",
      "Roll back, then let the backlog drain. More consumers help only where what they call can "
      "bear "
      "them."},
     v1::SEVERITY_BLOCK},
    {{"capacity.backlog_remains", "A queue has not drained yet.",
      "That a fix is out says nothing: it is one when the backlog drains. Until then work arrives "
      "late, and the next peak comes on top.",
      "Wait until it has drained; the finding says when that is at the present rate. Where it does "
      "not fall, the change did not help: take it back, or look for the other cause."},
     v1::SEVERITY_UNSPECIFIED},
    {{"capacity.coverage", "The evidence was taken at a fraction of the load still to come.",
      "What a request costs is assumed to stay what it is. Caches, batches and locks make it "
      "another "
      "at the peak, and an endpoint that the canary has not served has no cost yet.",
      "Look again under the first peak; go in steps until then. A policy may make it BLOCK."},
     v1::SEVERITY_WARN},
    {{"capacity.load_test", "What a load test in a lower environment would make of it.",
      "A test has the endpoints and messages that somebody thought of, so it stands for as much of "
      "production as their mix overlaps. It is told and decides nothing.",
      "Make the mix of the test production's, as the finding lists it."},
     v1::SEVERITY_INFO},
    {{"capacity.no_data", "What capacity is judged by could not be seen.",
      "Without the load of some weeks, the cost of a request on both versions, and what there is "
      "of "
      "the resource, nobody can say that it lasts.",
      "Look at the query of the observation that the finding names; the metrics server has to "
      "answer "
      "it with fresh numbers."},
     v1::SEVERITY_UNSPECIFIED},
    {{"capacity.other_mix",
      "The canary serves another mix of endpoints than production, and what each costs is unknown.",
      "Endpoints cost more or less than others. Where what is spent is counted by endpoint, both "
      "versions are weighted to production's mix; where it is not, a canary that serves the cheap "
      "ones looks cheap, and one that serves the dear ones dear. So over a tenth of difference "
      "nothing is said of the new version.",
      "Give the counter of `cost` the endpoint's label, or route the same mix to the canary."},
     v1::SEVERITY_UNSPECIFIED},
    {{"capacity.overload",
      "The new version takes more of a resource at the peak than there is to be.",
      "Under little traffic everything is fast. The cost of a request on the new version times the "
      "load of the coming weekly peak is over the target, by the lower bound of both: at the peak "
      "requests wait, and everybody who shares the resource waits with them.",
      "Roll back and make a request cheaper; or stay at the share of traffic that the finding "
      "names; "
      "or give the resource the capacity that it names, and ask again."},
     v1::SEVERITY_BLOCK},
    {{"capacity.pool_too_small", "The workers of an origin are too few for its share of the peak.",
      "An origin that takes a fifth of a quiet afternoon with ease may not take a fifth of the "
      "peak. "
      "Near full use every request waits for a worker, and beyond it the line grows without end.",
      "Give the origin the workers that the finding names, or move less traffic to it; then ask "
      "again."},
     v1::SEVERITY_BLOCK},
    {{"capacity.short_history", "Less than two whole weeks of load are known.",
      "The peak of a week that nobody has seen cannot be forecast from a day.",
      "Let the metrics server keep at least two weeks of the load, better five."},
     v1::SEVERITY_UNSPECIFIED},
    {{"capacity.taken_back", "The shift takes an earlier one back, and is not stopped.",
      "Whoever goes back is in trouble already; a gate in the way makes it longer.",
      "Nothing. Look at the other findings once the trouble is over."},
     v1::SEVERITY_INFO},
    {{"capacity.undecided", "The evidence does not suffice yet.",
      "What a request costs on the new version, or how high the peak will be, is not known closely "
      "enough to say that the resource lasts or that it does not. Where the new version has all of "
      "the traffic, and its requests cost more than a week earlier, it may be it or something "
      "else.",
      "Wait for as long as the finding says, with the canary under traffic."},
     v1::SEVERITY_UNSPECIFIED},
    {{"capacity.wait_grows", "Since a shift of traffic, requests wait for a worker at an origin.",
      "Where more comes in than the workers of an origin can serve, nothing fails: requests wait, "
      "each for longer than the one before it, and people see a page that does not come. Errors "
      "begin when somebody's patience ends, much later, so the wait itself is what is judged: for "
      "three minutes beyond three times its usual weekly peak, at least 0.1 s and what the policy "
      "allows.",
      "Take the shift back, then give the origin the workers that its share of the peak takes."},
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

bool HasSeverity(std::string_view id) {
  return Find(id)->severity != v1::SEVERITY_UNSPECIFIED && id != "capacity.taken_back";
}

v1::Severity SeverityOf(const v1::CapacityPolicy& policy, std::string_view id) {
  const auto set = policy.severities().find(std::string(id));
  if (set != policy.severities().end()) return set->second;
  const v1::Severity own = Find(id)->severity;
  return own == v1::SEVERITY_UNSPECIFIED ? v1::SEVERITY_BLOCK : own;
}

}  // namespace gate::capacity
