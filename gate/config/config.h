// The configuration of `gated`: read from YAML, held to every rule at once, defaults filled in.
#ifndef GATE_CONFIG_CONFIG_H_
#define GATE_CONFIG_CONFIG_H_

#include <string>
#include <string_view>
#include <vector>

#include "checks/policy/yaml.h"
#include "gate/config/v1/config.pb.h"

namespace gate {

// Reads and validates the file: addresses, TLS wherever other hosts can reach a listener, files
// that exist and can be read, the store's URL, ranges. Every issue at once, in the file's order;
// where there are none, `config` has its paths resolved against the folder of the file and its
// defaults filled in.
std::vector<FileIssue> LoadConfig(const std::string& path, config::v1::Config& config);

// The same for a text that was read already; `path` says where files are relative to.
std::vector<FileIssue> ParseConfig(const std::string& path, std::string_view text,
                                   config::v1::Config& config);

// Fills in what config.proto calls the default of each field that is not set. Listeners that are
// not configured stay so.
void FillDefaults(config::v1::Config& config);

// Whether callers are not asked who they are.
bool RunsOpen(const config::v1::Config& config);

// Whether only this machine can reach the address of a listener: a unix socket, "localhost", or a
// literal loopback address.
bool IsLocalAddress(std::string_view address);

}  // namespace gate

#endif  // GATE_CONFIG_CONFIG_H_
