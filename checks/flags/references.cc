#include "checks/flags/references.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checks/flags/bases.h"
#include "checks/flags/definitions.h"

namespace gate::flags {
namespace {

constexpr size_t kLongestWitness = 5;

bool IsTextFile(std::string_view path) {
  for (const std::string_view end : {".md", ".rst", ".txt", ".adoc"}) {
    if (path.ends_with(end)) return true;
  }
  return false;
}

}  // namespace

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

References::References(const std::string& name, Files& files)
    : name_(name), files_(files), paths_(files.sources().Mentioning(name)) {}

const Reference* References::At(size_t i) {
  while (i >= found_.size() && found_.size() < kMost && next_ < paths_.size()) {
    const std::string& path = paths_[next_++];
    if (IsTestOrText(path)) continue;
    const absl::StatusOr<const ReadFile*> file = files_.Get(path);
    if (!file.ok()) {
      found_.push_back({nullptr, 0, path, std::string(file.status().message())});
      continue;
    }
    for (const NodeId node : (*file)->Mentioning(name_)) {
      if (found_.size() < kMost) found_.push_back({*file, node, path, ""});
    }
    if (found_.size() == kMost) {
      found_.push_back({nullptr, 0, path, "it is mentioned in more places than are looked at"});
    }
  }
  return i < found_.size() ? &found_[i] : nullptr;
}

References& CallGraph::To(const std::string& name) {
  return references_.try_emplace(name, name, files_).first->second;
}

std::string CallGraph::WhyInherited(const SyntaxTree& tree, NodeId function) const {
  const std::string base = ForeignBaseOf(tree, function, files_.sources());
  if (base.empty()) return "";
  return absl::StrCat("its class is a ", base,
                      ", which this repository does not declare: who has one may call it");
}

Witness CallGraph::WitnessOf(const SyntaxTree& tree, NodeId function) {
  const std::string name = NameOf(tree, function);
  if (name.empty()) return {};
  if (!WhyCalledByOthers(tree, function).empty()) return {name, {}};
  const auto [known, fresh] = witnesses_.try_emplace(name);
  Witness& witness = known->second;  // Its path from the line upwards.
  if (!fresh) return witness;
  std::set<std::string> seen = {name};
  for (std::string wanted = name; !wanted.empty() && witness.path.size() < kLongestWitness;) {
    std::string next;
    bool found = false;
    References& references = To(wanted);
    for (size_t i = 0; const Reference* reference = references.At(i); ++i) {
      if (reference->file == nullptr) continue;
      if (reference->file->guards().Guarding(reference->node)) continue;
      const SyntaxTree& caller = reference->file->tree();
      const NodeId around = DefinitionAround(caller, reference->node);
      const std::string its_name = around == 0 ? "" : NameOf(caller, around);
      if (!its_name.empty() && !seen.insert(its_name).second) continue;
      witness.path.push_back(PlaceAt(reference->path, caller, reference->node));
      found = true;
      if (around != 0 && !WhyCalledByOthers(caller, around).empty()) {
        witness.runtime = its_name;
      } else {
        next = its_name;
      }
      break;
    }
    if (!found) break;
    wanted = next;
  }
  std::ranges::reverse(witness.path);
  return witness;
}

}  // namespace gate::flags
