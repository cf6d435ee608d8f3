#include "gate/config/config.h"

#include "gate/config/address.h"
#include "gmock/gmock.h"
#include "tests/policy/folder.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    folder_.Write("policy.yaml", "title: x\n");
    folder_.Write("tls/cert.pem", "x");
    folder_.Write("tls/key.pem", "x");
    folder_.Write("empty", "");
    folder_.Write("tokens.yaml", "tokens: []\n");
  }
  std::vector<std::string> Load(const std::string& text) {
    config_.Clear();
    std::vector<std::string> said;
    for (const FileIssue& issue : LoadConfig(folder_.Write("gate.yaml", text), config_)) {
      std::string line = issue.ToString().substr(folder_.File("gate.yaml").size() + 1);
      if (const size_t at = line.find(folder_.File("")); at != std::string::npos) {
        line.replace(at, folder_.File("").size(), "DIR/");
      }
      said.push_back(line);
    }
    return said;
  }

  const Folder folder_;
  config::v1::Config config_;
};

constexpr char kLeast[] =
    "grpc: {address: \"127.0.0.1:0\"}\n"
    "store: {url: \"sqlite:/var/lib/gate/gate.db\"}\n"
    "policy: policy.yaml\n";

TEST_F(ConfigTest, LeastConfigurationHasDefaults) {
  ASSERT_THAT(Load(kLeast), IsEmpty());
  EXPECT_EQ(config_.policy(), folder_.File("policy.yaml"));
  EXPECT_EQ(config_.drain_timeout().seconds(), 20);
  EXPECT_EQ(config_.limits().max_message_bytes(), 32 << 20);
  EXPECT_EQ(config_.limits().max_evaluations(), 1024);
  EXPECT_EQ(config_.limits().evaluation_threads(), 32);
  EXPECT_EQ(config_.limits().max_streams_per_connection(), 256);
  EXPECT_EQ(config_.limits().max_grpc_memory_bytes(), 256 << 20);
  EXPECT_EQ(config_.limits().max_http_connections(), 64);
  EXPECT_EQ(config_.store().write_connections(), 2);
  EXPECT_FALSE(config_.has_http());
  EXPECT_FALSE(config_.has_monitoring());
}

TEST_F(ConfigTest, WholeConfiguration) {
  ASSERT_THAT(
      Load("grpc:\n"
           "  address: \"0.0.0.0:8443\"\n"
           "  tls: {certificate_file: tls/cert.pem, private_key_file: tls/key.pem}\n"
           "http: {address: \"[::1]:8080\"}\n"
           "monitoring: {address: \"0.0.0.0:9090\", allow_plaintext_from_other_hosts: true}\n"
           "store: {url: \"postgresql://gate@db/gate\", write_connections: 4}\n"
           "policy: policy.yaml\n"
           "metrics_servers:\n"
           "  - {name: main, url: \"https://prometheus:9090\", timeout: 2s}\n"
           "limits: {evaluation_threads: 8}\n"
           "identity: {tokens_file: tokens.yaml}\n"
           "drain_timeout: 30s\n"),
      IsEmpty());
  EXPECT_EQ(config_.grpc().tls().certificate_file(), folder_.File("tls/cert.pem"));
  EXPECT_EQ(config_.identity().tokens_file(), folder_.File("tokens.yaml"));
  EXPECT_EQ(config_.metrics_servers(0).timeout().seconds(), 2);
  EXPECT_EQ(config_.metrics_servers(0).max_in_flight(), 8);
  EXPECT_EQ(config_.limits().evaluation_threads(), 8);
}

TEST_F(ConfigTest, EmptyConfigurationSaysWhatIsRequired) {
  EXPECT_THAT(Load("{}"),
              ElementsAre("1:1: \"grpc\" is required: grpc: {address: \"127.0.0.1:8443\"}",
                          "1:1: \"policy\" is required: the path of the policy file",
                          "1:1: \"store.url\" is required: \"sqlite:/var/lib/gate/gate.db\" or "
                          "\"postgresql://gate@database/gate\""));
}

TEST_F(ConfigTest, RetentionAndReplica) {
  const std::string start =
      "grpc: {address: \"127.0.0.1:1\"}\npolicy: policy.yaml\nstore:\n  url: ";
  const std::string postgres = start + "\"postgresql://db/gate\"\n";
  EXPECT_THAT(Load(postgres + "  read_replica: \"postgresql://standby/gate\"\n"
                              "  retention: {verdicts: 52596h, audit: 52596h}\n"),
              IsEmpty());
  EXPECT_EQ(config_.store().retention().verdicts().seconds(), 52596 * 3600);
  EXPECT_THAT(Load(postgres + "  retention: {verdicts: 2159h}\n"), ElementsAre(HasSubstr("2159h")));
  // The log stays as long as what it speaks of.
  for (const std::string retention : {"{audit: 52596h}", "{verdicts: 52596h, audit: 52595h}"}) {
    EXPECT_THAT(Load(postgres + "  retention: " + retention + "\n"),
                ElementsAre(HasSubstr("shorter than store.retention.verdicts")));
  }
  EXPECT_THAT(Load(postgres + "  read_replica: standby\n"),
              ElementsAre(HasSubstr("write \"postgresql://")));
  EXPECT_THAT(Load(start + "\"sqlite:/gate.db\"\n  read_replica: \"postgresql://standby/gate\"\n"),
              ElementsAre(HasSubstr("SQLite has none")));
}

TEST_F(ConfigTest, EveryIssueAtItsPlace) {
  EXPECT_THAT(
      Load("grpc: {address: \"0.0.0.0:8443\"}\n"
           "http: {address: \"0.0.0.0:8080\", tls: {certificate_file: none.pem, client_ca_file: "
           "empty}, allow_plaintext_from_other_hosts: true}\n"
           "monitoring: {address: \"localhost\"}\n"
           "store: {url: \"mysql://user:secret@db\", write_connections: 17}\n"
           "policy: nowhere.yaml\n"
           "metrics_servers:\n"
           "  - {name: main, url: prometheus:9090}\n"
           "  - {name: main, url: \"http://p:9090/?x\", max_in_flight: 1000}\n"
           "  - {url: \"http://\", timeout: 2m, bearer_token_file: tls}\n"
           "limits: {max_message_bytes: 10, evaluation_threads: -1}\n"
           "drain_timeout: 11m\n"
           "identity: {tokens_file: tokens.yaml}\n"),
      ElementsAre(
          "1:17: other hosts can reach \"0.0.0.0:8443\", and all would be sent in plain text; give "
          "\"tls\", or a loopback address, or say \"allow_plaintext_from_other_hosts: true\"",
          "2:33: \"private_key_file\" is required: the PEM private key",
          "2:57: \"DIR/none.pem\" cannot be read: No such file or directory",
          "2:83: \"DIR/empty\" is empty", "2:125: contradicts \"tls\"; leave one of them out",
          "3:23: \"localhost\" is no address; write it as \"127.0.0.1:8443\", \"[::1]:8443\" or "
          "\"unix:/run/gate.sock\"",
          "4:14: unknown kind of store \"mysql\"; write \"sqlite:/var/lib/gate/gate.db\" or "
          "\"postgresql://gate@database/gate\"",
          "4:59: 17 is out of range: 1 to 16",
          "5:9: \"DIR/nowhere.yaml\" cannot be read: No such file or directory",
          "7:23: \"prometheus:9090\" is no base URL; write it as \"http://prometheus:9090\"",
          "8:12: the name \"main\" is taken by metrics_servers[0]",
          "8:23: \"http://p:9090/?x\" is no base URL: no blank, query or fragment",
          "8:58: 1000 is out of range: 1 to 256",
          "9:5: \"name\" is required: policies name the server by it",
          "9:11: \"http://\" is no base URL; write it as \"http://prometheus:9090\"",
          "9:31: 2m is out of range: 10ms to 1m", "9:54: \"DIR/tls\" is not a regular file",
          "10:29: 10 is out of range: 65536 to 1073741824", "10:53: -1 is out of range: 1 to 1024",
          "11:16: 11m is out of range: 1s to 10m"));
}

// Listeners, then what is said of them, as a part of the one message; "" is a good configuration.
TEST_F(ConfigTest, WhoeverCanReachTheGateIsAskedWhoTheyAre) {
  constexpr char kRest[] =
      "store: {url: \"sqlite:/var/lib/gate/gate.db\"}\n"
      "policy: policy.yaml\n";
  const std::string open = "grpc: {address: \"127.0.0.1:8443\"}\n";
  const std::string unix_socket = "grpc: {address: \"unix:/run/gate.sock\"}\n";
  const std::string far =
      "grpc: {address: \"0.0.0.0:8443\", allow_plaintext_from_other_hosts: true}\n";
  const std::string tls = "certificate_file: tls/cert.pem, private_key_file: tls/key.pem";
  const std::string mutual =
      "grpc: {address: \"0.0.0.0:8443\", tls: {" + tls + ", client_ca_file: tls/cert.pem}}\n";
  const std::string optional = "grpc: {address: \"0.0.0.0:8443\", tls: {" + tls +
                               ", client_ca_file: tls/cert.pem, client_certificate_optional: "
                               "true}}\n";
  const std::string pointless = "grpc: {address: \"127.0.0.1:8443\", tls: {" + tls +
                                ", client_certificate_optional: true}}\n";
  const std::string near_http = "http: {address: \"127.0.0.1:8080\"}\n";
  const std::string far_http =
      "http: {address: \"10.0.0.1:8080\", allow_plaintext_from_other_hosts: true}\n";
  const std::string tokens = "identity: {tokens_file: tokens.yaml}\n";
  struct Case {
    std::string text;
    std::string says;
  };
  for (const Case& c : {
           Case{open, ""},
           Case{unix_socket, ""},
           Case{open + "identity: {open: true}\n", ""},
           Case{open + near_http + tokens, ""},
           Case{far + tokens, ""},
           Case{mutual + "identity: {}\n", ""},
           Case{mutual + near_http + tokens, ""},
           Case{optional + tokens, ""},
           Case{far, "nobody would be asked who they are"},
           Case{open + far_http, "other hosts can reach http (10.0.0.1:8080)"},
           Case{mutual, "nobody would be asked who they are"},
           Case{far + "identity: {open: true}\n", "nobody would be asked who they are"},
           Case{open + "identity: {}\n", "nobody could say who they are on grpc"},
           Case{mutual + near_http + "identity: {}\n", "nobody could say who they are on http"},
           Case{optional + "identity: {}\n", "whoever shows no certificate needs a token"},
           Case{pointless, "means nothing without \"client_ca_file\""},
           Case{open + "identity: {open: true, tokens_file: tokens.yaml}\n",
                "contradicts \"open\""},
           Case{open + "identity: {tokens_file: nowhere.yaml}\n", "cannot be read"},
       }) {
    const auto said = Load(c.text + kRest);
    if (c.says.empty()) {
      EXPECT_THAT(said, IsEmpty()) << c.text;
    } else {
      EXPECT_THAT(said, ElementsAre(::testing::HasSubstr(c.says))) << c.text;
    }
  }
}

TEST_F(ConfigTest, HowMuchOfQaIsKept) {
  constexpr char kHead[] =
      "grpc: {address: \"127.0.0.1:8443\"}\n"
      "store: {url: \"sqlite:/gate.db\"}\n"
      "policy: policy.yaml\n";
  EXPECT_THAT(Load(kHead), IsEmpty());
  EXPECT_EQ(config_.qa_results().retention().seconds(), 400 * 24 * 3600);
  EXPECT_EQ(config_.qa_results().max_builds(), 100'000);
  EXPECT_EQ(config_.qa_results().max_runs_per_build(), 1000);
  EXPECT_THAT(Load(std::string(kHead) + "qa_results: {retention: 90d, max_builds: 7}\n"),
              IsEmpty());
  EXPECT_EQ(config_.qa_results().retention().seconds(), 90 * 24 * 3600);
  EXPECT_EQ(config_.qa_results().max_builds(), 7);
  EXPECT_THAT(Load(std::string(kHead) +
                   "qa_results: {retention: 1h, max_builds: -1, max_runs_per_build: 100001}\n"),
              ElementsAre(testing::HasSubstr("1h is out of range: 24h to "),
                          testing::HasSubstr("-1 is out of range: 1 to 10000000"),
                          testing::HasSubstr("100001 is out of range: 1 to 100000")));
}

TEST_F(ConfigTest, MetricsWithoutAServer) {
  constexpr char kHead[] =
      "grpc: {address: \"127.0.0.1:8443\"}\n"
      "store: {url: \"sqlite:/gate.db\"}\n"
      "policy: policy.yaml\n";
  EXPECT_THAT(Load(kHead), IsEmpty());
  EXPECT_EQ(config_.reported_metrics().retention().seconds(), 14 * 24 * 3600);
  EXPECT_EQ(config_.reported_metrics().max_series(), 10'000);
  EXPECT_THAT(Load(std::string(kHead) + "reported_metrics: {retention: 2h, max_series: 7}\n"
                                        "metrics_files: [{name: recorded, folder: tls}]\n"),
              IsEmpty());
  EXPECT_EQ(config_.reported_metrics().retention().seconds(), 7200);
  EXPECT_EQ(config_.reported_metrics().max_series(), 7);
  EXPECT_EQ(config_.metrics_files(0).folder(), folder_.File("tls"));
  EXPECT_THAT(
      Load(std::string(kHead) + "reported_metrics: {retention: 1m, max_points_per_series: -1}\n"
                                "metrics_servers: [{name: reported, url: \"http://a\"}]\n"
                                "metrics_files:\n"
                                "  - {name: reported, folder: tls}\n"
                                "  - {name: one, folder: nowhere}\n"
                                "  - {name: one}\n"),
      ElementsAre("4:31: 1m is out of range: 1h to 2160h",
                  "4:58: -1 is out of range: 1 to 10000000",
                  "5:26: \"reported\" is the name of metrics that are reported to the gate",
                  "7:12: the name \"reported\" is taken by what is reported",
                  "8:25: \"DIR/nowhere\" is no folder",
                  "9:5: \"folder\" is required: where the files *.om are",
                  "9:12: the name \"one\" is taken by metrics_files[1]"));
}

TEST_F(ConfigTest, Repositories) {
  folder_.Write("shop.git/objects/x", "x");
  folder_.Write("pay/.git/HEAD", "x");
  const std::string head = std::string(kLeast) + "repositories:\n";
  EXPECT_THAT(Load(head + "  - {name: shop, folder: shop.git, address: github.com/example/shop}\n"
                          "  - {name: pay, folder: pay, timeout: 10s}\n"),
              IsEmpty());
  EXPECT_EQ(config_.repositories(0).folder(), folder_.File("shop.git"));
  EXPECT_EQ(config_.repositories(0).timeout().seconds(), 60);
  EXPECT_EQ(config_.repositories(1).timeout().seconds(), 10);
  EXPECT_THAT(Load(head + "  - {folder: nowhere, address: a}\n"
                          "  - {name: one, timeout: 2m, address: a}\n"
                          "  - {name: one, folder: tls}\n"),
              ElementsAre("5:5: \"name\" is required: policies name the repository by it",
                          "5:14: \"DIR/nowhere\" is no folder",
                          "6:5: \"folder\" is required: where the repository is on this machine",
                          "6:26: 2m is out of range: 1s to 1m",
                          "6:39: is the address of repositories[0] as well: a change could not "
                          "tell them apart",
                          "7:12: the name \"one\" is taken by repositories[1]",
                          "7:25: \"DIR/tls\" is no git repository: git clone --mirror ADDRESS "
                          "makes one"));
}

TEST_F(ConfigTest, MetricsServersWithCredentials) {
  folder_.Write("password", "x");
  EXPECT_THAT(Load("grpc: {address: \"127.0.0.1:8443\"}\n"
                   "store: {url: \"sqlite:/gate.db\"}\n"
                   "policy: policy.yaml\n"
                   "metrics_servers:\n"
                   "  - name: main\n"
                   "    urls: [\"https://a:9090\", \"https://b:9090\"]\n"
                   "    basic_auth: {user: gate, password_file: password}\n"
                   "    client_certificate_file: tls/cert.pem\n"
                   "    client_private_key_file: tls/key.pem\n"
                   "    headers: {X-Scope-OrgID: shop}\n"),
              IsEmpty());
  const config::v1::MetricsServer& server = config_.metrics_servers(0);
  EXPECT_EQ(server.basic_auth().password_file(), folder_.File("password"));
  EXPECT_EQ(server.client_private_key_file(), folder_.File("tls/key.pem"));
  EXPECT_EQ(server.headers().at("X-Scope-OrgID"), "shop");
}

TEST_F(ConfigTest, MetricsServersThatCannotBeAsked) {
  EXPECT_THAT(
      Load("grpc: {address: \"127.0.0.1:8443\"}\n"
           "store: {url: \"sqlite:/gate.db\"}\n"
           "policy: policy.yaml\n"
           "metrics_servers:\n"
           "  - name: a\n"
           "    url: \"http://a\"\n"
           "    urls: [\"http://b\", \"http://b\", c]\n"
           "  - name: b\n"
           "    url: \"http://user:secret@b\"\n"
           "    bearer_token_file: policy.yaml\n"
           "    basic_auth: {user: \"a:b\"}\n"
           "    client_certificate_file: tls/cert.pem\n"
           "  - name: c\n"
           "    url: \"http://c\"\n"
           "    basic_auth: {password_file: none}\n"
           "    client_private_key_file: tls/key.pem\n"
           "    headers: {\"X Y\": a, X-Z: \"a\\nb\", authorization: secret, Host: h}\n"),
      ElementsAre(
          "6:10: contradicts \"urls\"; leave one of them out", "7:24: is urls[0] again",
          "7:36: \"c\" is no base URL; write it as \"http://prometheus:9090\"",
          "9:10: a URL holds no user and password; write \"basic_auth\"",
          "11:5: \"password_file\" is required",
          "11:5: contradicts \"bearer_token_file\"; leave one of them out",
          "11:24: a user's name has no colon", "12:30: needs \"client_private_key_file\" as well",
          "15:5: \"user\" is required",
          "15:33: \"DIR/none\" cannot be read: No such file or directory",
          "16:30: needs \"client_certificate_file\" as well",
          "17:22: the name of a header has letters, digits and hyphens",
          "17:30: the value of a header is a text of one line",
          "17:53: write \"bearer_token_file\" or \"basic_auth\", which keep secrets out of here",
          "17:67: is a header of our own"));
}

TEST_F(ConfigTest, ListenersDoNotShareAnAddress) {
  EXPECT_THAT(Load("grpc: {address: \"127.0.0.1:8443\"}\n"
                   "http: {address: \"127.0.0.1:8443\"}\n"
                   "store: {url: \"sqlite:gate.db\"}\n"
                   "policy: policy.yaml\n"),
              ElementsAre("2:17: \"127.0.0.1:8443\" is the address of grpc as well; give each a "
                          "port of its own",
                          "3:14: the path of the database is absolute: "
                          "\"sqlite:/var/lib/gate/gate.db\""));
}

TEST_F(ConfigTest, MissingFile) {
  const std::vector<FileIssue> issues = LoadConfig(folder_.File("none.yaml"), config_);
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues[0].message, "cannot be read: No such file or directory");
}

TEST(AddressTest, KnowsWhoCanReachIt) {
  for (const char* address :
       {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/run/x"}) {
    EXPECT_EQ(AddressProblem(address), "") << address;
    EXPECT_TRUE(IsLocalAddress(address)) << address;
  }
  for (const char* address : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "gate.example:1", "128.0.0.1:1",
                              "localhost.example:1", "127.0.0.1.example:1"}) {
    EXPECT_EQ(AddressProblem(address), "") << address;
    EXPECT_FALSE(IsLocalAddress(address)) << address;
  }
  for (const char* address :
       {"", ":1", "1", "::1:1", "localhost:", "localhost:65536", "localhost:http", "[::g]:1",
        "a b:1", "unix:run/x", "localhost:-1", "localhost:+1"}) {
    EXPECT_NE(AddressProblem(address), "") << address;
  }
}

}  // namespace
}  // namespace gate
