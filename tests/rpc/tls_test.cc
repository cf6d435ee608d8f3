// TLS: who is let in, that certificates rotate, and what wrong files are told.
#include "gate/listen/tls.h"

#include <fstream>
#include <string>

#include "tests/fakes/certificates.h"
#include "tests/rpc/rpc_fixture.h"

namespace gate {
namespace {

using testing::HasSubstr;

class TlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    authority_ = new TestAuthority();
    authority_->Issue("client", 7);
  }
  static void TearDownTestSuite() { delete authority_; }

  void SetUp() override { authority_->Issue("server", 0x11); }

  static config::v1::Listener Listener(bool mutual) {
    config::v1::Listener listener;
    listener.set_address("127.0.0.1:0");
    listener.mutable_tls()->set_certificate_file(authority_->File("server.pem"));
    listener.mutable_tls()->set_private_key_file(authority_->File("server.key"));
    if (mutual) listener.mutable_tls()->set_client_ca_file(authority_->ca_file());
    return listener;
  }
  void Serve(bool mutual) {
    auto server = RpcServer::Start(gate_.api, Listener(mutual), StandardLimits());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::string HealthOver(const grpc::SslCredentialsOptions& options) const {
    return Health(grpc::CreateCustomChannel(server_->address(), grpc::SslCredentials(options), {}));
  }
  static grpc::SslCredentialsOptions Trusting() {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = ReadFile(authority_->ca_file());
    return options;
  }
  static grpc::SslCredentialsOptions Presenting(const TestAuthority& authority) {
    grpc::SslCredentialsOptions options = Trusting();
    options.pem_private_key = ReadFile(authority.File("client.key"));
    options.pem_cert_chain = ReadFile(authority.File("client.pem"));
    return options;
  }

  static inline TestAuthority* authority_ = nullptr;
  TestGate gate_;
  std::unique_ptr<RpcServer> server_;
};

TEST_F(TlsTest, AClientThatTrustsTheAuthorityIsServed) {
  Serve(/*mutual=*/false);
  EXPECT_EQ(HealthOver(Trusting()), "SERVING");
  EXPECT_NE(Health(grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials())),
            "SERVING");
}

TEST_F(TlsTest, WithAClientAuthorityAClientNeedsItsCertificate) {
  Serve(/*mutual=*/true);
  EXPECT_EQ(HealthOver(Presenting(*authority_)), "SERVING");
  EXPECT_NE(HealthOver(Trusting()), "SERVING");
  TestAuthority stranger("stranger");
  stranger.Issue("client", 8);
  EXPECT_NE(HealthOver(Presenting(stranger)), "SERVING");
}

TEST_F(TlsTest, ACertificateThatWasReplacedIsServedSoon) {
  Serve(/*mutual=*/false);
  ASSERT_EQ(ServedSerial(server_->address(), "-alpn h2"), "11");
  const auto before =
      grpc::CreateCustomChannel(server_->address(), grpc::SslCredentials(Trusting()), {});
  ASSERT_EQ(Health(before), "SERVING");
  authority_->Issue("server", 0x22);
  EXPECT_TRUE(Eventually([&] { return ServedSerial(server_->address(), "-alpn h2") == "22"; }));
  EXPECT_EQ(HealthOver(Trusting()), "SERVING");
  EXPECT_EQ(Health(before), "SERVING");  // What was connected stays so.
}

TEST_F(TlsTest, WrongFilesAreOneClearErrorAtTheStart) {
  const auto error = [&](const config::v1::Tls& tls) {
    return std::string(CheckTlsFiles(tls).message());
  };
  const config::v1::Tls good = Listener(true).tls();
  EXPECT_EQ(error(good), "");

  config::v1::Tls tls = good;
  tls.set_certificate_file("/no/such/file.pem");
  EXPECT_THAT(error(tls),
              HasSubstr("tls.certificate_file /no/such/file.pem: cannot be read: No such"));
  tls = good;
  tls.set_certificate_file(authority_->File("server.key"));
  EXPECT_THAT(error(tls), HasSubstr("holds no PEM certificate"));
  tls = good;
  tls.set_private_key_file(authority_->File("client.key"));
  EXPECT_THAT(error(tls), HasSubstr("is not the key of the first certificate"));
  tls = good;
  tls.set_private_key_file(authority_->ca_file());
  EXPECT_THAT(error(tls), HasSubstr("holds no PEM private key"));
  tls = good;
  tls.set_client_ca_file(authority_->File("server.key"));
  EXPECT_THAT(error(tls), HasSubstr("tls.client_ca_file"));

  config::v1::Listener listener = Listener(false);
  listener.mutable_tls()->set_private_key_file(authority_->File("client.key"));
  EXPECT_FALSE(RpcServer::Start(gate_.api, listener, StandardLimits()).ok());
}

}  // namespace
}  // namespace gate
