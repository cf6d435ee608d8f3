// The code of one revision, as flag coverage asks for it.
#ifndef CLIENTS_GATECTL_REVISION_H_
#define CLIENTS_GATECTL_REVISION_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checks/flags/coverage.h"
#include "checks/flags/word_index.h"
#include "clients/gatectl/git.h"
#include "clients/gatectl/problem.h"

namespace gate::ctl {

// `git` outlives it. For one thread.
class Revision : public flags::Sources {
 public:
  Revision(const Git& git, std::string id) : git_(git), id_(std::move(id)) {}

  // The first question reads the whole revision, pictures, tests and documentation left out.
  std::vector<std::string> Mentioning(const std::string& word) const override;
  std::optional<std::string> Read(const std::string& path) const override;

  // What went wrong first: then nothing of what was found out counts.
  const std::optional<Problem>& problem() const { return problem_; }

 private:
  const std::vector<GitFile>& files() const;
  void MakeIndex() const;
  void Note(const Problem& problem) const;

  const Git& git_;
  const std::string id_;
  mutable std::optional<std::vector<GitFile>> files_;
  mutable std::optional<flags::WordIndex> index_;
  mutable std::optional<Problem> problem_;
};

// The texts of files, of each as much as coverage looks at, and a little more where there is more:
// of tests nothing, of what is not code its beginning. What is not there is a problem.
Or<std::vector<std::string>> ReadCode(const Git& git, const std::vector<GitFile>& files);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_REVISION_H_
