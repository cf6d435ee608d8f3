// How often flag coverage is right about real commits, held against a reviewed list of lines:
//
//   flag_accuracy [-v] --repositories DIR FILE
//
// DIR has a bare repository at OWNER+NAME/repo for each that FILE speaks of. FILE has a line for
// each commit, which is held against its first parent, and below it, indented, the lines of the
// text after that run only where the flag is on; FILE tells how that list was made:
//
//   OWNER/NAME COMMIT FLAG KIND [FUNCTION:ARGUMENT ...]
//     PATH 12-20 31
//
// KIND is one of wraps (code that was there gets a check around it), introduces (it is written,
// without one), behind (new code, all of it behind a check), partly (some of it). The functions are
// wrappers, as for `gatectl lint flags`. A line that is said to be covered and is not named here is
// falsely covered; one that is named, and said not to be, falsely uncovered. -v tells each line.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "checks/flags/coverage.h"
#include "checks/flags/language.h"
#include "clients/gatectl/process.h"

namespace {

using gate::flags::ChangedLine;
using gate::flags::Coverage;
using gate::flags::FileChange;

struct Commit {
  std::string repository, id, kind;
  gate::flags::FlagQuestion question;
  std::map<std::string, std::set<int>> covered;  // Lines by path.
};

struct Totals {
  int commits = 0, right = 0, files = 0, nodes = 0, covered_nodes = 0, unknown_nodes = 0;
  int unread = 0;  // Files of no known language: one unknown node each.
  int lines = 0, covered = 0, falsely_covered = 0, expected = 0, falsely_uncovered = 0;

  void Add(const Totals& other) {
    commits += other.commits, right += other.right, files += other.files, nodes += other.nodes;
    unread += other.unread;
    covered_nodes += other.covered_nodes, unknown_nodes += other.unknown_nodes;
    lines += other.lines, covered += other.covered, expected += other.expected;
    falsely_covered += other.falsely_covered, falsely_uncovered += other.falsely_uncovered;
  }
};

// Whatever git says; nothing where it fails.
std::optional<std::string> Git(const std::string& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"git", "-c", "core.quotePath=false"});
  const gate::ctl::ProcessResult result = gate::ctl::RunProcess(arguments, folder, "");
  if (!result.started || result.exit_code != 0) return std::nullopt;
  return result.out;
}

std::vector<std::string> Words(const std::string& line, const char* separators = " \t") {
  return absl::StrSplit(line, absl::ByAnyChar(separators), absl::SkipEmpty());
}

// One revision of a bare repository.
class Revision : public gate::flags::Sources {
 public:
  Revision(std::string folder, std::string id) : folder_(std::move(folder)), id_(std::move(id)) {}

  std::vector<std::string> Mentioning(const std::string& word) const override {
    std::vector<std::string> paths;
    const auto found = Git(folder_, {"grep", "-l", "-z", "-F", "-I", "-e", word, id_});
    const std::vector<std::string> all = absl::StrSplit(found.value_or(""), '\0');
    for (const std::string& path : all) {
      if (path.size() > id_.size()) paths.push_back(path.substr(id_.size() + 1));
    }
    std::ranges::sort(paths);
    return paths;
  }
  std::optional<std::string> Read(const std::string& path) const override {
    return Git(folder_, {"cat-file", "blob", id_ + ":" + path});
  }

 private:
  const std::string folder_, id_;
};

// "12-20" or "31".
bool AddLines(const std::string& text, std::set<int>& lines) {
  if (text.find_first_not_of("0123456789-") != std::string::npos) return false;
  int first = 0, last = 0;
  const int count = std::sscanf(text.c_str(), "%d-%d", &first, &last);
  if (count < 1 || first < 1) return false;
  for (int line = first; line <= (count == 2 ? last : first); ++line) lines.insert(line);
  return true;
}

// "  some path.swift 12-20 31": lines from the end of it, as far as there are any.
bool AddPath(std::string text, std::map<std::string, std::set<int>>& covered) {
  std::set<int> lines;
  text.erase(0, text.find_first_not_of(' '));
  for (size_t blank; (blank = text.rfind(' ')) != std::string::npos; text.erase(blank)) {
    if (!AddLines(text.substr(blank + 1), lines)) break;
  }
  covered[text].insert(lines.begin(), lines.end());
  return !lines.empty();
}

// Nothing, and a sentence on standard error, where the file is not of the form.
std::optional<std::vector<Commit>> ReadCommits(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "%s cannot be read\n", path.c_str());
    return std::nullopt;
  }
  std::vector<Commit> commits;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::vector<std::string> words = Words(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    bool good = true;
    if (line.starts_with(' ')) {
      good = !commits.empty() && AddPath(line, commits.back().covered);
    } else {
      static const std::set<std::string> kKinds = {"wraps", "introduces", "behind", "partly"};
      good = words.size() >= 4 && kKinds.contains(words[3]);
      Commit commit;
      if (good) commit = {words[0], words[1], words[3], {words[2], {}}, {}};
      for (size_t i = 4; good && i < words.size(); ++i) {
        const std::vector<std::string> parts = Words(words[i], ":");
        good = parts.size() == 2;
        if (good) {
          const int argument =
              parts[1] == "-" ? gate::flags::Wrapper::kProperty : std::atoi(parts[1].c_str());
          commit.question.wrappers.push_back({parts[0], argument});
        }
      }
      if (good) commits.push_back(std::move(commit));
    }
    if (good) continue;
    std::fprintf(stderr, "%s:%d: not OWNER/NAME COMMIT FLAG KIND, nor PATH LINES\n", path.c_str(),
                 number);
    return std::nullopt;
  }
  return commits;
}

// All files that the commit touched, with their texts.
std::optional<std::vector<FileChange>> ChangesOf(const std::string& folder,
                                                 const std::string& commit) {
  const auto names =
      Git(folder, {"diff", "--name-status", "-z", "--find-renames", commit + "^", commit});
  if (!names) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(*names, '\0');
  std::vector<FileChange> changes;
  const Revision before(folder, commit + "^"), after(folder, commit);
  for (size_t i = 0; i + 1 < parts.size(); i += 2) {
    const char kind = parts[i].empty() ? '?' : parts[i][0];
    FileChange& change = changes.emplace_back();
    if (kind == 'R' || kind == 'C') {
      if (kind == 'R') change.base_path = parts[i + 1];
      ++i;
    }
    change.path = parts[i + 1];
    if (kind != 'A' && kind != 'C') {
      change.base = before.Read(change.base_path.empty() ? change.path : change.base_path);
    }
    if (kind != 'D') change.head = after.Read(change.path);
  }
  return changes;
}

Totals Measure(const Commit& commit, const std::vector<FileChange>& changes,
               const Coverage& coverage, bool verbose, std::map<std::string, int>& reasons) {
  Totals totals;
  totals.commits = 1;
  totals.files = static_cast<int>(changes.size());
  totals.nodes = coverage.nodes;
  totals.covered_nodes = coverage.covered_nodes;
  totals.unknown_nodes = coverage.unknown_nodes;
  for (const ChangedLine& line : coverage.lines) {
    const auto named = commit.covered.find(line.place.path);
    const bool wanted =
        named != commit.covered.end() && !line.removed && named->second.contains(line.place.line);
    const bool covered = line.state == ChangedLine::State::kCovered;
    // An import that runs nothing, or only types: of no flag.
    const bool inert = covered && line.rule == "import";
    totals.unread += gate::flags::LanguageOf(line.place.path) == nullptr;
    ++totals.lines;
    totals.covered += covered;
    totals.expected += wanted;
    totals.falsely_covered += covered && !wanted && !inert;
    totals.falsely_uncovered += !covered && wanted;
    if (!covered && wanted) ++reasons[line.rule + ": " + line.reason.substr(0, 60)];
    const char* verdict = covered == wanted || inert ? " "
                          : covered                  ? "falsely covered"
                                                     : "falsely uncovered";
    if (verbose || *verdict != ' ') {
      std::printf("    %s:%d %s %s%s | %s | %s\n", line.place.path.c_str(), line.place.line,
                  covered ? "covered" : "uncovered", line.rule.c_str(),
                  line.removed ? " (removed)" : "", verdict, line.place.code.c_str());
      if (!covered) std::printf("        %s\n", line.reason.c_str());
    }
  }
  totals.right = totals.falsely_covered + totals.falsely_uncovered == 0;
  return totals;
}

void Print(const char* name, const Totals& t) {
  std::printf("%-12s %7d %6d %6d %6d %7d %7d %6d %8d %9d %8d %10d\n", name, t.commits, t.right,
              t.files, t.nodes, t.covered_nodes, t.unknown_nodes, t.lines, t.covered,
              t.falsely_covered, t.expected, t.falsely_uncovered);
}

int Usage() {
  std::fputs("usage: flag_accuracy [-v] --repositories DIR FILE\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool verbose = std::erase(arguments, "-v") > 0;
  if (arguments.size() != 3 || arguments[0] != "--repositories") return Usage();
  const auto commits = ReadCommits(arguments[2]);
  if (!commits) return 2;
  std::map<std::string, Totals> kinds;
  std::map<std::string, int> reasons;
  Totals all;
  for (const Commit& commit : *commits) {
    std::string name = commit.repository;
    std::ranges::replace(name, '/', '+');
    const std::string folder = arguments[1] + "/" + name + "/repo";
    const auto changes = ChangesOf(folder, commit.id);
    if (!changes) {
      std::fprintf(stderr, "%s has no commit %s\n", folder.c_str(), commit.id.c_str());
      return 1;
    }
    std::printf("%s %s %s %s\n", commit.repository.c_str(), commit.id.c_str(),
                commit.question.flag.c_str(), commit.kind.c_str());
    const Coverage coverage =
        gate::flags::Cover(*changes, Revision(folder, commit.id), commit.question);
    const Totals one = Measure(commit, *changes, coverage, verbose, reasons);
    std::fflush(stdout);
    kinds[commit.kind].Add(one);
    all.Add(one);
  }
  std::printf("%-12s %7s %6s %6s %6s %7s %7s %6s %8s %9s %8s %10s\n", "", "commits", "right",
              "files", "nodes", "covered", "unknown", "lines", "covered", "falsely", "expected",
              "falsely un");
  for (const auto& [kind, totals] : kinds) Print(kind.c_str(), totals);
  Print("all", all);
  const auto share = [](int part, int of) { return of == 0 ? 0.0 : 100.0 * part / of; };
  std::printf("unknown: %.1f %% of %d changed nodes; %.1f %% of %d without files of no language\n",
              share(all.unknown_nodes, all.nodes), all.nodes,
              share(all.unknown_nodes - all.unread, all.nodes - all.unread),
              all.nodes - all.unread);
  std::printf("falsely uncovered, by reason:\n");
  for (const auto& [reason, count] : reasons) std::printf("    %5d  %s\n", count, reason.c_str());
  return all.falsely_covered == 0 ? 0 : 1;
}
