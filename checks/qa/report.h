// Collects what the qa check finds, each rule at the severity that is in force.
#ifndef CHECKS_QA_REPORT_H_
#define CHECKS_QA_REPORT_H_

#include <algorithm>
#include <string>
#include <string_view>

#include "checks/qa/rules.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::qa {

// What a rule has to say of one thing, in the user's own names.
struct Remark {
  std::string subject;
  std::string message;
  std::string instead;
};

class Report {
 public:
  explicit Report(const v1::QaPolicy& policy) : policy_(policy) {}

  v1::Finding& Add(std::string_view rule, const Remark& remark) {
    v1::Finding& finding = *outcome_.add_findings();
    finding.set_rule(std::string(rule));
    finding.set_severity(SeverityOf(policy_, rule));
    finding.set_subject(remark.subject);
    finding.set_message(remark.message);
    finding.set_instead(remark.instead);
    return finding;
  }
  // What stands in the way until it is known.
  void AddUnproven(std::string_view rule, const Remark& remark) {
    v1::Finding& finding = Add(rule, remark);
    finding.set_severity(v1::SEVERITY_BLOCK);
    finding.add_effects(v1::EFFECT_UNPROVEN);
  }

  const v1::QaPolicy& policy() const { return policy_; }
  v1::CheckOutcome& outcome() { return outcome_; }

 private:
  const v1::QaPolicy& policy_;
  v1::CheckOutcome outcome_;
};

}  // namespace gate::qa

#endif  // CHECKS_QA_REPORT_H_
