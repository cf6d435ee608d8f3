// Who the gate takes somebody for, in words.
#ifndef CLIENTS_GATECTL_CALLER_H_
#define CLIENTS_GATECTL_CALLER_H_

#include <string>
#include <vector>

#include "gate/v1/access.pb.h"

namespace gate::ctl {

// "token:deploy", "open:alice (not proven: this gate asks nobody who they are)".
std::string SubjectText(const v1::Caller& caller);

// "PIPELINE of web in staging", a line for each rule that is for the caller.
std::vector<std::string> AccessLines(const v1::Caller& caller);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_CALLER_H_
