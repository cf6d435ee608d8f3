// A request_id is answered once, whoever asks and however often.
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

class IdempotencyTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(, IdempotencyTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

TEST_P(IdempotencyTest, TheFirstVerdictIsGivenAgain) {
  const auto store = Open();
  ASSERT_TRUE(AppendNow(*store, Record("1", "deploy-7", "same")).ok());
  VerdictRecord again = Record("2", "deploy-7", "same");
  again.verdict.set_decision(v1::DECISION_BLOCK);
  const auto appended = AppendNow(*store, again);
  ASSERT_TRUE(appended.ok()) << appended.status();
  EXPECT_TRUE(appended->replayed);
  EXPECT_EQ(appended->verdict.name(), "verdicts/1");
  EXPECT_EQ(appended->verdict.decision(), v1::DECISION_ALLOW);
  EXPECT_TRUE(absl::IsNotFound(store->GetVerdict("2").status()));
}

TEST_P(IdempotencyTest, AnotherRequestUnderTheSameIdIsRefused) {
  const auto store = Open();
  ASSERT_TRUE(AppendNow(*store, Record("1", "deploy-7", "one")).ok());
  const auto appended = AppendNow(*store, Record("2", "deploy-7", "another"));
  EXPECT_TRUE(absl::IsAlreadyExists(appended.status())) << appended.status();
  EXPECT_EQ(ReasonOf(appended.status()), "REQUEST_ID_REUSED");
  EXPECT_THAT(appended.status().message(), ::testing::HasSubstr("deploy-7"));
}

TEST_P(IdempotencyTest, TheSameIdManyTimesInOneGroup) {
  const auto store = Open({.write_connections = 1});
  std::vector<VerdictRecord> records;
  for (int i = 0; i < 100; ++i) {
    records.push_back(Record(absl::StrCat("v", i), "deploy-7", i % 2 == 0 ? "even" : "odd"));
  }
  const auto answers = AppendAll(*store, records);
  ASSERT_TRUE(answers[0].ok()) << answers[0].status();
  EXPECT_FALSE(answers[0]->replayed);
  for (int i = 1; i < 100; ++i) {
    if (i % 2 == 0) {
      ASSERT_TRUE(answers[i].ok()) << answers[i].status();
      EXPECT_TRUE(answers[i]->replayed);
      EXPECT_EQ(answers[i]->verdict.name(), "verdicts/v0");
    } else {
      EXPECT_TRUE(absl::IsAlreadyExists(answers[i].status())) << answers[i].status();
    }
  }
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("verdicts")), "1\n");
}

TEST_P(IdempotencyTest, TheSameRecordTwiceIsOneVerdict) {
  const auto store = Open();
  ASSERT_TRUE(AppendNow(*store, Record(1)).ok());
  const auto again = AppendNow(*store, Record(1));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->verdict.name(), "verdicts/" + IdOf(1));
}

TEST_P(IdempotencyTest, AVerdictIdOfAnotherRequestIsAnErrorOfThatRecordAlone) {
  const auto store = Open();
  ASSERT_TRUE(AppendNow(*store, Record("1", "deploy-7", "one")).ok());
  const auto answers =
      AppendAll(*store, {Record("2", "deploy-8", "two"), Record("1", "deploy-9", "three"),
                         Record("4", "deploy-10", "four")});
  EXPECT_TRUE(answers[0].ok()) << answers[0].status();
  EXPECT_TRUE(absl::IsInternal(answers[1].status())) << answers[1].status();
  EXPECT_TRUE(answers[2].ok()) << answers[2].status();
}

// Threads of one process race for the same requests; on PostgreSQL also two replicas.
TEST_P(IdempotencyTest, RacersAgreeOnOneVerdictPerRequest) {
  constexpr int kThreads = 8;
  constexpr int kRequests = 60;
  std::vector<std::unique_ptr<Store>> replicas;
  replicas.push_back(Open());
  if (GetParam() == Engine::kPostgres) replicas.push_back(Open());
  std::vector<std::vector<absl::StatusOr<Appended>>> answers(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::vector<VerdictRecord> records;
      for (int i = 0; i < kRequests; ++i) {
        // Each in an order of its own, so that groups overlap crosswise.
        const int request = thread % 2 == 0 ? i : kRequests - 1 - i;
        VerdictRecord record = Record(absl::StrCat("v", thread, "-", request),
                                      absl::StrCat("request-", request), "same");
        record.blobs = {BlobOf(absl::StrCat("seen ", request))};
        records.push_back(std::move(record));
      }
      answers[thread] = AppendAll(*replicas[thread % replicas.size()], std::move(records));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> verdicts;
  int won = 0;
  for (const auto& of_thread : answers) {
    for (const auto& answer : of_thread) {
      ASSERT_TRUE(answer.ok()) << answer.status();
      verdicts.insert(answer->verdict.name());
      if (!answer->replayed) ++won;
    }
  }
  EXPECT_EQ(verdicts.size(), static_cast<size_t>(kRequests));
  EXPECT_EQ(won, kRequests);
}

}  // namespace
}  // namespace gate
