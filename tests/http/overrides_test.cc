// Overrides from asking to use, through the API, without a transport.
#include "gate/evidence/overrides.h"

#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <memory>
#include <string>

#include "checks/proto_time.h"
#include "gate/api/api.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/evidence/holds.h"
#include "gate/overrides/persons.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/scripted_source.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A Saturday: the window is open.
const absl::Time kSaturday =
    absl::FromCivil(absl::CivilHour(2026, 11, 21, 12), absl::UTCTimeZone());

constexpr char kPolicy[] = R"(
  title: "test"
  rules {
    name: "production"
    match { environments: "production" }
    checks {
      freeze {
        windows {
          id: "weekend" reason: "nobody is there" time_zone: "UTC"
          start: "2026-01-02T18:00:00" duration { seconds: 226800 } recurrence: "FREQ=WEEKLY"
          decision: DECISION_BLOCK
        }
      }
    }
    overrides { OVERRIDES }
  })";

std::shared_ptr<const PolicySnapshot> Policy(const std::string& overrides) {
  auto snapshot = std::make_shared<PolicySnapshot>();
  std::string text = kPolicy;
  text.replace(text.find("OVERRIDES"), 9, overrides);
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &snapshot->policy));
  snapshot->bytes = std::make_shared<const std::string>(DeterministicBytes(snapshot->policy));
  snapshot->digest = Sha256Hex(*snapshot->bytes);
  return snapshot;
}

std::string ReasonOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  const auto payload = status.GetPayload(kErrorInfoUrl);
  if (payload) info.ParseFromString(std::string(*payload));
  return info.reason();
}

// The fields that a refusal names.
std::vector<std::string> FieldsOf(const absl::Status& status) {
  google::rpc::BadRequest details;
  const auto payload = status.GetPayload(kBadRequestUrl);
  if (payload) details.ParseFromString(std::string(*payload));
  std::vector<std::string> fields;
  for (const auto& one : details.field_violations()) fields.push_back(one.field());
  return fields;
}

class OverridesApiTest : public testing::Test {
 protected:
  OverridesApiTest() : policies_(Policy("break_glass: true longest { seconds: 14400 }")) {}

  std::vector<std::unique_ptr<Source>> Sources() {
    std::vector<std::unique_ptr<Source>> sources;
    sources.push_back(std::make_unique<ScriptedSource>(
        "store", v1::Query::kOverrides, false,
        [this](const v1::Query& query, const FetchContext& context) {
          OverridesSource real(store_->overrides());
          if (before_fetch_) before_fetch_();
          v1::Observation observation = real.Fetch(query, context);
          if (after_fetch_) after_fetch_();
          return observation;
        }));
    sources.push_back(std::make_unique<HoldsSource>(store_->holds()));
    return sources;
  }

  static v1::EvaluateRequest Question(const std::string& request_id = "") {
    v1::EvaluateRequest request;
    v1::Change& change = *request.mutable_change();
    change.set_service("payments");
    change.set_environment("production");
    change.set_kind(v1::CHANGE_KIND_CODE);
    change.set_artifact_digest("sha256:" + std::string(64, 'a'));
    change.add_commits()->set_author("Carol Jones <cj@example.com>");
    change.mutable_commits(0)->set_revision("cafe");
    request.set_request_id(request_id);
    return request;
  }

  v1::Verdict Ask(const v1::EvaluateRequest& request) {
    std::promise<absl::StatusOr<v1::Verdict>> promise;
    evaluator_.Evaluate(request, std::chrono::steady_clock::now() + std::chrono::seconds(30),
                        [&](absl::StatusOr<v1::Verdict> verdict) { promise.set_value(verdict); });
    const auto verdict = promise.get_future().get();
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return verdict.value_or(v1::Verdict());
  }

  static CallContext As(const std::string& actor) { return {.actor = actor}; }

  v1::CreateOverrideRequest Wanted(const v1::Verdict& verdict) {
    v1::CreateOverrideRequest request;
    request.set_verdict(verdict.name());
    request.set_request_id(absl::StrCat("wanted-", ++requests_));
    request.mutable_override()->add_rules("freeze.inside_deny_window");
    request.mutable_override()->set_reason("the data centre burns");
    request.mutable_override()->set_ticket("OPS-1");
    return request;
  }

  absl::StatusOr<v1::Override> Make(const v1::CreateOverrideRequest& request,
                                    const std::string& actor = "open:alice") {
    auto created = api_.CreateOverride(As(actor), request);
    if (!created.ok()) return created.status();
    return created->override();
  }

  absl::StatusOr<v1::Override> Approve(const v1::Override& override, const std::string& actor) {
    v1::ApproveOverrideRequest request;
    request.set_name(override.name());
    request.set_etag(override.etag());
    return api_.ApproveOverride(As(actor), request);
  }

  TempFolder dir_;
  FakeClock clock_{kSaturday};
  PolicyHolder policies_;
  Metrics metrics_;
  Logger log_{open("/dev/null", O_WRONLY)};
  std::function<void()> before_fetch_, after_fetch_;
  std::unique_ptr<Store> store_ = *OpenStore("sqlite:" + dir_.File("gate.db"), {});
  Gatherer gatherer_{Sources(), 4, nullptr, std::chrono::seconds(0)};
  Evaluator evaluator_{policies_, gatherer_, *store_, clock_, {4, 64}};
  Rollouts rollouts_{policies_, evaluator_, *store_, clock_};
  const Identities identities_ = Identities::Open();
  Api api_{
      {policies_, evaluator_, gatherer_, rollouts_, *store_, clock_, metrics_, log_, identities_},
      64};
  int requests_ = 0;
};

TEST_F(OverridesApiTest, ABlockBecomesAllowOnceAndIsABlockAgain) {
  const v1::Verdict blocked = Ask(Question());
  ASSERT_EQ(blocked.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(blocked.overridable_rules(), ElementsAre("freeze.inside_deny_window"));

  const auto created = api_.CreateOverride(As("open:alice"), Wanted(blocked));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_THAT(created->covered(), SizeIs(1));
  EXPECT_THAT(created->left(), IsEmpty());
  EXPECT_EQ(created->decision(), v1::DECISION_ALLOW);
  const v1::Override& made = created->override();
  EXPECT_EQ(made.state(), v1::OVERRIDE_STATE_PENDING);
  EXPECT_EQ(made.requester(), "open:alice");
  EXPECT_EQ(made.required_approvals(), 1);
  EXPECT_EQ(FromProto(made.expire_time()), kSaturday + absl::Hours(4));
  EXPECT_THAT(made.authors(), ElementsAre("Carol Jones <cj@example.com>"));
  EXPECT_EQ(Ask(Question()).decision(), v1::DECISION_BLOCK) << "nobody has approved it";

  const auto approved = Approve(made, "open:bob");
  ASSERT_TRUE(approved.ok()) << approved.status();
  EXPECT_EQ(approved->state(), v1::OVERRIDE_STATE_APPROVED);

  v1::EvaluateRequest dry = Question();
  dry.set_validate_only(true);
  Ask(dry);
  const v1::Verdict allowed = Ask(Question("the-one"));
  EXPECT_EQ(allowed.decision(), v1::DECISION_ALLOW) << allowed.DebugString();
  EXPECT_THAT(allowed.overrides(), ElementsAre(made.name()));
  EXPECT_EQ(Ask(Question("the-one")).name(), allowed.name()) << "the same request, the same answer";
  const v1::Verdict again = Ask(Question());
  EXPECT_EQ(again.decision(), v1::DECISION_BLOCK);
  EXPECT_THAT(again.overrides(), IsEmpty());

  v1::GetOverrideRequest get;
  get.set_name(made.name());
  EXPECT_EQ(api_.GetOverride(get)->consumed_by(), allowed.name());
  for (const v1::Verdict& verdict : {blocked, allowed, again}) {
    v1::ReplayVerdictRequest replay;
    replay.set_name(verdict.name());
    const auto replayed = evaluator_.Replay(replay);
    ASSERT_TRUE(replayed.ok()) << replayed.status();
    EXPECT_TRUE(replayed->identical()) << testing::PrintToString(replayed->differences());
  }
}

TEST_F(OverridesApiTest, AVerdictWhoseOverrideIsUsedMeanwhileIsJudgedAgain) {
  const auto made = Make(Wanted(Ask(Question())));
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_TRUE(Approve(*made, "open:bob").ok());
  // Between the look at the overrides and the store, another pipeline gets it.
  v1::Verdict other;
  after_fetch_ = [&] {
    after_fetch_ = nullptr;
    other = Ask(Question());
  };
  const v1::Verdict verdict = Ask(Question());
  EXPECT_EQ(other.decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.reason();
  EXPECT_THAT(verdict.overrides(), IsEmpty());
}

TEST_F(OverridesApiTest, ARolloutIsCoveredUntilItEnds) {
  const auto made = Make(Wanted(Ask(Question())));
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_TRUE(Approve(*made, "open:bob").ok());
  v1::EvaluateRequest step = Question();
  step.set_rollout("rollouts/1");
  EXPECT_EQ(Ask(step).decision(), v1::DECISION_ALLOW);
  clock_.Advance(absl::Hours(5));  // It is over, but for the rollout.
  EXPECT_EQ(Ask(step).decision(), v1::DECISION_ALLOW);
  step.set_rollout("rollouts/2");
  EXPECT_EQ(Ask(step).decision(), v1::DECISION_BLOCK);
}

TEST_F(OverridesApiTest, OnlyAnotherPersonApproves) {
  const auto made = Make(Wanted(Ask(Question())));
  ASSERT_TRUE(made.ok()) << made.status();
  const std::pair<const char*, const char*> refused[] = {
      {"open:alice", "OWN_OVERRIDE"},
      {"spiffe://example.com/people/Alice", "OWN_OVERRIDE"},
      {"token:cj", "OWN_CHANGE"},
      {"open:carol.jones", "OWN_CHANGE"},
      {"", "NO_IDENTITY"},
      {"open:anonymous", "NO_IDENTITY"},
  };
  for (const auto& [actor, reason] : refused) {
    EXPECT_EQ(ReasonOf(Approve(*made, actor).status()), reason) << actor;
  }
  v1::Override stale = *made;
  stale.set_etag("7");
  EXPECT_EQ(ReasonOf(Approve(stale, "open:bob").status()), "ETAG_MISMATCH");
  stale.clear_etag();
  EXPECT_THAT(FieldsOf(Approve(stale, "open:bob").status()), ElementsAre("etag"));
  const auto approved = Approve(*made, "open:bob");
  ASSERT_TRUE(approved.ok()) << approved.status();
  EXPECT_EQ(ReasonOf(Approve(*approved, "open:dora").status()), "OVERRIDE_NOT_PENDING");
}

TEST_F(OverridesApiTest, AsManyApproveAsThePolicySays) {
  policies_.Replace(Policy("approvals: 2"));
  const auto made = Make(Wanted(Ask(Question())));
  ASSERT_TRUE(made.ok()) << made.status();
  const auto once = Approve(*made, "open:bob");
  ASSERT_TRUE(once.ok()) << once.status();
  EXPECT_EQ(once->state(), v1::OVERRIDE_STATE_PENDING);
  EXPECT_EQ(ReasonOf(Approve(*once, "token:Bob").status()), "APPROVED_BEFORE");
  EXPECT_EQ(Ask(Question()).decision(), v1::DECISION_BLOCK);
  EXPECT_EQ(Approve(*once, "open:dora")->state(), v1::OVERRIDE_STATE_APPROVED);
  EXPECT_EQ(Ask(Question()).decision(), v1::DECISION_ALLOW);
}

TEST_F(OverridesApiTest, WhatIsTakenBackCoversNothing) {
  const auto made = Make(Wanted(Ask(Question())));
  ASSERT_TRUE(made.ok()) << made.status();
  const auto approved = Approve(*made, "open:bob");
  ASSERT_TRUE(approved.ok()) << approved.status();
  v1::RevokeOverrideRequest request;
  request.set_name(made->name());
  request.set_etag(approved->etag());
  EXPECT_THAT(FieldsOf(api_.RevokeOverride(As("open:bob"), request).status()),
              ElementsAre("reason"));
  request.set_reason("not needed");
  const auto revoked = api_.RevokeOverride(As("open:bob"), request);
  ASSERT_TRUE(revoked.ok()) << revoked.status();
  EXPECT_EQ(revoked->revocation().approver(), "open:bob");
  EXPECT_EQ(Ask(Question()).decision(), v1::DECISION_BLOCK);
  request.set_etag(revoked->etag());
  EXPECT_EQ(ReasonOf(api_.RevokeOverride(As("open:dora"), request).status()), "OVERRIDE_ENDED");
}

TEST_F(OverridesApiTest, BrokenGlassCountsAtOnceAndIsReviewed) {
  v1::CreateOverrideRequest wanted = Wanted(Ask(Question()));
  wanted.mutable_override()->set_break_glass(true);
  const auto made = Make(wanted);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->state(), v1::OVERRIDE_STATE_APPROVED);
  EXPECT_EQ(FromProto(made->review_due()), kSaturday + absl::Hours(24));
  const v1::Verdict allowed = Ask(Question());
  EXPECT_EQ(allowed.decision(), v1::DECISION_ALLOW);
  EXPECT_THAT(allowed.reason(), HasSubstr("BREAK-GLASS overrides/"));

  v1::ListOverridesRequest list;
  list.set_awaiting_review(true);
  EXPECT_THAT(api_.ListOverrides(list)->overrides(), SizeIs(1));
  clock_.Advance(absl::Hours(25));
  wanted = Wanted(allowed);
  wanted.set_verdict(Ask(Question()).name());
  wanted.mutable_override()->set_break_glass(true);
  const auto refused = Make(wanted);
  EXPECT_EQ(ReasonOf(refused.status()), "REVIEW_OVERDUE") << refused.status();

  v1::ReviewOverrideRequest review;
  review.set_name(made->name());
  review.set_comment("it did burn");
  review.set_justified(true);
  EXPECT_EQ(ReasonOf(api_.ReviewOverride(As("open:alice"), review).status()), "OWN_OVERRIDE");
  const auto reviewed = api_.ReviewOverride(As("open:bob"), review);
  ASSERT_TRUE(reviewed.ok()) << reviewed.status();
  EXPECT_TRUE(reviewed->review().justified());
  EXPECT_EQ(reviewed->state(), v1::OVERRIDE_STATE_CONSUMED);
  review.set_comment("once more");
  EXPECT_EQ(ReasonOf(api_.ReviewOverride(As("open:bob"), review).status()), "REVIEWED_BEFORE");
  EXPECT_TRUE(Make(wanted).ok());
}

TEST_F(OverridesApiTest, WhatThePolicyDoesNotLetBe) {
  const v1::Verdict blocked = Ask(Question());
  v1::CreateOverrideRequest glass = Wanted(blocked);
  glass.mutable_override()->set_break_glass(true);
  policies_.Replace(Policy(""));
  EXPECT_EQ(ReasonOf(Make(glass).status()), "NO_BREAK_GLASS");
  policies_.Replace(Policy("never: 'freeze.*'"));
  EXPECT_EQ(ReasonOf(Make(Wanted(blocked)).status()), "NEVER_OVERRIDDEN");
  auto without = std::make_shared<PolicySnapshot>(*Policy(""));
  without->policy.mutable_rules(0)->clear_overrides();
  policies_.Replace(without);
  EXPECT_EQ(ReasonOf(Make(Wanted(blocked)).status()), "NEVER_OVERRIDDEN");
  policies_.Replace(Policy(""));
  v1::EvaluateRequest unknown = Question();
  unknown.mutable_change()->clear_artifact_digest();
  EXPECT_EQ(ReasonOf(Make(Wanted(Ask(unknown))).status()), "NEVER_OVERRIDDEN");
}

TEST_F(OverridesApiTest, WhatIsWrongIsNamed) {
  const v1::Verdict blocked = Ask(Question());
  const auto wrong = [&](const std::function<void(v1::CreateOverrideRequest&)>& change) {
    v1::CreateOverrideRequest request = Wanted(blocked);
    change(request);
    return FieldsOf(Make(request).status());
  };
  using R = v1::CreateOverrideRequest;
  EXPECT_THAT(wrong([](R& r) { r.clear_request_id(); }), ElementsAre("request_id"));
  EXPECT_THAT(wrong([](R& r) { r.set_verdict("verdicts/1"); }), ElementsAre("verdict"));
  EXPECT_THAT(wrong([](R& r) { r.mutable_override()->set_reason(" \n"); }),
              ElementsAre("override.reason"));
  EXPECT_THAT(wrong([](R& r) { r.mutable_override()->clear_ticket(); }),
              ElementsAre("override.ticket"));
  EXPECT_THAT(wrong([](R& r) { r.mutable_override()->clear_rules(); }),
              ElementsAre("override.rules"));
  EXPECT_THAT(wrong([](R& r) { r.mutable_override()->add_rules("canary.harm"); }),
              ElementsAre("override.rules[1]"));
  EXPECT_THAT(wrong([](R& r) { r.mutable_override()->add_fingerprints("none"); }),
              ElementsAre("override.fingerprints[0]"));
  EXPECT_THAT(wrong([](R& r) { r.mutable_override()->set_service("web"); }),
              ElementsAre("override.service"));
  EXPECT_THAT(wrong([](R& r) { r.mutable_override()->set_required_approvals(1); }),
              ElementsAre("override"));
  EXPECT_THAT(wrong([](R& r) {
                *r.mutable_override()->mutable_expire_time() = ToProto(kSaturday + absl::Hours(5));
              }),
              ElementsAre("override.expire_time"));
  EXPECT_THAT(
      wrong([](R& r) { *r.mutable_override()->mutable_expire_time() = ToProto(kSaturday); }),
      ElementsAre("override.expire_time"));
  EXPECT_TRUE(absl::IsNotFound(Make([&] {
                                 R request = Wanted(blocked);
                                 request.set_verdict("verdicts/00000000000000000000000000");
                                 return request;
                               }())
                                   .status()));
}

TEST_F(OverridesApiTest, ADryRunStoresNothing) {
  v1::CreateOverrideRequest request = Wanted(Ask(Question()));
  request.set_validate_only(true);
  request.clear_request_id();
  const auto response = api_.CreateOverride(As("open:alice"), request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->decision(), v1::DECISION_ALLOW);
  EXPECT_THAT(response->override().name(), IsEmpty());
  EXPECT_THAT(api_.ListOverrides({})->overrides(), IsEmpty());
}

TEST_F(OverridesApiTest, ARepeatedRequestMakesOneAndIsItsMakersOwn) {
  const v1::CreateOverrideRequest request = Wanted(Ask(Question()));
  const auto first = Make(request);
  ASSERT_TRUE(first.ok()) << first.status();
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Make(request)->name(), first->name());
  EXPECT_EQ(ReasonOf(Make(request, "open:mallory").status()), "REQUEST_ID_REUSED");
}

struct Persons {
  const char* actor;
  const char* author;
  bool same;
};

TEST(PersonsTest, WhereItIsInDoubtTheyAreTheSame) {
  const Persons kTable[] = {
      {"spiffe://example.com/people/alice", "Alice <alice@example.com>", true},
      {"open:alice", "Alice Liddell <al@example.com>", true},
      {"token:ALICE", "<alice@example.com>", true},
      {"open:alice.liddell", "Alice Liddell <al@example.com>", true},
      {"open:alice@example.com", "A. L. <alice@example.com>", true},
      {"dns:alice.example.com", "Alice <a@b>", true},
      {"open:alice", "x <12345+alice@users.noreply.github.com>", true},
      {"open:alice", "open:alice", true},
      {"open:alice", "alice@example.com", true},
      {"open:bob", "Alice <alice@example.com>", false},
      {"spiffe://example.com/alice/bob", "Alice <alice@example.com>", false},
      {"open:example", "Alice <alice@example.com>", false},
      {"open:alice", "", false},
      {"", "Alice <alice@example.com>", false},
  };
  for (const Persons& row : kTable) {
    EXPECT_EQ(MayBeAuthor(row.actor, row.author), row.same) << row.actor << " / " << row.author;
  }
  EXPECT_TRUE(MayBeSameActor("open:alice", "spiffe://example.com/people/alice"));
  EXPECT_TRUE(MayBeSameActor("", ""));
  EXPECT_FALSE(MayBeSameActor("open:alice", "open:bob"));
  EXPECT_TRUE(IsNobody("open:"));
  EXPECT_FALSE(IsNobody("token:deploy"));
}

}  // namespace
}  // namespace gate
