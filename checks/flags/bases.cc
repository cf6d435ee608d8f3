#include "checks/flags/bases.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "checks/flags/definitions.h"

namespace gate::flags {
namespace {

constexpr int kDeepest = 5;
// Of files that may declare a base as many are looked at; with more, nobody knows.
constexpr size_t kMostFiles = 200;

constexpr std::string_view kDeclaring[] = {"class",  "interface", "protocol", "struct",
                                           "record", "enum",      "actor"};
bool IsWordChar(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Without what stands in angle brackets and brackets, and blanks.
std::string_view Bare(std::string_view base) {
  while (!base.empty() && absl::ascii_isspace(static_cast<unsigned char>(base[0]))) {
    base.remove_prefix(1);
  }
  base = base.substr(0, base.find_first_of("<([ {\n"));
  const size_t dot = base.rfind('.');
  return dot == std::string_view::npos ? base : base.substr(dot + 1);
}

// The text behind the first of these words; nothing where it is not there.
std::string_view Behind(std::string_view heading, std::string_view word) {
  for (size_t at = heading.find(word); at != std::string_view::npos;
       at = heading.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !IsWordChar(heading[at - 1]);
    if (begins && (end == heading.size() || !IsWordChar(heading[end]))) return heading.substr(end);
  }
  return "";
}

// Splits at commas that stand in no brackets.
std::vector<std::string_view> Listed(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '<' || c == '(' || c == '[') ++depth;
    if (c == '>' || c == ')' || c == ']') --depth;
    if (c != ',' || (depth > 0 && i < text.size())) continue;
    if (const std::string_view part = Bare(text.substr(begin, i - begin)); !part.empty()) {
      parts.push_back(part);
    }
    begin = i + 1;
  }
  return parts;
}

std::string_view WordBefore(std::string_view text, size_t at) {
  while (at > 0 && absl::ascii_isspace(static_cast<unsigned char>(text[at - 1]))) --at;
  const size_t end = at;
  while (at > 0 && IsWordChar(text[at - 1])) --at;
  return text.substr(at, end - at);
}

// What stands behind the name where a text declares it; nothing where it does not.
std::optional<std::string_view> HeadingIn(std::string_view text, std::string_view name) {
  for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const size_t end = at + name.size();
    if (at > 0 && IsWordChar(text[at - 1])) continue;
    if (end < text.size() && IsWordChar(text[end])) continue;
    const std::string_view word = WordBefore(text, at);
    if (std::ranges::count(kDeclaring, word) == 0) continue;
    const size_t body = text.find_first_of("{;", end);
    const size_t line = text.find(":\n", end);
    return text.substr(end, std::min({body, line, text.size()}) - end);
  }
  return std::nullopt;
}

// The base, or one of its own, that the repository does not declare.
std::string Foreign(const Language& language, const std::string& base, const Sources& sources,
                    std::set<std::string>& seen, int depth) {
  if (depth > kDeepest) return base;
  if (!seen.insert(base).second) return "";
  const std::vector<std::string> paths = sources.Mentioning(base);
  if (paths.size() > kMostFiles) return base;
  bool declared = false;
  for (const std::string& path : paths) {
    const std::optional<std::string> text = sources.Read(path);
    const auto heading = text ? HeadingIn(*text, base) : std::nullopt;
    if (!heading) continue;
    declared = true;
    for (const std::string_view next : language.unmarked_bases(*heading)) {
      std::string foreign = Foreign(language, std::string(next), sources, seen, depth + 1);
      if (!foreign.empty()) return foreign;
    }
  }
  return declared ? "" : base;
}

// Whether nobody but its own class can call it.
bool IsItsOwn(const SyntaxTree& tree, NodeId function) {
  const NodeId name = tree.Child(function, "name");
  for (NodeId word = function; word < name; ++word) {
    const std::string_view text = tree.Text(word);
    if (text == "private" || text == "fileprivate") return true;
  }
  const std::string_view text = tree.Text(name);
  return text.starts_with('#') || (tree.language().name == "Python" && text.starts_with('_'));
}

}  // namespace

std::vector<std::string_view> BasesInBrackets(std::string_view heading) {
  const size_t open = heading.find('('), close = heading.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
  return Listed(heading.substr(open + 1, close - open - 1));
}

std::vector<std::string_view> BasesBehindWords(std::string_view heading) {
  constexpr std::string_view kImplements = "implements";
  const std::string_view implemented = Behind(heading, kImplements);
  std::string_view extended = Behind(heading, "extends");
  if (!implemented.empty() && implemented.size() < extended.size()) {
    extended.remove_suffix(implemented.size() + kImplements.size());
  }
  std::vector<std::string_view> bases = Listed(extended);
  for (const std::string_view base : Listed(implemented)) bases.push_back(base);
  return bases;
}

std::vector<std::string_view> BasesBehindColon(std::string_view heading) {
  const size_t colon = heading.find(':');
  return colon == std::string_view::npos ? std::vector<std::string_view>()
                                         : Listed(heading.substr(colon + 1));
}

std::string ForeignBaseOf(const SyntaxTree& tree, NodeId function, const Sources& sources) {
  const NodeId around = tree.Around(function, Role::kClass);
  const Language& language = tree.language();
  if (language.unmarked_bases == nullptr) return "";
  if (around == 0 || DefinitionAround(tree, function) > around) return "";
  const NodeId body = tree.Child(around, "body"), name = tree.Child(around, "name");
  if (body == 0 || name == 0 || IsItsOwn(tree, function)) return "";
  const std::string_view heading =
      tree.text().substr(tree[name].end, tree[body].begin - tree[name].end);
  std::set<std::string> seen;
  for (const std::string_view base : language.unmarked_bases(heading)) {
    std::string foreign = Foreign(language, std::string(base), sources, seen, 0);
    if (!foreign.empty()) return foreign;
  }
  return "";
}

}  // namespace gate::flags
