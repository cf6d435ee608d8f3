#include "clients/gatectl/revision.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "checks/flags/binary.h"
#include "checks/flags/language.h"
#include "checks/flags/references.h"
#include "checks/flags/syntax_tree.h"

namespace gate::ctl {

namespace {

size_t NeededOf(const std::string& path) {
  if (flags::IsTestOrText(path)) return 0;
  return flags::LanguageOf(path) == nullptr ? 8192 : flags::SyntaxTree::kMostBytes + 1;
}

}  // namespace

Or<std::vector<std::string>> ReadCode(const Git& git, const std::vector<GitFile>& files) {
  std::vector<std::string> texts(files.size()), ids;
  std::vector<size_t> which;
  for (size_t i = 0; i < files.size(); ++i) {
    if (NeededOf(files[i].path) == 0) continue;
    ids.push_back(files[i].id);
    which.push_back(i);
  }
  std::string missing;
  const Or<bool> read = git.Stream(ids, [&](size_t i, std::optional<std::string_view> piece) {
    std::string& text = texts[which[i]];
    const size_t needed = NeededOf(files[which[i]].path);
    if (!piece) {
      missing = files[which[i]].path;
    } else if (text.size() < needed) {
      text.append(piece->substr(0, needed - text.size()));
    }
  });
  if (!read) return read.problem();
  if (missing.empty()) return texts;
  return Problem{"E0207",
                 absl::StrCat("git cannot read ", missing),
                 {"its contents are not in this checkout"},
                 "",
                 "",
                 {}};
}

const std::vector<GitFile>& Revision::files() const {
  if (!files_) {
    const Or<std::vector<GitFile>> files = git_.Tree(id_);
    if (!files) Note(files.problem());
    files_ = files ? *files : std::vector<GitFile>();
  }
  return *files_;
}

void Revision::MakeIndex() const {
  std::vector<std::string> paths, ids;
  for (const GitFile& file : files()) {
    if (flags::IsTestOrText(file.path) || flags::IsNamedAsPictureOrSound(file.path)) continue;
    paths.push_back(file.path);
    ids.push_back(file.id);
  }
  index_.emplace();
  size_t begun = 0;  // files
  const Or<bool> read = git_.Stream(ids, [&](size_t i, std::optional<std::string_view> piece) {
    if (begun <= i) {
      index_->End();
      begun = i + 1;
      if (!piece) {
        index_->AddUnknown(paths[i]);  // Whatever may stand in it.
      } else {
        index_->Begin(paths[i]);
      }
    }
    if (piece) index_->Append(*piece);
  });
  index_->End();
  if (!read) Note(read.problem());
}

std::vector<std::string> Revision::Mentioning(const std::string& word) const {
  if (!index_) MakeIndex();
  return index_->Mentioning(word);
}

std::optional<std::string> Revision::Read(const std::string& path) const {
  const auto file = std::ranges::lower_bound(files(), path, {}, &GitFile::path);
  if (file == files().end() || file->path != path) return std::nullopt;
  Or<std::vector<std::string>> texts = ReadCode(git_, {*file});
  if (texts) return std::move((*texts)[0]);
  Note(texts.problem());
  return std::nullopt;
}

void Revision::Note(const Problem& problem) const {
  if (!problem_) problem_ = problem;
}

}  // namespace gate::ctl
