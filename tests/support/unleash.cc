#include "tests/support/unleash.h"

#include <httplib.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

using nlohmann::json;

constexpr char kServer[] = "../deploy/flags/node_modules/unleash-server/dist/server.js";
constexpr char kFeatures[] = "/api/admin/projects/default/features";
// Of a machine that does many other things: alone it takes four seconds.
constexpr std::chrono::seconds kStartTimeout{120};

std::string TokenFor(const std::string& project, const std::string& environment) {
  return absl::StrCat(project, ":", environment, ".", project == "*" ? "all" : "one",
                      "-projects-of-the-test");
}

}  // namespace

std::string UnleashServer::Token(const std::string& environment) const {
  return TokenFor("*", environment);
}
std::string UnleashServer::ProjectToken(const std::string& environment) const {
  return TokenFor("default", environment);
}
std::string UnleashServer::AdminToken() const { return "*:*.admin-of-the-test"; }

UnleashServer::UnleashServer(PostgresServer& database) {
  if (!std::filesystem::exists(kServer)) {
    throw std::runtime_error("Unleash is not installed: deploy/install-dependencies.sh");
  }
  std::string name;
  database.CreateDatabase(&name);
  const int port = FreePort();
  url_ = absl::StrCat("http://127.0.0.1:", port);
  ChildProcess::Options options;
  options.arguments = {"node", std::filesystem::absolute(kServer).lexically_normal()};
  options.output = folder_.File("log");
  options.environment = {
      // A host in the query is a unix socket's folder.
      {"DATABASE_URL", absl::StrCat("postgres://postgres@localhost:", database.port(), "/", name,
                                    "?host=", database.socket_folder())},
      {"DATABASE_SSL", "false"},
      {"HTTP_HOST", "127.0.0.1"},
      {"HTTP_PORT", absl::StrCat(port)},
      {"INIT_ADMIN_API_TOKENS", AdminToken()},
      {"INIT_CLIENT_API_TOKENS",
       absl::StrCat(Token("development"), ",", Token("production"), ",",
                    ProjectToken("development"), ",", ProjectToken("production"))},
      {"CHECK_VERSION", "false"},
      {"SEND_TELEMETRY", "false"},
      {"LOG_LEVEL", "warn"}};
  auto process = ChildProcess::Start(options);
  if (!process.ok()) throw std::runtime_error(std::string(process.status().message()));
  process_ = *std::move(process);
  httplib::Client client(url_);
  const auto healthy = [&] {
    const auto reply = client.Get("/health");
    return reply && reply->status == 200;
  };
  Eventually([&] { return !process_->Running() || healthy(); }, kStartTimeout);
  if (!healthy()) throw std::runtime_error("Unleash did not become healthy:\n" + Log());
}

std::string UnleashServer::Call(const std::string& method, const std::string& path,
                                const std::string& text) const {
  httplib::Client client(url_);
  client.set_read_timeout(std::chrono::seconds(30));
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.headers = {{"Authorization", AdminToken()}, {"Content-Type", "application/json"}};
  request.body = text;
  const auto reply = client.send(request);
  if (!reply || reply->status < 200 || reply->status >= 300) {
    throw std::runtime_error(absl::StrCat(method, " ", path, ": ", reply ? reply->status : 0, " ",
                                          reply ? reply->body : Log()));
  }
  return reply->body;
}

void UnleashServer::WaitUntil(const std::string& flag, const std::string& environment,
                              const std::function<bool(const json& feature)>& holds) const {
  httplib::Client client(url_);
  const httplib::Headers headers = {{"Authorization", Token(environment)}};
  const bool held = Eventually([&] {
    const auto reply = client.Get("/api/client/features", headers);
    const json answer = reply ? json::parse(reply->body, nullptr, false) : json();
    json feature;
    if (!answer.is_object() || !answer.contains("features")) return false;
    for (const json& other : answer["features"]) {
      if (other["name"] == flag) feature = other;
    }
    return holds(feature);
  });
  if (!held) throw std::runtime_error("clients were not told of the change to " + flag);
}

void UnleashServer::CreateFlag(const std::string& flag) {
  Call("POST", kFeatures, json({{"name", flag}, {"type", "release"}}).dump());
  WaitUntil(flag, "production", [](const json& feature) { return feature.is_object(); });
}

void UnleashServer::Switch(const std::string& flag, const std::string& environment, bool on) {
  Call("POST",
       absl::StrCat(kFeatures, "/", flag, "/environments/", environment, on ? "/on" : "/off"), "");
  WaitUntil(flag, environment, [&](const json& feature) { return feature["enabled"] == on; });
}

void UnleashServer::AddStrategy(const std::string& flag, const std::string& environment,
                                int percent) {
  const json strategy = {
      {"name", "flexibleRollout"},
      {"parameters",
       {{"rollout", absl::StrCat(percent)}, {"stickiness", "default"}, {"groupId", flag}}}};
  const std::string made =
      Call("POST", absl::StrCat(kFeatures, "/", flag, "/environments/", environment, "/strategies"),
           strategy.dump());
  const json parameters = json::parse(made)["parameters"];
  WaitUntil(flag, environment, [&](const json& feature) {
    for (const json& other : feature["strategies"]) {
      if (other["parameters"] == parameters) return true;
    }
    return false;
  });
}

void UnleashServer::Archive(const std::string& flag) {
  Call("DELETE", absl::StrCat(kFeatures, "/", flag), "");
  WaitUntil(flag, "production", [](const json& feature) { return feature.is_null(); });
}

}  // namespace gate
