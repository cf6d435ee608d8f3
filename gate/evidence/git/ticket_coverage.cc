#include "gate/evidence/git/ticket_coverage.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/flags/defaults.h"
#include "checks/qa/flag_off.h"
#include "checks/render/escape.h"

namespace gate::git {
namespace {

constexpr int kMostUncovered = 500;
constexpr int kMostDisabled = 100;
constexpr size_t kLongestCode = 256;
constexpr size_t kLongestFailure = 1024;
// Cover looks into files of 2 MiB at the most, and says so of larger ones.
constexpr size_t kLargestFile = 8 << 20;
constexpr size_t kMostBytes = 128 << 20;

// A change that no flag can guard.
struct Unread {
  const TreeChange* change;
  const char* rule;
  const char* reason;
};

std::string Shortened(const std::string& text, size_t longest) {
  std::string valid = render::ValidUtf8(text);
  if (valid.size() <= longest) return valid;
  // Not in the middle of a character.
  size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(valid[end]) & 0xC0) == 0x80) --end;
  return valid.substr(0, end);
}

v1::CodePlace PlaceOf(const flags::Place& place) {
  v1::CodePlace code;
  code.set_path(render::ValidUtf8(place.path));
  code.set_line(place.line);
  code.set_code(Shortened(place.code, kLongestCode));
  return code;
}

v1::FlagCoverage Failed(const std::string& flag, const std::string& why) {
  v1::FlagCoverage coverage;
  coverage.set_flag(flag);
  coverage.set_failure(Shortened(why, kLongestFailure));
  return coverage;
}

std::optional<Unread> Unreadable(const TreeChange& change) {
  if (change.before.submodule() || change.after.submodule()) {
    return Unread{&change, "submodule", "a submodule has changed, and what is in it is not read"};
  }
  if (change.before.link() || change.after.link()) {
    return Unread{&change, "symlink", "a symbolic link has changed, and it is not followed"};
  }
  if (change.before.there() && change.after.there() && change.before.mode != change.after.mode) {
    return Unread{&change, "file_mode", "whether the file can be run has changed"};
  }
  return std::nullopt;
}

class Covering {
 public:
  Covering(const Repository& repository, const Ownership& ownership, int ticket)
      : repository_(repository), ownership_(ownership), ticket_(ticket) {}

  absl::Status Read(const std::vector<TreeChange>& changes);
  v1::FlagCoverage Report(const flags::Coverage& found, const std::string& flag) const;
  const std::vector<flags::FileChange>& files() const { return files_; }

 private:
  // False where it is too large.
  absl::StatusOr<bool> ReadOne(const TreeChange& change);
  void AddUncovered(const v1::UncoveredLine& line, v1::FlagCoverage& coverage) const;

  const Repository& repository_;
  const Ownership& ownership_;
  const int ticket_;
  std::vector<flags::FileChange> files_;
  std::vector<Unread> unread_;
  size_t bytes_ = 0;
};

absl::StatusOr<bool> Covering::ReadOne(const TreeChange& change) {
  flags::FileChange file;
  file.path = change.path();
  if (change.renamed()) file.base_path = change.before.path;
  for (const auto& [side, text] :
       {std::pair(&change.before, &file.base), std::pair(&change.after, &file.head)}) {
    if (!side->text()) continue;
    auto read = repository_.Blob(side->id, std::min(kLargestFile, kMostBytes - bytes_), side->path);
    if (!read.ok()) return read.status();
    if (!*read) return false;
    bytes_ += (*read)->size();
    *text = *std::move(read);
  }
  files_.push_back(std::move(file));
  return true;
}

absl::Status Covering::Read(const std::vector<TreeChange>& changes) {
  for (const TreeChange& change : changes) {
    const bool worked_on =
        ownership_.WorkedOn(change.path(), ticket_) ||
        (change.before.there() && ownership_.WorkedOn(change.before.path, ticket_));
    if (!worked_on) continue;
    if (const std::optional<Unread> unread = Unreadable(change)) {
      unread_.push_back(*unread);
      const bool other_text = change.before.text() && change.after.text() &&
                              git_oid_equal(&change.before.id, &change.after.id) == 0;
      if (!other_text) continue;
    }
    const absl::StatusOr<bool> read = ReadOne(change);
    if (!read.ok()) return read.status();
    if (!*read) {
      unread_.push_back({&change, "too_large", "the change is too large to be looked into"});
    }
  }
  return absl::OkStatus();
}

void Covering::AddUncovered(const v1::UncoveredLine& line, v1::FlagCoverage& coverage) const {
  if (coverage.uncovered_size() < kMostUncovered) {
    *coverage.add_uncovered() = line;
  } else {
    coverage.set_more(coverage.more() + 1);
  }
}

v1::FlagCoverage Covering::Report(const flags::Coverage& found, const std::string& flag) const {
  v1::FlagCoverage coverage;
  coverage.set_flag(flag);
  bool all_own = true;
  int uncovered = 0;
  for (const flags::ChangedLine& line : found.lines) {
    const bool own = line.removed ? ownership_.WorkedOn(line.place.path, ticket_)
                                  : ownership_.Owns(line.place.path, line.place.line, ticket_);
    uncovered += line.state != flags::ChangedLine::State::kCovered;
    all_own &= own;
    if (!own) continue;
    coverage.set_lines(coverage.lines() + 1);
    if (line.state == flags::ChangedLine::State::kCovered) {
      coverage.set_covered_lines(coverage.covered_lines() + 1);
      continue;
    }
    v1::UncoveredLine told;
    *told.mutable_place() = PlaceOf(line.place);
    told.set_removed(line.removed);
    told.set_unknown(line.state == flags::ChangedLine::State::kUnknown);
    told.set_rule(line.rule);
    const std::string runtime =
        line.runtime.empty() || line.witness.empty()
            ? ""
            : absl::StrCat("; `", line.runtime, "` is called by the framework or the runtime");
    told.set_reason(render::ValidUtf8(line.reason + runtime));
    for (const flags::Place& place : line.witness) *told.add_witness() = PlaceOf(place);
    if (told.unknown()) coverage.set_unknown_nodes(coverage.unknown_nodes() + 1);
    AddUncovered(told, coverage);
  }
  if (uncovered == 0 && !found.AllCovered()) {
    return Failed(flag, "something is not covered, and no line says what");
  }
  if (all_own) {
    coverage.set_nodes(found.nodes);
    coverage.set_covered_nodes(found.covered_nodes);
    coverage.set_unknown_nodes(found.unknown_nodes);
  } else {
    // Whose a node is, lines tell: each counts once.
    coverage.set_nodes(coverage.lines());
    coverage.set_covered_nodes(coverage.covered_lines());
  }
  for (const Unread& unread : unread_) {
    v1::UncoveredLine told;
    told.mutable_place()->set_path(render::ValidUtf8(unread.change->path()));
    told.mutable_place()->set_line(1);
    told.set_removed(!unread.change->after.there());
    told.set_unknown(true);
    told.set_rule(unread.rule);
    told.set_reason(unread.reason);
    coverage.set_lines(coverage.lines() + 1);
    coverage.set_nodes(coverage.nodes() + 1);
    coverage.set_unknown_nodes(coverage.unknown_nodes() + 1);
    AddUncovered(told, coverage);
  }
  for (const flags::Place& place : found.disabled) {
    if (!ownership_.WorkedOn(place.path, ticket_)) continue;
    if (coverage.disabled_size() < kMostDisabled) *coverage.add_disabled() = PlaceOf(place);
  }
  return coverage;
}

}  // namespace

absl::StatusOr<v1::FlagCoverage> CoverTicket(const Repository& repository,
                                             const std::vector<TreeChange>& changes,
                                             const HeadFiles& head, const Ownership& ownership,
                                             int ticket, const flags::FlagQuestion& question) {
  Covering covering(repository, ownership, ticket);
  if (absl::Status read = covering.Read(changes); !read.ok()) return read;
  const flags::Coverage found = flags::Cover(covering.files(), head, question);
  if (absl::IsResourceExhausted(head.status())) {
    return Failed(question.flag, std::string(head.status().message()));
  }
  if (!head.status().ok()) return head.status();
  v1::FlagCoverage coverage = covering.Report(found, question.flag);
  if (coverage.covered_nodes() == 0 || !qa::IsCovered(coverage)) return coverage;
  // Whether all of it is covered as well by those checks alone that fall back to off.
  const flags::Defaults defaults(head);
  flags::FlagQuestion strict = question;
  strict.defaults = &defaults;
  const flags::Coverage by_defaults = flags::Cover(covering.files(), head, strict);
  if (!head.status().ok() && !absl::IsResourceExhausted(head.status())) return head.status();
  coverage.set_defaults_off(head.status().ok() &&
                            qa::IsCovered(covering.Report(by_defaults, question.flag)));
  return coverage;
}

}  // namespace gate::git
