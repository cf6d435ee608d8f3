#include "clients/gatectl/ticket_release.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "checks/policy/suggest.h"
#include "checks/qa/flag_off.h"
#include "checks/tickets/ticket_finder.h"
#include "clients/gatectl/companion.h"
#include "clients/gatectl/process.h"
#include "clients/gatectl/revision.h"
#include "gate/v1/release.pb.h"

namespace gate::ctl {
namespace {

constexpr char kProgram[] = "gate-release";
constexpr char kMilliseconds[] = "600000";
constexpr size_t kNamedTickets = 10;
constexpr size_t kShortRevision = 10;

Or<v1::Release> Ask(const Git& git, const v1::ReleaseQuery& query, const std::string& ticket) {
  const ProcessResult result =
      RunProcess({CompanionProgram(kProgram), "--folder", git.root(), "--query", "-", "--answer",
                  "-", "--ticket", ticket, "--milliseconds", kMilliseconds},
                 "", query.SerializeAsString());
  if (!result.started) {
    return Problem{"E0212",
                   "cannot tell the tickets of a release apart",
                   {result.Failure()},
                   "",
                   "",
                   {"install gate-release beside gatectl (it comes with gated), or leave out "
                    "--ticket: then all of base..head is judged"}};
  }
  if (result.exit_code != 0) {
    // What gated reads is a mirror, and called so.
    const std::string cause = absl::StrReplaceAll(
        result.Failure(), {{absl::StrCat("the mirror ", git.root()), git.root()}});
    return Problem{"E0212", "cannot tell the tickets of a release apart", {cause}, "", "", {}};
  }
  v1::Release release;
  if (!release.ParseFromString(result.out)) {
    return Problem{"E0101", "gate-release's answer makes no sense",          {}, "",
                   "",      {"are gatectl and gate-release of one version?"}};
  }
  return release;
}

Problem NoCommits(const v1::Release& release, const std::string& ticket,
                  const FlagSettings& settings) {
  std::vector<std::string_view> keys;
  int without = 0;
  for (const v1::ReleaseTicket& other : release.tickets()) {
    if (other.key().empty()) without = other.commits_size();
    if (!other.key().empty() && other.commits_size() > 0) keys.push_back(other.key());
  }
  Problem problem{
      "E0201",
      absl::StrCat("no commit of this release belongs to ", ticket, DidYouMean(ticket, keys)),
      {},
      "",
      "",
      {}};
  if (release.commits().empty()) {
    problem.causes.push_back("there is no commit between base and head");
    problem.help.push_back("--base is what runs in production, --head what is to go out");
    return problem;
  }
  if (keys.empty()) {
    problem.causes.push_back("none of its commits names a ticket");
  } else {
    const size_t count = std::min(keys.size(), kNamedTickets);
    const std::vector<std::string> named(keys.begin(), keys.begin() + count);
    problem.causes.push_back(absl::StrCat("its tickets: ", absl::StrJoin(named, ", "),
                                          count < keys.size() ? ", ..." : ""));
    if (without > 0) {
      problem.causes.push_back(absl::StrCat(without, " of its ", release.commits_size(),
                                            without == 1 ? " commits names" : " commits name",
                                            " no ticket"));
    }
  }
  problem.help = {
      "a commit belongs to the ticket that its message names, a trailer \"Ticket: KEY\" of it, or "
      "the branch from which a merge brought it",
      settings.ticket_patterns.empty()
          ? "tickets of another form than TASKS-118: --policy FILE, with checks.qa.ticket_patterns"
          : absl::StrCat("tickets are what the policy's ticket_patterns find: ",
                         absl::StrJoin(settings.ticket_patterns, ", "))};
  return problem;
}

Problem NoFlag(const v1::ReleaseTicket& ticket) {
  const std::string& failure = ticket.coverage().failure();
  return {"E0201",
          absl::StrCat("which flag ", ticket.key(), " is behind is not known"),
          {failure.empty() ? "none of its commits has a trailer \"Feature-Flag: NAME\"" : failure},
          "",
          "",
          {"--flag NAME, as code names it"}};
}

flags::Place PlaceOf(const v1::CodePlace& place) {
  return {place.path(), place.line(), place.code()};
}

flags::Coverage CoverageOf(const v1::FlagCoverage& told) {
  flags::Coverage coverage;
  for (const v1::UncoveredLine& uncovered : told.uncovered()) {
    const flags::ChangedLine* before = coverage.lines.empty() ? nullptr : &coverage.lines.back();
    flags::ChangedLine line;
    line.place = PlaceOf(uncovered.place());
    line.state = uncovered.unknown() ? flags::ChangedLine::State::kUnknown
                                     : flags::ChangedLine::State::kUncovered;
    line.removed = uncovered.removed();
    line.rule = uncovered.rule();
    line.reason = uncovered.reason();
    for (const v1::CodePlace& place : uncovered.witness()) line.witness.push_back(PlaceOf(place));
    line.continues = before != nullptr && before->place.path == line.place.path &&
                     before->place.line + 1 == line.place.line;
    coverage.lines.push_back(std::move(line));
  }
  for (const v1::CodePlace& place : told.disabled()) coverage.disabled.push_back(PlaceOf(place));
  return coverage;
}

std::string Summary(const v1::ReleaseTicket& ticket) {
  const v1::FlagCoverage& told = ticket.coverage();
  const int commits = ticket.commits_size();
  std::string text = told.lines() == 0
                         ? absl::StrCat("nothing that ", ticket.key(), " changes is code that runs")
                         : absl::StrCat(told.covered_lines(), " of ", told.lines(), " changed ",
                                        told.lines() == 1 ? "line" : "lines", " of ", ticket.key(),
                                        " (", 100 * told.covered_lines() / told.lines(), " %) ",
                                        told.lines() == 1 ? "runs" : "run", " only where ",
                                        ticket.flag(), " is on");
  if (told.defaults_off()) {
    absl::StrAppend(&text, ", and not where the flag server does not have it either");
  }
  absl::StrAppend(&text, "; ", commits, commits == 1 ? " commit" : " commits");
  // The revision of a commit, or "the change": that is --flag here.
  if (ticket.flag_origin().size() > kShortRevision) {
    absl::StrAppend(&text, "; the flag is named by the trailer of ",
                    ticket.flag_origin().substr(0, kShortRevision));
  }
  return text;
}

void AddInputs(const Git& git, const std::string& head, const v1::ReleaseTicket& ticket,
               FlagFindings& findings) {
  for (const std::string& path : ticket.paths()) {
    findings.inputs.emplace_back().set_path(path);
  }
  const Revision revision(git, head);
  std::set<std::string> shown;
  for (const flags::ChangedLine& line : findings.coverage.lines) shown.insert(line.place.path);
  for (const flags::Place& place : findings.coverage.disabled) shown.insert(place.path);
  // Where one cannot be read there is no code frame.
  for (const std::string& path : shown) {
    if (std::optional<std::string> text = revision.Read(path)) findings.sources[path] = *text;
  }
}

}  // namespace

Or<FlagFindings> JudgeTicket(const Git& git, const std::string& base, const std::string& head,
                             const std::string& key, const std::string& flag,
                             const FlagSettings& settings) {
  if (!IsTicketKey(key)) {
    return Problem{"E0201", absl::StrCat("--ticket ", Quoted(key), " is no key of a ticket"),
                   {},      "",
                   "",      {"1 to 128 characters of [A-Za-z0-9._#/-], for example TASKS-118"}};
  }
  v1::ReleaseQuery query;
  query.set_repository(git.root());
  query.set_base_revision(base);
  query.set_head_revision(head);
  query.mutable_ticket_patterns()->Assign(settings.ticket_patterns.begin(),
                                          settings.ticket_patterns.end());
  query.mutable_flag_wrappers()->Assign(settings.wrappers.begin(), settings.wrappers.end());
  v1::Ticket& asked = *query.add_tickets();
  asked.set_key(key);
  asked.set_flag(flag);
  const Or<v1::Release> release = Ask(git, query, key);
  if (!release) return release.problem();
  const auto found = std::ranges::find(release->tickets(), key, &v1::ReleaseTicket::key);
  if (found == release->tickets().end() || found->commits().empty()) {
    return NoCommits(*release, key, settings);
  }
  if (found->flag().empty()) return NoFlag(*found);
  FlagFindings findings;
  findings.flag = found->flag();
  findings.coverage = CoverageOf(found->coverage());
  findings.more = found->coverage().more();
  findings.summary = Summary(*found);
  if (const int lost = release->lost_size(); lost > 0) {
    absl::StrAppend(&findings.summary, "; what runs now has ", lost,
                    lost == 1 ? " commit" : " commits",
                    " that head does not have, and that is not looked at");
  }
  findings.covered = qa::IsCovered(found->coverage());
  if (const std::string& failure = found->coverage().failure(); !failure.empty()) {
    findings.summary = absl::StrCat("nothing is known of ", key);
    findings.unjudged.push_back({"", absl::StrCat("how much of ", key, " is behind ", found->flag(),
                                                  " could not be found out: ", failure)});
  }
  AddInputs(git, head, *found, findings);
  return findings;
}

}  // namespace gate::ctl
