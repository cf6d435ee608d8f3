#include "checks/flags/callers.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/flags/definitions.h"

namespace gate::flags {
namespace {

constexpr char kSameName[] = "another changed function has the same name";
constexpr char kTooMany[] = "more changed functions call each other than are followed";
constexpr char kOnlyItself[] = "nothing but itself calls it by its name, so something else may";

// Functions that rest on each other.
constexpr size_t kMostAssumed = 1000;

std::string CalledAt(const Reference& at) {
  return absl::StrCat("it is called without a check, at ", at.path, ":",
                      at.file->tree()[at.node].row + 1);
}

// Whether a mention can be of a property that has a function's name: `a.load` without a call, or
// the `load` of `load.x`. Where functions are values both may be the function.
bool MayBeProperty(const SyntaxTree& tree, NodeId node) {
  NodeId chain = node;
  while (tree.Kind(tree[chain].parent) == "navigation_suffix") chain = tree[chain].parent;
  const NodeId member = tree[chain].parent;
  if (!tree.Is(member, Role::kMember) || !tree.language().block_scopes) return false;
  if (chain == tree[member].first_child) return true;
  const NodeId call = tree[member].parent;
  if (tree.Is(call, Role::kCall) && tree[call].first_child == member) return false;
  const std::string_view object = tree.Text(tree[member].first_child);
  return object != "this" && object != "self";
}

}  // namespace

Callers::Callers(const std::vector<std::unique_ptr<ChangedFile>>& files, CallGraph& graph)
    : graph_(graph) {
  for (const auto& file : files) Add(*file);
}

void Callers::Add(const ChangedFile& file) {
  const SyntaxTree& head = file.head();
  std::set<NodeId> changed;  // in the order of the text
  for (size_t i = 0; i < file.diff().head.size(); ++i) {
    if (!file.IsAdded(i)) continue;
    for (NodeId at = file.diff().head[i]; at != 0; at = head[at].parent) {
      if (head.Is(at, Role::kFunction) && !changed.insert(at).second) break;
    }
  }
  for (const NodeId node : changed) {
    const std::string name = NameOf(head, node);
    // One without a body is declared for others, which have its name and one: whoever calls it
    // mentions them.
    if (name.empty() || head.Child(node, "body") == 0) continue;
    const auto [entry, fresh] = functions_.try_emplace(name);
    Entry& known = entry->second;
    if (fresh) {
      known.file = &file;
      known.node = node;
    } else if (known.file != &file) {
      // Nobody can tell which is meant.
      known.state = Entry::State::kUncovered;
      known.reason = kSameName;
    }
  }
}

Callers::Answer Callers::Of(const ChangedFile& file, NodeId function) {
  const auto found = functions_.find(NameOf(file.head(), function));
  if (found == functions_.end()) return {};
  Entry& entry = found->second;
  if (entry.file != &file || entry.node != function) {
    return {.is_changed = entry.file != &file,
            .is_new = file.IsNew(function),
            .covered = false,
            .is_called = false,
            .is_open = false,
            .reason = kSameName};
  }
  if (entry.state == Entry::State::kNotAsked) Settle(found->first, entry);
  const std::string_view why = WhyCalledByOthers(file.head(), function);
  return {.is_changed = true,
          .is_new = file.IsNew(function),
          .covered = entry.state == Entry::State::kCovered,
          .is_called = entry.is_called,
          .is_open = why == kOverrides || why == kRouted,
          .reason = entry.reason};
}

void Callers::Settle(const std::string& name, Entry& entry) {
  assumed_.clear();
  Assume(name, entry);
  // Grows with what calls them.
  for (size_t i = 0; i < assumed_.size(); ++i) {
    const auto [its_name, assumed] = assumed_[i];
    LookAtReferences(*its_name, *assumed);
  }
  RefuteThoseWithoutEntry();
  for (const auto& [its_name, assumed] : assumed_) {
    if (assumed->state == Entry::State::kAssumed) assumed->state = Entry::State::kCovered;
  }
}

void Callers::Assume(const std::string& name, Entry& entry) {
  if (entry.state != Entry::State::kNotAsked) return;
  std::string why(WhyCalledByOthers(entry.file->head(), entry.node));
  if (why.empty() && assumed_.size() >= kMostAssumed) why = kTooMany;
  if (why.empty()) why = graph_.WhyInherited(entry.file->head(), entry.node);
  entry.state = why.empty() ? Entry::State::kAssumed : Entry::State::kUncovered;
  entry.reason = why;
  if (why.empty()) assumed_.emplace_back(&name, &entry);
}

void Callers::LookAtReferences(const std::string& name, Entry& entry) {
  References& references = graph_.To(name);
  if (references.At(0) == nullptr) {
    return Refute(entry, false, "nothing calls it by its name, so something else may");
  }
  while (entry.state == Entry::State::kAssumed) {
    const Reference* reference = references.At(entry.next++);
    if (reference == nullptr) return;
    if (reference->file == nullptr) {
      return Refute(entry, false,
                    absl::StrCat("it is mentioned in ", reference->path,
                                 ", which cannot be read: ", reference->why));
    }
    if (reference->file->guards().Guarding(reference->node)) {
      AddGuarded(*reference, entry);
      continue;
    }
    const SyntaxTree& tree = reference->file->tree();
    const NodeId around = DefinitionAround(tree, reference->node);
    const auto caller = around == 0 ? functions_.end() : functions_.find(NameOf(tree, around));
    // One of its name that others call is another function.
    if (caller == functions_.end() || !WhyCalledByOthers(tree, around).empty()) {
      return Refute(entry, true, CalledAt(*reference));
    }
    Entry& by = caller->second;
    Assume(caller->first, by);
    if (by.state == Entry::State::kUncovered) return Refute(entry, true, CalledAt(*reference));
    entry.is_entered = entry.is_entered || by.state == Entry::State::kCovered;
    entry.callers.insert(&by);
    if (&by != &entry) by.calls.push_back({&entry, reference});
  }
}

// The nearest function around it that the change touched as well may be one of those that nothing
// else mentions.
void Callers::AddGuarded(const Reference& reference, Entry& entry) {
  const SyntaxTree& tree = reference.file->tree();
  if (MayBeProperty(tree, reference.node)) return;
  NodeId around = DefinitionAround(tree, reference.node);
  auto caller = functions_.end();
  for (; around != 0 && caller == functions_.end(); around = DefinitionAround(tree, around)) {
    caller = functions_.find(NameOf(tree, around));
  }
  if (caller == functions_.end()) {
    entry.is_entered = true;
    return;
  }
  Assume(caller->first, caller->second);
  entry.is_entered = entry.is_entered || caller->second.state == Entry::State::kCovered;
  entry.callers.insert(&caller->second);
}

void Callers::Refute(Entry& entry, bool is_called, std::string reason) {
  entry.state = Entry::State::kUncovered;
  entry.is_called = is_called;
  entry.reason = std::move(reason);
  std::vector<Entry*> refuted = {&entry};
  while (!refuted.empty()) {
    Entry& one = *refuted.back();
    refuted.pop_back();
    for (const Entry::Call& call : one.calls) {
      if (call.called->state != Entry::State::kAssumed) continue;
      call.called->state = Entry::State::kUncovered;
      call.called->is_called = true;
      call.called->reason = CalledAt(*call.at);
      refuted.push_back(call.called);
    }
  }
}

std::vector<Callers::Entry*> Callers::CalledByThemselves() const {
  const auto is_assumed = [](const Entry* entry) { return entry->state == Entry::State::kAssumed; };
  std::set<const Entry*> entered;
  for (bool again = true; again;) {
    again = false;
    for (const auto& [name, entry] : assumed_) {
      if (!is_assumed(entry) || entered.contains(entry)) continue;
      const bool enters =
          entry->is_entered || std::ranges::any_of(entry->callers, [&](const Entry* caller) {
            return !is_assumed(caller) || entered.contains(caller);
          });
      if (enters) again = entered.insert(entry).second;
    }
  }
  // All that call it, directly or not, of those that are left.
  std::map<const Entry*, std::set<const Entry*>> behind;
  for (const auto& [name, entry] : assumed_) {
    if (!is_assumed(entry) || entered.contains(entry)) continue;
    std::vector<const Entry*> open(entry->callers.begin(), entry->callers.end());
    while (!open.empty()) {
      const Entry* next = open.back();
      open.pop_back();
      if (!behind[entry].insert(next).second) continue;
      open.insert(open.end(), next->callers.begin(), next->callers.end());
    }
  }
  std::vector<Entry*> alone;
  for (const auto& [name, entry] : assumed_) {
    const auto its = behind.find(entry);
    if (is_assumed(entry) && !entered.contains(entry) && entry->callers.empty()) {
      alone.push_back(entry);  // Only properties have its name.
    }
    if (its == behind.end()) continue;
    const bool closed = std::ranges::all_of(its->second, [&, own = entry](const Entry* caller) {
      return behind[caller].contains(own);
    });
    if (closed) alone.push_back(entry);
  }
  return alone;
}

// Behind a check or not, they may have callers that do not name them. What they call behind one is
// then called by code that runs.
void Callers::RefuteThoseWithoutEntry() {
  for (;;) {
    const std::vector<Entry*> alone = CalledByThemselves();
    if (alone.empty()) return;
    for (Entry* entry : alone) Refute(*entry, false, kOnlyItself);
  }
}

}  // namespace gate::flags
