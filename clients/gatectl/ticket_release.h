// One ticket of a release, as the gate would see it: told apart by gate-release, the program that
// reads repositories for gated.
#ifndef CLIENTS_GATECTL_TICKET_RELEASE_H_
#define CLIENTS_GATECTL_TICKET_RELEASE_H_

#include <string>

#include "clients/gatectl/flag_findings.h"
#include "clients/gatectl/flag_settings.h"
#include "clients/gatectl/git.h"
#include "clients/gatectl/problem.h"

namespace gate::ctl {

// `base` and `head` are whole ids. Without a flag it is the one that a trailer "Feature-Flag: NAME"
// of the ticket's commits names. Problems: a ticket without commits there, or without a flag.
Or<FlagFindings> JudgeTicket(const Git& git, const std::string& base, const std::string& head,
                             const std::string& ticket, const std::string& flag,
                             const FlagSettings& settings);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_TICKET_RELEASE_H_
