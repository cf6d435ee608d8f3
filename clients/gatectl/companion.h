// Programs that come with gatectl and do what it has no libraries for: gate-inspect reads a live
// database, gate-rehearse runs migrations, gate-release tells the tickets of a release apart.
#ifndef CLIENTS_GATECTL_COMPANION_H_
#define CLIENTS_GATECTL_COMPANION_H_

#include <string>

namespace gate::ctl {

// Where that program is: beside gatectl itself, else wherever PATH leads.
std::string CompanionProgram(const std::string& name);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_COMPANION_H_
