// What JavaScript, TypeScript and TSX have in common: their grammars call the same things the same.
#ifndef CHECKS_FLAGS_LANGUAGES_ECMASCRIPT_H_
#define CHECKS_FLAGS_LANGUAGES_ECMASCRIPT_H_

#include <span>
#include <string_view>

#include "checks/flags/bases.h"
#include "checks/flags/language.h"
#include "checks/flags/syntax_tree.h"

namespace gate::flags {

inline constexpr Language::Kind kEcmaScriptKinds[] = {
    {"program", Role::kModule},
    {"function_declaration", Role::kFunction},
    {"generator_function_declaration", Role::kFunction},
    {"method_definition", Role::kFunction},
    {"function_expression", Role::kLambda},
    {"generator_function", Role::kLambda},
    {"arrow_function", Role::kLambda},
    {"class_declaration", Role::kClass},
    {"abstract_class_declaration", Role::kClass},
    {"class", Role::kClass},
    {"formal_parameters", Role::kParameters},
    {"decorator", Role::kDecorator},
    {"statement_block", Role::kBlock},
    {"if_statement", Role::kIf},
    {"else_clause", Role::kElse},
    {"ternary_expression", Role::kTernary},
    {"switch_statement", Role::kSwitch},
    {"while_statement", Role::kLoop},
    {"for_statement", Role::kLoop},
    {"for_in_statement", Role::kLoop},
    {"try_statement", Role::kTry},
    {"catch_clause", Role::kHandler},
    {"finally_clause", Role::kFinally},
    {"return_statement", Role::kExit},
    {"throw_statement", Role::kExit},
    {"continue_statement", Role::kExit},
    {"break_statement", Role::kExit},
    {"binary_expression", Role::kBinary},
    {"expression_statement", Role::kHolder},
    {"parenthesized_expression", Role::kParenthesized},
    {"await_expression", Role::kAwait},
    {"call_expression", Role::kCall},
    {"member_expression", Role::kMember},
    {"subscript_expression", Role::kSubscript},
    {"arguments", Role::kArguments},
    {"assignment_expression", Role::kAssignment},
    {"augmented_assignment_expression", Role::kAssignment},
    {"variable_declarator", Role::kDeclaration},
    {"public_field_definition", Role::kDeclaration},
    {"update_expression", Role::kBinding},
    {"object_pattern", Role::kBinding},
    {"array_pattern", Role::kBinding},
    {"rest_pattern", Role::kBinding},
    {"shorthand_property_identifier_pattern", Role::kBinding},
    {"new_expression", Role::kCall},
    {"identifier", Role::kIdentifier},
    {"property_identifier", Role::kIdentifier},
    {"shorthand_property_identifier", Role::kIdentifier},
    {"this", Role::kIdentifier},
    {"string", Role::kString},
    {"template_string", Role::kString},
    {"number", Role::kLiteral},
    {"true", Role::kTrue},
    {"false", Role::kFalse},
    {"null", Role::kNull},
    {"undefined", Role::kNull},
    {"jsx_expression", Role::kShown},
    {"import_statement", Role::kImport},
    {"comment", Role::kComment},
    {"hash_bang_line", Role::kComment},
    {"type_annotation", Role::kType},
    {"type_arguments", Role::kType},
    {"type_parameters", Role::kType},
    {"interface_declaration", Role::kType},
    {"type_alias_declaration", Role::kType},
    {"ambient_declaration", Role::kType},
    {"unary_expression", Role::kUnary},
};

inline constexpr Language::FieldName kEcmaScriptFields[] = {
    {Role::kMember, "attribute", "property"},
};

inline constexpr std::string_view kEcmaScriptConstants[] = {"const", "readonly"};

inline constexpr std::string_view kEcmaScriptCalledByOthers[] = {
    "constructor",
    "render",
    "componentDidMount",
    "componentDidUpdate",
    "componentWillUnmount",
    "ngOnInit",
    "ngOnDestroy",
    "mounted",
    "created",
    "setup",
    "toString",
    "toJSON",
    "valueOf",
    "main",
    "handler",
};

inline constexpr std::string_view kEcmaScriptOnlyHold[] = {"object",
                                                           "pair",
                                                           "array",
                                                           "optional_chain",
                                                           "as_expression",
                                                           "satisfies_expression",
                                                           "non_null_expression"};

// Whether a function without a name of its own is what a constant of the module is, as good as
// declared by the constant's name: `const f = () => ...`.
inline bool IsNamedByConstant(const SyntaxTree& tree, NodeId node) {
  const std::string_view kind = tree.Kind(node);
  if (kind != "arrow_function" && kind != "function_expression") return false;
  const NodeId declarator = tree[node].parent, declaration = tree[declarator].parent;
  if (tree.Kind(declarator) != "variable_declarator" || tree.Field(node) != "value") return false;
  if (tree.Kind(declaration) != "lexical_declaration") return false;
  if (tree.Text(tree[declaration].first_child) != "const") return false;
  for (const NodeId child : tree.Children(node)) {
    if (tree.Field(child) == "name") return false;
  }
  const NodeId around = tree[declaration].parent;
  return around == 0 || (tree.Kind(around) == "export_statement" && tree[around].parent == 0);
}

inline NodeId EcmaScriptPartOf(const SyntaxTree& tree, NodeId node, std::string_view name) {
  if (name != "name" || !tree.Is(node, Role::kFunction) || !IsNamedByConstant(tree, node)) return 0;
  const NodeId named = tree.Child(tree[node].parent, "name");
  return tree.Kind(named) == "identifier" ? named : 0;
}

// What TypeScript takes out before anything runs: imports of types, and behind `as`, `satisfies`
// and a name all but the value.
inline Role EcmaScriptRoleOf(const SyntaxTree& tree, NodeId node) {
  const std::string_view kind = tree.Kind(node), around = tree.Kind(tree[node].parent);
  if (kind == "import_statement" || kind == "import_specifier") {
    for (const NodeId child : tree.Children(node)) {
      if (!tree[child].named && tree.Text(child) == "type") return Role::kType;
    }
  }
  if (IsNamedByConstant(tree, node)) return Role::kFunction;
  // In { key: name } = ...
  if (kind == "identifier" && around == "pair_pattern") return Role::kBinding;
  const bool holds_value = around == "as_expression" || around == "satisfies_expression" ||
                           around == "non_null_expression";
  if (holds_value && node != tree[tree[node].parent].first_child) return Role::kType;
  return tree[node].role;
}

constexpr Language EcmaScript(std::string_view name, std::span<const std::string_view> extensions,
                              const TSLanguage* (*grammar)()) {
  return {.name = name,
          .extensions = extensions,
          .grammar = grammar,
          .kinds = kEcmaScriptKinds,
          .field_names = kEcmaScriptFields,
          .role = EcmaScriptRoleOf,
          .part = EcmaScriptPartOf,
          .called_by_others = kEcmaScriptCalledByOthers,
          .unmarked_bases = BasesBehindWords,
          .constants = kEcmaScriptConstants,
          .only_hold = kEcmaScriptOnlyHold,
          .hoists = true,
          .imports_run = true};
}

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_LANGUAGES_ECMASCRIPT_H_
