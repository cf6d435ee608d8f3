// A release as tests of the qa check tell it, and the check, asked as the server asks it.
#ifndef TESTS_QA_WORLD_H_
#define TESTS_QA_WORLD_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checks/fold.h"
#include "checks/proto_time.h"
#include "checks/qa/parameters.h"
#include "checks/qa/qa.h"

namespace gate::testing {

inline constexpr char kHead[] = "1111111111111111111111111111111111111111";
inline constexpr char kTested[] = "2222222222222222222222222222222222222222";
inline constexpr char kFirst[] = "3333333333333333333333333333333333333333";
inline constexpr char kBase[] = "4444444444444444444444444444444444444444";

// One ticket, TASKS-118, whose code is all behind tasks-v2, which is off. The policy wants assign
// and archive on ios and web of whoever touches src/tasks.
struct World {
  v1::Change change;
  v1::PolicyRule rule;
  v1::Release release;
  v1::FlagStates flags;
  v1::QaRuns runs;
  v1::FlagWatches watches;
  bool repository_answers = true, flags_answer = true, results_answer = true;
  v1::AbsenceReason absence = v1::ABSENCE_REASON_UNREACHABLE;
  absl::Time now = absl::FromUnixSeconds(1652238000);

  World() {
    change.set_service("ehr");
    change.set_environment("production");
    change.set_kind(v1::CHANGE_KIND_CODE);
    change.set_base_revision(kBase);
    change.set_head_revision(kHead);
    v1::QaPolicy& policy = *rule.mutable_checks()->mutable_qa();
    policy.set_flags("unleash");
    v1::QaComponent& tasks = *policy.add_components();
    tasks.set_name("tasks");
    tasks.add_paths("src/tasks/**");
    tasks.add_platforms("ios");
    tasks.add_platforms("web");
    tasks.add_cases()->set_name("assign");
    tasks.add_cases()->set_name("archive");

    release.set_repository("ehr");
    release.set_base_revision(kBase);
    release.set_head_revision(kHead);
    AddCommit(kFirst, {kBase}, "TASKS-118", "src/tasks/assign.py");
    AddCommit(kTested, {kFirst}, "TASKS-118", "src/tasks/archive.py");
    AddCommit(kHead, {kTested}, "TASKS-118", "README.md");
    v1::ReleaseTicket& ticket = *release.add_tickets();
    ticket.set_key("TASKS-118");
    ticket.set_flag("tasks-v2");
    for (const char* commit : {kFirst, kTested, kHead}) ticket.add_commits(commit);
    for (const char* path : {"README.md", "src/tasks/archive.py", "src/tasks/assign.py"}) {
      ticket.add_paths(path);
    }
    v1::FlagCoverage& coverage = *ticket.mutable_coverage();
    coverage.set_flag("tasks-v2");
    coverage.set_lines(40);
    coverage.set_covered_lines(40);
    coverage.set_nodes(60);
    coverage.set_covered_nodes(60);
    ticket.mutable_revert()->set_clean(true);
    for (const char* commit : {kHead, kTested, kFirst}) {
      ticket.mutable_revert()->add_commits(commit);
    }
    flags.set_server("https://unleash.example.com");
    flags.set_environment("production");
    flags.set_revision("17");
    flags.set_complete(true);
    SetFlag("tasks-v2", v1::FLAG_VALUE_OFF, "enabled: false");
  }

  void AddCommit(const std::string& revision, const std::vector<std::string>& parents,
                 const std::string& ticket, const std::string& path) {
    v1::ReleaseCommit& commit = *release.add_commits();
    commit.set_revision(revision);
    commit.set_summary("a commit");
    for (const std::string& parent : parents) commit.add_parents(parent);
    if (!ticket.empty()) commit.add_tickets(ticket);
    commit.add_paths(path);
  }

  v1::ReleaseTicket& ticket() { return *release.mutable_tickets(0); }
  v1::QaPolicy& policy() { return *rule.mutable_checks()->mutable_qa(); }

  void SetFlag(const std::string& name, v1::FlagValue value, const std::string& detail) {
    flags.clear_flags();
    v1::FlagState& state = *flags.add_flags();
    state.set_flag(name);
    state.set_value(value);
    state.set_detail(detail);
  }

  // A line of the ticket that no check guards.
  void Uncover(const std::string& path, int line) {
    v1::FlagCoverage& coverage = *ticket().mutable_coverage();
    coverage.set_covered_lines(coverage.covered_lines() - 1);
    coverage.set_covered_nodes(coverage.covered_nodes() - 1);
    v1::UncoveredLine& uncovered = *coverage.add_uncovered();
    uncovered.mutable_place()->set_path(path);
    uncovered.mutable_place()->set_line(line);
    uncovered.mutable_place()->set_code("notify(task)");
    uncovered.set_rule("unguarded");
    uncovered.set_reason("no check of the flag stands before it");
    v1::CodePlace& caller = *uncovered.add_witness();
    caller.set_path("src/urls.py");
    caller.set_line(9);
  }

  // Newer than those before it. Cases are written "NAME" for a pass, "NAME!" for a failure, "NAME-"
  // for one that was skipped, "NAME~" for a flaky one.
  v1::QaRun& AddRun(const std::string& platform, const std::vector<std::string>& cases,
                    const std::vector<std::string>& tickets = {},
                    const std::string& build = kHead) {
    v1::QaRun& run = *runs.add_runs();
    run.set_name("evidence/" + std::to_string(runs.runs_size()));
    run.set_service("ehr");
    run.set_build(build);
    run.set_platform(platform);
    for (const std::string& ticket : tickets) run.add_tickets(ticket);
    *run.mutable_finished_at() = ToProto(now - absl::Hours(1) + absl::Seconds(runs.runs_size()));
    for (const std::string& written : cases) {
      v1::QaCase& added = *run.add_cases();
      const size_t mark = written.find_last_of("!-~");
      added.set_name(written.substr(0, mark));
      added.set_outcome(mark == std::string::npos ? v1::QA_OUTCOME_PASSED
                        : written[mark] == '!'    ? v1::QA_OUTCOME_FAILED
                        : written[mark] == '-'    ? v1::QA_OUTCOME_SKIPPED
                                                  : v1::QA_OUTCOME_FLAKY);
      if (added.outcome() == v1::QA_OUTCOME_FAILED) added.set_message("expected 1, got 0");
    }
    return run;
  }
  void PassAll(const std::string& build = kHead) {
    AddRun("ios", {"TasksTests.testAssign", "TasksTests.testArchive"}, {}, build);
    AddRun("web", {"tasks > assign", "tasks > archive"}, {}, build);
  }

  // Fails on ios, passes on web.
  void FailAssign() {
    AddRun("ios", {"TasksTests.testAssign!", "TasksTests.testArchive"}, {"TASKS-118"});
    AddRun("web", {"tasks > assign", "tasks > archive"}, {"TASKS-118"});
  }

  v1::CheckOutcome Judge() const {
    Evidence evidence;
    for (const v1::Query& query : kQaCheck.needs(change, rule)) {
      v1::Observation observation;
      observation.set_id(query.id());
      observation.set_source("test");
      const auto fill = [&](bool answers, auto set) {
        if (answers) {
          set();
        } else {
          observation = Absent(query.id(), "test", absence, "connection refused");
        }
      };
      if (query.has_release()) {
        fill(repository_answers, [&] { *observation.mutable_release() = release; });
      } else if (query.has_flag_states()) {
        fill(flags_answer, [&] { *observation.mutable_flag_states() = flags; });
      } else if (query.has_qa_runs()) {
        fill(results_answer, [&] { *observation.mutable_qa_runs() = runs; });
      } else if (query.has_flag_watches()) {
        fill(results_answer, [&] { *observation.mutable_flag_watches() = watches; });
      }
      evidence.Add(std::move(observation));
    }
    v1::CheckOutcome outcome = kQaCheck.judge(change, evidence, rule, now);
    outcome.set_check("qa");
    Decide(rule.checks().qa().settings(), now, outcome);
    return outcome;
  }
};

// The findings' rules, sorted, each once.
inline std::vector<std::string> RulesOf(const v1::CheckOutcome& outcome) {
  std::vector<std::string> rules;
  for (const v1::Finding& finding : outcome.findings()) rules.push_back(finding.rule());
  std::ranges::sort(rules);
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  return rules;
}

}  // namespace gate::testing

#endif  // TESTS_QA_WORLD_H_
