#include "checks/flags/files.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/flags/definitions.h"
#include "checks/flags/language.h"

namespace gate::flags {
namespace {

// Whether the identifier is the name that a definition gives.
bool IsDefinitionsName(const SyntaxTree& tree, NodeId node) {
  const NodeId parent = tree[node].parent;
  if (tree.Is(parent, Role::kClass)) return tree.Child(parent, "name") == node;
  return FunctionNamed(tree, node) != 0;
}

// Whether a name is only imported there: by another name, nobody would know it when it is called.
bool IsImportedAsItIs(const SyntaxTree& tree, NodeId node) {
  const NodeId import = tree.Around(node, Role::kImport);
  if (import == 0) return false;
  for (NodeId at = node; at != import; at = tree[at].parent) {
    for (NodeId next = tree[at].next; next != 0; next = tree[next].next) {
      if (!tree[next].named && tree.Text(next) == "as") return false;
    }
  }
  return true;
}

// The name that a node is: of a string what is between its quotes, where that is all. Types are
// mentioned where one of them is made.
std::string_view NameIn(const SyntaxTree& tree, NodeId node) {
  const std::string_view text = tree.Text(node);
  switch (tree[node].role) {
    case Role::kIdentifier:
    case Role::kType:
      return text;
    case Role::kMarkup:  // A script in it may mean anything by it.
      return tree.IsLeaf(node) ? text : "";
    case Role::kString:
      return text.size() < 3 ? "" : text.substr(1, text.size() - 2);
    default:
      return "";
  }
}

bool IsOfWord(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Whether a string may lead a framework to what it calls: "tasks#show", "app.views.show".
bool IsPath(const SyntaxTree& tree, NodeId node) {
  if (!tree.Is(node, Role::kString)) return false;
  const std::string_view text = tree.Text(node);
  if (text.size() < 5 || text.size() > 200) return false;
  const std::string_view inside = text.substr(1, text.size() - 2);
  return inside.find_first_of("#./:@") != std::string_view::npos &&
         std::ranges::all_of(inside, [](char c) {
           return IsOfWord(c) || std::string_view("#./:@-?!").find(c) != std::string_view::npos;
         });
}

bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsOfWord(text[at - 1])) && (end == text.size() || !IsOfWord(text[end]))) {
      return true;
    }
  }
  return false;
}

size_t HashOf(std::string_view name) { return std::hash<std::string_view>()(name); }

}  // namespace

absl::StatusOr<std::unique_ptr<ReadFile>> ReadFile::Parse(std::string path, std::string text,
                                                          const FlagReads& reads) {
  const Language* language = LanguageOf(path);
  if (language == nullptr) {
    return absl::UnimplementedError("there is no grammar for this language");
  }
  std::unique_ptr<ReadFile> file(new ReadFile(std::move(path), std::move(text)));
  absl::StatusOr<SyntaxTree> tree = SyntaxTree::Parse(*language, file->text_, reads.own_names());
  if (!tree.ok()) return tree.status();
  file->tree_ = *std::move(tree);
  file->guards_ = std::make_unique<Guards>(file->tree_, reads);
  return file;
}

std::vector<NodeId> ReadFile::Mentioning(std::string_view name) const {
  if (!names_) {
    names_.emplace();
    for (NodeId id = 0; id < tree_.nodes().size(); ++id) {
      if (tree_.Is(id, Role::kSymbol)) symbols_.push_back(id);
      if (IsPath(tree_, id)) paths_.push_back(id);
      const std::string_view here = NameIn(tree_, id);
      if (!here.empty()) names_->emplace_back(HashOf(here), id);
    }
    std::ranges::sort(*names_);
  }
  std::vector<NodeId> found;
  const size_t hash = HashOf(name);
  auto named = std::ranges::lower_bound(*names_, Named(hash, 0));
  for (; named != names_->end() && named->first == hash; ++named) {
    if (NameIn(tree_, named->second) == name) found.push_back(named->second);
  }
  for (const NodeId id : symbols_) {
    if (tree_.Text(id).find(name) != std::string_view::npos && !LastName(tree_, id).empty()) {
      found.push_back(id);
    }
  }
  for (const NodeId id : paths_) {
    if (HasWord(tree_.Text(id), name) && NameIn(tree_, id) != name) found.push_back(id);
  }
  std::erase_if(found, [&](NodeId id) {
    return IsDefinitionsName(tree_, id) || IsImportedAsItIs(tree_, id);
  });
  std::ranges::sort(found);
  return found;
}

absl::StatusOr<const ReadFile*> Files::Parse(const std::string& path, std::string text) {
  const auto [entry, fresh] =
      read_.insert_or_assign(path, ReadFile::Parse(path, std::move(text), reads_));
  if (!entry->second.ok()) return entry->second.status();
  return entry->second->get();
}

absl::StatusOr<const ReadFile*> Files::Add(const std::string& path, const std::string& text) {
  return Parse(path, text);
}

absl::StatusOr<const ReadFile*> Files::Get(const std::string& path) {
  if (const auto known = read_.find(path); known != read_.end()) {
    if (!known->second.ok()) return known->second.status();
    return known->second->get();
  }
  if (LanguageOf(path) == nullptr) return Parse(path, "");  // Without asking for its text.
  if (files_ >= kMostFiles || bytes_ >= kMostBytes) {
    return absl::ResourceExhaustedError("more files mention what has changed than are read");
  }
  std::optional<std::string> text = sources_.Read(path);
  if (!text) return absl::NotFoundError("its text is not there");
  ++files_;
  bytes_ += text->size();
  return Parse(path, *std::move(text));
}

}  // namespace gate::flags
