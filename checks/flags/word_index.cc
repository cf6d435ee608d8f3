#include "checks/flags/word_index.h"

#include <algorithm>
#include <iterator>
#include <numeric>

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
  sorted_ = false;
}

void WordIndex::Append(std::string_view piece) {
  for (const char each : piece) {
    const auto c = static_cast<unsigned char>(each);
    if (kInWord[c]) {
      word_ = Extended(word_, c);
    } else if (word_ != 0) {
      EndWord();
    }
  }
}

void WordIndex::End() {
  if (word_ != 0) EndWord();
}

void WordIndex::EndWord() {
  const Mention mention{word_, static_cast<uint32_t>(paths_.size() - 1)};
  word_ = 0;
  Mention& seen = seen_[mention.word % seen_.size()];
  if (seen == mention) return;
  seen = mention;
  mentions_.push_back(mention);
}

void WordIndex::AddUnknown(const std::string& path) {
  unknown_.push_back(static_cast<uint32_t>(paths_.size()));
  paths_.push_back(path);
}

const std::vector<WordIndex::Mention>& WordIndex::Sorted() const {
  if (!sorted_) std::ranges::sort(mentions_);
  sorted_ = true;
  return mentions_;
}

std::vector<std::string> WordIndex::Mentioning(std::string_view name) const {
  const std::vector<Mention>& mentions = Sorted();
  std::vector<uint32_t> files(paths_.size());
  std::iota(files.begin(), files.end(), 0u);
  for (const uint64_t word : WordsOf(name)) {
    std::vector<uint32_t> with_word = unknown_, both;
    for (const Mention& mention : std::ranges::equal_range(
             mentions, word, {}, [](const Mention& each) { return each.word; })) {
      with_word.push_back(mention.file);
    }
    std::ranges::sort(with_word);
    std::ranges::set_intersection(files, with_word, std::back_inserter(both));
    files = std::move(both);
  }
  std::vector<std::string> paths;
  for (const uint32_t file : files) {
    if (paths.empty() || paths.back() != paths_[file]) paths.push_back(paths_[file]);
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace gate::flags
