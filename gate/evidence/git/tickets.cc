#include "gate/evidence/git/tickets.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checks/render/escape.h"
#include "checks/tickets/ticket_finder.h"
#include "gate/evidence/git/line_changes.h"

namespace gate::git {
namespace {

constexpr size_t kShortestAbbreviation = 7;
constexpr size_t kLongestFlag = 256;
constexpr std::array<const char*, 4> kTicketTrailers = {"Ticket", "Refs", "Closes", "Fixes"};

// Branches that all work goes to: what a merge of one brings is of no one ticket.
bool IsCommonBranch(std::string_view branch) {
  for (const std::string_view name :
       {"main", "master", "trunk", "develop", "development", "dev", "staging", "production"}) {
    if (branch == name) return true;
  }
  return branch.starts_with("release/") || branch.starts_with("release-");
}

bool IsRevision(std::string_view text) {
  return text.size() >= kShortestAbbreviation && text.size() <= GIT_OID_HEXSZ &&
         std::ranges::all_of(text, absl::ascii_isxdigit);
}

// The revisions that follow a phrase.
std::vector<std::string> RevisionsBehind(std::string_view text, std::string_view phrase) {
  std::vector<std::string> revisions;
  for (size_t at = text.find(phrase); at != std::string_view::npos;
       at = text.find(phrase, at + 1)) {
    const std::string_view rest = Stripped(text.substr(at + phrase.size()));
    const auto end = std::ranges::find_if_not(rest, absl::ascii_isxdigit);
    const std::string_view revision = rest.substr(0, static_cast<size_t>(end - rest.begin()));
    if (IsRevision(revision)) revisions.emplace_back(revision);
  }
  return revisions;
}

class Assignment {
 public:
  Assignment(const v1::ReleaseQuery& query, const Range& range, const Ancestors& ancestors,
             TicketFinder finder)
      : query_(query),
        range_(range),
        ancestors_(ancestors),
        finder_(std::move(finder)),
        keys_(range.commits.size()) {
    for (size_t i = 0; i < range.commits.size(); ++i) {
      by_revision_[Hex(range.commits[i].id)] = static_cast<int>(i);
    }
  }

  absl::StatusOr<Tickets> Run(const std::vector<bool>& plain_merges);

 private:
  absl::Status TakeWhatTheChangeSays();
  void TakeWhatMessagesSay();
  void TakeWhatMergesBrought();
  void TakeWhatIsTakenBack();
  void NameFlags(Tickets& tickets) const;

  // The commit of the range with that revision, where one alone has it.
  std::optional<int> Find(std::string_view revision) const;
  void AddFound(std::string_view text, std::set<std::string>& keys) const;
  std::set<std::string> KeysOfBranch(const std::string& source) const;

  const v1::ReleaseQuery& query_;
  const Range& range_;
  const Ancestors& ancestors_;
  const TicketFinder finder_;
  std::map<std::string, int> by_revision_;
  std::vector<std::set<std::string>> keys_;  // by commit
  std::vector<TakenBack> taken_back_;
};

std::optional<int> Assignment::Find(std::string_view revision) const {
  const std::string wanted = absl::AsciiStrToLower(std::string(revision));
  const auto found = by_revision_.lower_bound(wanted);
  if (found == by_revision_.end() || !found->first.starts_with(wanted)) return std::nullopt;
  const auto next = std::next(found);
  if (next != by_revision_.end() && next->first.starts_with(wanted)) return std::nullopt;
  return found->second;
}

void Assignment::AddFound(std::string_view text, std::set<std::string>& keys) const {
  for (const std::string& key : finder_.Find(text)) {
    if (IsTicketKey(key)) keys.insert(key);
  }
}

absl::Status Assignment::TakeWhatTheChangeSays() {
  std::set<std::string> seen;
  for (const v1::Ticket& ticket : query_.tickets()) {
    if (!IsTicketKey(ticket.key())) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", render::ValidUtf8(ticket.key()), "\" is no key of a ticket"));
    }
    if (!seen.insert(ticket.key()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("the ticket ", ticket.key(), " is there twice"));
    }
    for (const std::string& revision : ticket.commits()) {
      if (!IsRevision(revision)) {
        return absl::InvalidArgumentError(
            absl::StrCat("ticket ", ticket.key(), ": \"", render::ValidUtf8(revision),
                         "\" is no revision: 7 to 40 hexadecimal digits"));
      }
      // One that is not of this release has gone out before, or will later.
      if (const std::optional<int> commit = Find(revision)) {
        keys_[static_cast<size_t>(*commit)].insert(ticket.key());
      }
    }
  }
  return absl::OkStatus();
}

void Assignment::TakeWhatMessagesSay() {
  for (size_t i = 0; i < range_.commits.size(); ++i) {
    const std::string& message = range_.commits[i].message;
    AddFound(message, keys_[i]);
    for (const char* name : kTicketTrailers) {
      for (const std::string& value : TrailersOf(message, name)) {
        const std::vector<std::string> words =
            absl::StrSplit(value, absl::ByAnyChar(", \t"), absl::SkipEmpty());
        for (const std::string& word : words) {
          // "Closes: #12" is an issue, and a ticket only where the change calls it one.
          const bool known = std::ranges::any_of(
              query_.tickets(), [&](const v1::Ticket& ticket) { return ticket.key() == word; });
          const bool own = name == kTicketTrailers[0] && IsTicketKey(word);
          if (known || own) keys_[i].insert(word);
        }
      }
    }
  }
}

// Names of branches are often in lower case: tickets that the change names are found in any.
std::set<std::string> Assignment::KeysOfBranch(const std::string& source) const {
  std::set<std::string> keys;
  AddFound(source, keys);
  const std::string lower = absl::AsciiStrToLower(source);
  const auto ends_word = [&](size_t at) {
    return at >= lower.size() || !absl::ascii_isalnum(static_cast<unsigned char>(lower[at]));
  };
  for (const v1::Ticket& ticket : query_.tickets()) {
    const std::string key = absl::AsciiStrToLower(ticket.key());
    for (size_t at = lower.find(key); at != std::string::npos; at = lower.find(key, at + 1)) {
      if ((at == 0 || ends_word(at - 1)) && ends_word(at + key.size())) keys.insert(ticket.key());
    }
  }
  return keys;
}

void Assignment::TakeWhatMergesBrought() {
  for (size_t i = 0; i < range_.commits.size(); ++i) {
    if (!range_.commits[i].merge()) continue;
    const std::set<std::string> keys = KeysOfBranch(SourceOfMerge(range_.commits[i].message));
    if (keys.empty()) continue;
    keys_[i].insert(keys.begin(), keys.end());
    for (const int commit : ancestors_.BroughtBy(static_cast<int>(i))) {
      keys_[static_cast<size_t>(commit)].insert(keys.begin(), keys.end());
    }
  }
}

void Assignment::TakeWhatIsTakenBack() {
  for (size_t i = 0; i < range_.commits.size(); ++i) {
    const std::string& message = range_.commits[i].message;
    for (const std::string& revision : RevisionsBehind(message, "This reverts commit")) {
      const std::optional<int> commit = Find(revision);
      if (!commit || !ancestors_.Reaches(static_cast<int>(i), *commit) ||
          *commit == static_cast<int>(i)) {
        continue;
      }
      const RangeCommit& target = range_.commits[static_cast<size_t>(*commit)];
      TakenBack taken{static_cast<int>(i), *commit, 0};
      for (const std::string& kept : RevisionsBehind(message, "changes made to")) {
        for (size_t parent = 0; parent < target.parents.size(); ++parent) {
          if (Hex(target.parents[parent]).starts_with(kept)) taken.mainline = parent;
        }
      }
      taken_back_.push_back(taken);
    }
  }
  // A revert of a revert belongs to what that one took back: as often as anything is new.
  for (bool changed = true; changed;) {
    changed = false;
    for (const TakenBack& taken : taken_back_) {
      std::vector<int> targets = {taken.commit};
      if (range_.commits[static_cast<size_t>(taken.commit)].merge()) {
        const std::vector<int> brought = ancestors_.BroughtBy(taken.commit, taken.mainline);
        targets.insert(targets.end(), brought.begin(), brought.end());
      }
      std::set<std::string>& by = keys_[static_cast<size_t>(taken.by)];
      std::set<std::string>& target = keys_[static_cast<size_t>(taken.commit)];
      const size_t before = by.size() + target.size();
      target.insert(by.begin(), by.end());
      for (const int commit : targets) {
        const std::set<std::string>& keys = keys_[static_cast<size_t>(commit)];
        by.insert(keys.begin(), keys.end());
      }
      changed |= by.size() + target.size() != before;
    }
  }
}

void Assignment::NameFlags(Tickets& tickets) const {
  for (TicketWork& work : tickets.all) {
    const auto told = std::ranges::find(query_.tickets(), work.key, &v1::Ticket::key);
    if (told != query_.tickets().end()) {
      work.title = told->title();
      work.flag = told->flag();
      if (!work.flag.empty()) work.flag_origin = "the change";
    }
    // Commits that name no ticket have nothing to do with one another.
    if (!work.flag.empty() || work.key.empty()) continue;
    for (const int commit : work.commits) {
      const RangeCommit& by = range_.commits[static_cast<size_t>(commit)];
      for (const std::string& flag : TrailersOf(by.message, "Feature-Flag")) {
        if (flag.empty() || flag.size() > kLongestFlag) {
          work.flag_problem =
              absl::StrCat("the trailer Feature-Flag of ", ShortHex(by.id), " names no flag");
        } else if (work.flag.empty()) {
          work.flag = render::ValidUtf8(flag);
          work.flag_origin = Hex(by.id);
        } else if (work.flag != flag) {
          work.flag_problem = absl::StrCat("its commits name two flags: ", work.flag, " (",
                                           work.flag_origin.substr(0, 10), ") and ",
                                           render::ValidUtf8(flag), " (", ShortHex(by.id), ")");
        }
      }
    }
    if (!work.flag_problem.empty()) {
      work.flag.clear();
      work.flag_origin.clear();
    }
  }
}

absl::StatusOr<Tickets> Assignment::Run(const std::vector<bool>& plain_merges) {
  if (absl::Status taken = TakeWhatTheChangeSays(); !taken.ok()) return taken;
  TakeWhatMessagesSay();
  TakeWhatMergesBrought();
  TakeWhatIsTakenBack();
  std::map<std::string, std::vector<int>> commits;
  for (const v1::Ticket& ticket : query_.tickets()) commits[ticket.key()];
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].empty() && !plain_merges[i]) keys_[i].insert("");
    for (const std::string& key : keys_[i]) commits[key].push_back(static_cast<int>(i));
  }
  Tickets tickets;
  tickets.of_commit.resize(keys_.size());
  for (auto& [key, indexes] : commits) {
    for (const int commit : indexes) {
      tickets.of_commit[static_cast<size_t>(commit)].push_back(
          static_cast<int>(tickets.all.size()));
    }
    TicketWork& work = tickets.all.emplace_back();
    work.key = key;
    work.commits = std::move(indexes);
  }
  tickets.taken_back = std::move(taken_back_);
  NameFlags(tickets);
  return tickets;
}

}  // namespace

std::vector<std::string> TrailersOf(const std::string& message, const std::string& name) {
  git_message_trailer_array trailers = {};
  std::vector<std::string> values;
  if (git_message_trailers(&trailers, message.c_str()) != 0) return values;
  for (size_t i = 0; i < trailers.count; ++i) {
    if (absl::EqualsIgnoreCase(trailers.trailers[i].key, name)) {
      values.emplace_back(Stripped(trailers.trailers[i].value));
    }
  }
  git_message_trailer_array_free(&trailers);
  return values;
}

std::string SourceOfMerge(std::string_view message) {
  const size_t end = std::min(message.find('\n'), message.size());
  std::string_view subject = message.substr(0, end);
  if (const size_t into = subject.rfind(" into "); into != std::string_view::npos) {
    subject = subject.substr(0, into);
  }
  const size_t quote = subject.find('\'');
  if (quote != std::string_view::npos) {
    std::string_view branch = subject.substr(quote + 1);
    branch = branch.substr(0, branch.find('\''));
    if (branch.starts_with("origin/")) branch.remove_prefix(7);
    if (IsCommonBranch(branch)) return std::string(subject);
  }
  return absl::StrCat(std::string(subject), std::string(message.substr(end)));
}

absl::StatusOr<Tickets> AssignTickets(const v1::ReleaseQuery& query, const Range& range,
                                      const Ancestors& ancestors,
                                      const std::vector<bool>& plain_merges) {
  absl::StatusOr<TicketFinder> finder =
      TicketFinder::Make({query.ticket_patterns().begin(), query.ticket_patterns().end()});
  if (!finder.ok()) return finder.status();
  return Assignment(query, range, ancestors, *std::move(finder)).Run(plain_merges);
}

}  // namespace gate::git
