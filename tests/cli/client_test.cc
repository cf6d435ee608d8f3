#include "clients/cpp/gate/client.h"

#include <filesystem>
#include <set>
#include <thread>

#include "clients/cpp/retry.h"
#include "clients/gatectl/process.h"
#include "gtest/gtest.h"
#include "tests/cli/fake_gate.h"
#include "tests/support/golden.h"

namespace gate::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeGate;

Options For(const FakeGate& gate) {
  Options options;
  options.address = gate.address();
  options.timeout = seconds(10);
  options.initial_backoff = milliseconds(1);
  return options;
}

v1::EvaluateRequest About(const std::string& service) {
  v1::EvaluateRequest request;
  request.mutable_change()->set_service(service);
  request.mutable_change()->set_environment("production");
  return request;
}

TEST(RetryTest, OnlyWhatTryingAgainCanHelp) {
  const Options options;
  for (int code = 1; code <= 16; ++code) {
    const Failure failure = {static_cast<Code>(code), {}};
    const bool retried = PauseBefore(1, failure, seconds(10), 0.5, options).has_value();
    EXPECT_EQ(retried, failure.code == Code::kUnavailable || failure.code == Code::kCancelled)
        << Name(failure.code);
  }
  EXPECT_TRUE(PauseBefore(1, {Code::kResourceExhausted, seconds(1)}, seconds(10), 0, options));
}

TEST(RetryTest, PausesDoubleAreJitteredAndEndAtTheDeadline) {
  const Options options;
  const Failure failure = {Code::kUnavailable, {}};
  EXPECT_EQ(PauseBefore(1, failure, seconds(60), 0, options), milliseconds(0));
  EXPECT_EQ(PauseBefore(1, failure, seconds(60), 0.5, options), milliseconds(50));
  EXPECT_EQ(PauseBefore(4, failure, seconds(60), 0.5, options), milliseconds(400));
  EXPECT_EQ(PauseBefore(1000, failure, seconds(60), 0.5, options), milliseconds(2500));
  EXPECT_FALSE(PauseBefore(4, failure, milliseconds(400), 0.5, options));
  EXPECT_EQ(PauseBefore(1, {Code::kUnavailable, seconds(3)}, seconds(60), 0.5, options),
            milliseconds(3050));
  EXPECT_FALSE(PauseBefore(1, {Code::kUnavailable, seconds(3)}, seconds(2), 0, options));
}

TEST(ClientTest, AttemptsAreOneQuestion) {
  FakeGate gate;
  Client client(For(gate));
  const auto verdict = client.Evaluate(About("flaky"));
  ASSERT_TRUE(verdict) << verdict.error().ToString();
  EXPECT_EQ(verdict->decision(), v1::DECISION_ALLOW);
  ASSERT_EQ(gate.requests().size(), 3u);
  std::set<std::string> ids;
  for (const auto& request : gate.requests()) ids.insert(request.request_id());
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(ids.begin()->size(), 36u);
}

TEST(ClientTest, ErrorsSayWhatTheGateSaid) {
  FakeGate gate;
  Client client(For(gate));
  const auto wrong = client.Evaluate(About("badfield"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kInvalidArgument);
  ASSERT_EQ(wrong.error().violations.size(), 1u);
  EXPECT_EQ(wrong.error().violations[0].field, "change.artifact_digest");
  EXPECT_EQ(wrong.error().attempts, 1);
  const auto busy = client.Evaluate(About("busy"));
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().retry_after, Duration(seconds(3600)));
  EXPECT_EQ(busy.error().attempts, 1);  // an hour is past the deadline
}

TEST(ClientTest, TheDeadlineHoldsForAllAttemptsTogether) {
  FakeGate gate;
  Options options = For(gate);
  options.timeout = milliseconds(200);
  Client client(options);
  for (const char* service : {"slow", "down"}) {
    const auto start = std::chrono::steady_clock::now();
    const auto answer = client.Evaluate(About(service));
    EXPECT_FALSE(answer);
    EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5)) << service;
  }
}

TEST(ClientTest, ATokenGoesAlongButNeverInPlainTextToAnotherHost) {
  FakeGate gate;
  Options options = For(gate);
  options.token = "secret";
  EXPECT_TRUE(Client(options).Evaluate(About("allowed")));
  EXPECT_EQ(gate.authorization(), "Bearer secret");
  options.address = "gate.example.com:9443";
  options.security = Security::kPlaintext;
  const auto refused = Client(options).Evaluate(About("allowed"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
}

TEST(ClientTest, CancelEndsCallsInFlight) {
  FakeGate gate;
  Client client(For(gate));
  std::thread canceller([&] {
    while (gate.requests().empty()) std::this_thread::yield();
    client.Cancel();
  });
  const auto answer = client.Evaluate(About("slow"));
  canceller.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kCancelled);
}

TEST(ClientTest, HealthIsAsked) {
  FakeGate gate;
  const auto healthy = Client(For(gate)).Healthy();
  ASSERT_TRUE(healthy) << healthy.error().ToString();
  EXPECT_TRUE(*healthy);
}

// A certificate that signs itself, for the name gate.example.com.
struct Certificate {
  Certificate() {
    std::string pattern = ::testing::TempDir() + "gate_tls_XXXXXX";
    const std::string folder = mkdtemp(pattern.data());
    const auto made = ctl::RunProcess(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", "/CN=gate", "-addext",
         "subjectAltName=DNS:gate.example.com", "-keyout", "key", "-out", "cert"},
        folder, "");
    EXPECT_EQ(made.exit_code, 0) << made.err;
    certificate = testing::ReadFile(folder + "/cert");
    key = testing::ReadFile(folder + "/key");
    std::filesystem::remove_all(folder);
  }
  std::string certificate, key;
};

TEST(ClientTlsTest, OnlyAServerThatIsTrustedUnderItsNameIsTalkedTo) {
  const Certificate certificate;
  FakeGate gate({certificate.certificate, certificate.key, ""});
  Options options = For(gate);
  options.timeout = seconds(2);
  options.ca_pem = certificate.certificate;
  options.server_name = "gate.example.com";
  const auto trusted = Client(options).Evaluate(About("allowed"));
  EXPECT_TRUE(trusted) << trusted.error().ToString();

  Options wrong = options;
  wrong.server_name = "other.example.com";
  EXPECT_FALSE(Client(wrong).Evaluate(About("allowed")));
  wrong = options;
  wrong.ca_pem = Certificate().certificate;
  EXPECT_FALSE(Client(wrong).Evaluate(About("allowed")));
  wrong = options;
  wrong.ca_pem = "";
  wrong.security = Security::kPlaintext;
  EXPECT_FALSE(Client(wrong).Evaluate(About("allowed")));
}

TEST(ClientTlsTest, AServerThatAsksForACertificateGetsOne) {
  const Certificate certificate;
  FakeGate gate({certificate.certificate, certificate.key, certificate.certificate});
  Options options = For(gate);
  options.timeout = seconds(2);
  options.ca_pem = certificate.certificate;
  options.server_name = "gate.example.com";
  EXPECT_FALSE(Client(options).Evaluate(About("allowed")));
  options.certificate_pem = certificate.certificate;
  options.private_key_pem = certificate.key;
  const auto known = Client(options).Evaluate(About("allowed"));
  EXPECT_TRUE(known) << known.error().ToString();
}

TEST(RequestIdTest, IsAUuidOfVersion7InTheOrderOfTime) {
  const std::string first = NewRequestId();
  std::this_thread::sleep_until(std::chrono::system_clock::now() + milliseconds(2));
  const std::string second = NewRequestId();
  EXPECT_EQ(first[14], '7');
  EXPECT_TRUE(std::string("89ab").find(first[19]) != std::string::npos);
  EXPECT_LT(first.substr(0, 13), second.substr(0, 13));
}

TEST(LoopbackTest, OnlyThisMachine) {
  for (const char* address : {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/x"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
  for (const char* address : {"127.0.0.1.example.com:1", "127.evil.com:1", "10.0.0.1:1",
                              "localhost.example.com:1", "[::2]:1", "example.com:1", "0.0.0.0:1"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

}  // namespace
}  // namespace gate::client
