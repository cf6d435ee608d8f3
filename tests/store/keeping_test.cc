// How long records are kept: months that come and go, what is held back, and what a crash leaves.
#include "gate/store/keeping.h"

#include <gmock/gmock.h>

#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/base/digest.h"
#include "gate/store/month.h"
#include "gate/v1/override.pb.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Far behind the first partition of a database that is made today.
absl::Time Day(int month, int day) {
  return absl::FromCivil(absl::CivilDay(2040, month, day), absl::UTCTimeZone());
}

constexpr Retention kNinetyDays{absl::Hours(24 * 90), absl::Hours(24 * 120)};

class KeepingTest : public StoreTest {
 protected:
  // Noon of that day; with evidence of its own and some that all share.
  static VerdictRecord MadeOn(absl::Time day, int number) {
    VerdictRecord record = Record(number);
    *record.verdict.mutable_create_time() = ToProto(day + absl::Hours(12));
    record.blobs = {BlobOf(absl::StrCat("seen ", number)), BlobOf("policy")};
    return record;
  }
  // A verdict on the tenth of each of the months from January on.
  std::unique_ptr<Store> WithMonths(int months) {
    auto store = Open();
    EXPECT_THAT(store->KeepHouse({}, Day(1, 1), false)->problems, IsEmpty());
    for (int month = 1; month <= months; ++month) {
      EXPECT_TRUE(AppendNow(*store, MadeOn(Day(month, 10), month)).ok());
    }
    return store;
  }
  static std::vector<std::string> Kept(Store& store) {
    return NamesOf(store.ListVerdicts({}, "", 100).value());
  }
  static std::string Name(int number) { return "verdicts/" + IdOf(number); }
  static std::string Seen(int number) { return Sha256Hex(absl::StrCat("seen ", number)); }
  static std::vector<std::string> Forgotten(const absl::StatusOr<Housekeeping>& house) {
    std::vector<std::string> names;
    if (!house.ok()) return {house.status().ToString()};
    for (const auto& part : house->forgotten) names.push_back(part.name);
    return names;
  }
  std::string Bytes(const std::string& bytes) const {
    const std::string hex = absl::BytesToHexString(bytes);
    return GetParam() == Engine::kSqlite ? "x'" + hex + "'" : "'\\x" + hex + "'";
  }
  std::string Moment(absl::Time time) const {
    return GetParam() == Engine::kSqlite
               ? absl::StrCat(absl::ToUnixMicros(time))
               : absl::FormatTime("'%Y-%m-%d %H:%M:%S+00'", time, absl::UTCTimeZone());
  }
  bool postgres() const { return GetParam() == Engine::kPostgres; }
};
INSTANTIATE_TEST_SUITE_P(, KeepingTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

TEST(MonthTest, BeginsInUtc) {
  const int64_t moment = absl::ToUnixMicros(Day(12, 31) + absl::Hours(23));
  EXPECT_EQ(MonthName(moment), "2040_12");
  EXPECT_EQ(absl::FromUnixMicros(MonthOf(moment)), Day(12, 1));
  EXPECT_EQ(MonthName(MonthsLater(moment, 1)), "2041_01");
  EXPECT_EQ(MonthName(MonthsLater(moment, -12)), "2039_12");
}

TEST(HorizonTest, IsTheBeginningOfAMonthAndNeverBehindWhatIsOpen) {
  const auto month = [](int64_t moment) { return MonthName(moment); };
  Horizon horizon = HorizonOf(kNinetyDays, Day(6, 20), {});
  EXPECT_EQ(month(horizon.verdicts), "2040_03");
  EXPECT_EQ(month(horizon.blobs), "2040_02");
  EXPECT_EQ(month(horizon.audit), "2040_02");
  EXPECT_EQ(horizon.held_by, "");

  // Something of the first of March may be about a verdict of the day before.
  const int64_t since = absl::ToUnixMicros(Day(3, 1) + absl::Hours(1));
  horizon = HorizonOf(kNinetyDays, Day(6, 20), {{"rollouts/old", since}, {"incidents/new", since}});
  EXPECT_EQ(month(horizon.verdicts), "2040_02");
  EXPECT_EQ(month(horizon.audit), "2040_02");
  EXPECT_EQ(horizon.held_by, "rollouts/old");

  horizon = HorizonOf({}, Day(6, 20), {});
  EXPECT_LT(absl::FromUnixMicros(horizon.verdicts),
            absl::UnixEpoch() - absl::Hours(24 * 365 * 1000));
  EXPECT_EQ(horizon.verdicts, horizon.audit);
}

TEST_P(KeepingTest, ForEverWhereNothingElseIsSaid) {
  const auto store = WithMonths(4);
  const auto house = store->KeepHouse({}, Day(12, 31) + 100 * absl::Hours(24 * 365), false);
  EXPECT_THAT(Forgotten(house), IsEmpty());
  EXPECT_EQ(Kept(*store).size(), 4u);
}

TEST_P(KeepingTest, ForgetsWholeMonthsWithTheirEvidenceAndSaysSoOnRecord) {
  const auto store = WithMonths(5);
  const std::vector<std::string> due =
      postgres() ? std::vector<std::string>{"verdicts_2040_01", "verdicts_2040_02", "blobs_2040_01",
                                            "audit_2040_01"}
                 : std::vector<std::string>{"verdicts", "blobs", "audit"};
  // What would go is what goes.
  EXPECT_EQ(Forgotten(store->KeepHouse(kNinetyDays, Day(6, 20), /*dry_run=*/true)), due);
  EXPECT_EQ(Kept(*store).size(), 5u);
  EXPECT_EQ(Forgotten(store->KeepHouse(kNinetyDays, Day(6, 20), false)), due);
  EXPECT_THAT(Kept(*store), ElementsAre(Name(5), Name(4), Name(3)));
  EXPECT_THAT(Forgotten(store->KeepHouse(kNinetyDays, Day(6, 20), false)), IsEmpty());

  EXPECT_TRUE(absl::IsNotFound(store->GetVerdict(IdOf(2)).status()));
  EXPECT_TRUE(store->GetVerdict(IdOf(3)).ok());
  // Evidence stays a month longer; what later months point to stays.
  EXPECT_TRUE(absl::IsNotFound(store->GetBlob(Seen(1)).status()));
  EXPECT_TRUE(store->GetBlob(Seen(2)).ok());
  EXPECT_TRUE(store->GetBlob(Sha256Hex("policy")).ok());

  const auto rows = store->audit().List({}, kAuditEnd, 100);
  ASSERT_TRUE(rows.ok());
  std::vector<std::string> resources;
  for (const v1::AuditEntry& entry : *rows) {
    if (entry.action() == "store.forget") resources.insert(resources.begin(), entry.resource());
    EXPECT_NE(entry.resource(), Name(1)) << "the log's own time is up as well";
  }
  EXPECT_EQ(resources, due);
  EXPECT_THAT(store->audit().List({.resource = due[0]}, kAuditEnd, 1)->front().detail(),
              HasSubstr("rows from before 2040-0"));

  // Of what is gone the request is new again; of what is there it is the same.
  auto again = AppendNow(*store, MadeOn(Day(6, 19), 3));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->verdict.create_time().seconds(), absl::ToUnixSeconds(Day(3, 10)) + 12 * 3600);
  VerdictRecord renewed = MadeOn(Day(6, 19), 1);
  again = AppendNow(*store, renewed);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->replayed);
  EXPECT_TRUE(store->GetBlob(Seen(1)).ok()) << "it is not taken for stored";
}

TEST_P(KeepingTest, ARequestIsOneAcrossMonths) {
  const auto store = WithMonths(2);
  VerdictRecord record = MadeOn(Day(2, 20), 7);
  record.verdict.set_request_id("request-1");
  record.request_digest = Sha256Hex("request-1");
  auto again = AppendNow(*store, record);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->verdict.name(), Name(1));
  record.request_digest = Sha256Hex("another");
  EXPECT_EQ(ReasonOf(AppendNow(*store, record).status()), "REQUEST_ID_REUSED");
  EXPECT_EQ(store->FindRequest("request-1").value()->verdict.name(), Name(1));
  EXPECT_EQ(Kept(*store).size(), 2u);
}

TEST_P(KeepingTest, PagesGoThroughAllMonths) {
  const auto store = WithMonths(4);
  std::vector<std::string> names;
  for (std::string before;;) {
    const auto page = store->ListVerdicts({.service = "orders"}, before, 1);
    ASSERT_TRUE(page.ok()) << page.status();
    if (page->empty()) break;
    names.push_back(page->front().name());
    before = names.back().substr(9);
  }
  EXPECT_THAT(names, ElementsAre(Name(4), Name(3), Name(2), Name(1)));
  EXPECT_EQ(FromProto(store->ListVerdicts({}, "", 1)->front().create_time()),
            store->NewestVerdictTime().value());
}

TEST_P(KeepingTest, WhatIsOpenKeepsItsVerdicts) {
  const auto store = WithMonths(5);
  v1::Override override;
  override.set_verdict(Name(2));
  Sql("INSERT INTO " + Table("overrides") + " VALUES ('o', " + Moment(Day(6, 19)) +
      ", 's', 'e', 'x', 2, " + Moment(Day(6, 21)) + ", 0, '', " + Moment(absl::UnixEpoch()) +
      ", 1, " + Bytes(override.SerializeAsString()) + ")");
  auto house = store->KeepHouse(kNinetyDays, Day(6, 20), false);
  EXPECT_EQ(house->held_by, "overrides/o");
  EXPECT_THAT(Kept(*store), ElementsAre(Name(5), Name(4), Name(3), Name(2)));

  // It is over; but an incident has been open since January.
  Sql("INSERT INTO " + Table("incidents") + " VALUES ('i', 's', 'x', " + Moment(Day(2, 5)) +
      ", 1, " + Bytes("") + ")");
  house = store->KeepHouse(kNinetyDays, Day(6, 22), false);
  EXPECT_EQ(house->held_by, "incidents/i");
  EXPECT_EQ(Kept(*store).size(), 4u);
  Sql("UPDATE " + Table("incidents") + " SET open = 0");

  Sql("INSERT INTO " + Table("rollouts") +
      " (id, create_time, service, environment, active, version, write_id, due_time, claimed_by,"
      " claimed_until, change, rollout) VALUES ('r', " +
      Moment(Day(2, 10)) + ", 's', 'e', 1, 1, 'w', " + Moment(Day(6, 1)) + ", '', " +
      Moment(Day(1, 1)) + ", '', " + Bytes("") + ")");
  house = store->KeepHouse(kNinetyDays, Day(6, 22), false);
  EXPECT_EQ(house->held_by, "rollouts/r");
  EXPECT_EQ(Kept(*store).size(), 4u);
  Sql("UPDATE " + Table("rollouts") + " SET active = 0");

  house = store->KeepHouse(kNinetyDays, Day(6, 22), false);
  EXPECT_EQ(house->held_by, "");
  EXPECT_THAT(Kept(*store), ElementsAre(Name(5), Name(4), Name(3)));
}

TEST_P(KeepingTest, WhatFailsInTheMiddleLeavesAllThatStaysAndIsGoneOnWith) {
  const auto store = WithMonths(4);
  // The second month cannot go.
  Sql(postgres() ? "CREATE VIEW gate.in_the_way AS SELECT id FROM gate.verdicts_2040_02"
                 : "CREATE TRIGGER in_the_way BEFORE DELETE ON verdicts WHEN old.id = '" + IdOf(2) +
                       "' BEGIN SELECT RAISE(ABORT, 'in the way'); END");
  const auto house = store->KeepHouse(kNinetyDays, Day(6, 20), false);
  if (postgres()) {
    ASSERT_EQ(house->problems.size(), 1u);
    EXPECT_THAT(house->problems[0], AllOf(HasSubstr("verdicts_2040_02"), HasSubstr("depend")));
    // It is whole: with its key, and its place among the partitions.
    EXPECT_TRUE(store->GetVerdict(IdOf(2)).ok());
    EXPECT_THAT(Kept(*store), ElementsAre(Name(4), Name(3), Name(2)));
  } else {
    EXPECT_FALSE(house.ok());
    EXPECT_TRUE(store->GetVerdict(IdOf(3)).ok());
  }
  Sql(postgres() ? "DROP VIEW gate.in_the_way" : "DROP TRIGGER in_the_way");
  EXPECT_TRUE(store->KeepHouse(kNinetyDays, Day(6, 20), false).ok());
  EXPECT_THAT(Kept(*store), ElementsAre(Name(4), Name(3)));
}

TEST_P(KeepingTest, NobodyDeletesWhatIsToStay) {
  const auto store = WithMonths(2);
  for (const std::string& table :
       postgres()
           ? std::vector<std::string>{"gate.all_verdicts", "gate.all_blobs", "gate.all_audit",
                                      "gate.verdicts_2040_01", "gate.verdicts"}
           : std::vector<std::string>{"verdicts", "blobs", "audit", "keeping"}) {
    EXPECT_THROW(Sql("DELETE FROM " + table), std::runtime_error) << table;
  }
  if (postgres()) return;
  EXPECT_THROW(Sql("UPDATE keeping SET audit_from = audit_from - 1"), std::runtime_error);
}

class PartitionsTest : public KeepingTest {};
INSTANTIATE_TEST_SUITE_P(, PartitionsTest, ::testing::Values(Engine::kPostgres), EngineName);

TEST_P(PartitionsTest, NothingIsRefusedForWantOfAPartition) {
  const auto store = WithMonths(1);
  VerdictRecord stray = MadeOn(Day(9, 10), 9);
  ASSERT_TRUE(AppendNow(*store, stray).ok());
  EXPECT_EQ(Sql("SELECT count(*) FROM gate.verdicts_default"), "1\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM gate.blobs_default"), "2\n");
  EXPECT_EQ(Sql("SELECT count(*) FROM gate.audit_default"), "1\n");
  EXPECT_TRUE(store->GetVerdict(IdOf(9)).ok());
  EXPECT_TRUE(store->GetBlob(Seen(9)).ok());
  EXPECT_THAT(Kept(*store), ElementsAre(Name(9), Name(1)));
  EXPECT_TRUE(AppendNow(*store, stray)->verdict.name() == Name(9));

  // Its month cannot be made any more, which is told; the others are.
  const auto house = store->KeepHouse({}, Day(8, 1), false);
  ASSERT_EQ(house->problems.size(), 3u);
  EXPECT_THAT(house->problems[1], HasSubstr("gate.verdicts_2040_09"));
  EXPECT_EQ(Sql("SELECT to_regclass('gate.verdicts_2040_10') IS NULL"), "f\n");
  // It goes when its time is up.
  EXPECT_THAT(Forgotten(store->KeepHouse(kNinetyDays, Day(12, 31) + absl::Hours(24 * 300), false)),
              testing::Contains("verdicts_default"));
  EXPECT_THAT(Kept(*store), IsEmpty());
}

TEST_P(PartitionsTest, ManyReplicasMakeAndDropEachMonthOnce) {
  std::vector<std::unique_ptr<Store>> replicas;
  for (int i = 0; i < 4; ++i) replicas.push_back(Open());
  for (const absl::Time now : {Day(1, 1), Day(12, 1)}) {
    std::vector<absl::StatusOr<Housekeeping>> houses(4);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] { houses[i] = replicas[i]->KeepHouse(kNinetyDays, now, false); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& house : houses) {
      ASSERT_TRUE(house.ok()) << house.status();
      EXPECT_THAT(house->problems, IsEmpty());
    }
    // Of those that found the lock taken somebody else has done the work; who comes now does
    // nothing.
    EXPECT_THAT(Forgotten(replicas[0]->KeepHouse(kNinetyDays, now, false)), IsEmpty());
  }
  EXPECT_EQ(Sql("SELECT count(*), count(DISTINCT resource) FROM gate.all_audit"
                " WHERE action = 'store.forget'"),
            "12|12\n")
      << "four months of three tables";
}

// All that was there before there were months goes at once, and the table stays.
TEST_P(PartitionsTest, TheFirstPartitionIsEmptied) {
  const auto store = Open();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(AppendNow(*store, Record(i)).ok());
  EXPECT_EQ(Sql("SELECT count(*) FROM gate.verdicts"), "5\n");
  EXPECT_THAT(Forgotten(store->KeepHouse(kNinetyDays, Day(1, 1), false)),
              ElementsAre("verdicts", "audit"));
  EXPECT_THAT(Kept(*store), IsEmpty());
  EXPECT_EQ(Sql("SELECT count(*) FROM gate.verdict_keys"), "0\n");
  EXPECT_THROW(Sql("TRUNCATE gate.verdicts"), std::runtime_error);
  EXPECT_TRUE(AppendNow(*store, Record(1)).ok());
}

TEST_P(PartitionsTest, WhoDoesNotOwnTheTablesIsToldAndServesOn) {
  const auto store = WithMonths(1);
  Sql("DO $$ BEGIN CREATE ROLE gate_guest LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;"
      "GRANT USAGE ON SCHEMA gate TO gate_guest;"
      "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA gate TO gate_guest;"
      "GRANT USAGE ON ALL SEQUENCES IN SCHEMA gate TO gate_guest");
  const auto guest = OpenStore(url_ + "&user=gate_guest", {});
  ASSERT_TRUE(guest.ok()) << guest.status();
  const auto house = (*guest)->KeepHouse({}, Day(3, 1), false);
  ASSERT_TRUE(house.ok()) << house.status();
  ASSERT_FALSE(house->problems.empty());
  EXPECT_THAT(house->problems[0], HasSubstr("permission denied"));
  EXPECT_TRUE(AppendNow(**guest, MadeOn(Day(9, 1), 9)).ok());
}

}  // namespace
}  // namespace gate
