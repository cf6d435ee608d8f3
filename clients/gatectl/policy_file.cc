#include "clients/gatectl/policy_file.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/policy/policy.h"
#include "clients/gatectl/files.h"

namespace gate::ctl {

Or<v1::Policy> ReadPolicy(const std::string& path) {
  const Or<std::string> text = ReadFile(path);
  if (!text) return text.problem();
  v1::Policy policy;
  std::vector<std::string> causes;
  for (const FileIssue& issue : ParsePolicy(path, *text, policy)) {
    causes.push_back(
        absl::StrCat(issue.path, ":", issue.line, ":", issue.column, ": ", issue.message));
  }
  if (!causes.empty()) return WrongFile(path, std::move(causes));
  return policy;
}

}  // namespace gate::ctl
