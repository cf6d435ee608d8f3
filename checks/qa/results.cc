#include "checks/qa/results.h"

#include <algorithm>
#include <ranges>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate::qa {
namespace {

bool Names(const google::protobuf::RepeatedPtrField<std::string>& tickets,
           const std::string& ticket) {
  return !ticket.empty() && std::ranges::find(tickets, ticket) != tickets.end();
}

}  // namespace

int Badness(v1::QaOutcome outcome) {
  switch (outcome) {
    case v1::QA_OUTCOME_PASSED:
      return 0;
    case v1::QA_OUTCOME_FLAKY:
      return 1;
    case v1::QA_OUTCOME_SKIPPED:
      return 2;
    default:
      return 3;
  }
}

Results::Results(const v1::QaRuns& runs, const Parameters& parameters, absl::Time now)
    : parameters_(parameters) {
  for (const v1::QaRun& run : std::views::reverse(runs.runs())) {
    if (FromProto(run.finished_at()) + parameters.max_age < now) {
      too_old_.insert(run.build());
      continue;
    }
    runs_[run.build()].push_back(&run);
    builds_.insert(run.build());
  }
}

// A case that passed speaks for everyone, whoever's it is; one that failed for its own tickets.
Results::Whose Results::WhoseIs(const v1::QaRun& run, const v1::QaCase& reported,
                                const std::string& ticket) {
  if (Names(run.tickets(), ticket) || Names(reported.tickets(), ticket)) return Whose::kTicket;
  if (!run.tickets().empty()) return Whose::kOthers;
  const bool passed = reported.outcome() == v1::QA_OUTCOME_PASSED;
  return reported.tickets().empty() || passed ? Whose::kAll : Whose::kOthers;
}

Results::LatestByName Results::Find(const std::string& build, Whose whose,
                                    const std::string& ticket) const {
  LatestByName latest;
  const auto runs = runs_.find(build);
  if (runs == runs_.end()) return latest;
  for (const v1::QaRun* run : runs->second) {
    for (const v1::QaCase& reported : run->cases()) {
      if (WhoseIs(*run, reported, ticket) != whose) continue;
      Latest& known = latest[{run->platform(), reported.name()}];
      const bool worse =
          known.run == run && Badness(reported.outcome()) > Badness(known.reported->outcome());
      if (known.run == nullptr || worse) known = {run, &reported};
    }
  }
  return latest;
}

v1::QaCell Results::Cell(const Component& component, const RequiredCase& required,
                         const std::string& platform, const std::string& ticket,
                         const std::string& build) const {
  v1::QaCell cell;
  cell.set_component(component.name);
  cell.set_case_name(required.name());
  cell.set_platform(platform);
  const auto key = std::pair(build, ticket);
  if (!own_.contains(key)) own_[key] = Find(build, Whose::kTicket, ticket);
  if (!all_.contains(key)) all_[key] = Find(build, Whose::kAll, ticket);
  for (const LatestByName* latest : {&own_[key], &all_[key]}) {
    for (auto at = latest->lower_bound({platform, ""});
         at != latest->end() && at->first.first == platform; ++at) {
      const auto& [run, reported] = at->second;
      if (!required.Is(*reported)) continue;
      v1::QaOutcome outcome = reported->outcome();
      if (outcome == v1::QA_OUTCOME_FLAKY && parameters_.accept_flaky) {
        outcome = v1::QA_OUTCOME_PASSED;
      }
      const bool fresh = cell.run().empty();
      if (!fresh && Badness(outcome) <= Badness(cell.outcome())) continue;
      cell.set_outcome(outcome);
      cell.set_build(run->build());
      cell.set_run(run->name());
      cell.clear_message();
      if (outcome != v1::QA_OUTCOME_PASSED) {
        cell.set_message(absl::StrCat(reported->name(), reported->message().empty() ? "" : ": ",
                                      reported->message()));
      }
    }
    if (!cell.run().empty()) break;
  }
  return cell;
}

std::vector<std::string> Results::FailedFor(const std::string& ticket,
                                            const std::string& build) const {
  std::vector<std::string> failed;
  for (const auto& [name, latest] : Find(build, Whose::kTicket, ticket)) {
    if (latest.reported->outcome() != v1::QA_OUTCOME_FAILED) continue;
    failed.push_back(absl::StrCat(name.first, ": ", name.second));
  }
  return failed;
}

std::vector<std::string> Results::FailedForAll(const std::string& build) const {
  std::vector<std::string> failed;
  for (const auto& [name, latest] : Find(build, Whose::kAll, "")) {
    if (latest.reported->outcome() != v1::QA_OUTCOME_FAILED) continue;
    failed.push_back(absl::StrCat(name.first, ": ", name.second));
  }
  return failed;
}

bool Results::HasFor(const std::string& ticket, const std::string& build) const {
  return !Find(build, Whose::kTicket, ticket).empty();
}

bool Results::PassedFor(const std::string& ticket, const std::string& build) const {
  const LatestByName latest = Find(build, Whose::kTicket, ticket);
  return std::ranges::any_of(latest, [&](const auto& entry) {
    const v1::QaOutcome outcome = entry.second.reported->outcome();
    return outcome == v1::QA_OUTCOME_PASSED ||
           (outcome == v1::QA_OUTCOME_FLAKY && parameters_.accept_flaky);
  });
}

std::set<std::string> Results::FailedTickets(const std::string& build) const {
  std::set<std::string> named, failed;
  const auto runs = runs_.find(build);
  if (runs == runs_.end()) return failed;
  for (const v1::QaRun* run : runs->second) {
    named.insert(run->tickets().begin(), run->tickets().end());
    for (const v1::QaCase& reported : run->cases()) {
      named.insert(reported.tickets().begin(), reported.tickets().end());
    }
  }
  for (const std::string& ticket : named) {
    if (!FailedFor(ticket, build).empty()) failed.insert(ticket);
  }
  return failed;
}

}  // namespace gate::qa
