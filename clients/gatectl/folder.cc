#include "clients/gatectl/folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checks/flags/binary.h"
#include "checks/flags/references.h"
#include "clients/gatectl/files.h"

namespace gate::ctl {
namespace {

namespace fs = std::filesystem;

Problem Unreadable(const std::string& path, const std::string& cause) {
  return {"E0202", absl::StrCat("cannot read ", path), {cause}, "", "", {}};
}

}  // namespace

Or<Folder> Folder::Open(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return Folder(path);
  return Problem{"E0202",
                 absl::StrCat("cannot read ", path),
                 {error ? error.message() : "it is no folder"},
                 "",
                 "",
                 {"--tree wants the folder with all files as they are after the change, for "
                  "example a checkout of head"}};
}

fs::file_type Folder::TypeOf(const std::string& path) const {
  fs::path at = path_;
  fs::file_type type = fs::file_type::directory;
  for (const fs::path& part : fs::path(path)) {
    if (type != fs::file_type::directory || part == "..") return fs::file_type::not_found;
    at /= part;
    std::error_code error;
    type = fs::symlink_status(at, error).type();
    if (type == fs::file_type::none) Note(Unreadable(at.string(), error.message()));
  }
  return type;
}

std::optional<std::string> Folder::Whole(const std::string& path) const {
  if (TypeOf(path) != fs::file_type::regular) return std::nullopt;
  Or<std::string> text = ReadFile((fs::path(path_) / path).string());
  if (text) return *std::move(text);
  Note(text.problem());
  return std::nullopt;
}

bool Folder::LeadsOut(const fs::path& link) const {
  std::error_code error;
  const fs::path root = fs::canonical(path_, error);
  const fs::path target = error ? fs::path() : fs::canonical(link, error);
  if (error) return true;
  return std::ranges::mismatch(root, target).in1 != root.end();
}

std::vector<std::pair<std::string, bool>> Folder::List() const {
  std::vector<std::pair<std::string, bool>> files;
  std::error_code error;
  fs::recursive_directory_iterator at(path_, error);
  for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
    if (at->path().filename() == ".git") {
      at.disable_recursion_pending();
      continue;
    }
    const std::string path = at->path().lexically_relative(path_).string();
    const fs::file_type type = at->symlink_status(error).type();
    if (error) break;
    if (type == fs::file_type::regular) files.emplace_back(path, false);
    if (type == fs::file_type::symlink && LeadsOut(at->path())) files.emplace_back(path, true);
  }
  if (error) Note(Unreadable(path_, error.message()));
  std::ranges::sort(files);
  return files;
}

void Folder::MakeIndex() const {
  index_.emplace();
  std::vector<char> buffer(256 << 10);
  for (const auto& [path, leads_out] : List()) {
    if (flags::IsTestOrText(path)) continue;
    if (leads_out) {
      index_->AddUnknown(path);  // Whatever may stand in it.
      ways_out_.push_back(path);
      continue;
    }
    if (flags::IsNamedAsPictureOrSound(path)) continue;
    const std::string whole = (fs::path(path_) / path).string();
    std::ifstream file(whole, std::ios::binary);
    index_->Begin(path);
    do {
      file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
      index_->Append({buffer.data(), static_cast<size_t>(file.gcount())});
    } while (file);
    index_->End();
    if (!file.eof()) Note(Unreadable(whole, std::strerror(errno)));
  }
}

std::vector<std::string> Folder::Mentioning(const std::string& word) const {
  if (!index_) MakeIndex();
  return index_->Mentioning(word);
}

void Folder::Note(Problem problem) const {
  if (!problem_) problem_ = std::move(problem);
}

}  // namespace gate::ctl
