#include "checks/migration/finding.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "checks/migration/sql/lexer.h"
#include "checks/proto_time.h"

namespace gate::migration {
namespace {

constexpr size_t kFingerprintLength = 32;

// The clause's tokens, one blank between any two: comments and layout do not count.
std::string Normalized(std::string_view clause) {
  std::string normalized;
  Lexer lexer(clause);
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    absl::StrAppend(&normalized, std::string(Slice(clause, token.span)), " ");
  }
  return normalized;
}

std::string Fingerprint(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  // Looked for once: that takes longer than to hash so little.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_Digest(text.data(), text.size(), digest.data(), &size, sha256, nullptr);
  const absl::string_view bytes(reinterpret_cast<const char*>(digest.data()), size);
  return absl::BytesToHexString(bytes).substr(0, kFingerprintLength);
}

void AddPart(std::string_view label, const std::string& part, std::string& text) {
  if (part.empty()) return;
  constexpr size_t kWidth = 10;
  if (!text.empty()) text += '\n';
  const std::string indent(kWidth, ' ');
  absl::StrAppend(&text, std::string(label), indent.substr(label.size()),
                  absl::StrReplaceAll(part, {{"\n", absl::StrCat("\n", indent)}}));
}

}  // namespace

std::string ToText(const Plan& plan) {
  std::string text;
  AddPart("Now:", plan.now, text);
  AddPart("Between:", plan.between, text);
  AddPart("Later:", plan.later, text);
  return text;
}

v1::Finding MakeFinding(const Rule& rule, const Remark& remark, Span span, std::string_view text,
                        const std::string& path, const Places& places, Identities& identities) {
  v1::Finding finding;
  finding.set_rule(std::string(rule.id));
  finding.set_severity(remark.severity.value_or(rule.severity));
  std::vector<v1::Effect> effects = remark.effects;
  std::ranges::sort(effects);
  effects.erase(std::unique(effects.begin(), effects.end()), effects.end());
  finding.mutable_effects()->Assign(effects.begin(), effects.end());

  v1::Location& location = *finding.mutable_location();
  const Places::Place begin = places.At(span.begin), end = places.At(span.end);
  location.set_path(path);
  location.set_line(begin.line);
  location.set_column(begin.column);
  location.set_end_line(end.line);
  location.set_end_column(end.column);

  finding.set_subject(remark.subject);
  finding.set_message(remark.message);
  finding.set_instead(ToText(remark.instead));
  finding.mutable_witnesses()->Assign(remark.witnesses.begin(), remark.witnesses.end());
  if (remark.disuse && remark.disuse->state == Disuse::State::kTooRecent) {
    finding.set_holds(true);
    *finding.mutable_clears_at() = ToProto(remark.disuse->clears_at);
  }
  finding.set_witness_count(static_cast<int32_t>(remark.witness_count));
  const std::string identity = absl::StrCat(finding.rule(), "\n", path, "\n", remark.subject, "\n",
                                            Normalized(Slice(text, span)));
  finding.set_fingerprint(Fingerprint(absl::StrCat(identity, "\n", ++identities[identity])));
  return finding;
}

const Rule* FindRuleByStem(std::string_view stem) {
  for (const RuleEntry& entry : AllRules()) {
    if (entry.stem == stem) return entry.rule;
  }
  return nullptr;
}

}  // namespace gate::migration
