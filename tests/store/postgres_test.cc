// What is PostgreSQL's own: a server that is gone, restarts, is locked, full or set up badly, and
// wires that are cut while a commit is on its way.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gate/store/postgres_connection.h"
#include "tests/fakes/tcp_proxy.h"
#include "tests/store/cutting_proxy.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class StoreOnPostgresTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(, StoreOnPostgresTest, ::testing::Values(Engine::kPostgres), EngineName);

TEST_P(StoreOnPostgresTest, EveryWrongUrlSaysWhatIsWrongWithoutThePassword) {
  const std::tuple<std::string, absl::StatusCode, std::string> cases[] = {
      {"postgresql://gate:secret@host:port/db", absl::StatusCode::kInvalidArgument, "port"},
      {"postgresql://gate:secret@[::1/db", absl::StatusCode::kInvalidArgument, "URI"},
      {"postgresql://gate:secret@h/db?colour=red", absl::StatusCode::kInvalidArgument, "colour"},
      {"postgresql://gate:secret@h/db?sslmode=perhaps", absl::StatusCode::kInvalidArgument,
       "sslmode"},
      {absl::StrCat("postgresql://gate:secret@127.0.0.1:", FreePort(), "/db"),
       absl::StatusCode::kUnavailable, "refused"},
      {SharedPostgres().Url("nobody"), absl::StatusCode::kUnavailable, "does not exist"},
  };
  for (const auto& [url, code, message] : cases) {
    const absl::Status status = OpenStore(url, {}).status();
    EXPECT_EQ(status.code(), code) << url << status;
    EXPECT_THAT(status.message(), AllOf(HasSubstr(message), Not(HasSubstr("secret"))));
  }
}

TEST_P(StoreOnPostgresTest, ASecondHostIsUsedWhereTheFirstIsGone) {
  const std::string url = absl::StrCat("postgresql://postgres@/", database_, "?host=/nowhere,",
                                       SharedPostgres().socket_folder(), "&port=5432,5432");
  const auto store = OpenStore(url, {});
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE(AppendNow(**store, Record(1)).ok());
}

TEST_P(StoreOnPostgresTest, ARoleThatMayOnlyReadAndInsertIsEnough) {
  ASSERT_TRUE(Open()->Ready().ok());
  Sql("DO $$ BEGIN CREATE ROLE gate_writer LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;"
      "GRANT USAGE ON SCHEMA gate TO gate_writer; GRANT SELECT ON gate.schema_files TO gate_writer;"
      "GRANT SELECT, INSERT ON gate.all_verdicts, gate.all_blobs, gate.all_audit, gate.verdicts,"
      " gate.verdict_keys TO gate_writer; GRANT USAGE ON SEQUENCE gate.audit_order TO gate_writer");
  const auto store = OpenStore(url_ + "&user=gate_writer", {});
  ASSERT_TRUE(store.ok()) << store.status();
  VerdictRecord record = Record(1);
  record.blobs = {BlobOf("seen")};
  EXPECT_TRUE(AppendNow(**store, record).ok());
}

TEST_P(StoreOnPostgresTest, ARowThatTheServerRefusesFailsAlone) {
  const auto store = Open({.write_connections = 1});
  Sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      " IF NEW.request_id IN ('request-13', 'request-40') THEN RAISE EXCEPTION 'not this one'"
      " USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$;"
      "CREATE TRIGGER refuse BEFORE INSERT ON gate.verdicts FOR EACH ROW EXECUTE FUNCTION "
      "refuse()");
  std::vector<VerdictRecord> records;
  for (int i = 0; i < 64; ++i) {
    records.push_back(Record(i));
    records.back().blobs = {BlobOf(absl::StrCat("seen ", i))};
  }
  const auto answers = AppendAll(*store, records);
  for (int i = 0; i < 64; ++i) {
    const bool refused = i == 13 || i == 40;
    EXPECT_EQ(answers[i].ok(), !refused) << i << answers[i].status();
    EXPECT_EQ(store->GetVerdict(IdOf(i)).ok(), !refused);
    if (refused) {
      EXPECT_TRUE(absl::IsInvalidArgument(answers[i].status())) << answers[i].status();
      EXPECT_THAT(answers[i].status().message(), HasSubstr("not this one"));
    }
  }
}

// The server says "disk full" as it would, but a trigger makes it: there is room again when it is
// gone.
TEST_P(StoreOnPostgresTest, AFullServerRefusesWholeGroupsAndWorksAgainWhenThereIsRoom) {
  const auto store = Open();
  Sql("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION"
      " 'could not extend file' USING ERRCODE = 'disk_full'; END $$;"
      "CREATE TRIGGER full_disk BEFORE INSERT ON gate.verdicts FOR EACH ROW"
      " WHEN (NEW.request_id = 'request-2') EXECUTE FUNCTION full_disk()");
  std::vector<VerdictRecord> records;
  for (int i = 0; i < 3; ++i) {
    records.push_back(Record(i));
    records.back().blobs = {BlobOf("seen")};
  }
  const auto refused = AppendNow(*store, records[2]);
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status())) << refused.status();
  EXPECT_EQ(ReasonOf(refused.status()), "STORE_FULL");
  EXPECT_TRUE(absl::IsNotFound(store->GetBlob(records[0].blobs[0].digest).status()));
  Sql("DROP TRIGGER full_disk ON gate.verdicts");
  for (const auto& answer : AppendAll(*store, records)) EXPECT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(store->GetBlob(records[0].blobs[0].digest).ok());
}

TEST_P(StoreOnPostgresTest, ALockedTableIsUnavailableAfterTheStatementTimeout) {
  const auto store =
      OpenStore(url_ + "&options=-c%20statement_timeout%3D200", {.write_connections = 1});
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(AppendNow(**store, Record(1)).ok());
  const auto other = PostgresConnection::Open(url_);
  ASSERT_TRUE(other.ok());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  ASSERT_TRUE((*other)->Execute("BEGIN; LOCK TABLE gate.verdicts", deadline).ok());
  const auto appended = AppendNow(**store, Record(2));
  EXPECT_TRUE(absl::IsUnavailable(appended.status())) << appended.status();
  EXPECT_EQ(ReasonOf(appended.status()), "STORE_LOCKED");
  EXPECT_TRUE(absl::IsUnavailable((*store)->GetVerdict(IdOf(1)).status()));
  ASSERT_TRUE((*other)->Execute("COMMIT", deadline).ok());
  EXPECT_TRUE(AppendNow(**store, Record(2)).ok());
  EXPECT_TRUE((*store)->GetVerdict(IdOf(1)).ok());
}

TEST_P(StoreOnPostgresTest, TablesThatAreGoneAreNotRetriedRowByRow) {
  const auto store = Open();
  ASSERT_TRUE(AppendNow(*store, Record(1)).ok());
  Sql("DROP SCHEMA gate CASCADE");
  const auto appended = AppendNow(*store, Record(2));
  EXPECT_TRUE(absl::IsFailedPrecondition(appended.status())) << appended.status();
}

// Whether the commit had happened or not: one verdict, acknowledged as the caller's own.
TEST_P(StoreOnPostgresTest, ACommitWhoseAnswerWasLostIsLookedUpNotGuessed) {
  CuttingProxy proxy(SharedPostgres());
  auto store = OpenStore(proxy.Url(database_), {.write_connections = 1});
  ASSERT_TRUE(store.ok()) << store.status();
  int number = 0;
  for (const auto cut : {CuttingProxy::Cut::kBeforeCommit, CuttingProxy::Cut::kAfterCommit,
                         CuttingProxy::Cut::kAfterCommit, CuttingProxy::Cut::kBeforeCommit}) {
    const int before = proxy.cuts();
    proxy.CutNext(cut);
    std::vector<VerdictRecord> records;
    for (int i = 0; i < 5; ++i) {
      records.push_back(Record(++number));
      records.back().blobs = {BlobOf(absl::StrCat("seen ", number))};
    }
    for (const auto& answer : AppendAll(**store, records)) {
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_FALSE(answer->replayed);
    }
    EXPECT_EQ(proxy.cuts(), before + 1);
  }
  EXPECT_EQ(Sql("SELECT count(*), count(DISTINCT request_id) FROM gate.verdicts"),
            absl::StrCat(number, "|", number, "\n"));
  EXPECT_EQ(Sql("SELECT count(*) FROM gate.blobs"), absl::StrCat(number, "\n"));
}

// Another replica takes the request_id while ours is cut off before its commit.
TEST_P(StoreOnPostgresTest, ARequestThatAnotherReplicaAnsweredMeanwhileIsReplayed) {
  CuttingProxy proxy(SharedPostgres());
  const auto other = Open();
  auto store = OpenStore(proxy.Url(database_), {.write_connections = 1});
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(AppendNow(**store, Record(1)).ok());
  ASSERT_TRUE(AppendNow(*other, Record("theirs", "deploy-7", "same")).ok());
  proxy.CutNext(CuttingProxy::Cut::kAfterCommit);
  const auto answers =
      AppendAll(**store, {Record("ours", "deploy-7", "same"), Record("own", "deploy-8", "same")});
  ASSERT_TRUE(answers[0].ok() && answers[1].ok());
  EXPECT_TRUE(answers[0]->replayed);
  EXPECT_EQ(answers[0]->verdict.name(), "verdicts/theirs");
  EXPECT_FALSE(answers[1]->replayed);
}

// It vanishes in the middle of a transaction that has locked a lease.
TEST_P(StoreOnPostgresTest, WhatAReplicaThatVanishedHadLockedIsFreeWithinSeconds) {
  TcpProxy network(absl::StrCat(SharedPostgres().socket_folder(), "/.s.PGSQL.5432"));
  const auto far = OpenStore(
      absl::StrCat("postgresql://postgres@127.0.0.1:", network.port(), "/", database_), {});
  ASSERT_TRUE(far.ok()) << far.status();
  const auto near = Open();
  const auto start = [](Store& store, const std::string& who, const std::function<void()>& then) {
    const Blob change = BlobOf("the change");
    return store.rollouts().Start(
        {"start-" + who, "digest of " + who, "web", "production", change, Noon()},
        [&](const std::optional<StoredRollout>&, int64_t token) -> absl::StatusOr<StartDecision> {
          StartDecision decision;
          v1::Rollout& rollout = decision.taken.rollout;
          rollout.set_name("rollouts/" + who);
          rollout.mutable_change()->set_service("web");
          rollout.mutable_change()->set_environment("production");
          rollout.set_state(v1::ROLLOUT_STATE_PENDING);
          rollout.set_fencing_token(token);
          decision.taken.change_digest = change.digest;
          decision.taken.due = Noon();
          then();
          return decision;
        });
  };
  std::atomic<bool> vanished = false;
  absl::StatusOr<v1::Rollout> lost;
  std::thread one([&] {
    lost = start(**far, "far", [&] {
      network.Set(TcpProxy::Mode::kSilent);
      vanished = true;
    });
  });
  ASSERT_TRUE(Eventually([&] { return vanished.load(); }));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(Eventually([&] { return start(*near, "near", [] {}).ok(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(8));
  one.join();
  EXPECT_TRUE(absl::IsUnavailable(lost.status())) << lost.status();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(14));
  EXPECT_EQ(Sql("SELECT id FROM gate.rollouts"), "near\n");
}

// Servers of its own: they are killed.
// A plan that was made while a table was small reads all of it for each group when it is large,
// until somebody analyzes it.
TEST_P(StoreOnPostgresTest, AGroupReadsNoTableHoweverLargeItGrows) {
  auto store = Open();
  for (int batch = 0; batch < 20; ++batch) {
    std::vector<VerdictRecord> records;
    for (int i = 1; i <= 100; ++i) records.push_back(Record(100 * batch + i));
    for (const auto& appended : AppendAll(*store, records)) ASSERT_TRUE(appended.ok());
  }
  store.reset();  // What sessions have counted is told when they end.
  EXPECT_TRUE(Eventually([&] {
    return Sql("SELECT sum(n_tup_ins) >= 2000 FROM pg_stat_user_tables"
               " WHERE schemaname = 'gate' AND relname LIKE 'verdict%'") == "t\n";
  }));
  EXPECT_EQ(Sql("SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE schemaname = 'gate'"
                " AND (relname LIKE 'verdict%' OR relname LIKE 'audit%') AND seq_tup_read > 2000"),
            "");
}

class PostgresServerTest : public ::testing::Test {
 protected:
  PostgresServer server_;
};

TEST_F(PostgresServerTest, RestartsOfPostgresAreSurvivedAndLongerOnesSaidPlainly) {
  const std::string url = server_.CreateDatabase();
  auto store = OpenStore(url, {});
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(AppendNow(**store, Record(1)).ok());

  // Away for a moment: nobody notices.
  server_.Kill();
  server_.Start();
  auto appended = AppendNow(**store, Record(2));
  EXPECT_TRUE(appended.ok()) << appended.status();
  EXPECT_TRUE((*store)->GetVerdict(IdOf(1)).ok());
  EXPECT_TRUE((*store)->Ready().ok()) << (*store)->Ready();

  // Away for longer: UNAVAILABLE after some seconds, then at once, and back by itself.
  server_.Stop();
  EXPECT_TRUE(absl::IsUnavailable((*store)->Ready())) << (*store)->Ready();
  appended = AppendNow(**store, Record(3));
  EXPECT_TRUE(absl::IsUnavailable(appended.status())) << appended.status();
  EXPECT_EQ(ReasonOf(appended.status()), "STORE_GONE");
  const auto started = std::chrono::steady_clock::now();
  EXPECT_TRUE(absl::IsUnavailable(AppendNow(**store, Record(4)).status()));
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(3));
  server_.Start();
  ASSERT_TRUE(Eventually([&] { return AppendNow(**store, Record(5)).ok(); }));
  ASSERT_TRUE(Eventually([&] { return (*store)->Ready().ok(); }));
  EXPECT_TRUE((*store)->GetVerdict(IdOf(2)).ok());
}

TEST_F(PostgresServerTest, ClosingDoesNotWaitForAPostgresThatIsGone) {
  auto store = OpenStore(server_.CreateDatabase(), {});
  ASSERT_TRUE(store.ok()) << store.status();
  server_.Kill();
  absl::Status answer;
  (*store)->Append(Record(1), [&](const absl::StatusOr<Appended>& a) { answer = a.status(); });
  const auto started = std::chrono::steady_clock::now();
  store->reset();
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(4));
  EXPECT_TRUE(absl::IsUnavailable(answer)) << answer;
}

TEST(PostgresSettingsTest, AServerThatMayLoseCommitsIsRefused) {
  PostgresServer server({"fsync = off", "synchronous_commit = off"});
  const auto store = OpenStore(server.CreateDatabase(), {});
  EXPECT_TRUE(absl::IsFailedPrecondition(store.status())) << store.status();
  EXPECT_THAT(store.status().message(), HasSubstr("fsync=off"));
}

TEST_P(StoreOnPostgresTest, AsynchronousCommitIsTurnedOnAgain) {
  Sql("ALTER DATABASE " + database_ + " SET synchronous_commit = off");
  const auto connection = PostgresConnection::Open(url_);
  ASSERT_TRUE(connection.ok()) << connection.status();
  const auto rows = (*connection)
                        ->Query("SHOW synchronous_commit", {},
                                std::chrono::steady_clock::now() + std::chrono::seconds(10));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->Bytes(0, 0), "on");
}

}  // namespace
}  // namespace gate
