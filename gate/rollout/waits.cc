#include "gate/rollout/waits.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/rollout/stage.h"
#include "gate/rollout/words.h"

namespace gate::rollout {
namespace {

// Shares come as decimal fractions.
constexpr double kRounding = 1e-9;

v1::RolloutWait Wait(v1::RolloutWait::Kind kind, std::string message) {
  v1::RolloutWait wait;
  wait.set_kind(kind);
  wait.set_message(std::move(message));
  return wait;
}

class Waiting {
 public:
  Waiting(const v1::Rollout& rollout, absl::Time now) : rollout_(rollout), now_(now) {}

  std::vector<v1::RolloutWait> Run() {
    switch (rollout_.state()) {
      case v1::ROLLOUT_STATE_PENDING:
      case v1::ROLLOUT_STATE_PROGRESSING:
        ForStep();
        break;
      case v1::ROLLOUT_STATE_BAKING:
        ForEndOfBake();
        break;
      case v1::ROLLOUT_STATE_PAUSED:
        Add(Wait(v1::RolloutWait::KIND_PERSON, "paused: somebody has to resume or abort it"));
        break;
      case v1::ROLLOUT_STATE_ROLLING_BACK:
        Add(Wait(v1::RolloutWait::KIND_ROLLBACK,
                 "the old version has to get all of the traffic back, and somebody to confirm it"));
        break;
      default:
        break;
    }
    return std::move(waits_);
  }

 private:
  void Add(v1::RolloutWait wait) { waits_.push_back(std::move(wait)); }

  // Going forward quickly is the safe way out: what a step asks for is waived, its verdict is not.
  void ForStep() {
    ForVerdict();
    if (rollout_.verdict().advice() == v1::ADVICE_ACCELERATE) return;
    if (!rollout_.taken().empty()) {
      const v1::TakenStep& last = *rollout_.taken().rbegin();
      const v1::PlannedStep& step = rollout_.plan().steps(last.step());
      ForTime(FromProto(last.take_time()) + FromProto(step.at_least()),
              absl::StrCat("the step \"", step.name(), "\" takes ", InWords(step.at_least()),
                           " at least"));
      ForRequests(step);
    }
    ForShare();
    ForPasses();
  }

  void ForEndOfBake() {
    const v1::TakenStep& last = *rollout_.taken().rbegin();
    const v1::Bake& bake = rollout_.plan().bake();
    ForVerdict();
    ForTime(FromProto(last.take_time()) + FromProto(bake.at_least()),
            absl::StrCat("it bakes for ", InWords(bake.at_least()), " at least"));
    if (rollout_.peak_seen() >= bake.peak() - kRounding) return;
    Add(Wait(
        v1::RolloutWait::KIND_PEAK,
        absl::StrCat("the new version has seen ", Percent(rollout_.peak_seen()),
                     " of the usual weekly peak; it bakes until that is ", Percent(bake.peak()))));
  }

  void ForVerdict() {
    const v1::Verdict& verdict = rollout_.verdict();
    if (verdict.decision() == v1::DECISION_ALLOW) {
      if (now_ < FromProto(verdict.valid_until())) return;
      return Add(Wait(v1::RolloutWait::KIND_VERDICT, "a verdict that still holds"));
    }
    v1::RolloutWait wait = Wait(v1::RolloutWait::KIND_VERDICT,
                                verdict.name().empty() ? "its first verdict" : verdict.reason());
    if (verdict.has_retry_at()) *wait.mutable_until() = verdict.retry_at();
    for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
      for (const std::string& unblock : outcome.unblock()) wait.add_unblock(unblock);
    }
    Add(std::move(wait));
  }

  void ForTime(absl::Time until, std::string message) {
    if (now_ >= until) return;
    v1::RolloutWait wait = Wait(v1::RolloutWait::KIND_TIME, std::move(message));
    *wait.mutable_until() = ToProto(until);
    Add(std::move(wait));
  }

  void ForRequests(const v1::PlannedStep& step) {
    if (step.requests() <= 0) return;
    const v1::Pace& pace = rollout_.verdict().pace();
    if (!pace.has_requests()) {
      return Add(Wait(v1::RolloutWait::KIND_REQUESTS,
                      absl::StrCat("the step \"", step.name(), "\" takes ", Count(step.requests()),
                                   " requests, and no check has counted any")));
    }
    if (pace.requests() >= step.requests()) return;
    Add(Wait(v1::RolloutWait::KIND_REQUESTS,
             absl::StrCat("the new version has served ", Count(pace.requests()), " of the ",
                          Count(step.requests()), " requests that the step \"", step.name(),
                          "\" takes")));
  }

  void ForShare() {
    const int next = NextStep(rollout_);
    if (next >= rollout_.plan().steps_size() || rollout_.plan().steps(next).migration()) return;
    const v1::Pace& pace = rollout_.verdict().pace();
    const double share = rollout_.plan().steps(next).share();
    if (!pace.has_largest_safe_share() || share <= pace.largest_safe_share() + kRounding) return;
    Add(Wait(v1::RolloutWait::KIND_SHARE,
             absl::StrCat("the next step is ", Percent(share), " of the traffic, and ",
                          Percent(pace.largest_safe_share()), " is shown to be safe")));
  }

  void ForPasses() {
    const int needed = rollout_.plan().passes_in_a_row();
    if (needed <= 1 || rollout_.passes() >= needed) return;
    v1::RolloutWait wait =
        Wait(v1::RolloutWait::KIND_PASSES,
             absl::StrCat(rollout_.passes(), " of ", needed, " verdicts in a row were ALLOW"));
    Add(std::move(wait));
  }

  const v1::Rollout& rollout_;
  const absl::Time now_;
  std::vector<v1::RolloutWait> waits_;
};

}  // namespace

std::vector<v1::RolloutWait> WaitsOf(const v1::Rollout& rollout, absl::Time now) {
  return Waiting(rollout, now).Run();
}

}  // namespace gate::rollout
