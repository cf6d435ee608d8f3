#include "checks/canary/selector.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace gate {
namespace {

bool IsNameStart(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsNameChar(char c) {
  return IsNameStart(c) || absl::ascii_isdigit(static_cast<unsigned char>(c));
}

// Reads one selector. After a failure `error()` is set and nothing else counts.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<MetricSelector> Parse() {
    MetricSelector selector;
    SkipSpace();
    selector.name = Name(/*colons=*/true);
    SkipSpace();
    if (Take('{') && !Matchers(selector)) return std::nullopt;
    SkipSpace();
    if (at_ < text_.size()) return Fail(Misplaced());
    if (selector.name.empty() && selector.matchers.empty()) return Fail("expected a metric name");
    return selector;
  }

  const std::string& error() const { return error_; }

 private:
  std::nullopt_t Fail(std::string_view message) {
    if (error_.empty()) error_ = absl::StrCat("column ", at_ + 1, ": ", std::string(message));
    return std::nullopt;
  }

  // What people write instead of a selector, in their words.
  std::string Misplaced() const {
    switch (text_[at_]) {
      case '[':
        return "a range is not wanted here: the gate takes differences of the counter itself";
      case '(':
        return "a function is not wanted here: name the counter, without rate() or sum()";
      default:
        return "expected the end of the selector";
    }
  }

  bool Matchers(MetricSelector& selector) {
    while (true) {
      SkipSpace();
      if (Take('}')) return true;
      Matcher matcher;
      matcher.label = Name(/*colons=*/false);
      if (matcher.label.empty()) return Fail("expected a label or }"), false;
      if (!Operator(matcher.op) || !String(matcher.value)) return false;
      selector.matchers.push_back(std::move(matcher));
      SkipSpace();
      if (Take(',')) continue;
      if (Take('}')) return true;
      return Fail("expected , or }"), false;
    }
  }

  bool Operator(std::string& op) {
    SkipSpace();
    for (const std::string_view candidate : {"=~", "!~", "!=", "="}) {
      if (text_.substr(at_, candidate.size()) == candidate) {
        at_ += candidate.size();
        op = candidate;
        return true;
      }
    }
    return Fail("expected one of = != =~ !~"), false;
  }

  bool String(std::string& value) {
    SkipSpace();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '"' && quote != '\'' && quote != '`')
      return Fail("expected a string in quotes"), false;
    const size_t begin = ++at_;
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && quote != '`') ++at_;
    }
    if (at_ >= text_.size()) return Fail("the string has no end"), false;
    const std::string raw(text_.substr(begin, at_ - begin));
    ++at_;
    if (quote == '`') {
      value = raw;
      return true;
    }
    std::string why;
    if (!absl::CUnescape(raw, &value, &why)) return Fail(absl::StrCat("bad escape: ", why)), false;
    return true;
  }

  std::string Name(bool colons) {
    const size_t begin = at_;
    const auto fits = [&](char c) {
      return (colons && c == ':') || (at_ == begin ? IsNameStart(c) : IsNameChar(c));
    };
    while (at_ < text_.size() && fits(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  void SkipSpace() {
    while (at_ < text_.size() && absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::string error_;
};

// In double quotes, as Go and so PromQL reads it.
std::string Quoted(std::string_view value) {
  std::string result = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      absl::StrAppendFormat(&result, "\\x%02x", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

constexpr std::array<std::string_view, 3> kPlaceholders = {"${service}", "${environment}",
                                                           "${version}"};

const std::string& ValueOf(std::string_view placeholder, const v1::Change& change) {
  if (placeholder == kPlaceholders[0]) return change.service();
  if (placeholder == kPlaceholders[1]) return change.environment();
  return change.version();
}

}  // namespace

std::string MetricSelector::Print() const {
  std::string result = name;
  if (matchers.empty()) return result;
  const char* separator = "{";
  for (const Matcher& matcher : matchers) {
    absl::StrAppend(&result, separator, matcher.label, matcher.op, Quoted(matcher.value));
    separator = ",";
  }
  return result + "}";
}

std::optional<MetricSelector> ParseSelector(std::string_view text, std::string& error) {
  Parser parser(text);
  std::optional<MetricSelector> selector = parser.Parse();
  error = parser.error();
  return selector;
}

std::string QuoteRegex(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view(R"(\.+*?()|[]{}^$)").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

std::string UnknownPlaceholder(const MetricSelector& selector) {
  for (const Matcher& matcher : selector.matchers) {
    const std::string_view value = matcher.value;
    for (size_t at = value.find("${"); at != std::string_view::npos;
         at = value.find("${", at + 1)) {
      const std::string_view found = value.substr(at, value.find('}', at) - at + 1);
      bool known = false;
      for (const std::string_view placeholder : kPlaceholders) known |= found == placeholder;
      if (!known) return std::string(found);
    }
  }
  return "";
}

std::string UnfilledPlaceholder(const MetricSelector& selector, const v1::Change& change) {
  for (const Matcher& matcher : selector.matchers) {
    for (const std::string_view placeholder : kPlaceholders) {
      if (matcher.value.find(placeholder) != std::string::npos &&
          ValueOf(placeholder, change).empty()) {
        return std::string(placeholder);
      }
    }
  }
  return "";
}

MetricSelector Filled(MetricSelector selector, const v1::Change& change) {
  for (Matcher& matcher : selector.matchers) {
    const bool regex = matcher.op == "=~" || matcher.op == "!~";
    std::string filled;
    // One pass, so that a value that looks like a placeholder stays what it is.
    for (size_t at = 0; at < matcher.value.size();) {
      const std::string_view rest = std::string_view(matcher.value).substr(at);
      size_t taken = 0;
      for (const std::string_view placeholder : kPlaceholders) {
        if (rest.substr(0, placeholder.size()) != placeholder) continue;
        const std::string& value = ValueOf(placeholder, change);
        filled += regex ? QuoteRegex(value) : value;
        taken = placeholder.size();
      }
      if (taken == 0) filled += rest[0], taken = 1;
      at += taken;
    }
    matcher.value = std::move(filled);
  }
  return selector;
}

}  // namespace gate
