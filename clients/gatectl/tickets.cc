#include "checks/tickets/ticket_finder.h"
#include "clients/gatectl/collect.h"

namespace gate::ctl {

Or<std::vector<std::string>> FindTickets(const std::string& text,
                                         const std::vector<std::string>& patterns) {
  const absl::StatusOr<TicketFinder> finder = TicketFinder::Make(patterns);
  if (finder.ok()) return finder->Find(text);
  return Problem{"E0203", ".gate.yaml is wrong", {std::string(finder.status().message())}, "", "",
                 {}};
}

}  // namespace gate::ctl
