#include "gate/rollout/pacer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/field_error.h"
#include "gate/rollout/stage.h"
#include "gate/rollout/waits.h"
#include "gate/rollout/words.h"
#include "google/protobuf/util/message_differencer.h"

namespace gate::rollout {
namespace {

using google::protobuf::util::MessageDifferencer;

constexpr absl::Duration kShownWhileMoving = absl::Minutes(1);
constexpr absl::Duration kShown = absl::Minutes(5);
// How much more of the peak is worth a write.
constexpr double kPeakStep = 0.01;

absl::Status Refused(std::string message, std::string_view reason) {
  return WithReason(absl::FailedPreconditionError(std::move(message)), reason);
}

absl::Status Ended(const v1::Rollout& rollout) {
  return Refused(absl::StrCat(rollout.name(), " has ended: ", ShortName(rollout.state()),
                              "; start another one"),
                 "ROLLOUT_ENDED");
}

// What a rollout keeps of a verdict.
v1::Verdict Slim(const v1::Verdict& verdict) {
  v1::Verdict slim;
  slim.set_name(verdict.name());
  slim.set_decision(verdict.decision());
  slim.set_advice(verdict.advice());
  slim.set_reason(verdict.reason());
  *slim.mutable_create_time() = verdict.create_time();
  *slim.mutable_valid_until() = verdict.valid_until();
  if (verdict.has_retry_at()) *slim.mutable_retry_at() = verdict.retry_at();
  if (verdict.has_pace()) *slim.mutable_pace() = verdict.pace();
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    const bool counts = outcome.enforcement() != v1::ENFORCEMENT_WARN &&
                        outcome.enforcement() != v1::ENFORCEMENT_DRY_RUN;
    if (!counts || outcome.decision() == v1::DECISION_ALLOW) continue;
    v1::CheckOutcome& kept = *slim.add_outcomes();
    kept.set_check(outcome.check());
    kept.set_outcome(outcome.outcome());
    kept.set_decision(outcome.decision());
    kept.set_summary(outcome.summary());
    *kept.mutable_unblock() = outcome.unblock();
  }
  return slim;
}

// What a verdict on a schema change says against the version before; empty: nothing.
std::string ClosesWayBack(const v1::Verdict& verdict) {
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    for (const v1::Finding& finding : outcome.findings()) {
      const bool breaks = std::ranges::find(finding.effects(), v1::EFFECT_BREAKS_RUNNING_VERSION) !=
                          finding.effects().end();
      if (breaks && finding.severity() != v1::SEVERITY_INFO) return finding.message();
    }
  }
  return "";
}

// Why the version before does not run any more; empty: nothing shows that.
std::string WayBackIsClosed(const v1::Rollout& rollout) {
  for (const v1::TakenStep& taken : rollout.taken()) {
    if (!taken.closes_way_back().empty()) return taken.closes_way_back();
  }
  return "";
}

bool SaysTheSame(const v1::Verdict& a, const v1::Verdict& b) {
  return a.decision() == b.decision() && a.advice() == b.advice() && a.reason() == b.reason();
}

// How long a rollout shows a verdict that newer ones only repeat: while it moves, people watch its
// numbers; and never one that does not hold any more.
absl::Duration ShownFor(const v1::Rollout& rollout) {
  const absl::Duration longest =
      rollout.state() == v1::ROLLOUT_STATE_PROGRESSING ? kShownWhileMoving : kShown;
  return std::min(longest, (FromProto(rollout.verdict().valid_until()) -
                            FromProto(rollout.verdict().create_time())) /
                               2);
}

// One transition on its way.
class Pacing {
 public:
  Pacing(const v1::Rollout& rollout, absl::Time now)
      : now_(std::max(now, FromProto(rollout.update_time()))) {
    next_.rollout = rollout;
  }

  absl::StatusOr<Transition> On(const Asked& asked) {
    for (const v1::TakenStep& taken : r().taken()) {
      if (asked.request_id.empty() || taken.request_id() != asked.request_id) continue;
      next_.advanced = true;
      return Done();
    }
    if (HasEnded(r().state())) return Ended(r());
    if (absl::Status status = Take(asked.verdict); !status.ok()) return status;
    const bool forward =
        r().state() == v1::ROLLOUT_STATE_PENDING || r().state() == v1::ROLLOUT_STATE_PROGRESSING;
    if (forward && WaitsOf(r(), now_).empty()) TakeStep(asked);
    EndBake();
    return Done();
  }

  absl::StatusOr<Transition> On(const Judged& judged) {
    if (HasEnded(r().state())) return Ended(r());
    if (absl::Status status = Take(judged.verdict); !status.ok()) return status;
    EndBake();
    return Done();
  }

  absl::StatusOr<Transition> On(const Paused& paused) {
    if (HasEnded(r().state()) || r().state() == v1::ROLLOUT_STATE_ROLLING_BACK) return Done();
    if (r().state() == v1::ROLLOUT_STATE_PAUSED && !r().paused_by_gate()) return Done();
    Pause(/*by_gate=*/false, paused.reason);
    return Done();
  }

  absl::StatusOr<Transition> On(const Resumed& resumed) {
    if (HasEnded(r().state())) return Ended(r());
    if (r().state() == v1::ROLLOUT_STATE_ROLLING_BACK) {
      return Refused(absl::StrCat(r().name(), " goes back, for good; start another rollout"),
                     "ROLLING_BACK");
    }
    if (r().state() != v1::ROLLOUT_STATE_PAUSED) return Done();
    Move(r().paused_from(), v1::ROLLOUT_EVENT_KIND_RESUMED, resumed.reason);
    r().clear_paused_from();
    r().clear_paused_by_gate();
    ForgetVerdict();
    return Done();
  }

  absl::StatusOr<Transition> On(const Aborted& aborted) {
    if (r().state() == v1::ROLLOUT_STATE_ROLLED_BACK) return Done();
    if (HasEnded(r().state())) return Ended(r());
    GoBack(aborted.reason);
    return Done();
  }

  absl::StatusOr<Transition> On(const WentBack&) {
    if (r().state() == v1::ROLLOUT_STATE_ROLLED_BACK) return Done();
    if (r().state() != v1::ROLLOUT_STATE_ROLLING_BACK) {
      return Refused(absl::StrCat(r().name(), " does not go back, it is ", ShortName(r().state()),
                                  "; abort it first"),
                     "NOT_ROLLING_BACK");
    }
    r().set_share(0);
    End(v1::ROLLOUT_STATE_ROLLED_BACK, "the old version has all of the traffic again");
    return Done();
  }

  absl::StatusOr<Transition> On(const Superseded& superseded) {
    if (!GivesWay(r(), now_)) {
      return Refused(absl::StrCat(r().name(), " does not give way"), "NOT_GIVING_WAY");
    }
    r().set_superseded_by(superseded.by);
    End(v1::ROLLOUT_STATE_SUPERSEDED, absl::StrCat(superseded.by, " has taken its place"));
    return Done();
  }

  absl::StatusOr<Transition> On(const Ticked&) {
    EndBake();
    if (!HasEnded(r().state()) && now_ >= FromProto(r().expire_time())) {
      End(v1::ROLLOUT_STATE_EXPIRED, absl::StrCat("its time was over; the new version has ",
                                                  Percent(r().share()), " of the traffic"));
    }
    return Done();
  }

 private:
  v1::Rollout& r() { return next_.rollout; }

  void Tell(v1::RolloutEventKind kind, std::string message) {
    r().set_reason(message);
    next_.actions.push_back({kind, std::move(message)});
  }

  void Move(v1::RolloutState state, v1::RolloutEventKind kind, std::string message) {
    r().set_state(state);
    Tell(kind, std::move(message));
  }

  void End(v1::RolloutState state, std::string message) {
    *r().mutable_end_time() = ToProto(now_);
    Move(state, v1::ROLLOUT_EVENT_KIND_ENDED, std::move(message));
  }

  void Pause(bool by_gate, std::string reason) {
    if (r().state() != v1::ROLLOUT_STATE_PAUSED) r().set_paused_from(r().state());
    r().set_paused_by_gate(by_gate);
    Move(v1::ROLLOUT_STATE_PAUSED, v1::ROLLOUT_EVENT_KIND_PAUSED, std::move(reason));
  }

  void GoBack(std::string reason) {
    if (r().state() == v1::ROLLOUT_STATE_ROLLING_BACK) return;
    if (r().taken().empty()) {
      return End(v1::ROLLOUT_STATE_ROLLED_BACK,
                 absl::StrCat("nothing of it had gone out: ", reason));
    }
    Move(v1::ROLLOUT_STATE_ROLLING_BACK, v1::ROLLOUT_EVENT_KIND_ROLLING_BACK, std::move(reason));
  }

  // What was said of one step says nothing of the next.
  void ForgetVerdict() {
    r().clear_verdict();
    r().clear_passes();
    r().clear_pass_time();
  }

  // Takes in a verdict of this moment of the rollout.
  absl::Status Take(const v1::Verdict& verdict) {
    v1::RolloutStage judged = verdict.change().stage();
    judged.clear_mends();
    if (verdict.rollout() != r().name() || !MessageDifferencer::Equals(judged, StageOf(r()))) {
      return absl::AbortedError(
          absl::StrCat(r().name(), " has moved on while the verdict was made; ask again"));
    }
    if (now_ >= FromProto(verdict.valid_until())) {
      return absl::AbortedError(absl::StrCat(verdict.name(), " does not hold any more; ask again"));
    }
    // An older one than what is known came late.
    if (FromProto(verdict.create_time()) < FromProto(r().verdict().create_time())) {
      return absl::AbortedError("a newer verdict is there; ask again");
    }
    const bool news = !SaysTheSame(verdict, r().verdict());
    *r().mutable_verdict() = Slim(verdict);
    CountPass(verdict);
    if (r().share() == 1) {
      r().set_peak_seen(std::max(r().peak_seen(), verdict.pace().peak_seen()));
    }
    if (news) Tell(v1::ROLLOUT_EVENT_KIND_JUDGED, verdict.reason());
    if (r().taken().empty()) return absl::OkStatus();
    const bool moves =
        r().state() == v1::ROLLOUT_STATE_PROGRESSING || r().state() == v1::ROLLOUT_STATE_BAKING;
    const std::string closed = WayBackIsClosed(r());
    if (verdict.advice() == v1::ADVICE_ROLL_BACK && closed.empty()) {
      GoBack(verdict.reason());
    } else if (verdict.advice() == v1::ADVICE_ROLL_BACK && moves) {
      Pause(/*by_gate=*/true,
            absl::StrCat(verdict.reason(), " Going back does not help by itself: ", closed));
    } else if (verdict.advice() == v1::ADVICE_PAUSE && moves) {
      Pause(/*by_gate=*/true, verdict.reason());
    }
    return absl::OkStatus();
  }

  void CountPass(const v1::Verdict& verdict) {
    if (verdict.decision() != v1::DECISION_ALLOW) {
      r().clear_passes();
      r().clear_pass_time();
      return;
    }
    if (r().passes() >= r().plan().passes_in_a_row()) return;
    const absl::Time time = FromProto(verdict.create_time());
    if (r().has_pass_time() && time - FromProto(r().pass_time()) < kBetweenPasses) return;
    r().set_passes(r().passes() + 1);
    *r().mutable_pass_time() = verdict.create_time();
  }

  // The next one; all of those up to the next schema change where going forward is the way out.
  void TakeStep(const Asked& asked) {
    const auto& steps = r().plan().steps();
    int step = NextStep(r());
    if (asked.verdict.advice() == v1::ADVICE_ACCELERATE && !steps[step].migration()) {
      while (step + 1 < steps.size() && !steps[step + 1].migration()) ++step;
    }
    v1::TakenStep& taken = *r().add_taken();
    taken.set_step(step);
    *taken.mutable_take_time() = ToProto(now_);
    taken.set_verdict(asked.verdict.name());
    taken.set_request_id(asked.request_id);
    if (steps[step].migration()) taken.set_closes_way_back(ClosesWayBack(asked.verdict));
    if (!steps[step].migration()) r().set_share(steps[step].share());
    next_.advanced = true;
    const bool last = step + 1 == steps.size();
    Move(last ? v1::ROLLOUT_STATE_BAKING : v1::ROLLOUT_STATE_PROGRESSING,
         v1::ROLLOUT_EVENT_KIND_STEP_TAKEN,
         steps[step].migration()
             ? absl::StrCat("the step \"", steps[step].name(), "\": the schema change may run")
             : absl::StrCat("the step \"", steps[step].name(), "\": ", Percent(r().share()),
                            " of the traffic"));
    ForgetVerdict();
  }

  void EndBake() {
    if (r().state() != v1::ROLLOUT_STATE_BAKING) return;
    if (WaitsOf(r(), now_).empty()) {
      return End(v1::ROLLOUT_STATE_SUCCEEDED,
                 r().plan().bake().peak() > 0
                     ? absl::StrCat("all of it is out, and has seen ", Percent(r().peak_seen()),
                                    " of the usual weekly peak")
                     : "all of it is out, and it has baked");
    }
    const absl::Time began = FromProto(r().taken().rbegin()->take_time());
    if (now_ < began + FromProto(r().plan().bake().at_most())) return;
    End(v1::ROLLOUT_STATE_EXPIRED,
        absl::StrCat("all of it is out, and after ", InWords(r().plan().bake().at_most()),
                     " it was not shown to be well: ", WaitsOf(r(), now_).front().message()));
  }

  v1::Advice AdviceNow() const {
    const v1::Rollout& r = next_.rollout;
    switch (r.state()) {
      case v1::ROLLOUT_STATE_ROLLING_BACK:
        return v1::ADVICE_ROLL_BACK;
      case v1::ROLLOUT_STATE_PAUSED:
        return v1::ADVICE_PAUSE;
      case v1::ROLLOUT_STATE_BAKING:
        return v1::ADVICE_WAIT;
      case v1::ROLLOUT_STATE_PENDING:
      case v1::ROLLOUT_STATE_PROGRESSING:
        if (!r.waits().empty()) return v1::ADVICE_WAIT;
        return r.verdict().advice() == v1::ADVICE_ACCELERATE ? v1::ADVICE_ACCELERATE
                                                             : v1::ADVICE_PROCEED;
      default:
        return v1::ADVICE_UNSPECIFIED;
    }
  }

  Transition Done() {
    r().clear_waits();
    for (v1::RolloutWait& wait : WaitsOf(r(), now_)) *r().add_waits() = std::move(wait);
    r().set_advice(AdviceNow());
    r().set_sequence(r().sequence() + static_cast<int64_t>(next_.actions.size()));
    r().set_etag(absl::StrCat(r().sequence()));
    if (!next_.actions.empty()) *r().mutable_update_time() = ToProto(now_);
    return std::move(next_);
  }

  Transition next_;
  const absl::Time now_;

  friend Transition gate::rollout::Begin(v1::Rollout rollout, absl::Time now);
  friend Transition gate::rollout::Lease(v1::Rollout rollout, const std::string& holder,
                                         int64_t token, absl::Time now);
};

}  // namespace

Transition Begin(v1::Rollout rollout, absl::Time now) {
  rollout.set_state(v1::ROLLOUT_STATE_PENDING);
  Pacing pacing(rollout, now);
  pacing.Tell(v1::ROLLOUT_EVENT_KIND_STARTED, "started: nothing of it is out");
  return pacing.Done();
}

Transition Lease(v1::Rollout rollout, const std::string& holder, int64_t token, absl::Time now) {
  rollout.set_holder(holder);
  rollout.set_fencing_token(token);
  *rollout.mutable_lease_expire_time() = ToProto(now + FromProto(rollout.plan().lease()));
  Pacing pacing(rollout, now);
  const std::string reason = rollout.reason();
  pacing.Tell(v1::ROLLOUT_EVENT_KIND_LEASED,
              holder.empty() ? "its lease was taken again" : absl::StrCat(holder, " moves it now"));
  pacing.r().set_reason(reason);
  return pacing.Done();
}

absl::StatusOr<Transition> Next(const v1::Rollout& rollout, const Event& event, absl::Time now) {
  return std::visit([&](const auto& happened) { return Pacing(rollout, now).On(happened); }, event);
}

bool IsNews(const v1::Rollout& rollout, const v1::Verdict& verdict, absl::Time now) {
  const absl::StatusOr<Transition> next = Next(rollout, Judged{verdict}, now);
  if (!next.ok() || !next->actions.empty()) return true;
  const v1::Rollout& after = next->rollout;
  if (now - FromProto(rollout.verdict().create_time()) >= ShownFor(rollout)) return true;
  return after.passes() != rollout.passes() || after.advice() != rollout.advice() ||
         after.peak_seen() >= rollout.peak_seen() + kPeakStep ||
         !std::ranges::equal(after.waits(), rollout.waits(), {}, &v1::RolloutWait::kind,
                             &v1::RolloutWait::kind) ||
         !std::ranges::equal(after.verdict().outcomes(), rollout.verdict().outcomes(), {},
                             &v1::CheckOutcome::check, &v1::CheckOutcome::check);
}

bool GivesWay(const v1::Rollout& rollout, absl::Time now) {
  if (HasEnded(rollout.state())) return false;
  if (rollout.state() == v1::ROLLOUT_STATE_BAKING) return true;
  const bool by_a_person = rollout.state() == v1::ROLLOUT_STATE_PAUSED && !rollout.paused_by_gate();
  return !by_a_person && now >= FromProto(rollout.lease_expire_time());
}

absl::Time NextDue(const v1::Rollout& rollout, absl::Time now) {
  if (HasEnded(rollout.state())) return absl::InfiniteFuture();
  absl::Time due = FromProto(rollout.expire_time());
  if (rollout.state() == v1::ROLLOUT_STATE_BAKING) {
    due = std::min(due, FromProto(rollout.taken().rbegin()->take_time()) +
                            FromProto(rollout.plan().bake().at_most()));
  }
  for (const v1::RolloutWait& wait : rollout.waits()) {
    if (wait.has_until() && FromProto(wait.until()) > now) {
      due = std::min(due, FromProto(wait.until()));
    }
  }
  return due;
}

}  // namespace gate::rollout
