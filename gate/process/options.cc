#include "gate/process/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "gate/metrics/version.h"

namespace gate {
namespace {

constexpr char kFooter[] = R"(
Signals:
  SIGHUP   reads the policy file again (it is also read when it changes)
  SIGTERM  health says NOT_SERVING, calls in flight end, exit 0; a second one ends at once

Exit codes: 0 ended on request, 1 could not start or go on, 2 wrong command line or configuration.

Try:
  gated --demo
  gatectl check checkout --env production --version 2026.11.3)";

}  // namespace

ParsedOptions ParseOptions(int argc, char** argv) {
  ParsedOptions parsed;
  ProcessOptions& options = parsed.options;
  CLI::App app("The deployment-safety gate: answers whether a production change may go on.",
               "gated");
  app.footer(kFooter);
  app.set_version_flag("--version", absl::StrCat("gated ", kVersion));
  auto* config = app.add_option("--config", options.config, "configuration file (YAML)");
  config->type_name("FILE");
  app.add_flag("--check-config", options.check_config,
               "check the configuration and its policy, say every issue, and exit")
      ->needs(config);
  app.add_flag("--would-forget", options.would_forget,
               "say what the store would forget now by store.retention, change nothing, and exit")
      ->needs(config);
  auto* demo =
      app.add_flag("--demo", options.demo,
                   "serve an example policy and history on this machine only; nothing is kept");
  demo->excludes(config);
  app.add_option("--demo-dir", options.demo_folder,
                 "keep the demo's policy and store in this folder")
      ->needs(demo)
      ->type_name("DIR");
  app.add_option("--port", options.demo_port, "the demo's gRPC port; 0 picks a free one")
      ->needs(demo)
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  app.add_option("--http-port", options.demo_http_port, "the demo's HTTP port; 0 picks a free one")
      ->needs(demo)
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;
    app.exit(error);
    parsed.exit = asked ? 0 : 2;
    return parsed;
  }
  if (options.config.empty() && !options.demo) {
    std::fputs("gated: nothing to serve: give --config FILE, or --demo to look around\n", stderr);
    parsed.exit = 2;
  }
  return parsed;
}

}  // namespace gate
