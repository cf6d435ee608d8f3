// The source over servers that answer as they should, and ones that do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/evidence/flags/flag_server_source.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/raw_http_server.h"

namespace gate {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1795180020);
constexpr char kSecret[] = "default:production.0123456789abcdef";
constexpr char kUnleashOff[] =
    R"({"features":[{"name":"f","enabled":false}],"query":{"environment":"production"},"meta":{"revisionId":3}})";

v1::Observation Ask(const config::v1::FlagServer& server,
                    const std::vector<std::string>& flags = {},
                    const std::string& environment = "production",
                    std::chrono::milliseconds patience = std::chrono::seconds(20)) {
  FlagServerSource source(server);
  v1::Query query;
  query.set_id("qa.flags");
  query.mutable_flag_states()->set_source("main");
  query.mutable_flag_states()->mutable_flags()->Add(flags.begin(), flags.end());
  EXPECT_TRUE(source.Answers(query));
  v1::Change change;
  change.set_environment(environment);
  const v1::Observation observation =
      source.Fetch(query, {change, kNow, std::chrono::steady_clock::now() + patience});
  EXPECT_EQ(observation.id(), "qa.flags");
  EXPECT_EQ(observation.source(), "flags:main");
  return observation;
}

// "f OFF, g UNKNOWN"
std::string Flags(const v1::Observation& observation) {
  std::string flags;
  for (const v1::FlagState& state : observation.flag_states().flags()) {
    absl::StrAppend(&flags, flags.empty() ? "" : ", ", state.flag(), " ",
                    v1::FlagValue_Name(state.value()).substr(11));
  }
  return flags;
}

// "DENIED: HTTP 401: ..."
std::string Why(const v1::Observation& observation) {
  if (!observation.has_absence()) return "an answer: " + Flags(observation);
  return absl::StrCat(v1::AbsenceReason_Name(observation.absence().reason()).substr(15), ": ",
                      observation.absence().detail());
}

class FlagServerTest : public ::testing::Test {
 protected:
  FlagServerTest() { folder_.Write("token", absl::StrCat(kSecret, "\n")); }

  config::v1::FlagServer Unleash(const std::string& url) const {
    config::v1::FlagServer server;
    server.set_name("main");
    server.mutable_unleash()->set_url(url);
    (*server.mutable_unleash()->mutable_token_files())["production"] = folder_.File("token");
    return server;
  }
  config::v1::FlagServer OwnFile(const std::string& text) const {
    config::v1::FlagServer server;
    server.set_name("main");
    server.mutable_file()->set_path(folder_.Write("flags.yaml", text));
    return server;
  }

  const TempFolder folder_;
};

// Remembers what it was asked.
class Recorder {
 public:
  explicit Recorder(std::vector<std::string> bodies) : bodies_(std::move(bodies)) {}
  RawHttpServer::Script script() {
    return [this](const std::string& request, int connection) {
      const std::lock_guard lock(mu_);
      requests_.push_back(request);
      const std::string& body = bodies_.at(std::min(requests_.size(), bodies_.size()) - 1);
      RawHttpServer::Send(connection, RawHttpServer::Response(200, "application/json", body));
    };
  }
  // The lines of the n-th request.
  std::string request(size_t n) {
    const std::lock_guard lock(mu_);
    return n < requests_.size() ? requests_[n] : "";
  }

 private:
  const std::vector<std::string> bodies_;
  std::mutex mu_;
  std::vector<std::string> requests_;
};

TEST_F(FlagServerTest, FlagsAreAskedForByNameOrAll) {
  const auto server = OwnFile("production: {c: on, a: off, b: off}\n");
  v1::Observation all = Ask(server);
  EXPECT_EQ(Flags(all), "a OFF, b OFF, c ON");
  EXPECT_EQ(all.flag_states().environment(), "production");
  EXPECT_EQ(all.flag_states().server(), folder_.File("flags.yaml"));
  EXPECT_EQ(FromProto(all.observed_at()), kNow);
  const v1::Observation some = Ask(server, {"z", "b", "b"});
  EXPECT_EQ(Flags(some), "b OFF, z CODE_DEFAULT");
  EXPECT_EQ(some.flag_states().flags(1).detail(), "there is no such flag, or it is archived");
  EXPECT_EQ(some.flag_states().revision(), all.flag_states().revision());
  EXPECT_THAT(Why(Ask(server, std::vector<std::string>(10'001, "a"))), StartsWith("REJECTED: "));
}

TEST_F(FlagServerTest, AllAreTenThousandAtTheMost) {
  std::string text = "production:\n";
  for (int i = 0; i < 10'001; ++i) absl::StrAppend(&text, "  f", 10'000 + i, ": off\n");
  const auto server = OwnFile(text);
  const v1::Observation all = Ask(server);
  EXPECT_EQ(all.flag_states().flags_size(), 10'000);
  EXPECT_FALSE(all.flag_states().complete());
  EXPECT_EQ(Flags(Ask(server, {"f20000", "f20001"})), "f20000 OFF, f20001 CODE_DEFAULT");
}

TEST_F(FlagServerTest, EnvironmentsHaveTheirNamesThere) {
  auto server = OwnFile("prod: {a: off}\nproduction: {a: on}\n");
  (*server.mutable_environments())["production"] = "prod";
  const v1::Observation observation = Ask(server);
  EXPECT_EQ(Flags(observation), "a OFF");
  EXPECT_EQ(observation.flag_states().environment(), "prod");
}

TEST_F(FlagServerTest, FilesThatCannotBeReadSaySo) {
  auto server = OwnFile("production: {a: Off}\n");
  EXPECT_THAT(Why(Ask(server)), AllOf(StartsWith("MALFORMED: "), HasSubstr("flags.yaml: line 1")));
  EXPECT_THAT(Why(Ask(server, {}, "staging")), StartsWith("MALFORMED: "));
  OwnFile("production: {a: off}\n");
  EXPECT_THAT(Why(Ask(server, {}, "staging")),
              AllOf(StartsWith("REJECTED: "), HasSubstr("no environment \"staging\"")));
  server.mutable_file()->set_path(folder_.File("none.yaml"));
  EXPECT_THAT(Why(Ask(server)), AllOf(StartsWith("UNREACHABLE: "), HasSubstr("none.yaml")));
  std::filesystem::resize_file(folder_.Write("flags.yaml", ""), (32 << 20) + 1);
  server.mutable_file()->set_path(folder_.File("flags.yaml"));
  EXPECT_THAT(Why(Ask(server)), StartsWith("TOO_LARGE: "));
  server.mutable_file()->clear_path();
  (*server.mutable_file()->mutable_paths())["development"] = folder_.File("flags.yaml");
  EXPECT_THAT(Why(Ask(server)), AllOf(StartsWith("NOT_CONFIGURED: "), HasSubstr("file.paths")));
}

TEST_F(FlagServerTest, AFlagdFileIsJsonOrYamlByItsName) {
  config::v1::FlagServer server;
  server.set_name("main");
  server.mutable_flagd_file()->set_path(folder_.Write(
      "flags.json",
      R"({"flags":{"f":{"state":"ENABLED","variants":{"x":false},"defaultVariant":"x"}}})"));
  EXPECT_EQ(Flags(Ask(server, {"f", "g"})), "f OFF, g CODE_DEFAULT");
  server.mutable_flagd_file()->set_path(folder_.Write(
      "flags.yaml", "flags: {f: {state: ENABLED, variants: {x: false}, defaultVariant: x}}"));
  EXPECT_EQ(Flags(Ask(server, {"f", "g"})), "f OFF, g CODE_DEFAULT");
  server.mutable_flagd_file()->set_path(folder_.Write("flags.json", "flags: {}"));
  EXPECT_THAT(Why(Ask(server)), AllOf(StartsWith("MALFORMED: "), HasSubstr("flags.json: line 1")));
}

TEST_F(FlagServerTest, UnleashIsAskedWithTheTokenOfTheEnvironment) {
  Recorder recorder({kUnleashOff});
  const RawHttpServer http(recorder.script());
  const v1::Observation observation = Ask(Unleash(http.url() + "/"), {"f"});
  EXPECT_EQ(Flags(observation), "f OFF");
  EXPECT_THAT(recorder.request(0),
              AllOf(StartsWith("GET /api/client/features HTTP/1.1\r\n"),
                    HasSubstr(absl::StrCat("\r\nAuthorization: ", kSecret, "\r\n"))));
  EXPECT_THAT(observation.ShortDebugString(), Not(HasSubstr(kSecret)));
  EXPECT_THAT(Why(Ask(Unleash(http.url()), {}, "staging")),
              AllOf(StartsWith("NOT_CONFIGURED: "), HasSubstr("unleash.token_files")));
}

TEST_F(FlagServerTest, ATokenThatCannotBeReadIsDenied) {
  auto server = Unleash("http://127.0.0.1:1");
  (*server.mutable_unleash()->mutable_token_files())["production"] = folder_.File("none");
  EXPECT_THAT(Why(Ask(server)), AllOf(StartsWith("DENIED: "), HasSubstr("cannot be read")));
}

struct Failure {
  const char* name;
  std::string response;
  const char* why;
  const char* words;
};

std::ostream& operator<<(std::ostream& out, const Failure& failure) { return out << failure.name; }

std::vector<Failure> Failures() {
  const auto response = [](int status, const std::string& body) {
    return RawHttpServer::Response(status, "application/json", body);
  };
  return {
      {"unauthorized", response(401, kUnleashOff), "DENIED", "HTTP 401: the token in "},
      {"forbidden", response(403, kUnleashOff), "DENIED", "HTTP 403"},
      {"not_found", response(404, kUnleashOff), "REJECTED", "at this address"},
      {"bad_request", response(400, kUnleashOff), "REJECTED", "HTTP 400"},
      {"too_often", response(429, kUnleashOff), "UNREACHABLE", "too often"},
      {"failed", response(503, kUnleashOff), "UNREACHABLE", "HTTP 503"},
      {"moved",
       "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: "
       "close\r\n\r\n",
       "MALFORMED", "redirects are not followed"},
      {"not_modified", "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n", "MALFORMED",
       "which was not asked"},
      {"no_content", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", "MALFORMED",
       "HTTP 204"},
      {"partial", response(206, kUnleashOff), "MALFORMED", "HTTP 206"},
      {"a_page", RawHttpServer::Response(200, "text/html; charset=utf-8", kUnleashOff), "MALFORMED",
       "a page of HTML"},
      {"cut_off", response(200, std::string(kUnleashOff).substr(0, 40)), "MALFORMED", "no end"},
      {"cut_off_on_the_way",
       absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", kUnleashOff), "UNREACHABLE",
       ""},
      {"another_environment",
       response(200, R"({"features":[],"query":{"environment":"development"}})"), "REJECTED",
       "of the environment \"development\""},
      {"no_http", "hello\n", "MALFORMED", ""},
      {"nothing", "", "UNREACHABLE", ""},
      {"too_large",
       absl::StrCat("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", std::string(34 << 20, ' ')),
       "TOO_LARGE", "more than 32 MiB"},
  };
}

class FlagServerFailure : public FlagServerTest, public ::testing::WithParamInterface<Failure> {};

TEST_P(FlagServerFailure, IsAnAbsenceThatSaysWhatToDoAndNoSecret) {
  const RawHttpServer http([](const std::string&, int connection) {
    RawHttpServer::Send(connection, GetParam().response);
  });
  const std::string why = Why(Ask(Unleash(http.url())));
  EXPECT_THAT(why, AllOf(StartsWith(absl::StrCat(GetParam().why, ": ")),
                         HasSubstr(GetParam().words), Not(HasSubstr(kSecret))));
}

INSTANTIATE_TEST_SUITE_P(Of, FlagServerFailure, ::testing::ValuesIn(Failures()),
                         [](const auto& info) { return info.param.name; });

TEST_F(FlagServerTest, ADeadServerIsUnreachable) {
  EXPECT_THAT(Why(Ask(Unleash(absl::StrCat("http://127.0.0.1:", FreePort())))),
              StartsWith("UNREACHABLE: "));
}

TEST_F(FlagServerTest, AServerThatHangsIsLeftAfterItsTimeout) {
  std::atomic<bool> asked = false;
  const RawHttpServer http([&](const std::string&, int connection) {
    asked = true;
    char byte;
    while (recv(connection, &byte, 1, 0) > 0) continue;
  });
  auto server = Unleash(http.url());
  *server.mutable_timeout() = ToProto(absl::Milliseconds(300));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(Why(Ask(server)), StartsWith("TIMEOUT: "));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_TRUE(asked);
  // The evaluation's own deadline counts as well.
  server.clear_timeout();
  EXPECT_THAT(Why(Ask(server, {}, "production", std::chrono::milliseconds(200))),
              StartsWith("TIMEOUT: "));
}

TEST_F(FlagServerTest, LaunchDarklyIsAskedPageByPage) {
  const auto page = [](const std::string& key, int total) {
    return absl::StrCat(
        R"({"items":[{"key":")", key,
        R"(","kind":"boolean","archived":false,"variations":[{"value":true},{"value":false}],)",
        R"("environments":{"prod":{"on":false,"offVariation":1}}}],"totalCount":)", total, "}");
  };
  config::v1::FlagServer server;
  server.set_name("main");
  server.mutable_launch_darkly()->set_project("shop/a b");
  server.mutable_launch_darkly()->set_token_file(folder_.File("token"));
  (*server.mutable_environments())["production"] = "prod";
  {
    Recorder recorder({page("f", 2), page("g", 2)});
    const RawHttpServer http(recorder.script());
    server.mutable_launch_darkly()->set_url(http.url());
    EXPECT_EQ(Flags(Ask(server, {"f", "g", "h"})), "f OFF, g OFF, h UNKNOWN");
    EXPECT_THAT(recorder.request(0),
                AllOf(StartsWith("GET /api/v2/flags/shop%2fa%20b?env=prod&summary=0"),
                      HasSubstr("&offset=0 HTTP"), HasSubstr("\r\nLD-API-Version: 20220603\r\n"),
                      HasSubstr(absl::StrCat("\r\nAuthorization: ", kSecret, "\r\n"))));
    EXPECT_THAT(recorder.request(1), HasSubstr("&offset=1 HTTP"));
  }
  {
    Recorder recorder({page("f", 1)});
    const RawHttpServer http(recorder.script());
    server.mutable_launch_darkly()->set_url(http.url());
    EXPECT_EQ(Flags(Ask(server, {"f", "h"})), "f OFF, h CODE_DEFAULT");
  }
  {
    Recorder recorder({page("f", 3), page("g", 2)});
    const RawHttpServer http(recorder.script());
    server.mutable_launch_darkly()->set_url(http.url());
    EXPECT_THAT(Why(Ask(server)), AllOf(StartsWith("MALFORMED: "), HasSubstr("there are 3")));
  }
  {
    Recorder recorder({page("f", 2), R"({"items":[],"totalCount":2})"});
    const RawHttpServer http(recorder.script());
    server.mutable_launch_darkly()->set_url(http.url());
    EXPECT_THAT(Why(Ask(server)), StartsWith("MALFORMED: 1 flags came, of 2"));
  }
}

TEST_F(FlagServerTest, FlagsmithIsAskedForThePlaceAndThenForTheFlags) {
  Recorder recorder(
      {R"({"id":3,"project":7,"hide_disabled_flags":null})",
       R"({"hide_disabled_flags":false,"use_edge_identities":false})",
       R"({"count":1,"next":"http://elsewhere/","results":[{"name":"f","type":"STANDARD",)"
       R"("multivariate_options":[],"num_segment_overrides":0,"num_identity_overrides":null,)"
       R"("environment_feature_state":{"enabled":false,"environment":3,"feature_state_value":null}}]})"});
  const RawHttpServer http(recorder.script());
  config::v1::FlagServer server;
  server.set_name("main");
  server.mutable_flagsmith()->set_url(http.url());
  server.mutable_flagsmith()->set_project(7);
  server.mutable_flagsmith()->set_token_file(folder_.File("token"));
  (*server.mutable_flagsmith()->mutable_environment_keys())["production"] = "k3y";
  EXPECT_EQ(Flags(Ask(server, {"f", "g"})), "f OFF, g CODE_DEFAULT");
  EXPECT_THAT(recorder.request(0),
              AllOf(StartsWith("GET /api/v1/environments/k3y/ HTTP"),
                    HasSubstr(absl::StrCat("\r\nAuthorization: Api-Key ", kSecret, "\r\n"))));
  EXPECT_THAT(recorder.request(1), StartsWith("GET /api/v1/projects/7/ HTTP"));
  EXPECT_THAT(recorder.request(2),
              AllOf(StartsWith("GET /api/v1/projects/7/features/?environment=3"),
                    HasSubstr("&page=1 HTTP")));
  EXPECT_EQ(http.requests(), 3);
  EXPECT_THAT(Why(Ask(server, {}, "staging")),
              AllOf(StartsWith("NOT_CONFIGURED: "), HasSubstr("flagsmith.environment_keys")));
}

TEST_F(FlagServerTest, OfrepIsAskedForOneContextAndItsETagIsKept) {
  std::string asked;
  const RawHttpServer http([&](const std::string& request, int connection) {
    asked = request;
    const std::string body = R"({"flags":[{"key":"f","reason":"STATIC","value":false}]})";
    RawHttpServer::Send(connection,
                        absl::StrCat("HTTP/1.1 200 OK\r\neTag: \"r7\"\r\nContent-Type: "
                                     "application/json\r\nContent-Length: ",
                                     body.size(), "\r\nConnection: close\r\n\r\n", body));
  });
  config::v1::FlagServer server;
  server.set_name("main");
  (*server.mutable_ofrep()->mutable_urls())["production"] = http.url();
  const v1::Observation observation = Ask(server, {"f", "g"});
  EXPECT_EQ(Flags(observation), "f OFF, g UNKNOWN");
  EXPECT_THAT(observation.flag_states().revision(), StartsWith("\"r7\" "));
  EXPECT_THAT(asked, AllOf(StartsWith("POST /ofrep/v1/evaluate/flags HTTP"),
                           HasSubstr("\r\nContent-Type: application/json\r\n"),
                           HasSubstr("\"targetingKey\""), Not(HasSubstr("If-None-Match")),
                           Not(HasSubstr("Authorization"))));
  server.mutable_ofrep()->set_token_file(folder_.File("token"));
  Ask(server);
  EXPECT_THAT(asked, HasSubstr(absl::StrCat("\r\nAuthorization: Bearer ", kSecret, "\r\n")));
  EXPECT_THAT(Why(Ask(server, {}, "staging")),
              AllOf(StartsWith("NOT_CONFIGURED: "), HasSubstr("ofrep.urls")));
}

}  // namespace
}  // namespace gate
