// Who somebody is, from what they show.
#include "gate/identity/identify.h"

#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'795'000'000);
const std::string kSecret = "gate_" + std::string(52, 'a');
const std::string kOld = "gate_" + std::string(52, 'b');

Tokens TheTokens() {
  std::vector<Token> tokens(2);
  tokens[0].name = "deploy";
  tokens[0].digest = Sha256Hex(kSecret);
  tokens[0].expires = kNow + absl::Hours(1);
  *tokens[0].services.Add() = "web";
  tokens[1].name = "old";
  tokens[1].digest = Sha256Hex(kOld);
  tokens[1].expires = kNow;
  return Tokens(tokens);
}

std::string Reason(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  const auto payload = status.GetPayload(kErrorInfoUrl);
  if (payload) info.ParseFromString(std::string(*payload));
  return info.reason();
}

Shown Certificate(std::vector<std::string> uris, std::vector<std::string> dns) {
  Shown shown;
  shown.verified = true;
  shown.uris = std::move(uris);
  shown.dns = std::move(dns);
  return shown;
}

Shown Bearer(const std::string& value) {
  Shown shown;
  shown.authorization = {value};
  return shown;
}

// The subject, or the reason why there is none.
std::string Of(const Shown& shown) {
  const Tokens tokens = TheTokens();
  const auto identity = Identify(shown, &tokens, kNow);
  return identity.ok() ? identity->subject : Reason(identity.status());
}

TEST(Identify, ACertificateNamesOneWorkloadOrHosts) {
  const std::string id = "spiffe://example.com/ci/deploy";
  EXPECT_EQ(Of(Certificate({id}, {})), id);
  EXPECT_EQ(Of(Certificate({id}, {"ci.example.com"})), id);
  EXPECT_EQ(Of(Certificate({}, {"ci.example.com"})), "dns:ci.example.com");
  EXPECT_EQ(Of(Certificate({}, {"CI.Example.com"})), "dns:ci.example.com");
  EXPECT_EQ(Of(Certificate({}, {"*.example.com", "ci.example.com"})), "dns:ci.example.com");
}

TEST(Identify, TheOrderOfNamesMakesNobodyElse) {
  const Tokens tokens = TheTokens();
  for (const auto& dns : {std::vector<std::string>{"b.example.com", "a.example.com"},
                          std::vector<std::string>{"a.example.com", "b.example.com"}}) {
    const auto identity = Identify(Certificate({}, dns), &tokens, kNow);
    ASSERT_TRUE(identity.ok());
    EXPECT_EQ(identity->subject, "dns:a.example.com");
    EXPECT_THAT(identity->names, ElementsAre("dns:a.example.com", "dns:b.example.com"));
  }
}

TEST(Identify, ACertificateThatIsNoProperSvidNamesNobody) {
  const std::string id = "spiffe://example.com/ci/deploy";
  // Two URIs are no SVID, whatever they are, and its DNS names do not stand in.
  EXPECT_EQ(Of(Certificate({id, "spiffe://example.com/admin"}, {"ci.example.com"})),
            "BAD_CERTIFICATE");
  EXPECT_EQ(Of(Certificate({id, id}, {})), "BAD_CERTIFICATE");
  EXPECT_EQ(Of(Certificate({"https://example.com/ci"}, {"ci.example.com"})), "BAD_CERTIFICATE");
  EXPECT_EQ(Of(Certificate({"SPIFFE://example.com/ci"}, {})), "BAD_CERTIFICATE");
  EXPECT_EQ(Of(Certificate({"spiffe://Example.com/ci"}, {})), "BAD_CERTIFICATE");
  EXPECT_EQ(Of(Certificate({"spiffe://example.com/ci/../admin"}, {})), "BAD_CERTIFICATE");
  EXPECT_EQ(Of(Certificate({"spiffe://example.com"}, {})), "BAD_CERTIFICATE");
  EXPECT_EQ(Of(Certificate({}, {})), "NO_IDENTITY");
  EXPECT_EQ(Of(Certificate({}, {"*.example.com"})), "NO_IDENTITY");
  EXPECT_EQ(Of(Certificate({}, {std::string("ci.example.com\0.evil.org", 24)})), "NO_IDENTITY");
}

TEST(Identify, NamesOfACertificateThatNobodyVerifiedAreNotBelieved) {
  Shown shown = Certificate({"spiffe://example.com/ci/deploy"}, {"ci.example.com"});
  shown.verified = false;
  EXPECT_EQ(Of(shown), "NO_IDENTITY");
}

TEST(Identify, ABearerTokenIsTakenInItsFormAlone) {
  EXPECT_EQ(Of(Bearer("Bearer " + kSecret)), "token:deploy");
  EXPECT_EQ(Of(Bearer("bearer " + kSecret)), "token:deploy");
  EXPECT_EQ(Of(Bearer("Bearer " + kOld)), "TOKEN_EXPIRED");
  for (const std::string& wrong :
       {"Bearer gate_" + std::string(52, 'c'), std::string("Bearer gate_"), std::string("Bearer "),
        std::string("Bearer"), std::string(""), kSecret, "Basic " + kSecret, "Bearer  " + kSecret,
        "Bearer " + kSecret + " ", "Bearer GATE_" + std::string(52, 'A'),
        // What is in the tokens file is no secret.
        "Bearer " + Sha256Hex(kSecret)}) {
    EXPECT_EQ(Of(Bearer(wrong)), "BAD_TOKEN") << wrong;
  }
  Shown two = Bearer("Bearer " + kSecret);
  two.authorization.push_back("Bearer " + kSecret);
  EXPECT_EQ(Of(two), "BAD_TOKEN");
}

TEST(Identify, WithoutTokensNoneIsTaken) {
  const auto identity = Identify(Bearer("Bearer " + kSecret), nullptr, kNow);
  EXPECT_EQ(Reason(identity.status()), "BAD_TOKEN");
  EXPECT_THAT(std::string(identity.status().message()), HasSubstr("identity.tokens_file"));
}

TEST(Identify, ATokenHasItsScope) {
  const Tokens tokens = TheTokens();
  const auto identity = Identify(Bearer("Bearer " + kSecret), &tokens, kNow);
  ASSERT_TRUE(identity.ok());
  EXPECT_THAT(identity->services, ElementsAre("web"));
  EXPECT_TRUE(identity->environments.empty());
}

TEST(Identify, ACertificateAndATokenAreTwo) {
  Shown both = Certificate({"spiffe://example.com/ci/deploy"}, {});
  both.authorization = {"Bearer " + kSecret};
  EXPECT_EQ(Of(both), "TWO_IDENTITIES");
  // A token that is none does not fall back to the certificate.
  both.authorization = {"Bearer wrong"};
  EXPECT_EQ(Of(both), "BAD_TOKEN");
  // A certificate that names nobody only opens the connection.
  Shown host = Certificate({}, {});
  host.authorization = {"Bearer " + kSecret};
  EXPECT_EQ(Of(host), "token:deploy");
  // One that names somebody in a wrong way does not.
  Shown wrong = Certificate({"https://example.com"}, {});
  wrong.authorization = {"Bearer " + kSecret};
  EXPECT_EQ(Of(wrong), "BAD_CERTIFICATE");
}

TEST(Identify, NobodyIsTold) {
  EXPECT_EQ(Of({}), "NO_IDENTITY");
  Shown claims;
  claims.actor = "alice";
  EXPECT_EQ(Of(claims), "NO_IDENTITY");
}

TEST(Identify, OpenTakesAnybodysWord) {
  const auto subject = [](const std::string& actor) {
    Shown shown;
    shown.actor = actor;
    const auto identity = IdentifyOpen(shown);
    return identity.ok() ? identity->subject : Reason(identity.status());
  };
  EXPECT_EQ(subject(""), "open:anonymous");
  EXPECT_EQ(subject("alice"), "open:alice");
  EXPECT_EQ(subject("alice.b+x@example.com"), "open:alice.b+x@example.com");
  for (const char* wrong : {"a b", "a\nb", "a:b", "a/b", "\xc3\xa9"}) {
    EXPECT_EQ(subject(wrong), "INVALID_REQUEST") << wrong;
  }
  EXPECT_EQ(subject(std::string(129, 'a')), "INVALID_REQUEST");
}

}  // namespace
}  // namespace gate
