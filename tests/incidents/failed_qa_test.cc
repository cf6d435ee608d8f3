// 2022-05-12, failed QA, "behind a feature flag": a change that had failed testing went out since
// it was behind a flag. One of its two faults was; the other one stopped everyone from creating,
// assigning and archiving tasks, and stood in a function that the old code calls as well.
//
// A repository with a server in Python, an iOS client in Swift and a web client in TypeScript;
// flags on a real Unleash; results of tests as JUnit XML, by `gatectl qa report`.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/postgres_server.h"
#include "tests/fakes/scratch_repository.h"
#include "tests/incidents/incident.h"
#include "tests/incidents/pipeline.h"
#include "tests/support/unleash.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kFlag[] = "tasks-v2";
constexpr char kTicket[] = "TASKS-118";

constexpr char kUrls[] = R"(from server.tasks import views

ROUTES = {
    "POST /tasks": views.create,
    "POST /tasks/assign": views.assign,
    "POST /tasks/archive": views.archive,
}
)";

constexpr char kViews[] = R"(from server.flags import is_enabled
from server.tasks import models


def create(request):
    return models.keep({"title": request.body["title"]})


def assign(request):
    task = request.task
    task["assignee"] = request.body["assignee"]
    return models.keep(task)


def archive(request):
    task = request.task
    task["archived"] = True
    return models.keep(task)
)";

constexpr char kViewsWithGroups[] = R"(from server.flags import is_enabled
from server.tasks import models


def create(request):
    return models.keep({"title": request.body["title"]})


def assign(request):
    task = request.task
    if is_enabled("tasks-v2"):
        task["group"] = request.body.get("group")
    task["assignee"] = request.body["assignee"]
    return models.keep(task)


def archive(request):
    task = request.task
    task["archived"] = True
    return models.keep(task)
)";

constexpr char kModels[] = R"(from server.db import store
from server.flags import is_enabled


def normalize(task):
    task["title"] = task["title"].strip()
    return task


def keep(task):
    return store("tasks", normalize(task))
)";

// The fault that no test showed: old clients send no id, and every task goes through here.
constexpr char kModelsWithIds[] = R"(from server.db import store
from server.flags import is_enabled


def normalize(task):
    task["title"] = task["title"].strip()
    task["assignee"] = task["assignee"]["id"]
    return task


def keep(task):
    return store("tasks", normalize(task))
)";

constexpr char kModelsWithGuardedIds[] = R"(from server.db import store
from server.flags import is_enabled


def normalize(task):
    task["title"] = task["title"].strip()
    if is_enabled("tasks-v2"):
        task["assignee"] = task["assignee"]["id"]
    return task


def keep(task):
    return store("tasks", normalize(task))
)";

constexpr char kSwift[] = R"(final class TaskList {
    let flags: Flags
    let api: TaskApi

    init(flags: Flags, api: TaskApi) {
        self.flags = flags
        self.api = api
    }

    func assign(_ task: Task, to user: User) {
        api.assign(task, to: user)
    }
}
)";

constexpr char kSwiftWithGroups[] = R"(final class TaskList {
    let flags: Flags
    let api: TaskApi

    init(flags: Flags, api: TaskApi) {
        self.flags = flags
        self.api = api
    }

    func assign(_ task: Task, to user: User) {
        if flags.isEnabled("tasks-v2") {
            api.assignToGroup(task, user.group)
        }
        api.assign(task, to: user)
    }
}
)";

constexpr char kTypeScript[] = R"(import { api } from "./api";
import { flags } from "./flags";

export function archive(task: Task): void {
  api.archive(task);
}
)";

constexpr char kTypeScriptWithGroups[] = R"(import { api } from "./api";
import { flags } from "./flags";

export function archive(task: Task): void {
  if (flags.isEnabled("tasks-v2")) {
    api.leaveGroup(task);
  }
  api.archive(task);
}
)";

// A report of a test run: each case, and whether it passed.
std::string JUnit(const std::map<std::string, bool>& cases) {
  std::string text;
  int failures = 0;
  for (const auto& [name, passed] : cases) {
    absl::StrAppend(&text, "  <testcase classname=\"Tasks\" name=\"", name, "\" time=\"0.2\"");
    absl::StrAppend(
        &text, passed ? "/>\n" : "><failure message=\"expected 1 task, got 0\"/></testcase>\n");
    failures += !passed;
  }
  return absl::StrCat("<testsuite name=\"Tasks\" tests=\"", cases.size(), "\" failures=\"",
                      failures, "\">\n", text, "</testsuite>\n");
}

const std::map<std::string, bool> kAllPass = {
    {"testCreate", true}, {"testAssign", true}, {"testModify", true}, {"testArchive", true}};
const std::map<std::string, bool> kAssignFails = {
    {"testCreate", true}, {"testAssign", false}, {"testModify", true}, {"testArchive", true}};

// One Unleash for all of them: it takes seconds to start.
class FailedQaTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    database_ = new PostgresServer();
    unleash_ = new UnleashServer(*database_);
    unleash_->CreateFlag(kFlag);
    unleash_->Switch(kFlag, "development", true);
  }
  static void TearDownTestSuite() {
    delete unleash_;
    delete database_;
  }

  FailedQaTest() {
    unleash_->Switch(kFlag, "production", false);
    repository_.Write("server/urls.py", kUrls);
    repository_.Write("server/tasks/views.py", kViews);
    repository_.Write("server/tasks/models.py", kModels);
    repository_.Write("server/billing/invoice.py", "def total(invoice):\n    return invoice.sum\n");
    repository_.Write("ios/Tasks/TaskList.swift", kSwift);
    repository_.Write("web/src/tasks.ts", kTypeScript);
    base_ = repository_.Commit("What runs in production");
    repository_.Write("server/tasks/views.py", kViewsWithGroups);
    repository_.Write("ios/Tasks/TaskList.swift", kSwiftWithGroups);
    repository_.Write("web/src/tasks.ts", kTypeScriptWithGroups);
    groups_ = repository_.Commit("TASKS-118: assign tasks to groups\n\nFeature-Flag: tasks-v2\n");
    repository_.Write("server/billing/invoice.py",
                      "def total(invoice):\n    return invoice.sum + invoice.tax\n");
    repository_.Commit("BILL-7: invoices have taxes");

    GateSetup setup;
    setup.policy = ReadFile("incidents/qa_policy.yaml");
    setup.files = {{"token", unleash_->Token("production")}};
    setup.configuration = absl::StrCat(
        "repositories: [{name: ehr, folder: \"", repository_.path(),
        "\"}]\nflag_servers:\n  - name: unleash\n    unleash:\n      url: ", unleash_->url(),
        "\n      token_files: {production: token}\n");
    gate_ = std::make_unique<RunningGate>(setup);
  }

  // The second commit of the ticket: what tasks are assigned to becomes an id.
  void CommitIds(const std::string& models) {
    repository_.Write("server/tasks/models.py", models);
    ids_ = repository_.Commit("TASKS-118: assignees are ids");
  }

  v1::EvaluateRequest Release(v1::ChangeKind kind = v1::CHANGE_KIND_CODE) const {
    v1::EvaluateRequest request = AskAbout("ehr", kind);
    request.mutable_change()->set_base_revision(base_);
    request.mutable_change()->set_head_revision(repository_.Head());
    return request;
  }

  // Reports a run for the ticket; fails the test where the gate does not take it.
  void Report(const std::string& platform, const std::map<std::string, bool>& cases,
              const std::string& build = "") {
    const TempFolder folder;
    folder.Write("report.xml", JUnit(cases));
    const RunResult result =
        RunGatectl(*gate_, {"qa", "report", folder.File("report.xml"), "--service", "ehr",
                            "--build", build.empty() ? repository_.Head() : build, "--platform",
                            platform, "--ticket", kTicket});
    EXPECT_EQ(result.exit, 0) << result.output;
  }

  v1::Verdict Ask(const v1::EvaluateRequest& request) { return gate_->Evaluate(request); }

  v1::Verdict SwitchOn(const std::string& running = "") {
    v1::EvaluateRequest request = AskAbout("ehr", v1::CHANGE_KIND_FLAG_FLIP);
    request.mutable_change()->set_head_revision(running);
    request.mutable_change()->mutable_flag_flip()->set_flag(kFlag);
    request.mutable_change()->mutable_flag_flip()->set_enabled(true);
    return Ask(request);
  }

  static PostgresServer* database_;
  static UnleashServer* unleash_;
  ScratchRepository repository_;
  std::string base_, groups_, ids_;
  std::unique_ptr<RunningGate> gate_;
};

PostgresServer* FailedQaTest::database_ = nullptr;
UnleashServer* FailedQaTest::unleash_ = nullptr;

// Answer 1: the failed ticket is stopped, with the lines that are not behind its flag, how these
// are reached, and what taking it back would come to.
TEST_F(FailedQaTest, WhatFailedAndIsNotBehindItsFlagIsStopped) {
  CommitIds(kModelsWithIds);
  Report("ios", kAssignFails);
  Report("web", kAllPass);
  const v1::Verdict verdict = Ask(Release());
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();

  const v1::CheckOutcome& qa = OutcomeOf(verdict, "qa");
  const v1::Finding& failed = FindingOf(qa, "qa.failed", kTicket);
  EXPECT_THAT(failed.message(),
              AllOf(HasSubstr("assign on ios"), HasSubstr("server/tasks/models.py:7"),
                    HasSubstr(absl::StrCat("the flag is off, by ", unleash_->url()))));
  EXPECT_THAT(failed.instead(), HasSubstr(absl::StrCat("git revert --no-edit ", ids_, " ", groups_,
                                                       "   # goes back cleanly")));
  const v1::Finding& line = FindingOf(qa, "qa.uncovered", kTicket);
  EXPECT_EQ(line.location().path(), "server/tasks/models.py");
  EXPECT_EQ(line.location().line(), 7);
  std::vector<std::string> path;
  for (const v1::CodePlace& call : line.call_path()) {
    path.push_back(absl::StrCat(call.path(), ":", call.line()));
  }
  EXPECT_THAT(path, Contains(HasSubstr("server/tasks/models.py:12")));
  EXPECT_THAT(absl::StrJoin(path, " "),
              AllOf(HasSubstr("server/urls.py:"), HasSubstr("server/tasks/views.py:")));

  const v1::TicketReport& ticket = qa.tickets(0);
  EXPECT_EQ(ticket.key(), kTicket);
  EXPECT_EQ(ticket.flag(), kFlag);
  EXPECT_EQ(ticket.flag_state().value(), v1::FLAG_VALUE_OFF);
  EXPECT_EQ(ticket.coverage().lines() - ticket.coverage().covered_lines(), 1)
      << ticket.DebugString();
  EXPECT_THAT(ticket.commits(), ElementsAre(groups_, ids_));
}

// Answer 2: what was not tested is named, cell by cell.
TEST_F(FailedQaTest, WhatWasNotTestedIsNamed) {
  CommitIds(kModelsWithIds);
  const v1::Verdict nothing = Ask(Release());
  EXPECT_EQ(nothing.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(FindingOf(OutcomeOf(nothing, "qa"), "qa.missing", kTicket).message(),
              AllOf(HasSubstr("create, assign, modify and archive on ios"),
                    HasSubstr("create, assign, modify and archive on web")));
  Report("ios", kAllPass);
  Report("web", {{"testCreate", true}, {"testArchive", true}});
  const v1::Verdict some = Ask(Release());
  EXPECT_EQ(some.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(FindingOf(OutcomeOf(some, "qa"), "qa.missing", kTicket).message(),
              AllOf(HasSubstr("no result for assign and modify on web"), Not(HasSubstr("ios"))));
  Report("web", kAllPass);
  EXPECT_EQ(Ask(Release()).decision(), v1::DECISION_ALLOW);
}

// Results of the build before are none of this one.
TEST_F(FailedQaTest, AnotherBuildWasTested) {
  Report("ios", kAllPass);
  Report("web", kAllPass);
  EXPECT_EQ(Ask(Release()).decision(), v1::DECISION_ALLOW);
  CommitIds(kModelsWithIds);
  const v1::Verdict verdict = Ask(Release());
  EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD);
}

// Answer 3: with all of its lines behind the flag, and the flag off, the failed ticket may go; and
// switching the flag on is then stopped until the ticket passes.
TEST_F(FailedQaTest, BehindItsFlagItGoesAndTheFlagIsWatched) {
  CommitIds(kModelsWithGuardedIds);
  Report("ios", kAssignFails);
  Report("web", kAllPass);
  EXPECT_EQ(SwitchOn().decision(), v1::DECISION_ALLOW);  // Nothing went out behind it yet.

  const v1::Verdict verdict = Ask(Release());
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW) << verdict.DebugString();
  const v1::CheckOutcome& qa = OutcomeOf(verdict, "qa");
  EXPECT_EQ(qa.tickets(0).state(), v1::TICKET_STATE_BEHIND_FLAG);
  EXPECT_EQ(qa.tickets(0).coverage().lines(), qa.tickets(0).coverage().covered_lines());
  EXPECT_THAT(FindingOf(qa, "qa.behind_flag", kTicket).message(), HasSubstr(unleash_->url()));

  const v1::Verdict stopped = SwitchOn();
  EXPECT_EQ(stopped.decision(), v1::DECISION_BLOCK) << stopped.DebugString();
  EXPECT_THAT(FindingOf(OutcomeOf(stopped, "qa"), "qa.watched_flag", kTicket).message(),
              AllOf(HasSubstr("assign on ios"), HasSubstr(verdict.name())));

  Report("ios", kAllPass);
  EXPECT_EQ(SwitchOn().decision(), v1::DECISION_ALLOW);
}

// The watch outlives the process.
TEST_F(FailedQaTest, AWatchIsOnDisk) {
  Report("ios", kAssignFails);
  Report("web", kAllPass);
  EXPECT_EQ(Ask(Release()).decision(), v1::DECISION_ALLOW);
  gate_->process().Kill();
  gate_->StartAgain();
  EXPECT_EQ(SwitchOn().decision(), v1::DECISION_BLOCK);
}

// What was let go because the flag is off is stopped where it is on by now.
TEST_F(FailedQaTest, AFlagThatIsSwitchedOnEndsIt) {
  Report("ios", kAssignFails);
  Report("web", kAllPass);
  EXPECT_EQ(Ask(Release()).decision(), v1::DECISION_ALLOW);
  unleash_->Switch(kFlag, "production", true);
  const v1::Verdict verdict = Ask(Release());
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
  EXPECT_THAT(FindingOf(OutcomeOf(verdict, "qa"), "qa.failed").message(),
              HasSubstr("that is on in production"));
}

// Answer 5, as far as QA goes: a hotfix that does not touch tasks goes by the results that there
// are of what it contains.
TEST_F(FailedQaTest, AHotfixGoesByWhatItContains) {
  Report("ios", kAllPass);
  Report("web", kAllPass);
  const std::string tested = repository_.Head();
  repository_.CommitFile("server/billing/invoice.py",
                         "def total(invoice):\n    return invoice.sum + (invoice.tax or 0)\n",
                         "BILL-8: old invoices have no tax");
  EXPECT_EQ(Ask(Release()).decision(), v1::DECISION_HOLD);
  v1::EvaluateRequest hotfix = Release(v1::CHANGE_KIND_HOTFIX);
  hotfix.mutable_change()->add_commits()->set_revision(tested);
  const v1::Verdict verdict = Ask(hotfix);
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW) << verdict.DebugString();
  EXPECT_TRUE(HasFinding(OutcomeOf(verdict, "qa"), "qa.reused", kTicket));
}

// Answers 1 to 3 through rollouts: nothing of it goes out as it was; guarded and tested it does,
// and its flag is watched from the first step on.
TEST_F(FailedQaTest, ItsRolloutBeginsOnceAllOfItIsBehindItsFlag) {
  Pipeline pipeline(*gate_);
  const auto start = [&](const std::string& version) {
    v1::Change change = Release().change();
    change.set_version(version);
    pipeline.Start(change);
  };
  CommitIds(kModelsWithIds);
  Report("ios", kAssignFails);
  Report("web", kAllPass);
  start("2022.5.11");
  const v1::Verdict stopped = pipeline.Ask();
  EXPECT_EQ(stopped.decision(), v1::DECISION_BLOCK) << stopped.DebugString();
  EXPECT_EQ(pipeline.state(), v1::ROLLOUT_STATE_PENDING);
  EXPECT_EQ(FindingOf(OutcomeOf(stopped, "qa"), "qa.uncovered", kTicket).location().path(),
            "server/tasks/models.py");
  pipeline.Abort("its other half is guarded first");
  EXPECT_EQ(pipeline.state(), v1::ROLLOUT_STATE_ROLLED_BACK) << "nothing of it was out";

  CommitIds(kModelsWithGuardedIds);
  start("2022.5.12");
  EXPECT_EQ(pipeline.Ask().decision(), v1::DECISION_HOLD) << "nobody has tested this build";
  Report("ios", kAssignFails);
  Report("web", kAllPass);
  const v1::Verdict guarded = pipeline.Ask();
  EXPECT_EQ(guarded.decision(), v1::DECISION_ALLOW) << guarded.DebugString();
  EXPECT_EQ(pipeline.share(), 0.1);
  EXPECT_EQ(SwitchOn().decision(), v1::DECISION_BLOCK);
  EXPECT_EQ(pipeline.Ask().decision(), v1::DECISION_ALLOW);
  EXPECT_EQ(pipeline.state(), v1::ROLLOUT_STATE_BAKING);
}

// What the deployment meeting reads.
TEST_F(FailedQaTest, TheMeetingSeesTheFailedTicketFirst) {
  CommitIds(kModelsWithIds);
  Report("ios", kAssignFails);
  Report("web", kAllPass);
  const RunResult sheet = RunGatectl(*gate_,
                                     {"review", "ehr", "--env", "production", "--base", base_,
                                      "--head", repository_.Head(), "-o", "table"},
                                     repository_.path());
  EXPECT_EQ(sheet.exit, 10) << sheet.output;
  EXPECT_THAT(sheet.output, AllOf(HasSubstr("TASKS-118  FAILED"), HasSubstr("ios 3/4, web 4/4"),
                                  HasSubstr("tasks-v2: off"), HasSubstr("2 commits, clean"),
                                  HasSubstr("BILL-7")));
  EXPECT_LT(sheet.output.find("TASKS-118"), sheet.output.find("BILL-7"));
}

}  // namespace
}  // namespace gate
