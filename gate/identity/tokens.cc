#include "gate/identity/tokens.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <map>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/policy.h"
#include "checks/policy/suggest.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/base/file.h"

namespace gate {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;
constexpr int kMaxTokens = 10'000;
constexpr absl::Duration kLongest = absl::Hours(400 * 24);
constexpr size_t kDigestCharacters = 64;

// Everything that is wrong with the tokens, and, where nothing is, the tokens.
class Reader {
 public:
  explicit Reader(absl::Time now) : now_(now) {}

  void Read(const config::v1::BearerTokens& file) {
    if (file.tokens_size() > kMaxTokens) {
      return Issue("tokens", absl::StrCat("at most ", kMaxTokens, ", has ", file.tokens_size()));
    }
    for (int i = 0; i < file.tokens_size(); ++i) {
      ReadOne(file.tokens(i), absl::StrCat("tokens[", i, "]"));
    }
  }

  std::vector<Token> tokens;
  std::vector<ParameterIssue> issues;

 private:
  void Issue(std::string field, std::string message) {
    issues.push_back({std::move(field), std::move(message)});
  }

  void ReadOne(const config::v1::BearerToken& from, const std::string& at) {
    Token token{from.name(), from.sha256(), {}, from.services(), from.environments()};
    if (std::string problem = TokenNameProblem(token.name); !problem.empty()) {
      Issue(at + ".name", Quoted(token.name) + ": " + problem);
    }
    if (const auto [first, added] = names_.emplace(token.name, at); !added) {
      Issue(at + ".name", Quoted(token.name) + " is the name of " + first->second + " as well");
    }
    if (token.digest.size() != kDigestCharacters ||
        token.digest.find_first_not_of("0123456789abcdef") != token.digest.npos) {
      Issue(at + ".sha256",
            "is no SHA-256 of a secret: 64 digits of 0-9 and a-f, as `gatectl token "
            "create` prints them");
    } else if (const auto [first, added] = digests_.emplace(token.digest, at); !added) {
      Issue(at + ".sha256", "is the secret of " + first->second + " as well");
    }
    ReadEnd(from.expires(), at + ".expires", token);
    CheckNames(token.services, at + ".services");
    CheckNames(token.environments, at + ".environments");
    tokens.push_back(std::move(token));
  }

  void ReadEnd(const std::string& text, const std::string& at, Token& token) {
    std::string error;
    if (text.empty()) return Issue(at, "\"expires\" is required: \"2027-02-20T00:00:00Z\"");
    if (!absl::ParseTime(absl::RFC3339_full, text, &token.expires, &error)) {
      return Issue(at, Quoted(text) + " is no time; write \"2027-02-20T00:00:00Z\"");
    }
    if (token.expires <= now_ + kLongest) return;
    Issue(at, absl::StrCat("is more than 400 days ahead: ", Rfc3339(now_ + kLongest),
                           " at the latest"));
  }

  void CheckNames(const NamePatterns& names, const std::string& at) {
    for (int i = 0; i < names.size(); ++i) {
      if (std::string problem = NamePatternProblem(names[i]); !problem.empty()) {
        Issue(absl::StrCat(at, "[", i, "]"), Quoted(names[i]) + " " + problem);
      }
    }
  }

  const absl::Time now_;
  std::map<std::string, std::string> names_, digests_;  // to where they are
};

}  // namespace

const Token* Tokens::Find(std::string_view secret) const {
  const std::string digest = Sha256Hex(secret);
  const Token* found = nullptr;
  for (const Token& token : tokens_) {
    const bool same = CRYPTO_memcmp(token.digest.data(), digest.data(), kDigestCharacters) == 0;
    found = same ? &token : found;
  }
  return found;
}

LoadedTokens ParseTokens(const std::string& path, std::string_view text, absl::Time now) {
  config::v1::BearerTokens file;
  FieldPlaces places;
  LoadedTokens loaded;
  loaded.issues = ParseYaml(path, text, file, &places);
  // Of what is no YAML at all nothing more can be said.
  for (const FileIssue& issue : loaded.issues) {
    if (issue.field.empty()) return loaded;
  }
  Reader reader(now);
  reader.Read(file);
  AddIssues(path, std::move(reader.issues), places, loaded.issues);
  if (loaded.issues.empty()) {
    loaded.tokens = std::make_shared<const Tokens>(std::move(reader.tokens));
  }
  return loaded;
}

LoadedTokens LoadTokens(const std::string& path, absl::Time now) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes);
  if (!text.ok()) return {nullptr, {{path, 1, 1, "", std::string(text.status().message())}}};
  return ParseTokens(path, *text, now);
}

}  // namespace gate
