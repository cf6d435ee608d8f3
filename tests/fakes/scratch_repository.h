// A repository that a test makes with the real git program: fixed authors and dates, so that its
// revisions are the same on every run, and nobody's configuration.
#ifndef TESTS_FAKES_SCRATCH_REPOSITORY_H_
#define TESTS_FAKES_SCRATCH_REPOSITORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/fakes/child_process.h"

namespace gate {

class ScratchRepository {
 public:
  ScratchRepository();

  const std::string& path() const { return folder_.path(); }
  std::string File(const std::string& name) const { return folder_.File(name); }

  // Runs git in it; what it says, without blanks around it. A test that runs it is to expect 0.
  RunResult TryGit(const std::vector<std::string>& arguments) const;
  // As TryGit; throws std::runtime_error, with what git said, where it fails.
  std::string Git(const std::vector<std::string>& arguments) const;

  void Write(const std::string& path, const std::string& text) const;
  void Remove(const std::string& path) const;
  // Everything that was written; the revision. Each commit is a minute younger than the one before.
  std::string Commit(const std::string& message);
  std::string CommitFile(const std::string& path, const std::string& text,
                         const std::string& message) {
    Write(path, text);
    return Commit(message);
  }
  void Branch(const std::string& name, const std::string& at) const;
  void Checkout(const std::string& name) const { Git({"checkout", "-q", name}); }
  // Never a fast-forward.
  std::string Merge(const std::string& branch, const std::string& message);
  std::string Head() const { return Git({"rev-parse", "HEAD"}); }
  // Seconds since 1970 that the next commit has.
  void SetTime(int64_t seconds) { time_ = seconds; }

 private:
  TempFolder folder_;
  int64_t time_ = 1'700'000'000;
};

}  // namespace gate

#endif  // TESTS_FAKES_SCRATCH_REPOSITORY_H_
