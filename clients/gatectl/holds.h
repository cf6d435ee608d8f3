// How declared freezes and incidents look, and what is asked before everything is stopped.
#ifndef CLIENTS_GATECTL_HOLDS_H_
#define CLIENTS_GATECTL_HOLDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "clients/gatectl/problem.h"
#include "clients/gatectl/terminal.h"
#include "gate/v1/freezes.pb.h"
#include "gate/v1/incidents.pb.h"

namespace gate::ctl {

// "freezes/1" for "1" and for "freezes/1"; `prefix` is "freezes/".
std::string ResourceName(std::string_view prefix, const std::string& name);

// A declared freeze among the windows: from, until, mode, name, owner, reason.
std::vector<std::string> FreezeRow(const v1::FreezeOccurrence& freeze, const Terminal& terminal);
// What it stops, why, and how it ends.
std::string FreezeText(const v1::Freeze& freeze, const Terminal& terminal);

std::string IncidentText(const v1::Incident& incident, const Terminal& terminal);
std::string IncidentTable(const v1::ListIncidentsResponse& page, const Terminal& terminal);

// Kinds of change as they are typed; problem E0201 for another word.
Or<std::vector<v1::ChangeKind>> ParseKinds(const std::string& flag,
                                           const std::vector<std::string>& words);

// Shows what is about to happen and has `word` typed at the terminal. A problem where something
// else was typed or nobody is there to type; `otherwise` is what helps then.
Or<bool> TypedConfirmation(const std::string& what, const std::string& word,
                           const std::string& otherwise);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_HOLDS_H_
