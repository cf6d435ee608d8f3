// A gate in this process whose answers depend on the service that is asked about:
//
//   allowed    ALLOW            blocked   BLOCK with findings     held      HOLD by a freeze
//   missing    HOLD, evidence   strange   a decision of 77        opening   HOLD once, then ALLOW
//   flaky      UNAVAILABLE twice, then ALLOW                      down      UNAVAILABLE
//   badfield, denied, stranger, busy, slow, broken: the error of that kind
#ifndef TESTS_CLI_FAKE_GATE_H_
#define TESTS_CLI_FAKE_GATE_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gate/v1/gate.pb.h"

namespace gate::testing {

class FakeGate {
 public:
  // With a certificate it serves TLS; with an authority as well it asks clients for theirs (mTLS).
  struct Tls {
    std::string certificate_pem, private_key_pem, client_ca_pem;
  };
  FakeGate() : FakeGate(Tls()) {}
  explicit FakeGate(const Tls& tls);
  ~FakeGate();
  FakeGate(const FakeGate&) = delete;
  FakeGate& operator=(const FakeGate&) = delete;

  const std::string& address() const { return address_; }
  // Every request that Evaluate got, in order.
  std::vector<v1::EvaluateRequest> requests() const;
  // The `authorization` of the last call.
  std::string authorization() const;

 private:
  class Services;
  std::unique_ptr<Services> services_;
  std::string address_;
};

}  // namespace gate::testing

#endif  // TESTS_CLI_FAKE_GATE_H_
