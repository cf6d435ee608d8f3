// What a stream can show. Each stream has its own answer: standard output may be a file while
// standard error is a terminal.
#ifndef CLIENTS_GATECTL_TERMINAL_H_
#define CLIENTS_GATECTL_TERMINAL_H_

#include <map>
#include <string>
#include <string_view>

namespace gate::ctl {

using Variables = std::map<std::string, std::string, std::less<>>;

// The process's environment.
Variables ReadVariables();

// The variable, or "" where it is not set.
std::string_view Get(const Variables& variables, std::string_view name);

struct Terminal {
  bool is_terminal = false;
  bool color = false;
  bool unicode = false;
  int width = 100;
  int height = 24;
};

// Colour: --color (auto, always, never), then GATECTL_NO_COLOR, NO_COLOR (not empty),
// CLICOLOR_FORCE (not 0) or FORCE_COLOR, TERM=dumb, and last whether it is a terminal.
bool WantsColor(bool is_terminal, std::string_view flag, const Variables& variables);

// Whether the locale is UTF-8: the first of LC_ALL, LC_CTYPE and LANG that is set says so.
bool IsUtf8(const Variables& variables);

Terminal DescribeStream(int descriptor, std::string_view color_flag, const Variables& variables);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_TERMINAL_H_
