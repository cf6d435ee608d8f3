// gatectl token: makes bearer tokens, offline. The secret goes to whoever is to use it, its digest
// into the gate's tokens file; the gate never sees the one before it is used, nor keeps it.
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <CLI/CLI.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "checks/policy/access.h"
#include "checks/proto_time.h"
#include "checks/render/message.h"
#include "checks/render/render.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/results.h"
#include "gate/config/v1/config.pb.h"

namespace gate::ctl {
namespace {

struct TokenFlags {
  std::string name, expires = "90d";
  std::vector<std::string> services, environments;
};

struct NewToken {
  std::string secret;
  std::string sha256;
  std::string expires;
};

Problem Wrong(std::string title, std::string help) {
  return {"E0201", std::move(title), {}, "", "", {std::move(help)}};
}

// Empty where the system has no random bytes to give.
std::string NewSecret() {
  unsigned char random[kSecretCharacters];
  if (RAND_bytes(random, sizeof random) != 1) return "";
  std::string secret(kSecretPrefix);
  // 32 letters: five of the eight bits, each as likely as any other.
  for (const unsigned char byte : random) secret += kSecretAlphabet[byte % kSecretAlphabet.size()];
  return secret;
}

std::string Sha256Of(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1) return "";
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

Or<bool> CheckNames(const char* flag, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string problem = NamePatternProblem(name);
    if (!problem.empty()) {
      return Wrong(absl::StrCat(flag, " \"", name, "\" ", problem), "write it like web or web-*");
    }
  }
  return true;
}

Or<NewToken> Make(const TokenFlags& flags) {
  if (const std::string problem = TokenNameProblem(flags.name); !problem.empty()) {
    return Wrong(absl::StrCat("--name \"", flags.name, "\": ", problem), "for example deploy");
  }
  for (const auto& named :
       {CheckNames("--services", flags.services), CheckNames("--env", flags.environments)}) {
    if (!named) return named.problem();
  }
  const auto lasts = ParseDuration(flags.expires);
  if (!lasts) {
    return Wrong(absl::StrCat("--expires \"", flags.expires, "\" is no duration"),
                 "write it like 90d; at most 365d");
  }
  NewToken token;
  token.secret = NewSecret();
  token.sha256 = Sha256Of(token.secret);
  token.expires = Rfc3339(absl::Now() + *lasts);
  if (token.secret.empty() || token.sha256.empty()) {
    return Problem{"E0102", "the system gave no random bytes", {}, "", "", {}};
  }
  return token;
}

std::string YamlList(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(absl::StrCat("\"", name, "\""));
  return absl::StrCat("[", absl::StrJoin(quoted, ", "), "]");
}

std::string YamlEntry(const TokenFlags& flags, const NewToken& token) {
  std::string text = absl::StrCat("  - name: ", flags.name, "\n    sha256: ", token.sha256,
                                  "\n    expires: \"", token.expires, "\"\n");
  if (!flags.services.empty()) {
    absl::StrAppend(&text, "    services: ", YamlList(flags.services), "\n");
  }
  if (!flags.environments.empty()) {
    absl::StrAppend(&text, "    environments: ", YamlList(flags.environments), "\n");
  }
  return text;
}

// What the gate is given, with the secret beside it; JSON is YAML as well.
std::string Rendered(const render::Format& format, const TokenFlags& flags, const NewToken& token) {
  if (format.name == "table") return token.secret + "\n";
  config::v1::BearerToken entry;
  entry.set_name(flags.name);
  entry.set_sha256(token.sha256);
  entry.set_expires(token.expires);
  for (const std::string& name : flags.services) entry.add_services(name);
  for (const std::string& name : flags.environments) entry.add_environments(name);
  const std::string json(absl::StripAsciiWhitespace(render::ToJsonLine(entry)));
  return absl::StrCat("{\"secret\":\"", token.secret, "\",\"token\":", json, "}\n");
}

int Create(const Session& session, const TokenFlags& flags) {
  const auto targets = session.Outputs(/*messages_only=*/true);
  if (!targets) return session.Fail(targets.problem());
  const Or<NewToken> token = Make(flags);
  if (!token) return session.Fail(token.problem());
  const Or<bool> printed = WriteOutputs(*targets, session.out(), absl::Now(), nullptr,
                                        [&](const render::Format& format, const render::Options&) {
                                          return Rendered(format, flags, *token);
                                        });
  if (!printed) return session.Fail(printed.problem());
  session.Say(absl::StrCat(
      "\nThe secret of token:", flags.name,
      " is on standard output, this once: give it to whoever is to use it (GATE_TOKEN, or a file\n"
      "for --token-file), and to nobody else.\n\n"
      "For the gate, under \"tokens:\" in the file that identity.tokens_file names; it is read "
      "again "
      "by itself:\n\n",
      YamlEntry(flags, *token), "\nWhat token:", flags.name,
      " may do is up to the policy, for example:\n\n"
      "access:\n  - role: PIPELINE\n    members: [\"token:",
      flags.name, "\"]\n"));
  return kAllow;
}

}  // namespace

void AddToken(CLI::App& root, Session& session) {
  CLI::App& command = *root.add_subcommand("token", "Bearer tokens");
  command.require_subcommand(1);
  CLI::App& create = *command.add_subcommand(
      "create", "Make one, offline: the secret to stdout, its entry for the gate to stderr");
  auto flags = std::make_shared<TokenFlags>();
  create.callback(
      [&session, flags] { session.run = [&session, flags] { return Create(session, *flags); }; });
  create.add_option("--name", flags->name, "Its name: policies know it as token:NAME")->required();
  create.add_option("--expires", flags->expires, "How long it is taken (90d)")
      ->type_name("DURATION");
  create.add_option("--services", flags->services, "Taken for these only, for example web,api-*")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all();
  create.add_option("-e,--env", flags->environments, "Taken in these environments only")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all();
}

}  // namespace gate::ctl
