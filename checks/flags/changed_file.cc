#include "checks/flags/changed_file.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "checks/flags/definitions.h"

namespace gate::flags {
namespace {

// Tokens in a row that are no chance.
constexpr size_t kShortest = 4;
// Places where a token stood that are looked at.
constexpr size_t kMostPlaces = 1000;

std::string FunctionOf(const SyntaxTree& tree, NodeId token) {
  const NodeId around = DefinitionAround(tree, token);
  return around == 0 ? "" : NameOf(tree, around);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChangedFile>> ChangedFile::Read(const FileChange& change,
                                                               const FlagReads& reads,
                                                               Files& files) {
  std::unique_ptr<ChangedFile> file(new ChangedFile);
  absl::StatusOr<const ReadFile*> head = files.Add(change.path, change.head.value_or(""));
  if (!head.ok()) return head.status();
  file->head_ = *head;
  // A text whose language was not known before is compared with as one of the language it has now.
  const bool known = !change.base_path.empty() && LanguageOf(change.base_path) != nullptr;
  absl::StatusOr<std::unique_ptr<ReadFile>> base =
      ReadFile::Parse(known ? change.base_path : change.path, change.base.value_or(""), reads);
  if (!base.ok()) return base.status();
  file->base_ = *std::move(base);
  file->diff_ = Compare(file->base(), file->head());
  for (const size_t same : file->diff_.same) file->is_added_.push_back(same == TokenDiff::kNone);
  uint32_t broken = 0;
  for (const SyntaxTree::Node& node : file->head().nodes()) {
    file->broken_before_.push_back(broken);
    broken += node.broken ? 1 : 0;
  }
  file->broken_before_.push_back(broken);
  file->FindRetained();
  return file;
}

// Runs that were removed and stand, token for token, where they run with the flag off in the same
// function.
void ChangedFile::FindRetained() {
  if (!head_guards().MayCheck()) return;
  std::map<std::string_view, std::vector<std::pair<size_t, size_t>>> places;  // and ends of runs
  for (const TokenRun& removed : diff_.removed) {
    for (size_t i = removed.begin; i < removed.end; ++i) {
      auto& here = places[base().Text(diff_.base[i])];
      if (here.size() < kMostPlaces) here.emplace_back(i, removed.end);
    }
  }
  for (const TokenRun& run : diff_.added) {
    for (size_t at = run.begin; at + kShortest <= run.end;) {
      const auto candidates = places.find(head().Text(diff_.head[at]));
      if (candidates == places.end() || !head_guards().InOffBranch(diff_.head[at])) {
        ++at;
        continue;
      }
      const std::string function = FunctionOf(head(), diff_.head[at]);
      size_t longest = 0, from = 0;
      for (const auto& [b, end] : candidates->second) {
        if (FunctionOf(base(), diff_.base[b]) != function) continue;
        size_t length = 0;
        while (at + length < run.end && b + length < end &&
               head().Text(diff_.head[at + length]) == base().Text(diff_.base[b + length])) {
          ++length;
        }
        if (length > longest) longest = length, from = b;
      }
      if (longest < kShortest) {
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

bool ChangedFile::IsNew(NodeId definition) const {
  if (definition == 0) return true;
  const NodeId name = head().Child(definition, "name");
  const auto token = std::ranges::lower_bound(diff_.head, name);
  if (name == 0 || token == diff_.head.end() || *token != name) return true;
  return is_added_[static_cast<size_t>(token - diff_.head.begin())];
}

NodeId ChangedFile::BaseOf(NodeId node) const {
  const auto token = std::ranges::lower_bound(diff_.head, node);
  if (token == diff_.head.end() || !head().Contains(node, *token)) return 0;
  const size_t same = diff_.same[static_cast<size_t>(token - diff_.head.begin())];
  if (same == TokenDiff::kNone) return 0;
  for (NodeId at = diff_.base[same]; at != 0; at = base()[at].parent) {
    if (base()[at].begin != base()[diff_.base[same]].begin) return 0;
    if (base()[at].role == head()[node].role) return at;
  }
  return 0;
}

bool ChangedFile::CanBeRead(NodeId token) const {
  NodeId outermost = token;
  for (NodeId at = token; at != 0; at = head()[at].parent) {
    if (head()[at].broken) return false;
    if (head().Is(at, Role::kFunction) || head().Is(at, Role::kLambda)) outermost = at;
  }
  return !head()[0].broken &&
         broken_before_[head()[outermost].last + 1] == broken_before_[outermost];
}

}  // namespace gate::flags
