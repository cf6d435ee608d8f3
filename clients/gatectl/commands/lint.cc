// gatectl lint: judges files offline.
#include <CLI/CLI.hpp>

#include "clients/gatectl/commands/commands.h"

namespace gate::ctl {

void AddLint(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("lint", "Judge files offline, without a gate");
  command.require_subcommand(1);
  AddLintFlags(command, session);
  AddLintMigrations(command, session);
  AddLintPolicy(command, session);
}

}  // namespace gate::ctl
