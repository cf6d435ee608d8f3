// What the exit code says. Ten and above: the gate decided. Below: it did not.
#ifndef CLIENTS_GATECTL_EXIT_CODE_H_
#define CLIENTS_GATECTL_EXIT_CODE_H_

#include <span>
#include <string_view>

#include "gate/v1/report.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::ctl {

enum ExitCode : int {
  kAllow = 0,
  kInternal = 1,
  kUsage = 2,
  kUnreachable = 3,
  kDenied = 4,
  kNotFound = 5,
  kBlock = 10,
  kHold = 11,
  kInconclusive = 12,
  kInterrupted = 130,
};

struct ExitCodeDoc {
  ExitCode code;
  std::string_view meaning;
  std::string_view pipeline;  // what a pipeline should do
};

// All of them, ascending.
std::span<const ExitCodeDoc> AllExitCodes();
std::string_view Meaning(int code);

// 0 for ALLOW and for nothing else; 12 for a HOLD for which missing evidence is the only reason; 1
// for a decision that this program does not know.
ExitCode ExitCodeOf(const v1::Verdict& verdict);
ExitCode ExitCodeOf(const v1::LintReport& report);
ExitCode ExitCodeOf(const v1::CheckOutcome& outcome);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_EXIT_CODE_H_
