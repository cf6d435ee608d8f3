#include "checks/traffic/traffic.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/conclude.h"
#include "checks/traffic/rule.h"
#include "checks/traffic/shift.h"

namespace gate {
namespace traffic {
namespace {

constexpr char kTakenBack[] = "traffic.taken_back";

constexpr const Rule* kRules[] = {&kCrossSiteDatabase, &kNoWayBack, &kShareStep, &kSplitSessions};

constexpr RuleDoc kOtherRules[] = {
    {kTakenBack, "The shift takes an earlier one back, and is not stopped.",
     "Whoever goes back is in trouble already; a gate in the way makes it longer. That it is a way "
     "back is believed, and on the record.",
     "Nothing. Look at the other findings once the trouble is over: they hold all the same."},
    {kUnproven, "What would have to be known of the shift is not told.",
     "A gate that is not told where the sites are, or whether sessions are sticky, cannot say that "
     "the shift is safe, and does not guess.",
     "Tell what the finding names; what never changes belongs in the policy."},
};

std::span<const RuleDoc> Rules() {
  static const std::vector<RuleDoc>& docs = *[] {
    auto* all = new std::vector<RuleDoc>(std::begin(kOtherRules), std::end(kOtherRules));
    for (const Rule* rule : kRules) all->push_back(rule->doc);
    std::ranges::sort(*all, {}, &RuleDoc::id);
    return all;
  }();
  return docs;
}

std::vector<ParameterIssue> Validate(const v1::Policy&, const v1::PolicyRule& rule) {
  const v1::TrafficPolicy& policy = rule.checks().traffic();
  std::vector<ParameterIssue> issues;
  for (const auto& [id, severity] : policy.severities()) {
    const std::string field = absl::StrCat("checks.traffic.severities[\"", id, "\"]");
    const auto has_id = [&id = id](const RuleDoc& doc) { return doc.id == id; };
    if (std::ranges::none_of(Rules(), has_id)) {
      issues.push_back({field, absl::StrCat("unknown rule \"", id, "\"")});
    } else if (id == kUnproven) {
      issues.push_back({field,
                        "what is unproven cannot be declared harmless for all changes; set the "
                        "rule that asks for it to INFO, or write an exemption"});
    } else if (id == kTakenBack) {
      issues.push_back({field, "a way back is never stopped, so there is nothing to set"});
    } else if (severity == v1::SEVERITY_UNSPECIFIED) {
      issues.push_back({field, "must be INFO, WARN or BLOCK"});
    }
  }
  if (!(policy.largest_step() >= 0 && policy.largest_step() <= 1)) {
    issues.push_back({"checks.traffic.largest_step", "must be over 0 and up to 1"});
  }
  return issues;
}

std::vector<v1::Query> Needs(const v1::Change&, const v1::PolicyRule&) { return {}; }

v1::Severity SeverityOf(const Rule& rule, const v1::TrafficPolicy& policy) {
  const auto set = policy.severities().find(rule.doc.id);
  return set == policy.severities().end() ? rule.severity : set->second;
}

void AddUnknownShares(const char* which, Findings& findings) {
  findings.AddUnproven({absl::StrCat("share_", which),
                        absl::StrCat("Which share of the traffic each origin has ", which,
                                     " the shift is not told: those that are do not make up all."),
                        "Tell both for each origin: --origin NAME=BEFORE:AFTER, 0 where it has "
                        "none."});
}

std::vector<v1::Finding> Examine(const Shift& shift, const v1::TrafficPolicy& policy) {
  std::vector<v1::Finding> found;
  Findings unknown(kUnproven, v1::SEVERITY_BLOCK, found);
  if (!shift.after_known) AddUnknownShares("after", unknown);
  if (!shift.before_known) AddUnknownShares("before", unknown);
  if (!shift.after_known) return found;
  for (const Rule* rule : kRules) {
    if (rule->compares && !shift.before_known) continue;
    Findings findings(rule->doc.id, SeverityOf(*rule, policy), found);
    rule->examine(shift, findings);
  }
  return found;
}

// "new-hoster 0 % -> 20 % and old-hoster 100 % -> 80 %"
std::string Moves(const Shift& shift) {
  std::vector<std::string> moves;
  for (const Origin& origin : shift.origins) {
    moves.push_back(
        absl::StrCat(origin.name, " ", Percent(origin.before), " -> ", Percent(origin.after)));
  }
  return Enumerate(std::move(moves));
}

std::string WhyItMay(const Shift& shift) {
  if (shift.Serving().size() == 1) {
    return absl::StrCat("one origin serves everything",
                        shift.way_back.empty() ? "" : "; the way back: ", shift.way_back);
  }
  if (shift.keeps_sessions == Answer::kNo) return "no sessions are kept in the origins";
  if (shift.affinity == v1::SESSION_AFFINITY_TENANT) return "each tenant stays with one origin";
  if (shift.is_sticky == Answer::kYes) return "each user stays with one origin";
  return "the policy lets sessions be split";
}

v1::CheckOutcome WithoutShift(v1::ChangeKind kind) {
  v1::CheckOutcome outcome;
  if (kind != v1::CHANGE_KIND_TRAFFIC_SHIFT) {
    outcome.set_outcome(v1::OUTCOME_SKIPPED);
    outcome.set_summary("The change shifts no traffic.");
    return outcome;
  }
  outcome.set_outcome(v1::OUTCOME_INCONCLUSIVE);
  outcome.set_summary("The change is a traffic shift, but does not say from where to where.");
  outcome.add_unblock(
      "Tell the shares of all origins: gatectl check --origin NAME=BEFORE:AFTER, or traffic_shift "
      "in the change.");
  return outcome;
}

v1::CheckOutcome Judge(const v1::Change& change, const Evidence&, const v1::PolicyRule& rule,
                       absl::Time) {
  if (!change.has_traffic_shift()) return WithoutShift(change.kind());
  const v1::TrafficPolicy& policy = rule.checks().traffic();
  const Shift shift = ReadShift(change, policy);
  const std::string& takes_back = change.traffic_shift().takes_back();
  const std::vector<v1::Finding> findings = Examine(shift, policy);
  v1::CheckOutcome outcome;
  outcome.mutable_findings()->Assign(findings.begin(), findings.end());
  if (takes_back.empty()) {
    Conclude({.not_shown = "Not shown to be safe: ",
              .unblock = "Change the shift as the findings say, or have them overridden.",
              .in_order = absl::StrCat(Moves(shift), ": ", WhyItMay(shift), ".")},
             outcome);
  } else {
    LetPass(kTakenBack, takes_back, outcome);
  }
  return outcome;
}

}  // namespace
}  // namespace traffic

const Check kTrafficCheck = {
    "traffic",         "Whether traffic may be shared out as the shift says",
    traffic::Validate, traffic::Needs,
    traffic::Judge,    traffic::Rules};

}  // namespace gate
