// One clause of the traffic check. Each is a file in rules/, whose stem is its id behind
// "traffic.".
#ifndef CHECKS_TRAFFIC_RULE_H_
#define CHECKS_TRAFFIC_RULE_H_

#include <string>
#include <utility>
#include <vector>

#include "checks/check.h"
#include "checks/traffic/shift.h"
#include "gate/v1/verdict.pb.h"

namespace gate::traffic {

inline constexpr char kUnproven[] = "traffic.unproven";

// What a rule has to say of one thing, in the user's own names.
struct Remark {
  std::string subject;
  std::string message;
  std::string instead;
};

// Takes a rule's findings at the severity that is in force.
class Findings {
 public:
  Findings(std::string_view rule, v1::Severity severity, std::vector<v1::Finding>& findings)
      : rule_(rule), severity_(severity), findings_(findings) {}

  void Add(const Remark& remark) { Add(rule_, severity_, remark); }
  // Worth a look, never more.
  void AddWarning(const Remark& remark) {
    Add(rule_, std::min(severity_, v1::SEVERITY_WARN), remark);
  }
  // What the rule cannot tell, and what has to be told. Nobody is asked for what would only be
  // INFO.
  void AddUnproven(const Remark& remark) {
    if (severity_ == v1::SEVERITY_INFO) return;
    Add(kUnproven, v1::SEVERITY_BLOCK, remark).add_effects(v1::EFFECT_UNPROVEN);
  }

 private:
  v1::Finding& Add(std::string_view rule, v1::Severity severity, const Remark& remark) {
    v1::Finding& finding = findings_.emplace_back();
    finding.set_rule(std::string(rule));
    finding.set_severity(severity);
    finding.set_subject(remark.subject);
    finding.set_message(remark.message);
    finding.set_instead(remark.instead);
    return finding;
  }

  const std::string_view rule_;
  const v1::Severity severity_;
  std::vector<v1::Finding>& findings_;
};

struct Rule {
  RuleDoc doc;
  // Where the policy says nothing else.
  v1::Severity severity;
  // Whether it looks at the shares before the shift as well. Those after it are always known.
  bool compares;
  void (*examine)(const Shift& shift, Findings& findings);
};

extern const Rule kCrossSiteDatabase, kNoWayBack, kShareStep, kSplitSessions;

}  // namespace gate::traffic

#endif  // CHECKS_TRAFFIC_RULE_H_
