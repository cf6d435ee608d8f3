// The tokens file: what it may say, and that it is read again.
#include "gate/identity/tokens.h"

#include "gate/base/digest.h"
#include "gate/identity/token_watcher.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/fake_clock.h"

namespace gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const absl::Time kNow = absl::FromCivil(absl::CivilDay(2026, 11, 22), absl::UTCTimeZone());

std::string Secret(char letter) { return "gate_" + std::string(52, letter); }

std::string Entry(const std::string& name, const std::string& secret,
                  const std::string& expires = "2027-02-20T00:00:00Z") {
  return "  - {name: " + name + ", sha256: " + Sha256Hex(secret) + ", expires: \"" + expires +
         "\"}\n";
}

std::vector<std::string> Issues(const std::string& text) {
  std::vector<std::string> messages;
  for (const FileIssue& issue : ParseTokens("tokens.yaml", text, kNow).issues) {
    messages.push_back(issue.ToString());
  }
  return messages;
}

TEST(Tokens, AreFoundByTheirSecretAlone) {
  const LoadedTokens loaded = ParseTokens(
      "tokens.yaml", "tokens:\n" + Entry("a", Secret('a')) + Entry("b", Secret('b')), kNow);
  ASSERT_THAT(loaded.issues, IsEmpty());
  ASSERT_NE(loaded.tokens->Find(Secret('b')), nullptr);
  EXPECT_EQ(loaded.tokens->Find(Secret('b'))->name, "b");
  EXPECT_EQ(loaded.tokens->Find(Secret('c')), nullptr);
  EXPECT_EQ(loaded.tokens->Find(Sha256Hex(Secret('a'))), nullptr);
  EXPECT_EQ(loaded.tokens->Find(""), nullptr);
}

TEST(Tokens, AFileIsReadStrictly) {
  EXPECT_THAT(Issues(""), IsEmpty());
  EXPECT_THAT(Issues("tokens:\n" + Entry("a", Secret('a'), "2026-01-01T00:00:00Z")), IsEmpty())
      << "one that has ended stays where it is";
  EXPECT_THAT(Issues("tokens:\n" + Entry("Deploy", Secret('a'))),
              ElementsAre(HasSubstr("a-z, 0-9")));
  EXPECT_THAT(Issues("tokens:\n" + Entry("a", Secret('a')) + Entry("a", Secret('b'))),
              ElementsAre(HasSubstr("tokens.yaml:3:")));
  EXPECT_THAT(Issues("tokens:\n" + Entry("a", Secret('a')) + Entry("b", Secret('a'))),
              ElementsAre(HasSubstr("is the secret of tokens[0] as well")));
  EXPECT_THAT(Issues("tokens:\n  - {name: a, sha256: gate_x, expires: \"2027-02-20T00:00:00Z\"}\n"),
              ElementsAre(HasSubstr("64 digits")));
  EXPECT_THAT(Issues("tokens:\n  - {name: a, sha256: " + Sha256Hex("x") + "}\n"),
              ElementsAre(HasSubstr("\"expires\" is required")));
  EXPECT_THAT(Issues("tokens:\n" + Entry("a", Secret('a'), "tomorrow")),
              ElementsAre(HasSubstr("is no time")));
  EXPECT_THAT(Issues("tokens:\n" + Entry("a", Secret('a'), "2028-02-20T00:00:00Z")),
              ElementsAre(HasSubstr("400 days")));
  EXPECT_THAT(Issues("tokens:\n  - {name: a, secret: x}\n"),
              testing::Contains(HasSubstr("secret")));
  EXPECT_THAT(Issues("tokens: [\n"), testing::Not(IsEmpty()));
}

class TokenWatcherTest : public testing::Test {
 protected:
  void Write(const std::string& entries) { folder_.Write("tokens.yaml", "tokens:\n" + entries); }
  bool Takes(char letter) { return holder_.Current()->Find(Secret(letter)) != nullptr; }

  TempFolder folder_;
  FakeClock clock_{kNow};
  TokenHolder holder_{std::make_shared<const Tokens>(std::vector<Token>())};
  std::vector<size_t> issues_;  // of each reading
  TokenWatcher watcher_{
      folder_.File("tokens.yaml"), holder_, clock_,
      [this](const LoadedTokens& loaded) { issues_.push_back(loaded.issues.size()); }};
};

TEST_F(TokenWatcherTest, AFileThatCameToRestIsReadAndABrokenOneChangesNothing) {
  Write(Entry("a", Secret('a')));
  watcher_.Look();
  EXPECT_FALSE(Takes('a')) << "it may still be written";
  watcher_.Look();
  EXPECT_TRUE(Takes('a'));
  watcher_.Look();
  EXPECT_THAT(issues_, ElementsAre(0));

  Write("  - {name: b}\n");
  watcher_.Look();
  watcher_.Look();
  EXPECT_TRUE(Takes('a'));
  EXPECT_THAT(issues_, ElementsAre(0, testing::Gt(0)));

  Write(Entry("b", Secret('b')));
  watcher_.Look();
  watcher_.Look();
  EXPECT_FALSE(Takes('a')) << "what was taken out is not taken any more";
  EXPECT_TRUE(Takes('b'));

  std::remove(folder_.File("tokens.yaml").c_str());
  watcher_.Look();
  watcher_.Look();
  EXPECT_TRUE(Takes('b')) << "a file that is gone is no empty one";
}

}  // namespace
}  // namespace gate
