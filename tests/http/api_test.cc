// The API as JSON: the same answers and the same errors as over gRPC.
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "checks/proto_time.h"
#include "gate/http/openapi.h"
#include "tests/http/http_fixture.h"

namespace gate {
namespace {

using testing::HasSubstr;

constexpr char kAllowed[] =
    R"({"change": {"service": "web", "environment": "production", "kind": "CHANGE_KIND_CODE"}})";

class HttpApiTest : public HttpTest {
 protected:
  void SetUp() override { Serve(); }

  // Of the BadRequest detail: "field: description".
  static std::string Violation(const nlohmann::json& answer) {
    for (const auto& detail : answer["error"]["details"]) {
      if (!detail.contains("fieldViolations")) continue;
      const auto& violation = detail["fieldViolations"][0];
      return violation.value("field", "") + ": " + violation.value("description", "");
    }
    return answer.dump();
  }
};

TEST_F(HttpApiTest, EvaluatesAndReadsBack) {
  const auto posted = Post("/v1/verdicts:evaluate", kAllowed);
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->status, 200) << posted->body;
  const nlohmann::json verdict = Json(posted);
  EXPECT_EQ(verdict["decision"], "DECISION_ALLOW");
  EXPECT_EQ(verdict["policyRule"], "web");
  EXPECT_EQ(Json(Get("/v1/" + verdict["name"].get<std::string>())), verdict);
  const auto replay = Post("/v1/" + verdict["name"].get<std::string>() + ":replay", "{}");
  EXPECT_EQ(Json(replay)["identical"], true);
}

TEST_F(HttpApiTest, QueriesHaveTheRequestsFields) {
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Post("/v1/verdicts:evaluate", kAllowed)->status, 200);
  EXPECT_EQ(Json(Get("/v1/verdicts?pageSize=2"))["verdicts"].size(), 2u);
  EXPECT_EQ(Json(Get("/v1/verdicts?page_size=2"))["verdicts"].size(), 2u);
  EXPECT_EQ(Json(Get("/v1/verdicts?decision=DECISION_ALLOW"))["verdicts"].size(), 3u);
  EXPECT_EQ(Json(Get("/v1/verdicts?decision=DECISION_BLOCK")), nlohmann::json::object());
  EXPECT_EQ(Json(Get("/v1/verdicts?startTime=2999-01-01T00:00:00Z")), nlohmann::json::object());
  EXPECT_EQ(Json(Get("/v1/verdicts?endTime=2999-01-01T00:00:00Z"))["verdicts"].size(), 3u);
}

struct Wrong {
  const char* path;
  const char* body;  // null: GET
  int code;
  const char* status;
  const char* violation;  // a part of it; null: none is expected
};

TEST_F(HttpApiTest, WrongRequestsAreToldWhatIsWrong) {
  for (const Wrong& wrong : {
           Wrong{"/v1/verdicts:evaluate", "{", 400, "INVALID_ARGUMENT", "body: must be a JSON"},
           Wrong{"/v1/verdicts:evaluate", "[]", 400, "INVALID_ARGUMENT", "body: must be a JSON"},
           Wrong{"/v1/verdicts:evaluate", R"({"chnge": {}})", 400, "INVALID_ARGUMENT",
                 "chnge: there is no field"},
           Wrong{"/v1/verdicts:evaluate", R"({"change": {"commits": [{"x": 1}]}})", 400,
                 "INVALID_ARGUMENT", "change.commits[0].x: there is no field"},
           Wrong{"/v1/verdicts:evaluate", R"({"change": {"kind": "CODE"}})", 400,
                 "INVALID_ARGUMENT", "change.kind: invalid value"},
           Wrong{"/v1/verdicts:evaluate", R"({"change": {"service": "a b"}})", 400,
                 "INVALID_ARGUMENT", "change.service: must be"},
           Wrong{"/v1/verdicts?pageSize=many", nullptr, 400, "INVALID_ARGUMENT", "pageSize: "},
           Wrong{"/v1/verdicts?nothing=1", nullptr, 400, "INVALID_ARGUMENT",
                 "nothing: there is no parameter"},
           Wrong{"/v1/verdicts?startTime=now", nullptr, 400, "INVALID_ARGUMENT", "startTime: "},
           Wrong{"/v1/verdicts?pageSize=-1", nullptr, 400, "INVALID_ARGUMENT", "page_size: "},
           Wrong{"/v1/verdicts/unknown", nullptr, 400, "INVALID_ARGUMENT", "name: "},
           Wrong{"/v1/verdicts/01ARZ3NDEKTSV4RRFFQ69G5FAV", nullptr, 404, "NOT_FOUND", nullptr},
           Wrong{"/v1/nothing", nullptr, 404, "NOT_FOUND", nullptr},
           Wrong{"/", nullptr, 404, "NOT_FOUND", nullptr},
           Wrong{"/v1/rollouts/unknown", nullptr, 400, "INVALID_ARGUMENT", "name: "},
           Wrong{"/v1/rollouts", "{}", 400, "INVALID_ARGUMENT", "change.service: is required"},
           Wrong{"/v1/overrides", "{}", 400, "INVALID_ARGUMENT", "request_id: is required"},
           Wrong{"/v1/overrides/unknown", nullptr, 400, "INVALID_ARGUMENT", "name: "},
           Wrong{"/v1/verdicts", "{}", 405, "UNIMPLEMENTED", nullptr},
           Wrong{"/v1/verdicts:evaluate", nullptr, 405, "UNIMPLEMENTED", nullptr},
       }) {
    const auto result = wrong.body == nullptr ? Get(wrong.path) : Post(wrong.path, wrong.body);
    ASSERT_TRUE(result) << wrong.path;
    EXPECT_EQ(result->status, wrong.code) << wrong.path << " " << result->body;
    const nlohmann::json answer = Json(result);
    EXPECT_EQ(answer["error"]["status"], wrong.status) << wrong.path;
    EXPECT_NE(answer["error"]["message"], "") << wrong.path;
    if (wrong.violation == nullptr) continue;
    EXPECT_THAT(Violation(answer), HasSubstr(wrong.violation));
  }
}

TEST_F(HttpApiTest, ABodyThatIsNotJsonIsRefused) {
  const auto result = Post("/v1/verdicts:evaluate", kAllowed, "text/plain");
  EXPECT_EQ(result->status, 400);
  EXPECT_THAT(Violation(Json(result)), HasSubstr("Content-Type"));
}

TEST_F(HttpApiTest, ALargeBodyIsRefused) {
  const auto result = Post("/v1/verdicts:evaluate", std::string(2 << 20, ' '));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 413);
  EXPECT_EQ(Json(result)["error"]["status"], "RESOURCE_EXHAUSTED");
}

TEST_F(HttpApiTest, ALongPathIsRefused) {
  const auto result = Get("/v1/" + std::string(5000, 'a'));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 414);
}

TEST_F(HttpApiTest, ErrorsHaveTypedDetails) {
  const nlohmann::json answer = Json(Get("/v1/verdicts/01ARZ3NDEKTSV4RRFFQ69G5FAV"));
  const auto& details = answer["error"]["details"];
  ASSERT_EQ(details.size(), 2u) << answer;
  EXPECT_EQ(details[0]["@type"], "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(details[0]["reason"], "NO_SUCH_VERDICT");
  EXPECT_EQ(details[0]["domain"], "gate.v1");
  EXPECT_EQ(details[1]["@type"], "type.googleapis.com/google.rpc.RequestInfo");
}

// A stream over gRPC, one message of it here.
TEST_F(HttpApiTest, MetricsAreReportedAMessageAtATime) {
  const absl::Time minute =
      absl::UnixEpoch() + absl::Floor(absl::Now() - absl::UnixEpoch(), absl::Minutes(1));
  const std::string report = absl::StrCat(
      R"({"service": "web", "environment": "production", "series": [{"name": "errors",)",
      R"( "kind": "METRIC_KIND_COUNTS", "points": [{"time": ")", Rfc3339(minute),
      R"(", "cohorts": {"canary": {"events": 1, "exposure": 10}}}]}]})");
  for (const char* known : {"", "1"}) {
    const auto posted = Post("/v1/evidence:reportMetrics", report);
    ASSERT_TRUE(posted);
    EXPECT_EQ(posted->status, 200) << posted->body;
    EXPECT_EQ(Json(posted).value("points", ""), "1");
    EXPECT_EQ(Json(posted).value("known", ""), known);
  }
  const auto wrong = Post("/v1/evidence:reportMetrics", R"({"service": "web"})");
  EXPECT_EQ(wrong->status, 400);
  EXPECT_THAT(Violation(Json(wrong)), HasSubstr("environment: must be 1 to 128"));
}

// Whoever has nothing but curl sends the report as it is, in base 64.
TEST_F(HttpApiTest, QaResultsAreReportedAsCasesOrAsJunitXml) {
  const std::string head = absl::StrCat(R"({"service": "web", "platform": "ios", "revision": ")",
                                        std::string(40, 'a'), R"(", )");
  const std::string xml =
      "<testsuite tests='2'><testcase name='assigns'/>"
      "<testcase name='archives'><failure message='two of three'/></testcase></testsuite>";
  for (const bool known : {false, true}) {
    const auto posted =
        Post("/v1/evidence:reportQaResults",
             absl::StrCat(head, R"("junitXml": ")", absl::Base64Escape(xml), "\"}"));
    ASSERT_TRUE(posted);
    EXPECT_EQ(posted->status, 200) << posted->body;
    const nlohmann::json answer = Json(posted);
    EXPECT_THAT(answer.value("evidence", ""), testing::MatchesRegex("evidence/[0-9a-f]{64}"));
    EXPECT_EQ(answer.value("passed", 0), 1);
    EXPECT_EQ(answer.value("failed", 0), 1);
    EXPECT_EQ(answer["failures"][0]["message"], "two of three");
    EXPECT_EQ(answer.value("known", false), known);
  }
  const auto cases = Post("/v1/evidence:reportQaResults",
                          head + R"("cases": [{"name": "a", "outcome": "QA_OUTCOME_PASSED"}]})");
  EXPECT_EQ(cases->status, 200) << cases->body;
  EXPECT_EQ(gate_.store.ReadQaRuns("web", {std::string(40, 'a')})->runs_size(), 2);
  const auto wrong =
      Post("/v1/evidence:reportQaResults",
           absl::StrCat(head, R"("junitXml": ")", absl::Base64Escape("<testsuite>"), "\"}"));
  EXPECT_EQ(wrong->status, 400);
  EXPECT_THAT(Violation(Json(wrong)), HasSubstr("junit_xml: line 1: is not well-formed XML"));
}

// What is served is described, what is not is not.
TEST_F(HttpApiTest, TheOpenApiDocumentHasEveryServedPath) {
  const nlohmann::json document = Json(Get("/v1/openapi.json"));
  std::vector<std::string> paths;
  for (const auto& [path, item] : document["paths"].items()) paths.push_back(path);
  EXPECT_THAT(
      paths,
      testing::UnorderedElementsAre(
          "/v1/verdicts:evaluate", "/v1/verdicts/{id}", "/v1/verdicts", "/v1/verdicts/{id}:replay",
          "/v1/audit", "/v1/whoami", "/v1/freezes", "/v1/freezes/{id}", "/v1/freezes/{id}:lift",
          "/v1/freezes:check", "/v1/incidents", "/v1/incidents/{id}", "/v1/incidents/{id}:resolve",
          "/v1/policies/{id}", "/v1/policies:validate", "/v1/policies:whatIf", "/v1/evidence/{id}",
          "/v1/evidence:reportMetrics", "/v1/evidence:reportQaResults", "/v1/rollouts",
          "/v1/rollouts/{id}", "/v1/rollouts/{id}:abort", "/v1/rollouts/{id}:advance",
          "/v1/rollouts/{id}:confirmRollback", "/v1/rollouts/{id}:pause", "/v1/rollouts/{id}:renew",
          "/v1/rollouts/{id}:resume", "/v1/overrides", "/v1/overrides/{id}",
          "/v1/overrides/{id}:approve", "/v1/overrides/{id}:review", "/v1/overrides/{id}:revoke"));
  const auto& change = document["components"]["schemas"]["Change"];
  EXPECT_THAT(change["properties"]["service"]["description"].get<std::string>(),
              HasSubstr("The service that changes"));
  EXPECT_FALSE(document["components"]["schemas"].contains("ReportBuildRequest"));
}

TEST_F(HttpApiTest, TheOpenApiDocumentKeepsALintersRules) {
  TempFolder folder;
  const std::string file = folder.Write("openapi.json", Get("/v1/openapi.json")->body);
  const RunResult lint = RunProgram({.arguments = {"node", "http/lint_openapi.mjs", file}});
  EXPECT_EQ(lint.exit, 0) << lint.output;
  const RunResult wrong = RunProgram(
      {.arguments = {"node", "http/lint_openapi.mjs",
                     folder.Write("wrong.json", R"({"openapi": "3.1.0", "paths": {}})")}});
  EXPECT_EQ(wrong.exit, 1) << wrong.output;
}

}  // namespace
}  // namespace gate
