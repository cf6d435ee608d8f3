#include "checks/flags/bases.h"
#include "checks/flags/language.h"

extern "C" const TSLanguage* tree_sitter_python();

namespace gate::flags {
namespace {

constexpr std::string_view kExtensions[] = {".py", ".pyi"};

constexpr Language::Kind kKinds[] = {
    {"module", Role::kModule},
    {"function_definition", Role::kFunction},
    {"lambda", Role::kLambda},
    {"class_definition", Role::kClass},
    {"parameters", Role::kParameters},
    {"lambda_parameters", Role::kParameters},
    {"decorated_definition", Role::kDecorated},
    {"decorator", Role::kDecorator},
    {"block", Role::kBlock},
    {"if_statement", Role::kIf},
    {"elif_clause", Role::kElif},
    {"else_clause", Role::kElse},
    {"conditional_expression", Role::kTernary},
    {"match_statement", Role::kSwitch},
    {"while_statement", Role::kLoop},
    {"for_statement", Role::kLoop},
    {"try_statement", Role::kTry},
    {"except_clause", Role::kHandler},
    {"except_group_clause", Role::kHandler},
    {"finally_clause", Role::kFinally},
    {"return_statement", Role::kExit},
    {"raise_statement", Role::kExit},
    {"continue_statement", Role::kExit},
    {"break_statement", Role::kExit},
    {"boolean_operator", Role::kBinary},
    {"comparison_operator", Role::kBinary},
    {"binary_operator", Role::kBinary},
    {"not_operator", Role::kNot},
    {"unary_operator", Role::kUnary},
    {"expression_statement", Role::kHolder},
    {"parenthesized_expression", Role::kParenthesized},
    {"await", Role::kAwait},
    {"call", Role::kCall},
    {"attribute", Role::kMember},
    {"subscript", Role::kSubscript},
    {"argument_list", Role::kArguments},
    {"keyword_argument", Role::kNamedArgument},
    {"assignment", Role::kAssignment},
    {"augmented_assignment", Role::kAssignment},
    {"named_expression", Role::kDeclaration},
    {"global_statement", Role::kBinding},
    {"nonlocal_statement", Role::kBinding},
    {"delete_statement", Role::kBinding},
    {"as_pattern", Role::kBinding},
    {"for_in_clause", Role::kBinding},
    {"case_pattern", Role::kBinding},
    {"identifier", Role::kIdentifier},
    {"string", Role::kString},
    {"integer", Role::kLiteral},
    {"float", Role::kLiteral},
    {"true", Role::kTrue},
    {"false", Role::kFalse},
    {"none", Role::kNull},
    {"import_statement", Role::kImport},
    {"import_from_statement", Role::kImport},
    {"type", Role::kType},
    {"type_alias_statement", Role::kType},
    {"comment", Role::kComment},
};

constexpr std::string_view kCalledByOthers[] = {
    "__init__", "__call__",    "__enter__",    "__exit__", "__str__", "__eq__",
    "__new__",  "__getattr__", "ready",        "save",     "clean",   "delete",
    "handle",   "dispatch",    "get_queryset", "setUp",
};

// Decorators that only call what they stand on, or refuse to.
constexpr std::string_view kCalmDecorators[] = {
    "login_required",       "permission_required", "staff_member_required",
    "require_GET",          "require_POST",        "require_safe",
    "require_http_methods", "never_cache",         "cache_control",
    "csrf_exempt",          "csrf_protect",        "ensure_csrf_cookie",
    "vary_on_headers",      "gzip_page",           "atomic",
    "staticmethod",         "classmethod",         "wraps",
};

constexpr std::string_view kOnlyHold[] = {"dictionary", "pair", "list", "tuple", "pattern_list"};

// object and Exception call nothing; what is given by name is no base.
std::vector<std::string_view> OthersBases(std::string_view heading) {
  std::vector<std::string_view> bases = BasesInBrackets(heading);
  std::erase_if(bases, [](std::string_view base) {
    return base == "object" || base == "Exception" || base.find('=') != base.npos;
  });
  return bases;
}

}  // namespace

extern const Language kLanguage_python;
const Language kLanguage_python = {
    .name = "Python",
    .extensions = kExtensions,
    .grammar = tree_sitter_python,
    .kinds = kKinds,
    .ternary = {1, 0, 2},
    .called_by_others = kCalledByOthers,
    .unmarked_bases = OthersBases,
    .calm_annotations = kCalmDecorators,
    .only_hold = kOnlyHold,
    .gives_declare = true,
    .imports_run = true,
    .docstrings = true,
};

}  // namespace gate::flags
