// Other programs: git, and what a configuration names. No shell in between unless it is the
// program.
#ifndef CLIENTS_GATECTL_PROCESS_H_
#define CLIENTS_GATECTL_PROCESS_H_

#include <string>
#include <string_view>
#include <vector>

namespace gate::ctl {

struct ProcessResult {
  bool started = false;
  int exit_code = -1;  // 128 + signal where a signal ended it
  std::string out;
  std::string err;

  // One sentence on how it failed: its own words where it had some.
  std::string Failure() const;
};

// Runs the program to its end with `input` on its standard input, in `folder` (empty: here).
ProcessResult RunProcess(const std::vector<std::string>& arguments, const std::string& folder,
                         std::string_view input);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_PROCESS_H_
