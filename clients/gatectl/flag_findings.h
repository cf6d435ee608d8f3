// What `gatectl lint flags` has found out, wherever the change came from, and the report of it.
#ifndef CLIENTS_GATECTL_FLAG_FINDINGS_H_
#define CLIENTS_GATECTL_FLAG_FINDINGS_H_

#include <string>
#include <vector>

#include "checks/flags/coverage.h"
#include "checks/render/render.h"
#include "gate/v1/report.pb.h"

namespace gate::ctl {

struct FlagFindings {
  std::string flag;
  flags::Coverage coverage;
  // Of its lines that are not covered, how many are not listed.
  int more = 0;
  // What no flag can guard, and why: submodules, links, modes. Without a path: all of it.
  struct Unjudged {
    std::string path;
    std::string why;
  };
  std::vector<Unjudged> unjudged;
  // How much is covered: a sentence.
  std::string summary;
  // Whether all of it is.
  bool covered = false;
  std::vector<v1::LintInput> inputs;
  render::Sources sources;  // for code frames
};

// Why no flag can guard these.
inline constexpr char kNotText[] =
    "a submodule or a symbolic link has changed, and what is behind it is not read";
inline constexpr char kModeChanged[] = "whether the file can be run has changed";

// Fills in what follows from the changed files and the coverage of them: summary, inputs, sources,
// and whether all is covered. What is unjudged has to be there.
void Conclude(const std::vector<flags::FileChange>& changes, FlagFindings& findings);

v1::LintReport ReportOf(const FlagFindings& findings);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_FLAG_FINDINGS_H_
