#include "checks/flags/coverage.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/flags/binary.h"
#include "checks/flags/callers.h"
#include "checks/flags/changed_file.h"
#include "checks/flags/counted.h"
#include "checks/flags/decisions.h"
#include "checks/flags/definitions.h"
#include "checks/flags/language.h"
#include "checks/flags/references.h"

namespace gate::flags {
namespace {

using State = ChangedLine::State;

// Of code that has changed, before and after: about ten times as much memory is needed.
constexpr size_t kMostBytes = 48 << 20;

// What is said of the lines of one changed file.
class Lines {
 public:
  Lines(const ChangedFile& file, Callers& callers, CallGraph& graph, Files& files)
      : file_(file), decisions_(file, callers, files), graph_(graph) {}

  void Judge(Coverage& coverage) {
    JudgeTokens();
    for (const TokenRun& run : file_.diff().removed) JudgeRemoved(run);
    int before = 0;  // the line before
    for (auto& [at, line] : lines_) {
      line.continues =
          std::ranges::upper_bound(stood_, before) == std::ranges::lower_bound(stood_, at.first);
      before = at.first;
      coverage.lines.push_back(std::move(line));
    }
    for (auto& [line, place] : disabled_) coverage.disabled.push_back(std::move(place));
    coverage.nodes += static_cast<int>(owners_.size());
    for (const auto& [owner, state] : owners_) {
      coverage.covered_nodes += state == State::kCovered;
      coverage.unknown_nodes += state == State::kUnknown;
    }
  }

 private:
  const SyntaxTree& head() const { return file_.head(); }

  void JudgeTokens() {
    const std::vector<uint64_t> before = NestingOf(file_.base(), file_.base_guards());
    const std::vector<uint64_t> after = NestingOf(head(), file_.head_guards());
    const TokenDiff& diff = file_.diff();
    for (size_t i = 0; i < diff.head.size(); ++i) {
      const NodeId token = diff.head[i];
      if (file_.IsAdded(i)) {
        if (Counts(head(), token) || IsCalledNow(i)) {
          Say(token, decisions_.Of(token));
        } else if (const NodeId header = HeaderAround(head(), token); !file_.IsNew(header)) {
          Say(token, decisions_.OfHeader(header));
        }
        continue;
      }
      if (!Counts(head(), token)) continue;
      const size_t same = diff.same[i];
      if (same == TokenDiff::kNone) continue;
      if (stood_.empty() || stood_.back() != LineOf(token)) stood_.push_back(LineOf(token));
      const NodeId old = diff.base[same];
      const bool was = file_.base_guards().Guarding(old).has_value();
      const bool is = file_.head_guards().Guarding(token).has_value();
      if (was && !is) {
        Say(token, Uncovered("guard_removed", "ran only with the flag on before this change"));
      } else if (!was && is) {
        disabled_.try_emplace(LineOf(token), PlaceAt(file_.path(), head(), token));
      } else if (!is && before[old] != after[token]) {
        Say(token, Uncovered("moved", "it stands in another block than before"));
      }
    }
  }

  // The bracket by which something that was there before, and was not called, is called.
  bool IsCalledNow(size_t i) const {
    const TokenDiff& diff = file_.diff();
    if (!OpensArguments(head(), diff.head[i]) || i == 0) return false;
    const size_t same = diff.same[i - 1];
    if (same == TokenDiff::kNone) return false;
    return same + 1 == diff.base.size() || !OpensArguments(file_.base(), diff.base[same + 1]);
  }

  // The same of what is not called any more.
  bool WasCalled(size_t i) const {
    const TokenDiff& diff = file_.diff();
    if (!OpensArguments(file_.base(), diff.base[i]) || i == 0) return false;
    const auto before = std::ranges::find(diff.same, i - 1);
    if (before == diff.same.end()) return false;
    const auto next = static_cast<size_t>(before - diff.same.begin()) + 1;
    return next == diff.head.size() || !OpensArguments(head(), diff.head[next]);
  }

  // The name of a function or class that is not there any more, by which others may call it.
  bool IsGoneName(NodeId token) {
    const SyntaxTree& base = file_.base();
    const NodeId definition = HeaderAround(base, token);
    if (definition == 0 || base.Child(definition, "name") != token) return false;
    return graph_.To(std::string(base.Text(token))).At(0) != nullptr;
  }

  // Said once of all that was removed in one place, at what stands behind it.
  void JudgeRemoved(const TokenRun& run) {
    const SyntaxTree& base = file_.base();
    const TokenDiff& diff = file_.diff();
    for (size_t i = run.begin; i < run.end; ++i) {
      const NodeId token = diff.base[i];
      if (file_.IsRetained(i)) continue;
      if (!Counts(base, token) && !IsGoneName(token) && !WasCalled(i)) continue;
      if (file_.base_guards().Guarding(token)) continue;
      if (file_.base_guards().PartOfCheck(token)) continue;  // What it guarded is looked at itself.
      const Place was = PlaceAt(file_.path(), base, token);
      const Said said =
          Uncovered("removed", absl::StrCat("removed, and it ran before: ", was.code));
      const auto behind = std::ranges::find_if(
          diff.same, [&](size_t same) { return same != TokenDiff::kNone && same >= i; });
      if (behind == diff.same.end()) {
        const auto lines = std::ranges::count(head().text(), '\n');
        SayRemoved({file_.path(), static_cast<int>(lines) + 1, ""}, said);
      } else {
        const NodeId next = diff.head[static_cast<size_t>(behind - diff.same.begin())];
        SayRemoved(PlaceAt(file_.path(), head(), next), said);
      }
      return;
    }
  }

  int LineOf(NodeId token) const { return static_cast<int>(head()[token].row) + 1; }

  void Say(NodeId token, const Said& said) {
    if (ChangedLine* line = LineFor(LineOf(token), false, said)) {
      line->place = PlaceAt(file_.path(), head(), token);
      const NodeId function = DefinitionAround(head(), token);
      if (said.state != State::kCovered && function != 0) {
        Witness witness = graph_.WitnessOf(head(), function);
        line->runtime = std::move(witness.runtime);
        line->witness = std::move(witness.path);
      }
    }
    // By the statement or call whose part it is.
    NodeId owner = token;
    while (owner != 0 && !IsOwner(owner)) owner = head()[owner].parent;
    State& state = owners_.try_emplace(owner, said.state).first->second;
    state = std::max(state, said.state);
  }

  bool IsOwner(NodeId node) const {
    switch (head()[node].role) {
      case Role::kCall:
      case Role::kAssignment:
      case Role::kDeclaration:
      case Role::kExit:
      case Role::kImport:
      case Role::kBinary:
        return true;
      default:
        return head().Is(head()[node].parent, Role::kBlock) ||
               head().Is(head()[node].parent, Role::kModule);
    }
  }

  void SayRemoved(Place place, const Said& said) {
    if (ChangedLine* line = LineFor(place.line, true, said)) line->place = std::move(place);
  }

  // The line, if this is what is to be said of it: the worst counts. Null if it is not.
  ChangedLine* LineFor(int number, bool removed, const Said& said) {
    const auto [entry, fresh] = lines_.try_emplace(std::pair(number, removed));
    ChangedLine& line = entry->second;
    const bool worse = line.state == State::kCovered && said.state != State::kCovered;
    if (!fresh && !worse) return nullptr;
    line.state = said.state;
    line.removed = removed;
    line.rule = said.rule;
    line.reason = said.reason;
    return &line;
  }

  const ChangedFile& file_;
  Decisions decisions_;
  CallGraph& graph_;
  std::map<std::pair<int, bool>, ChangedLine> lines_;  // By line and whether it is of what is gone.
  std::vector<int> stood_;  // Lines with code that was there before, ascending.
  std::map<int, Place> disabled_;
  std::map<NodeId, State> owners_;
};

// Whether all that there is of a file, before and after, only is to be seen or heard.
bool OnlyPicturesOrSound(const FileChange& change) {
  const auto is = [](const std::string& path, const std::optional<std::string>& text) {
    return !text || IsPictureOrSound(path, *text);
  };
  return is(change.base_path.empty() ? change.path : change.base_path, change.base) &&
         is(change.path, change.head);
}

size_t BytesToParse(const FileChange& change) {
  size_t bytes = 0;
  for (const auto* text : {&change.base, &change.head}) {
    if (*text && (*text)->size() <= SyntaxTree::kMostBytes) bytes += (*text)->size();
  }
  return LanguageOf(change.path) == nullptr ? 0 : bytes;
}

// A file that cannot be read, as a whole.
void AddUnread(const FileChange& change, std::string_view why, Coverage& coverage) {
  ChangedLine line;
  line.place = {change.path, 1, ""};
  line.state = State::kUnknown;
  line.rule = "unknown";
  line.reason = why;
  coverage.lines.push_back(std::move(line));
  ++coverage.nodes;
  ++coverage.unknown_nodes;
}

}  // namespace

int Coverage::uncovered_lines() const {
  return static_cast<int>(std::ranges::count_if(
      lines, [](const ChangedLine& line) { return line.state != State::kCovered; }));
}

Coverage Cover(const std::vector<FileChange>& changes, const Sources& head,
               const FlagQuestion& question) {
  const FlagReads reads(question);
  Files files(head, reads);
  Coverage coverage;
  std::vector<std::unique_ptr<ChangedFile>> changed;
  size_t bytes = 0;               // of code
  std::deque<FileChange> halves;  // Of changes of which the other half is of tests.
  for (const FileChange& whole : changes) {
    const bool from_test = !whole.base_path.empty() && IsTestOrText(whole.base_path);
    const bool to_test = IsTestOrText(whole.path);
    if (to_test && (from_test || whole.base_path.empty())) continue;
    if (to_test) halves.push_back({whole.base_path, "", whole.base, std::nullopt});
    if (from_test) halves.push_back({whole.path, "", std::nullopt, whole.head});
    const FileChange& change = to_test || from_test ? halves.back() : whole;
    if (OnlyPicturesOrSound(change)) continue;
    bytes += BytesToParse(change);
    if (bytes > kMostBytes) {
      AddUnread(change, "more code has changed than is read at once", coverage);
      continue;
    }
    absl::StatusOr<std::unique_ptr<ChangedFile>> file = ChangedFile::Read(change, reads, files);
    if (file.ok()) {
      changed.push_back(*std::move(file));
    } else if (LanguageOf(change.path) == nullptr && IsBinary(change.head.value_or(""))) {
      AddUnread(change, "it is in binary form, and what it does where it runs is not known",
                coverage);
    } else {
      AddUnread(change, std::string(file.status().message()), coverage);
    }
  }
  CallGraph graph(files);
  Callers callers(changed, graph);
  for (const auto& file : changed) Lines(*file, callers, graph, files).Judge(coverage);
  std::ranges::sort(coverage.lines, {}, [](const ChangedLine& line) {
    return std::tuple(line.place.path, line.place.line, line.removed);
  });
  return coverage;
}

}  // namespace gate::flags
