#include "gate/base/shared_read.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/fakes/scripted_source.h"

namespace gate {
namespace {

TEST(SharedReadTest, WhoAsksDuringAReadGetsTheNextOneTogether) {
  SharedRead<int> shared;
  Latch began, go_on;
  std::atomic<int> reads = 0;
  std::thread first([&] {
    EXPECT_EQ(*shared.Get([&] {
      began.Open();
      go_on.Wait();
      return ++reads;
    }),
              1);
  });
  began.Wait();
  std::vector<std::thread> others;
  std::atomic<int> asked = 0;
  for (int i = 0; i < 8; ++i) {
    others.emplace_back([&] {
      ++asked;
      EXPECT_EQ(*shared.Get([&] { return ++reads; }), 2) << "not what was read before it asked";
    });
  }
  while (asked < 8) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  go_on.Open();
  first.join();
  for (std::thread& other : others) other.join();
  EXPECT_EQ(reads, 2);
}

TEST(SharedReadTest, WhatOneThrowsIsNotTheOthers) {
  SharedRead<int> shared;
  EXPECT_THROW(shared.Get([]() -> int { throw std::runtime_error("gone"); }), std::runtime_error);
  EXPECT_EQ(*shared.Get([] { return 7; }), 7);

  Latch began, go_on;
  std::thread first([&] {
    EXPECT_THROW(shared.Get([&]() -> int {
      began.Open();
      go_on.Wait();
      throw std::runtime_error("gone");
    }),
                 std::runtime_error);
  });
  began.Wait();
  std::thread second([&] { EXPECT_EQ(*shared.Get([] { return 8; }), 8); });
  go_on.Open();
  first.join();
  second.join();
}

// Nobody is told a number that is older than its question.
TEST(SharedReadTest, NobodyMissesWhatWasThereBefore) {
  SharedRead<int> shared;
  std::atomic<int> written = 0;
  std::atomic<int> reads = 0;
  constexpr int kRounds = 2000;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const int before = ++written;
        ASSERT_GE(*shared.Get([&] {
          ++reads;
          return written.load();
        }),
                  before);
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_LE(reads, 4 * kRounds);
}

}  // namespace
}  // namespace gate
