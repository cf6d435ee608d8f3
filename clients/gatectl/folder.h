// A folder of files, as flag coverage asks for the code after a change: what a checkout is where
// there is no repository.
#ifndef CLIENTS_GATECTL_FOLDER_H_
#define CLIENTS_GATECTL_FOLDER_H_

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checks/flags/coverage.h"
#include "checks/flags/word_index.h"
#include "clients/gatectl/problem.h"

namespace gate::ctl {

// Whatever lies in it counts, but for what is called ".git". Symbolic links are not followed: one
// that leads to a place in the folder is left out, since that is read where it is; one that leads
// out of it, or nowhere, may hold any word. For one thread.
class Folder : public flags::Sources {
 public:
  static Or<Folder> Open(const std::string& path);

  // What lies at a path of it, no part of which may be a link: a link, a folder, ...; not_found.
  std::filesystem::file_type TypeOf(const std::string& path) const;
  // All of a file; nothing where there is no regular one, or it cannot be read.
  std::optional<std::string> Whole(const std::string& path) const;

  // The first question reads all of it, pictures, tests and documentation left out.
  std::vector<std::string> Mentioning(const std::string& word) const override;
  std::optional<std::string> Read(const std::string& path) const override { return Whole(path); }

  const std::string& path() const { return path_; }
  // Links that lead out of it, as far as they were met.
  const std::vector<std::string>& ways_out() const { return ways_out_; }
  // What went wrong first: then nothing of what was found out counts.
  const std::optional<Problem>& problem() const { return problem_; }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  // Files, and links that lead out, sorted by path.
  std::vector<std::pair<std::string, bool>> List() const;
  bool LeadsOut(const std::filesystem::path& link) const;
  void MakeIndex() const;
  void Note(Problem problem) const;

  std::string path_;
  mutable std::optional<flags::WordIndex> index_;
  mutable std::vector<std::string> ways_out_;
  mutable std::optional<Problem> problem_;
};

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_FOLDER_H_
