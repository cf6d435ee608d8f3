// The qa check's parameters as they are meant, what they may be, and what is asked for them.
#ifndef CHECKS_QA_PARAMETERS_H_
#define CHECKS_QA_PARAMETERS_H_

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/check.h"
#include "checks/qa/path_pattern.h"
#include "gate/v1/policy.pb.h"
#include "gate/v1/qa.pb.h"
#include "re2/re2.h"

namespace gate::qa {

// A case that has to pass, and which of the reported cases it is.
class RequiredCase {
 public:
  explicit RequiredCase(const v1::QaRequiredCase& required);

  const std::string& name() const { return name_; }
  bool Is(const v1::QaCase& reported) const;

 private:
  std::string name_;
  std::shared_ptr<const RE2> expression_;  // null: `words_`
  std::string words_;
  std::set<std::string> keys_;
};

// A part of the code, and what has to pass where a change touches it.
struct Component {
  std::string name;
  std::vector<PathPattern> paths;
  std::vector<RequiredCase> cases;
  std::vector<std::string> platforms;

  bool Has(std::string_view path) const;
};

// A policy as it is meant: every default filled in, every pattern compiled.
struct Parameters {
  explicit Parameters(const v1::QaPolicy& policy);

  std::vector<Component> components;
  absl::Duration max_age;
  bool accept_flaky = false;
};

// The words of a name, lower case, with a blank before, between and behind them: " tasks tests
// assign " of "TasksTests.assign" and of "tasks_tests > Assign".
std::string WordsOf(std::string_view name);

// Check::validate.
std::vector<ParameterIssue> Validate(const v1::Policy& policy, const v1::PolicyRule& rule);

// Check::needs.
std::vector<v1::Query> Needs(const v1::Change& change, const v1::PolicyRule& rule);

inline constexpr char kReleaseId[] = "qa.release";
inline constexpr char kFlagsId[] = "qa.flags";
inline constexpr char kRunsId[] = "qa.runs";
inline constexpr char kWatchesId[] = "qa.watches";

// Whether the change brings code, whose tickets are judged.
bool BringsCode(const v1::Change& change);

}  // namespace gate::qa

#endif  // CHECKS_QA_PARAMETERS_H_
