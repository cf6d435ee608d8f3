// QA results that are reported: what no report may be, what is kept of one, and what is answered
// from those that were taken.
#include "gate/evidence/qa_results.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/api/qa_request.h"
#include "gate/base/digest.h"
#include "gate/base/field_error.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "tests/fakes/faulty_store.h"
#include "tests/fakes/test_gate.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// 2026-11-20T12:00:00Z and so many minutes.
absl::Time Minute(int minute) { return absl::FromUnixSeconds(1795176000) + absl::Minutes(minute); }

QaBounds Bounds() { return {Minute(30), Minute(30) - absl::Hours(24), 100, 100}; }

std::string Build(char digit = 'a') { return std::string(40, digit); }

v1::ReportQaResultsRequest Request() {
  v1::ReportQaResultsRequest request;
  request.set_service("tasks");
  request.set_revision(Build());
  request.set_platform("ios");
  v1::QaCase& one = *request.add_cases();
  one.set_name("assigns");
  one.set_outcome(v1::QA_OUTCOME_PASSED);
  return request;
}

v1::ReportQaResultsRequest JunitRequest(const std::string& xml) {
  v1::ReportQaResultsRequest request = Request();
  request.clear_cases();
  request.set_junit_xml(xml);
  return request;
}

std::vector<std::string> Violations(const absl::Status& status) {
  google::rpc::BadRequest details;
  const auto payload = status.GetPayload(kBadRequestUrl);
  if (payload) details.ParseFromString(std::string(*payload));
  std::vector<std::string> violations;
  for (const auto& one : details.field_violations()) {
    violations.push_back(one.field() + ": " + one.description());
  }
  return violations;
}

struct WrongReport {
  std::function<void(v1::ReportQaResultsRequest&)> spoil;
  std::string violation;  // its beginning
};

TEST(QaRequest, EveryWrongFieldIsNamed) {
  const auto junit = [](std::string xml) {
    return [xml](v1::ReportQaResultsRequest& request) { request = JunitRequest(xml); };
  };
  const std::vector<WrongReport> cases = {
      {[](auto& r) { r.clear_service(); }, "service: must be 1 to 128 characters"},
      {[](auto& r) { r.set_revision("abc1234"); }, "revision: must be the full revision"},
      {[](auto& r) { r.set_revision(std::string(41, 'a')); }, "revision: must be the full"},
      {[](auto& r) { r.set_revision(std::string(40, 'g')); }, "revision: must be the full"},
      {[](auto& r) { r.clear_platform(); }, "platform: must be 1 to 64 characters"},
      {[](auto& r) { r.set_platform("i os"); }, "platform: must be 1 to 64"},
      {[](auto& r) { r.set_platform(std::string(65, 'x')); }, "platform: must be 1 to 64"},
      {[](auto& r) { r.set_request_id("a b"); }, "request_id: must be at most 128"},
      {[](auto& r) { r.add_tickets("TASKS 118"); }, "tickets[0]: must be 1 to 128"},
      {[](auto& r) { r.clear_cases(); }, "cases: give the cases, or a report as `junit_xml`"},
      {[](auto& r) { r.set_junit_xml("<a/>"); }, "cases: give either these or `junit_xml`"},
      {[](auto& r) { r.mutable_cases(0)->clear_name(); }, "cases[0].name: must have 1 to 1024"},
      {[](auto& r) { r.mutable_cases(0)->clear_outcome(); }, "cases[0].outcome: must be PASSED"},
      {[](auto& r) { r.mutable_cases(0)->set_outcome(static_cast<v1::QaOutcome>(9)); },
       "cases[0].outcome: must be PASSED"},
      {[](auto& r) { r.mutable_cases(0)->set_message(std::string(513, 'x')); },
       "cases[0].message: must have at most 512"},
      {[](auto& r) { r.mutable_cases(0)->set_key(std::string(129, 'x')); },
       "cases[0].key: must have at most 128"},
      {[](auto& r) { r.mutable_cases(0)->add_tickets(""); }, "cases[0].tickets[0]: must be"},
      {[](auto& r) {
         for (int i = 0; i < 51; ++i) r.mutable_cases(0)->add_tickets("T-1");
       },
       "cases[0].tickets: are 51; at most 50"},
      {[](auto& r) { r.mutable_cases(0)->set_outcome(v1::QA_OUTCOME_SKIPPED); },
       "cases: has no case that ran: all 1 were skipped"},
      {[](auto& r) { *r.mutable_finished_at() = ToProto(Minute(32)); },
       "finished_at: 2026-11-20T12:32:00Z has not come yet"},
      {[](auto& r) { r.mutable_finished_at()->set_nanos(-1); }, "finished_at: is not a moment"},
      {junit("<testsuite>\n<testcase"), "junit_xml: line 2: is not well-formed XML"},
      {junit("<testsuite tests='2'><testcase name='a'/></testsuite>"),
       "junit_xml: line 1: the suite says 2 tests and has 1"},
      {junit("<testsuite/>"), "junit_xml: has no case"},
      {junit("<testsuite><testcase name='a'><skipped/></testcase></testsuite>"),
       "junit_xml: has no case that ran"},
      {junit(absl::StrCat("<testsuite><properties><property name='git.sha' value='", Build('B'),
                          "'/></properties><testcase name='a'/></testsuite>")),
       absl::StrCat("junit_xml: tells that ", Build('b'), " was tested, and is reported for ",
                    Build())},
  };
  for (const WrongReport& wrong : cases) {
    v1::ReportQaResultsRequest request = Request();
    wrong.spoil(request);
    const auto report = ParseQaReport(request, Bounds());
    EXPECT_TRUE(absl::IsInvalidArgument(report.status())) << wrong.violation;
    EXPECT_THAT(Violations(report.status()), ElementsAre(StartsWith(wrong.violation)));
  }
}

TEST(QaRequest, MistakesInManyCasesAreToldTenTimes) {
  v1::ReportQaResultsRequest request = Request();
  for (int i = 0; i < 30; ++i) request.add_cases()->set_name("a");
  EXPECT_THAT(Violations(ParseQaReport(request, Bounds()).status()), SizeIs(10));
}

TEST(QaRequest, WhatIsKeptIsInOneForm) {
  v1::ReportQaResultsRequest request = Request();
  request.set_revision(Build('A'));
  for (const char* ticket : {"T-2", "T-1", "T-2"}) request.add_tickets(ticket);
  v1::QaCase& failed = *request.add_cases();
  failed.set_name("archives");
  failed.set_outcome(v1::QA_OUTCOME_FAILED);
  failed.set_message("two of three");
  const auto parsed = ParseQaReport(request, Bounds());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const v1::QaRun& run = parsed->report.run;
  EXPECT_EQ(run.build(), Build('a'));
  EXPECT_THAT(run.tickets(), ElementsAre("T-1", "T-2"));
  EXPECT_EQ(run.cases(0).name(), "archives") << "by name";
  EXPECT_FALSE(run.has_finished_at());
  EXPECT_EQ(parsed->report.finished_at, Minute(30)) << "now, where nobody tells";
  EXPECT_EQ(parsed->response.passed(), 1);
  EXPECT_EQ(parsed->response.failed(), 1);
  ASSERT_THAT(parsed->response.failures(), SizeIs(1));
  EXPECT_EQ(parsed->response.failures(0).message(), "two of three");
}

TEST(QaRequest, WhenARunEnded) {
  const auto at = [](const std::string& timestamp) {
    const auto parsed =
        ParseQaReport(JunitRequest(absl::StrCat("<testsuite timestamp='", timestamp,
                                                "' time='60'><testcase name='a'/></testsuite>")),
                      Bounds());
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return *parsed;
  };
  const ParsedQaReport zone = at("2026-11-20T12:05:00Z");
  EXPECT_EQ(zone.report.finished_at, Minute(6));
  EXPECT_EQ(FromProto(zone.report.run.finished_at()), Minute(6));
  // A clock without a zone may be hours off: it tells this run from others, and not when it was.
  const ParsedQaReport clock = at("2026-11-20T12:05:00");
  EXPECT_EQ(clock.report.finished_at, Minute(30));
  EXPECT_EQ(FromProto(clock.report.run.finished_at()), Minute(6));
  const ParsedQaReport ahead = at("2026-11-20T13:00:00Z");
  EXPECT_EQ(ahead.report.finished_at, Minute(30));
  EXPECT_THAT(ahead.response.remarks(), ElementsAre(HasSubstr("which has not come yet")));
  // What is told beside the report is believed.
  v1::ReportQaResultsRequest request =
      JunitRequest("<testsuite timestamp='2026-11-20T12:05:00Z'><testcase name='a'/></testsuite>");
  *request.mutable_finished_at() = ToProto(Minute(7));
  EXPECT_EQ(ParseQaReport(request, Bounds())->report.finished_at, Minute(7));
}

TEST(QaRequest, OddReportsAreTakenWithRemarks) {
  const auto parsed = ParseQaReport(
      JunitRequest("<testsuite name='s' tests='1'>\n"
                   "<properties><property name='platform' value='web'/></properties>\n"
                   "<testcase name='a'/><testcase name='b'/></testsuite>"),
      Bounds());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->response.remarks(),
              ElementsAre("line 1: the suite \"s\" says 1 test and has 2",
                          "the report tells the platform web, and ios is taken"));
  EXPECT_EQ(parsed->response.passed(), 2);
}

// ---- the call

TEST(QaCall, IsKeptOnceAndOnlyCheckedIsNotStored) {
  TestGate gate;
  v1::ReportQaResultsRequest request = Request();
  request.set_validate_only(true);
  const auto checked = gate.api.ReportQaResults(request);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->passed(), 1);
  EXPECT_EQ(checked->evidence(), "");
  EXPECT_THAT(gate.store.ReadQaRuns("tasks", {Build()})->runs(), IsEmpty());

  request.set_validate_only(false);
  const auto first = gate.api.ReportQaResults(request);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_FALSE(first->known());
  const auto again = gate.api.ReportQaResults(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->known());
  EXPECT_EQ(again->evidence(), first->evidence());
  const auto runs = gate.store.ReadQaRuns("tasks", {Build()});
  ASSERT_THAT(runs->runs(), SizeIs(1));
  EXPECT_EQ(runs->runs(0).name(), first->evidence());
}

TEST(QaCall, ARequestIdIsForOneReport) {
  TestGate gate;
  v1::ReportQaResultsRequest request = Request();
  request.set_request_id("one");
  ASSERT_TRUE(gate.api.ReportQaResults(request).ok());
  EXPECT_TRUE(gate.api.ReportQaResults(request)->known());
  request.mutable_cases(0)->set_outcome(v1::QA_OUTCOME_FAILED);
  const auto refused = gate.api.ReportQaResults(request);
  EXPECT_TRUE(absl::IsAlreadyExists(refused.status())) << refused.status();
}

// ---- the source

class QaResultsTest : public testing::Test {
 protected:
  QaResultsTest() : kept_(*OpenStore("sqlite::memory:", {})), store_(*kept_), source_(store_) {
    query_.set_id("qa.runs");
  }

  void Report(const std::string& build, const std::string& name, int minute,
              const std::string& service = "tasks") {
    v1::ReportQaResultsRequest request = Request();
    request.set_service(service);
    request.set_revision(build);
    request.mutable_cases(0)->set_name(name);
    *request.mutable_finished_at() = ToProto(Minute(minute));
    const auto parsed = ParseQaReport(request, Bounds());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    const auto reported = store_.ReportQaRun(parsed->report, Bounds());
    ASSERT_TRUE(reported.ok()) << reported.status();
  }

  // A verdict that lets a ticket of the service go behind the flag "new".
  void LetGo(const std::string& service, const std::string& ticket, const std::string& build) {
    VerdictRecord record;
    const std::string id = NewId(Minute(10));
    record.verdict.set_name("verdicts/" + id);
    record.verdict.set_request_id(id);
    record.verdict.set_decision(v1::DECISION_ALLOW);
    record.verdict.mutable_change()->set_service(service);
    record.verdict.mutable_change()->set_environment("production");
    *record.verdict.mutable_create_time() = ToProto(Minute(10));
    record.request_digest = Sha256Hex(id);
    v1::FlagWatch& watch = *record.verdict.add_outcomes()->add_watches();
    watch.set_flag("new");
    watch.set_ticket(ticket);
    watch.set_build(build);
    Latch kept;
    store_.Append(std::move(record), [&](const absl::StatusOr<Appended>& appended) {
      EXPECT_TRUE(appended.ok()) << appended.status();
      kept.Open();
    });
    kept.Wait();
  }

  v1::Observation Fetch() {
    return source_.Fetch(query_,
                         {change_, Minute(30), std::chrono::steady_clock::time_point::max()});
  }
  v1::Observation FetchRuns(const std::string& service, const std::vector<std::string>& builds) {
    v1::QaRunsQuery& asked = *query_.mutable_qa_runs();
    asked.set_service(service);
    asked.mutable_builds()->Assign(builds.begin(), builds.end());
    return Fetch();
  }
  v1::Observation FetchWatches(const std::string& flag, const std::string& build = "") {
    v1::FlagWatchesQuery& asked = *query_.mutable_flag_watches();
    asked.set_environment("production");
    asked.set_flag(flag);
    asked.set_build(build);
    return Fetch();
  }

  template <typename Runs>
  static std::vector<std::string> Said(const Runs& runs) {
    std::vector<std::string> said;
    for (const v1::QaRun& run : runs) {
      said.push_back(
          absl::StrCat(run.service(), " ", run.build().substr(0, 1), " ", run.cases(0).name()));
    }
    return said;
  }

  std::unique_ptr<Store> kept_;
  FaultyStore store_;
  QaResultsSource source_;
  v1::Change change_;
  v1::Query query_;
};

TEST_F(QaResultsTest, RunsOfTheBuildsAndWhichOthersWereTested) {
  Report(Build('a'), "later", 20);
  Report(Build('a'), "earlier", 10);
  Report(Build('b'), "other", 15);
  const v1::Observation observation = FetchRuns("tasks", {Build('A')});
  ASSERT_TRUE(observation.has_qa_runs()) << observation.DebugString();
  EXPECT_EQ(observation.id(), "qa.runs");
  EXPECT_EQ(observation.source(), "reported");
  EXPECT_EQ(FromProto(observation.observed_at()), Minute(30));
  EXPECT_THAT(Said(observation.qa_runs().runs()), ElementsAre("tasks a earlier", "tasks a later"));
  EXPECT_THAT(observation.qa_runs().other_builds(), ElementsAre(Build('b')));
}

TEST_F(QaResultsTest, NothingReportedIsAnAnswer) {
  const v1::Observation observation = FetchRuns("tasks", {Build('c')});
  ASSERT_TRUE(observation.has_qa_runs()) << observation.DebugString();
  EXPECT_THAT(observation.qa_runs().runs(), IsEmpty());
  const v1::Observation watches = FetchWatches("nobody-watches");
  ASSERT_TRUE(watches.has_flag_watches()) << watches.DebugString();
  EXPECT_THAT(watches.flag_watches().watches(), IsEmpty());
}

TEST_F(QaResultsTest, WatchesComeWithTheResultsOfTheirBuildsAndOfTheOneThatRuns) {
  LetGo("tasks", "T-1", Build('a'));
  LetGo("orders", "T-2", Build('d'));
  Report(Build('a'), "retest", 20);
  Report(Build('b'), "runs now", 25);
  Report(Build('c'), "nobody asks", 22);
  Report(Build('d'), "of orders", 15, "orders");
  Report(Build('a'), "of another service", 15, "orders");
  const v1::Observation observation = FetchWatches("new", Build('b'));
  ASSERT_TRUE(observation.has_flag_watches()) << observation.DebugString();
  const v1::FlagWatches& found = observation.flag_watches();
  ASSERT_THAT(found.watches(), SizeIs(2));
  EXPECT_EQ(found.watches(0).service(), "orders");
  EXPECT_EQ(found.watches(0).ticket(), "T-2");
  EXPECT_EQ(found.watches(1).ticket(), "T-1");
  EXPECT_EQ(found.watches(1).build(), Build('a'));
  EXPECT_THAT(Said(found.runs()),
              ElementsAre("orders d of orders", "tasks a retest", "tasks b runs now"));
}

TEST_F(QaResultsTest, WhatCannotBeAskedIsRejected) {
  EXPECT_EQ(FetchRuns("", {Build()}).absence().reason(), v1::ABSENCE_REASON_REJECTED);
  EXPECT_EQ(FetchRuns("tasks", std::vector<std::string>(6001, Build())).absence().reason(),
            v1::ABSENCE_REASON_REJECTED);
  EXPECT_EQ(FetchWatches("").absence().reason(), v1::ABSENCE_REASON_REJECTED);
}

TEST_F(QaResultsTest, AStoreThatFailsIsAnAbsenceWithItsReason) {
  LetGo("tasks", "T-1", Build('a'));
  const std::pair<absl::Status, v1::AbsenceReason> failures[] = {
      {absl::UnavailableError("the server is away"), v1::ABSENCE_REASON_UNREACHABLE},
      {absl::ResourceExhaustedError("more than 64 MiB"), v1::ABSENCE_REASON_TOO_LARGE},
      {absl::DataLossError("damaged"), v1::ABSENCE_REASON_MALFORMED},
      {absl::InternalError("odd"), v1::ABSENCE_REASON_INTERNAL}};
  for (const auto& [failure, reason] : failures) {
    store_.FailFrom(0, failure);
    for (const v1::Observation& observation :
         {FetchRuns("tasks", {Build()}), FetchWatches("new")}) {
      EXPECT_EQ(observation.absence().reason(), reason);
      EXPECT_EQ(observation.absence().detail(), std::string(failure.message()));
    }
    // The watches are read, and their runs are not: then there is no answer at all.
    store_.FailFrom(1, failure);
    EXPECT_EQ(FetchWatches("new").absence().reason(), reason);
  }
}

}  // namespace
}  // namespace gate
