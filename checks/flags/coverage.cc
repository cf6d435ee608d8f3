#include "checks/flags/coverage.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/flags/conditions.h"
#include "checks/flags/facts.h"
#include "checks/flags/guards.h"
#include "checks/flags/references.h"
#include "checks/flags/token_diff.h"

namespace gate::flags {
namespace {

using State = ChangedLine::State;

// What is said of a token.
struct Said {
  State state = State::kCovered;
  std::string rule;
  std::string reason;
};

Said Covered(std::string_view rule) { return {State::kCovered, std::string(rule), ""}; }
Said Uncovered(std::string_view rule, std::string_view reason) {
  return {State::kUncovered, std::string(rule), std::string(reason)};
}
Said Unknown(std::string_view reason) { return {State::kUnknown, "unknown", std::string(reason)}; }

// Hashes of what a node is nested in, by node: where a statement is moved out of an if without any
// token being changed but brackets or blanks, they differ. Checks of the flag are left out.
std::vector<uint64_t> NestingOf(const SyntaxTree& tree, const Guards& guards) {
  std::vector<uint64_t> nesting(tree.nodes().size(), 0);
  for (NodeId child = 1; child < nesting.size(); ++child) {
    const NodeId parent = tree[child].parent;
    uint64_t& own = nesting[child];
    own = nesting[parent];
    const Role role = tree[parent].role;
    const bool region = tree.Is(child, Role::kBlock) || role == Role::kIf ||
                        role == Role::kUnless || role == Role::kElif || role == Role::kTernary ||
                        role == Role::kLoop || role == Role::kArm || role == Role::kSwitch;
    if (!region || !tree[child].named) continue;
    std::vector<Fact> facts;
    AddFacts(tree, parent, child, facts);
    // What arms before this one ask is theirs.
    if (role == Role::kArm) std::erase_if(facts, [&](const Fact& fact) { return !fact.holds; });
    const bool of_flag = std::ranges::any_of(facts, [&](const Fact& fact) {
      return guards.ImpliesOn(fact.condition, fact.holds) ||
             guards.polarity().FollowsFromOff(fact.condition, fact.holds);
    });
    // Of an if that checks the flag nothing counts, nor of its else.
    const NodeId condition = PartOfIf(tree, parent, "condition");
    const bool check =
        condition != 0 && (guards.ImpliesOn(condition, true) || guards.ImpliesOn(condition, false));
    if (of_flag || check || (role == Role::kElse && of_flag)) continue;
    if (role == Role::kElse) {
      const NodeId around = PartOfIf(tree, tree[parent].parent, "condition");
      if (around != 0 && (guards.ImpliesOn(around, true) || guards.ImpliesOn(around, false))) {
        continue;
      }
    }
    const std::string_view field = tree.Field(child);
    own = own * 1099511628211u + static_cast<uint64_t>(role) * 31 +
          std::hash<std::string_view>()(field);
  }
  return nesting;
}

// One changed file.
class FileCoverage {
 public:
  FileCoverage(const FileChange& change, const FlagReads& reads, Files& files)
      : change_(change), reads_(reads), files_(files) {}

  // Functions that the change touched, by name.
  struct ChangedFunction {
    NodeId node;
    bool added = true;  // There was none of this name before.
    bool covered = true;
    std::vector<Place> witness;
    std::string reason;
  };

  // Reads both texts and compares them. A sentence where that cannot be done.
  std::string Read() {
    const Language* language = LanguageOf(change_.path);
    if (language == nullptr) return "there is no grammar for this language";
    const Language* before = change_.base_path.empty() ? language : LanguageOf(change_.base_path);
    for (const auto& [text, grammar, tree] :
         {std::tuple(&change_.base, before, &base_), {&change_.head, language, &head_}}) {
      static const std::string& nothing = *new std::string;
      absl::StatusOr<SyntaxTree> parsed =
          SyntaxTree::Parse(grammar == nullptr ? *language : *grammar, *text ? **text : nothing);
      if (!parsed.ok()) return std::string(parsed.status().message());
      *tree = *std::move(parsed);
    }
    base_guards_ = std::make_unique<Guards>(base_, reads_);
    head_guards_ = std::make_unique<Guards>(head_, reads_);
    diff_ = Compare(base_, head_);
    is_added_.assign(diff_.head.size(), true);
    for (size_t i = 0; i < is_added_.size(); ++i) is_added_[i] = diff_.same[i] == TokenDiff::kNone;
    FindMoved();
    FindChangedFunctions();
    return "";
  }

  std::map<std::string, ChangedFunction>& changed_functions() { return changed_functions_; }
  const SyntaxTree& head() const { return head_; }
  const Guards& head_guards() const { return *head_guards_; }
  const std::string& path() const { return change_.path; }

  void Judge(Coverage& coverage) {
    const std::vector<uint64_t> before = NestingOf(base_, *base_guards_);
    const std::vector<uint64_t> after = NestingOf(head_, *head_guards_);
    std::map<int, Place> disabled;
    for (size_t i = 0; i < diff_.head.size(); ++i) {
      const NodeId token = diff_.head[i];
      if (is_added_[i]) {
        if (Counts(head_, token)) {
          Say(token, Decide(token));
        } else if (const NodeId definition = HeaderAround(head_, token); !IsNew(definition)) {
          Say(token, DecideHeader(definition));
        }
        continue;
      }
      const size_t same = diff_.same[i];
      if (same == TokenDiff::kNone || !Counts(head_, token)) continue;
      const NodeId old = diff_.base[same];
      const bool was = base_guards_->Guarding(old).has_value();
      const bool is = head_guards_->Guarding(token).has_value();
      if (was && !is) {
        Say(token, Uncovered("guard_removed", "ran only with the flag on before this change"));
      } else if (!was && is) {
        const Place place = PlaceAt(change_.path, head_, token);
        disabled.emplace(place.line, place);
      } else if (!is && before[old] != after[token]) {
        Say(token, Uncovered("moved", "it stands in another block than before"));
      }
    }
    for (const TokenRun& run : diff_.removed) JudgeRemoved(run);
    for (auto& [line, said] : lines_) coverage.lines.push_back(std::move(said));
    for (auto& [line, place] : disabled) coverage.disabled.push_back(place);
    coverage.nodes += static_cast<int>(owners_.size());
    for (const auto& [owner, state] : owners_) {
      coverage.covered_nodes += state == State::kCovered;
      coverage.unknown_nodes += state == State::kUnknown;
    }
  }

 private:
  // Whether a token only gives the code its shape: brackets, separators, and words whose effect is
  // seen in what they hold.
  static bool IsShape(const SyntaxTree& tree, NodeId token) {
    static constexpr std::string_view kShapes[] = {
        "(",         ")",        "[",         "]",           "{",          "}",        ",",
        ";",         ":",        ".",         "->",          "=>",         "::",       "|",
        "<",         "</",       ">",         "/>",          "\"",         "'",        "`",
        "@",         "if",       "else",      "elif",        "elsif",      "unless",   "then",
        "end",       "do",       "begin",     "while",       "until",      "for",      "in",
        "of",        "foreach",  "switch",    "case",        "default",    "when",     "match",
        "try",       "catch",    "except",    "rescue",      "finally",    "ensure",   "with",
        "using",     "func",     "def",       "function",    "fun",        "fn",       "class",
        "struct",    "enum",     "interface", "protocol",    "extension",  "module",   "object",
        "companion", "init",     "deinit",    "constructor", "var",        "let",      "val",
        "const",     "public",   "private",   "protected",   "internal",   "open",     "final",
        "static",    "override", "abstract",  "import",      "package",    "export",   "type",
        "where",     "throws",   "get",       "set",         "guard",      "range",    "select",
        "pass",      "record",   "namespace", "extends",     "implements", "mutating", "lambda",
        "by",        "repeat"};
    const Role around = tree[tree[token].parent].role;
    const std::string_view text = tree.Text(token);
    if (text.starts_with('#') || text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      return true;
    }
    if (around == Role::kIdentifier) return false;  // A word that is a name here.
    if (around == Role::kTernary && text == "?") return true;
    if (around == Role::kBinary && (text == "in" || text == "|" || text == "<" || text == ">"))
      return false;
    return std::ranges::find(kShapes, text) != std::end(kShapes);
  }

  // Whether a token runs, or makes something run.
  static bool Counts(const SyntaxTree& tree, NodeId token) {
    const SyntaxTree::Node& node = tree[token];
    const NodeId parent = node.parent;
    if (!node.named && node.role == Role::kOther && IsShape(tree, token)) return false;
    if (node.role == Role::kElse) return false;  // The word alone.
    if (tree.language().docstrings && node.role == Role::kString &&
        tree.Is(parent, Role::kHolder) && tree.NamedChildren(parent).size() == 1 &&
        (tree.Is(tree[parent].parent, Role::kBlock) ||
         tree.Is(tree[parent].parent, Role::kModule))) {
      return false;
    }
    bool called = false;
    for (NodeId at = token; at != 0; at = tree[at].parent) {
      const NodeId around = tree[at].parent;
      called = called || tree.Is(at, Role::kCall);
      if (tree.Is(at, Role::kType) || tree.Is(at, Role::kAnnotation)) return false;
      // A name that is given no value.
      if (tree.Is(around, Role::kDeclaration) && at == tree.Child(around, "name") &&
          tree.Child(around, "value") == 0) {
        return false;
      }
      if (tree.Is(around, Role::kParameters)) {
        // A name and its type do not run; what it is where nobody gives it does.
        return IsDefault(tree, token, around);
      }
      if ((tree.Is(around, Role::kFunction) || tree.Is(around, Role::kClass)) &&
          at != tree.Child(around, "body") && !tree.Is(at, Role::kParameters)) {
        // As a constructor calls another.
        return called || IsDefault(tree, token, around);
      }
    }
    return true;
  }

  // Whether a token of parameters is of what one of them is where nobody gives it.
  static bool IsDefault(const SyntaxTree& tree, NodeId token, NodeId parameters) {
    for (NodeId at = token; at > parameters; at = tree[at].parent) {
      if (tree.Field(at) == "value" || tree.Field(at) == "default_value") return true;
      std::string_view before;
      for (NodeId child = tree[tree[at].parent].first_child; child < at; child = tree[child].next) {
        before = tree.Text(child);
      }
      if (before == "=") return true;
    }
    return false;
  }

  static std::string FunctionOf(const SyntaxTree& tree, NodeId token) {
    const NodeId around = DefinitionAround(tree, token);
    return around == 0 ? "" : NameOf(tree, around);
  }

  // Runs that were removed and stand, token for token, where they run with the flag off in the same
  // function.
  void FindMoved() {
    constexpr size_t kShortest = 4;
    for (const TokenRun& run : diff_.added) {
      for (size_t at = run.begin; at + kShortest <= run.end;) {
        size_t longest = 0, from = 0;
        for (const TokenRun& removed : diff_.removed) {
          for (size_t b = removed.begin; b < removed.end; ++b) {
            if (FunctionOf(base_, diff_.base[b]) != FunctionOf(head_, diff_.head[at])) continue;
            size_t length = 0;
            while (at + length < run.end && b + length < removed.end &&
                   head_.Text(diff_.head[at + length]) == base_.Text(diff_.base[b + length])) {
              ++length;
            }
            if (length > longest) longest = length, from = b;
          }
        }
        if (longest < kShortest || !head_guards_->InOffBranch(diff_.head[at])) {
          ++at;
          continue;
        }
        for (size_t i = 0; i < longest; ++i) {
          is_added_[at + i] = false;
          retained_.insert(from + i);
        }
        at += longest;
      }
    }
  }

  // Those that hold something that was added.
  void FindChangedFunctions() {
    std::set<NodeId> changed, added;
    for (size_t i = 0; i < is_added_.size(); ++i) {
      if (!is_added_[i]) continue;
      added.insert(diff_.head[i]);
      for (NodeId at = diff_.head[i]; at != 0; at = head_[at].parent) {
        if (head_.Is(at, Role::kFunction) && !changed.insert(at).second) break;
      }
    }
    for (NodeId id = 0; id < head_.nodes().size(); ++id) {
      if (!changed.contains(id)) continue;
      const std::string name = NameOf(head_, id);
      if (name.empty()) continue;
      ChangedFunction function{.node = id,
                               .added = added.contains(head_.Child(id, "name")),
                               .covered = true,
                               .witness = {},
                               .reason = ""};
      const auto& others = head_.language().called_by_others;
      const bool decorated = head_.Is(head_[id].parent, Role::kDecorated) || IsAnnotated(head_, id);
      if (decorated || std::ranges::find(others, name) != others.end()) {
        function.covered = false;
        function.reason = decorated ? "what it is marked with may hand it to somebody who calls it"
                                    : "it is called by the framework, not by its name";
      }
      changed_functions_.emplace(name, std::move(function));
    }
  }

  // By an annotation, or as overriding a function that others know.
  static bool IsAnnotated(const SyntaxTree& tree, NodeId function) {
    const NodeId body = tree.Child(function, "body");
    const auto& calm = tree.language().calm_annotations;
    for (NodeId id = function + 1; id < body; ++id) {
      if (tree.Is(id, Role::kParameters)) id = tree[id].last;
      if (!tree.Is(id, Role::kAnnotation)) continue;
      const bool says_nothing = std::ranges::any_of(calm, [&](std::string_view name) {
        return tree.Text(id).find(name) != std::string_view::npos;
      });
      if (!says_nothing) return true;
    }
    return false;
  }

  // Whether the function that a token is in, with all it is nested in, can be read.
  bool CanBeRead(NodeId token) {
    if (broken_before_.empty()) {
      broken_before_.push_back(0);
      for (const SyntaxTree::Node& node : head_.nodes()) {
        broken_before_.push_back(broken_before_.back() + (node.broken ? 1 : 0));
      }
    }
    NodeId outermost = token;
    for (NodeId at = token; at != 0; at = head_[at].parent) {
      if (head_[at].broken) return false;
      if (head_.Is(at, Role::kFunction) || head_.Is(at, Role::kLambda)) outermost = at;
    }
    return !head_[0].broken &&
           broken_before_[head_[outermost].last + 1] == broken_before_[outermost];
  }

  Said Decide(NodeId token) {
    if (!CanBeRead(token)) return Unknown("the code around it cannot be read");
    if (head_.Around(token, Role::kImport) != 0) return DecideImport(token);
    if (const auto part = head_guards_->PartOfCheck(token)) {
      if (!part->pure) return Uncovered("impure_check", part->why);
      return DecideCheck(*part);
    }
    const NodeId decorator = head_.Around(token, Role::kDecorator);
    if (decorator != 0) return Uncovered("load", "it runs when the module is loaded");
    if (const NodeId parameters = Above(token, Role::kParameters)) {
      (void)parameters;
      return Uncovered("default_argument", "a default is worked out where the function is defined");
    }
    const NodeId function = RunsIn(token);
    if (function == 0) {
      return head_.Around(token, Role::kClass) != 0
                 ? Uncovered("class_body", "it runs when the class is made")
                 : Uncovered("load", "it runs when the module is loaded");
    }
    if (head_guards_->IsEmptyExit(token)) return Covered("G4");
    if (const auto rule = head_guards_->Guarding(token)) return Covered(*rule);
    if (const std::string_view why = head_guards_->WhyUnknown(token); !why.empty()) {
      return Unknown(why);
    }
    for (NodeId at = function; at != 0; at = DefinitionAround(head_, at)) {
      const auto found = changed_functions_.find(NameOf(head_, at));
      if (found == changed_functions_.end() || found->second.node != at) continue;
      if (found->second.covered) return Covered("G8");
      if (!found->second.witness.empty()) return Uncovered("called", found->second.reason);
      if (found->second.added) return Unknown(found->second.reason);
    }
    if (head_guards_->InOffBranch(token)) {
      return Uncovered("off_branch", "it runs where the flag is off");
    }
    return Uncovered("unguarded", "no check of the flag stands before it");
  }

  // A condition that only asks: with the flag off it has to come out as it did before.
  Said DecideCheck(const Guards::Part& part) {
    if (part.condition == 0) return Covered("check");
    const bool named = head_.Is(part.decides, Role::kAssignment);
    if (named || head_.Is(part.decides, Role::kDeclaration)) {
      // A name for the answer has to be one that nobody knew before.
      const NodeId name = head_.Child(part.decides, named ? "left" : "name");
      NodeId first = name;
      while (!head_.IsLeaf(first)) first = head_[first].first_child;
      const bool member = head_.Is(name, Role::kMember) || head_.Is(name, Role::kSubscript);
      const bool known = std::ranges::any_of(diff_.base, [&](NodeId token) {
        return base_.Text(token) == head_.Text(first) &&
               (base_guards_->polarity().aliases().IsGiven(token) ||
                base_.Around(token, Role::kImport) != 0);
      });
      if (!member && !known) return Covered("check");
      const NodeId before = BaseOf(part.decides);
      const NodeId value = before == 0 ? 0 : base_.Child(before, named ? "right" : "value");
      if (value != 0 && base_guards_->polarity().WhenOff(value) ==
                            head_guards_->polarity().WhenOff(part.condition)) {
        return Covered("check");
      }
      return Uncovered("check_changed", "something that is already there gets its value from it");
    }
    const std::string now = head_guards_->polarity().WhenOff(part.condition);
    const NodeId before = part.decides == 0 ? 0 : BaseOf(part.decides);
    const NodeId condition = before == 0 ? 0 : PartOfIf(base_, before, "condition");
    if (condition != 0) {
      if (base_guards_->polarity().WhenOff(condition) == now) return Covered("check");
      if (now == "false") return Covered("check");  // It disables: said of what it disables.
      return Uncovered("check_changed",
                       "with the flag off the condition is another one than before");
    }
    if (now == "false" || now == "true") return Covered("check");
    return Uncovered("check_leaks", "it may come out either way where the flag is off");
  }

  // The node of the base that begins with the same token and is of the same role; 0 for none.
  NodeId BaseOf(NodeId node) const {
    const auto token = std::ranges::lower_bound(diff_.head, node);
    if (token == diff_.head.end() || !head_.Contains(node, *token)) return 0;
    const size_t same = diff_.same[static_cast<size_t>(token - diff_.head.begin())];
    if (same == TokenDiff::kNone) return 0;
    for (NodeId at = diff_.base[same]; at != 0; at = base_[at].parent) {
      if (base_[at].begin != base_[diff_.base[same]].begin) return 0;
      if (base_[at].role == head_[node].role) return at;
    }
    return 0;
  }

  // The function or class of whose first line a token is, outside of types; 0 for none.
  static NodeId HeaderAround(const SyntaxTree& tree, NodeId token) {
    if (!tree[token].named || tree.Is(token, Role::kComment)) return 0;
    for (NodeId at = token; at != 0; at = tree[at].parent) {
      const NodeId around = tree[at].parent;
      if (tree.Is(at, Role::kType) || tree.Is(at, Role::kAnnotation)) return 0;
      if (tree.Is(around, Role::kFunction) || tree.Is(around, Role::kClass)) {
        return at == tree.Child(around, "body") ? 0 : around;
      }
    }
    return 0;
  }

  // Whether the change added the whole of it: its name was not there.
  bool IsNew(NodeId definition) const {
    if (definition == 0) return true;
    const NodeId name = head_.Child(definition, "name");
    const auto token = std::ranges::lower_bound(diff_.head, name);
    if (name == 0 || token == diff_.head.end() || *token != name) return true;
    return is_added_[static_cast<size_t>(token - diff_.head.begin())];
  }

  // Who calls it as it was, or relies on what it is made of, is not asked about the flag.
  Said DecideHeader(NodeId definition) const {
    if (const auto rule = head_guards_->Guarding(definition)) {
      if (RunsIn(definition) != 0) return Covered(*rule);
    }
    const auto found = changed_functions_.find(NameOf(head_, definition));
    if (found != changed_functions_.end() && found->second.node == definition &&
        found->second.covered) {
      return Covered("G8");
    }
    return Uncovered("signature", "who calls it as it was before is not asked about the flag");
  }

  // Around the token without leaving the function whose part it is.
  NodeId Above(NodeId token, Role role) const {
    for (NodeId at = token; at != 0; at = head_[at].parent) {
      if (head_.Is(at, role)) return at;
      if (head_.Is(at, Role::kBlock)) return 0;
    }
    return 0;
  }

  // The function or lambda whose body the token is in, with no class between; 0: it runs on
  // loading.
  NodeId RunsIn(NodeId token) const {
    for (NodeId at = token; at != 0; at = head_[at].parent) {
      const NodeId parent = head_[at].parent;
      if (head_.Is(parent, Role::kLambda)) return parent;
      if (head_.Is(parent, Role::kFunction) && at == head_.Child(parent, "body")) return parent;
      if (head_.Is(parent, Role::kClass)) return 0;
    }
    return 0;
  }

  Said DecideImport(NodeId token) {
    if (!head_.language().imports_run) return Covered("import");
    if (const auto rule = head_guards_->Guarding(token)) {
      if (RunsIn(token) != 0) return Covered(*rule);
    }
    return Uncovered("import", "an import runs the module's code, whatever the flag is");
  }

  // The name of a function or class that is not there any more, by which others may call it.
  bool IsGoneName(NodeId token) const {
    const NodeId definition = HeaderAround(base_, token);
    if (definition == 0 || base_.Child(definition, "name") != token) return false;
    const std::string_view name = base_.Text(token);
    return !ReferencesTo(std::string(name), files_).empty();
  }

  void JudgeRemoved(const TokenRun& run) {
    for (size_t i = run.begin; i < run.end; ++i) {
      const NodeId token = diff_.base[i];
      if (retained_.contains(i)) continue;
      if (!Counts(base_, token) && !IsGoneName(token)) continue;
      if (base_guards_->Guarding(token)) continue;
      if (base_guards_->PartOfCheck(token)) continue;  // What it guarded is looked at by itself.
      // Said at the first token behind it.
      size_t next = 0;
      while (next < diff_.head.size() &&
             (diff_.same[next] == TokenDiff::kNone || diff_.same[next] < i)) {
        ++next;
      }
      const Place was = PlaceAt(change_.path, base_, token);
      if (next == diff_.head.size()) {
        SayAt(static_cast<int>(std::ranges::count(head_.text(), '\n')) + 1, "", token,
              Uncovered("removed", absl::StrCat("removed, and it ran before: ", was.code)), true);
      } else {
        const Place place = PlaceAt(change_.path, head_, diff_.head[next]);
        SayAt(place.line, place.code, token,
              Uncovered("removed", absl::StrCat("removed, and it ran before: ", was.code)), true);
      }
      return;
    }
  }

  void Say(NodeId token, const Said& said) {
    const Place place = PlaceAt(change_.path, head_, token);
    SayAt(place.line, place.code, token, said, false);
    // By the statement or call whose part it is.
    NodeId owner = token;
    while (owner != 0 && !IsOwner(owner)) owner = head_[owner].parent;
    auto [entry, fresh] = owners_.emplace(owner, said.state);
    if (!fresh && static_cast<int>(said.state) > static_cast<int>(entry->second)) {
      entry->second = said.state;
    }
  }

  bool IsOwner(NodeId node) const {
    switch (head_[node].role) {
      case Role::kCall:
      case Role::kAssignment:
      case Role::kDeclaration:
      case Role::kExit:
      case Role::kImport:
      case Role::kBinary:
        return true;
      default:
        return head_.Is(head_[node].parent, Role::kBlock) ||
               head_.Is(head_[node].parent, Role::kModule);
    }
  }

  // The worst that is said of a line counts.
  void SayAt(int line, const std::string& code, NodeId token, const Said& said, bool removed) {
    auto [entry, fresh] = lines_.emplace(std::pair(line, removed), ChangedLine());
    ChangedLine& changed = entry->second;
    const bool worse = changed.state == State::kCovered && said.state != State::kCovered;
    if (!fresh && !worse) return;
    changed.place = {change_.path, line, code};
    changed.state = said.state;
    changed.removed = removed;
    changed.rule = said.rule;
    changed.reason = said.reason;
    if (said.state == State::kCovered || removed) return;
    const NodeId function = DefinitionAround(head_, token);
    if (function == 0) return;
    const std::string name = NameOf(head_, function);
    const auto known = changed_functions_.find(name);
    changed.witness = known != changed_functions_.end() && !known->second.witness.empty()
                          ? known->second.witness
                          : WitnessOf(name, files_);
  }

  const FileChange& change_;
  const FlagReads& reads_;
  Files& files_;
  SyntaxTree base_, head_;
  std::unique_ptr<Guards> base_guards_, head_guards_;
  TokenDiff diff_;
  std::vector<bool>
      is_added_;  // Of head's tokens; not those that were moved to where the flag is off.
  std::vector<uint32_t> broken_before_;  // Nodes of head before each that cannot be read.
  std::set<size_t> retained_;            // Of base's.
  std::map<std::string, ChangedFunction> changed_functions_;
  std::map<std::pair<int, bool>, ChangedLine> lines_;
  std::map<NodeId, State> owners_;
};

// Functions are covered where each mention of them is: at a place that is guarded, or in
// another one that is covered. The greatest such set, so that a function may call itself.
void FindCovered(std::vector<std::unique_ptr<FileCoverage>>& changed, Files& files) {
  std::map<std::string, FileCoverage::ChangedFunction*> all;
  for (auto& file : changed) {
    for (auto& [name, function] : file->changed_functions()) {
      const auto [entry, fresh] = all.emplace(name, &function);
      if (fresh) continue;
      // Two of one name: nobody can tell which is meant.
      for (FileCoverage::ChangedFunction* twin : {entry->second, &function}) {
        twin->covered = false;
        twin->reason = "another changed function has the same name";
      }
    }
  }
  std::map<std::string, std::vector<Reference>> mentions;
  for (const auto& [name, function] : all) {
    mentions[name] = ReferencesTo(name, files);
    if (function->covered && mentions[name].empty()) {
      function->covered = false;
      function->reason = "nothing calls it by its name, so something else may";
    }
  }
  for (bool again = true; again;) {
    again = false;
    for (const auto& [name, function] : all) {
      if (!function->covered) continue;
      for (const Reference& reference : mentions[name]) {
        if (reference.file != nullptr) {
          if (reference.file->guards->Guarding(reference.node)) continue;
          const NodeId around = DefinitionAround(reference.file->tree, reference.node);
          const auto other = all.find(NameOf(reference.file->tree, around));
          if (around != 0 && other != all.end() && other->second->covered) continue;
        }
        function->covered = false;
        function->reason = reference.file == nullptr
                               ? absl::StrCat("it is mentioned in ", reference.place.path,
                                              ", which cannot be read")
                               : absl::StrCat("it is called without a check, at ",
                                              reference.place.path, ":", reference.place.line);
        if (reference.file != nullptr) function->witness = WitnessOf(name, files);
        again = true;
        break;
      }
    }
  }
  // Those that are only called by themselves, or by each other, may have callers that do not name
  // them.
  std::set<std::string> entered;
  for (bool again = true; again;) {
    again = false;
    for (const auto& [name, function] : all) {
      if (!function->covered || entered.contains(name)) continue;
      for (const Reference& reference : mentions[name]) {
        const NodeId around = DefinitionAround(reference.file->tree, reference.node);
        if (!reference.file->guards->Guarding(reference.node) &&
            !entered.contains(NameOf(reference.file->tree, around))) {
          continue;
        }
        again = entered.insert(name).second;
        break;
      }
    }
  }
  for (const auto& [name, function] : all) {
    if (!function->covered || entered.contains(name)) continue;
    function->covered = false;
    function->reason = "nothing but itself calls it by its name, so something else may";
  }
}

// A file that cannot be read: each of its lines.
void AddUnread(const FileChange& change, const std::string& why, Coverage& coverage) {
  ChangedLine line;
  line.place = {change.path, 1, ""};
  line.state = State::kUnknown;
  line.rule = "unknown";
  line.reason = why;
  coverage.lines.push_back(line);
  ++coverage.nodes;
  ++coverage.unknown_nodes;
}

}  // namespace

int Coverage::uncovered_lines() const {
  return static_cast<int>(std::ranges::count_if(
      lines, [](const ChangedLine& line) { return line.state != State::kCovered; }));
}

Coverage Cover(const std::vector<FileChange>& changes, const Sources& head,
               const FlagQuestion& question) {
  const FlagReads reads(question);
  Files files(head, reads);
  Coverage coverage;
  std::vector<std::unique_ptr<FileCoverage>> read;
  for (const FileChange& change : changes) {
    if (IsTestOrText(change.path)) continue;
    auto file = std::make_unique<FileCoverage>(change, reads, files);
    const std::string why = file->Read();
    if (why.empty()) {
      read.push_back(std::move(file));
    } else {
      AddUnread(change, why, coverage);
    }
  }
  FindCovered(read, files);
  for (auto& file : read) file->Judge(coverage);
  std::ranges::sort(coverage.lines, {}, [](const ChangedLine& line) {
    return std::tuple(line.place.path, line.place.line, line.removed);
  });
  return coverage;
}

}  // namespace gate::flags
