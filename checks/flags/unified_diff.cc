#include "checks/flags/unified_diff.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gate::flags {
namespace {

constexpr size_t kMostBytes = 64 << 20;
constexpr size_t kMostFiles = 10'000;
constexpr int kMostLines = 100'000'000;

// The lines of a text, each with its line feed, the last one perhaps without.
std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.size(), text.find('\n') + 1);
    const size_t length = end == 0 ? text.size() : end;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

// One hunk: where it stands, and the lines of both sides.
struct Hunk {
  int at = 0;  // line of the patch
  int old_line = 0, old_count = 0, new_line = 0, new_count = 0;
  std::vector<std::string> before, after;  // with their line feeds
};

struct Section {
  int at = 0;  // line of the patch
  std::string old_path, new_path;
  bool added = false, deleted = false, renamed = false, copied = false, binary = false;
  bool special = false;  // a submodule or a symbolic link
  bool mode = false;     // whether it can be run has changed
  std::vector<Hunk> hunks;
};

class Reader {
 public:
  Reader(std::string_view patch, PatchProblem& problem)
      : lines_(LinesOf(patch)), problem_(problem) {}

  std::vector<Section> ReadAll() {
    std::vector<Section> sections;
    while (!AtEnd()) {
      if (sections.size() == kMostFiles) {
        Refuse(absl::StrCat("more than ", kMostFiles, " files"));
      }
      sections.push_back(ReadSection());
    }
    return sections;
  }

 private:
  // Nothing is read behind the first refusal: the patch is at its end then.
  void Refuse(std::string message) {
    if (problem_.line != 0) return;
    problem_ = {static_cast<int>(next_) + 1, std::move(message)};
    next_ = lines_.size();
  }
  bool AtEnd() const { return next_ >= lines_.size(); }
  // Without its line feed.
  std::string_view Peek() const {
    if (AtEnd()) return "";
    std::string_view line = lines_[next_];
    if (line.ends_with('\n')) line.remove_suffix(1);
    return line;
  }
  bool Take(std::string_view prefix, std::string_view& rest) {
    if (AtEnd() || !Peek().starts_with(prefix)) return false;
    rest = Peek().substr(prefix.size());
    ++next_;
    return true;
  }

  Section ReadSection() {
    Section section;
    section.at = static_cast<int>(next_) + 1;
    std::string_view names;
    if (Peek().starts_with("diff --cc ") || Peek().starts_with("diff --combined ")) {
      Refuse("this is the combined diff of a merge; take the diff with one of its parents");
    }
    if (!Take("diff --git ", names)) {
      Refuse(
          "expected \"diff --git a/PATH b/PATH\": give the patch as `git diff` prints it, with "
          "nothing before or behind it");
    }
    ReadHeader(section);
    // Without --- and +++ the names stand in the first line alone.
    if (section.old_path.empty() && section.new_path.empty()) SplitNames(names, section);
    if (section.added) section.old_path.clear();
    if (section.deleted) section.new_path.clear();
    CheckPaths(section, names);
    while (Peek().starts_with("@@")) section.hunks.push_back(ReadHunk());
    return section;
  }

  void ReadHeader(Section& section) {
    std::string_view rest;
    bool hunks_follow = false;
    while (!AtEnd()) {
      const std::string_view line = Peek();
      if (line.starts_with("diff --") || line.starts_with("@@")) break;
      if (Take("old mode ", rest) || Take("new mode ", rest)) {
        section.mode = true;
        section.special |= IsSpecial(rest);
      } else if (Take("new file mode ", rest)) {
        section.added = true;
        section.special |= IsSpecial(rest);
      } else if (Take("deleted file mode ", rest)) {
        section.deleted = true;
        section.special |= IsSpecial(rest);
      } else if (Take("similarity index ", rest) || Take("dissimilarity index ", rest)) {
      } else if (Take("rename from ", rest)) {
        section.renamed = true;
        section.old_path = Unquote(rest);
      } else if (Take("rename to ", rest)) {
        section.renamed = true;
        section.new_path = Unquote(rest);
      } else if (Take("copy from ", rest)) {
        section.copied = true;
        section.old_path = Unquote(rest);
      } else if (Take("copy to ", rest)) {
        section.copied = true;
        section.new_path = Unquote(rest);
      } else if (Take("index ", rest)) {
        const size_t mode = rest.find(' ');
        section.special |= mode != std::string_view::npos && IsSpecial(rest.substr(mode + 1));
      } else if (Take("Binary files ", rest)) {
        section.binary = true;
      } else if (line == "GIT binary patch") {
        Refuse("it holds a binary patch; leave out --binary");
      } else if (Take("--- ", rest)) {
        const std::string path = Prefixed(rest, "a/");
        if (!Take("+++ ", rest)) Refuse("expected a line that begins with +++");
        const std::string new_path = Prefixed(rest, "b/");
        if (!path.empty()) section.old_path = path;
        if (!new_path.empty()) section.new_path = new_path;
        if (path.empty() != section.added || new_path.empty() != section.deleted) {
          Refuse(
              "/dev/null stands where \"new file mode\" and \"deleted file mode\" do not say so");
        }
        hunks_follow = true;
        break;
      } else {
        Refuse(absl::StrCat("this line is not understood: ", std::string(line.substr(0, 80))));
      }
    }
    if (hunks_follow != Peek().starts_with("@@")) {
      Refuse(hunks_follow ? "expected a hunk, @@ -1,2 +1,2 @@" : "a hunk without --- and +++");
    }
  }

  static bool IsSpecial(std::string_view mode) {
    return mode.starts_with("160000") || mode.starts_with("120000");
  }

  // A path as git prints it: in quotes where it has unusual bytes.
  std::string Unquote(std::string_view text) {
    if (!text.starts_with('"')) return std::string(text);
    std::string path;
    if (text.size() < 2 || !text.ends_with('"')) {
      Refuse("a quoted path has no end");
      return path;
    }
    for (size_t i = 1; i + 1 < text.size(); ++i) {
      if (text[i] != '\\') {
        path += text[i];
        continue;
      }
      const char c = text[++i];
      constexpr std::string_view kNames = "abtnvfr\"\\";
      constexpr std::string_view kBytes = "\a\b\t\n\v\f\r\"\\";
      if (const size_t name = kNames.find(c); name != std::string_view::npos) {
        path += kBytes[name];
      } else if (c >= '0' && c <= '3' && i + 3 < text.size()) {
        int byte = 0;
        for (size_t digit = i; digit < i + 3; ++digit) {
          if (text[digit] < '0' || text[digit] > '7') Refuse("a quoted path is not understood");
          byte = byte * 8 + (text[digit] - '0');
        }
        path += static_cast<char>(byte);
        i += 2;
      } else {
        Refuse("a quoted path is not understood");
      }
    }
    return path;
  }

  // The path of a --- or +++ line; empty for /dev/null. Git puts a tab behind names with blanks.
  std::string Prefixed(std::string_view text, std::string_view prefix) {
    if (text.ends_with('\t')) text.remove_suffix(1);
    if (text == "/dev/null") return "";
    const std::string path = Unquote(text);
    if (path.starts_with(prefix)) return path.substr(prefix.size());
    Refuse(absl::StrCat("a path does not begin with ", std::string(prefix),
                        ": leave out --no-prefix, and what sets other prefixes"));
    return "";
  }

  // "a/x b/x": both names are the same, so that the middle is where they part.
  void SplitNames(std::string_view names, Section& section) {
    if (names.starts_with('"')) {
      const size_t middle = names.find("\" ");
      if (middle == std::string_view::npos) {
        return Refuse("the names of the files are not understood");
      }
      section.old_path = Prefixed(names.substr(0, middle + 1), "a/");
      section.new_path = Prefixed(names.substr(middle + 2), "b/");
    } else {
      const size_t half = names.size() / 2;
      if (names.size() % 2 == 0 || names[half] != ' ') {
        return Refuse("the names of the files are not understood");
      }
      section.old_path = Prefixed(names.substr(0, half), "a/");
      section.new_path = Prefixed(names.substr(half + 1), "b/");
    }
    if (section.old_path != section.new_path) Refuse("the names of the files differ");
  }

  void CheckPaths(const Section& section, std::string_view names) {
    for (const std::string& path : {section.old_path, section.new_path}) {
      if (path.empty()) continue;
      const std::string whole = "/" + path + "/";
      if (path.starts_with('/') || whole.find("/../") != std::string::npos ||
          whole.find("/./") != std::string::npos || whole.find("//") != std::string::npos ||
          path.find('\0') != std::string::npos) {
        Refuse(absl::StrCat("no path in a repository: ", path.substr(0, 80)));
      }
      // What the first line says has to be what the others do.
      if (names.find('"') == std::string_view::npos && names.find(path) == std::string_view::npos) {
        Refuse("the names of the files differ from those of \"diff --git\"");
      }
    }
    if ((section.old_path.empty() && !section.added) ||
        (section.new_path.empty() && !section.deleted)) {
      Refuse("it does not name the file before and after the change");
    }
    const bool moves = section.renamed || section.copied;
    if (!moves && !section.added && !section.deleted && section.old_path != section.new_path) {
      Refuse("the names of the files differ, and \"rename from\" does not say so");
    }
  }

  int Number(std::string_view& text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number > kMostLines) {
      Refuse("this line of a hunk is not understood");
      return 0;
    }
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return number;
  }
  void Expect(std::string_view& text, std::string_view what) {
    if (!text.starts_with(what)) return Refuse("this line of a hunk is not understood");
    text.remove_prefix(what.size());
  }
  // "12,3", or "12" for one line.
  std::pair<int, int> Span(std::string_view& text) {
    const int line = Number(text);
    if (!text.starts_with(',')) return {line, 1};
    text.remove_prefix(1);
    return {line, Number(text)};
  }

  Hunk ReadHunk() {
    Hunk hunk;
    hunk.at = static_cast<int>(next_) + 1;
    std::string_view text = Peek();
    if (text.starts_with("@@@")) {
      Refuse("this is the combined diff of a merge; take the diff with one of its parents");
    }
    Expect(text, "@@ -");
    std::tie(hunk.old_line, hunk.old_count) = Span(text);
    Expect(text, " +");
    std::tie(hunk.new_line, hunk.new_count) = Span(text);
    Expect(text, " @@");
    ++next_;
    size_t before = static_cast<size_t>(hunk.old_count),
           after = static_cast<size_t>(hunk.new_count);
    while (hunk.before.size() < before || hunk.after.size() < after) {
      if (AtEnd() || !lines_[next_].ends_with('\n')) {
        Refuse("the patch ends within a hunk");
        break;
      }
      const char mark = lines_[next_][0];
      std::string line(lines_[next_].substr(1));
      if (mark != ' ' && mark != '-' && mark != '+') {
        // Some programs take the blank off an empty line.
        Refuse(mark == '\n' ? "an empty line: its blank was taken off, or the hunk ends too early"
                            : "this line of a hunk is not understood");
        break;
      }
      ++next_;
      if (Peek().starts_with("\\ ")) {
        line.pop_back();
        ++next_;
      }
      if (mark != '+') hunk.before.push_back(line);
      if (mark != '-') hunk.after.push_back(std::move(line));
      if (hunk.before.size() > before || hunk.after.size() > after) {
        Refuse("a hunk has more lines than it says");
        break;
      }
    }
    return hunk;
  }

  std::vector<std::string_view> lines_;
  PatchProblem& problem_;
  size_t next_ = 0;
};

// Turns a section round: from a text after the change to the file before and after.
class Undo {
 public:
  Undo(const TextAfter& after, PatchProblem& problem) : after_(after), problem_(problem) {}

  std::optional<FileChange> Of(const Section& section) {
    FileChange change;
    change.path = section.deleted ? section.old_path : section.new_path;
    if (section.renamed) change.base_path = section.old_path;
    const std::optional<std::string> text = after_(change.path);
    if (section.deleted) {
      if (text)
        return Refuse(section.at, absl::StrCat(change.path, " is deleted, and still there"));
      change.base = TextBefore(section, "");
      if (!change.base) return std::nullopt;
      return change;
    }
    if (!text) {
      return Refuse(section.at, absl::StrCat(change.path, " is not there after the change"));
    }
    if (section.renamed && after_(section.old_path)) {
      return Refuse(section.at, absl::StrCat(section.old_path, " is renamed, and still there"));
    }
    const std::optional<std::string> before = TextBefore(section, *text);
    if (!before) return std::nullopt;
    if (section.added && !before->empty()) {
      return Refuse(section.at,
                    absl::StrCat(change.path, " is new, and the patch does not have all of it"));
    }
    change.head = *text;
    // What was copied is new where it is.
    if (!section.added && !section.copied) change.base = *before;
    return change;
  }

 private:
  std::nullopt_t Refuse(int line, std::string message) {
    problem_ = {line, std::move(message)};
    return std::nullopt;
  }

  // The text after the change with each hunk turned round. Each has to be there.
  std::optional<std::string> TextBefore(const Section& section, const std::string& text) {
    const std::vector<std::string_view> lines = LinesOf(text);
    std::string before;
    size_t next = 0;  // line of `text` that is not copied yet
    int shift = 0;    // lines that hunks so far have added
    for (const Hunk& hunk : section.hunks) {
      // A hunk without lines on a side stands behind the line that it names.
      const int first = hunk.new_count == 0 ? hunk.new_line : hunk.new_line - 1;
      const int old_first = hunk.old_count == 0 ? hunk.old_line : hunk.old_line - 1;
      if (first < 0 || static_cast<size_t>(first) < next) {
        return Refuse(hunk.at, "hunks overlap, or stand in another order than in the file");
      }
      if (first - old_first != shift) {
        return Refuse(hunk.at, "the lines of this hunk do not fit those before it");
      }
      if (static_cast<size_t>(first) + hunk.after.size() > lines.size()) {
        return Refuse(hunk.at, absl::StrCat(section.new_path, " has fewer lines after the change"));
      }
      for (; next < static_cast<size_t>(first); ++next) before += lines[next];
      for (size_t i = 0; i < hunk.after.size(); ++i, ++next) {
        if (lines[next] == hunk.after[i]) continue;
        return Refuse(hunk.at,
                      absl::StrCat(section.new_path, ":", next + 1,
                                   " is not what this hunk says: the patch is of another version"));
      }
      for (const std::string& line : hunk.before) before += line;
      shift += hunk.new_count - hunk.old_count;
    }
    for (; next < lines.size(); ++next) before += lines[next];
    return before;
  }

  const TextAfter& after_;
  PatchProblem& problem_;
};

}  // namespace

std::optional<Patch> ReadPatch(std::string_view text, const TextAfter& after,
                               PatchProblem& problem) {
  problem = {};
  const auto refuse = [&](int line, std::string message) {
    problem = {line, std::move(message)};
    return std::nullopt;
  };
  if (text.size() > kMostBytes) return refuse(1, "it is larger than 64 MiB");
  const std::vector<Section> sections = Reader(text, problem).ReadAll();
  if (problem.line != 0) return std::nullopt;
  Patch patch;
  Undo undo(after, problem);
  std::set<std::pair<std::string, bool>> seen;  // A file may become a link: deleted, then added.
  for (const Section& section : sections) {
    const std::string& path = section.deleted ? section.old_path : section.new_path;
    const bool again = !seen.emplace(path, section.deleted).second ||
                       (section.deleted && seen.contains({path, false}));
    if (again) return refuse(section.at, absl::StrCat(path, " is in the patch twice"));
    using Kind = UnreadChange::Kind;
    if (section.binary || section.special) {
      patch.unread.push_back({path, section.special ? Kind::kSpecial : Kind::kBinary});
      continue;
    }
    if (section.mode) patch.unread.push_back({path, Kind::kMode});
    // The one half of a file that became a link: the other one says that it is there.
    const bool replaced =
        section.deleted && std::ranges::any_of(sections, [&](const Section& other) {
          return !other.deleted && other.new_path == path && other.special;
        });
    if (replaced) {
      patch.unread.push_back({path, Kind::kSpecial});
      continue;
    }
    std::optional<FileChange> change = undo.Of(section);
    if (!change) return std::nullopt;
    patch.files.push_back(*std::move(change));
  }
  return patch;
}

}  // namespace gate::flags
