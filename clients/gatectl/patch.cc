#include "clients/gatectl/patch.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/flags/binary.h"
#include "checks/flags/unified_diff.h"
#include "clients/gatectl/files.h"

namespace gate::ctl {
namespace {

using Kind = flags::UnreadChange::Kind;
using std::filesystem::file_type;

Problem Refused(const std::string& name, int line, const std::string& why, const Folder& after) {
  return {
      "E0203",
      absl::StrCat(name, " is not judged: each line has to be understood, and to fit the files in ",
                   after.path()),
      {absl::StrCat(name, ":", line, ": ", why)},
      "",
      "",
      {"make it with: git diff-tree -p -M BASE HEAD > change.patch",
       absl::StrCat(after.path(), " has to hold all files as they are after the change")}};
}

// The path itself or a folder above it that is a symbolic link; nothing where there is none.
std::optional<std::string> LinkOnTheWay(const std::string& path, const Folder& after) {
  for (size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (after.TypeOf(part) == file_type::symlink) return part;
  }
  return std::nullopt;
}

// Why nobody can say anything of it; nothing for what is only to be seen or heard.
std::optional<std::string> WhyUnjudged(const flags::UnreadChange& change, const Folder& after) {
  if (change.kind == Kind::kSpecial) return kNotText;
  if (change.kind == Kind::kMode) return kModeChanged;
  const bool gone = after.TypeOf(change.path) == file_type::not_found;
  const std::optional<std::string> text = after.Whole(change.path);
  const bool seen_or_heard = text ? flags::IsPictureOrSound(change.path, *text)
                                  : gone && flags::IsNamedAsPictureOrSound(change.path);
  if (seen_or_heard) return std::nullopt;
  return "a binary file has changed, and what is in it is not read";
}

// A file that is deleted, and where something else stands now, of which the patch says nothing.
std::optional<std::string> LeftBehind(const flags::Patch& patch, const Folder& after) {
  for (const flags::FileChange& change : patch.files) {
    if (change.head) continue;
    const file_type type = after.TypeOf(change.path);
    if (type == file_type::not_found || type == file_type::directory) continue;
    return change.path;
  }
  return std::nullopt;
}

}  // namespace

Or<std::vector<flags::FileChange>> ReadChanges(const std::string& patch_file, const Folder& after,
                                               std::vector<FlagFindings::Unjudged>& unjudged) {
  const std::string name = patch_file == "-" ? "standard input" : patch_file;
  const Or<std::string> text = ReadFile(patch_file);
  if (!text) return text.problem();
  if (text->empty()) {
    return Problem{"E0203",
                   absl::StrCat(name, " is empty"),
                   {"a patch without a change: nothing was judged"},
                   "",
                   "",
                   {"did the command that makes it fail?"}};
  }
  std::string asked;  // for last
  flags::PatchProblem problem;
  std::optional<flags::Patch> patch = flags::ReadPatch(
      *text,
      [&](const std::string& path) {
        asked = path;
        return after.Whole(path);
      },
      problem);
  if (after.problem()) return *after.problem();
  if (!patch) {
    if (const std::optional<std::string> link = LinkOnTheWay(asked, after)) {
      absl::StrAppend(&problem.message, " (", *link, " is a symbolic link, and not followed)");
    }
    return Refused(name, problem.line, problem.message, after);
  }
  if (const std::optional<std::string> path = LeftBehind(*patch, after)) {
    return Refused(name, 1, absl::StrCat(*path, " is deleted, and something is still there"),
                   after);
  }
  for (const flags::UnreadChange& change : patch->unread) {
    std::optional<std::string> why = WhyUnjudged(change, after);
    if (why) unjudged.push_back({change.path, *std::move(why)});
  }
  if (after.problem()) return *after.problem();
  // Of these no more than the mode has changed.
  std::erase_if(patch->files, [](const flags::FileChange& change) {
    return change.base_path.empty() && change.base == change.head;
  });
  return std::move(patch->files);
}

}  // namespace gate::ctl
