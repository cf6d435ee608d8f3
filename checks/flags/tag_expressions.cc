#include "checks/flags/tag_expressions.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"

namespace gate::flags {
namespace {

constexpr int kDeepest = 60;

bool IsNameStart(char each) {
  const auto c = static_cast<unsigned char>(each);
  return absl::ascii_isalpha(c) || c == '_' || c >= 128;
}
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

constexpr std::string_view kSigns[] = {"==", "!=", "<=", ">=", "//", "**", "<", ">", "=",
                                       "+",  "-",  "*",  "/",  "%",  "~",  "(", ")", "[",
                                       "]",  "{",  "}",  ",",  ":",  ".",  "|"};

// Words that no name is.
bool IsWord(std::string_view name) {
  constexpr std::string_view kWords[] = {"and", "or", "not", "in", "is", "if", "else", "as"};
  return std::ranges::count(kWords, name) > 0;
}

Role RoleOfName(std::string_view name) {
  if (name == "true" || name == "True") return Role::kTrue;
  if (name == "false" || name == "False") return Role::kFalse;
  if (name == "none" || name == "None") return Role::kNull;
  return Role::kIdentifier;
}

}  // namespace

std::optional<std::vector<TagToken>> TagTokens(std::string_view text, Span span) {
  using Kind = TagToken::Kind;
  std::vector<TagToken> tokens;
  for (uint32_t at = span.begin; at < span.end;) {
    const char c = text[at];
    uint32_t end = at + 1;
    Kind kind = Kind::kSign;
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) {
      ++at;
      continue;
    }
    if (IsNameStart(c)) {
      kind = Kind::kName;
      while (end < span.end && (IsNameStart(text[end]) || IsDigit(text[end]))) ++end;
    } else if (IsDigit(c)) {
      kind = Kind::kNumber;
      while (end < span.end && (IsDigit(text[end]) || IsNameStart(text[end]))) ++end;
    } else if (c == '"' || c == '\'') {
      kind = Kind::kString;
      while (end < span.end && text[end] != c) end += text[end] == '\\' ? 2 : 1;
      if (end >= span.end) return std::nullopt;
      ++end;
    } else {
      const auto sign = std::ranges::find_if(kSigns, [&](std::string_view each) {
        return text.substr(at, span.end - at).starts_with(each);
      });
      if (sign == std::end(kSigns)) return std::nullopt;
      end = at + static_cast<uint32_t>(sign->size());
    }
    tokens.push_back({kind, text.substr(at, end - at), {at, end}});
    at = end;
  }
  tokens.push_back({Kind::kEnd, "", {span.end, span.end}});
  return tokens;
}

TagExpressions::TagExpressions(std::string_view text, Span span) {
  if (auto tokens = TagTokens(text, span)) {
    tokens_ = *std::move(tokens);
  } else {
    tokens_ = {{TagToken::Kind::kEnd, "", span}};
    ok_ = false;
  }
}

bool TagExpressions::Is(std::string_view text) const {
  return Here().kind != TagToken::Kind::kString && Here().text == text && !text.empty();
}

bool TagExpressions::Take(std::string_view text) {
  const bool is = Is(text);
  if (is) ++at_;
  return is;
}

TagToken TagExpressions::TakeToken() {
  const TagToken token = Here();
  if (!AtEnd()) ++at_;
  return token;
}

Part TagExpressions::Spoil() {
  ok_ = false;
  at_ = tokens_.size() - 1;
  return {};
}

Part TagExpressions::Leaf(Role role, std::string_view field, bool named) {
  Part leaf;
  leaf.role = role;
  leaf.field = field;
  leaf.span = TakeToken().span;
  leaf.named = named;
  return leaf;
}

Part TagExpressions::Name(Role role, std::string_view field) {
  if (Here().kind != TagToken::Kind::kName || IsWord(Here().text)) return Spoil();
  return Leaf(role, field);
}

Part TagExpressions::Binary(Part left, Part op, Part right, std::string_view field,
                            Role role) const {
  Part binary;
  binary.role = role;
  binary.field = field;
  binary.span = {left.span.begin, right.span.end};
  binary.parts.push_back(std::move(left));
  binary.parts.push_back(std::move(op));
  binary.parts.push_back(std::move(right));
  return binary;
}

Part TagExpressions::Expression(std::string_view field) {
  if (++depth_ > kDeepest) return Spoil();
  Part value = Or(field);
  if (Is("if")) {
    Part ternary;
    ternary.role = Role::kTernary;
    ternary.field = field;
    Part keyword = Leaf(Role::kOther, "", false);
    value.field = "consequence";
    Part condition = Or("condition");
    ternary.span = {value.span.begin, condition.span.end};
    ternary.parts.push_back(std::move(value));
    ternary.parts.push_back(std::move(keyword));
    ternary.parts.push_back(std::move(condition));
    if (Is("else")) {
      ternary.parts.push_back(Leaf(Role::kOther, "", false));
      ternary.parts.push_back(Expression("alternative"));
      ternary.span.end = ternary.parts.back().span.end;
    }
    value = std::move(ternary);
  }
  --depth_;
  return value;
}

Part TagExpressions::Condition(std::string_view field) { return Or(field); }

Part TagExpressions::Chain(std::string_view field, Level inner, std::string_view word) {
  Part left = (this->*inner)(field);
  for (int chained = 0; Is(word); ++chained) {
    if (chained > kDeepest) return Spoil();
    Part op = Leaf(Role::kOther, "operator", false);
    left.field = "left";
    Part right = (this->*inner)("right");
    left = Binary(std::move(left), std::move(op), std::move(right), field, Role::kBinary);
  }
  return left;
}

Part TagExpressions::Or(std::string_view field) { return Chain(field, &TagExpressions::And, "or"); }

Part TagExpressions::And(std::string_view field) {
  return Chain(field, &TagExpressions::Not, "and");
}

Part TagExpressions::Not(std::string_view field) {
  if (!Is("not")) return Compared(field);
  if (++depth_ > kDeepest) return Spoil();
  Part turned;
  turned.role = Role::kNot;
  turned.field = field;
  turned.parts.push_back(Leaf(Role::kOther, "operator", false));
  turned.parts.push_back(Not(""));
  turned.span = {turned.parts[0].span.begin, turned.parts[1].span.end};
  --depth_;
  return turned;
}

Part TagExpressions::Compared(std::string_view field) {
  Part left = Sum(field);
  for (int chained = 0;; ++chained) {
    if (chained > kDeepest) return Spoil();
    const bool negated = Is("not");
    const bool test = Is("is");
    const bool equal = Is("==") || Is("!=");
    if (!negated && !test && !equal && !Is("in") && !Is("<") && !Is(">") && !Is("<=") &&
        !Is(">=")) {
      return left;
    }
    Part op = Leaf(Role::kOther, "operator", false);
    if (negated && !Is("in")) return Spoil();
    if (negated || (test && Is("not"))) op.span.end = TakeToken().span.end;
    left.field = "left";
    Part right = Sum("right");
    // Tests, and what is compared with what comes of comparing, are not followed.
    const Role role = equal && chained == 0 ? Role::kBinary : Role::kOther;
    left = Binary(std::move(left), std::move(op), std::move(right), field, role);
  }
}

Part TagExpressions::Sum(std::string_view field) {
  Part left = Postfix(field);
  constexpr std::string_view kOperators[] = {"+", "-", "~", "*", "/", "//", "%", "**"};
  const auto is_operator = [&](std::string_view op) { return Is(op); };
  for (int chained = 0; std::ranges::any_of(kOperators, is_operator); ++chained) {
    if (chained > kDeepest) return Spoil();
    Part op = Leaf(Role::kOther, "operator", false);
    left.field = "left";
    Part right = Postfix("right");
    left = Binary(std::move(left), std::move(op), std::move(right), field, Role::kOther);
  }
  return left;
}

Part TagExpressions::Postfix(std::string_view field) {
  if (++depth_ > kDeepest) return Spoil();
  Part value = Primary(field);
  // What follows is put around it; its depth is bounded as that of brackets is.
  for (int chained = 0; ok_; ++chained) {
    Part around;
    around.field = field;
    around.span = value.span;
    if (Is(".")) {
      around.role = Role::kMember;
      value.field = "object";
      around.parts.push_back(std::move(value));
      around.parts.push_back(Leaf(Role::kOther, "", false));
      const bool index = Here().kind == TagToken::Kind::kNumber;
      around.parts.push_back(index ? Leaf(Role::kLiteral, "attribute")
                                   : Name(Role::kIdentifier, "attribute"));
    } else if (Is("[")) {
      around.role = Role::kSubscript;
      value.field = "object";
      around.parts.push_back(std::move(value));
      around.parts.push_back(Leaf(Role::kOther, "", false));
      while (ok_ && !Is("]")) {
        if (Is(":")) {
          around.parts.push_back(Leaf(Role::kOther, "", false));
        } else {
          around.parts.push_back(Expression(""));
        }
        if (AtEnd()) return Spoil();
      }
      if (!Is("]")) return Spoil();
      around.parts.push_back(Leaf(Role::kOther, "", false));
    } else if (Is("(")) {
      around.role = Role::kCall;
      value.field = "function";
      around.parts.push_back(std::move(value));
      around.parts.push_back(Arguments());
    } else if (Is("|")) {
      // A filter is a function that nobody knows: not one that asks for a flag.
      around.role = Role::kCall;
      value.field = "";
      around.parts.push_back(std::move(value));
      around.parts.push_back(Leaf(Role::kOther, "", false));
      around.parts.push_back(Name(Role::kIdentifier, ""));
      while (Is(".")) {
        around.parts.push_back(Leaf(Role::kOther, "", false));
        around.parts.push_back(Name(Role::kIdentifier, ""));
      }
      if (Is("(")) {
        around.parts.push_back(Arguments());
      } else if (Is(":")) {
        around.parts.push_back(Leaf(Role::kOther, "", false));
        Part argument = Primary("");
        while (Is(".")) {
          Part member;
          member.role = Role::kMember;
          argument.field = "object";
          member.span = argument.span;
          member.parts.push_back(std::move(argument));
          member.parts.push_back(Leaf(Role::kOther, "", false));
          member.parts.push_back(Name(Role::kIdentifier, "attribute"));
          member.span.end = member.parts.back().span.end;
          argument = std::move(member);
        }
        around.parts.push_back(std::move(argument));
      }
    } else {
      break;
    }
    if (!ok_ || chained > kDeepest) return Spoil();
    around.span.end = around.parts.back().span.end;
    value = std::move(around);
  }
  --depth_;
  return value;
}

Part TagExpressions::Primary(std::string_view field) {
  switch (Here().kind) {
    case TagToken::Kind::kName:
      if (IsWord(Here().text)) return Spoil();
      return Leaf(RoleOfName(Here().text), field);
    case TagToken::Kind::kNumber:
      return Leaf(Role::kLiteral, field);
    case TagToken::Kind::kString:
      return Leaf(Role::kString, field);
    case TagToken::Kind::kEnd:
      return Spoil();
    case TagToken::Kind::kSign:
      break;
  }
  if (Is("(")) return List(")", field);
  if (Is("[")) return List("]", field);
  if (Is("{")) return List("}", field);
  if (Is("-") || Is("+")) {
    Part signed_one;
    signed_one.field = field;
    signed_one.parts.push_back(Leaf(Role::kOther, "operator", false));
    signed_one.parts.push_back(Postfix(""));
    signed_one.span = {signed_one.parts[0].span.begin, signed_one.parts[1].span.end};
    return signed_one;
  }
  return Spoil();
}

// In brackets: one expression alone, or several, or those of a dictionary.
Part TagExpressions::List(std::string_view close, std::string_view field) {
  Part list;
  list.field = field;
  list.parts.push_back(Leaf(Role::kOther, "", false));
  size_t expressions = 0, separators = 0;
  while (ok_ && !Is(close)) {
    if (Is(",") || (close == "}" && Is(":"))) {
      list.parts.push_back(Leaf(Role::kOther, "", false));
      ++separators;
    } else {
      list.parts.push_back(Expression(""));
      if (++expressions > separators + 1) return Spoil();
    }
  }
  if (!ok_) return Spoil();
  list.parts.push_back(Leaf(Role::kOther, "", false));
  list.span = {list.parts.front().span.begin, list.parts.back().span.end};
  const bool one = close == ")" && expressions == 1 && separators == 0;
  list.role = one ? Role::kParenthesized : Role::kOther;
  return list;
}

Part TagExpressions::Argument() {
  const bool named = Here().kind == TagToken::Kind::kName && !IsWord(Here().text) &&
                     tokens_[at_ + 1].text == "=" && tokens_[at_ + 1].kind == TagToken::Kind::kSign;
  if (!named) return Expression("");
  Part argument;
  argument.role = Role::kNamedArgument;
  argument.parts.push_back(Leaf(Role::kOther, "name"));
  argument.parts.push_back(Leaf(Role::kOther, "", false));
  argument.parts.push_back(Expression("value"));
  argument.span = {argument.parts.front().span.begin, argument.parts.back().span.end};
  return argument;
}

Part TagExpressions::Arguments() {
  Part list;
  list.role = Role::kArguments;
  list.field = "arguments";
  if (!Is("(")) return Spoil();
  list.parts.push_back(Leaf(Role::kOther, "", false));
  while (ok_ && !Is(")")) {
    list.parts.push_back(Argument());
    if (Is(",")) {
      list.parts.push_back(Leaf(Role::kOther, "", false));
    } else if (!Is(")")) {
      return Spoil();
    }
  }
  if (!ok_) return Spoil();
  list.parts.push_back(Leaf(Role::kOther, "", false));
  list.span = {list.parts.front().span.begin, list.parts.back().span.end};
  return list;
}

void TagExpressions::Rest(std::vector<Part>& parts) {
  while (ok_ && !AtEnd()) {
    if (Is("as")) {
      parts.push_back(Leaf(Role::kOther, "", false));
      parts.push_back(Name(Role::kBinding, ""));
    } else if (Is(",")) {
      parts.push_back(Leaf(Role::kOther, "", false));
    } else {
      parts.push_back(Argument());
    }
  }
}

}  // namespace gate::flags
