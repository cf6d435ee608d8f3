// A history of edits, renames, merges (some of them with changes of their own), reverts and clocks
// that disagree. The same seed gives the same revisions.
#ifndef TESTS_EVIDENCE_GIT_RANDOM_HISTORY_H_
#define TESTS_EVIDENCE_GIT_RANDOM_HISTORY_H_

#include <random>
#include <string>
#include <vector>

#include "tests/evidence/git/releases.h"

namespace gate::git {

class RandomHistory {
 public:
  RandomHistory(unsigned seed, int steps);

  const ScratchRepository& repository() const { return repository_; }
  // Of all branches, in the order in which they were made.
  const std::vector<std::string>& commits() const { return commits_; }

 private:
  size_t Below(size_t bound) { return random_() % bound; }
  std::string Message();
  std::string NewLine();
  std::vector<std::string> Files() const;
  void Edit(const std::string& path);
  void Step();
  void Merge();
  void Revert();
  void Record(const std::string& revision);

  std::mt19937 random_;
  ScratchRepository repository_;
  std::vector<std::string> commits_;
  std::vector<std::string> branches_ = {"main"};
  std::string branch_ = "main";
  int lines_ = 0;
};

}  // namespace gate::git

#endif  // TESTS_EVIDENCE_GIT_RANDOM_HISTORY_H_
