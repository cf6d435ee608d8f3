#include <string_view>

#include "checks/flags/language.h"
#include "checks/flags/syntax_tree.h"

extern "C" const TSLanguage* tree_sitter_kotlin();

namespace gate::flags {
namespace {

constexpr std::string_view kExtensions[] = {".kt", ".kts"};

constexpr Language::Kind kKinds[] = {
    {"source_file", Role::kModule},
    {"function_declaration", Role::kFunction},
    {"secondary_constructor", Role::kFunction},
    {"getter", Role::kFunction},
    {"setter", Role::kFunction},
    {"lambda_literal", Role::kLambda},
    {"anonymous_function", Role::kLambda},
    {"anonymous_initializer", Role::kLambda},
    {"class_declaration", Role::kClass},
    {"object_declaration", Role::kClass},
    {"companion_object", Role::kClass},
    {"function_value_parameters", Role::kParameters},
    {"lambda_parameters", Role::kParameters},
    {"class_parameters", Role::kParameters},
    {"block", Role::kBlock},
    {"value_argument", Role::kHolder},
    {"annotated_lambda", Role::kHolder},
    {"if_expression", Role::kIf},
    {"when_expression", Role::kWhen},
    {"when_entry", Role::kArm},
    {"while_statement", Role::kLoop},
    {"do_while_statement", Role::kLoop},
    {"for_statement", Role::kLoop},
    {"multi_variable_declaration", Role::kBinding},
    {"try_expression", Role::kTry},
    {"catch_block", Role::kHandler},
    {"finally_block", Role::kFinally},
    {"return_expression", Role::kExit},
    {"throw_expression", Role::kExit},
    {"binary_expression", Role::kBinary},
    {"in_expression", Role::kBinary},
    {"unary_expression", Role::kUnary},
    {"parenthesized_expression", Role::kParenthesized},
    {"call_expression", Role::kCall},
    {"constructor_invocation", Role::kCall},
    {"constructor_delegation_call", Role::kCall},
    {"navigation_expression", Role::kMember},
    {"index_expression", Role::kSubscript},
    {"value_arguments", Role::kArguments},
    {"assignment", Role::kAssignment},
    {"property_declaration", Role::kDeclaration},
    {"identifier", Role::kIdentifier},
    {"this_expression", Role::kIdentifier},
    {"string_literal", Role::kString},
    {"multiline_string_literal", Role::kString},
    {"number_literal", Role::kLiteral},
    {"character_literal", Role::kLiteral},
    {"import", Role::kImport},
    {"package_header", Role::kType},
    {"user_type", Role::kType},
    {"nullable_type", Role::kType},
    {"function_type", Role::kType},
    {"type_arguments", Role::kType},
    {"type_parameters", Role::kType},
    {"type_alias", Role::kType},
    {"file_annotation", Role::kType},
    {"visibility_modifier", Role::kType},
    {"class_modifier", Role::kType},
    {"function_modifier", Role::kType},
    {"property_modifier", Role::kType},
    {"parameter_modifier", Role::kType},
    {"inheritance_modifier", Role::kType},
    {"annotation", Role::kAnnotation},
    {"line_comment", Role::kComment},
    {"block_comment", Role::kComment},
};

// Words that the grammar takes for names.
constexpr Language::Kind kWords[] = {
    {"true", Role::kTrue},     {"false", Role::kFalse}, {"null", Role::kNull},
    {"continue", Role::kExit}, {"break", Role::kExit},
};

// Called by the runtime, by Android, or through interfaces that all know.
constexpr std::string_view kCalledByOthers[] = {
    "main",
    "run",
    "call",
    "invoke",
    "compareTo",
    "equals",
    "hashCode",
    "toString",
    "iterator",
    "next",
    "hasNext",
    "close",
    "apply",
    "accept",
    "test",
    "compare",
    "getValue",
    "setValue",
    "provideDelegate",
    "onCreate",
    "onStart",
    "onResume",
    "onPause",
    "onStop",
    "onDestroy",
    "onCleared",
    "onClick",
    "onBind",
    "onReceive",
    "onCreateView",
    "onViewCreated",
    "onDestroyView",
    "onActivityResult",
    "onBindViewHolder",
    "onCreateViewHolder",
    "getItemCount",
    "doWork",
    "configure",
    "initialize",
};

constexpr std::string_view kConstants[] = {"val"};

constexpr std::string_view kCalmAnnotations[] = {
    "@Composable", "@Suppress",   "@VisibleForTesting", "@JvmStatic",
    "@Throws",     "@MainThread", "@UiThread",          "@WorkerThread",
    "@OptIn",      "@Deprecated", "@Nullable"};

constexpr std::string_view kOnlyHold[] = {"is_expression", "type_test", "variable_declaration"};

bool BeginsWith(const SyntaxTree& tree, NodeId node, std::string_view word) {
  return tree.Text(tree[node].first_child) == word;
}

// The first named child behind a word of the node's own; 0 for none.
NodeId Behind(const SyntaxTree& tree, NodeId node, std::string_view word) {
  bool behind = false;
  for (const NodeId child : tree.Children(node)) {
    if (tree[child].named && !tree.Is(child, Role::kComment)) {
      if (behind) return child;
    } else if (tree.Text(child) == word) {
      behind = true;
    } else if (behind && tree.Text(child) != "{") {
      return 0;  // There is nothing between the two words.
    }
  }
  return 0;
}

NodeId ChildOfKind(const SyntaxTree& tree, NodeId node, std::string_view end) {
  for (const NodeId child : tree.Children(node)) {
    if (tree.Kind(child).ends_with(end)) return child;
  }
  return 0;
}

Role RoleOf(const SyntaxTree& tree, NodeId node) {
  const Role role = tree[node].role;
  const std::string_view kind = tree.Kind(node), text = tree.Text(node);
  const std::string_view around = tree.Kind(tree[node].parent);
  if (kind == "identifier") {
    for (const Language::Kind& word : kWords) {
      if (text == word.name) return word.role;
    }
    if (tree.Field(node) == "label" || around == "enum_entry") return Role::kType;
    if (around == "parameter" || around == "class_parameter") return Role::kBinding;
    if (around == "labeled_expression") return Role::kType;
  }
  if (kind == "labeled_expression" &&
      (text.starts_with("break@") || text.starts_with("continue@"))) {
    return Role::kExit;
  }
  if (kind == "label") return Role::kType;
  if (kind == "member_modifier") return text == "override" ? Role::kAnnotation : Role::kType;
  if (kind == "variable_declaration" && around == "for_statement") return Role::kBinding;
  if (kind == "when_expression" && ChildOfKind(tree, node, "when_subject") != 0) {
    return Role::kSwitch;
  }
  // Not `error(...)`: many a class has one of its own, which comes back.
  if (kind == "call_expression" && text.starts_with("exitProcess(")) {
    return Role::kExit;
  }
  return role;
}

NodeId PartOf(const SyntaxTree& tree, NodeId node, std::string_view name) {
  const std::vector<NodeId> children = tree.NamedChildren(node);
  if (children.empty()) return 0;
  switch (tree[node].role) {
    case Role::kFunction:
      if (name == "body") {
        const NodeId body = ChildOfKind(tree, node, "function_body");
        return body != 0 ? body : ChildOfKind(tree, node, "block");
      }
      return name == "parameters" ? ChildOfKind(tree, node, "parameters") : 0;
    case Role::kClass:
      return name == "body" ? ChildOfKind(tree, node, "class_body") : 0;
    case Role::kIf:
      if (name == "alternative") return Behind(tree, node, "else");
      return name == "consequence" ? Behind(tree, node, ")") : 0;
    case Role::kArm:
      return name == "body" ? children.back() : 0;
    case Role::kLoop:
      if (name != "body") return 0;
      return BeginsWith(tree, node, "do") ? children.front() : children.back();
    case Role::kCall:
      if (name == "function") return tree.Kind(node) == "call_expression" ? children.front() : 0;
      return name == "arguments" ? ChildOfKind(tree, node, "value_arguments") : 0;
    case Role::kMember:
    case Role::kSubscript:
      return name == "object" ? children.front() : name == "attribute" ? children.back() : 0;
    case Role::kDeclaration:
      if (name == "name") return ChildOfKind(tree, node, "variable_declaration");
      return name == "value" ? Behind(tree, node, "=") : 0;
    default:
      return 0;
  }
}

}  // namespace

extern const Language kLanguage_kotlin;
const Language kLanguage_kotlin = {
    .name = "Kotlin",
    .extensions = kExtensions,
    .grammar = tree_sitter_kotlin,
    .kinds = kKinds,
    .role = RoleOf,
    .part = PartOf,
    .called_by_others = kCalledByOthers,
    .constants = kConstants,
    .calm_annotations = kCalmAnnotations,
    .only_hold = kOnlyHold,
    .members_are_there = true,
    .block_scopes = true,
};

}  // namespace gate::flags
