// What every store promises (gate/store/store.h), held to both.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ContractTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(, ContractTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

TEST_P(ContractTest, WhatWasAppendedIsThereUnchangedAlsoAfterOpeningAgain) {
  VerdictRecord record = Record(1);
  record.blobs = {BlobOf("evidence"), BlobOf("")};
  const v1::Verdict given = record.verdict;
  {
    const auto store = Open();
    const auto appended = AppendNow(*store, record);
    ASSERT_TRUE(appended.ok()) << appended.status();
    EXPECT_FALSE(appended->replayed);
    EXPECT_TRUE(MessageDifferencer::Equals(appended->verdict, given));
  }
  const auto store = Open();
  const auto verdict = store->GetVerdict(IdOf(1));
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_TRUE(MessageDifferencer::Equals(*verdict, given));
  EXPECT_EQ(store->GetBlob(Sha256Hex("evidence")).value(), "evidence");
  EXPECT_EQ(store->GetBlob(Sha256Hex("")).value(), "");
  const auto request = store->FindRequest("request-1");
  ASSERT_TRUE(request.ok() && request->has_value());
  EXPECT_TRUE(MessageDifferencer::Equals((*request)->verdict, given));
  EXPECT_EQ((*request)->request_digest, record.request_digest);
}

TEST_P(ContractTest, WhatIsNotThereIsNotFound) {
  const auto store = Open();
  EXPECT_TRUE(absl::IsNotFound(store->GetVerdict("01NONE").status()));
  EXPECT_TRUE(absl::IsNotFound(store->GetVerdict(std::string("a\0b", 3)).status()));
  EXPECT_TRUE(absl::IsNotFound(store->GetBlob(Sha256Hex("none")).status()));
  const auto request = store->FindRequest("none");
  ASSERT_TRUE(request.ok());
  EXPECT_FALSE(request->has_value());
  EXPECT_TRUE(absl::IsInvalidArgument(store->ListVerdicts({}, "01NONE", 10).status()));
  EXPECT_EQ(store->NewestVerdictTime().value(), absl::InfinitePast());
  EXPECT_TRUE(store->Ready().ok()) << store->Ready();
}

TEST_P(ContractTest, AnEvaluationThatCannotBeStoredIsRefusedAndItsNeighboursAreNot) {
  const auto store = Open();
  std::vector<VerdictRecord> records;
  for (int i = 0; i < 8; ++i) records.push_back(Record(i));
  records[0].verdict.set_decision(v1::DECISION_UNSPECIFIED);
  records[1].verdict.set_name("1");
  records[2].verdict.clear_request_id();
  records[3].verdict.mutable_change()->set_service(std::string("or\0ders", 7));
  records[4].verdict.mutable_change()->set_service(std::string(5000, 'x'));
  records[5].blobs = {{Sha256Hex("one"), std::make_shared<const std::string>("another")}};
  records[6].blobs = {{Sha256Hex("one"), nullptr}};
  const auto answers = AppendAll(*store, records);
  for (int i = 0; i < 7; ++i) {
    EXPECT_TRUE(absl::IsInvalidArgument(answers[i].status())) << i << answers[i].status();
  }
  EXPECT_TRUE(answers[7].ok()) << answers[7].status();
  EXPECT_TRUE(absl::IsNotFound(store->GetBlob(Sha256Hex("one")).status()));
  EXPECT_THAT(NamesOf(store->ListVerdicts({}, "", 100).value()),
              ElementsAre("verdicts/" + IdOf(7)));
}

TEST_P(ContractTest, TheNewestTimeIsThatOfTheNewestVerdictWhateverTheOrder) {
  const auto store = Open();
  for (const int number : {5, 9, 2}) ASSERT_TRUE(AppendNow(*store, Record(number)).ok());
  EXPECT_EQ(store->NewestVerdictTime().value(), Noon() + absl::Seconds(9));
}

TEST_P(ContractTest, BigAndHostileContentComesBackAsItWas) {
  const auto store = Open();
  VerdictRecord record = Record(1);
  record.verdict.mutable_change()->set_service("öрders'); DROP TABLE verdicts; --");
  record.blobs = {BlobOf(Noise(8 << 20)), BlobOf(std::string(32 << 20, 'a')),
                  BlobOf(std::string(1, '\0'))};
  ASSERT_TRUE(AppendNow(*store, record).ok());
  for (const Blob& blob : record.blobs) {
    const auto content = store->GetBlob(blob.digest);
    ASSERT_TRUE(content.ok()) << content.status();
    EXPECT_EQ(*content, *blob.content);
  }
  EXPECT_EQ(store->ListVerdicts({.service = record.verdict.change().service()}, "", 2)->size(), 1u);
}

TEST_P(ContractTest, ContentIsStoredOnceAndCompressed) {
  const auto store = Open();
  const Blob policy = BlobOf(std::string(1 << 20, 'p'));
  for (int i = 0; i < 5; ++i) {
    VerdictRecord record = Record(i);
    record.blobs = {policy, policy};
    ASSERT_TRUE(AppendNow(*store, record).ok());
  }
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("blobs")), "1\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("blobs") + " WHERE length(content) < 1000"), "1\n");
}

TEST_P(ContractTest, ADamagedBlobIsDataLossAndNeverHandedOut) {
  const auto store = Open();
  VerdictRecord record = Record(1);
  record.blobs = {BlobOf("what was seen")};
  ASSERT_TRUE(AppendNow(*store, record).ok());
  const bool sqlite = GetParam() == Engine::kSqlite;
  // The frame of another content, then bytes that are no frame at all.
  VerdictRecord other = Record(2);
  other.blobs = {BlobOf("what was not")};
  ASSERT_TRUE(AppendNow(*store, other).ok());
  const std::string drop = sqlite ? "DROP TRIGGER blobs_no_update;"
                                  : "ALTER TABLE gate.blobs DISABLE TRIGGER blobs_no_change;";
  Sql(drop + "UPDATE " + Table("blobs") + " SET content = (SELECT content FROM " + Table("blobs") +
      " WHERE digest = '" + other.blobs[0].digest + "')");
  EXPECT_TRUE(absl::IsDataLoss(store->GetBlob(record.blobs[0].digest).status()));
  EXPECT_EQ(store->GetBlob(other.blobs[0].digest).value(), "what was not");
  Sql("UPDATE " + Table("blobs") + " SET content = " + (sqlite ? "x'00ff'" : "'\\x00ff'"));
  EXPECT_TRUE(absl::IsDataLoss(store->GetBlob(other.blobs[0].digest).status()));
}

TEST_P(ContractTest, TheDatabaseItselfRefusesToChangeOrForget) {
  const auto store = Open();
  VerdictRecord record = Record(1);
  record.blobs = {BlobOf("seen")};
  ASSERT_TRUE(AppendNow(*store, record).ok());
  std::vector<std::string> statements;
  for (const std::string& table : {Table("verdicts"), Table("blobs")}) {
    statements.push_back("DELETE FROM " + table);
  }
  statements.push_back("UPDATE " + Table("verdicts") + " SET decision = 1");
  statements.push_back("UPDATE " + Table("blobs") + " SET digest = 'x'");
  if (GetParam() == Engine::kPostgres) statements.push_back("TRUNCATE gate.verdicts");
  for (const std::string& statement : statements) {
    try {
      Sql(statement);
      ADD_FAILURE() << statement;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("append-only"));
    }
  }
  EXPECT_TRUE(store->GetVerdict(IdOf(1)).ok());
  EXPECT_TRUE(store->GetBlob(Sha256Hex("seen")).ok());
}

TEST_P(ContractTest, ManyThreadsAppendAndReadAtOnce) {
  constexpr int kThreads = 8;
  constexpr int kEach = 100;
  const auto store = Open({.max_group = 16});
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        const int number = i * kThreads + thread;
        VerdictRecord record = Record(number);
        record.blobs = {BlobOf("policy"), BlobOf(absl::StrCat("observation ", number % 7))};
        // Acknowledged means readable, by whoever asks.
        if (!AppendNow(*store, record).ok() || !store->GetVerdict(IdOf(number)).ok() ||
            !store->GetBlob(record.blobs[1].digest).ok()) {
          ++failures;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("verdicts")), "800\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("blobs")), "8\n");
}

TEST_P(ContractTest, BeyondItsQueueItRefusesAtOnceAndKeepsWhatItTook) {
  const auto store = Open({.write_connections = 1, .max_group = 1, .max_waiting = 2});
  std::vector<VerdictRecord> records;
  for (int i = 0; i < 200; ++i) records.push_back(Record(i));
  const auto answers = AppendAll(*store, records);
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(store->GetVerdict(IdOf(i)).ok(), answers[i].ok());
    if (answers[i].ok()) continue;
    ++refused;
    EXPECT_TRUE(absl::IsResourceExhausted(answers[i].status()));
    EXPECT_EQ(ReasonOf(answers[i].status()), "STORE_BEHIND");
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 200);
}

TEST_P(ContractTest, ClosingWritesWhatWasAccepted) {
  constexpr int kRecords = 300;
  std::atomic<int> stored = 0;
  {
    const auto store = Open();
    for (int i = 0; i < kRecords; ++i) {
      store->Append(Record(i), [&](const absl::StatusOr<Appended>& appended) {
        if (appended.ok()) ++stored;
      });
    }
  }
  EXPECT_EQ(stored, kRecords);
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("verdicts")), absl::StrCat(kRecords, "\n"));
}

}  // namespace
}  // namespace gate
