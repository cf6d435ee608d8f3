// What tests have shown of a build, ticket by ticket.
//
// A run that is reported for a ticket speaks of that ticket alone, and is then the only one to
// speak of it: a ticket is tested with its flag on, and a run of the whole suite with the flag off
// that passes a minute later does not make it good. Of several runs the newest counts, case by
// case.
#ifndef CHECKS_QA_RESULTS_H_
#define CHECKS_QA_RESULTS_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "checks/qa/parameters.h"
#include "gate/v1/qa.pb.h"

namespace gate::qa {

// The parameters and the runs outlive it. Not thread-safe.
class Results {
 public:
  Results(const v1::QaRuns& runs, const Parameters& parameters, absl::Time now);

  // What came of a required case on a platform, for a ticket, in a build. Outcome UNSPECIFIED where
  // there is no result. SKIPPED where one of the cases was not run; FAILED where one failed.
  v1::QaCell Cell(const Component& component, const RequiredCase& required,
                  const std::string& platform, const std::string& ticket,
                  const std::string& build) const;

  // Cases that failed for the ticket itself in the newest runs that have them, as "ios: name".
  std::vector<std::string> FailedFor(const std::string& ticket, const std::string& build) const;

  // The same of runs that are for no ticket in particular.
  std::vector<std::string> FailedForAll(const std::string& build) const;

  // Whether there is any result for the ticket itself.
  bool HasFor(const std::string& ticket, const std::string& build) const;

  // Whether a case passed for the ticket itself.
  bool PassedFor(const std::string& ticket, const std::string& build) const;

  // Tickets for which something failed in a build.
  std::set<std::string> FailedTickets(const std::string& build) const;

  // Builds with any result that is not too old.
  const std::set<std::string>& builds() const { return builds_; }
  // Whether results of the build were left out because they are too old.
  bool TooOld(const std::string& build) const { return too_old_.contains(build); }

 private:
  // Whom a case speaks of.
  enum class Whose { kTicket, kAll, kOthers };
  static Whose WhoseIs(const v1::QaRun& run, const v1::QaCase& reported, const std::string& ticket);

  // A case's newest result, by platform and name.
  struct Latest {
    const v1::QaRun* run = nullptr;
    const v1::QaCase* reported = nullptr;  // the worst of its name in the run
  };
  using LatestByName = std::map<std::pair<std::string, std::string>, Latest>;
  // Of one build's runs, as far as they are `whose`.
  LatestByName Find(const std::string& build, Whose whose, const std::string& ticket) const;

  const Parameters& parameters_;
  std::map<std::string, std::vector<const v1::QaRun*>> runs_;  // by build, newest first
  std::set<std::string> builds_;
  std::set<std::string> too_old_;
  mutable std::map<std::pair<std::string, std::string>, LatestByName> own_;  // by build and ticket
  mutable std::map<std::pair<std::string, std::string>, LatestByName> all_;
};

// How bad an outcome is; more is worse.
int Badness(v1::QaOutcome outcome);

}  // namespace gate::qa

#endif  // CHECKS_QA_RESULTS_H_
