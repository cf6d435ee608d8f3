#include "checks/render/review.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/render/escape.h"
#include "checks/render/judgement.h"
#include "checks/render/paint.h"
#include "checks/render/words.h"

namespace gate::render {
namespace {

constexpr size_t kShortRevision = 9;
constexpr int kWidestTitle = 40;

// A word for how a ticket stands, with its sign and style.
struct Standing {
  std::string_view word;
  v1::Outcome like;  // the outcome that has its sign and style
};

Standing StandingOf(v1::TicketState state) {
  switch (state) {
    case v1::TICKET_STATE_PASSED:
      return {"passed", v1::OUTCOME_PASS};
    case v1::TICKET_STATE_NOT_REQUIRED:
      return {"nothing required", v1::OUTCOME_SKIPPED};
    case v1::TICKET_STATE_BEHIND_FLAG:
      return {"behind its flag", v1::OUTCOME_PASS};
    case v1::TICKET_STATE_MISSING:
      return {"not tested", v1::OUTCOME_INCONCLUSIVE};
    case v1::TICKET_STATE_FAILED:
      return {"FAILED", v1::OUTCOME_FAIL};
    default:
      return {"not proven", v1::OUTCOME_INCONCLUSIVE};
  }
}

std::string_view WordOf(v1::FlagValue value) {
  switch (value) {
    case v1::FLAG_VALUE_OFF:
      return "off";
    case v1::FLAG_VALUE_ON:
      return "ON";
    case v1::FLAG_VALUE_CODE_DEFAULT:
      return "not there";
    default:
      return "unknown";
  }
}

// "ios 3/4, web 4/4"
std::string Tested(const v1::TicketReport& ticket) {
  struct Count {
    int passed = 0, all = 0;
  };
  std::map<std::string, Count> platforms;
  for (const v1::QaCell& cell : ticket.cells()) {
    Count& count = platforms[cell.platform()];
    ++count.all;
    count.passed += cell.outcome() == v1::QA_OUTCOME_PASSED;
  }
  std::vector<std::string> parts;
  for (const auto& [platform, count] : platforms) {
    parts.push_back(absl::StrCat(platform, " ", count.passed, "/", count.all));
  }
  if (!ticket.failed_cases().empty()) {
    parts.push_back(absl::StrCat(ticket.failed_cases_size(), " more failed"));
  }
  return parts.empty() ? "-" : absl::StrJoin(parts, ", ");
}

std::string Flag(const v1::TicketReport& ticket) {
  if (ticket.flag().empty()) return "-";
  return absl::StrCat(ticket.flag(), ": ", std::string(WordOf(ticket.flag_state().value())));
}

std::string Behind(const v1::TicketReport& ticket) {
  if (ticket.flag().empty()) return "-";
  const v1::FlagCoverage& coverage = ticket.coverage();
  if (!coverage.failure().empty()) return "unknown";
  if (coverage.lines() == 0) return "runs nothing";
  return absl::StrCat(coverage.covered_lines(), "/", Count(coverage.lines(), "line"));
}

std::string TakeBack(const v1::TicketReport& ticket) {
  const v1::Revert& revert = ticket.revert();
  if (ticket.commits().empty()) return "-";
  if (!revert.failure().empty()) return "not tried";
  if (revert.commits().empty()) return "nothing left";
  return absl::StrCat(Count(revert.commits_size(), "commit"),
                      revert.clean() ? ", clean" : ", CONFLICTS");
}

std::string Key(const v1::TicketReport& ticket) {
  return ticket.key().empty() ? "(no ticket)" : ticket.key();
}

std::vector<const v1::TicketReport*> TicketsOf(const v1::Verdict& verdict) {
  std::vector<const v1::TicketReport*> tickets;
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    for (const v1::TicketReport& ticket : outcome.tickets()) tickets.push_back(&ticket);
  }
  return tickets;
}

const std::vector<std::string>& Header() {
  static const auto& header =
      *new std::vector<std::string>{"TICKET", "STANDS", "QA", "FLAG", "BEHIND IT", "TAKE BACK"};
  return header;
}

std::vector<std::string> Row(const v1::TicketReport& ticket) {
  return {Key(ticket),    std::string(StandingOf(ticket.state()).word),
          Tested(ticket), Flag(ticket),
          Behind(ticket), TakeBack(ticket)};
}

// "4444444..1111111, 12 commits"
std::string Span(const v1::Change& change) {
  if (change.head_revision().empty()) return "";
  std::string span = change.head_revision().substr(0, kShortRevision);
  if (!change.base_revision().empty()) {
    span = absl::StrCat(change.base_revision().substr(0, kShortRevision), "..", span);
  }
  if (!change.commits().empty()) {
    absl::StrAppend(&span, ", ", Count(change.commits_size(), "commit"));
  }
  return span;
}

// What is to be said of tickets beside their rows, and of the release beside its tickets.
struct Note {
  std::string title;
  std::string text;
};

std::vector<Note> Notes(const v1::Verdict& verdict) {
  std::vector<Note> notes;
  for (const v1::TicketReport* ticket : TicketsOf(verdict)) {
    const bool calm = ticket->state() == v1::TICKET_STATE_PASSED ||
                      ticket->state() == v1::TICKET_STATE_NOT_REQUIRED;
    if (!calm) notes.push_back({Key(*ticket), ticket->summary()});
    if (!ticket->migrations().empty()) {
      notes.push_back(
          {absl::StrCat(Key(*ticket), " migrates"), absl::StrJoin(ticket->migrations(), ", ")});
    }
    const v1::Revert& revert = ticket->revert();
    if (!calm && !revert.commits().empty()) {
      std::string text =
          absl::StrCat("git revert --no-edit ", absl::StrJoin(revert.commits(), " "));
      if (!revert.clean()) {
        absl::StrAppend(&text, "\nstops at ", revert.conflicting_commit().substr(0, kShortRevision),
                        " with conflicts in ", absl::StrJoin(revert.conflicting_paths(), ", "));
      }
      notes.push_back({absl::StrCat("Taking ", Key(*ticket), " back"), text});
    }
  }
  for (const v1::CheckOutcome& outcome : verdict.outcomes()) {
    if (outcome.check() == "qa") {
      for (const v1::Finding& finding : outcome.findings()) {
        if (finding.rule() == "qa.no_ticket" || finding.rule() == "qa.no_commits" ||
            finding.rule() == "qa.takes_back" || finding.rule() == "qa.other_failure" ||
            (finding.rule() == "qa.unproven" && finding.subject() == verdict.change().service())) {
          notes.push_back({finding.rule(), finding.message()});
        }
      }
    } else if (outcome.outcome() != v1::OUTCOME_SKIPPED) {
      notes.push_back({absl::StrCat(outcome.check(), ": ", std::string(Word(outcome.outcome()))),
                       outcome.summary()});
    }
  }
  return notes;
}

}  // namespace

std::string ReviewTable(const v1::Verdict& verdict, const Options& options) {
  std::string out =
      absl::StrCat(Paint(absl::StrCat(std::string(Sign(verdict.decision(), options.unicode)), " ",
                                      std::string(Word(verdict.decision()))),
                         StyleOf(verdict.decision()), options.color),
                   "  ", EscapeTerminalLine(Subject(verdict.change())));
  if (const std::string span = Span(verdict.change()); !span.empty()) {
    absl::StrAppend(&out, " (", EscapeTerminalLine(span), ")");
  }
  out += "\n\n";
  const std::vector<const v1::TicketReport*> tickets = TicketsOf(verdict);
  if (tickets.empty()) {
    out +=
        "  No ticket is known: the policy has no qa check for this change, or it could not be "
        "asked.\n";
  }
  std::vector<int> widths;
  for (const std::string& name : Header()) widths.push_back(DisplayWidth(name));
  std::vector<std::vector<std::string>> rows;
  for (const v1::TicketReport* ticket : tickets) {
    std::vector<std::string> row = Row(*ticket);
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = Clip(EscapeTerminalLine(row[i]), kWidestTitle, options.unicode);
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
    rows.push_back(std::move(row));
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) {
      text += i + 1 == cells.size() ? cells[i] : PadRight(cells[i], widths[i] + 2);
    }
    return text + "\n";
  };
  if (!rows.empty()) out += "    " + Paint(line(Header()), Style::kDim, options.color);
  for (size_t i = 0; i < rows.size(); ++i) {
    const v1::Outcome like = StandingOf(tickets[i]->state()).like;
    out += absl::StrCat("  ", Paint(Sign(like, options.unicode), StyleOf(like), options.color), " ",
                        line(rows[i]));
    const std::string title = EscapeTerminalLine(tickets[i]->title());
    if (!title.empty()) {
      out += "    " +
             Paint(Clip(title, std::max(20, options.width - 4), options.unicode), Style::kDim,
                   options.color) +
             "\n";
    }
  }
  for (const Note& note : Notes(verdict)) {
    out += "\n  " + Paint(EscapeTerminalLine(note.title), Style::kBold, options.color) + "\n";
    const bool to_paste = note.text.starts_with("git ");
    out += Wrap(EscapeTerminal(note.text), 4, to_paste ? 0 : options.width);
  }
  if (!verdict.name().empty()) {
    absl::StrAppend(&out, "\n  ", EscapeTerminalLine(verdict.name()), "\n");
  }
  return out;
}

std::string ReviewMarkdown(const v1::Verdict& verdict) {
  std::string out = absl::StrCat("## ", std::string(Word(verdict.decision())), ": ",
                                 EscapeMarkdown(Subject(verdict.change())), "\n\n");
  if (const std::string span = Span(verdict.change()); !span.empty()) {
    absl::StrAppend(&out, EscapeMarkdown(span), "\n\n");
  }
  const std::vector<const v1::TicketReport*> tickets = TicketsOf(verdict);
  if (!tickets.empty()) {
    absl::StrAppend(&out, "| ", absl::StrJoin(Header(), " | "), " |\n|",
                    absl::StrJoin(std::vector<std::string>(Header().size(), "---"), "|"), "|\n");
  }
  for (const v1::TicketReport* ticket : tickets) {
    std::vector<std::string> cells;
    for (const std::string& cell : Row(*ticket)) cells.push_back(EscapeMarkdown(cell));
    if (!ticket->title().empty()) absl::StrAppend(&cells[0], " ", EscapeMarkdown(ticket->title()));
    absl::StrAppend(&out, "| ", absl::StrJoin(cells, " | "), " |\n");
  }
  for (const Note& note : Notes(verdict)) {
    absl::StrAppend(&out, "\n**", EscapeMarkdown(note.title), "**\n\n",
                    note.text.starts_with("git ") ? MarkdownCodeBlock("sh", note.text)
                                                  : EscapeMarkdown(note.text) + "\n");
  }
  if (!verdict.name().empty()) absl::StrAppend(&out, "\n", EscapeMarkdown(verdict.name()), "\n");
  return out;
}

}  // namespace gate::render
