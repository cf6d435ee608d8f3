#include "gate/evaluate/evaluator.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/judging.h"
#include "checks/policy/match.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/evaluate/record.h"
#include "gate/evaluate/replay.h"
#include "gate/evaluate/validate.h"
#include "gate/evaluate/what_if.h"

namespace gate {
namespace {

constexpr absl::Duration kGatherTimeout = absl::Seconds(5);
// What is kept of the caller's time for storing and replying.
constexpr std::chrono::milliseconds kReplyTime{200};
// A clock may differ between replicas by this much before its verdicts are doubted.
constexpr absl::Duration kClockTolerance = absl::Seconds(5);
// Requests up to this size are judged where they arrive; a larger one may hold much SQL to parse.
constexpr size_t kSmallRequest = 16 << 10;
constexpr size_t kMaxMemoBytes = 8 << 20;
constexpr size_t kMaxCarriedBytes = 32 << 20;
// How often a change is judged whose overrides are gone by the time that the verdict is stored.
constexpr int kTries = 4;
// Verdicts that are looked through for one of the same canary, after a restart.
constexpr int kLookedThrough = 20;

std::string DigestOf(v1::EvaluateRequest& request) {
  std::string id = std::move(*request.mutable_request_id());
  request.clear_request_id();
  std::string digest = Sha256Hex(DeterministicBytes(request));
  request.set_request_id(std::move(id));
  return digest;
}

v1::Observation ClockBehindBy(absl::Duration behind) {
  return Absent(kClockObservation, "gate", v1::ABSENCE_REASON_STALE,
                absl::StrCat("the server's clock is ", absl::FormatDuration(behind),
                             " behind the newest verdict on record"));
}

// What an earlier evaluation of the same canary went on from.
std::optional<Carried> StateOnRecord(Store& store, const v1::ObservationRef& ref,
                                     const v1::Verdict& verdict, const v1::Query& query,
                                     const PolicySnapshot& policy) {
  if (!verdict.change().canary().has_started_at()) return std::nullopt;
  const v1::PolicyRule* rule = MatchRule(policy.policy, verdict.change());
  if (rule == nullptr) return std::nullopt;
  const Judging judging(verdict.change(), rule, FromProto(verdict.create_time()),
                        verdict.rollout());
  const auto asked = std::ranges::find(judging.queries(), query.id(), &v1::Query::id);
  if (asked == judging.queries().end() || DeterministicBytes(*asked) != DeterministicBytes(query)) {
    return std::nullopt;
  }
  auto bytes = store.GetBlob(std::string_view(ref.evidence()).substr(ref.evidence().find('/') + 1));
  v1::Observation observation;
  if (!bytes.ok() || !observation.ParseFromString(*bytes)) return std::nullopt;
  observation.set_id(query.id());
  Carried carried{observation.metric().state(), observation.metric().before()};
  Evidence evidence;
  evidence.Add(std::move(observation));
  for (CarriedState& state : judging.Carry(evidence)) {
    if (state.query == query.id()) carried = {std::move(state.state), ref.evidence()};
  }
  if (carried.before.empty()) return std::nullopt;
  return carried;
}

}  // namespace

// One evaluation on its way. Everything that it refers to, it owns.
struct Evaluator::Task {
  explicit Task(UnderWay& under_way) : place(under_way) {}

  const UnderWay::Place place;  // First: everything else is gone by the time that it is given back.
  v1::EvaluateRequest request;
  std::chrono::steady_clock::time_point deadline;
  Done done;
  Worth worth_keeping;  // Null: every verdict is kept.
  v1::AuditEntry audit;

  absl::Time now;
  std::shared_ptr<const PolicySnapshot> policy;
  const v1::PolicyRule* rule;  // Of `policy`; null where none matches.
  std::optional<Judging> judging;
  int tries = 0;
};

namespace {

// What later evaluations may go on from, by key.
std::vector<std::pair<std::string, Carried>> StatesOf(const Judging& judging,
                                                      const v1::Change& change,
                                                      const PolicySnapshot& policy,
                                                      const Evidence& evidence,
                                                      const v1::Verdict& verdict) {
  std::vector<std::pair<std::string, Carried>> states;
  for (CarriedState& state : judging.Carry(evidence)) {
    const auto query = std::ranges::find(judging.queries(), state.query, &v1::Query::id);
    const auto ref =
        std::ranges::find(verdict.observations(), state.query, &v1::ObservationRef::id);
    std::string key = CarriedStates::Key(*query, change, policy);
    if (!key.empty()) {
      states.emplace_back(std::move(key), Carried{std::move(state.state), ref->evidence()});
    }
  }
  return states;
}

}  // namespace

Evaluator::Evaluator(const PolicyHolder& policies, Gatherer& gatherer, Store& store, Clock& clock,
                     const EvaluatorOptions& options)
    : policies_(policies),
      gatherer_(gatherer),
      store_(store),
      clock_(clock),
      contents_(kMaxMemoBytes),
      carried_(std::make_shared<CarriedStates>(kMaxCarriedBytes)),
      newest_unix_nanos_(0),
      pool_(options.threads, options.capacity) {
  const auto newest = store_.NewestVerdictTime();
  if (newest.ok() && *newest > absl::UnixEpoch()) newest_unix_nanos_ = absl::ToUnixNanos(*newest);
}

Evaluator::~Evaluator() { under_way_.WaitForNone(); }

void UnderWay::Enter() {
  MutexLock lock(mu_);
  ++count_;
}

void UnderWay::Leave() {
  MutexLock lock(mu_);
  if (--count_ == 0) none_.NotifyAll();
}

void UnderWay::WaitForNone() {
  MutexLock lock(mu_);
  while (count_ > 0) none_.Wait(mu_);
}

void Evaluator::Evaluate(v1::EvaluateRequest request,
                         std::chrono::steady_clock::time_point deadline, Done done,
                         v1::AuditEntry audit) {
  Look(std::move(request), deadline, nullptr, std::move(done), std::move(audit));
}

void Evaluator::Look(v1::EvaluateRequest request, std::chrono::steady_clock::time_point deadline,
                     Worth worth_keeping, Done done, v1::AuditEntry audit) {
  if (absl::Status status = ValidateRequest(request); !status.ok()) return done(status);
  auto task = std::make_shared<Task>(under_way_);
  task->request = std::move(request);
  task->deadline = deadline;
  task->done = std::move(done);
  task->worth_keeping = std::move(worth_keeping);
  task->audit = std::move(audit);
  Begin(*task);
  if (task->request.validate_only()) return task->done(Preview(*task));

  if (task->request.ByteSizeLong() <= kSmallRequest) {
    auto evidence =
        gatherer_.GatherAtHand(task->judging->queries(), task->request.change(), task->now);
    if (evidence) return Finish(std::move(task), *std::move(evidence));
  }
  if (!pool_.TrySchedule([this, task] { Finish(task, Gather(*task)); })) {
    task->done(WithReason(absl::ResourceExhaustedError("too many evaluations are under way"),
                          "TOO_MANY_EVALUATIONS", 1));
  }
}

void Evaluator::Begin(Task& task) {
  ++task.tries;
  task.now = clock_.Now();
  task.policy = policies_.Current();
  task.rule = MatchRule(task.policy->policy, task.request.change());
  task.judging.emplace(task.request.change(), task.rule, task.now, task.request.rollout());
}

Evidence Evaluator::Gather(Task& task) {
  return gatherer_.Gather(task.judging->queries(), task.request.change(), task.now,
                          GatherDeadline(task),
                          [&](const Evidence& so_far) { return task.judging->Decided(so_far); });
}

// Judges once, stores, replies.
void Evaluator::Finish(std::shared_ptr<Task> task, Evidence evidence) {
  if (const absl::Duration behind = ClockBehind(task->now); behind > kClockTolerance) {
    evidence.Add(ClockBehindBy(behind));
  }
  GoOnFrom(*task, evidence);
  v1::Verdict verdict = task->judging->Verdict(evidence);
  verdict.set_rollout(task->request.rollout());
  if (task->worth_keeping && !task->worth_keeping(verdict)) return task->done(std::move(verdict));
  verdict.set_name(absl::StrCat("verdicts/", NewId(task->now)));
  verdict.set_request_id(task->request.request_id().empty() ? verdict.name().substr(9)
                                                            : task->request.request_id());
  VerdictRecord record =
      MakeRecord(std::move(verdict), evidence, *task->policy, DigestOf(task->request), contents_);
  record.audit = task->audit;
  std::vector<std::pair<std::string, Carried>> states =
      StatesOf(*task->judging, task->request.change(), *task->policy, evidence, record.verdict);
  store_.Append(std::move(record), [this, task = std::move(task), states = std::move(states),
                                    carried = carried_](absl::StatusOr<Appended> appended) mutable {
    // Nothing else of an append is ABORTED.
    if (absl::IsAborted(appended.status())) return Again(task, appended.status());
    if (!appended.ok()) return task->done(appended.status());
    // Only what is on record may be gone on from.
    for (auto& [key, state] : states) carried->Keep(key, std::move(state));
    task->done(std::move(appended->verdict));
  });
}

void Evaluator::Again(const std::shared_ptr<Task>& task, const absl::Status& gone) {
  if (task->tries >= kTries) return task->done(gone);
  const bool taken = pool_.TrySchedule([this, task] {
    Begin(*task);
    Finish(task, Gather(*task));
  });
  if (!taken) task->done(gone);
}

void Evaluator::GoOnFrom(const Task& task, Evidence& evidence) {
  for (const v1::Query& query : task.judging->queries()) {
    const std::string key = CarriedStates::Key(query, task.request.change(), *task.policy);
    if (key.empty() || !evidence.Get(query.id()).has_metric()) continue;
    const auto carried = CarriedFor(task, query, key);
    if (carried != nullptr) evidence.Add(GoOn(evidence.Get(query.id()), *carried));
  }
}

// Where nothing is known of a canary that is older than what its source shows of it, an earlier
// process may have left a state on record.
std::shared_ptr<const Carried> Evaluator::CarriedFor(const Task& task, const v1::Query& query,
                                                     const std::string& key) {
  auto carried = carried_->Find(key);
  const v1::CohortMetricQuery& asked = query.cohort_metric();
  const bool reaches_back = FromProto(asked.start()) >= task.now - FromProto(asked.window());
  if (carried != nullptr) return carried->before.empty() ? nullptr : carried;
  if (reaches_back) return nullptr;
  carried_->Keep(key, {});  // Looked for once.
  const v1::Change& change = task.request.change();
  const auto verdicts = store_.ListVerdicts(
      {.service = change.service(), .environment = change.environment()}, "", kLookedThrough);
  if (!verdicts.ok()) return nullptr;
  for (const v1::Verdict& verdict : *verdicts) {
    if (verdict.policy_digest() != task.policy->digest) continue;
    for (const v1::ObservationRef& ref : verdict.observations()) {
      if (ref.id() != query.id() || ref.has_absence()) continue;
      auto found = StateOnRecord(store_, ref, verdict, query, *task.policy);
      if (!found) continue;
      carried_->Keep(key, *std::move(found));
      return carried_->Find(key);
    }
  }
  return nullptr;
}

// What would be asked. Its decision stays unspecified: nothing was judged.
v1::Verdict Evaluator::Preview(const Task& task) {
  v1::Verdict preview;
  *preview.mutable_change() = Thin(task.request.change());
  *preview.mutable_create_time() = ToProto(task.now);
  preview.set_policy_digest(task.policy->digest);
  if (task.rule != nullptr) preview.set_policy_rule(task.rule->name());
  preview.set_reason(task.rule == nullptr
                         ? "validate_only: nothing was judged; no policy rule matches the change"
                         : "validate_only: nothing was judged");
  for (const v1::Query& query : task.judging->queries()) {
    preview.add_observations()->set_id(query.id());
  }
  return preview;
}

std::chrono::steady_clock::time_point Evaluator::GatherDeadline(const Task& task) {
  const absl::Duration timeout = task.rule != nullptr && task.rule->has_gather_timeout()
                                     ? FromProto(task.rule->gather_timeout())
                                     : kGatherTimeout;
  return std::min(task.deadline - kReplyTime,
                  std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout));
}

// How far `now` is behind the newest verdict; moves the newest on.
absl::Duration Evaluator::ClockBehind(absl::Time now) {
  const int64_t nanos = absl::ToUnixNanos(now);
  int64_t newest = newest_unix_nanos_.load(std::memory_order_relaxed);
  while (newest < nanos && !newest_unix_nanos_.compare_exchange_weak(newest, nanos)) {
  }
  return absl::Nanoseconds(std::max<int64_t>(0, newest - nanos));
}

absl::StatusOr<v1::ReplayVerdictResponse> Evaluator::Replay(
    const v1::ReplayVerdictRequest& request) {
  constexpr std::string_view kPrefix = "verdicts/";
  const std::string_view name = request.name();
  if (!name.starts_with(kPrefix)) {
    return InvalidFields({{"name", "must be \"verdicts/\" and an id"}});
  }
  auto stored = store_.GetVerdict(name.substr(kPrefix.size()));
  if (!stored.ok()) return stored.status();
  return request.has_policy() ? ReplayBy(store_, *stored, request.policy(), clock_.Now())
                              : ReplayStored(store_, *stored);
}

}  // namespace gate
