#include "clients/gatectl/confirm.h"

#include <unistd.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"

namespace gate::ctl {

Or<bool> Confirm(const Session& session, bool confirmed, const std::string& what,
                 const std::string& name) {
  if (confirmed) return true;
  if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
    return Problem{"E0201",
                   absl::StrCat("nobody can confirm it: this is no terminal, so nothing was done"),
                   {},
                   "",
                   "",
                   {absl::StrCat("run it at a terminal, or with --confirm to ", what,
                                 " without being asked")}};
  }
  session.Say(absl::StrCat("Type ", render::EscapeTerminalLine(name), " to ", what, ": "));
  std::string typed;
  std::getline(std::cin, typed);
  while (typed.ends_with('\r') || typed.ends_with(' ')) typed.pop_back();
  if (typed == name) return true;
  return Problem{
      "E0201", absl::StrCat("\"", typed, "\" is not \"", name, "\", so nothing was done"),
      {},      "",
      "",      {"run it again, and type the name as it is shown"}};
}

}  // namespace gate::ctl
