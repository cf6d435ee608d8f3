#include "tests/cli/fake_gate.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "checks/policy/yaml.h"
#include "checks/proto_time.h"
#include "gate/v1/audit.grpc.pb.h"
#include "gate/v1/evidence_service.grpc.pb.h"
#include "gate/v1/freezes.grpc.pb.h"
#include "gate/v1/gate.grpc.pb.h"
#include "gate/v1/incidents.grpc.pb.h"
#include "gate/v1/overrides.grpc.pb.h"
#include "gate/v1/policies.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace gate::testing {
namespace {

using grpc::ServerContext;
using grpc::Status;
using grpc::StatusCode;

v1::Verdict LoadVerdict(const std::string& name) {
  v1::Verdict verdict;
  const std::string path = "golden/render/" + name + ".verdict.yaml";
  for (const FileIssue& issue : ParseYaml(path, ReadFile(path), verdict, nullptr)) {
    ADD_FAILURE() << issue.ToString();
  }
  return verdict;
}

// An error with details, as the gate sends them.
template <typename Detail>
Status WithDetail(StatusCode code, const std::string& message, const Detail& detail) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(detail);
  return {code, message, status.SerializeAsString()};
}

Status BadField() {
  google::rpc::BadRequest request;
  auto* violation = request.add_field_violations();
  violation->set_field("change.artifact_digest");
  violation->set_description("must be \"sha256:\" and 64 hexadecimal digits");
  return WithDetail(StatusCode::INVALID_ARGUMENT, "the request is wrong", request);
}

Status Busy() {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(3600);
  return WithDetail(StatusCode::RESOURCE_EXHAUSTED, "1024 evaluations are waiting", info);
}

std::shared_ptr<grpc::ServerCredentials> Credentials(const FakeGate::Tls& tls) {
  if (tls.certificate_pem.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      tls.client_ca_pem.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = tls.client_ca_pem;
  options.pem_key_cert_pairs.push_back({tls.private_key_pem, tls.certificate_pem});
  return grpc::SslServerCredentials(options);
}

v1::Verdict Missing() {
  v1::Verdict verdict = LoadVerdict("held");
  verdict.clear_outcomes();
  verdict.clear_retry_at();
  verdict.set_reason("canary could not be judged.");
  v1::CheckOutcome& outcome = *verdict.add_outcomes();
  outcome.set_check("canary");
  outcome.set_outcome(v1::OUTCOME_INCONCLUSIVE);
  outcome.set_decision(v1::DECISION_HOLD);
  outcome.set_summary("prometheus:main could not be reached.");
  return verdict;
}

constexpr char kFreeze[] = "freezes/01KAF0Z0000000000000000000";
constexpr char kIncident[] = "incidents/01KAF0Z0000000000000000001";

Status NoSuch(const std::string& name) {
  return {StatusCode::NOT_FOUND, absl::StrCat("there is no ", name)};
}

v1::Freeze Declared(const std::string& reason) {
  v1::Freeze freeze;
  freeze.set_name(kFreeze);
  freeze.set_reason(reason);
  freeze.set_owner("open:ada");
  freeze.set_ticket("OPS-12");
  freeze.add_services("checkout");
  *freeze.mutable_start_time() = gate::ToProto(absl::FromUnixSeconds(1795348800));
  *freeze.mutable_end_time() = gate::ToProto(absl::FromUnixSeconds(1795435200));
  return freeze;
}

v1::Incident Mails() {
  v1::Incident incident;
  incident.set_name(kIncident);
  incident.set_source("api");
  incident.set_external_id("01KAF0Z0000000000000000001");
  incident.set_title("mails are late");
  incident.set_reporter("open:ada");
  *incident.mutable_start_time() = gate::ToProto(absl::FromUnixSeconds(1795348800));
  return incident;
}

}  // namespace

class FakeGate::Services final : public v1::Gate::Service {
 public:
  Status Evaluate(ServerContext* context, const v1::EvaluateRequest* request,
                  v1::Verdict* verdict) override {
    int asked = 0;
    {
      const std::lock_guard lock(mu_);
      requests_.push_back(*request);
      asked = ++asked_[request->change().service()];
      const auto& metadata = context->client_metadata();
      const auto found = metadata.find("authorization");
      authorization_ =
          found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
    }
    const Status status = Answer(*context, request->change().service(), asked, *verdict);
    if (!status.ok()) return status;
    verdict->set_request_id(request->request_id());
    if (request->change().service() != "blocked") *verdict->mutable_change() = request->change();
    verdict->mutable_change()->clear_schema_change();
    return status;
  }

  Status GetVerdict(ServerContext*, const v1::GetVerdictRequest* request,
                    v1::Verdict* verdict) override {
    *verdict = LoadVerdict("blocked");
    if (request->name() == verdict->name()) return Status::OK;
    return {StatusCode::NOT_FOUND, absl::StrCat("there is no ", request->name())};
  }

  Status ListVerdicts(ServerContext*, const v1::ListVerdictsRequest*,
                      v1::ListVerdictsResponse* page) override {
    for (const char* name : {"allowed", "held", "blocked"})
      *page->add_verdicts() = LoadVerdict(name);
    page->set_next_page_token("more");
    return Status::OK;
  }

  Status ReplayVerdict(ServerContext*, const v1::ReplayVerdictRequest* request,
                       v1::ReplayVerdictResponse* replay) override {
    *replay->mutable_verdict() = LoadVerdict("blocked");
    replay->set_identical(request->name() == replay->verdict().name());
    if (!replay->identical()) replay->add_differences("decision: ALLOW, was BLOCK");
    return Status::OK;
  }

  // Fields of others' services, registered beside this one.
  struct Freezes final : v1::Freezes::Service {
    Status List(ServerContext*, const v1::ListFreezesRequest*,
                v1::ListFreezesResponse* page) override {
      auto* freeze = page->add_occurrences();
      freeze->set_policy_rule("default");
      freeze->mutable_window()->set_id("thanksgiving");
      freeze->mutable_window()->set_time_zone("America/New_York");
      freeze->mutable_window()->set_reason("nobody is there to mend it");
      freeze->add_holidays("Thanksgiving Day");
      *freeze->mutable_start_time() = gate::ToProto(absl::FromUnixSeconds(1795712400));
      *freeze->mutable_end_time() = gate::ToProto(absl::FromUnixSeconds(1796050800));
      // One that ends, and one that does not.
      for (const bool ends : {true, false}) {
        auto* declared = page->add_occurrences();
        *declared->mutable_declared() = Declared(ends ? "sale" : "failover");
        *declared->mutable_start_time() = declared->declared().start_time();
        if (!ends) declared->mutable_declared()->clear_end_time();
        if (ends) *declared->mutable_end_time() = declared->declared().end_time();
      }
      return Status::OK;
    }
    // The request as it would be declared; times are shown in the request's own words.
    Status Create(ServerContext*, const v1::CreateFreezeRequest* request,
                  v1::Freeze* freeze) override {
      if (request->freeze().reason() == "badfield") return BadField();
      *freeze = request->freeze();
      if (!request->validate_only()) freeze->set_name(kFreeze);
      freeze->set_owner("open:ada");
      if (!freeze->has_start_time()) {
        *freeze->mutable_start_time() = gate::ToProto(absl::FromUnixSeconds(1795348800));
      }
      return Status::OK;
    }
    Status Lift(ServerContext*, const v1::LiftFreezeRequest* request, v1::Freeze* freeze) override {
      if (request->name() != kFreeze) return NoSuch(request->name());
      *freeze = Declared("failover");
      freeze->set_lifted_by("open:bob");
      freeze->set_lift_reason(request->reason());
      *freeze->mutable_lift_time() = gate::ToProto(absl::FromUnixSeconds(1795352400));
      return Status::OK;
    }
    Status Get(ServerContext*, const v1::GetFreezeRequest* request, v1::Freeze* freeze) override {
      if (request->name() != kFreeze) return NoSuch(request->name());
      *freeze = Declared("failover");
      return Status::OK;
    }
    Status Check(ServerContext*, const v1::CheckFreezesRequest* request,
                 v1::CheckFreezesResponse* answer) override {
      if (request->kind() == v1::CHANGE_KIND_HOTFIX) {
        answer->mutable_outcome()->set_outcome(v1::OUTCOME_PASS);
        answer->mutable_outcome()->set_decision(v1::DECISION_ALLOW);
        answer->mutable_outcome()->set_summary("No window stops a hotfix.");
        return Status::OK;
      }
      *answer->mutable_outcome() = LoadVerdict("held").outcomes(0);
      *answer->mutable_next_start() = LoadVerdict("held").retry_at();
      return Status::OK;
    }
  };
  struct Incidents final : v1::Incidents::Service {
    Status Report(ServerContext*, const v1::ReportIncidentRequest* request,
                  v1::Incident* incident) override {
      *incident = Mails();
      incident->MergeFrom(request->incident());
      return Status::OK;
    }
    Status Resolve(ServerContext*, const v1::ResolveIncidentRequest* request,
                   v1::Incident* incident) override {
      if (request->name() != kIncident) return NoSuch(request->name());
      *incident = Mails();
      incident->set_state(v1::INCIDENT_STATE_RESOLVED);
      incident->set_resolver("open:bob");
      *incident->mutable_resolve_time() = gate::ToProto(absl::FromUnixSeconds(1795352400));
      return Status::OK;
    }
    Status Get(ServerContext*, const v1::GetIncidentRequest* request,
               v1::Incident* incident) override {
      if (request->name() != kIncident) return NoSuch(request->name());
      *incident = Mails();
      return Status::OK;
    }
    Status List(ServerContext*, const v1::ListIncidentsRequest*,
                v1::ListIncidentsResponse* page) override {
      *page->add_incidents() = Mails();
      return Status::OK;
    }
  };
  struct Policies final : v1::Policies::Service {
    Status Get(ServerContext*, const v1::GetPolicyRequest*,
               v1::GetPolicyResponse* answer) override {
      answer->set_digest("3f2a91c07d5e4b6a8c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e1f2a3b");
      answer->mutable_policy()->add_rules();
      return Status::OK;
    }
  };

  // Knows a token; whoever shows none is who they say.
  struct Audit final : v1::Audit::Service {
    static std::string Metadata(const ServerContext& context, const char* name) {
      const auto found = context.client_metadata().find(name);
      return found == context.client_metadata().end()
                 ? ""
                 : std::string(found->second.data(), found->second.size());
    }
    static Status Refused(StatusCode code, const std::string& message, const char* reason) {
      google::rpc::ErrorInfo info;
      info.set_reason(reason);
      return WithDetail(code, message, info);
    }
    Status WhoAmI(ServerContext* context, const v1::WhoAmIRequest*, v1::Caller* caller) override {
      const std::string token = Metadata(*context, "authorization");
      if (token.empty()) {
        const std::string actor = Metadata(*context, "x-gate-actor");
        caller->set_subject("open:" + (actor.empty() ? "anonymous" : actor));
        return Status::OK;
      }
      if (token == "Bearer expired") {
        return Refused(StatusCode::UNAUTHENTICATED,
                       "the bearer token \"deploy\" expired at 2026-11-20T00:00:00Z",
                       "TOKEN_EXPIRED");
      }
      caller->set_subject("token:deploy");
      caller->set_proven(true);
      if (token == "Bearer roleless") return Status::OK;
      v1::AccessRule& rule = *caller->add_access();
      rule.set_role(v1::ROLE_PIPELINE);
      rule.add_members("token:deploy");
      rule.add_services("web");
      rule.add_services("api-*");
      return Status::OK;
    }
    Status List(ServerContext*, const v1::ListAuditRequest* request,
                v1::ListAuditResponse* page) override {
      if (request->service() == "other") {
        return Refused(StatusCode::PERMISSION_DENIED,
                       "gate.v1.Audit.List takes the role ADMIN for other in all environments; "
                       "token:deploy is PIPELINE (web in all environments). Ask for it in "
                       "\"access\" of the policy",
                       "ROLE_NEEDED");
      }
      v1::AuditEntry& entry = *page->add_entries();
      entry.set_sequence(7);
      entry.mutable_time()->set_seconds(1'795'000'000);
      entry.set_actor("token:deploy");
      entry.set_action("gate.v1.Gate.Evaluate");
      entry.set_outcome(request->outcome().empty() ? "BLOCK" : request->outcome());
      entry.set_service("web");
      entry.set_environment("production");
      entry.set_resource("verdicts/1");
      entry.set_detail("migration: drops a column that runs");
      page->set_next_page_token("more");
      return Status::OK;
    }
  };

  // Every second message had been reported before; of runs those of build bbb...
  struct Evidence final : v1::Evidence::Service {
    Status ReportMetrics(ServerContext*, grpc::ServerReader<v1::ReportMetricsRequest>* reader,
                         v1::ReportMetricsResponse* answer) override {
      v1::ReportMetricsRequest message;
      for (int messages = 1; reader->Read(&message); ++messages) {
        if (message.service() == "badfield") return BadField();
        if (message.service() == "otherwise") {
          google::rpc::ErrorInfo info;
          info.set_reason("REPORTED_OTHERWISE");
          return WithDetail(StatusCode::FAILED_PRECONDITION,
                            "http_5xx of otherwise in production: canary at 2026-11-20T14:00:00Z "
                            "was reported before, with another content, which stands",
                            info);
        }
        int64_t points = 0;
        for (const v1::MetricSeries& series : message.series()) {
          for (const v1::MetricPoint& point : series.points()) {
            points += static_cast<int64_t>(point.cohorts().size());
          }
        }
        if (message.validate_only()) continue;
        answer->set_points(answer->points() + points);
        if (messages % 2 == 0) answer->set_known(answer->known() + points);
      }
      return Status::OK;
    }
    Status ReportQaResults(ServerContext*, const v1::ReportQaResultsRequest* request,
                           v1::ReportQaResultsResponse* answer) override {
      if (request->service() == "badfield") return BadField();
      for (const v1::QaCase& one : request->cases()) {
        if (one.outcome() == v1::QA_OUTCOME_PASSED) answer->set_passed(answer->passed() + 1);
        if (one.outcome() == v1::QA_OUTCOME_SKIPPED) answer->set_skipped(answer->skipped() + 1);
        if (one.outcome() == v1::QA_OUTCOME_FLAKY) answer->set_flaky(answer->flaky() + 1);
        if (one.outcome() != v1::QA_OUTCOME_FAILED) continue;
        answer->set_failed(answer->failed() + 1);
        if (answer->failures_size() < 20) *answer->add_failures() = one;
      }
      // What the request says beside its cases, so that scripts show it.
      answer->add_remarks(
          absl::StrCat("service ", request->service(), ", platform ", request->platform(),
                       ", tickets ", absl::StrJoin(request->tickets(), " "), ", finished ",
                       request->has_finished_at() ? Rfc3339(gate::FromProto(request->finished_at()))
                                                  : "not told"));
      if (request->validate_only()) return Status::OK;
      answer->set_evidence("evidence/" + std::string(64, 'e'));
      answer->set_known(request->revision().starts_with("bbb"));
      return Status::OK;
    }
  };

  // One override, of the verdict that is blocked.
  struct Overrides final : public v1::Overrides::Service {
    static v1::Override One() {
      v1::Override one;
      one.set_name("overrides/01JDXK3V7Q8ZB4N6T2M5R9C0WZ");
      one.set_state(v1::OVERRIDE_STATE_PENDING);
      one.set_service("payments");
      one.set_environment("production");
      one.set_artifact_digest("sha256:" + std::string(64, 'a'));
      one.add_rules("migration.drop_column");
      one.set_reason("no node reads the column any more");
      one.set_ticket("TASKS-7");
      one.set_requester("open:ann");
      one.set_required_approvals(1);
      one.set_verdict(LoadVerdict("blocked").name());
      *one.mutable_create_time() = gate::ToProto(absl::FromUnixSeconds(1795712400));
      *one.mutable_expire_time() = gate::ToProto(absl::FromUnixSeconds(1795726800));
      one.set_etag("1");
      return one;
    }
    static Status Refused(const char* reason, const char* message) {
      google::rpc::ErrorInfo info;
      info.set_reason(reason);
      return WithDetail(StatusCode::FAILED_PRECONDITION, message, info);
    }
    Status Create(ServerContext*, const v1::CreateOverrideRequest* request,
                  v1::CreateOverrideResponse* answer) override {
      if (request->override().rules(0) == "migration.drop_table") {
        return Refused("NEVER_OVERRIDDEN", "the policy lets nobody override migration.drop_table");
      }
      v1::Override& made = *answer->mutable_override();
      made = One();
      if (request->validate_only()) made.clear_name();
      made.set_reason(request->override().reason());
      made.set_break_glass(request->override().break_glass());
      if (made.break_glass()) {
        made.set_state(v1::OVERRIDE_STATE_APPROVED);
        made.set_required_approvals(0);
        *made.mutable_review_due() = gate::ToProto(absl::FromUnixSeconds(1795798800));
      }
      v1::Finding& covered = *answer->add_covered();
      covered.set_rule("migration.drop_column");
      covered.set_subject("orders.user_id");
      covered.set_message("Dropping orders.user_id breaks the version that is running.");
      v1::Finding& left = *answer->add_left();
      left.set_rule("freeze.inside");
      left.set_subject("weekend");
      left.set_message("The window weekend is open until Monday.");
      answer->set_decision(v1::DECISION_HOLD);
      return Status::OK;
    }
    Status Get(ServerContext*, const v1::GetOverrideRequest* request, v1::Override* one) override {
      *one = One();
      if (request->name() == one->name()) return Status::OK;
      return {StatusCode::NOT_FOUND, absl::StrCat("there is no ", request->name())};
    }
    Status Approve(ServerContext*, const v1::ApproveOverrideRequest* request,
                   v1::Override* one) override {
      if (request->etag() != "1") {
        return {StatusCode::ABORTED, "it has changed since it was read: read it again"};
      }
      if (request->comment() == "mine") {
        return Refused("OWN_OVERRIDE", "open:ann may be who asked for it: it takes another person");
      }
      *one = One();
      one->set_state(v1::OVERRIDE_STATE_APPROVED);
      one->set_etag("2");
      v1::Approval& approval = *one->add_approvals();
      approval.set_approver("open:bob");
      approval.set_comment(request->comment());
      *approval.mutable_approve_time() = gate::ToProto(absl::FromUnixSeconds(1795716000));
      return Status::OK;
    }
    Status Revoke(ServerContext*, const v1::RevokeOverrideRequest* request,
                  v1::Override* one) override {
      *one = One();
      one->set_state(v1::OVERRIDE_STATE_REVOKED);
      one->mutable_revocation()->set_approver("open:bob");
      one->mutable_revocation()->set_comment(request->reason());
      *one->mutable_revocation()->mutable_approve_time() =
          gate::ToProto(absl::FromUnixSeconds(1795716000));
      return Status::OK;
    }
    Status Review(ServerContext*, const v1::ReviewOverrideRequest* request,
                  v1::Override* one) override {
      *one = One();
      one->set_state(v1::OVERRIDE_STATE_CONSUMED);
      one->set_break_glass(true);
      one->set_required_approvals(0);
      one->set_consumed_by("rollouts/01JDXK3V7Q8ZB4N6T2M5R9C0WY");
      *one->mutable_consume_time() = gate::ToProto(absl::FromUnixSeconds(1795714000));
      one->mutable_review()->set_reviewer("open:bob");
      one->mutable_review()->set_justified(request->justified());
      one->mutable_review()->set_comment(request->comment());
      *one->mutable_review()->mutable_review_time() =
          gate::ToProto(absl::FromUnixSeconds(1795716000));
      return Status::OK;
    }
    Status List(ServerContext*, const v1::ListOverridesRequest*,
                v1::ListOverridesResponse* page) override {
      *page->add_overrides() = One();
      page->set_next_page_token("more");
      return Status::OK;
    }
  };

  std::string Start(const Tls& tls) {
    grpc::EnableDefaultHealthCheckService(true);
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", Credentials(tls), &port);
    builder.RegisterService(this);
    builder.RegisterService(&freezes_);
    builder.RegisterService(&incidents_);
    builder.RegisterService(&policies_);
    builder.RegisterService(&evidence_);
    builder.RegisterService(&overrides_);
    builder.RegisterService(&audit_);
    server_ = builder.BuildAndStart();
    return absl::StrCat("127.0.0.1:", port);
  }
  void Stop() { server_->Shutdown(std::chrono::system_clock::now()); }

  std::vector<v1::EvaluateRequest> requests() const {
    const std::lock_guard lock(mu_);
    return requests_;
  }
  std::string authorization() const {
    const std::lock_guard lock(mu_);
    return authorization_;
  }

 private:
  static Status Answer(ServerContext& context, const std::string& service, int asked,
                       v1::Verdict& verdict) {
    if (service == "blocked") return verdict = LoadVerdict("blocked"), Status::OK;
    if (service == "held") return verdict = LoadVerdict("held"), Status::OK;
    if (service == "missing") return verdict = Missing(), Status::OK;
    if (service == "badfield") return BadField();
    if (service == "busy") return Busy();
    if (service == "denied") return {StatusCode::PERMISSION_DENIED, "deployers only"};
    if (service == "stranger") return {StatusCode::UNAUTHENTICATED, "no token"};
    if (service == "broken") return {StatusCode::INTERNAL, "the store is gone"};
    if (service == "down") return {StatusCode::UNAVAILABLE, "draining"};
    if (service == "flaky" && asked <= 2) return {StatusCode::UNAVAILABLE, "draining"};
    if (service == "slow") {
      while (!context.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return {StatusCode::CANCELLED, ""};
    }
    verdict = LoadVerdict(service == "opening" && asked == 1 ? "held" : "allowed");
    if (service == "opening" && asked == 1) verdict.clear_retry_at();
    if (service == "strange") verdict.set_decision(static_cast<v1::Decision>(77));
    return Status::OK;
  }

  mutable std::mutex mu_;  // guards what follows up to the server
  std::vector<v1::EvaluateRequest> requests_;
  std::map<std::string, int> asked_;
  std::string authorization_;
  Freezes freezes_;
  Incidents incidents_;
  Policies policies_;
  Evidence evidence_;
  Overrides overrides_;
  Audit audit_;
  std::unique_ptr<grpc::Server> server_;
};

FakeGate::FakeGate(const Tls& tls) : services_(std::make_unique<Services>()) {
  address_ = services_->Start(tls);
}

FakeGate::~FakeGate() { services_->Stop(); }

std::vector<v1::EvaluateRequest> FakeGate::requests() const { return services_->requests(); }

std::string FakeGate::authorization() const { return services_->authorization(); }

}  // namespace gate::testing
