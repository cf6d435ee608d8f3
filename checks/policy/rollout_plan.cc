#include "checks/policy/rollout_plan.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "checks/policy/suggest.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr int kMaxSteps = 50;
constexpr int kMaxTargets = 100;
constexpr size_t kMaxTargetName = 128;
constexpr size_t kMaxStepName = 64;
constexpr int kMaxPasses = 100;
constexpr double kPeakPart = 0.9;
constexpr absl::Duration kDay = absl::Hours(24);
constexpr absl::Duration kLease = absl::Minutes(10);
constexpr absl::Duration kLongest = absl::Hours(14 * 24);
constexpr absl::Duration kBakeAtLeast = absl::Hours(1);
constexpr absl::Duration kBakeAtMost = absl::Hours(9 * 24);

// "5-percent", "0.5-percent" with a hyphen for the point.
std::string NameOf(const v1::PlannedStep& step) {
  if (!step.name().empty()) return step.name();
  if (step.migration()) return "migrate";
  std::string name = absl::StrCat(std::round(step.share() * 10000) / 100, "-percent");
  std::ranges::replace(name, '.', '-');
  return name;
}

bool IsStepName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxStepName &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

class Validator {
 public:
  explicit Validator(const v1::PolicyRule& rule) : plan_(rule.rollout()), checks_(rule.checks()) {}

  std::vector<ParameterIssue> Run() {
    CheckSteps();
    Within("lease", plan_.has_lease(), plan_.lease(), absl::Seconds(10), kDay);
    if (plan_.passes_in_a_row() < 0 || plan_.passes_in_a_row() > kMaxPasses) {
      Issue("passes_in_a_row", absl::StrCat("1 to ", kMaxPasses));
    }
    CheckBake();
    CheckLongest();
    return std::move(issues_);
  }

 private:
  void Issue(std::string_view field, std::string message) {
    issues_.push_back({absl::StrCat("rollout.", std::string(field)), std::move(message)});
  }

  void Within(std::string_view field, bool given, const google::protobuf::Duration& duration,
              absl::Duration min, absl::Duration max) {
    const absl::Duration value = FromProto(duration);
    if (!given || (value >= min && value <= max)) return;
    Issue(field, absl::StrCat(absl::FormatDuration(value), " is out of range: ",
                              absl::FormatDuration(min), " to ", absl::FormatDuration(max)));
  }

  void CheckSteps() {
    if (plan_.steps().empty()) return Issue("steps", "a plan has at least one step: share: 1");
    if (plan_.steps_size() > kMaxSteps) {
      return Issue("steps", absl::StrCat("at most ", kMaxSteps, ", has ", plan_.steps_size()));
    }
    for (int i = 0; i < plan_.steps_size(); ++i) CheckStep(i);
    const v1::PlannedStep& last = *plan_.steps().rbegin();
    if (last.migration() || last.share() != 1) {
      Issue(absl::StrCat("steps[", plan_.steps_size() - 1, "]"),
            "the last step has all of the traffic: share: 1");
    }
  }

  void CheckStep(int i) {
    const v1::PlannedStep& step = plan_.steps(i);
    const std::string at = absl::StrCat("steps[", i, "]");
    if (!step.name().empty() && !IsStepName(step.name())) {
      Issue(at + ".name", "1 to 64 characters of a-z, 0-9 and \"-\"");
    } else if (!names_.insert(NameOf(step)).second) {
      Issue(at + ".name", absl::StrCat("the name ", Quoted(NameOf(step)), " is taken"));
    }
    Within(at + ".at_least", step.has_at_least(), step.at_least(), absl::ZeroDuration(), 7 * kDay);
    if (!(step.requests() >= 0) || std::isinf(step.requests())) {
      Issue(at + ".requests", "a number of requests, 0 or more");
    } else if (step.requests() > 0 && !checks_.has_canary()) {
      Issue(at + ".requests",
            "only the canary check counts requests; enable it, or leave this out");
    }
    CheckTargets(step, at);
    if (step.migration()) return CheckMigration(step, at);
    if (!(step.share() > 0 && step.share() <= 1)) {
      return Issue(at + ".share", "a share of the traffic, over 0 to 1");
    }
    if (step.share() <= share_) {
      Issue(at + ".share", "shares grow from step to step; going back is no step");
    }
    share_ = std::max(share_, step.share());
  }

  void CheckTargets(const v1::PlannedStep& step, const std::string& at) {
    if (step.targets_size() > kMaxTargets) {
      Issue(at + ".targets", absl::StrCat("at most ", kMaxTargets));
    }
    for (int i = 0; i < step.targets_size(); ++i) {
      const size_t size = step.targets(i).size();
      if (size >= 1 && size <= kMaxTargetName) continue;
      Issue(absl::StrCat(at, ".targets[", i, "]"),
            absl::StrCat("a name has 1 to ", kMaxTargetName, " characters"));
    }
  }

  void CheckMigration(const v1::PlannedStep& step, const std::string& at) {
    if (step.share() != 0) Issue(at + ".share", "a migration moves no traffic: leave it out");
    if (migrates_) Issue(at + ".migration", "one step of a plan is the schema change, not two");
    migrates_ = true;
  }

  void CheckBake() {
    const v1::Bake& bake = plan_.bake();
    Within("bake.at_least", bake.has_at_least(), bake.at_least(), absl::ZeroDuration(), 30 * kDay);
    Within("bake.at_most", bake.has_at_most(), bake.at_most(), absl::ZeroDuration(), 30 * kDay);
    if (bake.has_peak() && !(bake.peak() >= 0 && bake.peak() <= 1)) {
      Issue("bake.peak", "a part of the weekly peak, 0 to 1");
    } else if (bake.peak() > 0 && !checks_.has_capacity()) {
      Issue("bake.peak", "only the capacity check knows the peak; enable it, or leave this out");
    }
    const absl::Duration at_least = bake.has_at_least() ? FromProto(bake.at_least()) : kBakeAtLeast;
    const absl::Duration at_most = bake.has_at_most() ? FromProto(bake.at_most()) : kBakeAtMost;
    if (at_least > at_most) {
      Issue("bake.at_most",
            absl::StrCat("shorter than the shortest bake, ", absl::FormatDuration(at_least)));
    }
  }

  void CheckLongest() {
    Within("longest", plan_.has_longest(), plan_.longest(), absl::Minutes(10), 60 * kDay);
    const v1::Bake& bake = plan_.bake();
    absl::Duration needed = bake.has_at_least() ? FromProto(bake.at_least()) : kBakeAtLeast;
    for (const v1::PlannedStep& step : plan_.steps()) needed += FromProto(step.at_least());
    const absl::Duration longest = plan_.has_longest() ? FromProto(plan_.longest()) : kLongest;
    if (needed < longest) return;
    Issue("longest", absl::StrCat("steps and bake take ", absl::FormatDuration(needed),
                                  " at least, and after ", absl::FormatDuration(longest),
                                  " the rollout ends"));
  }

  const v1::RolloutPlan& plan_;
  const v1::Checks& checks_;
  std::vector<ParameterIssue> issues_;
  std::set<std::string> names_;
  double share_ = 0;
  bool migrates_ = false;
};

}  // namespace

std::vector<ParameterIssue> ValidateRolloutPlan(const v1::PolicyRule& rule) {
  if (!rule.has_rollout()) return {};
  return Validator(rule).Run();
}

v1::RolloutPlan ResolvedPlan(const v1::PolicyRule& rule, const v1::Change& change) {
  v1::RolloutPlan plan = rule.rollout();
  plan.clear_steps();
  for (v1::PlannedStep step : rule.rollout().steps()) {
    if (step.migration() && !change.has_schema_change()) continue;
    step.set_name(NameOf(step));
    if (!step.has_at_least()) *step.mutable_at_least() = ToProto(absl::ZeroDuration());
    *plan.add_steps() = std::move(step);
  }
  if (plan.passes_in_a_row() == 0) plan.set_passes_in_a_row(1);
  if (!plan.has_lease()) *plan.mutable_lease() = ToProto(kLease);
  if (!plan.has_longest()) *plan.mutable_longest() = ToProto(kLongest);
  v1::Bake& bake = *plan.mutable_bake();
  if (!bake.has_at_least()) *bake.mutable_at_least() = ToProto(kBakeAtLeast);
  if (!bake.has_at_most()) *bake.mutable_at_most() = ToProto(kBakeAtMost);
  if (!bake.has_peak()) bake.set_peak(rule.checks().has_capacity() ? kPeakPart : 0);
  return plan;
}

}  // namespace gate
