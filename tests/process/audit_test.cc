// What the service puts into the audit log by itself: refusals, and policies that come into force.
#include "absl/strings/str_cat.h"
#include "gate/api/denials.h"
#include "gate/process/policy_reports.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/test_gate.h"

namespace gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Keeps entries in memory, or fails.
class ListedAudit final : public AuditStore {
 public:
  absl::Status Append(const std::vector<v1::AuditEntry>& entries) override {
    MutexLock lock(mu_);
    if (!failure_.ok()) return failure_;
    entries_.insert(entries_.end(), entries.begin(), entries.end());
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<v1::AuditEntry>> List(const AuditFilter&, int64_t, int) override {
    MutexLock lock(mu_);
    return entries_;
  }
  absl::StatusOr<std::optional<v1::AuditEntry>> NewestPolicy() override {
    MutexLock lock(mu_);
    if (entries_.empty()) return std::nullopt;
    return entries_.back();
  }
  void Fail() {
    MutexLock lock(mu_);
    failure_ = absl::UnavailableError("the disk is gone");
  }
  std::vector<v1::AuditEntry> entries() {
    MutexLock lock(mu_);
    return entries_;
  }

 private:
  Mutex mu_;
  absl::Status failure_ GATE_GUARDED_BY(mu_);
  std::vector<v1::AuditEntry> entries_ GATE_GUARDED_BY(mu_);
};

class DenialsTest : public testing::Test {
 protected:
  // Refuses, and waits for the answer.
  void Refuse(Denials& denials, const std::string& actor, const std::string& detail) {
    v1::AuditEntry entry;
    entry.set_actor(actor);
    entry.set_action("gate.v1.Gate.Evaluate");
    entry.set_detail(detail);
    std::atomic<bool> done = false;
    denials.Record(std::move(entry), [&] { done = true; });
    EXPECT_TRUE(Eventually([&] { return done.load(); }));
  }

  TestGate gate_;
  FakeClock clock_{absl::FromUnixSeconds(1'795'000'000)};
  ListedAudit audit_;
};

TEST_F(DenialsTest, AFirstRefusalIsOnDiskWhenItIsTold) {
  Denials denials(audit_, clock_, gate_.log);
  Refuse(denials, "token:a", "no role");
  ASSERT_THAT(audit_.entries(), SizeIs(1));
  EXPECT_EQ(audit_.entries()[0].detail(), "no role");
  EXPECT_EQ(audit_.entries()[0].time().seconds(), 1'795'000'000);
}

TEST_F(DenialsTest, ManyRefusalsAreFewRows) {
  {
    Denials denials(audit_, clock_, gate_.log);
    for (int i = 0; i < 1000; ++i) Refuse(denials, "token:a", absl::StrCat("try ", i));
    Refuse(denials, "token:b", "another one");
    ASSERT_THAT(audit_.entries(), SizeIs(2));
  }
  // Its end writes what was counted.
  ASSERT_THAT(audit_.entries(), SizeIs(3));
  EXPECT_EQ(audit_.entries()[2].detail(), "999 more refused in a minute; the last one: try 999");
}

TEST_F(DenialsTest, ManyNamesAreFewRowsAsWell) {
  {
    Denials denials(audit_, clock_, gate_.log);
    for (int i = 0; i < 1000; ++i) Refuse(denials, absl::StrCat("token:", i), "no role");
  }
  // A hundred, the first of the others, and the number of those.
  ASSERT_THAT(audit_.entries(), SizeIs(102));
  EXPECT_THAT(audit_.entries().back().detail(), HasSubstr("899 more refused"));
  EXPECT_THAT(audit_.entries().back().detail(), HasSubstr("of several callers"));
}

TEST_F(DenialsTest, AMinuteLaterARowIsWrittenAgain) {
  Denials denials(audit_, clock_, gate_.log, std::chrono::milliseconds(20));
  for (const char* detail : {"first", "second"}) Refuse(denials, "token:a", detail);
  EXPECT_TRUE(Eventually([&] {
    Refuse(denials, "token:a", "later");
    const auto entries = audit_.entries();
    return entries.size() > 3 && entries.back().detail() == "later";
  }));
}

TEST_F(DenialsTest, ARefusalStandsWithoutItsRow) {
  audit_.Fail();
  Denials denials(audit_, clock_, gate_.log);
  Refuse(denials, "token:a", "no role");
  EXPECT_THAT(audit_.entries(), IsEmpty());
  EXPECT_TRUE(Eventually([&] {
    return gate_.Log().find("refused calls are not in the audit log") != std::string::npos;
  }));
}

std::shared_ptr<const PolicySnapshot> Policy(const std::string& digest) {
  PolicySnapshot snapshot;
  snapshot.digest = digest;
  return std::make_shared<const PolicySnapshot>(snapshot);
}

TEST(PolicyRecord, AtTheStartOnlyAnotherPolicyIsARow) {
  FakeClock clock(absl::FromUnixSeconds(1'795'000'000));
  ListedAudit audit;
  ASSERT_TRUE(RecordPolicyAtStart(audit, clock, *Policy("a")).ok());
  ASSERT_TRUE(RecordPolicyAtStart(audit, clock, *Policy("a")).ok());
  ASSERT_TRUE(RecordPolicyAtStart(audit, clock, *Policy("b")).ok());
  ASSERT_THAT(audit.entries(), SizeIs(2));
  EXPECT_EQ(audit.entries()[0].resource(), "policies/a");
  EXPECT_EQ(audit.entries()[1].resource(), "policies/b");
  EXPECT_THAT(audit.entries()[1].detail(), HasSubstr("before: a"));
  EXPECT_EQ(audit.entries()[1].actor(), kGateActor);
  ASSERT_TRUE(RecordPolicy(audit, clock)(*Policy("b"), *Policy("c")).ok());
  EXPECT_EQ(audit.entries()[2].resource(), "policies/c");
  audit.Fail();
  EXPECT_FALSE(RecordPolicyAtStart(audit, clock, *Policy("d")).ok());
  EXPECT_FALSE(RecordPolicy(audit, clock)(*Policy("c"), *Policy("d")).ok());
}

// A gate whose callers are known by certificates, asked without a transport.
class AdmissionTest : public testing::Test {
 protected:
  static std::shared_ptr<const PolicySnapshot> Access() {
    PolicySnapshot snapshot;
    const auto add = [&](v1::Role role, const char* member, const char* service) {
      v1::AccessRule& rule = *snapshot.policy.add_access();
      rule.set_role(role);
      rule.add_members(member);
      if (*service != '\0') rule.add_services(service);
    };
    add(v1::ROLE_PIPELINE, "dns:web", "web");
    add(v1::ROLE_PIPELINE, "dns:api", "api");
    add(v1::ROLE_ADMIN, "dns:admin", "");
    return std::make_shared<const PolicySnapshot>(std::move(snapshot));
  }
  static CallContext By(const std::string& name) {
    CallContext call{std::chrono::steady_clock::now() + std::chrono::seconds(20), "", "", {}};
    if (name.empty()) return call;
    call.shown.verified = true;
    call.shown.dns = {name};
    return call;
  }
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const std::string& method, const CallContext& call,
                                const Request& request) {
    Response response;
    const absl::Status status = gate_.api.Call(method, call, request, response);
    if (!status.ok()) return status;
    return response;
  }
  std::vector<v1::AuditEntry> Rows(const AuditFilter& filter) {
    return *gate_.store.audit().List(filter, kAuditEnd, 100);
  }

  PolicyHolder access_{Access()};
  TestGate gate_{64, Identities(access_, nullptr, Clock::System())};
};

TEST_F(AdmissionTest, WhoMayIsAnsweredAndNamedInTheAuditLog) {
  const auto verdict = Call<v1::Verdict>("gate.v1.Gate.Evaluate", By("web"), TestGate::Allowed());
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  const auto rows = Rows({.resource = verdict->name()});
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].actor(), "dns:web");
  EXPECT_EQ(rows[0].action(), "gate.v1.Gate.Evaluate");
  EXPECT_THAT(gate_.Log(), HasSubstr("\"actor\":\"dns:web\""));
}

TEST_F(AdmissionTest, WhoMayNotLeavesNothingBehindButARow) {
  const auto refused = Call<v1::Verdict>("gate.v1.Gate.Evaluate", By("api"), TestGate::Allowed());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied);
  const auto unknown = Call<v1::Verdict>("gate.v1.Gate.Evaluate", By(""), TestGate::Allowed());
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(*gate_.store.ListVerdicts({}, "", 10), IsEmpty());
  EXPECT_EQ(gate_.fetches(), 0) << "nothing was asked of the sources";
  const auto rows = Rows({.outcome = "DENIED"});
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].actor(), kNobody);
  EXPECT_EQ(rows[1].actor(), "dns:api");
  EXPECT_EQ(rows[1].service(), "web");
  EXPECT_FALSE(rows[1].request_id().empty());
}

// Each method that is served, by somebody who has shown nothing and by somebody without a role:
// there is no way around the table.
TEST_F(AdmissionTest, NoCallThatIsServedIsOpen) {
  auto* const messages = google::protobuf::MessageFactory::generated_factory();
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  int served = 0;
  for (const Permission& permission : Permissions()) {
    const auto* method = pool->FindMethodByName(std::string(permission.method));
    if (method == nullptr || !gate_.api.Serves(permission.method)) continue;
    ++served;
    const std::unique_ptr<google::protobuf::Message> request(
        messages->GetPrototype(method->input_type())->New());
    const std::unique_ptr<google::protobuf::Message> response(
        messages->GetPrototype(method->output_type())->New());
    EXPECT_EQ(gate_.api.Call(permission.method, By(""), *request, *response).code(),
              absl::StatusCode::kUnauthenticated)
        << permission.method;
    if (permission.method == "gate.v1.Audit.WhoAmI") continue;
    EXPECT_EQ(gate_.api.Call(permission.method, By("stranger"), *request, *response).code(),
              absl::StatusCode::kPermissionDenied)
        << permission.method;
  }
  EXPECT_GT(served, 20);
}

TEST_F(AdmissionTest, ARolloutIsItsServicesAlone) {
  // A resource of another service, and one that is not there, are one answer.
  v1::GetVerdictRequest request;
  const auto verdict = Call<v1::Verdict>("gate.v1.Gate.Evaluate", By("web"), TestGate::Allowed());
  ASSERT_TRUE(verdict.ok());
  request.set_name(verdict->name());
  EXPECT_TRUE(Call<v1::Verdict>("gate.v1.Gate.GetVerdict", By("web"), request).ok());
  EXPECT_TRUE(Call<v1::Verdict>("gate.v1.Gate.GetVerdict", By("admin"), request).ok());
  EXPECT_EQ(Call<v1::Verdict>("gate.v1.Gate.GetVerdict", By("api"), request).status().code(),
            absl::StatusCode::kPermissionDenied);
  request.set_name("verdicts/01KAAAAAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(Call<v1::Verdict>("gate.v1.Gate.GetVerdict", By("api"), request).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Call<v1::Verdict>("gate.v1.Gate.GetVerdict", By("admin"), request).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace gate
