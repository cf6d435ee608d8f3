// What the tickets of a change are judged by.
#ifndef CHECKS_QA_SETTING_H_
#define CHECKS_QA_SETTING_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "checks/evidence.h"
#include "checks/qa/parameters.h"
#include "checks/qa/results.h"
#include "gate/v1/change.pb.h"

namespace gate::qa {

// A ticket as the change and the repository have it.
struct Ticket {
  std::string key;  // empty: commits without one
  std::string title;
  // Of the release; null where the repository knows no commits of it, or could not be asked.
  const v1::ReleaseTicket* code = nullptr;
};

// References outlive it.
struct Setting {
  const v1::Change& change;
  const v1::QaPolicy& policy;
  const Parameters& parameters;
  const Evidence& evidence;
  const Results& results;
  // Null where the repository could not be asked.
  const v1::Release* release = nullptr;
  // Full revision of what goes out.
  std::string head;

  std::vector<Ticket> Tickets() const;

  // Those that the ticket's commits touch; all where nobody knows what these touch.
  std::vector<const Component*> Touched(const Ticket& ticket) const;

  // The newest build up to head of which there are results for the ticket itself; empty: none.
  std::string NewestTested(const std::string& ticket) const;

  // For a hotfix: builds with results that it contains and behind which nothing of the component
  // was changed, newest first.
  std::vector<std::string> BuildsToReuse(const Component& component) const;
};

}  // namespace gate::qa

#endif  // CHECKS_QA_SETTING_H_
