#include "checks/qa/qa.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/conclude.h"
#include "checks/qa/parameters.h"
#include "checks/qa/report.h"
#include "checks/qa/results.h"
#include "checks/qa/rules.h"
#include "checks/qa/setting.h"
#include "checks/qa/ticket.h"
#include "checks/qa/watched.h"
#include "checks/qa/words.h"

namespace gate {
namespace qa {
namespace {

constexpr size_t kNamed = 5;

v1::CheckOutcome Skipped(std::string_view why) {
  v1::CheckOutcome outcome;
  outcome.set_outcome(v1::OUTCOME_SKIPPED);
  outcome.set_summary(std::string(why));
  return outcome;
}

v1::CheckOutcome Conclude(Report& report, const std::string& in_order) {
  gate::Conclude({.not_shown = "Not shown to be tested: ",
                  .unblock = "Do what the findings say instead, or have them overridden.",
                  .in_order = in_order},
                 report.outcome());
  return std::move(report.outcome());
}

void AddLooseCommits(const Setting& setting, Report& report) {
  if (setting.release == nullptr) return;
  std::vector<std::string> loose;
  for (const v1::ReleaseCommit& commit : setting.release->commits()) {
    if (!commit.tickets().empty()) continue;
    loose.push_back(absl::StrCat(Short(commit.revision()), " (", commit.summary(), ")"));
  }
  if (!loose.empty()) {
    report.Add(
        "qa.no_ticket",
        {setting.change.service(),
         absl::StrCat(Count(loose.size(), "commit"), loose.size() == 1 ? " belongs" : " belong",
                      " to no ticket: ", Enumerate(loose, kNamed), "."),
         "Name the ticket in the message; or its commits in the change (ticket_details)."});
  }
  std::vector<std::string> lost;
  for (const v1::ReleaseCommit& commit : setting.release->lost()) {
    lost.push_back(absl::StrCat(Short(commit.revision()), " (", commit.summary(), ")"));
  }
  if (lost.empty()) return;
  report.Add("qa.takes_back",
             {setting.change.service(),
              absl::StrCat("What runs now has ", Count(lost.size(), "commit"),
                           " that this release does not have: ", Enumerate(lost, kNamed), "."),
              "Merge what runs now into the release, or be sure that it is meant."});
}

// Tickets that are named and have no commits here.
void AddWithoutCommits(const Setting& setting, const std::vector<Ticket>& tickets, Report& report) {
  if (setting.release == nullptr) return;
  std::vector<std::string> keys;
  for (const Ticket& ticket : tickets) {
    if (ticket.code == nullptr && !ticket.key.empty()) keys.push_back(ticket.key);
  }
  if (keys.empty()) return;
  report.Add("qa.no_commits",
             {setting.change.service(),
              absl::StrCat("No commit of this release belongs to ", Enumerate(keys, kNamed), "."),
              "Name the ticket in its commits' messages, or its commits in the change "
              "(ticket_details)."});
}

// Failures of runs that are for no ticket, in cases that nobody required.
void AddOtherFailures(const Setting& setting, const v1::CheckOutcome& outcome, Report& report) {
  std::vector<std::string> failed = setting.results.FailedForAll(setting.head);
  std::erase_if(failed, [&](const std::string& name) {
    return std::ranges::any_of(outcome.tickets(), [&](const v1::TicketReport& ticket) {
      return std::ranges::any_of(ticket.cells(), [&](const v1::QaCell& cell) {
        return absl::StrCat(cell.platform(), ": ", cell.message()).starts_with(name);
      });
    });
  });
  if (failed.empty()) return;
  report.Add("qa.other_failure",
             {setting.change.service(),
              absl::StrCat(Count(failed.size(), "case"),
                           " failed on this build that the policy does not require: ",
                           Enumerate(failed, kNamed), "."),
              "Look at it; a policy that sets qa.other_failure to BLOCK stops at it."});
}

// "3 tickets: 2 passed on 3f2a1b9, 1 is behind a flag that is off."
std::string Sum(const Setting& setting, const v1::CheckOutcome& outcome) {
  std::map<v1::TicketState, int> states;
  for (const v1::TicketReport& ticket : outcome.tickets()) ++states[ticket.state()];
  std::vector<std::string> parts;
  const auto add = [&](v1::TicketState state, const std::string& what) {
    if (states.contains(state)) parts.push_back(absl::StrCat(states[state], " ", what));
  };
  add(v1::TICKET_STATE_PASSED, "passed on " + Short(setting.head));
  add(v1::TICKET_STATE_BEHIND_FLAG, states[v1::TICKET_STATE_BEHIND_FLAG] == 1
                                        ? "has not, and is behind a flag that is off"
                                        : "have not, and are behind flags that are off");
  add(v1::TICKET_STATE_NOT_REQUIRED, states[v1::TICKET_STATE_NOT_REQUIRED] == 1
                                         ? "touches nothing that has to be tested"
                                         : "touch nothing that has to be tested");
  return absl::StrCat(Count(outcome.tickets_size(), "ticket"), ": ", absl::StrJoin(parts, ", "),
                      ".");
}

v1::CheckOutcome JudgeRelease(const v1::Change& change, const Evidence& evidence,
                              const v1::PolicyRule& rule, absl::Time now) {
  const v1::QaPolicy& policy = rule.checks().qa();
  Report report(policy);
  if (change.head_revision().empty()) {
    report.AddUnproven("qa.unproven",
                       {change.service(), "Which revision goes out is not told.",
                        "gatectl check SERVICE --head REVISION; QA results are of a revision."});
    return Conclude(report, "");
  }
  const v1::Observation& runs = evidence.Get(kRunsId);
  if (!runs.has_qa_runs()) {
    report.AddUnproven("qa.unproven",
                       {change.service(),
                        absl::StrCat("QA results: ", Describe(runs.absence(), runs.source()), "."),
                        "See that it answers, and ask again."});
    return Conclude(report, "");
  }
  const Parameters parameters(policy);
  const Results results(runs.qa_runs(), parameters, now);
  const v1::Observation& release = evidence.Get(kReleaseId);
  const v1::Release* known = release.has_release() ? &release.release() : nullptr;
  const Setting setting = {change,
                           policy,
                           parameters,
                           evidence,
                           results,
                           known,
                           known != nullptr ? known->head_revision() : change.head_revision()};
  const std::vector<Ticket> tickets = setting.Tickets();
  std::vector<v1::TicketReport> told;
  for (const Ticket& ticket : tickets) told.push_back(JudgeTicket(setting, ticket, report));
  std::ranges::stable_sort(told, [](const v1::TicketReport& a, const v1::TicketReport& b) {
    return a.state() > b.state();
  });
  for (v1::TicketReport& ticket : told) *report.outcome().add_tickets() = std::move(ticket);
  AddOtherFailures(setting, report.outcome(), report);
  AddWithoutCommits(setting, tickets, report);
  AddLooseCommits(setting, report);
  const std::string sum = Sum(setting, report.outcome());
  return Conclude(report, sum);
}

v1::CheckOutcome Judge(const v1::Change& change, const Evidence& evidence,
                       const v1::PolicyRule& rule, absl::Time now) {
  if (change.kind() == v1::CHANGE_KIND_FLAG_FLIP) {
    Report report(rule.checks().qa());
    const Parameters parameters(rule.checks().qa());
    const std::string in_order = JudgeFlip(change, evidence, parameters, now, report);
    return Conclude(report, in_order);
  }
  if (!BringsCode(change)) return Skipped("the change brings no code");
  return JudgeRelease(change, evidence, rule, now);
}

}  // namespace
}  // namespace qa

const Check kQaCheck = {"qa",         "What goes out was tested, or is off behind its flag.",
                        qa::Validate, qa::Needs,
                        qa::Judge,    qa::Rules};

}  // namespace gate
