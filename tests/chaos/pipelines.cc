#include "tests/chaos/pipelines.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "tests/chaos/calls.h"

namespace gate {
namespace {

using std::chrono::milliseconds;

}  // namespace

struct Pipelines::Caller : PatientCaller {
  Caller(const std::vector<std::string>& addresses, int number, unsigned seed)
      : PatientCaller(addresses, static_cast<size_t>(number), seed),
        name(absl::StrCat("p", number, "-", seed)) {}

  std::string NewRequestId() { return absl::StrCat(name, "-", ++calls); }

  const std::string name;
  int64_t calls = 0;
};

Pipelines::Pipelines(std::vector<std::string> addresses, int pipelines, int services, unsigned seed)
    : addresses_(std::move(addresses)), services_(services) {
  for (int i = 0; i < pipelines; ++i) {
    threads_.emplace_back([this, i, seed] { Run(i, seed + static_cast<unsigned>(i)); });
  }
}

void Pipelines::End() {
  ending_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Pipelines::Note(const std::string& service, int64_t call, int64_t ret, LeaseUse use) {
  MutexLock lock(mu_);
  histories_[service].push_back({call, ret, std::move(use)});
}

void Pipelines::Run(int number, unsigned seed) {
  Caller caller(addresses_, number, seed);
  while (!ending_) {
    TakeOut(caller, absl::StrCat("svc-", caller.Below(services_)));
    std::this_thread::sleep_for(milliseconds(caller.Below(100)));
  }
}

void Pipelines::TakeOut(Caller& caller, const std::string& service) {
  v1::StartRolloutRequest request;
  request.set_request_id(caller.NewRequestId());
  request.set_holder(caller.name);
  v1::Change& change = *request.mutable_change();
  change.set_service(service);
  change.set_environment("production");
  change.set_kind(v1::CHANGE_KIND_CODE);
  change.set_version(absl::StrCat(caller.Below(4)));
  v1::Rollout rollout;
  const int64_t call = Moment();
  const grpc::Status status = caller.Call(&v1::Rollouts::Stub::Start, request, &rollout);
  if (status.ok()) {
    Note(service, call, Moment(), {LeaseUse::Kind::kTaken, rollout.fencing_token()});
    ++started_;
    Move(caller, rollout);
  } else if (IsUnknown(status)) {
    Note(service, call, kNeverReturned, {LeaseUse::Kind::kTaken, 0, request.request_id()});
    ++failed_;
  } else {
    ++refused_;
  }
}

void Pipelines::Move(Caller& caller, const v1::Rollout& rollout) {
  const std::string& service = rollout.change().service();
  const int64_t token = rollout.fencing_token();
  // Some pipelines die half way.
  const int patience = caller.Below(5) == 0 ? caller.Below(4) : 20;
  for (int i = 0; i < patience && !ending_; ++i) {
    if (caller.Below(40) == 0) return GoBack(caller, rollout);
    v1::AdvanceRolloutRequest request;
    request.set_name(rollout.name());
    request.set_fencing_token(token);
    request.set_request_id(caller.NewRequestId());
    v1::AdvanceRolloutResponse response;
    const int64_t call = Moment();
    const grpc::Status status = caller.Call(&v1::Rollouts::Stub::Advance, request, &response);
    if (IsRefusedAs(status, "STALE_FENCING_TOKEN")) {
      Note(service, call, Moment(), {LeaseUse::Kind::kRefused, token});
      ++refused_;
      return;
    }
    if (!status.ok()) {
      // One that was done without its answer looks to the lease as if it had never been.
      ++(IsUnknown(status) ? failed_ : refused_);
      return;
    }
    Note(service, call, Moment(), {LeaseUse::Kind::kMoved, token});
    if (response.advanced()) {
      ++advanced_;
      MutexLock lock(mu_);
      steps_[request.request_id()] = rollout.name();
    }
    const v1::RolloutState state = response.rollout().state();
    if (state == v1::ROLLOUT_STATE_ROLLING_BACK) return GoBack(caller, rollout);
    if (state == v1::ROLLOUT_STATE_BAKING) return;
    std::this_thread::sleep_for(milliseconds(caller.Below(300)));
  }
}

void Pipelines::GoBack(Caller& caller, const v1::Rollout& rollout) {
  v1::AbortRolloutRequest abort;
  abort.set_name(rollout.name());
  abort.set_reason("chaos");
  v1::Rollout after;
  if (!caller.Call(&v1::Rollouts::Stub::Abort, abort, &after).ok()) return;
  v1::ConfirmRollbackRequest confirm;
  confirm.set_name(rollout.name());
  confirm.set_fencing_token(rollout.fencing_token());
  if (caller.Call(&v1::Rollouts::Stub::ConfirmRollback, confirm, &after).ok()) ++rollbacks_;
}

}  // namespace gate
