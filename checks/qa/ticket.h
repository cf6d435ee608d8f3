// How one ticket of a release stands: tested on this build, off behind its flag, or in the way.
#ifndef CHECKS_QA_TICKET_H_
#define CHECKS_QA_TICKET_H_

#include "checks/qa/report.h"
#include "checks/qa/setting.h"
#include "gate/v1/qa.pb.h"

namespace gate::qa {

// Adds what it finds to the report; the outcome's tickets are left to the caller.
v1::TicketReport JudgeTicket(const Setting& setting, const Ticket& ticket, Report& report);

}  // namespace gate::qa

#endif  // CHECKS_QA_TICKET_H_
