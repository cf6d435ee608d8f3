// gatectl version.
#include "clients/gatectl/version.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "clients/gatectl/commands/commands.h"

namespace gate::ctl {

void AddVersion(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("version", "The version of this program");
  command.callback([&session] {
    session.run = [&session] {
      const Or<bool> printed = Print(absl::StrCat("gatectl ", kVersion, "\n"));
      return printed ? static_cast<int>(kAllow) : session.Fail(printed.problem());
    };
  });
}

}  // namespace gate::ctl
