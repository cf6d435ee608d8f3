// What every store promises of QA runs and of flags that have to stay off (gate/store/store.h),
// held to both.
#include <gmock/gmock.h>

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
using ::testing::IsEmpty;
using ::testing::SizeIs;

class QaTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(, QaTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

absl::Time Day(int day) { return Noon() + absl::Hours(24 * day); }

// On a day after noon: runs are kept for ten days.
QaBounds On(int day) { return {Day(day), Day(day - 10), 100, 100}; }

// One case that says what the run is.
QaReport Report(const std::string& build, const std::string& says, int finished_on = 0,
                const std::string& service = "tasks") {
  QaReport report;
  report.run.set_service(service);
  report.run.set_build(build);
  report.run.set_platform("ios");
  v1::QaCase& one = *report.run.add_cases();
  one.set_name(says);
  one.set_outcome(v1::QA_OUTCOME_PASSED);
  report.finished_at = Day(finished_on);
  return report;
}

std::vector<std::string> Read(Store& store, const std::vector<std::string>& builds,
                              const std::string& service = "tasks") {
  const auto runs = store.ReadQaRuns(service, builds);
  if (!runs.ok()) return {runs.status().ToString()};
  std::vector<std::string> said;
  for (const v1::QaRun& run : runs->runs()) {
    said.push_back(absl::StrCat(run.build(), " ", run.cases(0).name()));
  }
  return said;
}

TEST_P(QaTest, WhatWasReportedIsThereAlsoAfterOpeningAgain) {
  QaReport report = Report("b1", "Aufgabe › weist zu");
  report.run.add_tickets("TASKS-118");
  report.run.mutable_cases(0)->set_message("\xEF\xBF\xBD");
  std::string name;
  {
    const auto store = Open();
    const auto reported = store->ReportQaRun(report, On(1));
    ASSERT_TRUE(reported.ok()) << reported.status();
    EXPECT_FALSE(reported->known);
    name = reported->name;
    EXPECT_THAT(name, ::testing::MatchesRegex("evidence/[0-9a-f]{64}"));
  }
  const auto store = Open();
  const auto runs = store->ReadQaRuns("tasks", {"b1"});
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_THAT(runs->runs(), SizeIs(1));
  v1::QaRun expected = report.run;
  expected.set_name(name);
  *expected.mutable_finished_at() = ToProto(Day(0));
  *expected.mutable_reported_at() = ToProto(Day(1));
  EXPECT_TRUE(MessageDifferencer::Equals(runs->runs(0), expected)) << runs->runs(0).DebugString();
}

TEST_P(QaTest, TheSameRunIsOneHoweverOftenItIsReported) {
  const auto store = Open();
  const auto first = store->ReportQaRun(Report("b1", "a", 1), On(1));
  ASSERT_TRUE(first.ok()) << first.status();
  // Nothing tells when it ended, so that it is said to have ended when it was reported.
  const auto again = store->ReportQaRun(Report("b1", "a", 2), On(2));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->known);
  EXPECT_EQ(again->name, first->name);
  const auto runs = store->ReadQaRuns("tasks", {"b1"});
  ASSERT_THAT(runs->runs(), SizeIs(1));
  EXPECT_EQ(FromProto(runs->runs(0).finished_at()), Day(1)) << "it stands as it was reported first";

  // Another time that the report tells, another platform, another ticket: another run.
  QaReport later = Report("b1", "a", 2);
  *later.run.mutable_finished_at() = ToProto(Day(2));
  QaReport web = Report("b1", "a", 2);
  web.run.set_platform("web");
  QaReport ticket = Report("b1", "a", 2);
  ticket.run.add_tickets("TASKS-1");
  for (const QaReport& other : {later, web, ticket}) {
    const auto reported = store->ReportQaRun(other, On(2));
    ASSERT_TRUE(reported.ok()) << reported.status();
    EXPECT_FALSE(reported->known);
  }
  EXPECT_THAT(Read(*store, {"b1"}), SizeIs(4));
}

TEST_P(QaTest, RunsAreReadOldestFirstAndOtherBuildsAreNamed) {
  const auto store = Open();
  for (const QaReport& report :
       {Report("b1", "late", 3), Report("b2", "between", 2), Report("b1", "early", 1),
        Report("b1", "of another", 2, "orders")}) {
    ASSERT_TRUE(store->ReportQaRun(report, On(3)).ok());
  }
  EXPECT_THAT(Read(*store, {"b2", "b1", "b2", "none"}),
              ElementsAre("b1 early", "b2 between", "b1 late"));
  EXPECT_THAT(Read(*store, {"b1"}, "orders"), ElementsAre("b1 of another"));
  EXPECT_THAT(Read(*store, {}), IsEmpty());
  for (int i = 3; i < 9; ++i) {
    ASSERT_TRUE(store->ReportQaRun(Report(absl::StrCat("b", i), "x", i), On(3)).ok());
  }
  const auto none = store->ReadQaRuns("tasks", {"b7", "none"});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_THAT(none->other_builds(), ElementsAre("b8", "b6", "b5", "b4", "b1")) << "newest first";
  EXPECT_THAT(store->ReadQaRuns("orders", {"b1"})->other_builds(), IsEmpty());
  // An old run that comes late does not make a build older.
  ASSERT_TRUE(store->ReportQaRun(Report("b8", "old", -5), On(3)).ok());
  EXPECT_EQ(store->ReadQaRuns("tasks", {})->other_builds(0), "b8");
}

TEST_P(QaTest, ARequestIdIsForOneReport) {
  const auto store = Open();
  QaReport report = Report("b1", "a");
  report.request_id = "one";
  report.request_digest = Sha256Hex("one");
  EXPECT_FALSE(store->ReportQaRun(report, On(1))->known);
  EXPECT_TRUE(store->ReportQaRun(report, On(1))->known);
  QaReport other = Report("b1", "b");
  other.request_id = "one";
  other.request_digest = Sha256Hex("two");
  const auto refused = store->ReportQaRun(other, On(1));
  EXPECT_TRUE(absl::IsAlreadyExists(refused.status())) << refused.status();
  EXPECT_EQ(ReasonOf(refused.status()), "REQUEST_ID_REUSED");
  EXPECT_THAT(Read(*store, {"b1"}), ElementsAre("b1 a"));
}

TEST_P(QaTest, NoMoreThanTheBoundsIsKept) {
  const auto store = Open();
  QaBounds bounds = On(1);
  bounds.max_builds = 2;
  bounds.max_runs_per_build = 2;
  for (const QaReport& report : {Report("b1", "a"), Report("b1", "b"), Report("b2", "a")}) {
    ASSERT_TRUE(store->ReportQaRun(report, bounds).ok());
  }
  const auto runs = store->ReportQaRun(Report("b1", "c"), bounds);
  EXPECT_TRUE(absl::IsResourceExhausted(runs.status())) << runs.status();
  EXPECT_EQ(ReasonOf(runs.status()), "TOO_MANY_RUNS");
  EXPECT_TRUE(store->ReportQaRun(Report("b1", "a"), bounds)->known);
  const auto builds = store->ReportQaRun(Report("b3", "a"), bounds);
  EXPECT_TRUE(absl::IsResourceExhausted(builds.status())) << builds.status();
  EXPECT_EQ(ReasonOf(builds.status()), "TOO_MANY_BUILDS");
  EXPECT_THAT(Read(*store, {"b1", "b2", "b3"}), SizeIs(3));
  EXPECT_EQ(Sql("SELECT count(*) FROM " + Table("qa_builds")), "2\n");
}

TEST_P(QaTest, NoMoreThanFitsIsRead) {
  const auto store = Open();
  for (int i = 0; i < 5; ++i) {
    QaReport large = Report("b1", absl::StrCat(i));
    large.run.mutable_cases(0)->set_message(std::string(16'000'000, 'x'));
    ASSERT_TRUE(store->ReportQaRun(large, On(1)).ok());
  }
  const auto runs = store->ReadQaRuns("tasks", {"b1"});
  EXPECT_TRUE(absl::IsResourceExhausted(runs.status())) << runs.status();
}

TEST_P(QaTest, WhatIsDamagedIsNotRead) {
  const auto store = Open();
  ASSERT_TRUE(store->ReportQaRun(Report("b1", "a"), On(1)).ok());
  EXPECT_ANY_THROW(Sql("UPDATE " + Table("qa_runs") + " SET build = 'b2'"));
  Sql(GetParam() == Engine::kSqlite ? "DROP TRIGGER qa_runs_no_update"
                                    : "DROP TRIGGER qa_runs_no_update ON gate.qa_runs");
  Sql("UPDATE " + Table("qa_runs") + " SET digest = '" + Sha256Hex("another") + "'");
  const auto runs = store->ReadQaRuns("tasks", {"b1"});
  EXPECT_TRUE(absl::IsDataLoss(runs.status())) << runs.status();
}

// Verdicts and watches.

v1::FlagWatch Watch(const std::string& flag, const std::string& ticket, const std::string& build) {
  v1::FlagWatch watch;
  watch.set_flag(flag);
  watch.set_ticket(ticket);
  watch.set_build(build);
  watch.add_cells()->set_case_name("assign");
  return watch;
}

VerdictRecord LetGo(int number, std::vector<v1::FlagWatch> watches) {
  VerdictRecord record = Record(number);
  v1::CheckOutcome& outcome = *record.verdict.add_outcomes();
  outcome.set_check("qa");
  outcome.set_enforcement(v1::ENFORCEMENT_ENFORCE);
  for (v1::FlagWatch& watch : watches) *outcome.add_watches() = std::move(watch);
  return record;
}

std::vector<std::string> Watches(Store& store, const std::string& flag,
                                 const std::string& environment = "production") {
  const auto watches = store.ReadFlagWatches(environment, flag);
  if (!watches.ok()) return {watches.status().ToString()};
  std::vector<std::string> said;
  for (const v1::FlagWatch& watch : *watches) {
    said.push_back(absl::StrCat(watch.service(), " ", watch.ticket(), " ", watch.build()));
  }
  return said;
}

TEST_P(QaTest, AVerdictThatLetsGoLeavesItsWatches) {
  {
    const auto store = Open();
    ASSERT_TRUE(AppendNow(*store, LetGo(1, {Watch("new-assign", "TASKS-118", "b1"),
                                            Watch("new-archive", "TASKS-119", "b1")}))
                    .ok());
  }
  const auto store = Open();
  const auto watches = store->ReadFlagWatches("production", "new-assign");
  ASSERT_TRUE(watches.ok()) << watches.status();
  v1::FlagWatch expected = Watch("new-assign", "TASKS-118", "b1");
  expected.set_service("orders");
  expected.set_environment("production");
  expected.set_verdict("verdicts/" + IdOf(1));
  *expected.mutable_create_time() = Record(1).verdict.create_time();
  ASSERT_THAT(*watches, SizeIs(1));
  EXPECT_TRUE(MessageDifferencer::Equals(watches->front(), expected))
      << watches->front().DebugString();
  EXPECT_THAT(Watches(*store, "new-archive"), ElementsAre("orders TASKS-119 b1"));
  EXPECT_THAT(Watches(*store, "new-assign", "staging"), IsEmpty());
  EXPECT_THAT(Watches(*store, "none"), IsEmpty());
}

TEST_P(QaTest, OnlyWhatIsEnforcedInAnAllowIsWatched) {
  const auto store = Open();
  VerdictRecord held = LetGo(1, {Watch("f", "T-1", "b1")});
  held.verdict.set_decision(v1::DECISION_HOLD);
  VerdictRecord warned = LetGo(2, {Watch("f", "T-2", "b1")});
  warned.verdict.mutable_outcomes(0)->set_enforcement(v1::ENFORCEMENT_WARN);
  VerdictRecord recorded = LetGo(3, {Watch("f", "T-3", "b1")});
  recorded.verdict.mutable_outcomes(0)->set_enforcement(v1::ENFORCEMENT_DRY_RUN);
  VerdictRecord unset = LetGo(4, {Watch("f", "T-4", "b1")});
  unset.verdict.mutable_outcomes(0)->clear_enforcement();
  for (const auto& appended : AppendAll(*store, {held, warned, recorded, unset})) {
    ASSERT_TRUE(appended.ok()) << appended.status();
  }
  EXPECT_THAT(Watches(*store, "f"), ElementsAre("orders T-4 b1"));
}

TEST_P(QaTest, OfEachServiceAndTicketTheNewestVerdictCounts) {
  const auto store = Open();
  std::vector<VerdictRecord> records = {
      LetGo(3, {Watch("f", "T-1", "b3")}), LetGo(1, {Watch("f", "T-1", "b1")}),
      LetGo(2, {Watch("f", "T-1", "b2"), Watch("f", "T-2", "b2")})};
  records[1].verdict.mutable_outcomes(0)->mutable_watches(0)->set_service("another");
  // In one group or in several: of both the newest counts.
  for (const auto& appended : AppendAll(*store, records)) {
    ASSERT_TRUE(appended.ok()) << appended.status();
  }
  EXPECT_THAT(Watches(*store, "f"),
              ElementsAre("another T-1 b1", "orders T-1 b3", "orders T-2 b2"));
  ASSERT_TRUE(AppendNow(*store, LetGo(5, {Watch("f", "T-1", "b5")})).ok());
  ASSERT_TRUE(AppendNow(*store, LetGo(4, {Watch("f", "T-1", "b4")})).ok());
  EXPECT_THAT(Watches(*store, "f"),
              ElementsAre("another T-1 b1", "orders T-1 b5", "orders T-2 b2"));
}

TEST_P(QaTest, AVerdictThatIsNotKeptLeavesNoWatch) {
  const auto store = Open();
  ASSERT_TRUE(AppendNow(*store, Record(1)).ok());
  // The same request again: the verdict on record stands, and it watched nothing.
  VerdictRecord again = LetGo(9, {Watch("f", "T-1", "b1")});
  again.verdict.set_request_id("request-1");
  again.request_digest = Sha256Hex("request-1");
  const auto replayed = AppendNow(*store, again);
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  EXPECT_TRUE(replayed->replayed);
  EXPECT_THAT(Watches(*store, "f"), IsEmpty());
  // One that could not be found again is no verdict.
  for (const v1::FlagWatch& wrong :
       {Watch("", "T-1", "b1"), Watch("f", "", "b1"), Watch("f", "T-1", ""),
        Watch(std::string(513, 'f'), "T-1", "b1")}) {
    const auto refused = AppendNow(*store, LetGo(7, {wrong}));
    EXPECT_TRUE(absl::IsInvalidArgument(refused.status())) << refused.status();
  }
  EXPECT_TRUE(absl::IsNotFound(store->GetVerdict(IdOf(7)).status()));
}

TEST_P(QaTest, TheDatabaseItselfRefusesToForgetAWatch) {
  const auto store = Open();
  ASSERT_TRUE(AppendNow(*store, LetGo(1, {Watch("f", "T-1", "b1")})).ok());
  EXPECT_ANY_THROW(Sql("DELETE FROM " + Table("flag_watches")));
  EXPECT_THAT(Watches(*store, "f"), SizeIs(1));
}

TEST_P(QaTest, RunsAreForgottenButNotThoseThatAWatchNeeds) {
  const auto store = Open();
  for (const QaReport& report : {Report("watched", "a"), Report("gone", "a"), Report("gone", "b"),
                                 Report("watched", "of another", 0, "orders")}) {
    ASSERT_TRUE(store->ReportQaRun(report, On(0)).ok());
  }
  VerdictRecord record = LetGo(1, {Watch("f", "T-1", "watched")});
  record.verdict.mutable_outcomes(0)->mutable_watches(0)->set_service("tasks");
  ASSERT_TRUE(AppendNow(*store, record).ok());
  ASSERT_TRUE(store->ReportQaRun(Report("gone", "c", 9), On(9)).ok());
  EXPECT_THAT(Read(*store, {"gone"}), SizeIs(3)) << "a day before their time is up";
  ASSERT_TRUE(store->ReportQaRun(Report("new", "a", 11), On(11)).ok());
  EXPECT_THAT(Read(*store, {"gone", "watched"}), ElementsAre("watched a", "gone c"));
  EXPECT_THAT(Read(*store, {"watched"}, "orders"), IsEmpty());
  EXPECT_THAT(store->ReadQaRuns("orders", {})->other_builds(), IsEmpty());
  EXPECT_THAT(store->ReadQaRuns("tasks", {})->other_builds(),
              ElementsAre("new", "gone", "watched"));
}

TEST_P(QaTest, ReportersThatRaceAgree) {
  const auto store = Open();
  constexpr int kReporters = 6;
  std::vector<absl::StatusOr<ReportedRun>> answers(kReporters, absl::UnknownError(""));
  std::vector<std::thread> threads;
  for (int i = 0; i < kReporters; ++i) {
    threads.emplace_back([&, i] {
      answers[static_cast<size_t>(i)] =
          store->ReportQaRun(Report("b1", absl::StrCat(i / 2)), On(1));
    });
  }
  for (std::thread& thread : threads) thread.join();
  int known = 0;
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    known += answer->known ? 1 : 0;
  }
  EXPECT_EQ(known, kReporters / 2);
  EXPECT_THAT(Read(*store, {"b1"}), SizeIs(3));
}

}  // namespace
}  // namespace gate
