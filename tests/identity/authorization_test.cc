// The table of who may call what, against the protos and against people.
#include "gate/identity/authorization.h"

#include <set>

#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gate/identity/identities.h"
#include "gate/v1/audit.pb.h"
#include "gate/v1/freezes.pb.h"
#include "gate/v1/gate.pb.h"
#include "gate/v1/rollouts.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/fake_clock.h"

namespace gate {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using testing::HasSubstr;

class Protos {
 public:
  Protos() {
    google::protobuf::FileDescriptorSet files;
    EXPECT_TRUE(files.ParseFromString(ReadFile(GATE_DESCRIPTORS)));
    for (const auto& file : files.file()) {
      const auto* built = pool_.BuildFile(file);
      if (built == nullptr || built->package() != "gate.v1") continue;
      for (int i = 0; i < built->service_count(); ++i) {
        for (int j = 0; j < built->service(i)->method_count(); ++j) {
          const auto* method = built->service(i)->method(j);
          methods[method->full_name()] = method;
        }
      }
    }
  }

  std::map<std::string, const google::protobuf::MethodDescriptor*> methods;

 private:
  DescriptorPool pool_;
};

// The field at a path of names, where it is a text or texts.
const FieldDescriptor* TextAt(const Descriptor* type, std::string_view path) {
  const size_t dot = path.find('.');
  const FieldDescriptor* field = type->FindFieldByName(std::string(path.substr(0, dot)));
  if (field == nullptr) return nullptr;
  if (dot == path.npos) return field->type() == FieldDescriptor::TYPE_STRING ? field : nullptr;
  if (field->message_type() == nullptr || field->is_repeated()) return nullptr;
  return TextAt(field->message_type(), path.substr(dot + 1));
}

TEST(Authorization, EachMethodHasARowAndEachRowAMethod) {
  const Protos protos;
  ASSERT_GT(protos.methods.size(), 30u);
  std::set<std::string> rows;
  for (const Permission& permission : Permissions()) {
    EXPECT_TRUE(protos.methods.contains(std::string(permission.method))) << permission.method;
    EXPECT_TRUE(rows.insert(std::string(permission.method)).second) << permission.method;
  }
  for (const auto& [name, method] : protos.methods) {
    EXPECT_TRUE(rows.contains(name)) << name << " has no row: nobody may call it";
    EXPECT_NE(FindPermission(name), nullptr) << name;
  }
  EXPECT_EQ(FindPermission("gate.v1.Gate.Nothing"), nullptr);
}

TEST(Authorization, PlacesAreFieldsOfTheRequest) {
  const Protos protos;
  for (const Permission& permission : Permissions()) {
    const auto* request = protos.methods.at(std::string(permission.method))->input_type();
    for (std::string_view path : {permission.service, permission.environment}) {
      EXPECT_TRUE(path.empty() || TextAt(request, path) != nullptr) << permission.method << path;
    }
    EXPECT_EQ(permission.place == PlaceOf::kNowhere, permission.service.empty())
        << permission.method;
    // A request that names a service or an environment is asked where it is.
    if (permission.place == PlaceOf::kRequest && permission.environment.empty()) {
      EXPECT_EQ(request->FindFieldByName("environment"), nullptr) << permission.method;
    }
    if (permission.place == PlaceOf::kNowhere) {
      EXPECT_EQ(request->FindFieldByName("service"), nullptr) << permission.method;
    }
  }
}

TEST(Authorization, RolesAreWhatTheyAreSaidToBe) {
  const auto may = [](const char* method, v1::Role role) {
    v1::Caller caller;
    caller.add_access()->set_role(role);
    return MayEverywhere(caller, *FindPermission(method));
  };
  for (const Permission& permission : Permissions()) {
    const std::string method(permission.method);
    EXPECT_TRUE(may(method.c_str(), v1::ROLE_ADMIN)) << method;
    EXPECT_FALSE(MayEverywhere(v1::Caller(), permission) && method != "gate.v1.Audit.WhoAmI")
        << method;
  }
  EXPECT_TRUE(may("gate.v1.Gate.Evaluate", v1::ROLE_PIPELINE));
  EXPECT_FALSE(may("gate.v1.Gate.Evaluate", v1::ROLE_VIEWER));
  EXPECT_FALSE(may("gate.v1.Gate.Evaluate", v1::ROLE_RELEASE_MANAGER));
  EXPECT_TRUE(may("gate.v1.Gate.GetVerdict", v1::ROLE_VIEWER));
  EXPECT_FALSE(may("gate.v1.Overrides.Approve", v1::ROLE_PIPELINE));
  EXPECT_TRUE(may("gate.v1.Overrides.Approve", v1::ROLE_RELEASE_MANAGER));
  EXPECT_FALSE(may("gate.v1.Rollouts.Resume", v1::ROLE_PIPELINE));
  // Going back is open to both.
  EXPECT_TRUE(may("gate.v1.Rollouts.Abort", v1::ROLE_PIPELINE));
  EXPECT_TRUE(may("gate.v1.Rollouts.Abort", v1::ROLE_RELEASE_MANAGER));
  EXPECT_FALSE(may("gate.v1.Rollouts.Abort", v1::ROLE_VIEWER));
  EXPECT_FALSE(may("gate.v1.Audit.List", v1::ROLE_RELEASE_MANAGER));
}

v1::Caller PipelineOf(std::vector<std::string> services, std::vector<std::string> environments,
                      v1::Role role = v1::ROLE_PIPELINE) {
  v1::Caller caller;
  caller.set_subject("token:ci");
  v1::AccessRule& rule = *caller.add_access();
  rule.set_role(role);
  for (auto& name : services) rule.add_services(name);
  for (auto& name : environments) rule.add_environments(name);
  return caller;
}

bool MayEvaluate(const v1::Caller& caller, const std::string& service,
                 const std::string& environment) {
  v1::EvaluateRequest request;
  request.mutable_change()->set_service(service);
  request.mutable_change()->set_environment(environment);
  const Permission& permission = *FindPermission("gate.v1.Gate.Evaluate");
  return May(caller, permission, PlacesOf(permission, request));
}

TEST(Authorization, ARoleHoldsWhereItWasGiven) {
  const v1::Caller web = PipelineOf({"web", "api-*"}, {"staging"});
  EXPECT_TRUE(MayEvaluate(web, "web", "staging"));
  EXPECT_TRUE(MayEvaluate(web, "api-2", "staging"));
  EXPECT_FALSE(MayEvaluate(web, "web", "production"));
  EXPECT_FALSE(MayEvaluate(web, "webshop", "staging"));
  EXPECT_FALSE(MayEvaluate(web, "", "staging")) << "not named is not allowed";
  EXPECT_FALSE(MayEvaluate(web, "*", "staging"));
  EXPECT_FALSE(MayEvaluate(v1::Caller(), "web", "staging"));
  EXPECT_TRUE(MayEvaluate(PipelineOf({}, {}), "", ""));
}

TEST(Authorization, TwoRulesDoNotAddUpToAThird) {
  v1::Caller caller = PipelineOf({"web"}, {"staging"});
  *caller.add_access() = PipelineOf({"api"}, {"production"}).access(0);
  EXPECT_TRUE(MayEvaluate(caller, "api", "production"));
  EXPECT_FALSE(MayEvaluate(caller, "web", "production"));
  EXPECT_FALSE(MayEvaluate(caller, "api", "staging"));
}

TEST(Authorization, AListNeedsAFilterWhereTheRoleIsLimited) {
  const Permission& permission = *FindPermission("gate.v1.Rollouts.List");
  const v1::Caller web = PipelineOf({"web"}, {}, v1::ROLE_VIEWER);
  v1::ListRolloutsRequest request;
  EXPECT_FALSE(May(web, permission, PlacesOf(permission, request)));
  const absl::Status refused = RoleNeeded(web, permission, PlacesOf(permission, request), "");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("all services in all environments"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("Name a service"));
  request.set_service("web");
  EXPECT_TRUE(May(web, permission, PlacesOf(permission, request)));
  request.set_service("api");
  EXPECT_FALSE(May(web, permission, PlacesOf(permission, request)));
}

TEST(Authorization, AFreezeNeedsEachServiceThatItStops) {
  const Permission& permission = *FindPermission("gate.v1.Freezes.Create");
  const v1::Caller web = PipelineOf({"web-*"}, {"production"}, v1::ROLE_RELEASE_MANAGER);
  const auto may = [&](std::vector<std::string> services, std::vector<std::string> environments) {
    v1::CreateFreezeRequest request;
    for (auto& name : services) request.mutable_freeze()->add_services(name);
    for (auto& name : environments) request.mutable_freeze()->add_environments(name);
    return May(web, permission, PlacesOf(permission, request));
  };
  EXPECT_TRUE(may({"web-1", "web-2"}, {"production"}));
  EXPECT_TRUE(may({"web-*"}, {"production"}));
  EXPECT_FALSE(may({"web-1", "api"}, {"production"}));
  EXPECT_FALSE(may({"web-1"}, {"production", "staging"}));
  EXPECT_FALSE(may({"web-1"}, {})) << "all environments";
  EXPECT_FALSE(may({}, {"production"})) << "all services";
  EXPECT_FALSE(may({"w*"}, {"production"}));
}

TEST(Authorization, WhoeverIsHeldUpMayReadOfIt) {
  const Permission& permission = *FindPermission("gate.v1.Freezes.Get");
  const v1::Caller web = PipelineOf({"web"}, {"production"}, v1::ROLE_VIEWER);
  EXPECT_TRUE(May(web, permission, {{"*", "*"}}));
  EXPECT_TRUE(May(web, permission, {{"api", "*"}, {"web", "*"}}));
  EXPECT_FALSE(May(web, permission, {{"api", "*"}}));
  EXPECT_FALSE(May(web, permission, {})) << "there is none";
}

TEST(Authorization, ARefusalSaysWhichRoleWhereAndWho) {
  const Permission& permission = *FindPermission("gate.v1.Gate.Evaluate");
  const absl::Status status =
      RoleNeeded(PipelineOf({"web"}, {"staging"}), permission, {{"payments", "production"}}, "");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(std::string(status.message()),
            "gate.v1.Gate.Evaluate takes the role PIPELINE or ADMIN for payments in production; "
            "token:ci is PIPELINE (web in staging). Ask for it in \"access\" of the policy");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(info.ParseFromString(std::string(*status.GetPayload(kErrorInfoUrl))));
  EXPECT_EQ(info.reason(), "ROLE_NEEDED");
  EXPECT_EQ(info.metadata().at("role"), "PIPELINE or ADMIN");
  EXPECT_EQ(info.metadata().at("service"), "payments");
  EXPECT_EQ(info.metadata().at("environment"), "production");
  EXPECT_EQ(info.metadata().at("subject"), "token:ci");
}

TEST(Authorization, ARefusalOfAResourceDoesNotTellWhetherItIsThere) {
  const Permission& permission = *FindPermission("gate.v1.Rollouts.Get");
  const v1::Caller web = PipelineOf({"web"}, {"staging"});
  EXPECT_EQ(RoleNeeded(web, permission, {{"payments", "production"}}, "rollouts/X"),
            RoleNeeded(web, permission, {}, "rollouts/X"));
}

// The policy decides, at once when another one comes into force.
TEST(Identities, HaveTheRolesOfThePolicyInForceWithinTheScopeOfTheirToken) {
  auto snapshot = std::make_shared<PolicySnapshot>();
  v1::AccessRule& rule = *snapshot->policy.add_access();
  rule.set_role(v1::ROLE_PIPELINE);
  rule.add_members("token:*");
  rule.add_members("spiffe://example.com/*");
  rule.add_services("web-*");
  PolicyHolder policies(snapshot);
  FakeClock clock(absl::FromUnixSeconds(1'795'000'000));
  const std::string secret = "gate_" + std::string(52, 'a');
  Token token;
  token.name = "ci";
  token.digest = Sha256Hex(secret);
  token.expires = clock.Now() + absl::Hours(1);
  *token.services.Add() = "web-1";
  *token.environments.Add() = "staging";
  const TokenHolder tokens(std::make_shared<const Tokens>(std::vector<Token>{token}));
  const Identities identities(policies, &tokens, clock);
  Shown shown;
  shown.authorization = {"Bearer " + secret};
  const auto caller = identities.Of(shown);
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_TRUE(caller->proven());
  ASSERT_EQ(caller->access_size(), 1);
  EXPECT_THAT(caller->access(0).members(), testing::ElementsAre("token:*"));
  EXPECT_THAT(caller->access(0).services(), testing::ElementsAre("web-1"));
  EXPECT_THAT(caller->access(0).environments(), testing::ElementsAre("staging"));
  EXPECT_TRUE(MayEvaluate(*caller, "web-1", "staging"));
  EXPECT_FALSE(MayEvaluate(*caller, "web-2", "staging"));
  EXPECT_FALSE(MayEvaluate(*caller, "web-1", "production"));

  policies.Replace(std::make_shared<const PolicySnapshot>());
  EXPECT_EQ(identities.Of(shown)->access_size(), 0);
  clock.Advance(absl::Hours(1));
  EXPECT_TRUE(absl::IsUnauthenticated(identities.Of(shown).status()));
}

TEST(Identities, OpenHasEveryRoleAndProvesNothing) {
  Shown shown;
  shown.actor = "alice";
  const auto caller = Identities::Open().Of(shown);
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->subject(), "open:alice");
  EXPECT_FALSE(caller->proven());
  for (const Permission& permission : Permissions()) {
    EXPECT_TRUE(MayEverywhere(*caller, permission)) << permission.method;
  }
}

}  // namespace
}  // namespace gate
