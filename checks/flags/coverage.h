// Which changed code runs only where a flag is on. Pure: over the texts of two trees of files.
//
// The unit is the token that a change added, and what runs because of it. A line is covered where
// all of that is; a line of which that cannot be proven is not, and says why. The rules G1 to G9,
// and what is never covered, are in README.md.
#ifndef CHECKS_FLAGS_COVERAGE_H_
#define CHECKS_FLAGS_COVERAGE_H_

#include <optional>
#include <string>
#include <vector>

#include "checks/flags/flag_reads.h"

namespace gate::flags {

// A file before and after; nothing where it was not, or is not any more.
struct FileChange {
  std::string path;       // after; before, where it was deleted
  std::string base_path;  // where it was renamed
  std::optional<std::string> base, head;
};

// All files after the change.
class Sources {
 public:
  virtual ~Sources() = default;
  // Paths, sorted, of files whose text has the word in it.
  virtual std::vector<std::string> Mentioning(const std::string& word) const = 0;
  virtual std::optional<std::string> Read(const std::string& path) const = 0;
};

struct Place {
  std::string path;
  int line = 0;      // from 1
  std::string code;  // of that line, without blanks around it
};

struct ChangedLine {
  enum class State {
    kCovered,    // Runs only where the flag is on.
    kUncovered,  // Runs, or may run, where it is off...
    kUnknown,    // ...because nothing could be proven.
  };
  Place place;
  State state = State::kCovered;
  bool removed = false;  // Code is gone that stood before this line.
  std::string rule;  // kCovered: G1 to G9, "check". Else a word for the reason: "default_argument".
  std::string reason;  // A sentence; empty where it is covered.
  // From an entry that is live to the line: how it is reached without a check.
  std::vector<Place> witness;
  // The function above them all, or around the line, that no code calls but the framework or the
  // runtime; empty where none is known.
  std::string runtime;
  // Nothing that was there before stands between this line and the one before it in `lines`.
  bool continues = false;
};

struct Coverage {
  std::vector<ChangedLine> lines;  // By path and line.
  // Code that ran before and only runs with the flag on now.
  std::vector<Place> disabled;
  // Changed nodes that run.
  int nodes = 0, covered_nodes = 0, unknown_nodes = 0;

  bool AllCovered() const { return nodes == covered_nodes && uncovered_lines() == 0; }
  int uncovered_lines() const;
};

Coverage Cover(const std::vector<FileChange>& files, const Sources& head,
               const FlagQuestion& question);

}  // namespace gate::flags

#endif  // CHECKS_FLAGS_COVERAGE_H_
