// Code in memory, searched by the index of words that the real sources use.
#ifndef TESTS_FLAGS_SNAPSHOT_H_
#define TESTS_FLAGS_SNAPSHOT_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checks/flags/coverage.h"
#include "checks/flags/word_index.h"

namespace gate::flags {

class Snapshot : public Sources {
 public:
  // Texts by path.
  explicit Snapshot(std::map<std::string, std::string> files) : files_(std::move(files)) {
    for (const auto& [path, text] : files_) {
      index_.Begin(path);
      index_.Append(text);
      index_.End();
    }
  }

  std::vector<std::string> Mentioning(const std::string& word) const override {
    return index_.Mentioning(word);
  }
  std::optional<std::string> Read(const std::string& path) const override {
    ++reads_;
    const auto file = files_.find(path);
    if (file == files_.end()) return std::nullopt;
    return file->second;
  }
  // How many files were asked for.
  int reads() const { return reads_; }

 private:
  const std::map<std::string, std::string> files_;
  WordIndex index_;
  mutable int reads_ = 0;
};

}  // namespace gate::flags

#endif  // TESTS_FLAGS_SNAPSHOT_H_
