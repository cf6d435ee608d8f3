// One run of the program: what was given, and how to answer. Commands add themselves to the command
// line and set `run`.
#ifndef CLIENTS_GATECTL_SESSION_H_
#define CLIENTS_GATECTL_SESSION_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clients/cpp/gate/client.h"
#include "clients/gatectl/interrupts.h"
#include "clients/gatectl/output.h"
#include "clients/gatectl/problem.h"
#include "clients/gatectl/settings.h"
#include "clients/gatectl/terminal.h"

namespace CLI {
class App;
}

namespace gate::ctl {

struct Session {
  Flags flags;
  Variables variables;
  std::string folder;                     // the working directory
  std::vector<std::string> command_line;  // as it was given, for "how to resume"
  Interrupts* interrupts = nullptr;
  CLI::App* root = nullptr;
  std::function<int()> run;  // the command that was chosen; gives the exit code

  Terminal out() const { return DescribeStream(1, flags.color, variables); }
  Terminal err() const { return DescribeStream(2, flags.color, variables); }

  // Prints to standard error.
  void Note(std::string_view text) const;  // "note: …"
  void Warn(std::string_view text) const;  // "warning: …"
  void Say(std::string_view text) const;   // as it is

  // Prints the problem and the exit line, and gives its exit code. Under --on-unreachable=allow a
  // gate that cannot be reached is warned about and 0: the one failure that may be waved through.
  int Fail(const Problem& problem) const;
  // The exit code of a decision; says what it means where it is not 0.
  int End(int code) const;

  // Reads the configuration; prints its warnings.
  Or<Settings> ReadSettings() const;
  // A client for the gate of the settings; an interrupt cancels it.
  Or<std::unique_ptr<client::Client>> Connect(const Settings& settings) const;
  // Both at once, for commands that need nothing else of the settings.
  Or<std::unique_ptr<client::Client>> Connect() const;

  // The targets of -o, GATE_OUTPUT or the context. `messages_only`: formats that are written for
  // verdicts and reports are refused.
  Or<std::vector<OutputTarget>> Outputs(bool messages_only = false) const;
};

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_SESSION_H_
