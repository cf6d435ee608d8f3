#include <string_view>

#include "checks/flags/bases.h"
#include "checks/flags/language.h"
#include "checks/flags/syntax_tree.h"

extern "C" const TSLanguage* tree_sitter_c_sharp();

namespace gate::flags {
namespace {

constexpr std::string_view kExtensions[] = {".cs"};

constexpr Language::Kind kKinds[] = {
    {"compilation_unit", Role::kModule},
    {"method_declaration", Role::kFunction},
    {"constructor_declaration", Role::kFunction},
    {"destructor_declaration", Role::kFunction},
    {"operator_declaration", Role::kFunction},
    {"conversion_operator_declaration", Role::kFunction},
    {"local_function_statement", Role::kFunction},
    {"accessor_declaration", Role::kLambda},
    {"arrow_expression_clause", Role::kLambda},
    {"lambda_expression", Role::kLambda},
    {"anonymous_method_expression", Role::kLambda},
    {"class_declaration", Role::kClass},
    {"struct_declaration", Role::kClass},
    {"record_declaration", Role::kClass},
    {"interface_declaration", Role::kClass},
    {"parameter_list", Role::kParameters},
    {"implicit_parameter", Role::kBinding},
    {"block", Role::kBlock},
    {"switch_section", Role::kBlock},
    {"global_statement", Role::kHolder},
    {"expression_statement", Role::kHolder},
    {"argument", Role::kHolder},
    {"if_statement", Role::kIf},
    {"conditional_expression", Role::kTernary},
    {"switch_statement", Role::kSwitch},
    {"switch_expression", Role::kSwitch},
    {"switch_expression_arm", Role::kArm},
    {"while_statement", Role::kLoop},
    {"do_statement", Role::kLoop},
    {"for_statement", Role::kLoop},
    {"foreach_statement", Role::kLoop},
    {"try_statement", Role::kTry},
    {"catch_clause", Role::kHandler},
    {"catch_declaration", Role::kBinding},
    {"finally_clause", Role::kFinally},
    {"return_statement", Role::kExit},
    {"throw_statement", Role::kExit},
    {"throw_expression", Role::kExit},
    {"continue_statement", Role::kExit},
    {"break_statement", Role::kExit},
    {"binary_expression", Role::kBinary},
    {"prefix_unary_expression", Role::kUnary},
    {"postfix_unary_expression", Role::kBinding},
    {"declaration_expression", Role::kBinding},
    {"declaration_pattern", Role::kBinding},
    {"var_pattern", Role::kBinding},
    {"tuple_pattern", Role::kBinding},
    {"recursive_pattern", Role::kBinding},
    {"parenthesized_expression", Role::kParenthesized},
    {"await_expression", Role::kAwait},
    {"invocation_expression", Role::kCall},
    {"object_creation_expression", Role::kCall},
    {"implicit_object_creation_expression", Role::kCall},
    {"constructor_initializer", Role::kCall},
    {"member_access_expression", Role::kMember},
    {"element_access_expression", Role::kSubscript},
    {"argument_list", Role::kArguments},
    {"assignment_expression", Role::kAssignment},
    {"variable_declarator", Role::kDeclaration},
    {"identifier", Role::kIdentifier},
    {"string_literal", Role::kString},
    {"verbatim_string_literal", Role::kString},
    {"raw_string_literal", Role::kString},
    {"interpolated_string_expression", Role::kString},
    {"integer_literal", Role::kLiteral},
    {"real_literal", Role::kLiteral},
    {"character_literal", Role::kLiteral},
    {"boolean_literal", Role::kFalse},
    {"null_literal", Role::kNull},
    {"using_directive", Role::kImport},
    {"namespace_declaration", Role::kOther},
    {"delegate_declaration", Role::kType},
    {"predefined_type", Role::kType},
    {"generic_name", Role::kOther},
    {"nullable_type", Role::kType},
    {"array_type", Role::kType},
    {"pointer_type", Role::kType},
    {"tuple_type", Role::kType},
    {"implicit_type", Role::kType},
    {"type_argument_list", Role::kType},
    {"type_parameter_list", Role::kType},
    {"type_parameter_constraints_clause", Role::kType},
    {"base_list", Role::kType},
    {"modifier", Role::kType},
    {"attribute_list", Role::kAnnotation},
    {"comment", Role::kComment},
};

constexpr Language::FieldName kFieldNames[] = {
    {Role::kMember, "object", "expression"},
    {Role::kMember, "attribute", "name"},
    {Role::kSubscript, "object", "expression"},
};

// Called by the runtime, by ASP.NET, or through interfaces that all know.
constexpr std::string_view kCalledByOthers[] = {
    "Main",
    "ToString",
    "Equals",
    "GetHashCode",
    "CompareTo",
    "Dispose",
    "DisposeAsync",
    "GetEnumerator",
    "MoveNext",
    "Invoke",
    "InvokeAsync",
    "Handle",
    "HandleAsync",
    "Execute",
    "ExecuteAsync",
    "StartAsync",
    "StopAsync",
    "Configure",
    "ConfigureServices",
    "OnGet",
    "OnGetAsync",
    "OnPost",
    "OnPostAsync",
    "OnModelCreating",
    "OnActionExecuting",
    "OnInitialized",
    "OnInitializedAsync",
    "OnParametersSet",
    "Awake",
    "Start",
    "Update",
    "FixedUpdate",
    "LateUpdate",
    "OnEnable",
    "OnDisable",
    "OnDestroy",
    "Consume",
    "Run",
    "RunAsync",
    "Up",
    "Down",
};

constexpr std::string_view kConstants[] = {"readonly", "const"};

constexpr std::string_view kCalmAnnotations[] = {"[MethodImpl",      "[Obsolete",
                                                 "[NotNull",         "[MaybeNull",
                                                 "[SuppressMessage", "[DebuggerStepThrough"};

constexpr std::string_view kOnlyHold[] = {"conditional_access_expression",
                                          "member_binding_expression", "is_pattern_expression",
                                          "constant_pattern", "negated_pattern"};

Role RoleOf(const SyntaxTree& tree, NodeId node) {
  const Role role = tree[node].role;
  if (!tree[node].named) return role;
  const std::string_view kind = tree.Kind(node), text = tree.Text(node);
  const NodeId parent = tree[node].parent;
  const std::string_view around = tree.Kind(parent), field = tree.Field(node);
  if (kind == "boolean_literal") return text == "true" ? Role::kTrue : Role::kFalse;
  if (kind == "modifier") return text == "override" ? Role::kAnnotation : role;
  if (kind == "postfix_unary_expression" && text.ends_with('!')) return Role::kHolder;
  if (kind == "invocation_expression" && text.starts_with("nameof(")) return Role::kHolder;
  // `out on` and `ref on` may give it another value.
  if (kind == "argument") {
    return text.starts_with("out") || text.starts_with("ref") ? Role::kBinding : role;
  }
  if (kind == "identifier" || kind == "qualified_name") {
    if (field == "type" || field == "returns" || around == "qualified_name" ||
        around.ends_with("namespace_declaration")) {
      return Role::kType;
    }
    if (around == "parameter") return Role::kBinding;
    if (around == "enum_member_declaration") return Role::kType;
    if (around == "goto_statement" || around == "labeled_statement") return Role::kType;
    if (field == "name" && (around == "property_declaration" || around == "argument")) {
      return Role::kType;
    }
  }
  if (kind == "generic_name" && (field == "type" || field == "returns")) return Role::kType;
  // `x is Y || z` is read as `x is (Y || z)`, whatever stands before it.
  if (kind == "binary_expression") {
    for (NodeId id = node; id <= tree[node].last; ++id) {
      if (tree.Kind(id) == "constant_pattern" &&
          tree.Kind(tree[id].first_child) == "binary_expression" &&
          tree.Text(id).find("||") != std::string_view::npos) {
        return Role::kOther;
      }
    }
  }
  return role;
}

NodeId PartOf(const SyntaxTree& tree, NodeId node, std::string_view name) {
  if (tree.Is(node, Role::kDeclaration) && name == "value") {
    const std::vector<NodeId> children = tree.NamedChildren(node);
    return children.size() > 1 ? children.back() : 0;
  }
  return 0;
}

// By their names; for the methods of a class one asks for `override`.
std::vector<std::string_view> Interfaces(std::string_view heading) {
  std::vector<std::string_view> bases = BasesBehindColon(heading);
  std::erase_if(bases, [](std::string_view base) {
    return base.size() < 2 || base[0] != 'I' || base[1] < 'A' || base[1] > 'Z';
  });
  return bases;
}

}  // namespace

extern const Language kLanguage_csharp;
const Language kLanguage_csharp = {
    .name = "C#",
    .extensions = kExtensions,
    .grammar = tree_sitter_c_sharp,
    .kinds = kKinds,
    .field_names = kFieldNames,
    .role = RoleOf,
    .part = PartOf,
    .called_by_others = kCalledByOthers,
    .unmarked_bases = Interfaces,
    .constants = kConstants,
    .calm_annotations = kCalmAnnotations,
    .only_hold = kOnlyHold,
    .block_scopes = true,
    .hoists = true,
};

}  // namespace gate::flags
