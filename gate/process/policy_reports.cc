#include "gate/process/policy_reports.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

// For a log line and a probe's answer, which are no place for a whole file of issues.
std::string Summary(const std::vector<FileIssue>& issues) {
  constexpr size_t kShown = 3;
  std::string text;
  for (size_t i = 0; i < issues.size() && i < kShown; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : "; ", issues[i].ToString());
  }
  if (issues.size() > kShown) {
    absl::StrAppend(&text, "; and ", issues.size() - kShown, " more: see `gatectl lint policy`");
  }
  return text;
}

}  // namespace

PolicyWatcher::Listener ReportPolicy(Logger& log, Metrics& metrics) {
  return [&log, &metrics](const PolicyStatus& status, bool changed) {
    const bool good = status.issues.empty();
    metrics.OnPolicyLoaded(good, status.effective);
    if (!good) {
      log.Error("the policy file has issues; the policy in force stays",
                {{"policy_digest", status.digest}, {"issues", Summary(status.issues)}});
    } else if (changed) {
      log.Info("another policy is in force", {{"policy_digest", status.digest}});
    } else {
      log.Info("the policy file was read again; nothing changed",
               {{"policy_digest", status.digest}});
    }
  };
}

Condition PolicyCondition(const PolicyStatus& status) {
  if (status.issues.empty()) return {"policy", Condition::State::kGood, ""};
  return {"policy", Condition::State::kDegraded,
          absl::StrCat("the file has issues, the policy in force is an older one: ",
                       Summary(status.issues))};
}

}  // namespace gate
