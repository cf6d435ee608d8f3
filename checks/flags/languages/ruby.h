// What Ruby and ERB, which is Ruby with markup in it, have in common.
#ifndef CHECKS_FLAGS_LANGUAGES_RUBY_H_
#define CHECKS_FLAGS_LANGUAGES_RUBY_H_

#include <span>
#include <string_view>

#include "checks/flags/language.h"
#include "checks/flags/syntax_tree.h"

extern "C" const TSLanguage* tree_sitter_ruby();

namespace gate::flags {

inline constexpr Language::Kind kRubyKinds[] = {
    {"program", Role::kModule},
    {"method", Role::kFunction},
    {"singleton_method", Role::kFunction},
    {"lambda", Role::kLambda},
    {"block", Role::kLambda},
    {"do_block", Role::kLambda},
    {"class", Role::kClass},
    {"module", Role::kClass},
    {"singleton_class", Role::kClass},
    {"method_parameters", Role::kParameters},
    {"block_parameters", Role::kParameters},
    {"lambda_parameters", Role::kParameters},
    {"body_statement", Role::kBlock},
    {"block_body", Role::kBlock},
    {"then", Role::kBlock},
    {"do", Role::kBlock},
    {"begin", Role::kBlock},
    {"else", Role::kBlock},
    {"if", Role::kIf},
    {"elsif", Role::kIf},
    {"if_modifier", Role::kIf},
    {"unless", Role::kUnless},
    {"unless_modifier", Role::kUnless},
    {"conditional", Role::kTernary},
    {"case", Role::kSwitch},
    {"case_match", Role::kSwitch},
    {"when", Role::kArm},
    {"in_clause", Role::kArm},
    {"pattern", Role::kHolder},
    {"while", Role::kLoop},
    {"for", Role::kLoop},
    {"rescue", Role::kHandler},
    {"ensure", Role::kFinally},
    {"exception_variable", Role::kBinding},
    {"return", Role::kExit},
    {"next", Role::kExit},
    {"break", Role::kExit},
    {"redo", Role::kExit},
    {"retry", Role::kExit},
    {"binary", Role::kBinary},
    {"unary", Role::kUnary},
    {"parenthesized_statements", Role::kParenthesized},
    {"call", Role::kCall},
    {"subshell", Role::kCall},
    {"yield", Role::kCall},
    {"super", Role::kCall},
    {"scope_resolution", Role::kMember},
    {"element_reference", Role::kSubscript},
    {"argument_list", Role::kArguments},
    {"pair", Role::kNamedArgument},
    {"assignment", Role::kAssignment},
    {"operator_assignment", Role::kAssignment},
    {"identifier", Role::kIdentifier},
    {"constant", Role::kIdentifier},
    {"self", Role::kIdentifier},
    {"string", Role::kString},
    {"heredoc_body", Role::kString},
    {"simple_symbol", Role::kSymbol},
    {"delimited_symbol", Role::kSymbol},
    {"hash_key_symbol", Role::kSymbol},
    {"array_pattern", Role::kBinding},
    {"find_pattern", Role::kBinding},
    {"hash_pattern", Role::kBinding},
    {"as_pattern", Role::kBinding},
    {"alternative_pattern", Role::kBinding},
    {"integer", Role::kLiteral},
    {"float", Role::kLiteral},
    {"true", Role::kTrue},
    {"false", Role::kFalse},
    {"nil", Role::kNull},
    {"comment", Role::kComment},
};

inline constexpr Language::FieldName kRubyFieldNames[] = {
    {Role::kCall, "object", "receiver"},
    {Role::kCall, "function", "method"},
    {Role::kArm, "condition", "pattern"},
};

// Called by the runtime, by Rails, or through names that all know.
inline constexpr std::string_view kRubyCalledByOthers[] = {
    "initialize",
    "call",
    "perform",
    "to_s",
    "to_str",
    "to_h",
    "to_json",
    "as_json",
    "inspect",
    "each",
    "hash",
    "eql?",
    "coerce",
    "to_proc",
    "included",
    "extended",
    "inherited",
    "prepended",
    "method_missing",
    "respond_to_missing?",
    "const_missing",
    "up",
    "down",
    "change",
    "index",
    "show",
    "new",
    "create",
    "edit",
    "update",
    "destroy",
    "validate",
    "process",
    "run",
    "resolve",
    "authorized?",
    "work",
    "execute",
};

inline constexpr std::string_view kRubyOnlyHold[] = {"instance_variable", "class_variable",
                                                     "global_variable", "hash", "array"};

inline constexpr std::string_view kRubyNeverReturn[] = {"raise", "throw"};

// Whether it is an argument of a call.
inline bool IsRubyArgument(const SyntaxTree& tree, NodeId node) {
  for (NodeId at = node; at != 0; at = tree[at].parent) {
    if (tree.Kind(tree[at].parent) == "argument_list") return true;
    if (tree.Kind(tree[at].parent) != "call") return false;
  }
  return false;
}

inline bool NeverReturnsInRuby(std::string_view name) {
  for (const std::string_view each : kRubyNeverReturn) {
    if (name == each) return true;
  }
  return false;
}

inline Role RubyRoleOf(const SyntaxTree& tree, NodeId node) {
  const Role role = tree[node].role;
  if (!tree[node].named) return role;
  const std::string_view kind = tree.Kind(node), text = tree.Text(node);
  const std::string_view around = tree.Kind(tree[node].parent);
  if (kind == "unary" && text.starts_with("not")) return Role::kNot;
  if (kind == "else" && around == "case") return Role::kArm;
  if (kind == "case" && tree.Child(node, "value") == 0) return Role::kWhen;
  if (kind == "identifier" && around != "call" && NeverReturnsInRuby(text)) return Role::kExit;
  // A name that a pattern gives: `in on`, `in {on:}`, `=> on`.
  const bool in_pattern = around == "in_clause" || around == "match_pattern" ||
                          around == "test_pattern" || around == "keyword_pattern";
  const bool gives = around == "keyword_pattern" ? tree.Child(tree[node].parent, "value") == 0
                                                 : tree.Field(node) == "pattern";
  if (in_pattern && gives && (kind == "identifier" || kind == "hash_key_symbol")) {
    return Role::kBinding;
  }
  if (kind == "call") {
    const NodeId receiver = tree.Child(node, "receiver"), method = tree.Child(node, "method");
    if (receiver == 0) return NeverReturnsInRuby(tree.Text(method)) ? Role::kExit : role;
    // Reads what it is called on, as far as one can see.
    if (tree.Child(node, "arguments") != 0 || tree.Child(node, "block") != 0) return role;
    const std::string_view on = tree.Kind(receiver), name = tree.Text(method);
    if (name.ends_with("!") || tree.Text(node).find("&.") != std::string_view::npos) return role;
    return on == "self" || on == "constant" || IsRubyArgument(tree, node) ? Role::kMember : role;
  }
  return role;
}

inline NodeId RubyPartOf(const SyntaxTree& tree, NodeId node, std::string_view name) {
  const Role role = tree[node].role;
  if ((role == Role::kIf || role == Role::kUnless) && name == "consequence") {
    return tree.Child(node, "body");  // of `... if ...`
  }
  if (role == Role::kMember) {
    const bool call = tree.Kind(node) == "call";
    if (name == "object") return tree.Child(node, call ? "receiver" : "scope");
    if (name == "attribute") return tree.Child(node, call ? "method" : "name");
  }
  return 0;
}

constexpr Language Ruby(std::string_view name, std::span<const std::string_view> extensions) {
  return {.name = name,
          .extensions = extensions,
          .grammar = tree_sitter_ruby,
          .kinds = kRubyKinds,
          .field_names = kRubyFieldNames,
          .role = RubyRoleOf,
          .part = RubyPartOf,
          .called_by_others = kRubyCalledByOthers,
          .only_hold = kRubyOnlyHold,
          .gives_declare = true,
          .dots_call = true};
}

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_LANGUAGES_RUBY_H_
