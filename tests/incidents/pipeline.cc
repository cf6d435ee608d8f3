#include "tests/incidents/pipeline.h"

#include <algorithm>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace gate {
namespace {

void Throw(const char* call, const grpc::Status& status) {
  if (status.ok()) return;
  throw std::runtime_error(absl::StrCat(call, ": ", status.error_message()));
}

}  // namespace

Pipeline::Pipeline(RunningGate& gate)
    : gate_(gate),
      rollouts_(v1::Rollouts::NewStub(
          grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials()))) {}

void Pipeline::Start(const v1::Change& change, const std::string& incident) {
  v1::StartRolloutRequest request;
  *request.mutable_change() = change;
  request.set_request_id(absl::StrCat(change.service(), "-", change.version()));
  request.set_holder("the pipeline of the incident");
  request.set_incident(incident);
  grpc::ClientContext context;
  Throw("Rollouts.Start", rollouts_->Start(&context, request, &rollout_));
  asked_ = 0;
}

v1::Verdict Pipeline::Ask() {
  v1::AdvanceRolloutRequest request;
  request.set_name(rollout_.name());
  request.set_fencing_token(rollout_.fencing_token());
  request.set_request_id(absl::StrCat("ask-", ++asked_));
  grpc::ClientContext context;
  v1::AdvanceRolloutResponse response;
  Throw("Rollouts.Advance", rollouts_->Advance(&context, request, &response));
  rollout_ = response.rollout();
  // What goes back already is answered with what the rollout keeps of its verdict.
  if (state() == v1::ROLLOUT_STATE_ROLLING_BACK || state() == v1::ROLLOUT_STATE_ROLLED_BACK) {
    return Verdict();
  }
  return response.verdict();
}

const v1::Rollout& Pipeline::Look() {
  v1::GetRolloutRequest request;
  request.set_name(rollout_.name());
  const int64_t token = rollout_.fencing_token();
  grpc::ClientContext context;
  Throw("Rollouts.Get", rollouts_->Get(&context, request, &rollout_));
  rollout_.set_fencing_token(token);
  return rollout_;
}

void Pipeline::Abort(const std::string& reason) {
  v1::AbortRolloutRequest request;
  request.set_name(rollout_.name());
  request.set_reason(reason);
  grpc::ClientContext context;
  Throw("Rollouts.Abort", rollouts_->Abort(&context, request, &rollout_));
}

void Pipeline::GoBack() {
  v1::ConfirmRollbackRequest request;
  request.set_name(rollout_.name());
  request.set_fencing_token(rollout_.fencing_token());
  grpc::ClientContext context;
  Throw("Rollouts.ConfirmRollback", rollouts_->ConfirmRollback(&context, request, &rollout_));
  rollout_.set_fencing_token(request.fencing_token());
}

v1::Verdict Pipeline::Verdict() {
  v1::GetVerdictRequest request;
  request.set_name(rollout_.verdict().name());
  grpc::ClientContext context;
  v1::Verdict verdict;
  Throw("Gate.GetVerdict", gate_.gate().GetVerdict(&context, request, &verdict));
  return verdict;
}

bool Pipeline::migrated() const {
  return std::ranges::any_of(rollout_.taken(), [&](const v1::TakenStep& taken) {
    return rollout_.plan().steps(taken.step()).migration();
  });
}

}  // namespace gate
