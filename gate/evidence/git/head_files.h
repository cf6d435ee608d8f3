// All files of a revision, searched for words: what flags::Cover asks to find out who calls what.
#ifndef GATE_EVIDENCE_GIT_HEAD_FILES_H_
#define GATE_EVIDENCE_GIT_HEAD_FILES_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checks/flags/coverage.h"
#include "gate/evidence/git/repository.h"
#include "gate/evidence/git/tree_changes.h"

namespace gate::git {

// Not thread-safe. Files are read once, at the first question; of each a table of the three-letter
// parts of its text is kept, so that a word is looked for in few of them. Links are not followed.
class HeadFiles final : public flags::Sources {
 public:
  HeadFiles(const Repository& repository, std::vector<TreeFile> files, Deadline deadline)
      : repository_(repository), files_(std::move(files)), deadline_(deadline) {}

  // As `git grep -F -I`: also inside longer words, not in binary files.
  std::vector<std::string> Mentioning(const std::string& word) const override;
  std::optional<std::string> Read(const std::string& path) const override;

  // What went wrong, or that the time is over: then nothing of what was found out counts.
  const absl::Status& status() const { return status_; }

 private:
  struct Entry {
    const TreeFile* file = nullptr;
    std::vector<bool> parts;          // by hash of three letters; its size is a power of two
    std::optional<std::string> text;  // where there is room for it
  };

  void ReadAll() const;
  bool InTime() const;
  std::optional<std::string> TextOf(const TreeFile& file) const;

  const Repository& repository_;
  const std::vector<TreeFile> files_;
  const Deadline deadline_;
  mutable bool read_ = false;
  mutable std::vector<Entry> entries_;  // of texts, by path
  mutable std::map<std::string, std::vector<std::string>> mentions_;
  mutable absl::Status status_;
};

}  // namespace gate::git

#endif  // GATE_EVIDENCE_GIT_HEAD_FILES_H_
