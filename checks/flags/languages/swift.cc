#include <string_view>

#include "checks/flags/bases.h"
#include "checks/flags/language.h"
#include "checks/flags/syntax_tree.h"

extern "C" const TSLanguage* tree_sitter_swift();

namespace gate::flags {
namespace {

constexpr std::string_view kExtensions[] = {".swift"};

constexpr Language::Kind kKinds[] = {
    {"source_file", Role::kModule},
    {"function_declaration", Role::kFunction},
    {"init_declaration", Role::kFunction},
    {"deinit_declaration", Role::kFunction},
    {"subscript_declaration", Role::kFunction},
    {"computed_property", Role::kLambda},
    {"computed_getter", Role::kLambda},
    {"computed_setter", Role::kLambda},
    {"willset_clause", Role::kLambda},
    {"didset_clause", Role::kLambda},
    {"lambda_literal", Role::kLambda},
    {"class_declaration", Role::kClass},
    {"protocol_declaration", Role::kType},
    {"parameter", Role::kParameters},
    {"lambda_function_type", Role::kParameters},
    {"capture_list", Role::kBinding},
    {"function_body", Role::kBlock},
    {"statements", Role::kBlock},
    {"value_argument", Role::kHolder},
    {"if_statement", Role::kIf},
    {"guard_statement", Role::kGuard},
    {"else", Role::kElse},
    {"ternary_expression", Role::kTernary},
    {"switch_statement", Role::kSwitch},
    {"switch_entry", Role::kArm},
    {"switch_pattern", Role::kBinding},
    {"while_statement", Role::kLoop},
    {"for_statement", Role::kLoop},
    {"repeat_while_statement", Role::kLoop},
    {"do_statement", Role::kTry},
    {"catch_block", Role::kHandler},
    {"control_transfer_statement", Role::kExit},
    {"conjunction_expression", Role::kBinary},
    {"disjunction_expression", Role::kBinary},
    {"equality_expression", Role::kBinary},
    {"comparison_expression", Role::kBinary},
    {"additive_expression", Role::kBinary},
    {"multiplicative_expression", Role::kBinary},
    {"nil_coalescing_expression", Role::kBinary},
    {"infix_expression", Role::kBinary},
    {"bitwise_operation", Role::kBinary},
    {"range_expression", Role::kBinary},
    {"prefix_expression", Role::kUnary},
    {"tuple_expression", Role::kParenthesized},
    {"await_expression", Role::kAwait},
    {"call_expression", Role::kCall},
    {"constructor_expression", Role::kCall},
    {"macro_invocation", Role::kCall},
    {"navigation_expression", Role::kMember},
    {"value_arguments", Role::kArguments},
    {"assignment", Role::kAssignment},
    {"property_declaration", Role::kDeclaration},
    {"simple_identifier", Role::kIdentifier},
    {"self_expression", Role::kIdentifier},
    {"line_string_literal", Role::kString},
    {"multi_line_string_literal", Role::kString},
    {"raw_string_literal", Role::kString},
    {"integer_literal", Role::kLiteral},
    {"real_literal", Role::kLiteral},
    {"boolean_literal", Role::kFalse},
    {"'nil'", Role::kNull},
    {"import_declaration", Role::kImport},
    {"directive", Role::kType},
    {"user_type", Role::kType},
    {"optional_type", Role::kType},
    {"array_type", Role::kType},
    {"dictionary_type", Role::kType},
    {"function_type", Role::kType},
    {"tuple_type", Role::kType},
    {"opaque_type", Role::kType},
    {"existential_type", Role::kType},
    {"type_annotation", Role::kType},
    {"type_identifier", Role::kType},
    {"type_arguments", Role::kType},
    {"type_parameters", Role::kType},
    {"type_constraints", Role::kType},
    {"typealias_declaration", Role::kType},
    {"associatedtype_declaration", Role::kType},
    {"inheritance_specifier", Role::kType},
    {"visibility_modifier", Role::kType},
    {"property_modifier", Role::kType},
    {"property_behavior_modifier", Role::kType},
    {"mutation_modifier", Role::kType},
    {"ownership_modifier", Role::kType},
    {"inheritance_modifier", Role::kType},
    {"throws", Role::kType},
    {"throw_keyword", Role::kType},
    {"where_keyword", Role::kType},
    {"catch_keyword", Role::kType},
    {"default_keyword", Role::kType},
    {"value_binding_pattern", Role::kType},
    {"value_argument_label", Role::kType},
    {"getter_specifier", Role::kType},
    {"setter_specifier", Role::kType},
    {"availability_condition", Role::kLiteral},
    {"attribute", Role::kAnnotation},
    {"comment", Role::kComment},
    {"multiline_comment", Role::kComment},
};

constexpr Language::FieldName kFieldNames[] = {
    {Role::kMember, "object", "target"},        {Role::kMember, "attribute", "suffix"},
    {Role::kAssignment, "left", "target"},      {Role::kAssignment, "right", "result"},
    {Role::kTernary, "consequence", "if_true"}, {Role::kTernary, "alternative", "if_false"},
};

// Called by the runtime, by UIKit or SwiftUI, or through protocols that all know.
constexpr std::string_view kCalledByOthers[] = {
    "init",
    "deinit",
    "main",
    "body",
    "makeBody",
    "makeUIView",
    "updateUIView",
    "makeCoordinator",
    "encode",
    "hash",
    "viewDidLoad",
    "viewWillAppear",
    "viewDidAppear",
    "viewWillDisappear",
    "viewDidDisappear",
    "viewDidLayoutSubviews",
    "layoutSubviews",
    "awakeFromNib",
    "prepare",
    "prepareForReuse",
    "draw",
    "tableView",
    "collectionView",
    "numberOfSections",
    "application",
    "applicationDidBecomeActive",
    "scene",
    "sceneDidBecomeActive",
    "userNotificationCenter",
    "observeValue",
    "touchesBegan",
    "textFieldShouldReturn",
    "scrollViewDidScroll",
    "next",
    "makeIterator",
};

constexpr std::string_view kConstants[] = {"let"};

constexpr std::string_view kCalmAnnotations[] = {
    "@discardableResult", "@MainActor",   "@ViewBuilder", "@available", "@inlinable", "@inline",
    "@escaping",          "@autoclosure", "@Sendable"};

constexpr std::string_view kNeverReturn[] = {"fatalError", "preconditionFailure"};

constexpr std::string_view kOnlyHold[] = {"bang",        "navigation_suffix",
                                          "call_suffix", "custom_operator",
                                          "pattern",     "directly_assignable_expression"};

NodeId ChildOfKind(const SyntaxTree& tree, NodeId node, std::string_view kind) {
  for (const NodeId child : tree.Children(node)) {
    if (tree.Kind(child) == kind) return child;
  }
  return 0;
}

// Of an if: its statements before and behind the else; what stands there may be another if.
NodeId BranchOf(const SyntaxTree& tree, NodeId node, bool behind_else) {
  bool behind = false;
  for (const NodeId child : tree.Children(node)) {
    if (tree.Is(child, Role::kElse)) {
      behind = true;
    } else if (behind == behind_else && (tree.Kind(child) == "statements" ||
                                         (behind && tree.Kind(child) == "if_statement"))) {
      return child;
    }
  }
  return 0;
}

Role RoleOf(const SyntaxTree& tree, NodeId node) {
  const Role role = tree[node].role;
  const std::string_view kind = tree.Kind(node), text = tree.Text(node);
  const NodeId parent = tree[node].parent;
  const std::string_view around = tree.Kind(parent);
  if (kind == "boolean_literal") return text == "true" ? Role::kTrue : Role::kFalse;
  if (kind == "member_modifier") return text == "override" ? Role::kAnnotation : Role::kType;
  if (kind == "prefix_expression" && text.starts_with('.')) return Role::kMember;
  if (role == Role::kIdentifier) {
    if (tree.Field(node) == "bound_identifier" && around != "pattern") return Role::kBinding;
    if (around == "parameter" || around == "lambda_parameter") return Role::kBinding;
    if (around == "enum_entry") return Role::kType;
    if (around == "control_transfer_statement" && !tree.Text(parent).starts_with("return")) {
      return tree.Text(parent).starts_with("throw") ? role : Role::kType;  // a label
    }
  }
  // A name that a pattern gives, anywhere but in a declaration.
  if (kind == "pattern" && around != "property_declaration") return Role::kBinding;
  if (kind == "call_expression") {
    const std::string_view function = tree.Text(tree[node].first_child);
    if (function == "defer") return Role::kDefer;
    for (const std::string_view name : kNeverReturn) {
      if (function == name) return Role::kExit;
    }
    const NodeId suffix = ChildOfKind(tree, node, "call_suffix");
    const NodeId arguments = suffix == 0 ? 0 : ChildOfKind(tree, suffix, "value_arguments");
    if (arguments != 0 && tree.Text(arguments).starts_with('[')) return Role::kSubscript;
  }
  return role;
}

NodeId PartOf(const SyntaxTree& tree, NodeId node, std::string_view name) {
  const std::vector<NodeId> children = tree.NamedChildren(node);
  if (children.empty()) return 0;
  switch (tree[node].role) {
    case Role::kIf:
      if (name == "consequence") return BranchOf(tree, node, false);
      return name == "alternative" ? BranchOf(tree, node, true) : 0;
    case Role::kLoop:
      return name == "body" ? ChildOfKind(tree, node, "statements") : 0;
    case Role::kArm:
      return name == "body" ? ChildOfKind(tree, node, "statements") : 0;
    case Role::kCall: {
      if (tree.Kind(node) != "call_expression") return 0;
      if (name == "function") return children.front();
      const NodeId suffix = name == "arguments" ? ChildOfKind(tree, node, "call_suffix") : 0;
      return suffix == 0 ? 0 : ChildOfKind(tree, suffix, "value_arguments");
    }
    default:
      return 0;
  }
}

// By their names; for the methods of a class one asks for `override`.
std::vector<std::string_view> ProtocolsThatCallBack(std::string_view heading) {
  static constexpr std::string_view kEnds[] = {"Delegate", "DataSource", "Protocol", "Observer",
                                               "Listener", "Handler",    "Source",   "Responder"};
  std::vector<std::string_view> bases = BasesBehindColon(heading);
  std::erase_if(bases, [](std::string_view base) {
    return std::ranges::none_of(kEnds, [&](std::string_view end) { return base.ends_with(end); });
  });
  return bases;
}

}  // namespace

extern const Language kLanguage_swift;
const Language kLanguage_swift = {
    .name = "Swift",
    .extensions = kExtensions,
    .grammar = tree_sitter_swift,
    .kinds = kKinds,
    .field_names = kFieldNames,
    .role = RoleOf,
    .part = PartOf,
    .called_by_others = kCalledByOthers,
    .unmarked_bases = ProtocolsThatCallBack,
    .constants = kConstants,
    .calm_annotations = kCalmAnnotations,
    .only_hold = kOnlyHold,
    .members_are_there = true,
    .flat_operators = true,
    .block_scopes = true,
    .hoists = true,
};

}  // namespace gate::flags
