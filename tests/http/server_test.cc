// Monitoring, slow clients, TLS.
#include <string>
#include <vector>

#include "tests/fakes/certificates.h"
#include "tests/fakes/half_sent.h"
#include "tests/http/http_fixture.h"

namespace gate {
namespace {

using testing::HasSubstr;

class HttpServerTest : public HttpTest {};

TEST_F(HttpServerTest, SlowClientsNeverHideMonitoring) {
  Serve(/*connections=*/2);
  std::vector<std::unique_ptr<HalfSent>> slow;
  for (int i = 0; i < 6; ++i) slow.push_back(std::make_unique<HalfSent>(site_->api_address()));
  auto client = MonitoringClient();
  for (const char* path : {"/metrics", "/healthz", "/readyz"}) {
    const auto start = std::chrono::steady_clock::now();
    const auto result = client.Get(path);
    ASSERT_TRUE(result) << path;
    EXPECT_EQ(result->status, 200) << path;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2)) << path;
  }
  slow.clear();
  EXPECT_TRUE(Eventually([&] {
    const auto result = Get("/healthz");
    return result && result->status == 200;
  }));
}

TEST_F(HttpServerTest, MonitoringServesNothingElse) {
  Serve();
  const auto result = MonitoringClient().Get("/v1/verdicts");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 404);
  EXPECT_THAT(result->body, HasSubstr("/metrics"));
}

TEST_F(HttpServerTest, ReadinessSaysWhy) {
  Serve();
  EXPECT_EQ(Json(Get("/readyz"))["state"], "good");
  policy_ = {"policy", Condition::State::kDegraded, "line 3 \"is\" wrong"};
  auto result = Get("/readyz");
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(Json(result)["state"], "degraded");
  EXPECT_EQ(Json(result)["conditions"][1]["detail"], "line 3 \"is\" wrong");
  monitoring_.AnnounceEnd();
  result = Get("/readyz");
  EXPECT_EQ(result->status, 503);
  EXPECT_EQ(Json(result)["ready"], false);
  EXPECT_EQ(Get("/healthz")->status, 200);
}

TEST_F(HttpServerTest, MetricsAreAsPromtoolWantsThem) {
  Serve();
  Post("/v1/verdicts:evaluate",
       R"({"change": {"service": "web", "environment": "p", "kind": "CHANGE_KIND_MIGRATION",
           "schemaChange": {"files": [{"path": "a.sql", "sql": "SELECT 1;"}]}}})");
  Post("/v1/verdicts:evaluate", "{}");
  Get("/v1/verdicts");
  gate_.metrics.OnEndpoint("prometheus:main", "http://a:9090", true, false);
  gate_.metrics.OnEndpoint("prometheus:main", "http://a:9090", false, true);
  const auto result = Get("/metrics");
  for (const char* line :
       {"gate_evaluations_total{code=\"INVALID_ARGUMENT\",decision=\"NONE\"} 1",
        "gate_store_appends_total{code=\"OK\"} 1", "gate_evaluations_in_flight 0",
        "gate_calls_total{code=\"OK\",method=\"gate.v1.Gate.ListVerdicts\"} 1",
        "gate_fetch_seconds_count{source=\"request\"} 1", "gate_build_info{version=",
        "gate_source_endpoint_asked{source=\"prometheus:main\",url=\"http://a:9090\"} 0",
        "gate_source_endpoint_questions_total{result=\"failed\",source=\"prometheus:main\",url="}) {
    EXPECT_THAT(result->body, HasSubstr(line));
  }
  TempFolder folder;
  const std::string file = folder.Write("metrics", result->body);
  const RunResult check =
      RunProgram({.arguments = {"sh", "-c", "promtool check metrics < " + file}});
  EXPECT_EQ(check.exit, 0) << check.output;
}

TEST_F(HttpServerTest, AnAddressIsNotShared) {
  Serve();
  config_.mutable_http()->set_address(site_->api_address());
  config_.clear_monitoring();
  EXPECT_FALSE(Site::Start(config_, gate_.api, monitoring_).ok());
}

class HttpsTest : public HttpTest {
 protected:
  void ServeTls(bool mutual) {
    authority_.Issue("server", 0x11);
    authority_.Issue("client", 7);
    config::v1::Tls& tls = *config_.mutable_http()->mutable_tls();
    tls.set_certificate_file(authority_.File("server.pem"));
    tls.set_private_key_file(authority_.File("server.key"));
    if (mutual) tls.set_client_ca_file(authority_.ca_file());
    Serve();
  }
  // The status code of /healthz, or 0.
  int HealthOver(const std::string& certificate, const std::string& key) {
    const std::string url = "https://" + site_->api_address();
    httplib::Client client =
        certificate.empty() ? httplib::Client(url) : httplib::Client(url, certificate, key);
    client.set_ca_cert_path(authority_.ca_file().c_str());
    const auto result = client.Get("/healthz");
    return result ? result->status : 0;
  }

  TestAuthority authority_;
};

TEST_F(HttpsTest, ACertificateThatWasReplacedIsServedSoon) {
  ServeTls(/*mutual=*/false);
  EXPECT_EQ(HealthOver("", ""), 200);
  ASSERT_EQ(ServedSerial(site_->api_address()), "11");
  authority_.Issue("server", 0x22);
  EXPECT_TRUE(Eventually([&] { return ServedSerial(site_->api_address()) == "22"; }));
  EXPECT_EQ(HealthOver("", ""), 200);
}

TEST_F(HttpsTest, WithAClientAuthorityAClientNeedsItsCertificate) {
  ServeTls(/*mutual=*/true);
  EXPECT_EQ(HealthOver(authority_.File("client.pem"), authority_.File("client.key")), 200);
  EXPECT_EQ(HealthOver("", ""), 0);
  TestAuthority stranger("stranger");
  stranger.Issue("client", 8);
  EXPECT_EQ(HealthOver(stranger.File("client.pem"), stranger.File("client.key")), 0);
}

}  // namespace
}  // namespace gate
