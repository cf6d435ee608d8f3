// A gate that asks who calls: over gRPC, as gatectl speaks it, and over HTTP, with certificates and
// with tokens, and what stands in its audit log afterwards.
#include <httplib.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/certificates.h"
#include "tests/support/running_gate.h"

namespace gate {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr char kPolicy[] = R"(title: who may
rules:
  - name: schemas
    match: {services: [orders], environments: [production]}
    checks:
      migration: {}
    overrides: {approvals: 2}
  - name: all
    match: {environments: [production]}
    checks:
      freeze:
        windows:
          - id: turn-of-the-century
            reason: long over
            time_zone: UTC
            start: "1999-12-31T12:00:00"
            end: "2000-01-03T12:00:00"
access:
  - role: PIPELINE
    members: ["spiffe://example.com/ci/*", "token:deploy", "token:narrow", "token:old"]
    services: [web, api, orders]
  - {role: VIEWER, members: ["dns:screen.example.com"]}
  - {role: RELEASE_MANAGER, members: ["token:manager", "token:ann", "token:ben", "token:carol"]}
  - {role: ADMIN, members: ["token:admin"]}
)";

// A token as `gatectl token create` makes it.
struct NewToken {
  std::string secret;
  std::string entry;  // of the tokens file
};

NewToken Create(const std::string& name, const std::string& expires = "") {
  const RunResult made =
      RunProgram({.arguments = {"sh", "-c",
                                absl::StrCat(GATE_PROGRAMS, "/gatectl token create --name ", name,
                                             " -o json 2>/dev/null")}});
  EXPECT_EQ(made.exit, 0) << made.output;
  const json token = json::parse(made.output);
  const std::string ends = expires.empty() ? token["token"]["expires"].get<std::string>() : expires;
  return {token["secret"], absl::StrCat("  - {name: ", name,
                                        ", sha256: ", token["token"]["sha256"].get<std::string>(),
                                        ", expires: \"", ends, "\"")};
}

// What somebody shows; "" and none.
struct Who {
  std::string certificate;
  std::string secret;
};

// What came of a call over both transports.
struct Answers {
  int exit;            // of gatectl
  std::string output;  // of gatectl
  int status;          // of HTTP
  json body;
  std::string message() const {
    return body.contains("error") ? body["error"]["message"].get<std::string>() : "";
  }
  std::string reason() const {
    if (!body.contains("error")) return "";
    for (const json& detail : body["error"]["details"]) {
      if (detail.contains("reason")) return detail["reason"];
    }
    return "";
  }
};

class IdentityTest : public testing::Test {
 protected:
  IdentityTest() {
    authority_.Issue("server", 1);
    authority_.Issue("web", 2, 2, "URI:spiffe://example.com/ci/web");
    authority_.Issue("screen", 3, 2, "DNS:screen.example.com,DNS:*.example.com");
    authority_.Issue("two", 4, 2, "URI:spiffe://example.com/ci/web,URI:spiffe://example.com/x");
    authority_.Issue("stranger", 5, 2, "URI:spiffe://example.com/somebody");
    authority_.Issue("nameless", 6, 2, "");
    http_port_ = FreePort();
    const std::string tls =
        absl::StrCat("  tls:\n    certificate_file: ", authority_.File("server.pem"),
                     "\n    private_key_file: ", authority_.File("server.key"),
                     "\n    client_ca_file: ", authority_.ca_file(),
                     "\n    client_certificate_optional: true\n");
    gate_ = std::make_unique<RunningGate>(
        GateSetup{.policy = kPolicy,
                  .files = {{"tokens.yaml", TokensFile()}},
                  .grpc_options = tls,
                  .configuration = absl::StrCat("http:\n  address: 127.0.0.1:", http_port_, "\n",
                                                tls, "identity:\n  tokens_file: tokens.yaml\n")});
    EXPECT_TRUE(Eventually([&] { return bool(Http({}, "/")); })) << "HTTP comes last";
  }

  std::string TokensFile() const {
    return absl::StrCat("tokens:\n", deploy_.entry, "}\n", narrow_.entry, ", services: [web]}\n",
                        old_.entry, "}\n", manager_.entry, "}\n", admin_.entry, "}\n", ann_.entry,
                        "}\n", ben_.entry, "}\n", carol_.entry, "}\n");
  }

  RunResult Gatectl(const Who& who, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--tls", "--ca-file", authority_.ca_file()});
    if (!who.certificate.empty()) {
      arguments.insert(arguments.end(), {"--cert-file", authority_.File(who.certificate + ".pem"),
                                         "--key-file", authority_.File(who.certificate + ".key")});
    }
    if (!who.secret.empty()) {
      secrets_.Write("token", who.secret + "\n");
      chmod(secrets_.File("token").c_str(), 0600);
      arguments.insert(arguments.end(), {"--token-file", secrets_.File("token")});
    }
    return RunGatectl(*gate_, arguments, gate_->folder());
  }

  httplib::Result Http(const Who& who, const std::string& path, const std::string& body = "") {
    const bool certificate = !who.certificate.empty();
    httplib::SSLClient client(
        "127.0.0.1", http_port_,
        certificate ? authority_.File(who.certificate + ".pem") : std::string(),
        certificate ? authority_.File(who.certificate + ".key") : std::string());
    client.set_ca_cert_path(authority_.ca_file().c_str());
    httplib::Headers headers;
    if (!who.secret.empty()) headers.emplace("Authorization", "Bearer " + who.secret);
    return body.empty() ? client.Get(path, headers)
                        : client.Post(path, headers, body, "application/json");
  }

  // Asks for a verdict, both ways.
  Answers Evaluate(const Who& who, const std::string& service) {
    const RunResult run = Gatectl(who, {"check", service, "--env", "production"});
    const auto reply =
        Http(who, "/v1/verdicts:evaluate",
             absl::StrCat(R"({"change": {"service": ")", service,
                          R"(", "environment": "production", "kind": "CHANGE_KIND_CODE"}})"));
    if (!reply) return {run.exit, run.output, 0, json::object()};
    return {run.exit, run.output, reply->status, json::parse(reply->body, nullptr, false)};
  }

  // gatectl wraps nothing, so that its output has the whole sentence.
  void ExpectRefused(const Who& who, const std::string& service, int status,
                     const std::string& reason) {
    const Answers answers = Evaluate(who, service);
    EXPECT_EQ(answers.exit, 4) << answers.output;
    EXPECT_EQ(answers.status, status) << answers.body;
    EXPECT_EQ(answers.reason(), reason) << answers.body;
    EXPECT_FALSE(answers.message().empty());
    EXPECT_THAT(answers.output, HasSubstr(answers.message())) << "both transports say the same";
  }

  void ExpectAllowed(const Who& who, const std::string& service) {
    const Answers answers = Evaluate(who, service);
    EXPECT_EQ(answers.exit, 0) << answers.output << gate_->Log();
    EXPECT_EQ(answers.status, 200) << answers.body;
  }

  const TestAuthority authority_;
  const NewToken deploy_ = Create("deploy");
  const NewToken narrow_ = Create("narrow");
  const NewToken old_ = Create("old", "2026-01-01T00:00:00Z");
  const NewToken manager_ = Create("manager");
  const NewToken admin_ = Create("admin");
  const NewToken ann_ = Create("ann"), ben_ = Create("ben"), carol_ = Create("carol");
  const TempFolder secrets_;
  int http_port_ = 0;
  std::unique_ptr<RunningGate> gate_;
};

TEST_F(IdentityTest, WhoProvesARoleIsAnsweredAndNobodyElseIs) {
  // By certificate and by token, over both transports.
  ExpectAllowed({.certificate = "web"}, "web");
  ExpectAllowed({.secret = deploy_.secret}, "api");
  ExpectAllowed({.secret = narrow_.secret}, "web");
  ExpectAllowed({.certificate = "nameless", .secret = deploy_.secret}, "web");

  // The right person, and no role for it.
  ExpectRefused({.certificate = "web"}, "payments", 403, "ROLE_NEEDED");
  ExpectRefused({.certificate = "screen"}, "web", 403, "ROLE_NEEDED");
  ExpectRefused({.secret = narrow_.secret}, "api", 403, "ROLE_NEEDED");
  ExpectRefused({.secret = manager_.secret}, "web", 403, "ROLE_NEEDED");
  ExpectRefused({.certificate = "stranger"}, "web", 403, "ROLE_NEEDED");

  // Nobody.
  ExpectRefused({}, "web", 401, "NO_IDENTITY");
  ExpectRefused({.certificate = "nameless"}, "web", 401, "NO_IDENTITY");
  ExpectRefused({.certificate = "two"}, "web", 401, "BAD_CERTIFICATE");
  ExpectRefused({.secret = "gate_" + std::string(52, 'a')}, "web", 401, "BAD_TOKEN");
  ExpectRefused({.secret = "password"}, "web", 401, "BAD_TOKEN");
  ExpectRefused({.secret = old_.secret}, "web", 401, "TOKEN_EXPIRED");
  ExpectRefused({.certificate = "web", .secret = deploy_.secret}, "web", 401, "TWO_IDENTITIES");
}

TEST_F(IdentityTest, EachOneIsToldWhoTheyAre) {
  const auto who = [&](const Who& shown) { return Gatectl(shown, {"whoami"}).output; };
  EXPECT_THAT(
      who({.certificate = "web"}),
      HasSubstr("spiffe://example.com/ci/web\n  PIPELINE of web, api, orders in all environments"));
  EXPECT_THAT(who({.certificate = "screen"}), HasSubstr("dns:screen.example.com\n  VIEWER"));
  EXPECT_THAT(who({.secret = narrow_.secret}), HasSubstr("PIPELINE of web in all environments"));
  EXPECT_THAT(who({.certificate = "stranger"}), HasSubstr("no role"));
  const auto reply = Http({.secret = admin_.secret}, "/v1/whoami");
  ASSERT_TRUE(reply);
  EXPECT_EQ(json::parse(reply->body)["subject"], "token:admin");

  const RunResult doctor = Gatectl({.secret = deploy_.secret}, {"doctor"});
  EXPECT_EQ(doctor.exit, 0) << doctor.output;
  EXPECT_THAT(doctor.output, HasSubstr("you are token:deploy: PIPELINE of web, api, orders"));
  const RunResult lost = Gatectl({}, {"doctor"});
  EXPECT_EQ(lost.exit, 4) << lost.output;
  EXPECT_THAT(lost.output, HasSubstr("who you are: this gate wants to know who asks"));
}

TEST_F(IdentityTest, AResourceOfSomebodyElseIsNotEvenAdmittedToExist) {
  ASSERT_EQ(Gatectl({.secret = deploy_.secret}, {"check", "api", "--env", "production"}).exit, 0);
  const auto listed = Http({.secret = admin_.secret}, "/v1/verdicts");
  ASSERT_TRUE(listed);
  const std::string name = json::parse(listed->body)["verdicts"][0]["name"];
  const Who narrow = {.secret = narrow_.secret};
  const auto there = Http(narrow, "/v1/" + name);
  const auto nowhere = Http(narrow, "/v1/verdicts/01KAAAAAAAAAAAAAAAAAAAAAAA");
  ASSERT_TRUE(there && nowhere);
  EXPECT_EQ(there->status, 403);
  EXPECT_EQ(nowhere->status, 403);
  const auto said = [](const httplib::Result& reply, const std::string& name) {
    std::string message = json::parse(reply->body)["error"]["message"];
    return message.replace(message.find(name), name.size(), "it");
  };
  EXPECT_EQ(said(there, name), said(nowhere, "verdicts/01KAAAAAAAAAAAAAAAAAAAAAAA"));
  // Whose it is, and who sees all, is told.
  EXPECT_EQ(Http({.secret = deploy_.secret}, "/v1/" + name)->status, 200);
  EXPECT_EQ(Http({.secret = admin_.secret}, "/v1/verdicts/01KAAAAAAAAAAAAAAAAAAAAAAA")->status,
            404);

  // A list has to name what is one's own.
  EXPECT_EQ(Gatectl(narrow, {"verdict", "list"}).exit, 4);
  EXPECT_EQ(Gatectl(narrow, {"verdict", "list", "--service", "web"}).exit, 0);
  EXPECT_EQ(Gatectl(narrow, {"verdict", "list", "--service", "api"}).exit, 4);
}

TEST_F(IdentityTest, TheTokensFileIsReadAgainAndABrokenOneChangesNothing) {
  const auto exit_with = [&](const NewToken& token) {
    return Gatectl({.secret = token.secret}, {"whoami"}).exit;
  };
  const auto write = [&](const std::string& text) {
    std::ofstream(gate_->folder() + "/tokens.next") << text;
    rename((gate_->folder() + "/tokens.next").c_str(), (gate_->folder() + "/tokens.yaml").c_str());
  };
  const NewToken fresh = Create("deploy");
  ASSERT_EQ(exit_with(deploy_), 0);
  ASSERT_EQ(exit_with(fresh), 4);
  write("tokens: [{name: broken}]\n");
  EXPECT_TRUE(Eventually([&] {
    return gate_->Get("/metrics").body.find("gate_tokens_last_load_ok 0") != std::string::npos;
  }));
  EXPECT_TRUE(Eventually(
      [&] { return gate_->Log().find("the tokens file has issues") != std::string::npos; }));
  EXPECT_EQ(exit_with(deploy_), 0);
  write("tokens:\n" + fresh.entry + "}\n");
  EXPECT_TRUE(Eventually([&] { return exit_with(fresh) == 0; }));
  EXPECT_EQ(exit_with(deploy_), 4) << "withdrawn";
}

// Ann asks, Carol wrote it, Ben and the manager approve: each over a connection of their own.
TEST_F(IdentityTest, AnOverrideTakesTwoPersonsWhoNeitherAskedNorWroteTheChange) {
  const Who pipeline = {.secret = deploy_.secret}, ann = {.secret = ann_.secret},
            ben = {.secret = ben_.secret}, carol = {.secret = carol_.secret},
            manager = {.secret = manager_.secret};
  const auto evaluate = [&] {
    const auto reply = Http(pipeline, "/v1/verdicts:evaluate", R"({"change": {
        "service": "orders", "environment": "production", "kind": "CHANGE_KIND_MIGRATION",
        "artifactDigest": "sha256:)" + std::string(64, 'a') + R"(",
        "commits": [{"revision": ")" + std::string(40, 'c') + R"(",
                     "author": "Carol Smith <carol@example.com>"}],
        "schemaChange": {"schemaBefore": "CREATE TABLE users (id int, email text);",
                         "files": [{"path": "001.sql",
                                    "sql": "ALTER TABLE users DROP COLUMN email;"}]}}})");
    return reply ? json::parse(reply->body) : json(httplib::to_string(reply.error()));
  };
  const json blocked = evaluate();
  ASSERT_EQ(blocked["decision"], "DECISION_BLOCK") << blocked;
  std::vector<std::string> create = {"override",        "create",   blocked["name"], "--reason",
                                     "nobody reads it", "--ticket", "TASKS-7",       "--confirm"};
  for (const auto& rule : blocked["overridableRules"]) {
    create.insert(create.end(), {"--rule", rule.get<std::string>()});
  }
  const RunResult refused = Gatectl(pipeline, create);
  EXPECT_EQ(refused.exit, 4) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("RELEASE_MANAGER"));
  const RunResult asked = Gatectl(ann, create);
  ASSERT_EQ(asked.exit, 0) << asked.output;
  const auto listed = Http(ann, "/v1/overrides?service=orders&environment=production");
  ASSERT_TRUE(listed && listed->status == 200) << listed->body;
  json made = json::parse(listed->body)["overrides"][0];
  const std::string name = made["name"];
  EXPECT_EQ(made["requester"], "token:ann");
  EXPECT_EQ(made["requiredApprovals"], 2);

  // What is read is what is approved.
  const auto approve = [&](const Who& who, const std::string& request, const std::string& etag) {
    const auto reply = Http(who, absl::StrCat("/v1/", name, ":approve"),
                            json{{"etag", etag}, {"requestId", request}}.dump());
    return Answers{0, "", reply->status, json::parse(reply->body)};
  };
  EXPECT_EQ(approve(ann, "a", "1").reason(), "OWN_OVERRIDE");
  EXPECT_EQ(approve(carol, "c", "1").reason(), "OWN_CHANGE");
  EXPECT_EQ(approve(pipeline, "p", "1").reason(), "ROLE_NEEDED");
  EXPECT_EQ(approve({}, "n", "1").reason(), "NO_IDENTITY");
  EXPECT_EQ(evaluate()["decision"], "DECISION_BLOCK");

  const Answers first = approve(ben, "b", "1");
  EXPECT_EQ(first.body["state"], "OVERRIDE_STATE_PENDING") << first.body;
  EXPECT_EQ(approve(ben, "b", "1").body, first.body) << "the same call";
  const RunResult again = Gatectl(ben, {"override", "approve", name, "--confirm"});
  EXPECT_NE(again.exit, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("token:ben"));
  EXPECT_EQ(evaluate()["decision"], "DECISION_BLOCK") << "one of two";

  const RunResult second = Gatectl(manager, {"override", "approve", name, "--confirm"});
  EXPECT_EQ(second.exit, 0) << second.output;
  const json allowed = evaluate();
  EXPECT_EQ(allowed["decision"], "DECISION_ALLOW") << allowed;
  EXPECT_EQ(allowed["overrides"], json::array({name}));
  EXPECT_EQ(evaluate()["decision"], "DECISION_BLOCK") << "it counts once";

  // Who did what, and who was refused.
  const auto audit = Http({.secret = admin_.secret}, "/v1/audit?service=orders&page_size=100");
  ASSERT_TRUE(audit);
  std::vector<std::string> told;
  const json entries = json::parse(audit->body)["entries"];
  for (const json& entry : entries) {
    const std::string action = entry["action"];
    if (!action.starts_with("gate.v1.Overrides.")) continue;
    told.push_back(absl::StrCat(entry["actor"].get<std::string>(), " ", action.substr(18), " ",
                                entry["outcome"].get<std::string>()));
  }
  EXPECT_THAT(
      told, testing::UnorderedElementsAre("token:deploy Create DENIED", "token:ann Create DONE",
                                          "token:ann Approve DENIED", "token:carol Approve DENIED",
                                          "token:deploy Approve DENIED", "token:ben Approve DONE",
                                          "token:ben Approve DENIED", "token:manager Approve DONE"))
      << audit->body;
}

TEST_F(IdentityTest, TheAuditLogTellsWhoDidWhat) {
  ExpectAllowed({.secret = deploy_.secret}, "web");
  ExpectRefused({.certificate = "web"}, "payments", 403, "ROLE_NEEDED");
  ExpectRefused({}, "web", 401, "NO_IDENTITY");
  EXPECT_EQ(Gatectl({.secret = manager_.secret}, {"audit", "list"}).exit, 4);

  const auto list = [&](const std::string& query) {
    const auto reply = Http({.secret = admin_.secret}, "/v1/audit" + query);
    return reply ? json::parse(reply->body)["entries"] : json();
  };
  const json allowed = list("?actor=token:deploy");
  ASSERT_EQ(allowed.size(), 2u) << allowed;  // One over each transport.
  EXPECT_EQ(allowed[0]["action"], "gate.v1.Gate.Evaluate");
  EXPECT_EQ(allowed[0]["outcome"], "ALLOW");
  EXPECT_EQ(allowed[0]["service"], "web");
  const json denied = list("?outcome=DENIED&actor=spiffe://example.com/ci/web");
  ASSERT_EQ(denied.size(), 1u) << "the second one within a minute is counted: " << denied;
  EXPECT_EQ(denied[0]["service"], "payments");
  EXPECT_THAT(denied[0]["detail"].get<std::string>(), HasSubstr("PIPELINE"));
  EXPECT_EQ(list("?actor=nobody").size(), 1u);
  EXPECT_EQ(list("?actor=gate")[0]["action"], "policy.load");

  const RunResult table =
      Gatectl({.secret = admin_.secret}, {"audit", "list", "--outcome", "denied"});
  EXPECT_EQ(table.exit, 0) << table.output;
  EXPECT_THAT(table.output, HasSubstr("token:manager"));
  EXPECT_THAT(table.output, Not(HasSubstr("ALLOW\t")));
  // No secret is ever written down.
  EXPECT_THAT(gate_->Log(), Not(HasSubstr("gate_a")));
  for (const NewToken* token : {&deploy_, &manager_, &admin_}) {
    EXPECT_THAT(gate_->Log(), Not(HasSubstr(token->secret)));
  }
}

}  // namespace
}  // namespace gate
