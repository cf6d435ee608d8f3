#include "checks/flags/syntax_tree.h"

#include <tree_sitter/api.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace gate::flags {
namespace {

constexpr uint64_t kMostMicroseconds = 2'000'000;

using Roles = std::vector<Role>;

Roles RolesOf(const Language& language) {
  if (language.grammar == nullptr) return {};
  const TSLanguage* grammar = language.grammar();
  Roles roles(ts_language_symbol_count(grammar), Role::kOther);
  for (uint32_t symbol = 0; symbol < roles.size(); ++symbol) {
    const auto id = static_cast<TSSymbol>(symbol);
    const std::string_view name = ts_language_symbol_name(grammar, id);
    const bool named = ts_language_symbol_type(grammar, id) == TSSymbolTypeRegular;
    for (const Language::Kind& kind : language.kinds) {
      // A keyword is called as it is written: "'not'".
      const bool quoted = kind.name.size() > 2 && kind.name.front() == '\'';
      const std::string_view bare = quoted ? kind.name.substr(1, kind.name.size() - 2) : kind.name;
      if (bare == name && named != quoted) roles[symbol] = kind.role;
    }
  }
  return roles;
}

// Worked out once, by language.
const Roles& CachedRolesOf(const Language& language) {
  static const auto& all = *new std::vector<std::pair<const Language*, Roles>>([] {
    std::vector<std::pair<const Language*, Roles>> roles;
    for (const Language* one : AllLanguages()) roles.emplace_back(one, RolesOf(*one));
    return roles;
  }());
  return std::ranges::find(all, &language, [](const auto& pair) { return pair.first; })->second;
}

struct Freed {
  void operator()(TSParser* parser) const { ts_parser_delete(parser); }
  void operator()(TSTree* tree) const { ts_tree_delete(tree); }
};

}  // namespace

absl::StatusOr<SyntaxTree> SyntaxTree::Parse(const Language& language, std::string_view text,
                                             std::span<const std::string> own_tags) {
  if (text.size() > kMostBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the file is larger than ", kMostBytes >> 20, " MiB"));
  }
  if (language.read != nullptr) {
    const absl::StatusOr<Part> root = language.read(text, own_tags);
    if (!root.ok()) return root.status();
    SyntaxTree tree;
    tree.language_ = &language;
    tree.text_ = text;
    tree.AddPart(*root, 0);
    tree.SetPlaces();
    return tree;
  }
  if (language.program == nullptr) return ParseByGrammar(language, text, text, {});
  const absl::StatusOr<Program> program = language.program(text);
  if (!program.ok()) return program.status();
  absl::StatusOr<SyntaxTree> tree = ParseByGrammar(language, text, program->text, program->markup);
  if (!tree.ok()) return tree;
  if (absl::Status read = tree->CheckProgram(program->markup); !read.ok()) return read;
  tree->SetPlaces();
  return tree;
}

absl::StatusOr<SyntaxTree> SyntaxTree::ParseByGrammar(const Language& language,
                                                      std::string_view text,
                                                      std::string_view program,
                                                      const std::vector<Span>& markup) {
  const std::unique_ptr<TSParser, Freed> parser(ts_parser_new());
  if (!ts_parser_set_language(parser.get(), language.grammar())) {
    return absl::InternalError(absl::StrCat("the grammar of ", std::string(language.name),
                                            " is of another version than its parser"));
  }
  ts_parser_set_timeout_micros(parser.get(), kMostMicroseconds);
  const std::unique_ptr<TSTree, Freed> parsed(ts_parser_parse_string(
      parser.get(), nullptr, program.data(), static_cast<uint32_t>(program.size())));
  if (!parsed) return absl::ResourceExhaustedError("parsing took longer than two seconds");

  SyntaxTree tree;
  tree.language_ = &language;
  tree.text_ = text;
  const Roles& roles = CachedRolesOf(language);
  TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(parsed.get()));
  std::vector<NodeId> open;        // from the root to here
  std::vector<NodeId> last_child;  // of each of them
  bool deep = false;
  auto stretch = markup.begin();
  for (bool more = true; more;) {
    const TSNode node = ts_tree_cursor_current_node(&cursor);
    const TSPoint start = ts_node_start_point(node);
    const auto id = static_cast<NodeId>(tree.nodes_.size());
    const TSSymbol symbol = ts_node_symbol(node);
    const NodeId parent = open.empty() ? 0 : open.back();
    const bool error = ts_node_is_error(node) || ts_node_is_missing(node);
    tree.nodes_.push_back({.symbol = symbol,
                           .field = ts_tree_cursor_current_field_id(&cursor),
                           .role = error || symbol >= roles.size() ? Role::kOther : roles[symbol],
                           .named = ts_node_is_named(node),
                           .broken = error,
                           .begin = ts_node_start_byte(node),
                           .end = ts_node_end_byte(node),
                           .row = start.row,
                           .column = start.column,
                           .parent = parent,
                           .first_child = 0,
                           .next = 0,
                           .last = id});
    if (id > 0) {
      NodeId& before = last_child.back();
      (before == 0 ? tree.nodes_[parent].first_child : tree.nodes_[before].next) = id;
      before = id;
    }
    while (stretch != markup.end() && stretch->begin < tree.nodes_[id].begin) ++stretch;
    const bool is_markup = stretch != markup.end() && stretch->begin == tree.nodes_[id].begin &&
                           stretch->end == tree.nodes_[id].end && ts_node_child_count(node) == 0;
    if (is_markup) tree.AddMarkup(id);
    deep = deep || open.size() >= kMostDepth;
    if (!deep && ts_tree_cursor_goto_first_child(&cursor)) {
      open.push_back(id);
      last_child.push_back(0);
      continue;
    }
    while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
      more = !open.empty() && ts_tree_cursor_goto_parent(&cursor);
      if (!more) break;
      tree.nodes_[open.back()].last = static_cast<NodeId>(tree.nodes_.size() - 1);
      open.pop_back();
      last_child.pop_back();
    }
  }
  ts_tree_cursor_delete(&cursor);
  if (deep) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the code is nested more than ", kMostDepth, " levels deep"));
  }
  tree.nodes_.shrink_to_fit();
  if (language.role != nullptr) {
    for (NodeId node = 0; node < tree.nodes_.size(); ++node) {
      const bool known = tree.nodes_[node].broken || tree.Is(node, Role::kMarkup);
      if (!known) tree.nodes_[node].role = language.role(tree, node);
    }
  }
  return tree;
}

void SyntaxTree::AddPart(const Part& part, NodeId parent) {
  const auto id = static_cast<NodeId>(nodes_.size());
  nodes_.push_back({.symbol = 0,
                    .field = part.field.empty() ? uint16_t{0} : FieldId(part.field),
                    .role = part.role,
                    .named = part.named,
                    .broken = false,
                    .begin = part.span.begin,
                    .end = part.span.end,
                    .row = 0,
                    .column = 0,
                    .parent = parent,
                    .first_child = 0,
                    .next = 0,
                    .last = id});
  if (part.role == Role::kMarkup) return AddMarkup(id);
  NodeId before = 0;
  for (const Part& child : part.parts) {
    const auto next = static_cast<NodeId>(nodes_.size());
    (before == 0 ? nodes_[id].first_child : nodes_[before].next) = next;
    before = next;
    AddPart(child, id);
  }
  nodes_[id].last = static_cast<NodeId>(nodes_.size() - 1);
}

void SyntaxTree::AddMarkup(NodeId stretch) {
  nodes_[stretch].role = Role::kMarkup;
  NodeId before = 0;
  for (const Span& token : MarkupTokens(text_, {nodes_[stretch].begin, nodes_[stretch].end})) {
    Node node = nodes_[stretch];
    node.field = 0;
    node.begin = token.begin;
    node.end = token.end;
    node.parent = stretch;
    node.first_child = node.next = 0;
    const auto id = static_cast<NodeId>(nodes_.size());
    node.last = id;
    nodes_.push_back(node);
    (before == 0 ? nodes_[stretch].first_child : nodes_[before].next) = id;
    before = id;
  }
  nodes_[stretch].last = static_cast<NodeId>(nodes_.size() - 1);
}

void SyntaxTree::SetPlaces() {
  std::vector<uint32_t> lines = {0};  // where each begins
  for (uint32_t at = 0; at < text_.size(); ++at) {
    if (text_[at] == '\n') lines.push_back(at + 1);
  }
  for (Node& node : nodes_) {
    node.row =
        static_cast<uint32_t>(std::ranges::upper_bound(lines, node.begin) - lines.begin()) - 1;
    node.column = node.begin - lines[node.row];
  }
}

absl::Status SyntaxTree::CheckProgram(const std::vector<Span>& markup) const {
  const auto line = [&](uint32_t byte) {
    return std::ranges::count(text_.substr(0, byte), '\n') + 1;
  };
  size_t found = 0;
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    if (nodes_[id].broken) {
      return absl::UnimplementedError(absl::StrCat(
          "the code of the template cannot be read, at line ", line(nodes_[id].begin)));
    }
    if (!Is(id, Role::kMarkup)) continue;
    const Role around = nodes_[nodes_[id].parent].role;
    if (around == Role::kMarkup) continue;
    constexpr Role kOfStatements[] = {Role::kBlock, Role::kModule, Role::kLambda, Role::kFinally,
                                      Role::kArm};
    if (std::ranges::count(kOfStatements, around) == 0 || nodes_[id].field != 0) {
      return absl::UnimplementedError(
          absl::StrCat("markup is part of an expression, at line ", line(nodes_[id].begin)));
    }
    ++found;
  }
  if (found != markup.size()) {
    return absl::UnimplementedError("markup stands in a string or a comment of the code around it");
  }
  return absl::OkStatus();
}

uint16_t SyntaxTree::FieldId(std::string_view name) const {
  if (language_->grammar != nullptr) {
    return ts_language_field_id_for_name(language_->grammar(), name.data(),
                                         static_cast<uint32_t>(name.size()));
  }
  const auto& fields = language_->fields;
  const auto found = std::ranges::find(fields, name);
  return found == fields.end() ? uint16_t{0} : static_cast<uint16_t>(found - fields.begin() + 1);
}

std::string_view SyntaxTree::Kind(NodeId node) const {
  if (language_->grammar == nullptr) return "";
  const char* name = ts_language_symbol_name(language_->grammar(), nodes_[node].symbol);
  return name == nullptr ? "ERROR" : name;
}

std::string_view SyntaxTree::Field(NodeId node) const {
  if (nodes_[node].field == 0) return "";
  if (language_->grammar == nullptr) return language_->fields[nodes_[node].field - 1u];
  return ts_language_field_name_for_id(language_->grammar(), nodes_[node].field);
}

NodeId SyntaxTree::Child(NodeId node, std::string_view name) const {
  std::string_view field = name;
  for (const Language::FieldName& other : language_->field_names) {
    if (other.role == nodes_[node].role && other.field == name) field = other.here;
  }
  const uint16_t id = FieldId(field);
  for (NodeId child = nodes_[node].first_child; child != 0 && id != 0; child = nodes_[child].next) {
    if (nodes_[child].field == id) return child;
  }
  return language_->part == nullptr ? 0 : language_->part(*this, node, name);
}

std::vector<NodeId> SyntaxTree::Children(NodeId node) const {
  std::vector<NodeId> children;
  for (NodeId child = nodes_[node].first_child; child != 0; child = nodes_[child].next) {
    children.push_back(child);
  }
  return children;
}

std::vector<NodeId> SyntaxTree::NamedChildren(NodeId node) const {
  std::vector<NodeId> children;
  for (NodeId child = nodes_[node].first_child; child != 0; child = nodes_[child].next) {
    if (nodes_[child].named && nodes_[child].role != Role::kComment) children.push_back(child);
  }
  return children;
}

NodeId SyntaxTree::Around(NodeId node, Role role) const {
  for (;; node = nodes_[node].parent) {
    if (nodes_[node].role == role) return node;
    if (node == 0) return 0;
  }
}

}  // namespace gate::flags
