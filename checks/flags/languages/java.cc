#include <string_view>

#include "checks/flags/bases.h"
#include "checks/flags/language.h"
#include "checks/flags/syntax_tree.h"

extern "C" const TSLanguage* tree_sitter_java();

namespace gate::flags {
namespace {

constexpr std::string_view kExtensions[] = {".java"};

constexpr Language::Kind kKinds[] = {
    {"program", Role::kModule},
    {"method_declaration", Role::kFunction},
    {"constructor_declaration", Role::kFunction},
    {"compact_constructor_declaration", Role::kFunction},
    {"lambda_expression", Role::kLambda},
    {"static_initializer", Role::kLambda},
    {"class_declaration", Role::kClass},
    {"enum_declaration", Role::kClass},
    {"record_declaration", Role::kClass},
    {"interface_declaration", Role::kClass},
    {"formal_parameters", Role::kParameters},
    {"inferred_parameters", Role::kParameters},
    {"block", Role::kBlock},
    {"constructor_body", Role::kBlock},
    {"switch_block_statement_group", Role::kBlock},
    {"expression_statement", Role::kHolder},
    {"if_statement", Role::kIf},
    {"ternary_expression", Role::kTernary},
    {"switch_expression", Role::kSwitch},
    {"while_statement", Role::kLoop},
    {"for_statement", Role::kLoop},
    {"enhanced_for_statement", Role::kLoop},
    {"try_statement", Role::kTry},
    {"try_with_resources_statement", Role::kTry},
    {"resource", Role::kBinding},
    {"catch_clause", Role::kHandler},
    {"catch_formal_parameter", Role::kBinding},
    {"record_pattern", Role::kBinding},
    {"type_pattern", Role::kBinding},
    {"finally_clause", Role::kFinally},
    {"return_statement", Role::kExit},
    {"throw_statement", Role::kExit},
    {"continue_statement", Role::kExit},
    {"break_statement", Role::kExit},
    {"binary_expression", Role::kBinary},
    {"unary_expression", Role::kUnary},
    {"update_expression", Role::kBinding},
    {"parenthesized_expression", Role::kParenthesized},
    {"method_invocation", Role::kCall},
    {"object_creation_expression", Role::kCall},
    {"explicit_constructor_invocation", Role::kCall},
    {"field_access", Role::kMember},
    {"array_access", Role::kSubscript},
    {"argument_list", Role::kArguments},
    {"assignment_expression", Role::kAssignment},
    {"variable_declarator", Role::kDeclaration},
    {"identifier", Role::kIdentifier},
    {"this", Role::kIdentifier},
    {"string_literal", Role::kString},
    {"decimal_integer_literal", Role::kLiteral},
    {"decimal_floating_point_literal", Role::kLiteral},
    {"character_literal", Role::kLiteral},
    {"true", Role::kTrue},
    {"false", Role::kFalse},
    {"null_literal", Role::kNull},
    {"import_declaration", Role::kImport},
    {"package_declaration", Role::kType},
    {"type_identifier", Role::kType},
    {"generic_type", Role::kType},
    {"array_type", Role::kType},
    {"integral_type", Role::kType},
    {"floating_point_type", Role::kType},
    {"boolean_type", Role::kType},
    {"void_type", Role::kType},
    {"scoped_type_identifier", Role::kType},
    {"type_arguments", Role::kType},
    {"type_parameters", Role::kType},
    {"superclass", Role::kType},
    {"super_interfaces", Role::kType},
    {"throws", Role::kType},
    {"annotation_type_declaration", Role::kType},
    {"marker_annotation", Role::kAnnotation},
    {"annotation", Role::kAnnotation},
    {"line_comment", Role::kComment},
    {"block_comment", Role::kComment},
};

constexpr Language::FieldName kFieldNames[] = {
    {Role::kMember, "attribute", "field"},
    {Role::kCall, "function", "name"},
    {Role::kSubscript, "object", "array"},
};

// Called by the runtime, by Android, by Spring, or through interfaces that all know.
constexpr std::string_view kCalledByOthers[] = {
    "main",
    "run",
    "call",
    "get",
    "accept",
    "apply",
    "test",
    "compare",
    "compareTo",
    "equals",
    "hashCode",
    "toString",
    "close",
    "finalize",
    "clone",
    "iterator",
    "hasNext",
    "next",
    "readObject",
    "writeObject",
    "readResolve",
    "invoke",
    "handle",
    "init",
    "destroy",
    "start",
    "stop",
    "configure",
    "doGet",
    "doPost",
    "doFilter",
    "service",
    "preHandle",
    "postHandle",
    "onCreate",
    "onStart",
    "onResume",
    "onPause",
    "onStop",
    "onDestroy",
    "onClick",
    "onBind",
    "onReceive",
    "onCreateView",
    "onViewCreated",
    "onActivityResult",
    "onMessage",
    "afterPropertiesSet",
    "onApplicationEvent",
};

constexpr std::string_view kConstants[] = {"final"};

constexpr std::string_view kCalmAnnotations[] = {
    "@Nullable",          "@NonNull",     "@NotNull",          "@SuppressWarnings", "@Deprecated",
    "@VisibleForTesting", "@SafeVarargs", "@CheckReturnValue", "@Transactional"};

constexpr std::string_view kOnlyHold[] = {"instanceof_expression"};

Role RoleOf(const SyntaxTree& tree, NodeId node) {
  const Role role = tree[node].role;
  const std::string_view kind = tree.Kind(node);
  if (kind == "enum_constant") {
    // A name alone, or with a literal that does nothing, is only registered.
    for (NodeId id = node; id <= tree[node].last; ++id) {
      const Role inner = tree[id].role;
      if (inner == Role::kCall || inner == Role::kTrue || tree.Kind(id) == "class_body") {
        return role;
      }
    }
    return Role::kType;
  }
  if (role == Role::kIdentifier && tree.Field(node) == "name" &&
      tree.Kind(tree[node].parent) == "instanceof_expression") {
    return Role::kBinding;
  }
  if (kind == "block" && tree.Kind(tree[node].parent) == "class_body") return Role::kLambda;
  if (kind == "method_invocation" && tree.Text(node).starts_with("System.exit(")) {
    return Role::kExit;
  }
  return role;
}

}  // namespace

extern const Language kLanguage_java;
const Language kLanguage_java = {
    .name = "Java",
    .extensions = kExtensions,
    .grammar = tree_sitter_java,
    .kinds = kKinds,
    .field_names = kFieldNames,
    .role = RoleOf,
    .called_by_others = kCalledByOthers,
    .unmarked_bases = BasesBehindWords,
    .constants = kConstants,
    .calm_annotations = kCalmAnnotations,
    .only_hold = kOnlyHold,
    .block_scopes = true,
};

}  // namespace gate::flags
