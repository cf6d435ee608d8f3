// A programming language, as data: its grammar and what the grammar's nodes are to the analysis.
//
// To add one: a file languages/NAME.cc that defines `const Language kLanguage_NAME`, its grammar in
// deploy/grammars, and a folder of goldens, tests/golden/flags/NAME. CMake makes the table.
#ifndef CHECKS_FLAGS_LANGUAGE_H_
#define CHECKS_FLAGS_LANGUAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct TSLanguage;

namespace gate::flags {

class SyntaxTree;
struct Part;
struct Program;
using NodeId = uint32_t;

// What a node is, whatever the language calls it. Fields are those of the grammar; a language that
// has others says so by `Language::field_names`.
enum class Role : uint8_t {
  kOther,
  kModule,      // the file
  kFunction,    // with a name; fields name, parameters, body
  kLambda,      // without one
  kClass,       // fields name, body
  kParameters,  // of a function, with their defaults
  kDecorated,   // a definition behind its decorators
  kDecorator,
  kBlock,   // statements, one after the other
  kIf,      // fields condition, consequence, alternative
  kUnless,  // the same, turned
  kElif,    // as a part of an if
  kElse,
  kGuard,    // condition, else a block that leaves
  kTernary,  // fields condition, consequence, alternative
  kWhen,     // arms with conditions
  kArm,      // fields condition, body
  kSwitch,   // arms by value
  kLoop,     // fields condition (or none), body
  kTry,
  kHandler,
  kFinally,
  kDefer,
  kExit,    // leaves the block: return, raise, continue, break, and what never comes back
  kHolder,  // of one other node, which is what it is: an expression as a statement, an argument
  kBinary,  // fields left, operator, right
  kNot,     // of its only named child
  kUnary,   // another operator
  kParenthesized,
  kAwait,
  kCall,    // fields function, arguments
  kMember,  // fields object, attribute
  kSubscript,
  kArguments,
  kNamedArgument,
  kAssignment,   // fields left, right
  kDeclaration,  // of a name with a value: fields name, value
  kBinding,      // Its names are given values in a way that is not followed.
  kIdentifier,
  kString,
  kSymbol,  // a name as a value, :tasks_v2
  kLiteral,
  kTrue,
  kFalse,
  kNull,
  kShown,          // puts a value into markup, and nothing where it is false
  kMarkup,         // is shown as it is: a stretch of it, and each word and sign in that
  kBlockOfMarkup,  // Others may show it elsewhere, whatever is asked around it.
  kImport,
  kType,        // Nothing in it runs.
  kAnnotation,  // The same, and somebody else may call what it stands on.
  kComment,
};

struct Language {
  std::string_view name;
  std::span<const std::string_view> extensions;  // ".py"
  const TSLanguage* (*grammar)() = nullptr;

  struct Kind {
    std::string_view name;  // in the grammar
    Role role;
  };
  std::span<const Kind> kinds;

  // The grammar's name of a field that the roles above name otherwise.
  struct FieldName {
    Role role;
    std::string_view field;  // as above
    std::string_view here;
  };
  std::span<const FieldName> field_names;

  // What a node is where its kind alone does not say; may be null. Asked once for each node, when
  // the whole tree is there.
  Role (*role)(const SyntaxTree& tree, NodeId node) = nullptr;
  // A part, by its name as above, where the grammar has no field for it; 0 for none. May be null.
  NodeId (*part)(const SyntaxTree& tree, NodeId node, std::string_view name) = nullptr;

  // Of templates: the program that a text stands for, in the grammar's language; see template.h.
  // UNIMPLEMENTED, with the reason, for a text that is not understood as a whole. May be null.
  absl::StatusOr<Program> (*program)(std::string_view text) = nullptr;
  // Where there is no grammar: the tree of a text, and the names of fields in it. As above.
  // `own_tags` are those of the project that ask for a flag.
  absl::StatusOr<Part> (*read)(std::string_view text,
                               std::span<const std::string> own_tags) = nullptr;
  std::span<const std::string_view> fields;

  // Which named child of a ternary is its condition, consequence and alternative, where they have
  // no fields.
  std::array<size_t, 3> ternary = {0, 1, 2};

  // Names that are called by the framework or the runtime, never by their name: "__init__".
  std::span<const std::string_view> called_by_others;
  // Of what stands between the name of a class and its body, the names of bases by which others may
  // call methods that no word marks; see bases.h. Null: a word always does ("override").
  std::vector<std::string_view> (*unmarked_bases)(std::string_view heading) = nullptr;
  // Words before a name that is given its value once and for all: "final".
  std::span<const std::string_view> constants;
  // Annotations and decorators that hand what they stand on to nobody: "Nullable".
  std::span<const std::string_view> calm_annotations;
  // Kinds of nodes without a role that do nothing but hold others: "object".
  std::span<const std::string_view> only_hold;
  // Whether a name is declared by the first value that it is given in a function.
  bool gives_declare = false;
  // Whether each dot calls something, and a bare name may.
  bool dots_call = false;
  // Whether what a dot stands behind is never missing: the compiler sees to it.
  bool members_are_there = false;
  // Whether the grammar does not know which operators bind closer: all are taken apart anew.
  bool flat_operators = false;
  // Whether a name that is declared in a block is another one outside of it.
  bool block_scopes = false;
  // Whether a function that is defined in a block can be called before its definition.
  bool hoists = false;
  // Whether an import runs the module's code.
  bool imports_run = false;
  // Whether a file is what a function is elsewhere: it runs whenever it is shown.
  bool is_shown = false;
  // Whether what a name stands for may be missing, and so neither true nor false.
  bool may_be_missing = false;
  // Whether a name in quotes, alone in a statement, is documentation.
  bool docstrings = false;
};

// By the path's extension; null for a language that is not known.
const Language* LanguageOf(std::string_view path);
std::span<const Language* const> AllLanguages();

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_LANGUAGE_H_
