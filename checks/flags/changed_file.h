// One changed file, before and after: what was added, what was removed, and what only moved.
#ifndef CHECKS_FLAGS_CHANGED_FILE_H_
#define CHECKS_FLAGS_CHANGED_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "checks/flags/coverage.h"
#include "checks/flags/files.h"
#include "checks/flags/flag_reads.h"
#include "checks/flags/token_diff.h"

namespace gate::flags {

class ChangedFile {
 public:
  // Reads both texts and compares them. An error that tells why that cannot be done. The change and
  // what `files` and `reads` are outlive it.
  static absl::StatusOr<std::unique_ptr<ChangedFile>> Read(const FileChange& change,
                                                           const FlagReads& reads, Files& files);

  const std::string& path() const { return head_->path(); }
  const SyntaxTree& base() const { return base_->tree(); }
  const SyntaxTree& head() const { return head_->tree(); }
  const ReadFile& head_file() const { return *head_; }
  const Guards& base_guards() const { return base_->guards(); }
  const Guards& head_guards() const { return head_->guards(); }
  const TokenDiff& diff() const { return diff_; }

  // Whether the i-th token of head was added, and not moved to where the flag is off.
  bool IsAdded(size_t i) const { return is_added_[i]; }
  // Whether the i-th token of base stands there now.
  bool IsRetained(size_t i) const { return retained_.contains(i); }

  // Whether the change added the whole of a function or class: its name was not there.
  bool IsNew(NodeId definition) const;
  // The node of the base that begins with the same token and is of the same role; 0 for none.
  NodeId BaseOf(NodeId node) const;
  // Whether the function that a token of head is in, with all it is nested in, can be read.
  bool CanBeRead(NodeId token) const;

 private:
  ChangedFile() = default;
  void FindRetained();

  std::unique_ptr<ReadFile> base_;
  const ReadFile* head_ = nullptr;
  TokenDiff diff_;
  std::vector<bool> is_added_;
  std::set<size_t> retained_;
  std::vector<uint32_t> broken_before_;  // Nodes of head before each that cannot be read.
};

// Hashes of what each node is nested in: where a statement is moved out of an if without any token
// being changed but brackets or blanks, they differ. Checks of the flag are left out.
std::vector<uint64_t> NestingOf(const SyntaxTree& tree, const Guards& guards);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_CHANGED_FILE_H_
