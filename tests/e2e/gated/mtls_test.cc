// A gate that speaks to those alone whom its certificate authority vouches for.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/running_gate.h"

namespace gate {
namespace {

using testing::HasSubstr;

// An authority, and certificates of it for the gate and for a client, made with openssl.
class Authority {
 public:
  Authority() {
    Make(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key"
        " -out ca.pem -addext basicConstraints=critical,CA:TRUE");
    Issue("server", "subjectAltName=IP:127.0.0.1");
    Issue("client", "subjectAltName=URI:spiffe://example.com/pipeline");
  }
  std::string File(const std::string& name) const { return folder_.File(name); }

 private:
  void Issue(const std::string& name, const std::string& extension) {
    folder_.Write(name + ".ext", extension + "\n");
    Make("openssl req -newkey rsa:2048 -nodes -subj /CN=" + name + " -keyout " + name +
         ".key -out " + name + ".csr");
    Make("openssl x509 -req -days 2 -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial" +
         " -out " + name + ".pem -extfile " + name + ".ext");
  }
  void Make(const std::string& command) {
    const RunResult run =
        RunProgram({.arguments = {"sh", "-c", command}, .folder = folder_.path()});
    EXPECT_EQ(run.exit, 0) << command << "\n" << run.output;
  }

  const TempFolder folder_;
};

TEST(MutualTls, GatectlWithACertificateIsAnsweredAndWithoutIsNot) {
  const Authority authority;
  RunningGate gate(
      {.policy = ReadFile("e2e/gated/open_policy.yaml"),
       .grpc_options = "  tls:\n    certificate_file: " + authority.File("server.pem") +
                       "\n    private_key_file: " + authority.File("server.key") +
                       "\n    client_ca_file: " + authority.File("ca.pem") + "\n"});
  const std::vector<std::string> check = {
      "check", "payments", "--env", "production", "--tls", "--ca-file", authority.File("ca.pem")};
  std::vector<std::string> with_certificate = check;
  with_certificate.insert(with_certificate.end(), {"--cert-file", authority.File("client.pem"),
                                                   "--key-file", authority.File("client.key")});
  const RunResult known = RunGatectl(gate, with_certificate, gate.folder());
  EXPECT_EQ(known.exit, 0) << known.output << gate.Log();
  EXPECT_THAT(known.output, HasSubstr("ALLOW"));

  std::vector<std::string> unknown = check;
  unknown.insert(unknown.end(), {"--timeout", "2s"});
  const RunResult refused = RunGatectl(gate, unknown, gate.folder());
  EXPECT_EQ(refused.exit, 3) << refused.output;

  const RunResult plain = RunGatectl(
      gate, {"check", "payments", "--env", "production", "--timeout", "2s"}, gate.folder());
  EXPECT_EQ(plain.exit, 3) << "plain text to a TLS port: " << plain.output;
}

}  // namespace
}  // namespace gate
