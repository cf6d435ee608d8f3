#include "clients/gatectl/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

extern char** environ;

namespace gate::ctl {

Variables ReadVariables() {
  Variables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view pair(*entry);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return variables;
}

std::string_view Get(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string_view() : std::string_view(found->second);
}

bool WantsColor(bool is_terminal, std::string_view flag, const Variables& variables) {
  if (flag == "always") return true;
  if (flag == "never") return false;
  if (!Get(variables, "GATECTL_NO_COLOR").empty() || !Get(variables, "NO_COLOR").empty()) {
    return false;
  }
  const std::string_view force = Get(variables, "CLICOLOR_FORCE");
  if ((!force.empty() && force != "0") || !Get(variables, "FORCE_COLOR").empty()) return true;
  return is_terminal && Get(variables, "TERM") != "dumb";
}

bool IsUtf8(const Variables& variables) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value(Get(variables, name));
    if (value.empty()) continue;
    const std::string lower = absl::AsciiStrToLower(value);
    return absl::StrContains(lower, "utf-8") || absl::StrContains(lower, "utf8");
  }
  return false;
}

Terminal DescribeStream(int descriptor, std::string_view color_flag, const Variables& variables) {
  Terminal terminal;
  terminal.is_terminal = isatty(descriptor) == 1;
  terminal.color = WantsColor(terminal.is_terminal, color_flag, variables);
  terminal.unicode = IsUtf8(variables);
  winsize size{};
  if (terminal.is_terminal && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.width = std::max<int>(size.ws_col, 40);
    terminal.height = std::max<int>(size.ws_row, 3);
  }
  return terminal;
}

}  // namespace gate::ctl
