#include "checks/freeze/freeze.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/freeze/holidays.h"
#include "checks/freeze/local_time.h"
#include "checks/freeze/spread.h"
#include "checks/freeze/timeline.h"
#include "checks/freeze/validate.h"
#include "checks/proto_time.h"
#include "checks/stage.h"

namespace gate {
namespace freeze {
namespace {

constexpr RuleDoc kRules[] = {
    {"freeze.calendar_unreadable", "A freeze depends on a calendar that cannot be read.",
     "A window around public holidays is only as good as its calendar. Where the calendar is "
     "missing, "
     "broken, or ends before the days in question, nobody can say that today is not frozen, and a "
     "change that starts on the eve of a holiday meets its peak when nobody is at work.",
     "Repair the calendar file that the policy names and let the gate reload it "
     "(`gatectl lint policy` reads it as the gate does), or ask for an override of this finding."},
    {"freeze.inside_deny_window", "The change would start while changes are frozen.",
     "A change shows its worst under the next peak of traffic. One that starts on a Friday evening "
     "or "
     "before a holiday looks fine under little traffic, and fails on the first working morning, "
     "after "
     "days in which nobody looked, and when it is hardest to undo.",
     "Start at the moment that the finding names; `gatectl check --wait` waits for it. For what "
     "cannot wait, ask for an override of this finding, and stay until the next peak is over."},
    {"freeze.outside_allow_windows", "The change would start outside the times set aside for it.",
     "The policy says when changes to this service may start: usually when those who know it are "
     "at "
     "work and there is time left in their day to see the change through.",
     "Start in the window that the finding names; `gatectl check --wait` waits for it. For what "
     "cannot "
     "wait, ask for an override of this finding."},
};

std::string QueryId(const v1::FreezeWindow& window) {
  return absl::StrCat("freeze.calendar.", window.holidays().calendar());
}

bool Concerns(const v1::FreezeWindow& window, v1::ChangeKind kind) {
  const auto& exempt = window.exempt_kinds();
  return std::find(exempt.begin(), exempt.end(), kind) == exempt.end();
}

// Where one of the windows in which changes may start lets what has started finish, none of them is
// asked for again.
bool MayFinish(const v1::FreezeWindow& window, const v1::FreezePolicy& policy) {
  if (!IsAllow(window)) return window.lets_finish();
  return std::ranges::any_of(policy.windows(), [](const v1::FreezeWindow& other) {
    return IsAllow(other) && other.lets_finish();
  });
}

bool Concerns(const v1::FreezeWindow& window, const v1::Change& change,
              const v1::FreezePolicy& policy) {
  if (IsUnderWay(change) && MayFinish(window, policy)) return false;
  return Concerns(window, change.kind());
}

// The windows that concern a change, those around holidays with their calendar.
struct ConcernedWindows {
  struct Unreadable {
    const v1::FreezeWindow* window;
    std::string reason;
  };

  std::vector<DatedWindow> readable;
  std::vector<Unreadable> unreadable;
  std::map<std::string, Holidays, std::less<>> calendars;

  // Whether it is unknown if an ALLOW window is open.
  bool LacksAllow() const {
    return std::any_of(unreadable.begin(), unreadable.end(),
                       [](const Unreadable& u) { return IsAllow(*u.window); });
  }
};

absl::StatusOr<Holidays> ReadHolidays(const v1::Observation& observation, absl::CivilDay today) {
  if (observation.has_calendar()) return Holidays::Read(observation.calendar(), today);
  return absl::NotFoundError(Describe(observation.absence(), observation.source()));
}

ConcernedWindows WindowsFor(const v1::Change& change, const Evidence& evidence,
                            const v1::FreezePolicy& policy, absl::Time now) {
  ConcernedWindows windows;
  for (const v1::FreezeWindow& window : policy.windows()) {
    if (!Concerns(window, change, policy)) continue;
    const absl::Duration spread = SpreadOf(window, change.service(), change.environment());
    if (!window.has_holidays()) {
      windows.readable.push_back({&window, nullptr, spread});
      continue;
    }
    const std::string& name = window.holidays().calendar();
    auto calendar = windows.calendars.find(name);
    if (calendar == windows.calendars.end()) {
      const absl::CivilDay today = absl::ToCivilDay(now, ZoneOf(window));
      absl::StatusOr<Holidays> read = ReadHolidays(evidence.Get(QueryId(window)), today);
      if (!read.ok()) {
        windows.unreadable.push_back({&window, std::string(read.status().message())});
        continue;
      }
      calendar = windows.calendars.emplace(name, *std::move(read)).first;
    }
    windows.readable.push_back({&window, &calendar->second, spread});
  }
  return windows;
}

std::string In(const Turn& turn) { return Format(turn.time, ZoneOf(*turn.window)); }

// "us-holiday-weekends (Independence Day (observed))"
std::string Name(const DatedOccurrence& deny) {
  if (deny.occurrence.holidays.empty()) return deny.window->id();
  return absl::StrCat(deny.window->id(), " (", absl::StrJoin(deny.occurrence.holidays, ", "), ")");
}

// The reason as the author of the policy wrote it, without a full stop of its own.
std::string_view ReasonOf(const v1::FreezeWindow& window) {
  std::string_view reason = window.reason();
  while (reason.ends_with('.')) reason.remove_suffix(1);
  return reason;
}

// " Starts after weekend are spread over 30m, each service at a moment of its own."
std::string TellSpread(const v1::FreezeWindow& window) {
  const absl::Duration jitter = FromProto(window.jitter());
  if (jitter <= absl::ZeroDuration()) return "";
  return absl::StrCat(" Starts ", IsAllow(window) ? "at the beginning of " : "after ", window.id(),
                      " are spread over ", absl::FormatDuration(jitter),
                      ", each service at a moment of its own.");
}

// When the change may start, for a person; `sure` unless a calendar is missing.
std::string WhenItMayStart(const std::optional<Turn>& open, bool sure) {
  if (!open) return "No moment to start within 400 days.";
  return absl::StrCat("Start on ", In(*open), " or later",
                      sure ? "." : ", if the calendar that cannot be read allows it.",
                      open->window == nullptr ? "" : TellSpread(*open->window));
}

v1::Finding NewFinding(std::string_view rule, std::string subject, bool blocks,
                       const std::optional<Turn>& open) {
  v1::Finding finding;
  finding.set_rule(std::string(rule));
  finding.set_severity(v1::SEVERITY_BLOCK);
  finding.set_subject(std::move(subject));
  finding.set_holds(!blocks);
  if (open) *finding.mutable_clears_at() = ToProto(open->time);
  return finding;
}

v1::Finding Inside(const DatedOccurrence& deny, absl::Time now, const std::optional<Turn>& open,
                   bool sure) {
  const v1::FreezeWindow& window = *deny.window;
  v1::Finding finding = NewFinding("freeze.inside_deny_window", window.id(),
                                   window.decision() == v1::DECISION_BLOCK, open);
  const Turn end = {deny.occurrence.end - deny.spread, &window};
  std::string message =
      absl::StrCat(end.time <= now ? absl::StrCat("Frozen by ", Name(deny), ", which ended ",
                                                  In(end), ", until its own moment to start, ",
                                                  In({deny.occurrence.end, &window}))
                                   : absl::StrCat("Frozen by ", Name(deny), " until ", In(end)));
  const std::string_view reason = ReasonOf(window);
  absl::StrAppend(&message, reason.empty() ? "" : ": ", std::string(reason), ".");
  if (open && open->time > deny.occurrence.end) {
    absl::StrAppend(&message, " Other windows keep it closed until ", In(*open), ".");
  }
  finding.set_message(std::move(message));
  finding.set_instead(WhenItMayStart(open, sure));
  return finding;
}

v1::Finding Outside(const std::vector<DatedWindow>& windows, const std::optional<Turn>& open,
                    bool sure) {
  std::vector<std::string> ids;
  std::string reasons;
  bool blocks = false;
  for (const DatedWindow& dated : windows) {
    const v1::FreezeWindow* const window = dated.window;
    if (!IsAllow(*window)) continue;
    ids.push_back(window->id());
    blocks = blocks || window->decision() == v1::DECISION_BLOCK;
    const std::string_view reason = ReasonOf(*window);
    if (!reason.empty()) absl::StrAppend(&reasons, " ", std::string(reason), ".");
  }
  v1::Finding finding =
      NewFinding("freeze.outside_allow_windows", absl::StrJoin(ids, ", "), blocks, open);
  finding.set_message(absl::StrCat(
      "Changes start only in ", absl::StrJoin(ids, " or "), "; ",
      open ? absl::StrCat("the next opens ", In(*open)) : std::string("none opens within 400 days"),
      ".", reasons));
  finding.set_instead(WhenItMayStart(open, sure));
  return finding;
}

v1::Finding Unreadable(const ConcernedWindows::Unreadable& unreadable) {
  const v1::HolidayWindow& holidays = unreadable.window->holidays();
  v1::Finding finding;
  finding.set_rule("freeze.calendar_unreadable");
  finding.set_severity(v1::SEVERITY_WARN);
  finding.set_subject(unreadable.window->id());
  finding.set_message(absl::StrCat("Whether ", unreadable.window->id(),
                                   " is in force is unknown. Calendar ", holidays.calendar(), ": ",
                                   unreadable.reason, "."));
  finding.set_instead(
      absl::StrCat("Repair calendar ", holidays.calendar(), " in the policy, then ask again."));
  return finding;
}

void Fail(const std::optional<Turn>& open, v1::CheckOutcome& outcome) {
  const auto& findings = outcome.findings();
  const bool blocks = std::any_of(findings.begin(), findings.end(), [](const v1::Finding& finding) {
    return finding.severity() == v1::SEVERITY_BLOCK && !finding.holds();
  });
  outcome.set_outcome(v1::OUTCOME_FAIL);
  outcome.set_decision(blocks ? v1::DECISION_BLOCK : v1::DECISION_HOLD);
  outcome.set_summary(findings[0].message());
  outcome.add_unblock(findings[0].instead());
  outcome.add_unblock(absl::StrCat("Or an approved override of ", findings[0].rule(), "."));
  if (open) *outcome.mutable_retry_at() = ToProto(open->time);
}

void LeaveOpen(v1::CheckOutcome& outcome) {
  const v1::Finding& finding = outcome.findings(0);
  outcome.set_outcome(v1::OUTCOME_INCONCLUSIVE);
  outcome.set_decision(v1::DECISION_HOLD);
  outcome.set_summary(finding.message());
  outcome.add_unblock(finding.instead());
}

// An ALLOW that is given before a freeze must not be used inside it: it ends when the freeze
// begins.
void Pass(const Timeline& timeline, bool any_window, v1::CheckOutcome& outcome) {
  outcome.set_outcome(v1::OUTCOME_PASS);
  outcome.set_decision(v1::DECISION_ALLOW);
  if (!any_window) {
    outcome.set_summary("Open: no window is for this kind of change.");
    return;
  }
  const std::optional<Turn> closed = timeline.NextClosed();
  if (closed) *outcome.mutable_valid_until() = ToProto(closed->time);
  if (!closed) {
    outcome.set_summary("Open; no freeze within 400 days.");
  } else if (IsAllow(*closed->window)) {
    outcome.set_summary(
        absl::StrCat("Open until ", In(*closed), ", when ", closed->window->id(), " ends."));
  } else {
    outcome.set_summary(
        absl::StrCat("Open; next freeze: ", closed->window->id(), " from ", In(*closed), "."));
  }
}

std::vector<v1::Query> Needs(const v1::Change& change, const v1::PolicyRule& rule) {
  std::map<std::string, v1::Query> queries;
  const v1::FreezePolicy& policy = rule.checks().freeze();
  for (const v1::FreezeWindow& window : policy.windows()) {
    if (!window.has_holidays() || !Concerns(window, change, policy)) continue;
    v1::Query& query = queries[window.holidays().calendar()];
    query.set_id(QueryId(window));
    query.mutable_calendar()->set_calendar(window.holidays().calendar());
  }
  std::vector<v1::Query> needed;
  for (auto& [calendar, query] : queries) needed.push_back(std::move(query));
  return needed;
}

v1::CheckOutcome Judge(const v1::Change& change, const Evidence& evidence,
                       const v1::PolicyRule& rule, absl::Time now) {
  const ConcernedWindows windows = WindowsFor(change, evidence, rule.checks().freeze(), now);
  const Timeline timeline = Timeline::From(windows.readable, now);
  const std::optional<Turn> open = timeline.NextOpen();
  const bool sure = windows.unreadable.empty();

  v1::CheckOutcome outcome;
  for (const DatedOccurrence* deny : timeline.DenyingNow()) {
    *outcome.add_findings() = Inside(*deny, now, open, sure);
  }
  if (timeline.IsOutsideAllowed() && !windows.LacksAllow()) {
    *outcome.add_findings() = Outside(windows.readable, open, sure);
  }
  const bool fails = outcome.findings_size() > 0;
  for (const auto& unreadable : windows.unreadable) {
    *outcome.add_findings() = Unreadable(unreadable);
  }

  if (fails) {
    Fail(open, outcome);
  } else if (!sure) {
    LeaveOpen(outcome);
  } else {
    Pass(timeline, !windows.readable.empty(), outcome);
  }
  return outcome;
}

std::span<const RuleDoc> Rules() { return kRules; }

}  // namespace
}  // namespace freeze

const Check kFreezeCheck = {"freeze",         "Times in which changes do not start.",
                            freeze::Validate, freeze::Needs,
                            freeze::Judge,    freeze::Rules};

}  // namespace gate
