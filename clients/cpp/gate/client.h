// A client of the gate.
//
//   gate::client::Client gate({.address = "gate.example.com:9443", .token = token});
//   gate::v1::EvaluateRequest request;
//   ...
//   const auto verdict = gate.Evaluate(std::move(request));
//   if (!verdict) { std::cerr << verdict.error().ToString() << "\n"; return 3; }
//   return verdict->decision() == gate::v1::DECISION_ALLOW ? 0 : 10;
//
// A BLOCK is a successful call. Only DECISION_ALLOW is an ALLOW: treat every other value, also one
// that this library does not know, as "no".
//
// Calls block until they have an answer, an error that trying again cannot help, or the deadline.
// Calls that may be repeated (reads; Evaluate, because its request_id makes it so) are, with
// exponential backoff and full jitter, and never past the deadline. Thread-safe.
#ifndef GATE_CLIENT_H_
#define GATE_CLIENT_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/v1/audit.pb.h"
#include "gate/v1/evidence_service.pb.h"
#include "gate/v1/freezes.pb.h"
#include "gate/v1/gate.pb.h"
#include "gate/v1/incidents.pb.h"
#include "gate/v1/overrides.pb.h"
#include "gate/v1/policies.pb.h"
#include "gate/v1/rollouts.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::client {

using Duration = std::chrono::nanoseconds;

// How the connection is protected.
enum class Security {
  kAutomatic,  // plain text to loopback addresses and unix sockets, TLS to all others
  kTls,
  kPlaintext,  // also to other hosts: anyone on the way can read and change what is said
};

struct Options {
  // "host:port", or "unix:/path".
  std::string address = "127.0.0.1:9443";
  Security security = Security::kAutomatic;
  // PEM texts. Without an authority the system's are trusted; certificate and key are for mTLS.
  std::string ca_pem;
  std::string certificate_pem;
  std::string private_key_pem;
  // Name to expect in the server's certificate, where it is not the address's.
  std::string server_name;
  // Bearer token; never sent in plain text to another host.
  std::string token;
  // Who asks, for gates that run open: recorded, and proven by nobody.
  std::string actor;
  // For one call, all its attempts included.
  Duration timeout = std::chrono::seconds(15);
  // First pause between attempts; it doubles up to max_backoff, and is drawn from [0, pause].
  Duration initial_backoff = std::chrono::milliseconds(100);
  Duration max_backoff = std::chrono::seconds(5);
  // Goes into the user agent.
  std::string application;
};

// As gRPC numbers them.
enum class Code {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// "UNAVAILABLE".
std::string_view Name(Code code);

// Why there is no answer.
struct Error {
  // A field of the request that is wrong, or a condition that does not hold.
  struct Violation {
    std::string field;
    std::string description;
  };

  Code code = Code::kUnknown;
  std::string message;
  std::string reason;  // google.rpc.ErrorInfo, for example "POLICY_NOT_LOADED"
  std::vector<Violation> violations;
  std::optional<Duration> retry_after;  // google.rpc.RetryInfo
  // What was done to get an answer.
  std::string address;
  std::string request_id;
  int attempts = 0;
  Duration elapsed{0};
  Duration timeout{0};

  // One line for a log.
  std::string ToString() const;
};

// An answer, or why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}      // NOLINT: meant to convert
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: meant to convert
  explicit operator bool() const { return value_.has_value(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  const Error& error() const { return error_; }

 private:
  std::optional<T> value_;
  Error error_;
};

class Client {
 public:
  explicit Client(Options options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Fills request_id where it is empty, so that the attempts count as one question.
  Result<v1::Verdict> Evaluate(v1::EvaluateRequest request);
  // `name` is "verdicts/…".
  Result<v1::Verdict> GetVerdict(std::string_view name);
  Result<v1::ListVerdictsResponse> ListVerdicts(const v1::ListVerdictsRequest& request);
  Result<v1::ReplayVerdictResponse> ReplayVerdict(const v1::ReplayVerdictRequest& request);
  Result<v1::ListFreezesResponse> ListFreezes(const v1::ListFreezesRequest& request);
  Result<v1::CheckFreezesResponse> CheckFreezes(const v1::CheckFreezesRequest& request);
  // Declared freezes, and incidents. Whoever writes one chooses the request_id, and keeps it for as
  // long as the same write is tried.
  Result<v1::Freeze> CreateFreeze(const v1::CreateFreezeRequest& request);
  Result<v1::Freeze> LiftFreeze(const v1::LiftFreezeRequest& request);
  Result<v1::Freeze> GetFreeze(const v1::GetFreezeRequest& request);
  Result<v1::Incident> ReportIncident(const v1::ReportIncidentRequest& request);
  Result<v1::Incident> ResolveIncident(const v1::ResolveIncidentRequest& request);
  Result<v1::Incident> GetIncident(const v1::GetIncidentRequest& request);
  Result<v1::ListIncidentsResponse> ListIncidents(const v1::ListIncidentsRequest& request);
  // `name` is "policies/current", or "policies/" and a digest.
  Result<v1::GetPolicyResponse> GetPolicy(std::string_view name);
  Result<v1::ValidatePolicyResponse> ValidatePolicy(const v1::ValidatePolicyRequest& request);
  Result<v1::WhatIfResponse> WhatIf(const v1::WhatIfRequest& request);
  // One message after the other. What was taken of an attempt that broke is known to the next one.
  Result<v1::ReportMetricsResponse> ReportMetrics(
      const std::vector<v1::ReportMetricsRequest>& messages);
  // The same run again is known by its content.
  Result<v1::ReportQaResultsResponse> ReportQaResults(const v1::ReportQaResultsRequest& request);

  // Rollouts (gate/v1/rollouts.proto). Whoever starts or advances one chooses the request_id, and
  // keeps it for as long as the same step is asked for.
  Result<v1::Rollout> StartRollout(const v1::StartRolloutRequest& request);
  Result<v1::AdvanceRolloutResponse> AdvanceRollout(const v1::AdvanceRolloutRequest& request);
  Result<v1::Rollout> RenewRollout(const v1::RenewRolloutRequest& request);
  Result<v1::Rollout> GetRollout(const v1::GetRolloutRequest& request);
  Result<v1::ListRolloutsResponse> ListRollouts(const v1::ListRolloutsRequest& request);
  Result<v1::Rollout> PauseRollout(const v1::PauseRolloutRequest& request);
  Result<v1::Rollout> ResumeRollout(const v1::ResumeRolloutRequest& request);
  Result<v1::Rollout> AbortRollout(const v1::AbortRolloutRequest& request);
  Result<v1::Rollout> ConfirmRollback(const v1::ConfirmRollbackRequest& request);

  // Calls `on_event` for each event of a rollout behind request.after_sequence until it has ended
  // (true) or `on_event` says that it is enough (false). One attempt, without a deadline: whoever
  // gets an error goes on behind the last event that it has seen.
  using OnEvent = std::function<bool(const v1::WatchRolloutResponse&)>;
  Result<bool> WatchRollout(const v1::WatchRolloutRequest& request, const OnEvent& on_event);

  // Overrides (gate/v1/overrides.proto). Whoever asks for one chooses the request_id.
  Result<v1::CreateOverrideResponse> CreateOverride(const v1::CreateOverrideRequest& request);
  Result<v1::Override> ApproveOverride(const v1::ApproveOverrideRequest& request);
  Result<v1::Override> RevokeOverride(const v1::RevokeOverrideRequest& request);
  Result<v1::Override> ReviewOverride(const v1::ReviewOverrideRequest& request);
  Result<v1::Override> GetOverride(const v1::GetOverrideRequest& request);
  Result<v1::ListOverridesResponse> ListOverrides(const v1::ListOverridesRequest& request);

  // The audit log, and who the gate takes this client for (gate/v1/audit.proto).
  Result<v1::ListAuditResponse> ListAudit(const v1::ListAuditRequest& request);
  Result<v1::Caller> WhoAmI();

  // Whether the server serves: grpc.health.v1. Only one attempt.
  Result<bool> Healthy();

  // Ends the calls in flight, and all later ones, with kCancelled. Not for signal handlers.
  void Cancel();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A UUIDv7: its beginning is the time, on purpose, so that ids of one hour lie together in the
// server's index.
std::string NewRequestId();

// Whether the address is this machine: 127.0.0.0/8, ::1, localhost, or a unix socket.
bool IsLoopback(std::string_view address);

}  // namespace gate::client

#endif  // GATE_CLIENT_H_
