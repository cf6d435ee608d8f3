#include "tests/e2e/gated/pressure.h"

#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace gate {

v1::EvaluateRequest PaymentsRelease(const std::string& request_id) {
  v1::EvaluateRequest request;
  request.set_request_id(request_id);
  request.mutable_change()->set_service("payments");
  request.mutable_change()->set_environment("production");
  request.mutable_change()->set_kind(v1::CHANGE_KIND_CODE);
  return request;
}

Pressure::Pressure(RunningGate& gate, const std::string& name, int callers) : gate_(gate) {
  for (int i = 0; i < callers; ++i) {
    callers_.emplace_back([this, name = absl::StrCat(name, "-", i)] { Call(name); });
  }
}

Pressure::~Pressure() { End(); }

void Pressure::Call(const std::string& name) {
  for (int i = 0; !ending_; ++i) {
    const v1::EvaluateRequest request = PaymentsRelease(absl::StrCat(name, "-", i));
    v1::Verdict verdict;
    const grpc::Status status = gate_.TryEvaluate(request, verdict);
    MutexLock lock(mu_);
    if (!status.ok()) {
      failures_.push_back(status);
      return;
    }
    verdicts_[request.request_id()] = std::move(verdict);
    ++answered_;
  }
}

void Pressure::End() {
  ending_ = true;
  for (std::thread& caller : callers_) caller.join();
  callers_.clear();
}

std::vector<std::string> NamesOnRecord(RunningGate& gate) {
  std::vector<std::string> names;
  v1::ListVerdictsRequest request;
  request.set_page_size(1000);
  do {
    grpc::ClientContext context;
    v1::ListVerdictsResponse response;
    const grpc::Status status = gate.gate().ListVerdicts(&context, request, &response);
    if (!status.ok()) throw std::runtime_error(status.error_message());
    for (const v1::Verdict& verdict : response.verdicts()) names.push_back(verdict.name());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return names;
}

}  // namespace gate
