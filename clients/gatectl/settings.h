// Which gate, how, and who says so. For each setting: flag, then environment, then .gate.yaml, then
// the context, then the default.
#ifndef CLIENTS_GATECTL_SETTINGS_H_
#define CLIENTS_GATECTL_SETTINGS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cpp/gate/client.h"
#include "clients/gatectl/problem.h"
#include "clients/gatectl/terminal.h"
#include "gate/config/v1/gatectl.pb.h"

namespace gate::ctl {

// Global flags as they were given; empty: not given.
struct Flags {
  std::string address;
  std::string context;
  std::string config;
  std::vector<std::string> output;
  std::string color = "auto";
  std::string timeout;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string server_name;
  std::string token_file;
  std::string actor;
  std::string on_unreachable = "fail";
  bool plaintext = false;
  bool tls = false;
};

// A value, and where it comes from: "--address", "GATE_ADDR", "context \"prod\" in FILE",
// "default".
struct Setting {
  std::string value;
  std::string origin = "default";
};

struct Settings {
  std::string config_path;  // of the person's configuration, be it there or not
  config::v1::UserConfig config;
  std::string project_path;  // of .gate.yaml; empty: none found
  config::v1::Project project;

  Setting context;
  Setting address;
  Setting timeout;
  Setting output;
  Setting security;  // "TLS" or "plain text"
  Setting ca, cert, key, server_name;
  Setting token;  // the value says only where it lies, "set" or "none"; see ReadToken
  Setting actor;  // for gates that ask nobody who they are
  std::string token_file;
  std::string token_command;
  std::vector<std::string> warnings;
};

// Reads the files and decides. `folder` is where .gate.yaml is looked for, and above it.
Or<Settings> Resolve(const Flags& flags, const Variables& variables, const std::string& folder);

// The person's configuration alone, for `gatectl context`. Missing is empty.
Or<config::v1::UserConfig> ReadUserConfig(const std::string& path);
std::string UserConfigPath(const Flags& flags, const Variables& variables);

// Options for a client: reads certificates, keys and the token.
Or<client::Options> ClientOptions(const Settings& settings, const Flags& flags,
                                  const Variables& variables);

// "30m", "1h30m", "90s", "30d"; over 0.
std::optional<absl::Duration> ParseDuration(std::string_view text);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_SETTINGS_H_
