// Every guard of the cases is broken in every way that its place allows (mutants.h): each line that
// rests on it has to become uncovered.
//
// Which lines rest on a check is found out by putting something unrelated in its place, and is not
// taken from what is said of them. A line that another check covers as well does not: it is tried
// with all others made unrelated, so that one alone is left. With every check made unrelated
// nothing may be covered at all; that is what this begins with.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/flags/coverage.h"
#include "checks/flags/flag_reads.h"
#include "checks/flags/guards.h"
#include "checks/flags/syntax_tree.h"
#include "tests/flags/cases.h"
#include "tests/flags/mutants.h"
#include "tests/flags/patchwork.h"

namespace gate::flags {
namespace {

struct Counts {
  int mutants = 0, lines = 0, survivors = 0, unreadable = 0;
};

// By kind of mutant and language.
std::map<std::pair<std::string, std::string>, Counts>& Totals() {
  static auto& totals = *new std::map<std::pair<std::string, std::string>, Counts>;
  return totals;
}

// A text with what was read out of it: nothing, where it is not understood as a whole.
struct ReadText {
  explicit ReadText(const std::string& path, std::string all)
      : text(std::move(all)), tree(TreeOf(*LanguageOf(path), text)) {}
  bool Broken() const {
    return (tree.text().empty() && !text.empty()) ||
           std::ranges::any_of(tree.nodes(), [](const auto& node) { return node.broken; });
  }
  static SyntaxTree TreeOf(const Language& language, std::string_view text) {
    absl::StatusOr<SyntaxTree> tree = SyntaxTree::Parse(language, text);
    return tree.ok() ? *std::move(tree) : *SyntaxTree::Parse(language, "");
  }
  const std::string text;
  const SyntaxTree tree;
};

int LineOf(std::string_view text, size_t byte) {
  return static_cast<int>(std::ranges::count(text.substr(0, byte), '\n')) + 1;
}

bool IsGuarded(const ChangedLine& line) {
  return line.state == ChangedLine::State::kCovered && !line.removed && line.rule != "import";
}

// What was there before, for a text that a mutant has become.
enum class Before {
  kGiven,    // What the case has.
  kMutated,  // The mutant without the lines that the case adds: they alone are new.
  kNothing,  // All is new.
};

class Mutation : public ::testing::TestWithParam<std::filesystem::path> {
 protected:
  Mutation()
      : case_(ReadCase(GetParam())),
        reads_({kCaseFlag, {}}),
        head_(case_.path, case_.head),
        guards_(head_.tree, reads_),
        checks_(ChecksIn(head_.tree, reads_, guards_)) {
    size_t at = 0;
    for (int line = 1; at < case_.head.size(); ++line) {
      const size_t end = std::min(case_.head.find('\n', at), case_.head.size() - 1) + 1;
      const auto mark = case_.marks.find(line);
      if (mark != case_.marks.end() && IsAdded(mark->second)) added_.push_back({at, end});
      at = end;
    }
  }

  std::string BaseOf(const Patchwork& head, Before before) const {
    if (before == Before::kNothing) return "";
    return before == Before::kGiven || case_.has_base ? case_.base : head.Without(added_);
  }

  std::map<int, const ChangedLine*> Lines(const Coverage& coverage) const {
    std::map<int, const ChangedLine*> lines;
    for (const ChangedLine& line : coverage.lines) {
      if (!line.removed && line.place.path == case_.path) lines[line.place.line] = &line;
    }
    return lines;
  }

  Coverage CoverText(const std::string& head, const std::string& base,
                     std::map<std::string, std::string> others = {}) const {
    FileChange change;
    change.path = case_.path;
    if (!base.empty()) change.base = base;
    change.head = head;
    others[case_.path] = head;
    return Cover({change}, Texts(std::move(others)), {kCaseFlag, {}});
  }

  // A byte of each line that is covered by more than being a check.
  std::vector<size_t> CoveredPlaces(const Coverage& coverage) const {
    std::map<int, bool> by_calls;
    for (const ChangedLine& line : coverage.lines) {
      if (IsGuarded(line)) by_calls[line.place.line] = line.rule == "G8";
    }
    std::map<int, size_t> places;
    const auto& nodes = head_.tree.nodes();
    for (NodeId id = 0; id < nodes.size(); ++id) {
      const int line = static_cast<int>(nodes[id].row) + 1;
      const auto found = by_calls.find(line);
      if (found == by_calls.end() || !head_.tree.IsLeaf(id) || !nodes[id].named) continue;
      if (nodes[id].role == Role::kComment || guards_.IsEmptyExit(id)) continue;
      const bool asks = std::ranges::any_of(
          checks_, [&](const Check& check) { return head_.tree.Contains(check.node, id); });
      if (asks) continue;
      const bool guarded = guards_.Guarding(id) && !guards_.PartOfCheck(id);
      if (guarded || found->second) places.try_emplace(line, nodes[id].begin);
    }
    std::vector<size_t> bytes;
    for (const auto& [line, byte] : places) bytes.push_back(byte);
    return bytes;
  }

  // Those that are covered in a text that the head has become.
  std::vector<size_t> StillCovered(const std::vector<size_t>& places, const Patchwork& head,
                                   Before before) const {
    const std::string text = head.Text();
    const Coverage coverage = CoverText(text, BaseOf(head, before));
    const auto lines = Lines(coverage);
    std::vector<size_t> covered;
    for (const size_t place : places) {
      const auto line = lines.find(LineOf(text, head.Find(place).value_or(0)));
      if (line != lines.end() && IsGuarded(*line->second)) covered.push_back(place);
    }
    return covered;
  }

  Patchwork Without(const std::vector<const Check*>& checks) const {
    std::vector<Edit> edits;
    for (const Check* check : checks) edits.push_back(Unrelated(head_.tree, *check));
    return Patchwork(case_.head, std::move(edits));
  }

  // Each place has to be uncovered in the mutant.
  void Expect(const Mutant& mutant, const std::vector<Edit>& also,
              const std::vector<size_t>& places, Before before) {
    std::vector<Edit> edits = mutant.edits;
    edits.insert(edits.end(), also.begin(), also.end());
    const Patchwork patchwork(case_.head, std::move(edits));
    const std::string text = patchwork.Text();
    const ReadText read(case_.path, text);
    Counts& counts = Totals()[std::pair(mutant.kind, std::string(head_.tree.language().name))];
    if (read.Broken() && !head_.Broken()) {
      ++counts.unreadable;
      return;
    }
    const Coverage coverage = CoverText(text, BaseOf(patchwork, before), mutant.others);
    const auto lines = Lines(coverage);
    ++counts.mutants;
    for (const size_t place : places) {
      const auto now = patchwork.Find(place);
      if (!now || !mutant.uncovers.Contains(place)) continue;
      ++counts.lines;
      const auto line = lines.find(LineOf(text, *now));
      const bool killed = line != lines.end() && !IsGuarded(*line->second);
      if (killed) continue;
      ++counts.survivors;
      ADD_FAILURE() << case_.name << ":" << LineOf(case_.head, place) << " survives \""
                    << mutant.kind << "\" as line " << LineOf(text, *now) << " ("
                    << (line == lines.end() ? "not said" : line->second->rule)
                    << ", before: " << static_cast<int>(before) << ") of\n"
                    << text;
    }
  }

  // All mutants of one check, of which alone some lines rest.
  void Break(const Check& check, const std::vector<Edit>& also, const std::vector<size_t>& places,
             Before before) {
    if (places.empty()) return;
    for (Mutant& mutant : MutantsOf(head_.tree, reads_, guards_, check, places)) {
      const auto overlaps = [&](const Edit& edit) {
        return std::ranges::any_of(also, [&](const Edit& other) {
          return edit.range.begin < other.range.end && other.range.begin < edit.range.end;
        });
      };
      // One piece would hold another that is changed as well.
      if (std::ranges::any_of(mutant.edits, overlaps)) continue;
      Expect(mutant, also, places, before);
    }
  }

  const MarkedCase case_;
  const FlagReads reads_;
  const ReadText head_;
  const Guards guards_;
  const std::vector<Check> checks_;
  std::vector<Range> added_;  // Lines.
};

TEST_P(Mutation, UncoversWhatRestsOnIt) {
  std::vector<const Check*> all;
  for (const Check& check : checks_) all.push_back(&check);
  for (const Before before : {Before::kGiven, Before::kMutated, Before::kNothing}) {
    const Patchwork head(case_.head, {});
    const std::vector<size_t> places = CoveredPlaces(CoverText(case_.head, BaseOf(head, before)));
    for (const size_t place : StillCovered(places, Without(all), before)) {
      ADD_FAILURE() << case_.name << ":" << LineOf(case_.head, place)
                    << " is covered where nothing asks for the flag";
    }
    for (const Check& check : checks_) {
      const std::vector<size_t> others = StillCovered(places, Without({&check}), before);
      std::vector<size_t> resting;
      std::ranges::set_difference(places, others, std::back_inserter(resting));
      Break(check, {}, resting, before);
      // What more than one check covers, with this one alone.
      std::vector<const Check*> rest;
      std::vector<Edit> unrelated;
      for (const Check* other : all) {
        if (other != &check) rest.push_back(other);
        if (other != &check) unrelated.push_back(Unrelated(head_.tree, *other));
      }
      if (others.empty() || rest.empty()) continue;
      Break(check, unrelated, StillCovered(others, Without(rest), before), before);
    }
  }
}

TEST_P(Mutation, SecondCallersUncover) {
  const std::string ending = std::filesystem::path(case_.path).extension();
  for (const Before before : {Before::kGiven, Before::kNothing}) {
    const Coverage coverage = CoverText(case_.head, BaseOf(Patchwork(case_.head, {}), before));
    std::map<NodeId, std::vector<size_t>> functions;
    for (const size_t place : CoveredPlaces(coverage)) {
      const auto lines = Lines(coverage);
      const auto line = lines.find(LineOf(case_.head, place));
      if (line == lines.end() || line->second->rule != "G8") continue;
      NodeId function = 0;  // The innermost comes last.
      for (NodeId id = 0; id < head_.tree.nodes().size(); ++id) {
        const SyntaxTree::Node& node = head_.tree[id];
        const bool holds = node.begin <= place && place < node.end;
        if (holds && node.role == Role::kFunction) function = id;
      }
      if (function != 0) functions[function].push_back(place);
    }
    for (const auto& [function, places] : functions) {
      for (const Mutant& mutant : CallersOf(head_.tree, function, ending)) {
        Expect(mutant, {}, places, before);
      }
      for (const Mutant& mutant : GuardedCallersOf(head_.tree, function, ending)) {
        const Patchwork patchwork(case_.head, mutant.edits);
        const std::string text = patchwork.Text();
        const Coverage guarded = CoverText(text, BaseOf(patchwork, before), mutant.others);
        const auto lines = Lines(guarded);
        for (const size_t place : places) {
          const auto line = lines.find(LineOf(text, patchwork.Find(place).value_or(0)));
          EXPECT_TRUE(line != lines.end() && IsGuarded(*line->second))
              << case_.name << ":" << LineOf(case_.head, place) << " is lost by \"" << mutant.kind
              << "\" in\n"
              << text;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, Mutation, ::testing::ValuesIn(AllCases()),
                         [](const auto& info) { return ReadCase(info.param).name; });

// What was tried, told behind the tests.
class Table : public ::testing::Environment {
 public:
  void TearDown() override {
    std::printf("%-26s %-11s %8s %8s %10s %10s\n", "mutants", "language", "tried", "lines",
                "survivors", "unreadable");
    Counts sum;
    for (const auto& [key, counts] : Totals()) {
      std::printf("%-26s %-11s %8d %8d %10d %10d\n", key.first.c_str(), key.second.c_str(),
                  counts.mutants, counts.lines, counts.survivors, counts.unreadable);
      sum.mutants += counts.mutants;
      sum.lines += counts.lines;
      sum.survivors += counts.survivors;
      sum.unreadable += counts.unreadable;
    }
    std::printf("%-26s %-11s %8d %8d %10d %10d\n", "all", "all", sum.mutants, sum.lines,
                sum.survivors, sum.unreadable);
  }
};

const ::testing::Environment* const kTable = ::testing::AddGlobalTestEnvironment(new Table);

}  // namespace
}  // namespace gate::flags
