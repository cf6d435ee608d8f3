// Every call, with every way in which it can end.
#include <string>
#include <thread>

#include "gate/v1/evidence_service.grpc.pb.h"
#include "gate/v1/freezes.grpc.pb.h"
#include "gate/v1/policies.grpc.pb.h"
#include "tests/rpc/rpc_fixture.h"

namespace gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<std::string> FieldsOf(const grpc::Status& status) {
  std::vector<std::string> fields;
  const auto details = DetailOf<google::rpc::BadRequest>(status);
  for (const auto& violation : details.field_violations()) fields.push_back(violation.field());
  return fields;
}

std::string ReasonOf(const grpc::Status& status) {
  return DetailOf<google::rpc::ErrorInfo>(status).reason();
}

class CallsTest : public RpcTest {
 protected:
  void SetUp() override { Serve(); }

  template <typename Request, typename Response, typename Stub>
  grpc::Status Call(Stub& stub,
                    grpc::Status (Stub::*call)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    return (stub.*call)(&context, request, response);
  }
  grpc::Status Get(const std::string& name, v1::Verdict* verdict) {
    grpc::ClientContext context;
    v1::GetVerdictRequest request;
    request.set_name(name);
    return stub_->GetVerdict(&context, request, verdict);
  }
  grpc::Status List(const v1::ListVerdictsRequest& request, v1::ListVerdictsResponse* response) {
    grpc::ClientContext context;
    response->Clear();
    return stub_->ListVerdicts(&context, request, response);
  }
};

TEST_F(CallsTest, AVerdictIsOnRecordWhenItArrives) {
  v1::Verdict verdict, stored;
  ASSERT_TRUE(Evaluate(TestGate::Allowed(), &verdict).ok());
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW);
  ASSERT_TRUE(Get(verdict.name(), &stored).ok());
  EXPECT_EQ(stored.SerializeAsString(), verdict.SerializeAsString());
}

TEST_F(CallsTest, ABlockIsASuccessfulCall) {
  v1::Verdict verdict;
  ASSERT_TRUE(Evaluate(TestGate::Blocked(), &verdict).ok());
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
}

TEST_F(CallsTest, EveryWrongFieldIsNamed) {
  v1::Verdict verdict;
  v1::EvaluateRequest request;
  request.mutable_change()->set_environment("pro duction");
  const grpc::Status status = Evaluate(request, &verdict);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(status),
              UnorderedElementsAre("change.service", "change.environment", "change.kind"));
  EXPECT_EQ(ReasonOf(status), "INVALID_REQUEST");
  EXPECT_EQ(DetailsOf(status).code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).message(), status.error_message());
}

TEST_F(CallsTest, FilesNameDatabasesThatAreThere) {
  v1::EvaluateRequest request = TestGate::Allowed();
  v1::SchemaChange& schema = *request.mutable_change()->mutable_schema_change();
  v1::MigrationFile& file = *schema.add_files();
  file.set_path("db/1.sql");
  file.set_database("shpo");
  for (const char* name : {"shop", "shop"}) schema.add_databases()->set_name(name);
  schema.mutable_databases(0)->set_postgres_major_version(9);
  v1::Verdict verdict;
  EXPECT_THAT(FieldsOf(Evaluate(request, &verdict)),
              UnorderedElementsAre("change.schema_change.files[0].database",
                                   "change.schema_change.databases[0].postgres_major_version",
                                   "change.schema_change.databases[1].name"));
}

TEST_F(CallsTest, ErrorsCarryTheRequestIdOfTheLog) {
  grpc::ClientContext context;
  context.AddMetadata("x-request-id", "from-the-caller");
  v1::Verdict verdict;
  const grpc::Status status = stub_->Evaluate(&context, v1::EvaluateRequest(), &verdict);
  EXPECT_EQ(DetailOf<google::rpc::RequestInfo>(status).request_id(), "from-the-caller");
  EXPECT_THAT(gate_->Log(), HasSubstr(R"("request_id":"from-the-caller")"));
}

TEST_F(CallsTest, TheSameRequestIdGetsTheSameVerdict) {
  v1::EvaluateRequest request = TestGate::Allowed();
  request.set_request_id("deploy-17");
  v1::Verdict first, second;
  ASSERT_TRUE(Evaluate(request, &first).ok());
  ASSERT_TRUE(Evaluate(request, &second).ok());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  request.mutable_change()->set_version("2");
  const grpc::Status status = Evaluate(request, &second);
  EXPECT_EQ(status.error_code(), grpc::ALREADY_EXISTS) << status.error_message();
}

TEST_F(CallsTest, ValidateOnlyStoresNothing) {
  v1::EvaluateRequest request = TestGate::Allowed();
  request.set_validate_only(true);
  v1::Verdict verdict;
  ASSERT_TRUE(Evaluate(request, &verdict).ok());
  EXPECT_EQ(verdict.decision(), v1::DECISION_UNSPECIFIED);
  v1::ListVerdictsResponse list;
  ASSERT_TRUE(List({}, &list).ok());
  EXPECT_EQ(list.verdicts_size(), 0);
}

TEST_F(CallsTest, NamesAreParsedStrictly) {
  v1::Verdict verdict;
  for (const char* name :
       {"", "verdicts/", "verdicts/x", "verdict/01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "verdicts/01ARZ3NDEKTSV4RRFFQ69G5FAV/", "verdicts/01arz3ndektsv4rrffq69g5fav"}) {
    const grpc::Status status = Get(name, &verdict);
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << name;
    EXPECT_THAT(FieldsOf(status), ElementsAre("name")) << name;
  }
  const grpc::Status status = Get("verdicts/01ARZ3NDEKTSV4RRFFQ69G5FAV", &verdict);
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(ReasonOf(status), "NO_SUCH_VERDICT");
  EXPECT_THAT(status.error_message(), HasSubstr("verdicts/01ARZ3NDEKTSV4RRFFQ69G5FAV"));
}

TEST_F(CallsTest, PagesAreWholeAndTokensHoldForTheirFilterOnly) {
  std::vector<std::string> names;
  for (int i = 0; i < 5; ++i) {
    v1::Verdict verdict;
    ASSERT_TRUE(Evaluate(TestGate::Allowed(), &verdict).ok());
    names.insert(names.begin(), verdict.name());
  }
  std::vector<std::string> listed;
  v1::ListVerdictsRequest request;
  v1::ListVerdictsResponse page;
  request.set_page_size(2);
  request.set_service("web");
  int pages = 0;
  do {
    request.set_page_token(page.next_page_token());
    ASSERT_TRUE(List(request, &page).ok());
    for (const v1::Verdict& verdict : page.verdicts()) listed.push_back(verdict.name());
    if (++pages == 1) {
      v1::ListVerdictsRequest other = request;
      v1::ListVerdictsResponse ignored;
      other.set_page_token(page.next_page_token());
      other.set_page_size(3);  // May change between pages.
      EXPECT_TRUE(List(other, &ignored).ok());
      other.set_service("another");
      const grpc::Status status = List(other, &ignored);
      EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
      EXPECT_EQ(ReasonOf(status), "INVALID_PAGE_TOKEN");
    }
  } while (!page.next_page_token().empty());
  EXPECT_EQ(listed, names);
  EXPECT_EQ(pages, 3);
}

TEST_F(CallsTest, ListsRefuseWhatMakesNoSense) {
  v1::ListVerdictsResponse page;
  v1::ListVerdictsRequest request;
  request.set_page_size(-1);
  EXPECT_THAT(FieldsOf(List(request, &page)), ElementsAre("page_size"));
  request.Clear();
  request.set_page_token("bm90IG91cnM");
  EXPECT_THAT(FieldsOf(List(request, &page)), ElementsAre("page_token"));
  request.Clear();
  request.set_decision(static_cast<v1::Decision>(99));
  request.mutable_start_time()->set_seconds(200);
  request.mutable_end_time()->set_seconds(100);
  EXPECT_THAT(FieldsOf(List(request, &page)), UnorderedElementsAre("decision", "end_time"));
}

TEST_F(CallsTest, EvidenceAndPoliciesAreReadByTheirDigest) {
  v1::Verdict verdict;
  ASSERT_TRUE(Evaluate(TestGate::Blocked(), &verdict).ok());
  // What people hold up, and no rehearsal, which is an absence: none is configured.
  ASSERT_EQ(verdict.observations_size(), 3);
  const v1::ObservationRef& seen = verdict.observations(2);
  ASSERT_EQ(seen.id(), "migration.schema_change");
  const auto evidence = v1::Evidence::NewStub(channel_);
  const auto policies = v1::Policies::NewStub(channel_);

  v1::GetEvidenceRequest ask;
  v1::Observation observation;
  ask.set_name(seen.evidence());
  ASSERT_TRUE(Call(*evidence, &v1::Evidence::Stub::GetEvidence, ask, &observation).ok());
  EXPECT_EQ(observation.schema_change().files(0).path(), "001.sql");
  // A policy's digest is no evidence, and the other way round.
  ask.set_name("evidence/" + verdict.policy_digest());
  EXPECT_EQ(Call(*evidence, &v1::Evidence::Stub::GetEvidence, ask, &observation).error_code(),
            grpc::NOT_FOUND);

  v1::GetPolicyRequest want;
  v1::GetPolicyResponse policy;
  want.set_name("policies/current");
  ASSERT_TRUE(Call(*policies, &v1::Policies::Stub::Get, want, &policy).ok());
  EXPECT_EQ(policy.name(), "policies/" + verdict.policy_digest());
  // An earlier policy comes from the record.
  gate_->policies.Replace(std::make_shared<const PolicySnapshot>());
  want.set_name(policy.name());
  ASSERT_TRUE(Call(*policies, &v1::Policies::Stub::Get, want, &policy).ok());
  EXPECT_EQ(policy.policy().title(), "test");
  EXPECT_FALSE(policy.has_effective_time());
  want.set_name("policies/" + seen.evidence().substr(9));
  EXPECT_EQ(Call(*policies, &v1::Policies::Stub::Get, want, &policy).error_code(), grpc::NOT_FOUND);
}

TEST_F(CallsTest, AReplayIsIdentical) {
  v1::Verdict verdict;
  ASSERT_TRUE(Evaluate(TestGate::Blocked(), &verdict).ok());
  v1::ReplayVerdictRequest request;
  v1::ReplayVerdictResponse response;
  request.set_name(verdict.name());
  ASSERT_TRUE(Call(*stub_, &v1::Gate::Stub::ReplayVerdict, request, &response).ok());
  EXPECT_TRUE(response.identical()) << response.DebugString();
}

TEST_F(CallsTest, PoliciesAreValidated) {
  const auto policies = v1::Policies::NewStub(channel_);
  v1::ValidatePolicyRequest request;
  v1::ValidatePolicyResponse response;
  request.set_path("team.yaml");
  request.set_yaml("title: t\nrules:\n  - name: a\n    chekcs: {}\n");
  ASSERT_TRUE(Call(*policies, &v1::Policies::Stub::Validate, request, &response).ok());
  ASSERT_GT(response.issues_size(), 0);
  EXPECT_EQ(response.issues(0).location().path(), "team.yaml");
  EXPECT_EQ(response.issues(0).location().line(), 4);
  EXPECT_THAT(response.issues(0).message(), HasSubstr("checks"));
  EXPECT_EQ(response.digest(), "");
  request.set_yaml("title: t\nrules:\n  - name: a\n    checks: {migration: {}}\n");
  ASSERT_TRUE(Call(*policies, &v1::Policies::Stub::Validate, request, &response).ok());
  EXPECT_EQ(response.issues_size(), 0) << response.DebugString();
  EXPECT_EQ(response.digest().size(), 64u);
}

TEST_F(CallsTest, FreezesAreCheckedStrictly) {
  const auto freezes = v1::Freezes::NewStub(channel_);
  v1::CheckFreezesRequest request;
  v1::CheckFreezesResponse response;
  EXPECT_THAT(FieldsOf(Call(*freezes, &v1::Freezes::Stub::Check, request, &response)),
              UnorderedElementsAre("service", "environment", "kind"));
  request.set_service("web");
  request.set_environment("production");
  request.set_kind(v1::CHANGE_KIND_CODE);
  ASSERT_TRUE(Call(*freezes, &v1::Freezes::Stub::Check, request, &response).ok());
  EXPECT_EQ(response.outcome().outcome(), v1::OUTCOME_SKIPPED);  // The rule has no freezes.
  request.set_service("unknown");
  ASSERT_TRUE(Call(*freezes, &v1::Freezes::Stub::Check, request, &response).ok());
  EXPECT_EQ(response.outcome().decision(), v1::DECISION_HOLD);
}

// Declared for later versions: they say so, and no call does nothing in silence.
TEST_F(CallsTest, EveryMethodIsServedOrSaysThatItIsNot) {
  int refused = 0;
  for (const char* name :
       {"gate.v1.Gate", "gate.v1.Freezes", "gate.v1.Policies", "gate.v1.Evidence",
        "gate.v1.Rollouts", "gate.v1.Overrides", "gate.v1.Incidents", "gate.v1.Audit"}) {
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    ASSERT_NE(service, nullptr) << name;
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      if (gate_->api.Serves(method->full_name()) || method->server_streaming()) continue;
      std::string response;
      const grpc::Status status =
          RawCall(channel_, "/" + service->full_name() + "/" + method->name(), "", &response);
      EXPECT_EQ(status.error_code(), grpc::UNIMPLEMENTED) << method->full_name();
      EXPECT_EQ(ReasonOf(status), "NOT_SERVED") << method->full_name();
      EXPECT_THAT(status.error_message(), HasSubstr(method->full_name()));
      ++refused;
    }
  }
  EXPECT_EQ(refused, 1);
}

TEST_F(CallsTest, InputCannotForgeALogLine) {
  v1::EvaluateRequest request = TestGate::Allowed();
  request.mutable_change()->set_service("web\"}\n{\"msg\":\"forged\"");
  v1::Verdict verdict;
  EXPECT_FALSE(Evaluate(request, &verdict).ok());
  const std::string log = gate_->Log();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log, HasSubstr(R"("service":"web\"}\u000a{\"msg\":\"forged\"")"));
}

TEST_F(CallsTest, EveryEvaluationIsLogged) {
  v1::Verdict verdict;
  ASSERT_TRUE(Evaluate(TestGate::Allowed(), &verdict).ok());
  const std::string log = gate_->Log();
  for (const std::string& part :
       {std::string(R"("msg":"evaluated")"), R"("verdict":")" + verdict.name() + "\"",
        std::string(R"("decision":"ALLOW")"), std::string(R"("service":"web")"),
        R"("policy_digest":")" + verdict.policy_digest() + "\"", std::string("\"took_ms\":")}) {
    EXPECT_THAT(log, HasSubstr(part));
  }
}

}  // namespace
}  // namespace gate
