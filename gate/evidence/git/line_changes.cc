#include "gate/evidence/git/line_changes.h"

#include "gate/evidence/git/handles.h"

namespace gate::git {

absl::StatusOr<std::vector<Hunk>> HunksBetween(std::string_view before, std::string_view after) {
  git_diff_options options = GIT_DIFF_OPTIONS_INIT;
  options.flags = GIT_DIFF_FORCE_TEXT;
  options.context_lines = 0;
  git_patch* raw = nullptr;
  if (const int code = git_patch_from_buffers(&raw, before.data(), before.size(), nullptr,
                                              after.data(), after.size(), nullptr, &options);
      code != 0) {
    return GitError(code, "two texts cannot be compared");
  }
  const PatchHandle patch(raw);
  std::vector<Hunk> hunks;
  for (size_t i = 0; i < git_patch_num_hunks(raw); ++i) {
    const git_diff_hunk* hunk = nullptr;
    if (const int code = git_patch_get_hunk(&hunk, nullptr, raw, i); code != 0) {
      return GitError(code, "two texts cannot be compared");
    }
    // Of no lines the start is the line before.
    const auto begin = [](int start, int lines) {
      return static_cast<size_t>(lines == 0 ? start : start - 1);
    };
    Hunk& found = hunks.emplace_back();
    found.old_begin = begin(hunk->old_start, hunk->old_lines);
    found.old_end = found.old_begin + static_cast<size_t>(hunk->old_lines);
    found.new_begin = begin(hunk->new_start, hunk->new_lines);
    found.new_end = found.new_begin + static_cast<size_t>(hunk->new_lines);
  }
  return hunks;
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

std::string_view Stripped(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

bool IsBinary(std::string_view text) {
  return text.substr(0, 8000).find('\0') != std::string_view::npos;
}

}  // namespace gate::git
