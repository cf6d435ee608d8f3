#include "checks/migration/suppression.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/lexer.h"

namespace gate::migration {
namespace {

constexpr std::string_view kMark = "gate:allow";
constexpr std::string_view kPrefix = "migration.";
constexpr char kForm[] = "a comment reads: gate:allow RULE [SUBJECT]: why";

std::string_view Trimmed(std::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace({text.data(), text.size()});
  return {trimmed.data(), trimmed.size()};
}

bool IsRule(std::string_view id) {
  return std::ranges::any_of(AllRules(),
                             [&](const RuleEntry& entry) { return entry.rule->id == id; });
}

// Whether the mark is the first thing in its comment.
bool OpensComment(std::string_view before) {
  while (!before.empty() && (before.back() == ' ' || before.back() == '\t'))
    before.remove_suffix(1);
  return before.ends_with("--") || before.ends_with("/*");
}

}  // namespace

Suppressions::Suppressions(std::string_view text, Span section) : text_(text) {
  if (Slice(text, section).find(kMark) == std::string_view::npos) return;
  Lexer lexer(text.substr(0, section.end), section.begin);
  uint32_t end = section.begin;
  for (;;) {
    const Token token = lexer.Next();
    Read({end, token.span.begin});
    if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kUnclosed) return;
    end = token.span.end;
  }
}

void Suppressions::Read(Span gap) {
  for (size_t at = gap.begin;;) {
    at = text_.substr(0, gap.end).find(kMark, at);
    if (at == std::string_view::npos) return;
    const size_t begin = at;
    at += kMark.size();
    if (!OpensComment(text_.substr(gap.begin, begin - gap.begin))) continue;
    const size_t end = std::min({text_.find('\n', at), text_.find("*/", at), size_t{gap.end}});
    Comment& comment = comments_.emplace_back();
    std::string_view said = Trimmed(text_.substr(at, end - at));
    comment.span = {static_cast<uint32_t>(begin),
                    static_cast<uint32_t>(said.empty() ? at : said.end() - text_.begin())};
    const size_t colon = said.find(':');
    const std::string_view head = Trimmed(said.substr(0, colon));
    const size_t blank = std::min(head.find_first_of(" \t"), head.size());
    comment.rule = std::string(head.substr(0, blank));
    if (!head.empty() && !comment.rule.starts_with(kPrefix)) comment.rule.insert(0, kPrefix);
    comment.subject = std::string(Trimmed(head.substr(blank)));
    if (colon != std::string_view::npos)
      comment.reason = std::string(Trimmed(said.substr(colon + 1)));
    if (head.empty() || comment.reason.empty()) {
      comment.flaw = absl::StrCat("The comment does not say ", head.empty() ? "which rule" : "why",
                                  "; ", kForm, ". It covers nothing.");
    } else if (!IsRule(comment.rule)) {
      comment.flaw = absl::StrCat("There is no rule ", comment.rule,
                                  "; gatectl explain lists them all. It covers nothing.");
    }
  }
}

void Suppressions::Assign(Comment& comment, Span statement) {
  comment.assigned = true;
  comment.statement = statement.begin;
}

void Suppressions::Next(Span statement) {
  for (; next_ < comments_.size() && comments_[next_].span.begin < statement.end; ++next_) {
    const Span at = comments_[next_].span;
    const bool behind_last =
        last_.end > 0 && at.begin >= last_.end &&
        text_.substr(last_.end, at.begin - last_.end).find('\n') == std::string_view::npos;
    Assign(comments_[next_], behind_last ? last_ : statement);
  }
  last_ = statement;
}

void Suppressions::Cover(Span statement, v1::Finding& finding) {
  for (Comment& comment : comments_) {
    if (!comment.assigned || comment.statement != statement.begin || !comment.flaw.empty())
      continue;
    if (comment.rule != finding.rule()) continue;
    if (!comment.subject.empty() && comment.subject != finding.subject()) continue;
    comment.used = true;
    if (finding.covered_by().empty())
      finding.set_covered_by(absl::StrCat(std::string(kByComment), comment.reason));
  }
}

std::vector<Suppressions::Idle> Suppressions::TakeIdle() const {
  std::vector<Idle> idle;
  for (const Comment& comment : comments_) {
    if (comment.used) continue;
    std::string message = comment.flaw;
    if (message.empty()) {
      message = absl::StrCat("Nothing that this statement does is found by ", comment.rule,
                             comment.subject.empty() ? "" : " for ", comment.subject,
                             ": the comment covers nothing.");
    }
    idle.push_back({comment.span, comment.rule, std::move(message)});
  }
  return idle;
}

}  // namespace gate::migration
