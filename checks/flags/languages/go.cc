#include <string_view>

#include "checks/flags/language.h"
#include "checks/flags/syntax_tree.h"

extern "C" const TSLanguage* tree_sitter_go();

namespace gate::flags {
namespace {

constexpr std::string_view kExtensions[] = {".go"};

constexpr Language::Kind kKinds[] = {
    {"source_file", Role::kModule},
    {"function_declaration", Role::kFunction},
    {"method_declaration", Role::kFunction},
    {"func_literal", Role::kLambda},
    {"parameter_list", Role::kParameters},
    {"block", Role::kBlock},
    {"statement_list", Role::kBlock},
    {"expression_statement", Role::kHolder},
    {"expression_list", Role::kHolder},
    {"literal_element", Role::kHolder},
    {"if_statement", Role::kIf},
    {"for_statement", Role::kLoop},
    {"range_clause", Role::kBinding},
    {"receive_statement", Role::kBinding},
    {"inc_statement", Role::kBinding},
    {"dec_statement", Role::kBinding},
    {"expression_switch_statement", Role::kSwitch},
    {"expression_case", Role::kArm},
    {"default_case", Role::kArm},
    {"type_switch_statement", Role::kSwitch},
    {"type_case", Role::kArm},
    {"defer_statement", Role::kDefer},
    {"return_statement", Role::kExit},
    {"continue_statement", Role::kExit},
    {"break_statement", Role::kExit},
    {"binary_expression", Role::kBinary},
    {"unary_expression", Role::kUnary},
    {"parenthesized_expression", Role::kParenthesized},
    {"call_expression", Role::kCall},
    {"selector_expression", Role::kMember},
    {"index_expression", Role::kSubscript},
    {"argument_list", Role::kArguments},
    {"assignment_statement", Role::kAssignment},
    {"short_var_declaration", Role::kDeclaration},
    {"var_spec", Role::kDeclaration},
    {"const_spec", Role::kDeclaration},
    {"identifier", Role::kIdentifier},
    {"field_identifier", Role::kIdentifier},
    {"package_identifier", Role::kIdentifier},
    {"interpreted_string_literal", Role::kString},
    {"raw_string_literal", Role::kString},
    {"int_literal", Role::kLiteral},
    {"float_literal", Role::kLiteral},
    {"rune_literal", Role::kLiteral},
    {"true", Role::kTrue},
    {"false", Role::kFalse},
    {"nil", Role::kNull},
    {"import_declaration", Role::kImport},
    {"package_clause", Role::kType},
    {"interface_type", Role::kType},
    {"function_type", Role::kType},
    {"type_identifier", Role::kType},
    {"pointer_type", Role::kType},
    {"slice_type", Role::kType},
    {"array_type", Role::kType},
    {"map_type", Role::kType},
    {"channel_type", Role::kType},
    {"generic_type", Role::kType},
    {"qualified_type", Role::kType},
    {"type_alias", Role::kType},
    {"type_parameter_list", Role::kType},
    {"comment", Role::kComment},
};

constexpr Language::FieldName kFieldNames[] = {
    {Role::kMember, "object", "operand"},
    {Role::kMember, "attribute", "field"},
    {Role::kArm, "condition", "value"},
};

// Called by the runtime, or through interfaces of the standard library.
constexpr std::string_view kCalledByOthers[] = {
    "main",        "init",          "ServeHTTP",   "String",
    "Error",       "Unwrap",        "Is",          "As",
    "Read",        "Write",         "Close",       "Len",
    "Less",        "Swap",          "Push",        "Pop",
    "Scan",        "Value",         "MarshalJSON", "UnmarshalJSON",
    "MarshalText", "UnmarshalText", "MarshalYAML", "UnmarshalYAML",
    "RoundTrip",   "Reconcile",     "Handle",      "Format",
    "GoString",
};

constexpr std::string_view kConstants[] = {"const"};

constexpr std::string_view kNeverReturn[] = {"panic",       "os.Exit",   "log.Fatal", "log.Fatalf",
                                             "log.Fatalln", "log.Panic", "log.Panicf"};

Role RoleOf(const SyntaxTree& tree, NodeId node) {
  const Role role = tree[node].role;
  const std::string_view kind = tree.Kind(node);
  switch (role) {
    case Role::kSwitch:  // Without a value its cases are conditions.
      return kind == "expression_switch_statement" && tree.Child(node, "value") == 0 ? Role::kWhen
                                                                                     : role;
    case Role::kCall: {
      const NodeId function = tree.Child(node, "function");
      for (const std::string_view name : kNeverReturn) {
        if (tree.Text(function) == name) return Role::kExit;
      }
      return role;
    }
    case Role::kIdentifier:  // Of a field of a struct.
      return kind == "field_identifier" && tree.Kind(tree[node].parent) == "field_declaration"
                 ? Role::kType
                 : role;
    default:
      return role;
  }
}

NodeId PartOf(const SyntaxTree& tree, NodeId node, std::string_view name) {
  switch (tree[node].role) {
    case Role::kDeclaration:  // `:=`
      return name == "name"    ? tree.Child(node, "left")
             : name == "value" ? tree.Child(node, "right")
                               : 0;
    case Role::kLoop: {
      const std::vector<NodeId> children = tree.NamedChildren(node);
      if (name != "condition" || children.empty()) return 0;
      const std::string_view kind = tree.Kind(children[0]);
      if (kind == "for_clause") return tree.Child(children[0], "condition");
      return kind == "range_clause" || tree.Is(children[0], Role::kBlock) ? 0 : children[0];
    }
    default:
      return 0;
  }
}

}  // namespace

extern const Language kLanguage_go;
const Language kLanguage_go = {
    .name = "Go",
    .extensions = kExtensions,
    .grammar = tree_sitter_go,
    .kinds = kKinds,
    .field_names = kFieldNames,
    .role = RoleOf,
    .part = PartOf,
    .called_by_others = kCalledByOthers,
    .constants = kConstants,
    .block_scopes = true,
};

}  // namespace gate::flags
