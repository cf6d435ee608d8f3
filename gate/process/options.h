// The command line of `gated`.
#ifndef GATE_PROCESS_OPTIONS_H_
#define GATE_PROCESS_OPTIONS_H_

#include <optional>
#include <string>

namespace gate {

struct ProcessOptions {
  std::string config;         // --config FILE
  bool check_config = false;  // --check-config
  bool would_forget = false;  // --would-forget
  bool demo = false;          // --demo
  std::string demo_folder;    // --demo-dir; empty: a temporary one
  int demo_port = 9443;       // --port; where gatectl looks by default
  int demo_http_port = 9480;  // --http-port
};

// What was asked for, or the exit code of a command line that asks for nothing more: 0 after --help
// and --version, 2 where it is wrong. Prints what belongs to these.
struct ParsedOptions {
  ProcessOptions options;
  std::optional<int> exit;
};
ParsedOptions ParseOptions(int argc, char** argv);

}  // namespace gate

#endif  // GATE_PROCESS_OPTIONS_H_
