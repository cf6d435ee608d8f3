// ERB: Ruby in markup. What is between <% and %> is code, and markup a statement that shows it, as
// Erubi and Ruby's own ERB have it; where these two differ the text is not read.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "checks/flags/language.h"
#include "checks/flags/languages/ruby.h"
#include "checks/flags/syntax_tree.h"
#include "checks/flags/template.h"

namespace gate::flags {
namespace {

constexpr std::string_view kExtensions[] = {".erb"};

class ErbReader {
 public:
  explicit ErbReader(std::string_view text) : text_(text) {
    // Blank at first but for its lines.
    for (const char c : text) program_.text += c == '\n' ? '\n' : ' ';
  }

  absl::StatusOr<Program> Read() {
    while (at_ < text_.size()) {
      const size_t tag = text_.find("<%", at_);
      if (absl::Status markup = Markup(tag == text_.npos ? text_.size() : tag); !markup.ok()) {
        return markup;
      }
      if (tag == text_.npos) break;
      if (absl::Status read = Tag(); !read.ok()) return read;
    }
    return std::move(program_);
  }

 private:
  absl::Status Unread(std::string_view why, size_t byte) const {
    const auto line = std::ranges::count(text_.substr(0, byte), '\n') + 1;
    return absl::UnimplementedError(absl::StrCat(std::string(why), ", at line ", line));
  }

  absl::Status Markup(size_t end) {
    for (size_t line = at_; line < end; line = text_.find('\n', line) + 1) {
      const bool begins = line == 0 || text_[line - 1] == '\n';
      if (begins && text_[line] == '%')
        return Unread("a line that begins with % may be code", line);
      if (text_.find('\n', line) >= end) break;
    }
    AddMarkup(end);
    return absl::OkStatus();
  }

  // As names, which stand alone: lines and tags are around them.
  void AddMarkup(size_t end) {
    for (const Span& line :
         MarkupLines(text_, static_cast<uint32_t>(at_), static_cast<uint32_t>(end))) {
      program_.markup.push_back(line);
      program_.text.replace(line.begin, line.end - line.begin, line.end - line.begin, 'a');
    }
    at_ = end;
  }

  absl::Status Tag() {
    const size_t begin = at_, close = text_.find("%>", begin + 2);
    if (close == text_.npos) return Unread("a tag is not closed", begin);
    size_t code = begin + 2, end = close;
    const char kind = text_[code];
    if (text_.substr(code, end - code).find("<%") != text_.npos) {
      return Unread("a tag stands in another one", begin);
    }
    if (kind == '%') {  // <%% is shown as <%.
      AddMarkup(close + 2);
      return absl::OkStatus();
    }
    at_ = close + 2;
    if (text_[end - 1] == '%') return Unread("a tag ends with %%>", begin);
    if (kind == '#') {
      // Rails reads what is given to a template, and what it is otherwise, out of a comment.
      const std::string_view comment = text_.substr(code + 1, end - code - 1);
      at_ = begin;
      if (comment.find("locals:") != text_.npos) AddMarkup(close + 2);
      at_ = close + 2;
      return absl::OkStatus();
    }
    if (end > code && text_[end - 1] == '-') --end;
    if (end > code + 1 && text_[end - 1] == '=') return Unread("a tag ends with =%>", begin);
    program_.text[begin] = '\n';
    program_.text[close + 1] = '\n';
    if (kind == '=') {
      // What is shown is given to the page, whose name here is the % of the tag.
      code += text_.substr(code, 2) == "==" ? 2 : 1;
      if (std::string_view("=~>").find(text_[code]) != std::string_view::npos) {
        return Unread("a tag begins with an operator", begin);
      }
      program_.text.replace(begin + 1, code - begin - 1, code - begin - 1, 'a');
      program_.text[code - 1] = '=';
    } else if (kind == '-') {
      ++code;
    }
    if (code < end) program_.text.replace(code, end - code, text_.substr(code, end - code));
    return absl::OkStatus();
  }

  const std::string_view text_;
  Program program_;
  size_t at_ = 0;
};

absl::StatusOr<Program> ProgramOf(std::string_view text) { return ErbReader(text).Read(); }

// Whether a node is of the sign that what follows it is shown: %= in <%=.
bool IsSign(const SyntaxTree& tree, NodeId node) {
  return tree.Kind(node) == "identifier" && tree.Text(node).starts_with('%');
}

Role RoleOf(const SyntaxTree& tree, NodeId node) {
  const std::string_view kind = tree.Kind(node);
  // It shows `false` as that word, so asking for a flag here is more than asking.
  if (kind == "assignment" && IsSign(tree, tree[node].first_child)) return Role::kOther;
  if (IsSign(tree, node)) return Role::kOther;
  // Gives up what stands before it as well.
  if (kind == "return") return Role::kOther;
  return RubyRoleOf(tree, node);
}

constexpr Language Erb() {
  Language erb = Ruby("ERB", kExtensions);
  erb.program = ProgramOf;
  erb.role = RoleOf;
  erb.is_shown = true;
  return erb;
}

}  // namespace

extern const Language kLanguage_erb;
const Language kLanguage_erb = Erb();

}  // namespace gate::flags
