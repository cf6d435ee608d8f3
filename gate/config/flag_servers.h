// What the flag servers of a configuration have to keep.
#ifndef GATE_CONFIG_FLAG_SERVERS_H_
#define GATE_CONFIG_FLAG_SERVERS_H_

#include <string>
#include <vector>

#include "checks/check.h"
#include "gate/config/v1/config.pb.h"

namespace gate {

// Every issue, with the field's path. Paths of files are resolved already.
void CheckFlagServers(const config::v1::Config& config, std::vector<ParameterIssue>& issues);

// Paths of files, relative to the file `from` until here.
void ResolveFlagFiles(const std::string& from, config::v1::FlagServer& server);

}  // namespace gate

#endif  // GATE_CONFIG_FLAG_SERVERS_H_
