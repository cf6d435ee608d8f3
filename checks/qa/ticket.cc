#include "checks/qa/ticket.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/qa/flag_off.h"
#include "checks/qa/uncovered.h"
#include "checks/qa/words.h"

namespace gate::qa {
namespace {

constexpr size_t kNamedFailures = 5;
constexpr int kKeptFailures = 100;

// Which of the cells came out like that.
std::vector<const v1::QaCell*> Select(const v1::TicketReport& ticket, v1::QaOutcome outcome) {
  std::vector<const v1::QaCell*> cells;
  for (const v1::QaCell& cell : ticket.cells()) {
    if (cell.outcome() == outcome) cells.push_back(&cell);
  }
  return cells;
}

void FillCells(const Setting& setting, const Ticket& ticket, v1::TicketReport& told) {
  for (const Component* component : setting.Touched(ticket)) {
    for (const RequiredCase& required : component->cases) {
      for (const std::string& platform : component->platforms) {
        v1::QaCell cell =
            setting.results.Cell(*component, required, platform, ticket.key, setting.head);
        if (cell.run().empty()) {
          for (const std::string& build : setting.BuildsToReuse(*component)) {
            cell = setting.results.Cell(*component, required, platform, ticket.key, build);
            if (!cell.run().empty()) break;
          }
        }
        *told.add_cells() = std::move(cell);
      }
    }
  }
}

// Cases that failed for the ticket and that nobody required. What failed on an earlier build, and
// was not tried on this one, has failed.
void FillFailures(const Setting& setting, const Ticket& ticket, v1::TicketReport& told) {
  const std::string build = setting.NewestTested(ticket.key);
  if (build.empty()) return;
  for (const std::string& failed : setting.results.FailedFor(ticket.key, build)) {
    const bool in_a_cell = std::ranges::any_of(told.cells(), [&](const v1::QaCell& cell) {
      return cell.outcome() == v1::QA_OUTCOME_FAILED &&
             absl::StrCat(cell.platform(), ": ", cell.message()).starts_with(failed);
    });
    if (in_a_cell || told.failed_cases_size() == kKeptFailures) continue;
    told.add_failed_cases(build == setting.head ? failed
                                                : absl::StrCat(failed, " on ", Short(build)));
  }
}

// "assign on ios (TasksTests.assign: expected 1, got 0) and archive on web (...)"
std::string Failures(const v1::TicketReport& told) {
  std::vector<std::string> failures;
  for (const v1::QaCell* cell : Select(told, v1::QA_OUTCOME_FAILED)) {
    failures.push_back(
        absl::StrCat(cell->case_name(), " on ", cell->platform(), " (", cell->message(), ")"));
  }
  failures.insert(failures.end(), told.failed_cases().begin(), told.failed_cases().end());
  return Enumerate(failures, kNamedFailures);
}

// What it takes to take the ticket back.
std::string RevertWords(const v1::Revert& revert) {
  if (!revert.failure().empty()) return absl::StrCat("  # not tried: ", revert.failure());
  if (revert.commits().empty()) return "";
  const std::string command =
      absl::StrCat("git revert --no-edit ", absl::StrJoin(revert.commits(), " "));
  if (revert.clean()) return absl::StrCat(command, "   # goes back cleanly on this head");
  const std::vector<std::string> paths(revert.conflicting_paths().begin(),
                                       revert.conflicting_paths().end());
  return absl::StrCat(command, "   # stops at ", Short(revert.conflicting_commit()),
                      " with conflicts in ", Enumerate(paths, 4));
}

// Whether a ticket is off, or why not.
struct Off {
  enum class State {
    kOff,
    kRuns,
    kUnseen,  // It may be, and what tells did not answer.
  } state = State::kRuns;
  std::string why;  // a sentence without its end; empty where it is off
};

Off WithoutRepository(const Setting& setting) {
  if (setting.change.base_revision().empty()) {
    return {Off::State::kRuns, "what runs now is not told, so nobody knows what it changes"};
  }
  const v1::Observation& release = setting.evidence.Get(kReleaseId);
  const std::string why = absl::StrCat("what it changes cannot be seen: ",
                                       Describe(release.absence(), release.source()));
  const bool never = release.absence().reason() == v1::ABSENCE_REASON_NOT_CONFIGURED;
  return {never ? Off::State::kRuns : Off::State::kUnseen, why};
}

Off FindOut(const Setting& setting, const Ticket& ticket, const FlagSeen& seen) {
  if (setting.release == nullptr) return WithoutRepository(setting);
  if (ticket.code == nullptr) {
    return {Off::State::kRuns,
            "no commit says that it is its, so that nothing shows its code to be behind a flag"};
  }
  const std::string& flag = ticket.code->flag();
  if (flag.empty()) {
    return {Off::State::kRuns, "it names no flag, so that its code runs for everyone"};
  }
  const v1::FlagCoverage& coverage = ticket.code->coverage();
  const std::string& detail = seen.state.detail();
  if (!IsCovered(coverage)) return {Off::State::kRuns, NotCovered(coverage, seen)};
  if (IsOff(seen.state, coverage)) return {Off::State::kOff, ""};
  const std::string all = absl::StrCat("all of its code is behind ", flag, ", and ");
  if (!seen.answered) {
    return {seen.asked ? Off::State::kUnseen : Off::State::kRuns,
            absl::StrCat(all, "whether that is off in ", setting.change.environment(),
                         " is not known: ", detail)};
  }
  switch (seen.state.value()) {
    case v1::FLAG_VALUE_ON:
      return {Off::State::kRuns, absl::StrCat(all, "that is on in ", setting.change.environment(),
                                              ": ", detail, ", by ", seen.server)};
    case v1::FLAG_VALUE_CODE_DEFAULT:
      return {Off::State::kRuns,
              absl::StrCat(all, seen.server, " leaves it to the code whether that is off (", detail,
                           "), where not each check of it falls back to off")};
    default:
      return {Off::State::kRuns,
              absl::StrCat(all, seen.server, " does not tell whether that is off: ", detail)};
  }
}

void AddFailed(const Setting& setting, const Ticket& ticket, const Off& off, v1::TicketReport& told,
               Report& report) {
  told.set_state(v1::TICKET_STATE_FAILED);
  const std::string name = Name(ticket.key);
  told.set_summary(absl::StrCat(Capitalized(name), " failed QA (build ", Short(setting.head),
                                "): ", Failures(told), "; and ", off.why, "."));
  std::string instead = "Put that behind the flag, or mend it and have it tested on the new build";
  if (told.flag().empty()) instead = "Mend it, and have it tested on the new build";
  absl::StrAppend(&instead, ":\ngatectl qa report REPORT.xml --build REVISION --platform PLATFORM",
                  ticket.key.empty() ? "" : absl::StrCat(" --ticket ", ticket.key));
  if (const std::string revert = RevertWords(told.revert()); !revert.empty()) {
    absl::StrAppend(&instead, "\nOr take it back:\n", revert);
  }
  report.Add("qa.failed", {name, told.summary(), instead});
  if (ticket.code != nullptr) AddUncovered(ticket.code->coverage(), ticket.key, report);
}

void AddUnseen(const Ticket& ticket, const Off& off, v1::TicketReport& told, Report& report) {
  told.set_state(v1::TICKET_STATE_UNPROVEN);
  const std::string name = Name(ticket.key);
  told.set_summary(
      absl::StrCat(Capitalized(name), " failed QA: ", Failures(told), "; ", off.why, "."));
  const bool by_flag = !told.coverage().flag().empty();
  report.AddUnproven(by_flag ? "qa.flag_unknown" : "qa.unproven",
                     {name, told.summary(), "See that it answers, and ask again."});
}

// `why_none` says what kept it from a pass.
void AddBehindFlag(const Setting& setting, const Ticket& ticket, const FlagSeen& seen,
                   const std::string& why_none, v1::TicketReport& told, Report& report) {
  told.set_state(v1::TICKET_STATE_BEHIND_FLAG);
  const v1::FlagCoverage& coverage = ticket.code->coverage();
  const std::string changes = coverage.lines() == 0
                                  ? "it changes nothing that runs"
                                  : absl::StrCat("each of the ", Count(coverage.lines(), "line"),
                                                 " that it changes runs behind ", told.flag());
  told.set_summary(absl::StrCat(ticket.key, " ", why_none, "; ", changes, ", and that is off in ",
                                setting.change.environment(), ": ", seen.state.detail(), ", by ",
                                seen.server, ". Switching ", told.flag(),
                                " on there is watched until the ticket passes on this build."));
  report.Add("qa.behind_flag", {ticket.key, told.summary(), ""});
  if (!coverage.disabled().empty()) {
    std::vector<std::string> places;
    for (const v1::CodePlace& place : coverage.disabled()) {
      places.push_back(absl::StrCat(place.path(), ":", place.line()));
    }
    report.Add("qa.disables_live_code",
               {ticket.key,
                absl::StrCat("Code that runs now stops running with ", told.flag(),
                             " off: ", Enumerate(places, kNamedFailures), "."),
                "Keep the old code in the other branch of the check, or be sure that nobody needs "
                "it."});
  }
  v1::FlagWatch& watch = *report.outcome().add_watches();
  watch.set_service(setting.change.service());
  watch.set_environment(setting.change.environment());
  watch.set_flag(told.flag());
  watch.set_ticket(ticket.key);
  watch.set_build(setting.head);
  *watch.mutable_cells() = told.cells();
}

// What has no result, in words; empty: nothing.
std::string Missing(const v1::TicketReport& told) {
  std::vector<std::string> parts;
  const auto none = Select(told, v1::QA_OUTCOME_UNSPECIFIED);
  if (!none.empty()) parts.push_back("no result for " + ByPlatform(none));
  const auto skipped = Select(told, v1::QA_OUTCOME_SKIPPED);
  if (!skipped.empty()) parts.push_back("skipped: " + ByPlatform(skipped));
  return absl::StrJoin(parts, "; ");
}

// Which builds have results, where this one has too few.
std::string Elsewhere(const Setting& setting) {
  const v1::QaRuns& runs = setting.evidence.Get(kRunsId).qa_runs();
  if (setting.results.TooOld(setting.head)) return " Older results of this build do not count.";
  if (runs.other_builds().empty()) return "";
  std::vector<std::string> builds;
  for (const std::string& build : runs.other_builds()) builds.push_back(Short(build));
  return absl::StrCat(" There are results of ", builds.size() == 1 ? "another build (" : "others (",
                      Enumerate(builds, 3), "), which are not what goes out.");
}

void AddMissing(const Setting& setting, const Ticket& ticket, v1::TicketReport& told,
                Report& report) {
  told.set_state(v1::TICKET_STATE_MISSING);
  const std::string name = Name(ticket.key);
  const std::string missing = Missing(told);
  const auto flaky = Select(told, v1::QA_OUTCOME_FLAKY);
  std::vector<std::string> why;
  if (!missing.empty()) {
    why.push_back(missing);
    report.AddUnproven(
        "qa.missing",
        {name,
         absl::StrCat(Capitalized(name), " is not tested on this build (", Short(setting.head),
                      "): ", missing, ".", Elsewhere(setting)),
         absl::StrCat("gatectl qa report REPORT.xml --service ", setting.change.service(),
                      " --build ", setting.head, " --platform PLATFORM",
                      ticket.key.empty() ? "" : absl::StrCat(" --ticket ", ticket.key))});
  }
  if (!flaky.empty()) {
    why.push_back("passed at the second try only: " + ByPlatform(flaky));
    report.AddUnproven(
        "qa.flaky", {name,
                     absl::StrCat(Capitalized(name),
                                  " failed and then passed in one run: ", ByPlatform(flaky), "."),
                     "Mend the test or the code and run it again; or set checks.qa.accept_flaky."});
  }
  told.set_summary(absl::StrCat(Capitalized(name), ": ", absl::StrJoin(why, "; "), "."));
}

void AddPassed(const Setting& setting, const Ticket& ticket, v1::TicketReport& told,
               Report& report) {
  const std::string name = Capitalized(Name(ticket.key));
  if (told.cells().empty()) {
    const bool passed = setting.results.PassedFor(ticket.key, setting.head);
    told.set_state(passed ? v1::TICKET_STATE_PASSED : v1::TICKET_STATE_NOT_REQUIRED);
    told.set_summary(absl::StrCat(name, passed ? " passed QA on this build."
                                               : ": the policy requires no case for what it "
                                                 "touches, and none failed."));
    return;
  }
  told.set_state(v1::TICKET_STATE_PASSED);
  told.set_summary(absl::StrCat(name, " passed QA: ", Count(told.cells_size(), "required case"),
                                " on ", Short(setting.head), "."));
  std::vector<const v1::QaCell*> reused;
  for (const v1::QaCell& cell : told.cells()) {
    if (cell.build() != setting.head) reused.push_back(&cell);
  }
  if (reused.empty()) return;
  report.Add("qa.reused", {Name(ticket.key),
                           absl::StrCat(name, " goes by results of ", Short(reused[0]->build()),
                                        ": ", ByPlatform(reused),
                                        ". Nothing of what they test was changed behind it."),
                           ""});
}

// Those that the change says are migrations, and what lies where migrations lie.
void FillMigrations(const Setting& setting, const v1::ReleaseTicket& code, v1::TicketReport& told) {
  for (const std::string& path : code.paths()) {
    const bool named =
        std::ranges::any_of(setting.change.schema_change().files(),
                            [&](const v1::MigrationFile& file) { return file.path() == path; });
    const bool looks_so = path.ends_with(".sql") || path.starts_with("migrations/") ||
                          path.find("/migrations/") != std::string::npos;
    if (named || looks_so) told.add_migrations(path);
  }
}

}  // namespace

v1::TicketReport JudgeTicket(const Setting& setting, const Ticket& ticket, Report& report) {
  v1::TicketReport told;
  told.set_key(ticket.key);
  told.set_title(ticket.title);
  FlagSeen seen;
  if (ticket.code != nullptr) {
    *told.mutable_commits() = ticket.code->commits();
    told.set_flag(ticket.code->flag());
    FillMigrations(setting, *ticket.code, told);
    if (ticket.code->has_revert()) *told.mutable_revert() = ticket.code->revert();
  }
  if (!told.flag().empty()) {
    seen = Look(told.flag(), !setting.policy.flags().empty(), setting.evidence.Get(kFlagsId));
    *told.mutable_flag_state() = seen.state;
    told.set_flag_server(seen.server);
    *told.mutable_coverage() = ticket.code->coverage();
    told.mutable_coverage()->clear_uncovered();
    told.mutable_coverage()->clear_disabled();
  }
  FillCells(setting, ticket, told);
  FillFailures(setting, ticket, told);

  const bool failed = !told.failed_cases().empty() || !Select(told, v1::QA_OUTCOME_FAILED).empty();
  const bool passed = !failed && std::ranges::all_of(told.cells(), [](const v1::QaCell& cell) {
    return cell.outcome() == v1::QA_OUTCOME_PASSED;
  });
  if (passed) {
    AddPassed(setting, ticket, told, report);
    return told;
  }
  const Off off = FindOut(setting, ticket, seen);
  const bool is_off = off.state == Off::State::kOff && !ticket.key.empty();
  if (failed) {
    if (is_off) {
      AddBehindFlag(setting, ticket, seen, absl::StrCat("failed QA: ", Failures(told)), told,
                    report);
    } else if (off.state == Off::State::kUnseen) {
      AddUnseen(ticket, off, told, report);
    } else {
      AddFailed(setting, ticket, off, told, report);
    }
  } else if (is_off && setting.policy.untested_behind_flag()) {
    AddBehindFlag(setting, ticket, seen, "is not tested on this build", told, report);
  } else {
    AddMissing(setting, ticket, told, report);
  }
  return told;
}

}  // namespace gate::qa
