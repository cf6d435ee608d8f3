// gatectl completion bash|zsh|fish.
#include "clients/gatectl/completion.h"

#include <CLI/CLI.hpp>

#include "clients/gatectl/commands/commands.h"

namespace gate::ctl {

void AddCompletion(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("completion", "Completions for your shell");
  auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command.callback([&session, shell] {
    session.run = [&session, shell] {
      const std::vector<CompletionCommand> commands = Walk(*session.root);
      const Or<bool> printed = Print(*shell == "bash"  ? BashCompletion(commands)
                                     : *shell == "zsh" ? ZshCompletion(commands)
                                                       : FishCompletion(commands));
      return printed ? static_cast<int>(kAllow) : session.Fail(printed.problem());
    };
  });
}

}  // namespace gate::ctl
