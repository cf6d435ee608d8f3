#include "gate/evidence/git_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/evidence.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"

namespace gate {
namespace {

// Each may take two gigabytes.
constexpr size_t kMostUnderWay = 2;
constexpr size_t kMostKeptBytes = 64 << 20;

v1::AbsenceReason ReasonOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return v1::ABSENCE_REASON_EMPTY;
    case absl::StatusCode::kInvalidArgument:
      return v1::ABSENCE_REASON_REJECTED;
    case absl::StatusCode::kFailedPrecondition:
      return v1::ABSENCE_REASON_UNREACHABLE;
    case absl::StatusCode::kResourceExhausted:
      return v1::ABSENCE_REASON_TOO_LARGE;
    case absl::StatusCode::kDeadlineExceeded:
      return v1::ABSENCE_REASON_TIMEOUT;
    case absl::StatusCode::kDataLoss:
      return v1::ABSENCE_REASON_MALFORMED;
    default:
      return v1::ABSENCE_REASON_INTERNAL;
  }
}

// All that the answer depends on, and the id that it carries.
std::string KeyOf(const v1::Query& query, const config::v1::Repository& repository) {
  v1::Query relevant = query;
  relevant.mutable_release()->set_repository(repository.name());
  return Sha256Hex(DeterministicBytes(relevant));
}

}  // namespace

const config::v1::Repository* GitSource::Find(const v1::ReleaseQuery& query,
                                              const v1::Change& change) const {
  for (const config::v1::Repository& repository : repositories_) {
    const bool meant = query.repository().empty() ? !repository.address().empty() &&
                                                        repository.address() == change.repository()
                                                  : repository.name() == query.repository();
    if (meant) return &repository;
  }
  return nullptr;
}

std::string GitSource::NothingFound(const v1::ReleaseQuery& query, const v1::Change& change) const {
  std::string known;
  for (const config::v1::Repository& repository : repositories_) {
    absl::StrAppend(&known, known.empty() ? "" : ", ", repository.name());
    if (!repository.address().empty()) absl::StrAppend(&known, " (", repository.address(), ")");
  }
  const std::string wanted =
      !query.repository().empty()   ? absl::StrCat("is named \"", query.repository(), "\"")
      : change.repository().empty() ? "is that of a change that names none"
                                    : absl::StrCat("has the address ", change.repository());
  return absl::StrCat("no repository of the configuration ", wanted, "; there are: ", known);
}

std::shared_ptr<const v1::Observation> GitSource::AtHand(const v1::Query& query,
                                                         const FetchContext& context) {
  const config::v1::Repository* repository = Find(query.release(), context.change);
  if (repository == nullptr) {
    return std::make_shared<v1::Observation>(Absent(query.id(), name(),
                                                    v1::ABSENCE_REASON_NOT_CONFIGURED,
                                                    NothingFound(query.release(), context.change)));
  }
  const std::string key = KeyOf(query, *repository);
  MutexLock lock(mu_);
  const auto found = kept_.find(key);
  return found == kept_.end() ? nullptr : found->second;
}

bool GitSource::Enter(const std::string& key, Deadline deadline, Kept& kept) {
  MutexLock lock(mu_);
  for (;;) {
    if (const auto found = kept_.find(key); found != kept_.end()) {
      kept = found->second;
      return true;
    }
    if (!under_way_.contains(key) && under_way_.size() < kMostUnderWay) {
      under_way_.insert(key);
      return true;
    }
    if (!left_.WaitUntil(mu_, deadline)) return false;
  }
}

void GitSource::Leave(const std::string& key, const v1::Observation& observation) {
  Kept kept = observation.has_release() ? std::make_shared<v1::Observation>(observation) : nullptr;
  const size_t bytes = observation.ByteSizeLong();
  MutexLock lock(mu_);
  under_way_.erase(key);
  left_.NotifyAll();
  if (kept == nullptr) return;
  kept_[key] = std::move(kept);
  order_.push_back(key);
  kept_bytes_ += bytes;
  while (kept_bytes_ > kMostKeptBytes && order_.size() > 1) {
    const auto oldest = kept_.find(order_.front());
    kept_bytes_ -= oldest->second->ByteSizeLong();
    kept_.erase(oldest);
    order_.pop_front();
  }
}

v1::Observation GitSource::Ask(const v1::Query& query, const config::v1::Repository& repository,
                               const FetchContext& context) const {
  const std::string source = "git:" + repository.name();
  v1::ReleaseQuery asked = query.release();
  asked.set_repository(repository.name());
  const auto timeout = absl::ToChronoMilliseconds(FromProto(repository.timeout()));
  const Deadline deadline = std::min(context.deadline, std::chrono::steady_clock::now() + timeout);
  absl::StatusOr<v1::Release> release = answer_(asked, repository.folder(), deadline);
  if (!release.ok()) {
    return Absent(query.id(), source, ReasonOf(release.status()),
                  std::string(release.status().message()));
  }
  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(source);
  *observation.mutable_observed_at() = ToProto(context.now);
  *observation.mutable_release() = *std::move(release);
  return observation;
}

v1::Observation GitSource::Fetch(const v1::Query& query, const FetchContext& context) {
  const config::v1::Repository* repository = Find(query.release(), context.change);
  if (repository == nullptr) return *AtHand(query, context);
  const std::string key = KeyOf(query, *repository);
  Kept kept;
  if (!Enter(key, context.deadline, kept)) {
    return Absent(query.id(), "git:" + repository->name(), v1::ABSENCE_REASON_TIMEOUT,
                  "other releases were being read all the time");
  }
  if (kept != nullptr) return *kept;
  v1::Observation observation;
  try {
    observation = Ask(query, *repository, context);
  } catch (...) {
    Leave(key, observation);
    throw;
  }
  Leave(key, observation);
  return observation;
}

}  // namespace gate
