// Bearer tokens, as the tokens file has them: names, digests of their secrets, ends and scopes. The
// secrets themselves are with those who use them, and nowhere here.
#ifndef GATE_IDENTITY_TOKENS_H_
#define GATE_IDENTITY_TOKENS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/policy/access.h"
#include "checks/policy/yaml.h"
#include "gate/base/mutex.h"
#include "gate/config/v1/config.pb.h"

namespace gate {

struct Token {
  std::string name;
  std::string digest;  // SHA-256 of the secret, 64 hexadecimal digits
  absl::Time expires;
  NamePatterns services;      // empty: all
  NamePatterns environments;  // empty: all
};

// Immutable.
class Tokens {
 public:
  explicit Tokens(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  // The token of a secret, expired or not; null where there is none. Takes the same time whichever
  // token it is, and whether it is one: digests are compared, all of them, as a whole.
  const Token* Find(std::string_view secret) const;

  const std::vector<Token>& all() const { return tokens_; }

 private:
  const std::vector<Token> tokens_;
};

// What a tokens file holds, or every reason why it holds none.
struct LoadedTokens {
  std::shared_ptr<const Tokens> tokens;  // null when there are issues
  std::vector<FileIssue> issues;
};

// At most 4 MiB and 10,000 tokens. A token that ends more than 400 days after `now` is an issue;
// one that has ended is not, so that a file need not be edited on the day.
LoadedTokens LoadTokens(const std::string& path, absl::Time now);
LoadedTokens ParseTokens(const std::string& path, std::string_view text, absl::Time now);

// Holds the tokens in force. Thread-safe.
class TokenHolder {
 public:
  explicit TokenHolder(std::shared_ptr<const Tokens> tokens) : tokens_(std::move(tokens)) {}

  std::shared_ptr<const Tokens> Current() const GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    return tokens_;
  }
  void Replace(std::shared_ptr<const Tokens> tokens) GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    tokens_ = std::move(tokens);
  }

 private:
  mutable Mutex mu_;
  std::shared_ptr<const Tokens> tokens_ GATE_GUARDED_BY(mu_);
};

}  // namespace gate

#endif  // GATE_IDENTITY_TOKENS_H_
