// Reports of test runs on this machine: found by paths and patterns, read, and put together to one
// run.
#ifndef CLIENTS_GATECTL_QA_REPORTS_H_
#define CLIENTS_GATECTL_QA_REPORTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/qa/junit.h"
#include "clients/gatectl/problem.h"

namespace gate::ctl {

// The files that a path means, sorted: itself; of a folder all *.xml in it; of a pattern all that
// match. "*" and "?" are any part of a name, "**" any folders, "[a-z]" one of some characters.
// Folders that are links are not followed. `folder` is where a path that is not absolute begins;
// what is found begins as `path` does. A path that does not exist, and a pattern that nothing
// matches, is a problem.
Or<std::vector<std::string>> FindReports(const std::string& folder, const std::string& path);

// Whether a path is a pattern.
bool IsPattern(const std::string& path);

// One file, as it was read.
struct ReportFile {
  std::string path;
  qa::JunitReport report;
  qa::CaseCounts counts;
};

// Reads all, or says what is wrong with each that is wrong.
Or<std::vector<ReportFile>> ReadReports(const std::string& folder,
                                        const std::vector<std::string>& paths);

// When the last of the files ended. A clock without a zone is taken for that of this machine or of
// UTC, for the later one that has come already; nothing where no file tells.
std::optional<absl::Time> FinishedAt(const std::vector<ReportFile>& files, absl::Time now,
                                     absl::TimeZone zone);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_QA_REPORTS_H_
