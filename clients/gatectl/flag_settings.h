// How a project asks for its flags, and how it names its tickets: from the command line and from
// the policy that the gate judges by.
#ifndef CLIENTS_GATECTL_FLAG_SETTINGS_H_
#define CLIENTS_GATECTL_FLAG_SETTINGS_H_

#include <string>
#include <vector>

#include "checks/flags/flag_reads.h"
#include "clients/gatectl/problem.h"
#include "gate/v1/flag.pb.h"

namespace gate::ctl {

struct FlagSettings {
  std::vector<v1::FlagWrapper> wrappers;
  std::vector<std::string> ticket_patterns;  // none: the usual form
};

// FUNCTION:ARGUMENT, the argument from 0, "-" for what is read without a call.
Or<v1::FlagWrapper> ParseWrapper(const std::string& text);

// What the qa check of a policy says. `rule` names the rule; empty: all rules with that check have
// to say the same.
Or<FlagSettings> ReadFlagSettings(const std::string& policy, const std::string& rule);

// As coverage asks.
flags::FlagQuestion QuestionOf(const std::string& flag, const FlagSettings& settings);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_FLAG_SETTINGS_H_
