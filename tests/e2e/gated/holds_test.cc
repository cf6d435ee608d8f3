// Freezes and incidents with the programs as they run: declared by gatectl or reported by webhook,
// and counted by the next check.
#include <httplib.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/postgres_server.h"
#include "tests/support/running_gate.h"

namespace gate {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kPolicy[] = R"(title: Holds
rules:
  - name: all
    checks:
      migration: {}
      hold: {incidents_from: MINOR}
)";

class Gate {
 public:
  explicit Gate(const std::string& store_url = "")
      : gate_({.policy = kPolicy,
               .store_url = store_url,
               .files = {{"secret", "s3cret\n"}},
               .configuration = "http:\n  address: 127.0.0.1:0\n"
                                "incident_webhooks:\n"
                                "  - {name: pager, kind: PAGERDUTY, secret_file: secret,"
                                " service_names: {\"Mail Queue\": mail}}\n"
                                "  - {name: status, kind: STATUSPAGE, secret_file: secret}\n"}) {}

  std::string Run(std::vector<std::string> arguments, int exit) {
    const RunResult result = RunGatectl(gate_, std::move(arguments));
    EXPECT_EQ(result.exit, exit) << result.output;
    return result.output;
  }
  std::string Check(const std::string& service, int exit) {
    return Run({"check", service, "--env", "production", "--version", "1"}, exit);
  }
  json RunForJson(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-o", "json=" + gate_.folder() + "/answer.json"});
    Run(std::move(arguments), 0);
    return json::parse(ReadFile(gate_.folder() + "/answer.json"));
  }
  // The address of HTTP, as the gate has logged it.
  std::string http() const {
    // It is ready a moment before it says where.
    std::string log;
    while (log.find("\"msg\":\"serving\"") == std::string::npos) {
      std::this_thread::yield();
      log = gate_.Log();
    }
    const size_t at = log.find("\"http\":\"", log.find("\"msg\":\"serving\"")) + 8;
    return log.substr(at, log.find('"', at) - at);
  }
  // The code that a delivery gets.
  std::string Deliver(const std::string& path, const std::string& body,
                      const std::string& signature = "") {
    httplib::Client client("http://" + http());
    const auto result = client.Post(path, httplib::Headers{{"X-PagerDuty-Signature", signature}},
                                    body, "application/json");
    return result ? std::to_string(result->status) : "no answer";
  }
  RunningGate& running() { return gate_; }

 private:
  RunningGate gate_;
};

void AFreezeStopsAndIsLifted(const std::string& store_url) {
  Gate gate(store_url);
  gate.Check("web", 0);
  const json freeze = gate.RunForJson(
      {"freeze", "create", "--reason", "database failover", "--ticket", "OPS-12", "--confirm"});
  const std::string held = gate.Check("web", 11);
  EXPECT_THAT(held, AllOf(HasSubstr("Everything is frozen until somebody lifts it"),
                          HasSubstr("database failover (OPS-12)")));
  const std::string list = gate.Run({"freeze", "list"}, 0);
  EXPECT_THAT(list, AllOf(HasSubstr("STOPPED"), HasSubstr("until lifted")));
  EXPECT_THAT(gate.Run({"freeze", "check", "web", "--env", "production"}, 11),
              HasSubstr("database failover"));
  gate.Run({"freeze", "lift", freeze["name"], "--reason", "done"}, 0);
  gate.Check("web", 0);
  gate.Run({"freeze", "check", "web", "--env", "production"}, 0);
}

TEST(Holds, AFreezeStopsAndIsLiftedOnSqlite) { AFreezeStopsAndIsLifted(""); }
TEST(Holds, AFreezeStopsAndIsLiftedOnPostgres) {
  PostgresServer postgres;
  AFreezeStopsAndIsLifted(postgres.CreateDatabase());
}

std::string PagerDuty(const std::string& status, const std::string& time) {
  return absl::StrCat(R"({"event": {"event_type": "incident.changed", "occurred_at": ")", time,
                      R"(", "data": {"type": "incident", "id": "Q1", "title": "Mails are late",
      "urgency": "low", "status": ")",
                      status, R"(", "service": {"summary": "Mail Queue"}}}})");
}

std::string Signed(const std::string& body) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), "s3cret", 6, reinterpret_cast<const unsigned char*>(body.data()), body.size(),
       digest, &size);
  return absl::StrCat("v1=00,v1=", absl::BytesToHexString(absl::string_view(
                                       reinterpret_cast<const char*>(digest), size)));
}

TEST(Holds, AnIncidentComesInByWebhookAndGoesAgain) {
  Gate gate;
  const std::string open = PagerDuty("triggered", "2026-11-20T12:00:00Z");
  EXPECT_EQ(gate.Deliver("/v1/webhooks/pager", open, "v1=00"), "401");
  EXPECT_EQ(gate.Deliver("/v1/webhooks/other", open, Signed(open)), "404");
  gate.Check("mail", 0);
  EXPECT_EQ(gate.Deliver("/v1/webhooks/pager", open, Signed(open)), "200");
  EXPECT_EQ(gate.Deliver("/v1/webhooks/pager", open, Signed(open)), "200") << "sent again";
  EXPECT_THAT(gate.Check("mail", 11), AllOf(HasSubstr("MINOR incident is open since"),
                                            HasSubstr("Mails are late"), HasSubstr("pager Q1")));
  gate.Check("web", 0);
  EXPECT_EQ(gate.RunForJson({"incident", "list"})["incidents"].size(), 1u);

  const std::string ping = R"({"event": {"event_type": "pagey.ping", "data": {"type": "ping"}}})";
  EXPECT_EQ(gate.Deliver("/v1/webhooks/pager", ping, Signed(ping)), "202");
  EXPECT_EQ(gate.Deliver("/v1/webhooks/pager", "{}", Signed("{}")), "400");
  const std::string large(300 << 10, ' ');
  EXPECT_EQ(gate.Deliver("/v1/webhooks/pager", large, Signed(large)), "413");

  const std::string over = PagerDuty("resolved", "2026-11-20T13:00:00Z");
  EXPECT_EQ(gate.Deliver("/v1/webhooks/pager", over, Signed(over)), "200");
  EXPECT_EQ(gate.Deliver("/v1/webhooks/pager", open, Signed(open)), "200") << "comes late";
  gate.Check("mail", 0);
}

TEST(Holds, AStatuspageIncidentHoldsEverythingUntilItIsResolvedByHand) {
  Gate gate;
  const std::string body =
      R"({"incident": {"id": "s1", "name": "Slow", "status": "investigating", "impact": "major",
          "updated_at": "2026-11-20T12:00:00Z"}})";
  EXPECT_EQ(gate.Deliver("/v1/webhooks/status?secret=wrong", body), "401");
  EXPECT_EQ(gate.Deliver("/v1/webhooks/status?secret=s3cret", body), "200");
  gate.Check("web", 11);
  const json incidents = gate.RunForJson({"incident", "list", "--open"});
  ASSERT_EQ(incidents["incidents"].size(), 1u);
  gate.Run({"incident", "resolve", incidents["incidents"][0]["name"], "--reason", "a glitch"}, 0);
  gate.Check("web", 0);
}

}  // namespace
}  // namespace gate
