// The checker against histories whose answers are known, and against trying all orders.
#include "tests/support/linearizable.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <random>

#include "gtest/gtest.h"

namespace gate {
namespace {

// A register: somebody writes a value, or reads one.
struct Access {
  bool write = false;
  int value = 0;
};
std::optional<int> Register(int state, const Access& access) {
  if (access.write) return access.value;
  return access.value == state ? std::optional(state) : std::nullopt;
}
using History = std::vector<Operation<Access>>;

Operation<Access> Write(int value, int64_t call, int64_t ret) { return {call, ret, {true, value}}; }
Operation<Access> Read(int value, int64_t call, int64_t ret) { return {call, ret, {false, value}}; }
bool Possible(const History& history) { return IsLinearizable(history, 0, Register); }

TEST(Linearizable, NothingIs) { EXPECT_TRUE(Possible({})); }

TEST(Linearizable, OneAfterTheOther) {
  EXPECT_TRUE(Possible({Write(1, 0, 1), Read(1, 2, 3)}));
  EXPECT_FALSE(Possible({Write(1, 0, 1), Read(0, 2, 3)})) << "an old value";
  EXPECT_FALSE(Possible({Read(1, 0, 1), Write(1, 2, 3)})) << "a value of the future";
}

TEST(Linearizable, AtTheSameTimeEitherOrderWillDo) {
  EXPECT_TRUE(Possible({Write(1, 0, 10), Read(0, 1, 2), Read(1, 3, 4)}));
  EXPECT_FALSE(Possible({Write(1, 0, 10), Read(1, 1, 2), Read(0, 3, 4)}))
      << "once it was read it is there";
  EXPECT_TRUE(Possible({Write(1, 0, 10), Write(2, 0, 10), Read(1, 11, 12)}));
  EXPECT_TRUE(Possible({Write(1, 0, 10), Write(2, 0, 10), Read(2, 11, 12)}));
  EXPECT_FALSE(Possible({Write(1, 0, 10), Write(2, 0, 10), Read(2, 11, 12), Read(1, 13, 14)}));
}

TEST(Linearizable, WhatNeverReturnedMayHaveHappenedOrNot) {
  EXPECT_TRUE(Possible({Write(1, 0, kNeverReturned), Read(0, 5, 6)}));
  EXPECT_TRUE(Possible({Write(1, 0, kNeverReturned), Read(0, 5, 6), Read(1, 7, 8)}));
  EXPECT_FALSE(
      Possible({Write(1, 0, kNeverReturned), Read(1, 5, 6), Read(0, 7, 8), Read(1, 9, 10)}));
  EXPECT_FALSE(Possible({Read(1, 0, 1), Write(1, 2, kNeverReturned)}));
}

// The first example of Herlihy and Wing's paper that is not: reads that disagree on the order.
TEST(Linearizable, TwoReadersAgreeOnTheOrder) {
  EXPECT_FALSE(
      Possible({Write(1, 0, 10), Write(2, 1, 9), Read(1, 2, 3), Read(2, 4, 5), Read(1, 6, 7)}));
}

// All orders that keep who came before whom; those that never returned may be left out.
bool PossibleByTrying(const History& history) {
  const size_t count = history.size();
  for (size_t left_out = 0; left_out < (size_t{1} << count); ++left_out) {
    std::vector<size_t> order;
    bool allowed = true;
    for (size_t i = 0; i < count; ++i) {
      const bool out = (left_out >> i) & 1;
      if (out && history[i].ret != kNeverReturned) allowed = false;
      if (!out) order.push_back(i);
    }
    if (!allowed) continue;
    do {
      bool fits = true;
      int state = 0;
      for (size_t i = 0; fits && i < order.size(); ++i) {
        for (size_t j = i + 1; j < order.size(); ++j) {
          if (history[order[j]].ret < history[order[i]].call) fits = false;
        }
        const auto next = Register(state, history[order[i]].input);
        fits = fits && next;
        if (fits) state = *next;
      }
      if (fits) return true;
    } while (std::next_permutation(order.begin(), order.end()));
  }
  return false;
}

TEST(Linearizable, SaysWhatTryingAllOrdersSays) {
  std::mt19937 random(20261123);
  const auto below = [&](int n) { return std::uniform_int_distribution(0, n - 1)(random); };
  int possible = 0, impossible = 0;
  for (int round = 0; round < 4000; ++round) {
    History history;
    const int count = 1 + below(6);
    for (int i = 0; i < count; ++i) {
      const int64_t call = below(20);
      const int64_t ret = below(6) == 0 ? kNeverReturned : call + 1 + below(10);
      history.push_back({call, ret, {below(2) == 0, below(3)}});
    }
    const bool expected = PossibleByTrying(history);
    ASSERT_EQ(Possible(history), expected) << "round " << round;
    ++(expected ? possible : impossible);
  }
  EXPECT_GT(possible, 500);
  EXPECT_GT(impossible, 500);
}

// Long histories of few at a time are quick.
TEST(Linearizable, ALongHistoryTakesNoTime) {
  History history;
  std::mt19937 random(1);
  int64_t now = 0;
  int value = 0;
  for (int i = 0; i < 20'000; ++i) {
    const int64_t call = now;
    now += 2;
    if (i % 3 == 0) value = i;
    history.push_back({call - static_cast<int64_t>(random() % 3), now - 1, {i % 3 == 0, value}});
  }
  EXPECT_TRUE(Possible(history));
  history.back().input = {false, -1};
  EXPECT_FALSE(Possible(history));
}

}  // namespace
}  // namespace gate
