#include "tests/flags/mutants.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"

namespace gate::flags {
namespace {

// How a language writes what the mutants are made of. $1, $2, ... stand for code; empty where the
// language does not have it.
struct Forms {
  std::string_view language;
  std::string_view negated, either, yes;
  std::string_view nothing;  // A statement that does nothing of interest.
  std::string_view when;     // A statement behind a condition that has nothing to do with the flag.
  std::string_view branches;            // Condition with brackets where it has some, two lists.
  std::string_view at_last;             // Statements, then one that always comes after them.
  std::string_view deferred;            // A statement that is put off to the end of the function.
  std::string_view swallowed;           // Statements whose failing is ignored.
  std::string_view handed_on;           // Statements in a function that somebody may call.
  std::string_view parameter;           // With code as its default.
  std::string_view on_loading;          // Code that runs when the file or the class is loaded.
  std::string_view asked_after;         // A loop: statements, condition.
  std::string_view assigned;            // $1 is a name.
  std::string_view constant, variable;  // Words before a name that is given once, or often.
  std::string_view caller;              // @ is the name of a function.
  std::string_view guarded_caller;
  std::string_view mention;     // Another than a call, in a function of its own.
  std::string_view annotation;  // That hands a function to somebody.
  // Of templates.
  std::array<std::string_view, 2> tag = {};    // What code stands between.
  std::string_view otherwise, ended;           // Tags of an if behind its first.
  std::string_view when_begins;                // A tag that asks for something else.
  std::string_view commented, shown;           // A tag, as a comment, and shown as it is.
  std::array<std::string_view, 2> block = {};  // Around what others may show elsewhere.
};

constexpr std::string_view kEcmaLanguages[] = {"JavaScript", "TypeScript", "TSX"};

constexpr Forms kForms[] = {
    {.language = "Python",
     .negated = "not ($1)",
     .either = "($1 or unrelated)",
     .yes = "True",
     .nothing = "log()",
     .when = "if unrelated:\n    $1",
     .branches = "if $1:\n    $2\nelse:\n    $3",
     .at_last = "try:\n    $1\nfinally:\n    $2",
     .deferred = "",
     .swallowed = "try:\n    $1\nexcept Exception:\n    log()",
     .handed_on = "def later():\n    $1\nunrelated(later)",
     .parameter = "extra=$1",
     .on_loading = "$1",
     .asked_after = "",
     .assigned = "$1 = unrelated",
     .constant = "",
     .variable = "",
     .caller = "def other_caller(it):\n    it.@(it)\n",
     .guarded_caller = "def other_caller(it):\n    if flag_on(\"tasks_v2\"):\n        it.@(it)\n",
     .mention = "def other_caller(it):\n    it.register(it.@)\n",
     .annotation = "@register\n"},
    {.language = "JavaScript",
     .negated = "!($1)",
     .either = "($1 || unrelated)",
     .yes = "true",
     .nothing = "log()",
     .when = "if (unrelated) {\n  $1\n}",
     .branches = "if $1 {\n  $2\n} else {\n  $3\n}",
     .at_last = "try {\n  $1\n} finally {\n  $2\n}",
     .deferred = "",
     .swallowed = "try {\n  $1\n} catch (e) {\n  log()\n}",
     .handed_on = "unrelated(() => {\n  $1\n})",
     .parameter = "extra = $1",
     .on_loading = "$1",
     .asked_after = "do {\n  $1\n} while $2",
     .assigned = "$1 = unrelated",
     .constant = "const",
     .variable = "let",
     .caller = "function otherCaller(it) {\n  it.@(it)\n}\n",
     .guarded_caller =
         "function otherCaller(it) {\n  if (it.isEnabled(\"tasks_v2\")) it.@(it)\n}\n",
     .mention = "function otherCaller(it) {\n  it.register(it.@)\n}\n",
     .annotation = ""},
    {.language = "Swift",
     .negated = "!($1)",
     .either = "($1 || unrelated)",
     .yes = "true",
     .nothing = "log()",
     .when = "if unrelated {\n    $1\n}",
     .branches = "if $1 {\n    $2\n} else {\n    $3\n}",
     .at_last = "",
     .deferred = "defer {\n    $1\n}",
     .swallowed = "do {\n    $1\n} catch {\n    log()\n}",
     .handed_on = "unrelated {\n    $1\n}",
     .parameter = "extra: Any = $1",
     .on_loading = "let extra = $1",
     .asked_after = "repeat {\n    $1\n} while $2",
     .assigned = "$1 = unrelated",
     .constant = "let",
     .variable = "var",
     .caller = "func otherCaller(it: It) {\n    it.@(it)\n}\n",
     .guarded_caller = "func otherCaller(it: It) {\n    if FeatureFlag.tasks_v2.enabled {\n"
                       "        it.@(it)\n    }\n}\n",
     .mention = "func otherCaller(it: It) {\n    register(it.@)\n}\n",
     .annotation = "@objc "},
    {.language = "Kotlin",
     .negated = "!($1)",
     .either = "($1 || unrelated)",
     .yes = "true",
     .nothing = "log()",
     .when = "if (unrelated) {\n    $1\n}",
     .branches = "if $1 {\n    $2\n} else {\n    $3\n}",
     .at_last = "try {\n    $1\n} finally {\n    $2\n}",
     .deferred = "",
     .swallowed = "try {\n    $1\n} catch (e: Exception) {\n    log()\n}",
     .handed_on = "unrelated {\n    $1\n}",
     .parameter = "extra: Any = $1",
     .on_loading = "val extra = $1",
     .asked_after = "do {\n    $1\n} while $2",
     .assigned = "$1 = unrelated",
     .constant = "val",
     .variable = "var",
     .caller = "fun otherCaller(it: It) {\n    it.@(it)\n}\n",
     .guarded_caller =
         "fun otherCaller(it: It) {\n    if (it.isEnabled(\"tasks_v2\")) it.@(it)\n}\n",
     .mention = "fun otherCaller(it: It) {\n    register(it::@)\n}\n",
     .annotation = "@Scheduled "},
    {.language = "Java",
     .negated = "!($1)",
     .either = "($1 || unrelated)",
     .yes = "true",
     .nothing = "log();",
     .when = "if (unrelated) {\n  $1\n}",
     .branches = "if $1 {\n  $2\n} else {\n  $3\n}",
     .at_last = "try {\n  $1\n} finally {\n  $2\n}",
     .deferred = "",
     .swallowed = "try {\n  $1\n} catch (Exception e) {\n  log();\n}",
     .handed_on = "unrelated(() -> {\n  $1\n});",
     .parameter = "",
     .on_loading = "Object extra = $1;",
     .asked_after = "do {\n  $1\n} while $2;",
     .assigned = "$1 = unrelated;",
     .constant = "final",
     .variable = "",
     .caller = "class OtherCaller {\n  void run(It it) {\n    it.@(it);\n  }\n}\n",
     .guarded_caller = "class OtherCaller {\n  void run(It it) {\n"
                       "    if (it.isEnabled(\"tasks_v2\")) it.@(it);\n  }\n}\n",
     .mention = "class OtherCaller {\n  void run(It it) {\n    register(it::@);\n  }\n}\n",
     .annotation = "@Scheduled "},
    {.language = "Go",
     .negated = "!($1)",
     .either = "($1 || unrelated)",
     .yes = "true",
     .nothing = "log()",
     .when = "if unrelated {\n\t$1\n}",
     .branches = "if $1 {\n\t$2\n} else {\n\t$3\n}",
     .at_last = "",
     .deferred = "defer func() {\n\t$1\n}()",
     .swallowed = "",
     .handed_on = "unrelated(func() {\n\t$1\n})",
     .parameter = "",
     .on_loading = "var extra = $1",
     .asked_after = "",
     .assigned = "$1 = unrelated",
     .constant = "",
     .variable = "",
     .caller = "func otherCaller(it *It) {\n\tit.@(it)\n}\n",
     .guarded_caller = "func otherCaller(it *It) {\n\tif it.IsEnabled(\"tasks_v2\") {\n"
                       "\t\tit.@(it)\n\t}\n}\n",
     .mention = "func otherCaller(it *It) {\n\tregister(it.@)\n}\n",
     .annotation = ""},
    {.language = "Ruby",
     .negated = "!($1)",
     .either = "($1 || unrelated)",
     .yes = "true",
     .nothing = "log()",
     .when = "if unrelated\n  $1\nend",
     .branches = "if $1\n  $2\nelse\n  $3\nend",
     .at_last = "begin\n  $1\nensure\n  $2\nend",
     .deferred = "",
     .swallowed = "begin\n  $1\nrescue\n  log()\nend",
     .handed_on = "unrelated do\n  $1\nend",
     .parameter = "extra = $1",
     .on_loading = "$1",
     .asked_after = "begin\n  $1\nend while $2",
     .assigned = "$1 = unrelated",
     .constant = "",
     .variable = "",
     .caller = "def other_caller(it)\n  it.@(it)\nend\n",
     .guarded_caller = "def other_caller(it)\n  it.@(it) if Flipper.enabled?(:tasks_v2)\nend\n",
     .mention = "def other_caller(it)\n  it.send(:@)\nend\n",
     .annotation = ""},
    {.language = "C#",
     .negated = "!($1)",
     .either = "($1 || unrelated)",
     .yes = "true",
     .nothing = "Log();",
     .when = "if (unrelated) {\n  $1\n}",
     .branches = "if $1 {\n  $2\n} else {\n  $3\n}",
     .at_last = "try {\n  $1\n} finally {\n  $2\n}",
     .deferred = "",
     .swallowed = "try {\n  $1\n} catch {\n  Log();\n}",
     .handed_on = "Unrelated(() => {\n  $1\n});",
     .parameter = "object extra = $1",
     .on_loading = "object extra = $1;",
     .asked_after = "do {\n  $1\n} while $2;",
     .assigned = "$1 = unrelated;",
     .constant = "readonly",
     .variable = "",
     .caller = "class OtherCaller {\n  void Run(It it) {\n    it.@(it);\n  }\n}\n",
     .guarded_caller = "class OtherCaller {\n  void Run(It it) {\n"
                       "    if (it.IsEnabled(\"tasks_v2\")) it.@(it);\n  }\n}\n",
     .mention = "class OtherCaller {\n  void Run(It it) {\n    Register(it.@);\n  }\n}\n",
     .annotation = "[Scheduled] "},
    {.language = "ERB",
     .negated = "!($1)",
     .either = "($1 || unrelated)",
     .yes = "true",
     .nothing = "log()",
     .when = "if unrelated\n  $1\nend",
     .handed_on = "unrelated do\n  $1\nend",
     .assigned = "$1 = unrelated",
     .caller = "<%= @(it) %>\n",
     .guarded_caller = "<% if Flipper.enabled?(:tasks_v2) %><%= @(it) %><% end %>\n",
     .mention = "<%= register(:@) %>\n",
     .tag = {"<%", "%>"},
     .otherwise = "<% else %>",
     .ended = "<% end %>",
     .when_begins = "<% if unrelated %>",
     .commented = "<%# $1 %>",
     .shown = "<%% $1 %>"},
    {.language = "Jinja",
     .negated = "not ($1)",
     .either = "($1 or unrelated)",
     .yes = "true",
     .nothing = "log",
     .when = "{% if unrelated %}$1{% endif %}",
     .handed_on = "{% for one in unrelated %}$1{% endfor %}",
     .assigned = "{% set $1 = unrelated %}",
     .caller = "{{ @(it) }}\n",
     .guarded_caller = "{% if is_enabled(\"tasks_v2\") %}{{ @(it) }}{% endif %}\n",
     .mention = "{{ register(@) }}\n",
     .tag = {"{%", "%}"},
     .otherwise = "{% else %}",
     .ended = "{% endif %}",
     .when_begins = "{% if unrelated %}",
     .commented = "{# $1 #}",
     .shown = "{% raw %}{% $1 %}{% endraw %}",
     .block = {"{% block another %}", "{% endblock %}"}},
};

const Forms& FormsOf(const SyntaxTree& tree) {
  std::string_view language = tree.language().name;
  if (std::ranges::count(kEcmaLanguages, language) > 0) language = "JavaScript";
  if (language == "Django") language = "Jinja";
  const Forms* forms = std::ranges::find(kForms, language, &Forms::language);
  if (forms == std::end(kForms)) std::abort();  // A language without forms has no mutants.
  return *forms;
}

Range RangeOf(const SyntaxTree& tree, NodeId node) { return {tree[node].begin, tree[node].end}; }

// All of `from` in a text.
std::string With(std::string_view text, std::string_view from, std::string_view to) {
  return absl::StrReplaceAll(std::string(text), {{std::string(from), std::string(to)}});
}

Pieces Text(std::string_view text) { return {{{}, std::string(text)}}; }

Edit Replaced(const SyntaxTree& tree, Range range, std::string_view form) {
  return {range, Fill(tree.text(), form, IndentAt(tree.text(), range.begin), {range})};
}

// Some grammars bind a `!` before a chain to the first part of it: then it is not of the check.
Range RangeOf(const SyntaxTree& tree, const Check& check) {
  Range range = RangeOf(tree, check.node);
  if (tree.Text(check.node).starts_with('!')) ++range.begin;
  return range;
}

// The statements of a branch, those of a block in it alone.
std::vector<NodeId> StatementsOf(const SyntaxTree& tree, NodeId branch) {
  std::vector<NodeId> statements = {branch};
  while (statements.size() == 1 && tree.Is(statements[0], Role::kBlock)) {
    statements = tree.NamedChildren(statements[0]);
  }
  return statements;
}

class Breaker {
 public:
  Breaker(const SyntaxTree& tree, const FlagReads& reads, const Guards& guards, const Check& check,
          const std::vector<size_t>& places)
      : tree_(tree),
        reads_(reads),
        guards_(guards),
        check_(check),
        places_(places),
        forms_(FormsOf(tree)) {}

  std::vector<Mutant> All() {
    const NodeId decorator = tree_.Around(check_.node, Role::kDecorator);
    if (decorator != 0) {
      Decorator(decorator);
      Asking();
      return std::move(mutants_);
    }
    Condition();
    Asking();
    Name();
    if (tree_.language().is_shown) {
      Tags();
      return std::move(mutants_);
    }
    Decided();
    Moved();
    return std::move(mutants_);
  }

 private:
  void Add(const std::string& kind, std::vector<Edit> edits, Range uncovers = {0, SIZE_MAX}) {
    mutants_.push_back({kind, std::move(edits), uncovers, {}});
  }

  bool HasPlace(Range range) const {
    return std::ranges::any_of(places_, [&](size_t place) { return range.Contains(place); });
  }

  // ---- what is asked
  void Condition() {
    const Range range = RangeOf(tree_, check_);
    Add("negated", {Replaced(tree_, range, forms_.negated)});
    Add("compared_with_false",
        {Replaced(tree_, range, forms_.yes == "True" ? "($1 == False)" : "($1 == false)")});
    Add("or_another", {Replaced(tree_, range, OrAnother())});
    Add("compared_with_another", {Replaced(tree_, range, "($1 == unrelated)")});
    Add("handed_to_a_function", {Replaced(tree_, range, "unrelated($1)")});
    for (NodeId at = check_.node; at != 0; at = tree_[at].parent) {
      const NodeId parent = tree_[at].parent;
      const Role role = tree_[parent].role;
      if (role == Role::kBlock || role == Role::kModule || role == Role::kFunction) break;
      if (role == Role::kBinary) SwapOperator(parent, at);
    }
  }

  // The answer, or something else: what is asked whether the flag is off is turned before and
  // after.
  std::string OrAnother() const {
    std::string form(forms_.either);
    if (reads_.At(tree_, check_.node).answer != FlagReads::Answer::kOff) return form;
    return With(forms_.negated, "$1", With(form, "$1", forms_.negated));
  }

  // && becomes ||, and the other way round, where the other operand does not ask for the flag.
  void SwapOperator(NodeId binary, NodeId operand) {
    for (const NodeId child : tree_.Children(binary)) {
      const bool operand_too = child != operand && tree_[child].named;
      if (!operand_too) continue;
      for (NodeId id = child; id <= tree_[child].last; ++id) {
        if (guards_.ImpliesOn(id, true) || guards_.ImpliesOn(id, false)) return;
      }
    }
    static constexpr std::pair<std::string_view, std::string_view> kSwaps[] = {
        {"&&", "||"}, {"||", "&&"}, {"and", "or"}, {"or", "and"}};
    for (const NodeId child : tree_.Children(binary)) {
      for (const auto& [from, to] : kSwaps) {
        if (!tree_.IsLeaf(child) || tree_.Text(child) != from) continue;
        Add(from == "&&" || from == "and" ? "and_to_or" : "or_to_and",
            {{RangeOf(tree_, child), Text(to)}});
      }
    }
  }

  // How it is asked.
  void Asking() {
    if (check_.named) return;
    const NodeId node = check_.node;
    const std::string text(tree_.Text(node));
    // As a string, and as what constants are called.
    std::string other = text;
    for (const std::string_view name : {"asks_v2", "ASKS_V2", "asksV2"}) {
      other = With(other, name, std::string(name.substr(0, name.size() - 1)) + "1");
    }
    if (other != text) Add("another_flag", {{RangeOf(tree_, node), Text(other)}});
    for (NodeId id = node; id <= tree_[node].last; ++id) {
      if (tree_.Is(id, Role::kFalse)) {
        Add("default_true", {{RangeOf(tree_, id), Text(forms_.yes)}});
      }
    }
    const bool unleash = text.find("nabled(") != std::string::npos && text.back() == ')' &&
                         text.find(',') == std::string::npos;
    if (unleash) {
      Add("default_true",
          {{{tree_[node].end - 1u, tree_[node].end - 1u}, Text(", " + std::string(forms_.yes))}});
    }
  }

  void Decorator(NodeId decorator) {
    const Range range = RangeOf(tree_, decorator);
    Add("decorator_off", {{range, Text("@log")}});
    const std::string indent = IndentAt(tree_.text(), range.begin);
    Add("decorator_below", {{{range.end, range.end}, Text("\n" + indent + "@register")}});
    const size_t quote = tree_.text().find(reads_.flag(), range.begin);
    Add("decorator_negated", {{{quote, quote}, Text("!")}});
  }

  // ---- names for the answer
  void Name() {
    NodeId at = check_.node;
    while (at != 0 && !tree_.Is(tree_[at].parent, Role::kDeclaration) &&
           !tree_.Is(tree_[at].parent, Role::kAssignment)) {
      const Role role = tree_[tree_[at].parent].role;
      if (role == Role::kBlock || role == Role::kModule || role == Role::kIf) return;
      at = tree_[at].parent;
    }
    const NodeId gives = tree_[at].parent;
    if (at == 0) return;
    const bool assignment = tree_.Is(gives, Role::kAssignment);
    NodeId name = tree_.Child(gives, assignment ? "left" : "name");
    if (name == 0 || name > check_.node) return;
    while (!tree_.IsLeaf(name) && !tree_.Is(name, Role::kMember)) name = tree_[name].first_child;
    NodeId statement = gives;
    while (statement != 0 && !IsSequence(tree_[statement].parent)) {
      if (tree_.Is(statement, Role::kClass)) return;
      statement = tree_[statement].parent;
    }
    std::vector<Edit> variable;  // Instead of a constant.
    for (NodeId word = statement; word < name && !forms_.constant.empty(); ++word) {
      if (tree_.IsLeaf(word) && tree_.Text(word) == forms_.constant) {
        variable.push_back({RangeOf(tree_, word), Text(forms_.variable)});
      }
    }
    const bool local = DefinitionAround(statement) != 0 && !assignment;
    if (!local && !assignment) {
      if (!variable.empty()) Add("not_a_constant", variable);
      return;
    }
    if (statement == 0) return;
    const size_t end = tree_[statement].end;
    const std::string indent = IndentAt(tree_.text(), tree_[statement].begin);
    const auto behind = [&](const std::string& kind, std::string_view form) {
      std::vector<Edit> edits = variable;
      Pieces pieces = Text("\n" + indent);
      const std::string given = With(forms_.assigned, "$1", tree_.Text(name));
      const std::string code = With(form, "$1", given);
      for (Piece& piece : Fill(tree_.text(), code, indent, {})) pieces.push_back(std::move(piece));
      edits.push_back({{end, end}, std::move(pieces)});
      Add(kind, std::move(edits), {end, SIZE_MAX});
    };
    if (tree_.Text(statement).find('\n') != std::string_view::npos) return;  // A walrus in an if.
    behind("reassigned", "$1");
    behind("reassigned_in_branch", forms_.when);
    behind("reassigned_elsewhere", forms_.handed_on);
  }

  NodeId DefinitionAround(NodeId node) const {
    for (NodeId at = node; at != 0; at = tree_[at].parent) {
      if (tree_.Is(at, Role::kFunction) || tree_.Is(at, Role::kLambda)) return at;
    }
    return 0;
  }

  // ---- what is decided
  bool IsSequence(NodeId node) const {
    return tree_.Is(node, Role::kBlock) || tree_.Is(node, Role::kModule) ||
           tree_.Is(node, Role::kLambda) || tree_.Is(node, Role::kFunction);
  }

  // The if, loop or the like whose condition the check is in; 0 for none.
  NodeId Decides() const {
    for (NodeId at = check_.node; at != 0; at = tree_[at].parent) {
      const NodeId parent = tree_[at].parent;
      switch (tree_[parent].role) {
        case Role::kNot:
        case Role::kUnary:
        case Role::kParenthesized:
        case Role::kAwait:
        case Role::kBinary:
        case Role::kHolder:
          continue;
        case Role::kIf:
        case Role::kUnless:
        case Role::kElif:
        case Role::kTernary:
        case Role::kLoop:
        case Role::kGuard:
        case Role::kArm: {
          const bool condition =
              at == PartOfIf(tree_, parent, "condition") || tree_.Field(at) == "condition";
          return condition ? parent : 0;
        }
        default:
          return 0;
      }
    }
    return 0;
  }

  void Decided() {
    const NodeId decides = Decides();
    if (decides == 0) return;
    switch (tree_[decides].role) {
      case Role::kTernary:
        Exchange(PartOfIf(tree_, decides, "consequence"), PartOfIf(tree_, decides, "alternative"));
        return;
      case Role::kIf:
      case Role::kUnless:
        OtherBranch(decides);
        TakeOut(decides);
        Exit(decides);
        return;
      case Role::kElif:
        TakeOut(decides);
        return;
      case Role::kLoop:
        AskAfter(decides);
        return;
      case Role::kArm: {
        const NodeId condition = PartOfIf(tree_, decides, "condition");
        if (condition == 0) return;
        const size_t end = tree_[condition].end;
        Add("another_condition", {{{end, end}, Text(", unrelated")}}, RangeOf(tree_, decides));
        return;
      }
      default:
        return;
    }
  }

  void Exchange(NodeId one, NodeId other) {
    if (one == 0 || other == 0 || !HasPlace(RangeOf(tree_, one))) return;
    const std::string indent = IndentAt(tree_.text(), tree_[one].begin);
    Add("other_branch",
        {{RangeOf(tree_, one), Fill(tree_.text(), "$1", indent, {RangeOf(tree_, other)})},
         {RangeOf(tree_, other), Fill(tree_.text(), "$1", indent, {RangeOf(tree_, one)})}},
        RangeOf(tree_, one));
  }

  // From the first of its statements to the last.
  Range Whole(NodeId branch) const {
    const std::vector<NodeId> statements = StatementsOf(tree_, branch);
    if (statements.empty()) return {tree_[branch].begin, tree_[branch].begin};
    return {tree_[statements.front()].begin, tree_[statements.back()].end};
  }

  // What stands between `if` and the first branch, or at the end of the line.
  Range ConditionOf(NodeId node) const {
    const NodeId consequence = PartOfIf(tree_, node, "consequence");
    NodeId keyword = 0;
    for (const NodeId child : tree_.Children(node)) {
      if (tree_.Text(child) == "if" || tree_.Text(child) == "unless") keyword = child;
      if (keyword != 0) break;
    }
    if (keyword == 0) return {};
    const bool modifier = consequence < keyword;
    Range range = {tree_[keyword].end, modifier ? tree_[node].end : tree_[consequence].begin};
    const auto text = [&] { return tree_.text().substr(range.begin, range.end - range.begin); };
    const auto trim = [&] {
      while (absl::ascii_isspace(static_cast<unsigned char>(text().back()))) --range.end;
      while (absl::ascii_isspace(static_cast<unsigned char>(text().front()))) ++range.begin;
    };
    trim();
    for (const std::string_view end : {"{", ":", "then"}) {
      if (!modifier && text().ends_with(end)) range.end -= end.size();
    }
    trim();
    return range;
  }

  void OtherBranch(NodeId node) {
    const NodeId consequence = PartOfIf(tree_, node, "consequence");
    const NodeId alternative = PartOfIf(tree_, node, "alternative");
    const Range condition = ConditionOf(node);
    if (consequence == 0 || condition.end == 0 || node == 0) return;
    if (tree_.Is(tree_[node].parent, Role::kElse)) return;
    if (tree_.Is(tree_[node].parent, Role::kIf)) return;
    std::string form(forms_.branches);
    if (tree_.Is(node, Role::kUnless)) form.replace(0, 2, "unless");
    const std::string indent = IndentAt(tree_.text(), tree_[node].begin);
    const Range on = Whole(consequence);
    if (alternative == 0) {
      if (!HasPlace(on)) return;
      form = With(With(form, "$2", forms_.nothing), "$3", "$2");
      Add("other_branch",
          {{RangeOf(tree_, node), Fill(tree_.text(), form, indent, {condition, on})}}, on);
      return;
    }
    std::vector<NodeId> others = {alternative};
    if (tree_.Is(alternative, Role::kElse)) {
      const NodeId body = tree_.Child(alternative, "body");
      others = body != 0 ? std::vector<NodeId>{body} : tree_.NamedChildren(alternative);
    }
    if (others.empty() || tree_.Is(others[0], Role::kIf) || tree_.Is(alternative, Role::kElif)) {
      return;
    }
    const Range off = {Whole(others.front()).begin, Whole(others.back()).end};
    Add("other_branch",
        {{RangeOf(tree_, node), Fill(tree_.text(), form, indent, {condition, off, on})}},
        {condition.end, tree_[node].end});
  }

  // The statement of a sequence that the node is a part of; 0 where it is a part of an expression.
  NodeId StatementOf(NodeId node) const {
    for (NodeId at = node; at != 0; at = tree_[at].parent) {
      const NodeId parent = tree_[at].parent;
      if (tree_.Is(parent, Role::kBlock) || tree_.Is(parent, Role::kModule) ||
          tree_.Is(parent, Role::kLambda)) {
        return at;
      }
      const Role role = tree_[parent].role;
      if (role != Role::kIf && role != Role::kElse && role != Role::kElif &&
          role != Role::kHolder && role != Role::kUnless) {
        return 0;
      }
    }
    return 0;
  }

  bool HasExit(NodeId node) const {
    for (NodeId id = node; id <= tree_[node].last; ++id) {
      if (tree_.Is(id, Role::kExit)) return true;
    }
    return false;
  }

  // Whether it is a statement that runs where it stands: who calls a function may be guarded still.
  bool Runs(NodeId statement) const {
    switch (tree_[statement].role) {
      case Role::kFunction:
      case Role::kDecorated:
      case Role::kElse:
      case Role::kHandler:
      case Role::kFinally:
      case Role::kComment:
        return false;
      default:
        return tree_[statement].named && !tree_.Text(statement).starts_with("else");
    }
  }

  // Each statement of the branch before the if, and behind it.
  void TakeOut(NodeId node) {
    const NodeId whole = StatementOf(node);
    if (whole == 0) return;
    for (const std::string_view part : {"consequence", "alternative"}) {
      NodeId branch = PartOfIf(tree_, node, part);
      if (branch == 0 || tree_.Is(branch, Role::kIf) || tree_.Is(branch, Role::kElif)) continue;
      if (tree_.Is(branch, Role::kElse)) {
        const std::vector<NodeId> inside = tree_.NamedChildren(branch);
        if (inside.empty()) continue;
        branch = inside.back();
      }
      for (const NodeId statement : StatementsOf(tree_, branch)) {
        const Range range = RangeOf(tree_, statement);
        if (!HasPlace(range) || !Runs(statement)) continue;
        const std::string indent = IndentAt(tree_.text(), tree_[whole].begin);
        const size_t begin = tree_[whole].begin, end = tree_[whole].end;
        Pieces before = Fill(tree_.text(), "$1", indent, {range});
        before.push_back({{}, "\n" + indent});
        Pieces behind = Text("\n" + indent);
        for (Piece& piece : Fill(tree_.text(), "$1", indent, {range})) behind.push_back(piece);
        const Edit gone = {range, Text(forms_.nothing)};
        Add("moved_before", {{{begin, begin}, before}, gone}, range);
        // Behind an exit in the other branch it is still guarded.
        if (!HasExit(node)) Add("moved_behind", {gone, {{end, end}, behind}}, range);
      }
    }
  }

  void AskAfter(NodeId loop) {
    const NodeId body = tree_.Child(loop, "body");
    const NodeId condition = tree_.Child(loop, "condition");
    if (forms_.asked_after.empty() || body == 0 || condition == 0 || condition > body) return;
    if (!tree_.Text(loop).starts_with("while")) return;
    Range asked = RangeOf(tree_, condition);
    while (tree_.text()[asked.begin - 1] == '(') --asked.begin, ++asked.end;
    Add("asked_after",
        {{RangeOf(tree_, loop),
          Fill(tree_.text(), forms_.asked_after, IndentAt(tree_.text(), tree_[loop].begin),
               {Whole(body), asked})}},
        Whole(body));
  }

  // What leaves a branch: then it does not, or not always.
  void Exit(NodeId node) {
    const NodeId whole = StatementOf(node);
    if (whole == 0) return;
    const Range behind = {tree_[whole].end, SIZE_MAX};
    if (!HasPlace(behind) || !HasExit(node)) return;
    for (const std::string_view part : {"consequence", "alternative"}) {
      const NodeId branch = PartOfIf(tree_, node, part);
      if (branch == 0) continue;
      NodeId exit = 0;
      for (NodeId id = branch; id <= tree_[branch].last; ++id) {
        if (tree_.Is(id, Role::kExit)) exit = id;
      }
      if (exit == 0) continue;
      Add("exit_taken_out", {{RangeOf(tree_, exit), Text(forms_.nothing)}}, behind);
      Add("exit_in_branch", {Replaced(tree_, RangeOf(tree_, exit), forms_.when)}, behind);
    }
    Add("check_in_branch", {Replaced(tree_, RangeOf(tree_, whole), forms_.when)}, behind);
    Add("check_in_another_function", {Replaced(tree_, RangeOf(tree_, whole), forms_.handed_on)},
        behind);
    const std::string_view text = tree_.Text(whole);
    const bool thrown = text.find("throw ") != std::string_view::npos ||
                        text.find("raise") != std::string_view::npos;
    const bool returned = text.find("return") != std::string_view::npos;
    if (thrown && !returned && !forms_.swallowed.empty()) {
      Add("exit_swallowed", {Replaced(tree_, RangeOf(tree_, whole), forms_.swallowed)}, behind);
    }
    for (NodeId next = tree_[whole].next; next != 0; next = tree_[next].next) {
      const Range range = RangeOf(tree_, next);
      if (!Runs(next) || !HasPlace(range)) continue;
      const std::string indent = IndentAt(tree_.text(), tree_[whole].begin);
      const size_t begin = tree_[whole].begin;
      const Edit gone = {range, Text(forms_.nothing)};
      Pieces before = Fill(tree_.text(), "$1", indent, {range});
      before.push_back({{}, "\n" + indent});
      Add("moved_before", {{{begin, begin}, before}, gone}, range);
      if (!forms_.deferred.empty()) {
        Pieces deferred = Fill(tree_.text(), forms_.deferred, indent, {range});
        deferred.push_back({{}, "\n" + indent});
        Add("deferred", {{{begin, begin}, deferred}, gone}, range);
      }
      if (!forms_.at_last.empty()) {
        Add("in_finally",
            {{RangeOf(tree_, whole),
              Fill(tree_.text(), forms_.at_last, indent, {RangeOf(tree_, whole), range})},
             gone},
            range);
      }
    }
  }

  // ---- tags of templates
  // The tag that a byte is in, with what stands around it; empty where it is in none.
  Range TagAround(size_t byte) const {
    const std::string_view text = tree_.text();
    const size_t begin = text.rfind(forms_.tag[0], byte);
    const size_t end = text.find(forms_.tag[1], byte);
    if (begin == text.npos || end == text.npos) return {};
    return {begin, end + forms_.tag[1].size()};
  }

  // Its code alone.
  std::string CodeOf(Range tag) const {
    std::string_view code = tree_.text().substr(tag.begin + 2, tag.end - tag.begin - 4);
    const auto ends = [](char c) { return c == ' ' || c == '-' || c == '+'; };
    while (!code.empty() && ends(code.front())) code.remove_prefix(1);
    while (!code.empty() && ends(code.back())) code.remove_suffix(1);
    return std::string(code);
  }

  void Tags() {
    const NodeId decides = Decides();
    if (decides == 0) return;
    const bool leaves = tree_.Is(decides, Role::kIf) || tree_.Is(decides, Role::kUnless);
    if (leaves && forms_.tag[0] == "<%") Exit(decides);
    if (tree_.Is(decides, Role::kTernary)) {
      Exchange(PartOfIf(tree_, decides, "consequence"), PartOfIf(tree_, decides, "alternative"));
      return;
    }
    const Range first = TagAround(tree_[check_.node].begin);
    const Range last = TagAround(tree_[decides].end - forms_.tag[1].size());
    if (first.end == 0 || last.begin <= first.begin) return;  // A condition behind what it decides.
    const bool whole = leaves && PartOfIf(tree_, decides, "alternative") == 0;
    const Range inside = {first.end, last.begin};
    if (whole) {
      for (const auto& [kind, form] : {std::pair("commented_out", forms_.commented),
                                       std::pair("shown_as_it_is", forms_.shown)}) {
        Add(kind,
            {{first, Text(With(form, "$1", CodeOf(first)))},
             {last, Text(With(form, "$1", CodeOf(last)))}},
            inside);
      }
      Insert("other_branch", first.end, forms_.otherwise, inside);
      Insert("ended_at_once", first.end,
             std::string(forms_.otherwise) + std::string(forms_.ended) +
                 std::string(forms_.when_begins),
             inside);
      if (!forms_.block[0].empty() && tree_.text()[first.end - 1] == '}') {
        Add("in_a_block",
            {{{first.end, first.end}, Text(forms_.block[0])},
             {{last.begin, last.begin}, Text(forms_.block[1])}},
            inside);
      }
    } else if (leaves) {
      const NodeId alternative = PartOfIf(tree_, decides, "alternative");
      if (tree_.Is(alternative, Role::kElse)) {
        Exchange(PartOfIf(tree_, decides, "consequence"), tree_.Child(alternative, "body"));
      }
    }
    MoveLines(first, last);
  }

  void Insert(const std::string& kind, size_t at, std::string_view text, Range uncovers) {
    if (!text.empty()) Add(kind, {{{at, at}, Text(text)}}, uncovers);
  }

  // Each line in between, to before the first tag and behind the last.
  void MoveLines(Range first, Range last) {
    const std::string_view text = tree_.text();
    const size_t before = text.rfind('\n', first.begin) + 1;
    const size_t behind = std::min(text.find('\n', last.end), text.size() - 1) + 1;
    for (const size_t place : places_) {
      if (place < first.end || place >= last.begin) continue;
      const Range line = {text.rfind('\n', place) + 1,
                          std::min(text.find('\n', place), text.size() - 1) + 1};
      const std::string_view code = text.substr(line.begin, line.end - line.begin);
      const bool has_tags = code.find("{%") != code.npos || code.find("<% ") != code.npos ||
                            code.find("<%-") != code.npos || code.find(" do |") != code.npos;
      if (has_tags || line.begin <= first.begin || line.end > last.begin) continue;
      const Edit gone = {line, Text("\n")};
      Add("moved_before", {{{before, before}, {{line, ""}}}, gone}, line);
      if (behind >= last.end) Add("moved_behind", {gone, {{behind, behind}, {{line, ""}}}}, line);
    }
  }

  // ---- where the guarded code stands
  void Moved() {
    std::vector<NodeId> calls;
    for (NodeId id = 0; id < tree_.nodes().size(); ++id) {
      const Range range = RangeOf(tree_, id);
      const bool one_line = tree_.Text(id).find('\n') == std::string_view::npos;
      if (!tree_.Is(id, Role::kCall) || !one_line || !HasPlace(range)) continue;
      const Role around = tree_[tree_[id].parent].role;
      if (around == Role::kHolder || around == Role::kBlock) calls.push_back(id);
    }
    for (const NodeId call : calls) {
      const Range range = RangeOf(tree_, call);
      std::string_view nothing = forms_.nothing;
      if (nothing.ends_with(';')) nothing.remove_suffix(1);
      const Edit gone = {range, Text(nothing)};
      ToParameter(call, gone);
      ToLoading(call, gone);
    }
  }

  void ToParameter(NodeId call, const Edit& gone) {
    if (forms_.parameter.empty()) return;
    NodeId function = call;
    while (function != 0 && !tree_.Is(function, Role::kFunction)) function = tree_[function].parent;
    // Before the bracket that closes the parameters.
    NodeId bracket = 0;
    const NodeId body = tree_.Child(function, "body");
    for (NodeId id = function + 1; function != 0 && id < body; ++id) {
      if (tree_.IsLeaf(id) && tree_.Text(id) == ")") bracket = id;
    }
    if (bracket == 0) return;
    const size_t at = tree_[bracket].begin;
    Pieces parameter = Text(tree_.text()[at - 1] == '(' ? "" : ", ");
    for (Piece& piece : Fill(tree_.text(), forms_.parameter, "", {gone.range})) {
      parameter.push_back(std::move(piece));
    }
    Add("default_argument", {{{at, at}, parameter}, gone}, gone.range);
  }

  // To the end of the class around it, or of the file.
  void ToLoading(NodeId call, const Edit& gone) {
    const NodeId around = tree_.Around(call, Role::kClass);
    size_t at = tree_.text().size();
    if (around != 0 && tree_.Text(around).ends_with('}')) at = tree_[around].end - 1;
    Pieces loading = Text("\n");
    for (Piece& piece : Fill(tree_.text(), forms_.on_loading, "", {gone.range})) {
      loading.push_back(std::move(piece));
    }
    loading.push_back({{}, "\n"});
    Add("on_loading", {gone, {{at, at}, loading}}, gone.range);
  }

  const SyntaxTree& tree_;
  const FlagReads& reads_;
  const Guards& guards_;
  const Check& check_;
  const std::vector<size_t>& places_;
  const Forms& forms_;
  std::vector<Mutant> mutants_;
};

// A caller at the end of the file, and one in another file.
void AddCallers(const SyntaxTree& tree, NodeId function, const std::string& ending,
                const std::string& kind, std::string_view form, std::vector<Mutant>& mutants) {
  const NodeId name = tree.Child(function, "name");
  const std::string text = With(form, "@", tree.Text(name));
  const size_t end = tree.text().size();
  mutants.push_back({kind, {{{end, end}, Text("\n" + text)}}, {0, SIZE_MAX}, {}});
  const bool go = tree.language().name == "Go";
  mutants.push_back({kind + "_elsewhere",
                     {},
                     {0, SIZE_MAX},
                     {{"another" + ending, (go ? "package a\n\n" : "") + text}}});
}

}  // namespace

std::vector<Check> ChecksIn(const SyntaxTree& tree, const FlagReads& reads, const Guards& guards) {
  std::vector<Check> checks;
  for (NodeId id = 0; id < tree.nodes().size(); ++id) {
    const FlagReads::Answer answer = reads.At(tree, id).answer;
    const bool read = answer == FlagReads::Answer::kOn || answer == FlagReads::Answer::kOff;
    const bool name = tree.Is(id, Role::kIdentifier) || tree.Is(id, Role::kMember);
    const bool asks = guards.ImpliesOn(id, true) || guards.ImpliesOn(id, false);
    if (!read && !(name && asks)) continue;
    checks.push_back({id, !read});
    id = tree[id].last;
  }
  return checks;
}

Edit Unrelated(const SyntaxTree& tree, const Check& check) {
  if (tree.Child(check.node, "tag") != 0) {  // It is asked for in no other way.
    return {RangeOf(tree, tree.Child(check.node, "arguments")), Text(" \"unrelated\" ")};
  }
  // A name that is given here, and not the one that stands for the others.
  const bool given = tree.Is(check.node, Role::kBinding);
  return {RangeOf(tree, check), Text(given ? "elsewhere" : "unrelated")};
}

std::vector<Mutant> MutantsOf(const SyntaxTree& tree, const FlagReads& reads, const Guards& guards,
                              const Check& check, const std::vector<size_t>& places) {
  return Breaker(tree, reads, guards, check, places).All();
}

std::vector<Mutant> CallersOf(const SyntaxTree& tree, NodeId function, const std::string& ending) {
  const Forms& forms = FormsOf(tree);
  std::vector<Mutant> mutants;
  AddCallers(tree, function, ending, "second_caller", forms.caller, mutants);
  AddCallers(tree, function, ending, "second_mention", forms.mention, mutants);
  if (!forms.annotation.empty()) {
    const size_t begin = tree[function].begin;
    std::string text(forms.annotation);
    if (text.ends_with('\n')) text += IndentAt(tree.text(), begin);
    mutants.push_back({"annotated", {{{begin, begin}, Text(text)}}, {0, SIZE_MAX}, {}});
  }
  return mutants;
}

std::vector<Mutant> GuardedCallersOf(const SyntaxTree& tree, NodeId function,
                                     const std::string& ending) {
  std::vector<Mutant> mutants;
  AddCallers(tree, function, ending, "guarded_caller", FormsOf(tree).guarded_caller, mutants);
  return mutants;
}

}  // namespace gate::flags
