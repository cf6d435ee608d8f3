#include "checks/flags/callers.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/flags/definitions.h"

namespace gate::flags {
namespace {

constexpr char kSameName[] = "another changed function has the same name";
constexpr char kOnlyItself[] = "nothing but itself calls it by its name, so something else may";

std::string CalledAt(const Reference& at) {
  return absl::StrCat("it is called without a check, at ", at.path, ":",
                      at.file->tree()[at.node].row + 1);
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
    if (name.empty()) continue;
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
            .reason = kSameName};
  }
  if (entry.state == Entry::State::kNotAsked) Settle(found->first, entry);
  return {.is_changed = true,
          .is_new = file.IsNew(function),
          .covered = entry.state == Entry::State::kCovered,
          .is_called = entry.is_called,
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
  const std::string_view why = WhyCalledByOthers(entry.file->head(), entry.node);
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
      entry.is_guarded = true;
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
    if (&by == &entry) continue;
    Assume(caller->first, by);
    if (by.state == Entry::State::kUncovered) return Refute(entry, true, CalledAt(*reference));
    entry.has_covered_caller = entry.has_covered_caller || by.state == Entry::State::kCovered;
    by.calls.push_back({&entry, reference});
  }
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

// Those that are only called by themselves, or by each other, may have callers that do not name
// them.
void Callers::RefuteThoseWithoutEntry() {
  const auto is_assumed = [](const Entry* entry) { return entry->state == Entry::State::kAssumed; };
  for (bool changed = true; changed;) {
    changed = false;
    std::set<const Entry*> entered;
    std::vector<const Entry*> next;
    const auto enter = [&](const Entry* entry) {
      if (is_assumed(entry) && entered.insert(entry).second) next.push_back(entry);
    };
    for (const auto& [name, entry] : assumed_) {
      if (entry->is_guarded || entry->has_covered_caller) enter(entry);
    }
    while (!next.empty()) {
      const Entry* entry = next.back();
      next.pop_back();
      for (const Entry::Call& call : entry->calls) enter(call.called);
    }
    for (const auto& [name, entry] : assumed_) {
      if (!is_assumed(entry) || entered.contains(entry)) continue;
      Refute(*entry, false, kOnlyItself);
      changed = true;
    }
  }
}

}  // namespace gate::flags
