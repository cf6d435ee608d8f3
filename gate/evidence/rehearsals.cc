#include "gate/evidence/rehearsals.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "checks/evidence.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"

namespace gate {
namespace {

constexpr size_t kMaxKeptBytes = 32 << 20;
// A rehearsal names the statements of the workload in each effect on them.
constexpr size_t kMaxAnswerBytes = 16 << 20;

// All that the answer depends on.
std::string KeyOf(const v1::SchemaChange& change) {
  v1::SchemaChange relevant = change;
  relevant.clear_new_workload();
  for (v1::Database& database : *relevant.mutable_databases()) database.clear_new_workload();
  return Sha256Hex(DeterministicBytes(relevant));
}

// Whether the same question gets the same answer: not where time or the machine decided.
bool IsLasting(const v1::Observation& observation) {
  const auto lasts = [](v1::RehearsalEnd end) {
    return end == v1::REHEARSAL_END_COMPLETED || end == v1::REHEARSAL_END_MIGRATION_FAILED ||
           end == v1::REHEARSAL_END_REFUSED;
  };
  const auto untried = [](v1::RehearsalEnd end) { return end == v1::REHEARSAL_END_UNSPECIFIED; };
  return observation.has_rehearsals() &&
         std::ranges::all_of(observation.rehearsals().rehearsals(), [&](const auto& rehearsal) {
           const v1::RehearsalEnd down = rehearsal.undo().down(), up = rehearsal.undo().up_again();
           return lasts(rehearsal.end()) && (untried(down) || lasts(down)) &&
                  (untried(up) || lasts(up));
         });
}

}  // namespace

absl::StatusOr<std::unique_ptr<RehearsalSource>> RehearsalSource::Open(
    const config::v1::Rehearsal& config) {
  ScratchOptions options;
  options.programs.assign(config.programs().begin(), config.programs().end());
  options.folder = config.folder();
  options.user = config.user();
  options.memory_bytes = static_cast<uint64_t>(config.max_memory_bytes());
  options.disk_bytes = static_cast<uint64_t>(config.max_disk_bytes());
  RehearsalLimits limits;
  limits.total = absl::ToChronoMilliseconds(FromProto(config.timeout()));
  options.cpu_time = std::chrono::ceil<std::chrono::seconds>(2 * limits.total);
  std::unique_ptr<RehearsalSource> source(
      new RehearsalSource(std::move(options), limits, config.max_in_flight()));
  if (absl::Status ready = source->rehearser_.Prepare(); !ready.ok()) {
    return absl::Status(ready.code(), absl::StrCat("rehearsal: ", std::string(ready.message())));
  }
  return source;
}

std::shared_ptr<const v1::Observation> RehearsalSource::AtHand(const v1::Query& query,
                                                               const FetchContext& context) {
  const v1::SchemaChange& change = context.change.schema_change();
  if (change.files().empty()) {
    return std::make_shared<v1::Observation>(
        Absent(query.id(), name(), v1::ABSENCE_REASON_EMPTY, "the request carries no migrations"));
  }
  const std::string key = KeyOf(change);
  MutexLock lock(mu_);
  const auto found = kept_.find(key);
  return found == kept_.end() || found->second->id() != query.id() ? nullptr : found->second;
}

bool RehearsalSource::Enter(const std::string& key, Deadline deadline, Kept& kept) {
  MutexLock lock(mu_);
  for (;;) {
    if (const auto found = kept_.find(key); found != kept_.end()) {
      kept = found->second;
      return true;
    }
    if (!under_way_.contains(key) && static_cast<int>(under_way_.size()) < max_in_flight_) {
      under_way_.insert(key);
      return true;
    }
    if (!left_.WaitUntil(mu_, deadline)) return false;
  }
}

void RehearsalSource::Leave(const std::string& key, const v1::Observation& observation) {
  Kept kept = IsLasting(observation) ? std::make_shared<v1::Observation>(observation) : nullptr;
  const size_t bytes = observation.ByteSizeLong();
  MutexLock lock(mu_);
  under_way_.erase(key);
  left_.NotifyAll();
  if (kept == nullptr) return;
  kept_[key] = std::move(kept);
  order_.push_back(key);
  kept_bytes_ += bytes;
  while (kept_bytes_ > kMaxKeptBytes && order_.size() > 1) {
    const auto oldest = kept_.find(order_.front());
    kept_bytes_ -= oldest->second->ByteSizeLong();
    kept_.erase(oldest);
    order_.pop_front();
  }
}

v1::Observation RehearsalSource::Ask(const v1::Query& query, const FetchContext& context) {
  const auto rehearsals = rehearser_.Rehearse(context.change.schema_change(), context.deadline);
  if (!rehearsals.ok()) {
    return Absent(query.id(), name(), v1::ABSENCE_REASON_UNREACHABLE,
                  std::string(rehearsals.status().message()));
  }
  if (rehearsals->ByteSizeLong() > kMaxAnswerBytes) {
    return Absent(query.id(), name(), v1::ABSENCE_REASON_TOO_LARGE,
                  "too many statements of the workload are affected too often");
  }
  const auto late = [](const v1::Rehearsal& rehearsal) {
    return rehearsal.end() == v1::REHEARSAL_END_TIMED_OUT;
  };
  if (std::ranges::all_of(rehearsals->rehearsals(), late)) {
    return Absent(query.id(), name(), v1::ABSENCE_REASON_TIMEOUT,
                  rehearsals->rehearsals(0).failure().message());
  }
  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(std::string(name()));
  *observation.mutable_observed_at() = ToProto(context.now);
  *observation.mutable_rehearsals() = *rehearsals;
  return observation;
}

v1::Observation RehearsalSource::Fetch(const v1::Query& query, const FetchContext& context) {
  const std::string key = KeyOf(context.change.schema_change());
  Kept kept;
  if (!Enter(key, context.deadline, kept)) {
    return Absent(query.id(), name(), v1::ABSENCE_REASON_TIMEOUT,
                  absl::StrCat("other rehearsals took its ", max_in_flight_,
                               max_in_flight_ == 1 ? " place" : " places"));
  }
  if (kept != nullptr) return *kept;
  v1::Observation observation;
  try {
    observation = Ask(query, context);
  } catch (...) {
    Leave(key, observation);
    throw;
  }
  Leave(key, observation);
  return observation;
}

}  // namespace gate
