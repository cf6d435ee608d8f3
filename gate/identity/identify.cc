#include "gate/identity/identify.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

constexpr std::string_view kSpiffe = "spiffe://";
constexpr std::string_view kBearer = "bearer ";
constexpr size_t kMaxActor = 128;
constexpr size_t kMaxDns = 253;

absl::Status Refused(std::string_view reason, std::string_view message) {
  return WithReason(absl::UnauthenticatedError(std::string(message)), reason);
}

Identity Named(std::vector<std::string> names) {
  Identity identity;
  identity.subject = names.front();
  identity.names = std::move(names);
  return identity;
}

bool IsDnsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxDns && std::ranges::all_of(name, [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-';
  });
}

// Nothing where the certificate names nobody.
absl::StatusOr<std::optional<Identity>> OfCertificate(const Shown& shown) {
  if (!shown.verified) return std::nullopt;
  if (!shown.uris.empty()) {
    const std::string& uri = shown.uris.front();
    if (shown.uris.size() > 1) {
      return Refused("BAD_CERTIFICATE",
                     absl::StrCat("the client certificate has ", shown.uris.size(),
                                  " URI names; a SPIFFE certificate has exactly one"));
    }
    const std::string problem = std::string_view(uri).starts_with(kSpiffe)
                                    ? SpiffeProblem(std::string_view(uri).substr(kSpiffe.size()))
                                    : "it does not begin with spiffe://";
    if (problem.empty()) return Named({uri});
    return Refused("BAD_CERTIFICATE",
                   absl::StrCat("the URI name of the client certificate is no SPIFFE ID: ", problem,
                                ". Issue one as spiffe://example.com/ci/deploy"));
  }
  std::vector<std::string> names;
  for (const std::string& name : shown.dns) {
    if (IsDnsName(name)) names.push_back("dns:" + absl::AsciiStrToLower(name));
  }
  std::ranges::sort(names);
  const auto again = std::ranges::unique(names);
  names.erase(again.begin(), again.end());
  if (names.empty()) return std::nullopt;
  return Named(std::move(names));
}

absl::StatusOr<Identity> OfToken(const std::vector<std::string>& authorization,
                                 const Tokens* tokens, absl::Time now) {
  if (tokens == nullptr) {
    return Refused("BAD_TOKEN",
                   "this gate takes no bearer tokens (identity.tokens_file is not set); show a "
                   "client certificate");
  }
  if (authorization.size() > 1) {
    return Refused("BAD_TOKEN", "there are several \"authorization\" headers; send one");
  }
  std::string_view value = authorization.front();
  if (absl::AsciiStrToLower(std::string(value.substr(0, kBearer.size()))) != kBearer) {
    return Refused("BAD_TOKEN", "\"authorization\" has to be \"Bearer gate_…\"");
  }
  value.remove_prefix(kBearer.size());
  const Token* token = HasSecretForm(value) ? tokens->Find(value) : nullptr;
  if (token == nullptr) {
    return Refused("BAD_TOKEN",
                   "the bearer token is none of this gate's: it was mistyped, is of another gate, "
                   "or was withdrawn. `gatectl token create` makes one");
  }
  if (now >= token->expires) {
    return Refused("TOKEN_EXPIRED", absl::StrCat("the bearer token \"", token->name,
                                                 "\" expired at ", Rfc3339(token->expires),
                                                 "; `gatectl token create` makes another one"));
  }
  Identity identity = Named({"token:" + token->name});
  identity.services = token->services;
  identity.environments = token->environments;
  return identity;
}

}  // namespace

absl::StatusOr<Identity> Identify(const Shown& shown, const Tokens* tokens, absl::Time now) {
  auto certificate = OfCertificate(shown);
  if (!certificate.ok()) return certificate.status();
  if (shown.authorization.empty()) {
    if (*certificate) return **std::move(certificate);
    return Refused(
        "NO_IDENTITY",
        absl::StrCat("this gate wants to know who asks: ",
                     shown.verified ? "the client certificate has no URI or DNS name. " : "",
                     tokens == nullptr
                         ? "show a client certificate (gatectl: --cert-file and --key-file)"
                         : "show a client certificate, or a bearer token (gatectl: --cert-file and "
                           "--key-file, or GATE_TOKEN)"));
  }
  auto token = OfToken(shown.authorization, tokens, now);
  if (token.ok() && *certificate) {
    return Refused("TWO_IDENTITIES",
                   absl::StrCat("the client certificate is ", (*certificate)->subject,
                                " and the bearer token is ", token->subject,
                                ": these are two; show one of them"));
  }
  return token;
}

absl::StatusOr<Identity> IdentifyOpen(const Shown& shown) {
  if (shown.actor.empty()) return Named({"open:anonymous"});
  const bool good = shown.actor.size() <= kMaxActor && std::ranges::all_of(shown.actor, [](char c) {
                      return absl::ascii_isalnum(c) ||
                             std::string_view("._@+-").find(c) != std::string_view::npos;
                    });
  if (good) return Named({"open:" + shown.actor});
  return InvalidFields(
      {{"x-gate-actor", "a name has 1 to 128 letters, digits and characters of \"._@+-\""}});
}

}  // namespace gate
