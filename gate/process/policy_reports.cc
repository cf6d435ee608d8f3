#include "gate/process/policy_reports.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

// For a log line and a probe's answer, which are no place for a whole file of issues.
std::string Summary(const std::vector<FileIssue>& issues,
                    const char* hint = ": see `gatectl lint policy`") {
  constexpr size_t kShown = 3;
  std::string text;
  for (size_t i = 0; i < issues.size() && i < kShown; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : "; ", issues[i].ToString());
  }
  if (issues.size() > kShown) {
    absl::StrAppend(&text, "; and ", issues.size() - kShown, " more", hint);
  }
  return text;
}

v1::AuditEntry LoadEntry(const PolicySnapshot& policy, const std::string& before, absl::Time now) {
  v1::AuditEntry entry;
  *entry.mutable_time() = ToProto(now);
  entry.set_actor(kGateActor);
  entry.set_action("policy.load");
  entry.set_resource("policies/" + policy.digest);
  entry.set_outcome("DONE");
  entry.set_detail(before.empty()
                       ? absl::StrCat("the first policy on record: ", policy.digest)
                       : absl::StrCat("in force: ", policy.digest, ", before: ", before));
  return entry;
}

}  // namespace

PolicyWatcher::Record RecordPolicy(AuditStore& audit, Clock& clock) {
  return [&audit, &clock](const PolicySnapshot& before, const PolicySnapshot& after) {
    return audit.Append({LoadEntry(after, before.digest, clock.Now())});
  };
}

absl::Status RecordPolicyAtStart(AuditStore& audit, Clock& clock, const PolicySnapshot& policy) {
  const auto newest = audit.NewestPolicy();
  if (!newest.ok()) return newest.status();
  const std::string name = "policies/" + policy.digest;
  if (*newest && (*newest)->resource() == name) return absl::OkStatus();
  const std::string before = *newest ? (*newest)->resource().substr(sizeof("policies/") - 1) : "";
  return audit.Append({LoadEntry(policy, before, clock.Now())});
}

TokenWatcher::Listener ReportTokens(Logger& log, Metrics& metrics) {
  return [&log, &metrics](const LoadedTokens& loaded) {
    metrics.OnTokensLoaded(loaded.tokens != nullptr);
    if (loaded.tokens == nullptr) {
      log.Error("the tokens file has issues; the tokens in force stay",
                {{"issues", Summary(loaded.issues, "")}});
    } else {
      log.Info("the tokens file was read again",
               {{"tokens", static_cast<int64_t>(loaded.tokens->all().size())}});
    }
  };
}

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
