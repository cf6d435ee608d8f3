// The whole command line as one tree: parsed here, and what completions are made from.
#ifndef CLIENTS_GATECTL_APP_H_
#define CLIENTS_GATECTL_APP_H_

#include <memory>
#include <string>
#include <vector>

#include "clients/gatectl/session.h"

namespace gate::ctl {

// Parses the arguments (without the program's name) and runs what they say. Gives the exit code.
int RunApp(const std::vector<std::string>& arguments, Interrupts& interrupts);

// What --help says of a command.
std::string HelpText(const CLI::App& command);

// Arguments with "--wait" and its optional value joined: "--wait 30m" and "--wait=30m" are the
// same, and "--wait" alone is 30m, so that it never eats the word behind it.
std::vector<std::string> JoinWait(const std::vector<std::string>& arguments);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_APP_H_
