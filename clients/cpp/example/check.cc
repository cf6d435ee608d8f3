// May payments 2026.11.3 go to production? Exits with 0 for ALLOW, 10 for BLOCK, 11 for anything
// else that the gate says, and 3 where it says nothing.
#include <gate/client.h>

#include <iostream>

int main(int argc, char** argv) {
  gate::client::Client gate({.address = argc > 1 ? argv[1] : "127.0.0.1:9443"});

  gate::v1::EvaluateRequest request;
  request.mutable_change()->set_service("payments");
  request.mutable_change()->set_environment("production");
  request.mutable_change()->set_kind(gate::v1::CHANGE_KIND_CODE);
  request.mutable_change()->set_version("2026.11.3");

  const auto verdict = gate.Evaluate(std::move(request));
  if (!verdict) {
    std::cerr << verdict.error().ToString() << "\n";
    return 3;
  }
  std::cout << gate::v1::Decision_Name(verdict->decision()) << ": " << verdict->reason() << "\n";
  if (verdict->decision() == gate::v1::DECISION_ALLOW) return 0;
  return verdict->decision() == gate::v1::DECISION_BLOCK ? 10 : 11;
}
