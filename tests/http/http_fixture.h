// A gate that serves HTTP to the test's own process.
#ifndef TESTS_HTTP_HTTP_FIXTURE_H_
#define TESTS_HTTP_HTTP_FIXTURE_H_

#include <httplib.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "gate/config/config.h"
#include "gate/http/site.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/test_gate.h"

namespace gate {

class HttpTest : public testing::Test {
 protected:
  void Serve(int connections = 4) {
    config_.mutable_http()->set_address("127.0.0.1:0");
    config_.mutable_monitoring()->set_address("127.0.0.1:0");
    FillDefaults(config_);
    config_.mutable_limits()->set_max_http_connections(connections);
    config_.mutable_limits()->set_max_message_bytes(1 << 20);
    auto site = Site::Start(config_, gate_.api, monitoring_);
    ASSERT_TRUE(site.ok()) << site.status();
    site_ = *std::move(site);
  }

  // Without keep-alive: an idle connection would hold up the server's end.
  httplib::Result Get(const std::string& path) { return Client().Get(path); }
  httplib::Result Post(const std::string& path, const std::string& body,
                       const std::string& type = "application/json") {
    return Client().Post(path, body, type);
  }
  httplib::Client Client() const { return httplib::Client("http://" + site_->api_address()); }
  httplib::Client MonitoringClient() const {
    return httplib::Client("http://" + site_->monitoring_address());
  }
  static nlohmann::json Json(const httplib::Result& result) {
    return result ? nlohmann::json::parse(result->body, nullptr, false) : nlohmann::json();
  }

  Condition policy_{"policy", Condition::State::kGood, ""};
  TestGate gate_;
  Monitoring monitoring_{gate_.metrics, gate_.log, gate_.store, [this] { return policy_; }};
  config::v1::Config config_;
  std::unique_ptr<Site> site_;
};

}  // namespace gate

#endif  // TESTS_HTTP_HTTP_FIXTURE_H_
