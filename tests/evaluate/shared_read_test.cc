#include "gate/base/shared_read.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/fakes/scripted_source.h"

namespace gate {
namespace {

bool Failed(int read) { return read < 0; }

TEST(SharedReadTest, WhoAsksDuringAReadGetsTheNextOneTogether) {
  SharedRead<int> shared(Failed);
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
      EXPECT_GE(*shared.Get([&] { return ++reads; }), 2) << "not what was read before it asked";
    });
  }
  while (asked < 8) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  go_on.Open();
  first.join();
  for (std::thread& other : others) other.join();
  EXPECT_LT(reads, 1 + 8) << "nobody shared";
}

TEST(SharedReadTest, WhatOneThrowsIsNotTheOthers) {
  SharedRead<int> shared(Failed);
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

// The second one asks while the first one reads; rarely it is too slow for that.
TEST(SharedReadTest, AFailureIsToldToAllWhoWait) {
  SharedRead<int> shared(Failed);
  int told = 0;
  for (int attempt = 0; attempt < 20 && told != -1; ++attempt) {
    Latch began, go_on;
    std::atomic<bool> asks = false;
    std::thread first([&] {
      EXPECT_EQ(*shared.Get([&] {
        began.Open();
        go_on.Wait();
        return -1;
      }),
                -1);
    });
    began.Wait();
    std::thread second([&] {
      asks = true;
      told = *shared.Get([] { return 9; });
    });
    while (!asks) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    go_on.Open();
    first.join();
    second.join();
  }
  EXPECT_EQ(told, -1);
  EXPECT_EQ(*shared.Get([] { return 9; }), 9) << "who comes afterwards reads anew";
}

// Nobody is told a number that is older than its question.
TEST(SharedReadTest, NobodyMissesWhatWasThereBefore) {
  SharedRead<int> shared(Failed);
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
