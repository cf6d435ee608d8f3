#include "gate/evidence/git/head_files.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/render/escape.h"
#include "gate/evidence/git/line_changes.h"

namespace gate::git {
namespace {

// Texts that are kept; of the others only the table is.
constexpr size_t kMostTextBytes = 64 << 20;
constexpr size_t kLargestFile = 64 << 20;
constexpr size_t kLargestTable = 1 << 19;  // bits
constexpr size_t kSmallestTable = 1 << 9;

size_t PartAt(std::string_view text, size_t at) {
  const auto letter = [&](size_t i) {
    return static_cast<size_t>(static_cast<unsigned char>(text[at + i]));
  };
  const size_t whole = letter(0) << 16 | letter(1) << 8 | letter(2);
  return (whole * 0x9E3779B1u) >> 7 & 0xFFFFFF;
}

std::vector<bool> TableOf(std::string_view text) {
  const size_t size = std::clamp(std::bit_ceil(text.size()), kSmallestTable, kLargestTable);
  std::vector<bool> parts(size);
  for (size_t at = 0; at + 3 <= text.size(); ++at) parts[PartAt(text, at) & (size - 1)] = true;
  return parts;
}

bool MayHave(const std::vector<bool>& parts, std::string_view word) {
  for (size_t at = 0; at + 3 <= word.size(); ++at) {
    if (!parts[PartAt(word, at) & (parts.size() - 1)]) return false;
  }
  return true;
}

}  // namespace

bool HeadFiles::InTime() const {
  if (status_.ok()) status_ = git::InTime(deadline_, "who calls what has changed");
  return status_.ok();
}

std::optional<std::string> HeadFiles::TextOf(const TreeFile& file) const {
  auto text = repository_.Blob(file.id, kLargestFile, file.path);
  if (text.ok() && *text) return *std::move(text);
  if (status_.ok()) {
    status_ = text.ok() ? absl::ResourceExhaustedError(
                              absl::StrCat(render::ValidUtf8(file.path), " has more than 64 MiB"))
                        : text.status();
  }
  return std::nullopt;
}

void HeadFiles::ReadAll() const {
  read_ = true;
  size_t bytes = 0;
  for (const TreeFile& file : files_) {
    if (!file.text()) continue;
    if (!InTime()) return;
    std::optional<std::string> text = TextOf(file);
    if (!text) return;
    if (IsBinary(*text)) continue;
    Entry& entry = entries_.emplace_back();
    entry.file = &file;
    entry.parts = TableOf(*text);
    bytes += text->size();
    if (bytes <= kMostTextBytes) entry.text = std::move(text);
  }
}

std::vector<std::string> HeadFiles::Mentioning(const std::string& word) const {
  if (!read_) ReadAll();
  if (!InTime()) return {};
  const auto [known, fresh] = mentions_.try_emplace(word);
  if (!fresh) return known->second;
  for (const Entry& entry : entries_) {
    if (!MayHave(entry.parts, word)) continue;
    const std::optional<std::string> read = entry.text ? std::nullopt : TextOf(*entry.file);
    const std::optional<std::string>& text = entry.text ? entry.text : read;
    if (!text) return {};
    if (text->find(word) != std::string::npos) known->second.push_back(entry.file->path);
  }
  return known->second;
}

std::optional<std::string> HeadFiles::Read(const std::string& path) const {
  if (!InTime()) return std::nullopt;
  const auto found = std::ranges::lower_bound(files_, path, {}, &TreeFile::path);
  if (found == files_.end() || found->path != path || !found->text()) return std::nullopt;
  return TextOf(*found);
}

}  // namespace gate::git
