// Freezes and incidents over HTTP: what is refused and where, and that a freeze counts at once.
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/http/http_fixture.h"

namespace gate {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

constexpr char kAllowed[] =
    R"({"change": {"service": "web", "environment": "production", "kind": "CHANGE_KIND_CODE"}})";

class HoldsApiTest : public HttpTest {
 protected:
  void SetUp() override { Serve(); }

  json Ask() { return Json(Post("/v1/verdicts:evaluate", kAllowed)); }

  // "field: description" of each violation.
  std::string Violations(const std::string& path, const std::string& body) {
    const auto posted = Post(path, body);
    EXPECT_TRUE(posted && posted->status == 400) << (posted ? posted->body : "no answer");
    std::string all;
    const json answer = Json(posted);
    for (const auto& detail : answer["error"]["details"]) {
      if (!detail.contains("fieldViolations")) continue;
      for (const auto& violation : detail["fieldViolations"]) {
        absl::StrAppend(&all, violation.value("field", ""), ": ",
                        violation.value("description", ""), "\n");
      }
    }
    return all;
  }
};

TEST_F(HoldsApiTest, AFreezeCountsForTheNextQuestionAndIsReplayed) {
  EXPECT_EQ(Ask()["decision"], "DECISION_ALLOW");
  const json freeze =
      Json(Post("/v1/freezes",
                R"({"requestId": "f1", "freeze": {"reason": "a failover", "services": ["we*"]}})"));
  const json held = Ask();
  EXPECT_EQ(held["decision"], "DECISION_HOLD");
  EXPECT_THAT(held["reason"].get<std::string>(), HasSubstr("a failover"));
  EXPECT_EQ(Json(Post("/v1/" + held["name"].get<std::string>() + ":replay", "{}"))["identical"],
            true);
  const std::string name = freeze["name"];
  EXPECT_EQ(Json(Get("/v1/" + name)), freeze);
  EXPECT_EQ(Json(Get("/v1/freezes?service=web"))["occurrences"][0]["declared"], freeze);
  EXPECT_EQ(Json(Get("/v1/freezes?service=mail")), json::object());
  EXPECT_EQ(Json(Post("/v1/" + name + ":lift", R"({"reason": "done"})"))["liftReason"], "done");
  EXPECT_EQ(Ask()["decision"], "DECISION_ALLOW");
  EXPECT_EQ(Get("/v1/freezes/01KAF0Z0000000000000000000")->status, 404);
}

TEST_F(HoldsApiTest, ACheckSaysWhenAChangeMayStart) {
  const char* const question =
      R"({"service": "web", "environment": "production", "kind": "CHANGE_KIND_CODE"})";
  EXPECT_TRUE(Json(Post("/v1/freezes:check", question)).contains("nextStart"));
  ASSERT_EQ(Post("/v1/freezes", R"({"requestId": "a", "freeze": {"reason": "one",
                 "endTime": "2999-01-01T00:00:00Z"}})")
                ->status,
            400)
      << "over 400 days";
  ASSERT_EQ(Post("/v1/freezes", R"({"requestId": "b", "freeze": {"reason": "two"}})")->status, 200);
  const json answer = Json(Post("/v1/freezes:check", question));
  EXPECT_EQ(answer["outcome"]["decision"], "DECISION_HOLD");
  EXPECT_FALSE(answer.contains("nextStart")) << "nobody knows";
}

TEST_F(HoldsApiTest, EveryFieldOfAFreezeThatIsWrongIsNamed) {
  const std::string violations = Violations("/v1/freezes", R"({"freeze": {
      "services": ["a*b"], "environments": [""], "startTime": "2026-01-01T00:00:00Z",
      "endTime": "2026-01-02T00:00:00Z", "exemptKinds": ["CHANGE_KIND_UNSPECIFIED"]}})");
  EXPECT_THAT(violations, AllOf(HasSubstr("freeze.reason: is required"),
                                HasSubstr("freeze.services[0]: must be a name"),
                                HasSubstr("freeze.environments[0]: must be a name"),
                                HasSubstr("freeze.end_time: must be after its start"),
                                HasSubstr("freeze.exempt_kinds[0]: must be CODE"),
                                HasSubstr("request_id: is required")));
  EXPECT_THAT(Violations("/v1/freezes/nonsense:lift", "{}"), HasSubstr("name: must be"));
  EXPECT_THAT(Violations("/v1/freezes/01KAF0Z0000000000000000000:lift", "{}"),
              HasSubstr("reason: is required"));
}

TEST_F(HoldsApiTest, EveryFieldOfAnIncidentThatIsWrongIsNamed) {
  const std::string violations = Violations("/v1/incidents", R"({"incident": {
      "title": "two\nlines", "url": "javascript:x", "services": ["a b"],
      "startTime": "2999-01-01T00:00:00Z",
      "signal": {"selector": "up{", "inRangeFor": "1s", "atLeast": 5, "atMost": 1}}})");
  EXPECT_THAT(violations, AllOf(HasSubstr("incident.title: is one line"),
                                HasSubstr("incident.url: must begin with https://"),
                                HasSubstr("incident.services[0]: must be a name"),
                                HasSubstr("incident.start_time: has not come yet"),
                                HasSubstr("incident.signal.source: is required"),
                                HasSubstr("incident.signal.selector: "),
                                HasSubstr("incident.signal.at_least: is over at_most"),
                                HasSubstr("incident.signal.in_range_for: must be 1m to 24h")));
}

TEST_F(HoldsApiTest, IncidentsAreReportedListedAndResolved) {
  const json reported = Json(Post("/v1/incidents", R"({"requestId": "i1", "incident": {
      "title": "mails are late", "externalId": "T-1", "state": "INCIDENT_STATE_OPEN"}})"));
  EXPECT_EQ(reported["source"], "api");
  EXPECT_EQ(reported["severity"], "INCIDENT_SEVERITY_CRITICAL");
  const json again = Json(Post("/v1/incidents", R"({"incident": {
      "title": "mails and texts are late", "externalId": "T-1"}})"));
  EXPECT_EQ(again["name"], reported["name"]);
  EXPECT_EQ(Json(Get("/v1/incidents?open=true"))["incidents"].size(), 1u);
  const std::string name = reported["name"];
  EXPECT_EQ(Post("/v1/" + name + ":resolve", "{}")->status, 400) << "a reason";
  EXPECT_EQ(Json(Post("/v1/" + name + ":resolve", R"({"reason": "the queue is empty"})"))["state"],
            "INCIDENT_STATE_RESOLVED");
  EXPECT_EQ(Json(Get("/v1/incidents?open=true")), json::object());
  EXPECT_EQ(Json(Get("/v1/" + name))["title"], "mails and texts are late");
}

}  // namespace
}  // namespace gate
