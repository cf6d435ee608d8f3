// Which files have a word in them, for all words at once: a change asks for hundreds.
#ifndef CHECKS_FLAGS_WORD_INDEX_H_
#define CHECKS_FLAGS_WORD_INDEX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gate::flags {

// Words are runs of letters, digits, underscores and all that is not ASCII. Only hashes of them are
// kept, 64 bits each, about 16 bytes for each word and file. For one thread.
class WordIndex {
 public:
  // The next file. Its text follows in pieces, which may end within a word.
  void Begin(const std::string& path);
  void Append(std::string_view piece);
  void End();
  // A file that may have any word in it.
  void AddUnknown(const std::string& path);

  // Paths of files that have all words of a name in them, sorted. After the last file has ended.
  std::vector<std::string> Mentioning(std::string_view name) const;

 private:
  struct Mention {
    uint64_t word;
    uint32_t file;
    bool operator==(const Mention&) const = default;
  };
  void AddWord(uint64_t word);
  void PutIntoBuckets() const;

  std::vector<std::string> paths_;
  std::vector<uint32_t> unknown_;  // Of the paths.
  // In the order of the files; once something was asked, by bucket, which words decide on.
  mutable std::vector<Mention> mentions_;
  mutable std::vector<size_t> buckets_;  // Where each begins, and where the last one ends.
  uint64_t word_ = 0;                    // Of the word that is being read; 0 between words.
  std::array<Mention, 4096> seen_ = {};  // Some of what is already among the mentions.
};

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_WORD_INDEX_H_
