#include "checks/flags/decisions.h"

#include <algorithm>

#include "checks/flags/conditions.h"
#include "checks/flags/definitions.h"
#include "checks/flags/filters.h"
#include "checks/flags/modules.h"
#include "checks/flags/own_names.h"

namespace gate::flags {

Said Covered(std::string_view rule) {
  return {ChangedLine::State::kCovered, std::string(rule), ""};
}
Said Uncovered(std::string_view rule, std::string_view reason) {
  return {ChangedLine::State::kUncovered, std::string(rule), std::string(reason)};
}
Said Unknown(std::string_view reason) {
  return {ChangedLine::State::kUnknown, "unknown", std::string(reason)};
}

Said Decisions::Of(NodeId token) {
  if (!file_.CanBeRead(token)) return Unknown("the code around it cannot be read");
  if (!loaded_behind_check_) loaded_behind_check_ = IsLoadedBehindCheck(file_, files_);
  if (*loaded_behind_check_) return Covered("G9");
  if (head_.Around(token, Role::kImport) != 0) return OfImport(token);
  if (const auto part = guards_.PartOfCheck(token)) {
    if (!part->pure) return Uncovered("impure_check", part->why);
    return OfCheck(*part);
  }
  const NodeId decorator = head_.Around(token, Role::kDecorator);
  if (decorator != 0) return Uncovered("load", "it runs when the module is loaded");
  if (Above(token, Role::kParameters) != 0) {
    return Uncovered("default_argument", "a default is worked out where the function is defined");
  }
  if (!RunsLater(head_, token)) {
    return head_.Around(token, Role::kClass) != 0
               ? Uncovered("class_body", "it runs when the class is made")
               : Uncovered("load", "it runs when the module is loaded");
  }
  if (guards_.IsEmptyExit(token)) return Covered("G4");
  if (const auto rule = guards_.Guarding(token)) return Covered(*rule);
  if (const std::string_view why = guards_.WhyUnknown(token); !why.empty()) {
    return Unknown(why);
  }
  if (IsBehindFilter(DefinitionAround(head_, token))) return Covered("G5");
  for (NodeId at = DefinitionAround(head_, token); at != 0; at = DefinitionAround(head_, at)) {
    const Callers::Answer answer = callers_.Of(file_, at);
    if (!answer.is_changed) continue;
    if (answer.covered) return Covered("G8");
    if (answer.is_called) return Uncovered("called", answer.reason);
    if (answer.is_new) {
      return answer.is_open ? Uncovered("called", answer.reason) : Unknown(answer.reason);
    }
  }
  if (guards_.InOffBranch(token)) {
    return Uncovered("off_branch", "it runs where the flag is off");
  }
  return Uncovered("unguarded", "no check of the flag stands before it");
}

// Whether a name that stands at `given` in the base could be meant at `used` in the head: not where
// it is of another function, which is not around that one.
bool Decisions::IsSeenFrom(NodeId given, NodeId used) const {
  const NodeId its = DefinitionAround(base_, given);
  if (its == 0) return true;
  for (NodeId at = DefinitionAround(head_, used); at != 0; at = DefinitionAround(head_, at)) {
    if (NameOf(head_, at) == NameOf(base_, its)) return true;
  }
  return false;
}

// A condition that only asks: with the flag off it has to come out as it did before.
Said Decisions::OfCheck(const Guards::Part& part) const {
  if (part.condition == 0) return Covered("check");
  const bool named = head_.Is(part.decides, Role::kAssignment);
  if (named || head_.Is(part.decides, Role::kDeclaration)) {
    // A name for the answer has to be one that nobody knew before.
    const NodeId name = head_.Child(part.decides, named ? "left" : "name");
    const bool taken_out = head_.Is(part.condition, Role::kBinding);
    NodeId first = taken_out ? part.condition : name;
    while (!head_.IsLeaf(first)) first = head_[first].first_child;
    // What a template names, others may have given it.
    const bool from_others = head_.language().may_be_missing;
    const bool known = std::ranges::any_of(file_.diff().base, [&](NodeId token) {
      if (base_.Text(token) != head_.Text(first)) return false;
      if (!RunsLater(head_, name) && IsReadAlone(base_, token)) return true;
      if (!IsSeenFrom(token, name)) return false;
      return from_others || file_.base_guards().polarity().aliases().IsGiven(token) ||
             base_.Around(token, Role::kImport) != 0 || IsReadAlone(base_, token);
    });
    if (IsOwnName(head_, part.decides) && !known) return Covered("check");
    const NodeId before = taken_out ? 0 : file_.BaseOf(part.decides);
    const NodeId value = before == 0 ? 0 : base_.Child(before, named ? "right" : "value");
    if (value != 0 && file_.base_guards().polarity().WhenOff(value) ==
                          guards_.polarity().WhenOff(part.condition)) {
      return Covered("check");
    }
    return Uncovered("check_changed", known
                                          ? "something that is already there gets its value from it"
                                          : "others may know what gets its value from it");
  }
  const std::string now = guards_.polarity().WhenOff(part.condition);
  const NodeId before = part.decides == 0 ? 0 : file_.BaseOf(part.decides);
  const NodeId condition = before == 0 ? 0 : PartOfIf(base_, before, "condition");
  if (condition != 0) {
    if (file_.base_guards().polarity().WhenOff(condition) == now) return Covered("check");
    if (now == "false") return Covered("check");  // It disables: said of what it disables.
    return Uncovered("check_changed", "with the flag off the condition is another one than before");
  }
  if (now == "false" || now == "true") return Covered("check");
  return Uncovered("check_leaks", "it may come out either way where the flag is off");
}

// Who calls it as it was, or relies on what it is made of, is not asked about the flag.
Said Decisions::OfHeader(NodeId definition) {
  if (const auto rule = guards_.Guarding(definition)) {
    if (RunsLater(head_, definition)) return Covered(*rule);
  }
  if (head_.Is(definition, Role::kFunction) && callers_.Of(file_, definition).covered) {
    return Covered("G8");
  }
  return Uncovered("signature", "who calls it as it was before is not asked about the flag");
}

bool Decisions::IsBehindFilter(NodeId function) {
  if (function == 0 || !guards_.MayCheck()) return false;
  const auto [known, fresh] = behind_filter_.try_emplace(function);
  if (fresh) known->second = flags::IsBehindFilter(file_.head_file(), function, files_.sources());
  return known->second;
}

// Around the token without leaving the function whose part it is.
NodeId Decisions::Above(NodeId token, Role role) const {
  for (NodeId at = token; at != 0; at = head_[at].parent) {
    if (head_.Is(at, role)) return at;
    if (head_.Is(at, Role::kBlock)) return 0;
  }
  return 0;
}

Said Decisions::OfImport(NodeId token) {
  if (!head_.language().imports_run) return Covered("import");
  if (imports_.LoadNothingNew(token)) return Covered("import");
  if (const auto rule = guards_.Guarding(token)) {
    if (RunsLater(head_, token)) return Covered(*rule);
  }
  return Uncovered("import", "an import runs the module's code, whatever the flag is");
}

}  // namespace gate::flags
