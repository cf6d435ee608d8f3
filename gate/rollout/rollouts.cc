#include "gate/rollout/rollouts.h"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/hold/hold.h"
#include "checks/judging.h"
#include "checks/policy/match.h"
#include "checks/policy/rollout_plan.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/evaluate/validate.h"
#include "gate/rollout/events.h"
#include "gate/rollout/lease.h"
#include "gate/rollout/stage.h"

namespace gate {
namespace {

using rollout::MoveFor;
using rollout::Transition;

// Somebody else was quicker this often: it is for the caller to try again.
constexpr int kAttempts = 10;
constexpr int kEventsAtOnce = 100;
constexpr size_t kMaxText = 1024;
constexpr std::string_view kPrefix = "rollouts/";

absl::Status CheckReason(const std::string& reason) {
  if (reason.empty()) return InvalidFields({{"reason", "is required: people will ask"}});
  if (reason.size() > kMaxText) {
    return InvalidFields({{"reason", absl::StrCat("at most ", kMaxText, " bytes")}});
  }
  return absl::OkStatus();
}

absl::Status CheckStart(const v1::StartRolloutRequest& request) {
  v1::EvaluateRequest evaluate;
  *evaluate.mutable_change() = request.change();
  evaluate.set_request_id(request.request_id());
  if (absl::Status status = ValidateRequest(evaluate); !status.ok()) return status;
  std::vector<FieldError> errors;
  if (request.change().has_stage()) {
    errors.push_back({"change.stage", "is filled in by the gate; leave it out"});
  }
  if (request.request_id().empty() && !request.validate_only()) {
    errors.push_back({"request_id", "is required: with it a lost answer can be asked for again"});
  }
  if (request.holder().size() > kMaxText) {
    errors.push_back({"holder", absl::StrCat("at most ", kMaxText, " bytes")});
  }
  return InvalidFields(errors);
}

absl::Status NoPlan(const v1::Change& change, const v1::PolicyRule* rule) {
  return WithReason(
      absl::FailedPreconditionError(
          rule == nullptr
              ? absl::StrCat("no policy rule matches ", change.service(), " in ",
                             change.environment(), ": nothing says how it goes out")
              : absl::StrCat("the policy rule \"", rule->name(),
                             "\" has no rollout plan; add one: rollout: {steps: [{share: 0.05}, "
                             "{share: 1}]}")),
      "NO_ROLLOUT_PLAN");
}

std::string DigestOf(v1::StartRolloutRequest request) {
  request.clear_request_id();
  return Sha256Hex(DeterministicBytes(request));
}

}  // namespace

Rollouts::Rollouts(const PolicyHolder& policies, Evaluator& evaluator, Store& store, Clock& clock)
    : policies_(policies),
      evaluator_(evaluator),
      store_(store),
      clock_(clock),
      feed_(store.rollouts()) {}

absl::StatusOr<v1::Rollout> Rollouts::Start(const v1::StartRolloutRequest& request,
                                            const rollout::By& by) {
  if (absl::Status status = CheckStart(request); !status.ok()) return status;
  const auto policy = policies_.Current();
  const v1::PolicyRule* rule = MatchRule(policy->policy, request.change());
  if (rule == nullptr || !rule->has_rollout()) return NoPlan(request.change(), rule);
  if (!request.incident().empty()) {
    if (auto incident = Mended(request.incident()); !incident.ok()) return incident.status();
  }
  const absl::Time now = clock_.Now();
  v1::Rollout fresh;
  fresh.set_name(absl::StrCat(std::string(kPrefix), NewId(now)));
  *fresh.mutable_change() = Thin(request.change());
  *fresh.mutable_plan() = ResolvedPlan(*rule, request.change());
  fresh.set_holder(request.holder());
  fresh.set_incident(request.incident());
  fresh.set_policy_rule(rule->name());
  fresh.set_policy_digest(policy->digest);
  *fresh.mutable_create_time() = ToProto(now);
  *fresh.mutable_expire_time() = ToProto(now + FromProto(fresh.plan().longest()));
  if (request.validate_only()) return rollout::Begin(std::move(fresh), now).rollout;

  RolloutStart start;
  start.request_id = request.request_id();
  start.request_digest = DigestOf(request);
  start.service = request.change().service();
  start.environment = request.change().environment();
  start.change.content = std::make_shared<const std::string>(DeterministicBytes(request.change()));
  start.change.digest = Sha256Hex(*start.change.content);
  start.now = now;
  return store_.rollouts().Start(
      start, [&](const std::optional<StoredRollout>& active, int64_t token) {
        return rollout::DecideOnStart(fresh, start.change.digest, active, token, now, by);
      });
}

absl::StatusOr<StoredRollout> Rollouts::Read(std::string_view name) {
  if (!name.starts_with(kPrefix) || name.size() == kPrefix.size()) {
    return InvalidFields({{"name", "must be \"rollouts/\" and an id"}});
  }
  auto stored = store_.rollouts().Get(name.substr(kPrefix.size()));
  if (absl::IsNotFound(stored.status())) {
    return WithReason(
        absl::NotFoundError(absl::StrCat("there is no ", std::string(name),
                                         "; `gatectl rollout list` shows those on record")),
        "NO_SUCH_ROLLOUT");
  }
  return stored;
}

absl::StatusOr<v1::Rollout> Rollouts::Get(std::string_view name) {
  auto stored = Read(name);
  if (!stored.ok()) return stored.status();
  return rollout::WithoutToken(std::move(stored->rollout));
}

absl::StatusOr<RolloutEvents> Rollouts::EventsAfter(std::string_view name, int64_t sequence) {
  if (sequence < 0) return InvalidFields({{"after_sequence", "must not be below 0"}});
  auto stored = Read(name);
  if (!stored.ok()) return stored.status();
  const v1::Rollout& rollout = stored->rollout;
  const bool from_now = sequence == 0;
  if (from_now) sequence = rollout.sequence() - 1;
  auto read = store_.rollouts().ReadEvents(name.substr(kPrefix.size()), sequence, kEventsAtOnce);
  if (!read.ok()) return read.status();
  RolloutEvents events{*std::move(read), false};
  if (!events.events.empty()) sequence = events.events.back().sequence();
  events.ended = rollout::HasEnded(rollout.state()) && sequence >= rollout.sequence();
  if (from_now && events.events.size() == 1) {
    // What is no event, a renewed lease or a new number of a wait, is shown as well.
    *events.events.front().mutable_rollout() = rollout::WithoutToken(std::move(stored->rollout));
  }
  return events;
}

absl::StatusOr<v1::Verdict> Rollouts::VerdictOn(const StoredRollout& stored, Deadline deadline,
                                                const rollout::By& by,
                                                Evaluator::Worth worth_keeping) {
  const auto bytes = store_.GetBlob(stored.change_digest);
  if (!bytes.ok()) return bytes.status();
  v1::EvaluateRequest request;
  if (!request.mutable_change()->ParseFromString(*bytes)) {
    return absl::DataLossError("a stored change cannot be read: its bytes are damaged");
  }
  v1::RolloutStage stage = rollout::StageOf(stored.rollout);
  if (!stored.rollout.incident().empty()) {
    auto incident = Mended(stored.rollout.incident());
    if (!incident.ok()) return incident.status();
    *stage.mutable_mends() = *std::move(incident);
  }
  *request.mutable_change() = rollout::AtStage(std::move(*request.mutable_change()), stage);
  request.set_rollout(stored.rollout.name());
  v1::AuditEntry audit;
  audit.set_actor(by.actor);
  audit.set_action(by.action);
  // Shared: the evaluator may still hold its end when this call has long returned.
  const auto answer = std::make_shared<std::promise<absl::StatusOr<v1::Verdict>>>();
  evaluator_.Look(
      std::move(request), deadline, std::move(worth_keeping),
      [answer](absl::StatusOr<v1::Verdict> verdict) { answer->set_value(std::move(verdict)); },
      std::move(audit));
  return answer->get_future().get();
}

absl::StatusOr<v1::AdvanceRolloutResponse> Rollouts::Advance(
    const v1::AdvanceRolloutRequest& request, Deadline deadline, const rollout::By& by) {
  if (request.request_id().empty()) {
    return InvalidFields(
        {{"request_id", "is required: with it a step that was taken is not taken twice"}});
  }
  absl::StatusOr<v1::AdvanceRolloutResponse> response;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    response = TryToAdvance(request, deadline, by);
    if (!absl::IsAborted(response.status())) return response;
  }
  return response;
}

absl::StatusOr<v1::AdvanceRolloutResponse> Rollouts::TryToAdvance(
    const v1::AdvanceRolloutRequest& request, Deadline deadline, const rollout::By& by) {
  auto stored = Read(request.name());
  if (!stored.ok()) return stored.status();
  const v1::Rollout& before = stored->rollout;
  for (const v1::TakenStep& taken : before.taken()) {
    if (taken.request_id() != request.request_id()) continue;
    auto verdict = store_.GetVerdict(taken.verdict().substr(taken.verdict().find('/') + 1));
    if (!verdict.ok()) return verdict.status();
    return Answer(before, *std::move(verdict), /*advanced=*/true);
  }
  if (absl::Status status = rollout::CheckToken(before, request.fencing_token()); !status.ok()) {
    return status;
  }
  // What goes back is not asked whether it is well.
  if (before.state() == v1::ROLLOUT_STATE_ROLLING_BACK) {
    return Answer(before, before.verdict(), /*advanced=*/false);
  }
  v1::Verdict verdict;
  if (!rollout::HasEnded(before.state())) {
    auto judged = VerdictOn(*stored, deadline, by);
    if (!judged.ok()) return judged.status();
    verdict = *std::move(judged);
  }
  // A clock that was set back a little takes no step before the verdict that allows it.
  const absl::Time now = std::max(clock_.Now(), FromProto(verdict.create_time()));
  auto next = rollout::Next(before, rollout::Asked{verdict, request.request_id()}, now);
  if (!next.ok()) return next.status();
  rollout::Renew(next->rollout, now);
  const bool advanced = next->advanced;
  RolloutMove move = MoveFor(*std::move(next), stored->change_digest, stored->version, by, now);
  if (advanced && before.taken().empty()) move.caps = CapsFor(verdict);
  if (absl::Status status = store_.rollouts().Move(move); !status.ok()) return status;
  return Answer(std::move(move.rollout), std::move(verdict), advanced);
}

// By the policy in force, which may be newer than the verdict's: then both have their say.
std::vector<v1::ConcurrencyCap> Rollouts::CapsFor(const v1::Verdict& verdict) const {
  const std::shared_ptr<const PolicySnapshot> policy = policies_.Current();
  const v1::PolicyRule* const rule = MatchRule(policy->policy, verdict.change());
  if (rule == nullptr) return {};
  return CapsToTake(verdict.change(), *rule, verdict);
}

absl::StatusOr<v1::Incident> Rollouts::Mended(std::string_view name) {
  constexpr std::string_view kIncidents = "incidents/";
  const auto no_such = [&] {
    return WithReason(
        absl::NotFoundError(absl::StrCat("there is no ", std::string(name),
                                         "; `gatectl incident list` shows those on record, and "
                                         "`gatectl incident report` puts one there")),
        "NO_SUCH_INCIDENT");
  };
  if (!name.starts_with(kIncidents)) return no_such();
  auto incident = store_.holds().GetIncident(name.substr(kIncidents.size()));
  if (absl::IsNotFound(incident.status())) return no_such();
  return incident;
}

v1::AdvanceRolloutResponse Rollouts::Answer(v1::Rollout rollout, v1::Verdict verdict,
                                            bool advanced) const {
  v1::AdvanceRolloutResponse response;
  response.set_advanced(advanced);
  if (verdict.pace().has_largest_safe_share()) {
    response.set_largest_safe_share(verdict.pace().largest_safe_share());
  }
  absl::Time retry = clock_.Now() + rollout::kBetweenJudgements;
  for (const v1::RolloutWait& wait : rollout.waits()) {
    if (wait.kind() == v1::RolloutWait::KIND_TIME) retry = std::max(retry, FromProto(wait.until()));
  }
  if (!advanced && !rollout::HasEnded(rollout.state())) {
    *response.mutable_retry_at() = ToProto(retry);
  }
  *response.mutable_rollout() = std::move(rollout);
  *response.mutable_verdict() = std::move(verdict);
  return response;
}

absl::StatusOr<v1::Rollout> Rollouts::Apply(std::string_view name, const rollout::Event& event,
                                            std::optional<int64_t> token, const rollout::By& by) {
  absl::Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto stored = Read(name);
    if (!stored.ok()) return stored.status();
    if (token) {
      status = rollout::CheckToken(stored->rollout, *token);
      if (!status.ok()) return status;
    }
    const absl::Time now = clock_.Now();
    auto next = rollout::Next(stored->rollout, event, now);
    if (!next.ok()) return next.status();
    if (next->actions.empty()) return rollout::WithoutToken(std::move(next->rollout));
    const RolloutMove move =
        MoveFor(*std::move(next), stored->change_digest, stored->version, by, now);
    status = store_.rollouts().Move(move);
    if (status.ok()) return rollout::WithoutToken(move.rollout);
    if (!absl::IsAborted(status)) return status;
  }
  return status;
}

absl::StatusOr<v1::Rollout> Rollouts::Renew(const v1::RenewRolloutRequest& request,
                                            const rollout::By& by) {
  absl::Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto stored = Read(request.name());
    if (!stored.ok()) return stored.status();
    status = rollout::CheckToken(stored->rollout, request.fencing_token());
    if (!status.ok()) return status;
    const absl::Time now = clock_.Now();
    Transition renewed{stored->rollout, {}, false};
    rollout::Renew(renewed.rollout, now);
    const RolloutMove move =
        MoveFor(std::move(renewed), stored->change_digest, stored->version, by, now);
    status = store_.rollouts().Move(move);
    if (status.ok()) return move.rollout;
    if (!absl::IsAborted(status)) return status;
  }
  return status;
}

absl::StatusOr<v1::Rollout> Rollouts::Pause(const v1::PauseRolloutRequest& request,
                                            const rollout::By& by) {
  if (absl::Status status = CheckReason(request.reason()); !status.ok()) return status;
  return Apply(request.name(), rollout::Paused{request.reason()}, std::nullopt, by);
}

absl::StatusOr<v1::Rollout> Rollouts::Resume(const v1::ResumeRolloutRequest& request,
                                             const rollout::By& by) {
  if (absl::Status status = CheckReason(request.reason()); !status.ok()) return status;
  return Apply(request.name(), rollout::Resumed{request.reason()}, std::nullopt, by);
}

absl::StatusOr<v1::Rollout> Rollouts::Abort(const v1::AbortRolloutRequest& request,
                                            const rollout::By& by) {
  if (absl::Status status = CheckReason(request.reason()); !status.ok()) return status;
  return Apply(request.name(), rollout::Aborted{request.reason()}, std::nullopt, by);
}

absl::StatusOr<v1::Rollout> Rollouts::ConfirmRollback(const v1::ConfirmRollbackRequest& request,
                                                      const rollout::By& by) {
  return Apply(request.name(), rollout::WentBack{}, request.fencing_token(), by);
}

absl::StatusOr<std::optional<RolloutDue>> Rollouts::Judge(StoredRollout stored, Deadline deadline) {
  absl::Time now = clock_.Now();
  auto next = rollout::Next(stored.rollout, rollout::Ticked{}, now);
  if (!next.ok()) return next.status();
  std::vector<rollout::Action> actions = std::move(next->actions);
  const bool judge = !rollout::HasEnded(next->rollout.state()) &&
                     next->rollout.state() != v1::ROLLOUT_STATE_ROLLING_BACK;
  if (judge) {
    stored.rollout = std::move(next->rollout);
    const bool moved = !actions.empty();
    const auto verdict = VerdictOn(stored, deadline, {}, [&](const v1::Verdict& verdict) {
      return moved || rollout::IsNews(stored.rollout, verdict, now);
    });
    if (!verdict.ok()) return verdict.status();
    now = clock_.Now();
    if (verdict->name().empty()) {
      return RolloutDue{stored.rollout.name(), stored.version, rollout::DueOf(stored.rollout, now)};
    }
    next = rollout::Next(stored.rollout, rollout::Judged{*verdict}, now);
    if (!next.ok()) return next.status();
  }
  std::move(next->actions.begin(), next->actions.end(), std::back_inserter(actions));
  next->actions = std::move(actions);
  absl::Status status = store_.rollouts().Move(
      MoveFor(*std::move(next), stored.change_digest, stored.version, {}, now));
  if (!status.ok()) return status;
  return std::nullopt;
}

}  // namespace gate
