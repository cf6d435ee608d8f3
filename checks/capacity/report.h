// Collects what the capacity check finds, each rule at the severity that is in force.
#ifndef CHECKS_CAPACITY_REPORT_H_
#define CHECKS_CAPACITY_REPORT_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "checks/capacity/rules.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::capacity {

// What a rule has to say of one thing, in the user's own names.
struct Remark {
  std::string subject;
  std::string message;
  std::string instead;
};

class Report {
 public:
  explicit Report(const v1::CapacityPolicy& policy) : policy_(policy) {}

  v1::Finding& Add(std::string_view rule, const Remark& remark) {
    v1::Finding& finding = *outcome_.add_findings();
    finding.set_rule(std::string(rule));
    finding.set_severity(SeverityOf(policy_, rule));
    finding.set_subject(remark.subject);
    finding.set_message(remark.message);
    finding.set_instead(remark.instead);
    return finding;
  }
  // Worth a look, never more.
  void AddWarning(std::string_view rule, const Remark& remark) {
    v1::Finding& finding = Add(rule, remark);
    finding.set_severity(std::min(finding.severity(), v1::SEVERITY_WARN));
  }
  // What stands in the way until it is known.
  void AddUnproven(std::string_view rule, const Remark& remark) {
    v1::Finding& finding = Add(rule, remark);
    finding.set_severity(v1::SEVERITY_BLOCK);
    finding.add_effects(v1::EFFECT_UNPROVEN);
  }
  // When asking again may give another answer; of several the last.
  void RetryAt(absl::Time time) { retry_ = std::max(retry_, time); }

  v1::CheckOutcome& outcome() { return outcome_; }
  absl::Time retry() const { return retry_; }

 private:
  const v1::CapacityPolicy& policy_;
  v1::CheckOutcome outcome_;
  absl::Time retry_ = absl::InfinitePast();
};

}  // namespace gate::capacity

#endif  // CHECKS_CAPACITY_REPORT_H_
