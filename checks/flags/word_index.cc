#include "checks/flags/word_index.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace gate::flags {
namespace {

// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
constexpr uint64_t kBasis = 14695981039346656037u, kPrime = 1099511628211u;

constexpr std::array<bool, 256> kInWord = [] {
  std::array<bool, 256> in_word = {};
  for (int c = 0; c < 256; ++c) {
    in_word[static_cast<size_t>(c)] = c >= 128 || c == '_' || (c >= '0' && c <= '9') ||
                                      (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }
  return in_word;
}();

uint64_t Extended(uint64_t word, unsigned char c) {
  return ((word == 0 ? kBasis : word) ^ c) * kPrime;
}

constexpr size_t kBuckets = 1 << 14;

size_t BucketOf(uint64_t word) { return word >> 50; }

std::vector<uint64_t> WordsOf(std::string_view name) {
  std::vector<uint64_t> words = {0};
  for (const char each : name) {
    const auto c = static_cast<unsigned char>(each);
    if (kInWord[c]) {
      words.back() = Extended(words.back(), c);
    } else if (words.back() != 0) {
      words.push_back(0);
    }
  }
  if (words.back() == 0) words.pop_back();
  return words;
}

}  // namespace

void WordIndex::Begin(const std::string& path) {
  paths_.push_back(path);
  buckets_.clear();
}

void WordIndex::Append(std::string_view piece) {
  uint64_t word = word_;
  for (const char each : piece) {
    const auto c = static_cast<unsigned char>(each);
    if (kInWord[c]) {
      word = Extended(word, c);
    } else if (word != 0) {
      AddWord(word);
      word = 0;
    }
  }
  word_ = word;
}

void WordIndex::End() {
  if (word_ != 0) AddWord(word_);
  word_ = 0;
}

void WordIndex::AddWord(uint64_t word) {
  const Mention mention{word, static_cast<uint32_t>(paths_.size() - 1)};
  Mention& seen = seen_[word % seen_.size()];
  if (seen == mention) return;
  seen = mention;
  mentions_.push_back(mention);
}

void WordIndex::AddUnknown(const std::string& path) {
  unknown_.push_back(static_cast<uint32_t>(paths_.size()));
  paths_.push_back(path);
}

void WordIndex::PutIntoBuckets() const {
  buckets_.assign(kBuckets + 1, 0);
  for (const Mention& mention : mentions_) ++buckets_[BucketOf(mention.word) + 1];
  std::partial_sum(buckets_.begin(), buckets_.end(), buckets_.begin());
  std::vector<size_t> next(buckets_.begin(), buckets_.end() - 1);
  std::vector<Mention> ordered(mentions_.size());
  for (const Mention& mention : mentions_) ordered[next[BucketOf(mention.word)]++] = mention;
  mentions_ = std::move(ordered);
}

std::vector<std::string> WordIndex::Mentioning(std::string_view name) const {
  if (buckets_.empty()) PutIntoBuckets();
  std::vector<uint32_t> files(paths_.size());
  std::iota(files.begin(), files.end(), 0u);
  for (const uint64_t word : WordsOf(name)) {
    std::vector<uint32_t> with_word = unknown_, both;
    const size_t bucket = BucketOf(word);
    for (size_t i = buckets_[bucket]; i < buckets_[bucket + 1]; ++i) {
      if (mentions_[i].word == word) with_word.push_back(mentions_[i].file);
    }
    std::ranges::sort(with_word);
    std::ranges::set_intersection(files, with_word, std::back_inserter(both));
    files = std::move(both);
  }
  std::vector<std::string> paths;
  for (const uint32_t file : files) paths.push_back(paths_[file]);
  std::ranges::sort(paths);
  return paths;
}

}  // namespace gate::flags
