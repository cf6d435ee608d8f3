// Flag servers in the configuration.
#include <string>
#include <vector>

#include "gate/config/config.h"
#include "gmock/gmock.h"
#include "tests/policy/folder.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FlagServersConfigTest : public ::testing::Test {
 protected:
  FlagServersConfigTest() {
    folder_.Write("policy.yaml", "title: x\n");
    folder_.Write("token", "x");
    folder_.Write("ca.pem", "x");
    folder_.Write("flags.json", "{}");
    folder_.Write("flags.txt", "{}");
    folder_.Write("empty", "");
  }
  // The issues, from the line of the first server on, which is 1.
  std::vector<std::string> Load(const std::string& servers) {
    config_.Clear();
    const std::string text =
        "grpc: {address: \"127.0.0.1:0\"}\nstore: {url: \"sqlite:/gate.db\"}\n"
        "policy: policy.yaml\nflag_servers:\n" +
        servers;
    std::vector<std::string> said;
    for (FileIssue issue : LoadConfig(folder_.Write("gate.yaml", text), config_)) {
      issue.line -= 4;
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

TEST_F(FlagServersConfigTest, OneOfEachKind) {
  ASSERT_THAT(
      Load("  - name: unleash\n"
           "    unleash: {url: \"https://u\", token_files: {production: token}}\n"
           "    ca_file: ca.pem\n"
           "    timeout: 2s\n"
           "    environments: {production: prod}\n"
           "  - {name: flagd, flagd_file: {path: flags.json}}\n"
           "  - {name: file, file: {paths: {production: flags.txt}}}\n"
           "  - {name: ofrep, ofrep: {urls: {production: \"http://flagd:8016\"}, token_file: "
           "token}}\n"
           "  - {name: ld, launch_darkly: {project: shop-1, token_file: token}}\n"
           "  - name: flagsmith\n"
           "    flagsmith: {project: 7, token_file: token, environment_keys: {production: k}}\n"),
      IsEmpty());
  EXPECT_EQ(config_.flag_servers(0).unleash().token_files().at("production"),
            folder_.File("token"));
  EXPECT_EQ(config_.flag_servers(0).ca_file(), folder_.File("ca.pem"));
  EXPECT_EQ(config_.flag_servers(0).timeout().seconds(), 2);
  EXPECT_EQ(config_.flag_servers(1).flagd_file().path(), folder_.File("flags.json"));
  EXPECT_EQ(config_.flag_servers(1).timeout().seconds(), 5);
  EXPECT_EQ(config_.flag_servers(2).file().paths().at("production"), folder_.File("flags.txt"));
  EXPECT_EQ(config_.flag_servers(3).ofrep().token_file(), folder_.File("token"));
  EXPECT_EQ(config_.flag_servers(4).launch_darkly().token_file(), folder_.File("token"));
  EXPECT_EQ(config_.flag_servers(5).flagsmith().token_file(), folder_.File("token"));
}

TEST_F(FlagServersConfigTest, NamesAndKinds) {
  EXPECT_THAT(
      Load("  - {file: {path: flags.txt}}\n"
           "  - {name: a, file: {path: flags.txt}, timeout: 10ms}\n"
           "  - {name: a, file: {path: flags.txt}, environments: {production: \"\"}}\n"
           "  - {name: b}\n"),
      ElementsAre("1:5: \"name\" is required: policies name the server by it",
                  "2:49: 10ms is out of range: 100ms to 1m",
                  "3:12: the name \"a\" is taken by flag_servers[1]", "3:67: a name is required",
                  "4:5: it has to say what it is: unleash, flagd_file, file, ofrep, launch_darkly "
                  "or flagsmith"));
}

TEST_F(FlagServersConfigTest, ServersThatCannotBeAsked) {
  EXPECT_THAT(
      Load("  - {name: a, unleash: {}}\n"
           "  - {name: b, unleash: {url: \"https://x:y@u\", token_files: {production: none}}}\n"
           "  - name: c\n"
           "    unleash: {url: u, token_files: {production: empty}}\n"
           "    environments: {staging: test}\n"
           "    ca_file: none.pem\n"
           "  - {name: d, ofrep: {urls: {production: \"http://f/?q\"}, token_file: none}}\n"
           "  - {name: e, launch_darkly: {url: x, project: \"a/b\"}}\n"
           "  - {name: f, launch_darkly: {token_file: token}}\n"
           "  - {name: g, flagsmith: {environment_keys: {production: \"\"}}}\n"),
      ElementsAre("1:15: \"token_files\" is required, with an entry for each environment",
                  "1:15: \"url\" is required: \"https://unleash.example.com\"",
                  "2:30: a URL holds no user and password; write \"token_file\"",
                  "2:73: \"DIR/none\" cannot be read: No such file or directory",
                  "4:20: \"u\" is no base URL; write it as \"https://unleash.example.com\"",
                  "4:49: \"DIR/empty\" is empty",
                  "5:29: there is no such environment in \"unleash.token_files\"; both have the "
                  "names that changes give",
                  "6:14: \"DIR/none.pem\" cannot be read: No such file or directory",
                  "7:42: \"http://f/?q\" is no base URL: no blank, query or fragment",
                  "7:70: \"DIR/none\" cannot be read: No such file or directory",
                  "8:15: \"token_file\" is required: a file with an access token that may read",
                  "8:36: \"x\" is no base URL; write it as \"https://app.launchdarkly.com\"",
                  "8:48: \"a/b\" is no key of a project",
                  "9:15: \"project\" is required: the key of the project",
                  "10:15: \"project\" is required: the number of the project",
                  "10:15: \"token_file\" is required: a file with an API key of the organisation",
                  "10:58: a key is required"));
}

TEST_F(FlagServersConfigTest, FilesThatCannotBeRead) {
  EXPECT_THAT(
      Load("  - {name: a, file: {}}\n"
           "  - {name: b, flagd_file: {path: flags.json, paths: {production: flags.json}}}\n"
           "  - {name: c, flagd_file: {path: flags.txt}}\n"
           "  - {name: d, file: {paths: {production: none}}, environments: {staging: x}}\n"
           "  - {name: e, file: {path: flags.txt}, ca_file: ca.pem}\n"),
      ElementsAre("1:15: \"path\" is required, or \"paths\" by environment",
                  "2:15: \"path\" contradicts \"paths\"; leave one of them out",
                  "3:34: \"DIR/flags.txt\" does not end in .json, .yaml or .yml",
                  "4:42: \"DIR/none\" cannot be read: No such file or directory",
                  "4:74: there is no such environment in \"file.paths\"; both have the names that "
                  "changes give",
                  "5:49: is for a server; this is a file"));
}

}  // namespace
}  // namespace gate
