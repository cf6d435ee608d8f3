// The flags that say what change a command asks about.
#ifndef CLIENTS_GATECTL_COMMANDS_QUESTION_H_
#define CLIENTS_GATECTL_COMMANDS_QUESTION_H_

#include <CLI/CLI.hpp>
#include <string>

#include "clients/gatectl/collect.h"

namespace gate::ctl {

void AddQuestion(CLI::App& command, Question& question);

// Whether the change names its service and its environment. `command` is for the help.
Or<bool> RequireNames(const v1::Change& change, const std::string& command);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_COMMANDS_QUESTION_H_
