#include "checks/flags/references.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace gate::flags {
namespace {

constexpr int kLongestWitness = 5;
constexpr size_t kMostReferences = 200;

bool IsTextFile(std::string_view path) {
  for (const std::string_view end : {".md", ".rst", ".txt", ".adoc"}) {
    if (path.ends_with(end)) return true;
  }
  return false;
}

// Whether the identifier is the name that a definition gives.
bool IsDefinitionsName(const SyntaxTree& tree, NodeId node) {
  const NodeId parent = tree[node].parent;
  return (tree.Is(parent, Role::kFunction) || tree.Is(parent, Role::kClass)) &&
         tree.Child(parent, "name") == node;
}

}  // namespace

const ReadFile* Files::Get(const std::string& path) {
  const auto found = read_.find(path);
  if (found != read_.end()) return found->second.get();
  std::unique_ptr<ReadFile>& entry = read_[path];
  const Language* language = LanguageOf(path);
  if (language == nullptr) return nullptr;
  std::optional<std::string> text = sources_.Read(path);
  if (!text) return nullptr;
  auto file = std::make_unique<ReadFile>();
  file->path = path;
  file->text = *std::move(text);
  absl::StatusOr<SyntaxTree> tree = SyntaxTree::Parse(*language, file->text);
  if (!tree.ok()) return nullptr;
  file->tree = *std::move(tree);
  file->guards = std::make_unique<Guards>(file->tree, reads_);
  entry = std::move(file);
  return entry.get();
}

bool IsTestOrText(const std::string& path) {
  if (IsTextFile(path)) return true;
  const std::string lower = absl::AsciiStrToLower(path);
  for (const char* part : {"tests/", "test/", "__tests__/", "spec/", "specs/"}) {
    if (absl::StartsWith(lower, part) || absl::StrContains(lower, std::string("/") + part)) {
      return true;
    }
  }
  const std::string name = lower.substr(lower.rfind('/') + 1);
  const std::string stem = name.substr(0, name.find('.'));
  return absl::StartsWith(name, "test_") || absl::EndsWith(stem, "_test") ||
         absl::EndsWith(stem, "_spec") || absl::StrContains(name, ".test.") ||
         absl::StrContains(name, ".spec.");
}

Place PlaceAt(const std::string& path, const SyntaxTree& tree, NodeId node) {
  const std::string_view text = tree.text();
  const uint32_t begin = tree[node].begin;
  const size_t line_start = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;
  const size_t line_end = std::min(text.find('\n', begin), text.size());
  std::string code(text.substr(line_start, line_end - line_start));
  absl::StripAsciiWhitespace(&code);
  return {path, static_cast<int>(tree[node].row) + 1, std::move(code)};
}

NodeId DefinitionAround(const SyntaxTree& tree, NodeId node) {
  for (NodeId at = node; at != 0; at = tree[at].parent) {
    const NodeId parent = tree[at].parent;
    if (tree.Is(parent, Role::kFunction) && at == tree.Child(parent, "body")) return parent;
  }
  return 0;
}

std::string NameOf(const SyntaxTree& tree, NodeId definition) {
  const NodeId name = tree.Child(definition, "name");
  return name == 0 ? "" : std::string(tree.Text(name));
}

const std::vector<Reference>& ReferencesTo(const std::string& name, Files& files) {
  const auto [entry, fresh] = files.references.try_emplace(name);
  std::vector<Reference>& references = entry->second;
  if (!fresh) return references;
  for (const std::string& path : files.sources().Mentioning(name)) {
    if (IsTestOrText(path)) continue;
    const ReadFile* file = files.Get(path);
    if (file == nullptr) {
      references.push_back({nullptr, 0, {path, 0, ""}});
      continue;
    }
    const SyntaxTree& tree = file->tree;
    for (NodeId id = 0; id < tree.nodes().size() && references.size() < kMostReferences; ++id) {
      const Role role = tree[id].role;
      // A type is mentioned where one of it is made.
      const bool names =
          ((role == Role::kIdentifier || role == Role::kType) && tree.Text(id) == name) ||
          ((role == Role::kSymbol || role == Role::kString) &&
           tree.Text(id).find(name) != std::string_view::npos &&
           LastName(tree, id).empty() == (role == Role::kString));
      if (!names || IsDefinitionsName(tree, id) || tree.Around(id, Role::kImport) != 0) continue;
      if (role == Role::kString && tree.Text(id).size() != name.size() + 2) continue;
      references.push_back({file, id, PlaceAt(path, tree, id)});
    }
  }
  // What is mentioned in more places is not known.
  if (references.size() >= kMostReferences) {
    references.push_back({nullptr, 0, {"more places than are looked at", 0, ""}});
  }
  return references;
}

std::vector<Place> WitnessOf(const std::string& function, Files& files) {
  const auto known = files.witnesses.find(function);
  if (known != files.witnesses.end()) return known->second;
  std::vector<Place> path;  // from the line upwards
  std::set<std::string> seen = {function};
  std::string wanted = function;
  while (path.size() < kLongestWitness && !wanted.empty()) {
    std::string next;
    bool found = false;
    for (const Reference& reference : ReferencesTo(wanted, files)) {
      if (reference.file == nullptr) continue;
      if (reference.file->guards->Guarding(reference.node)) continue;
      const NodeId around = DefinitionAround(reference.file->tree, reference.node);
      const std::string name = around == 0 ? "" : NameOf(reference.file->tree, around);
      if (!name.empty() && !seen.insert(name).second) continue;
      path.push_back(reference.place);
      next = name;
      found = true;
      break;
    }
    if (!found) break;
    wanted = next;
  }
  std::ranges::reverse(path);
  return files.witnesses[function] = path;
}

}  // namespace gate::flags
