// Files of the code after the change, read once, with what guards their code and who is mentioned
// in them.
#ifndef CHECKS_FLAGS_FILES_H_
#define CHECKS_FLAGS_FILES_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "checks/flags/coverage.h"
#include "checks/flags/flag_reads.h"
#include "checks/flags/guards.h"
#include "checks/flags/syntax_tree.h"

namespace gate::flags {

class ReadFile {
 public:
  // The language is that of the path. What `reads` is outlives it. An error that tells why it
  // cannot be read.
  static absl::StatusOr<std::unique_ptr<ReadFile>> Parse(std::string path, std::string text,
                                                         const FlagReads& reads);
  ReadFile(const ReadFile&) = delete;
  ReadFile& operator=(const ReadFile&) = delete;

  const std::string& path() const { return path_; }
  const SyntaxTree& tree() const { return tree_; }
  const Guards& guards() const { return *guards_; }

  // Where a name is mentioned that is not its definition, in the order of the text.
  std::vector<NodeId> Mentioning(std::string_view name) const;

 private:
  ReadFile(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {}

  const std::string path_, text_;
  SyntaxTree tree_;
  std::unique_ptr<Guards> guards_;
  // Hashes of names with the nodes that are these names, sorted; made when first asked for.
  using Named = std::pair<size_t, NodeId>;
  mutable std::optional<std::vector<Named>> names_;
  mutable std::vector<NodeId> symbols_;
  mutable std::vector<NodeId> paths_;  // Strings that are made of several names.
};

// For one thread. What it is made from outlives it.
class Files {
 public:
  Files(const Sources& sources, const FlagReads& reads) : sources_(sources), reads_(reads) {}

  // A file whose text is known.
  absl::StatusOr<const ReadFile*> Add(const std::string& path, const std::string& text);
  // An error that tells why a file is not read: there is no grammar for it, it is too large, too
  // many have been read.
  absl::StatusOr<const ReadFile*> Get(const std::string& path);

  const Sources& sources() const { return sources_; }

  // Of those that the change itself does not hold, as many are read, and as much.
  static constexpr size_t kMostFiles = 3000;
  static constexpr size_t kMostBytes = 20 << 20;

 private:
  absl::StatusOr<const ReadFile*> Parse(const std::string& path, std::string text);

  const Sources& sources_;
  const FlagReads& reads_;
  std::map<std::string, absl::StatusOr<std::unique_ptr<ReadFile>>> read_;
  size_t files_ = 0, bytes_ = 0;
};

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_FILES_H_
