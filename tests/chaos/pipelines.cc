#include "tests/chaos/pipelines.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gate/base/digest.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kDeadline{3000};
constexpr int kAttempts = 12;

int64_t Now() { return steady_clock::now().time_since_epoch().count(); }

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// Whether the same call may be made again, since nobody knows what came of it.
bool IsUnknown(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::UNAVAILABLE:
    case grpc::DEADLINE_EXCEEDED:
    case grpc::RESOURCE_EXHAUSTED:
    case grpc::ABORTED:
    case grpc::CANCELLED:
      return true;
    default:
      return false;
  }
}

bool IsStale(const grpc::Status& status) {
  return status.error_code() == grpc::FAILED_PRECONDITION &&
         absl::StrContains(status.error_details(), "STALE_FENCING_TOKEN");
}

}  // namespace

struct Pipelines::Caller {
  std::vector<std::unique_ptr<v1::Rollouts::Stub>> replicas;
  std::mt19937 random;
  std::string name;
  size_t replica = 0;
  int64_t calls = 0;

  int Below(int n) { return std::uniform_int_distribution(0, n - 1)(random); }
  std::string NewRequestId() { return absl::StrCat(name, "-", ++calls); }

  // The same call until its answer is known, at another replica each time; each attempt is told
  // with its times, since one that broke may have been done, and may still be.
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::Rollouts::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                    const Request& request, Response* response) {
    grpc::Status status;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (attempt > 0) {
        replica = (replica + 1) % replicas.size();
        std::this_thread::sleep_for(milliseconds(20 + Below(200)));
      }
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + kDeadline);
      status = ((*replicas[replica]).*method)(&context, request, response);
      if (!IsUnknown(status)) return status;
    }
    return status;
  }
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
  Caller caller;
  caller.random.seed(seed);
  caller.name = absl::StrCat("p", number, "-", seed);
  for (const std::string& address : addresses_) {
    caller.replicas.push_back(v1::Rollouts::NewStub(Connect(address)));
  }
  caller.replica = static_cast<size_t>(number) % addresses_.size();
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
  const int64_t call = Now();
  const grpc::Status status = caller.Call(&v1::Rollouts::Stub::Start, request, &rollout);
  if (status.ok()) {
    Note(service, call, Now(), {LeaseUse::Kind::kTaken, rollout.fencing_token()});
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
    const int64_t call = Now();
    const grpc::Status status = caller.Call(&v1::Rollouts::Stub::Advance, request, &response);
    if (IsStale(status)) {
      Note(service, call, Now(), {LeaseUse::Kind::kRefused, token});
      ++refused_;
      return;
    }
    if (!status.ok()) {
      // One that was done without its answer looks to the lease as if it had never been.
      ++(IsUnknown(status) ? failed_ : refused_);
      return;
    }
    Note(service, call, Now(), {LeaseUse::Kind::kMoved, token});
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
