// Asks a person to type a name before something is done that cannot be undone.
#ifndef CLIENTS_GATECTL_CONFIRM_H_
#define CLIENTS_GATECTL_CONFIRM_H_

#include <string>

#include "clients/gatectl/session.h"

namespace gate::ctl {

// OK where `confirmed` is set (--confirm), or `name` was typed at a terminal. Else the problem:
// another word was typed, or there is no terminal to ask at.
Or<bool> Confirm(const Session& session, bool confirmed, const std::string& what,
                 const std::string& name);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_CONFIRM_H_
