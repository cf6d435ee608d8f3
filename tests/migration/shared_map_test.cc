// SharedMap against std::map: whatever is done to a copy, it and its originals stay what they were.
#include "checks/migration/shared_map.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace gate::migration {
namespace {

struct Pair {
  SharedMap<std::string, int> ours;
  std::map<std::string, int> theirs;
};

void ExpectSame(const Pair& pair) {
  auto ours = pair.ours.begin();
  for (const auto& [key, value] : pair.theirs) {
    ASSERT_NE(ours, pair.ours.end());
    EXPECT_EQ(ours->first, key);
    EXPECT_EQ(ours->second, value);
    ++ours;
  }
  EXPECT_EQ(ours, pair.ours.end());
  EXPECT_EQ(pair.ours.empty(), pair.theirs.empty());
}

void ExpectSameAt(const Pair& pair, const std::string& key) {
  const auto theirs = pair.theirs.find(key);
  const int* ours = pair.ours.Find(key);
  ASSERT_EQ(ours != nullptr, theirs != pair.theirs.end());
  if (ours != nullptr) {
    EXPECT_EQ(*ours, theirs->second);
  }
  const auto from = pair.theirs.lower_bound(key);
  const auto at = pair.ours.lower_bound(key);
  ASSERT_EQ(at != pair.ours.end(), from != pair.theirs.end());
  if (from != pair.theirs.end()) {
    EXPECT_EQ(at->first, from->first);
  }
}

TEST(SharedMapTest, CopiesAreWhatStdMapsAreWhateverIsDoneToThem) {
  std::mt19937 random(7);
  const auto below = [&random](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random);
  };
  std::vector<Pair> copies(1);
  for (int round = 0; round < 40'000; ++round) {
    Pair& pair = copies[below(copies.size())];
    const std::string key = "key" + std::to_string(below(300));
    switch (below(8)) {
      case 0:
      case 1:
      case 2:
        pair.ours.Edit(key) = pair.theirs[key] = round;
        break;
      case 3:
      case 4:
        pair.ours.erase(key);
        pair.theirs.erase(key);
        break;
      case 5:
        if (copies.size() < 12) copies.push_back(Pair(pair));
        break;
      case 6:
        if (copies.size() > 1) copies.erase(copies.begin() + below(copies.size()));
        break;
      default:
        ExpectSameAt(pair, key);
    }
    if (round % 500 == 0) {
      for (const Pair& each : copies) ExpectSame(each);
    }
  }
  for (const Pair& each : copies) ExpectSame(each);
}

TEST(SharedMapTest, AscendingKeysDoNotMakeAList) {
  // An iterator holds a path of 48 nodes at most: a tree that leans would run over it.
  SharedMap<int, int> map;
  for (int i = 0; i < 100'000; ++i) map.Edit(i) = i;
  int expected = 0;
  for (const auto& [key, value] : map) EXPECT_EQ(key, expected++);
  EXPECT_EQ(expected, 100'000);
  for (int i = 0; i < 100'000; i += 2) map.erase(i);
  EXPECT_EQ(map.lower_bound(50'000)->first, 50'001);
}

TEST(SharedMapTest, AnEditOfACopyLeavesTheOriginal) {
  SharedMap<int, std::vector<int>> original;
  for (int i = 0; i < 50; ++i) original.Edit(i).push_back(i);
  const std::vector<int>* before = original.Find(7);
  SharedMap<int, std::vector<int>> copy = original;
  copy.Edit(7).push_back(8);
  copy.erase(9);
  EXPECT_EQ(original.Find(7), before);
  EXPECT_EQ(*original.Find(7), std::vector<int>{7});
  EXPECT_EQ(*copy.Find(7), (std::vector<int>{7, 8}));
  EXPECT_TRUE(original.contains(9));
  EXPECT_FALSE(copy.contains(9));
}

}  // namespace
}  // namespace gate::migration
