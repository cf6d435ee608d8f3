#include "clients/gatectl/git.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gate::ctl {
namespace {

constexpr char kFetchAll[] =
    "fetch the whole history: `fetch-depth: 0` (GitHub), `GIT_DEPTH: 0` (GitLab), or "
    "git fetch --unshallow --tags";

std::vector<std::string> Command(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {
      "env",        "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "git",
      "--no-pager", "-c",       "core.quotePath=false"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

std::string Trimmed(const std::string& text) {
  return std::string(absl::StripAsciiWhitespace(text));
}

// Texts that git ends with NUL.
std::vector<std::string> Zeros(const std::string& text) {
  std::vector<std::string> parts = absl::StrSplit(text, '\0');
  if (!parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

// Never magic: the path as it stands, from the root.
std::string Pathspec(const std::string& path) { return absl::StrCat(":(top,literal)", path); }

}  // namespace

Or<Git> Git::Open(const std::string& folder) {
  const ProcessResult result = RunProcess(Command({"rev-parse", "--show-toplevel"}), folder, "");
  if (result.started && result.exit_code == 0) return Git(Trimmed(result.out));
  const ProcessResult bare =
      RunProcess(Command({"rev-parse", "--is-bare-repository", "--absolute-git-dir"}), folder, "");
  if (bare.started && bare.exit_code == 0 && absl::StartsWith(bare.out, "true\n")) {
    return Git(Trimmed(bare.out.substr(5)));
  }
  Problem problem{"E0204", "cannot read what has changed: no git checkout", {}, "", "", {}};
  if (result.exit_code == 127) {
    problem.causes = {"the program `git` is not there"};
    problem.help = {"install git, or pass --change FILE"};
  } else if (absl::StrContains(result.err, "safe.directory")) {
    problem.causes = {result.Failure()};
    problem.help = {"git config --global --add safe.directory DIRECTORY"};
  } else {
    problem.causes = {result.Failure()};
    problem.help = {"run it in the checkout of the service, or pass --change FILE"};
  }
  return problem;
}

Or<std::string> Git::Run(const std::vector<std::string>& arguments, std::string_view input) const {
  const ProcessResult result = RunProcess(Command(arguments), root_, input);
  if (result.started && result.exit_code == 0) return result.out;
  return Problem{"E0207", absl::StrCat("git ", arguments[0], " failed"), {result.Failure()}, "", "",
                 {}};
}

bool Git::IsShallow() const {
  const Or<std::string> answer = Run({"rev-parse", "--is-shallow-repository"});
  return answer && Trimmed(*answer) == "true";
}

Or<std::string> Git::Resolve(const std::string& revision) const {
  const ProcessResult result = RunProcess(
      Command({"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"}),
      root_, "");
  if (result.started && result.exit_code == 0) return Trimmed(result.out);
  Problem problem{
      "E0206", absl::StrCat("revision ", revision, " is not in this checkout"), {}, "", "", {}};
  if (IsShallow()) {
    problem.causes = {"the checkout is shallow: only the newest commits were fetched"};
    problem.help = {kFetchAll};
  } else {
    problem.causes = {absl::StrCat("git knows no such commit in ", root_)};
    problem.help = {"is the revision right? git fetch --tags gets what is new"};
  }
  return problem;
}

Or<std::string> Git::MergeBase(const std::string& a, const std::string& b) const {
  const ProcessResult result = RunProcess(Command({"merge-base", a, b}), root_, "");
  if (result.started && result.exit_code == 0) return Trimmed(result.out);
  return Problem{"E0206",
                 absl::StrCat("nothing that ", a, " and ", b, " have in common is here"),
                 {IsShallow() ? "the checkout is shallow" : result.Failure()},
                 "",
                 "",
                 {kFetchAll}};
}

Or<std::string> Git::NewestTag(const std::string& pattern, const std::string& head) const {
  const Or<std::string> tags =
      Run({"tag", "--list", "--sort=-creatordate", "--merged", head, "--", pattern});
  if (!tags) return tags.problem();
  return tags->substr(0, tags->find('\n'));
}

std::string Git::TagAt(const std::string& revision) const {
  const Or<std::string> tags = Run({"tag", "--points-at", revision, "--sort=-creatordate"});
  return tags ? tags->substr(0, tags->find('\n')) : "";
}

bool Git::IsAncestor(const std::string& ancestor, const std::string& descendant) const {
  const Or<std::string> answer = Run({"merge-base", "--is-ancestor", ancestor, descendant});
  return static_cast<bool>(answer);
}

Or<std::vector<GitCommit>> Git::Log(const std::string& base, const std::string& head) const {
  std::vector<std::string> arguments = {"log", "--no-color", "--encoding=UTF-8",
                                        "--format=tformat:%H%x00%an <%ae>%x00%s%x00%b%x00"};
  if (base.empty()) {
    arguments.insert(arguments.end(), {"--max-count=1", head});
  } else {
    arguments.insert(arguments.end(), {"--reverse", absl::StrCat(base, "..", head)});
  }
  const Or<std::string> text = Run(arguments);
  if (!text) return text.problem();
  const std::vector<std::string> parts = Zeros(*text);
  std::vector<GitCommit> commits;
  for (size_t i = 0; i + 3 < parts.size(); i += 4) {
    commits.push_back({Trimmed(parts[i]), parts[i + 1], parts[i + 2], parts[i + 3]});
  }
  return commits;
}

Or<std::vector<GitChange>> Git::Changes(const std::string& base, const std::string& head,
                                        const std::string& path) const {
  std::vector<GitChange> changes;
  if (base.empty()) {
    const Or<std::vector<std::string>> files = Files(head, path);
    if (!files) return files.problem();
    for (const std::string& file : *files) changes.push_back({'A', file});
    return changes;
  }
  const Or<std::string> text =
      Run({"diff", "--name-status", "-z", "--no-renames", base, head, "--", Pathspec(path)});
  if (!text) return text.problem();
  const std::vector<std::string> parts = Zeros(*text);
  for (size_t i = 0; i + 1 < parts.size(); i += 2) {
    changes.push_back({parts[i].empty() ? 'M' : parts[i][0], parts[i + 1]});
  }
  return changes;
}

// Records ":100644 100644 id id R087\0before\0after\0".
Or<std::vector<GitMove>> Git::Moves(const std::string& base, const std::string& head) const {
  const Or<std::string> text =
      Run({"diff", "--raw", "-z", "--find-renames", "--no-abbrev", base, head});
  if (!text) return text.problem();
  std::vector<GitMove> moves;
  const std::vector<std::string> parts = Zeros(*text);
  for (size_t i = 0; i + 1 < parts.size();) {
    const std::vector<std::string> words = absl::StrSplit(parts[i], ' ');
    if (words.size() != 5 || words[4].empty()) {
      return Problem{"E0207", "git diff said what is not understood", {parts[i]}, "", "", {}};
    }
    const char kind = words[4][0];
    const bool two = kind == 'R' || kind == 'C';
    if (two && i + 2 >= parts.size()) break;
    GitMove move;
    if (kind != 'A') move.before = parts[i + 1];
    if (kind != 'D') move.after = parts[i + (two ? 2 : 1)];
    if (kind == 'C') move.before.clear();  // What was copied is still there.
    if (!move.before.empty()) move.before_id = words[2];
    if (!move.after.empty()) move.after_id = words[3];
    const auto is_file = [](std::string mode) {
      if (mode.front() == ':') mode.erase(0, 1);
      return absl::StartsWith(mode, "100") || mode == "000000";
    };
    move.is_text = is_file(words[0]) && is_file(words[1]);
    const bool both = !move.before.empty() && !move.after.empty();
    move.mode_changed = move.is_text && both && words[0].substr(1) != words[1];
    moves.push_back(std::move(move));
    i += two ? 3 : 2;
  }
  return moves;
}

// Records "100644 blob id\tpath\0".
Or<std::vector<GitFile>> Git::Tree(const std::string& revision) const {
  const Or<std::string> text = Run({"ls-tree", "-r", "-z", "--full-tree", revision});
  if (!text) return text.problem();
  std::vector<GitFile> files;
  for (const std::string& record : Zeros(*text)) {
    const size_t tab = record.find('\t');
    const std::vector<std::string> words = absl::StrSplit(record.substr(0, tab), ' ');
    if (tab == std::string::npos || words.size() != 3) {
      return Problem{"E0207", "git ls-tree said what is not understood", {record}, "", "", {}};
    }
    if (!words[0].starts_with("100")) continue;
    files.push_back({record.substr(tab + 1), words[2]});
  }
  std::ranges::sort(files, {}, &GitFile::path);
  return files;
}

Or<std::vector<std::string>> Git::Files(const std::string& revision,
                                        const std::string& path) const {
  const Or<std::string> text =
      Run({"ls-tree", "-r", "-z", "--full-tree", "--name-only", revision, "--", path});
  if (!text) return text.problem();
  return Zeros(*text);
}

Or<std::vector<std::string>> Git::Read(const std::string& revision,
                                       const std::vector<std::string>& paths) const {
  std::vector<std::string> texts;
  if (paths.empty()) return texts;
  std::string names;
  for (const std::string& path : paths) {
    if (path.find('\n') != std::string::npos) {
      return Problem{"E0207", "a path with a line feed cannot be read", {path}, "", "", {}};
    }
    absl::StrAppend(&names, revision, ":", path, "\n");
  }
  const Or<std::string> batch = Run({"cat-file", "--batch"}, names);
  if (!batch) return batch.problem();
  // Each: "<id> blob <size>\n<size bytes>\n".
  std::string_view rest = *batch;
  for (const std::string& path : paths) {
    const size_t end = rest.find('\n');
    const std::string header(rest.substr(0, end));
    const std::vector<std::string> words = absl::StrSplit(header, ' ');
    size_t size = 0;
    if (end == std::string_view::npos || words.size() != 3 || words[1] != "blob" ||
        !absl::SimpleAtoi(words[2], &size) || rest.size() < end + 1 + size) {
      return Problem{"E0207", absl::StrCat("git cannot read ", path), {header}, "", "", {}};
    }
    texts.emplace_back(rest.substr(end + 1, size));
    rest.remove_prefix(std::min(rest.size(), end + 1 + size + 1));
  }
  return texts;
}

Or<bool> Git::Stream(const std::vector<std::string>& ids, const TakePiece& take) const {
  constexpr size_t kAskedAhead = 500;  // Their ids fit into a pipe.
  if (contents_ == nullptr) {
    contents_ = std::make_shared<Conversation>();
    if (!contents_->Start(Command({"cat-file", "--batch"}), root_)) {
      contents_ = nullptr;
      return Problem{"E0207", "git cat-file could not be started", {}, "", "", {}};
    }
  }
  const auto ended = [&](std::string line) {
    contents_ = nullptr;
    return Problem{"E0207", "git cat-file said what is not understood", {std::move(line)}, "", "",
                   {}};
  };
  // Each is answered by "<id> blob <size>\n<size bytes>\n" or "<id> missing\n".
  std::string line;
  for (size_t asked = 0, i = 0; i < ids.size(); ++i) {
    if (asked == i || asked - i == kAskedAhead / 2) {
      std::string next;
      for (; asked < ids.size() && asked - i < kAskedAhead; ++asked) {
        absl::StrAppend(&next, ids[asked], "\n");
      }
      if (!contents_->Say(next)) return ended("");
    }
    if (!contents_->HearLine(line)) return ended(line);
    if (absl::EndsWith(line, " missing")) {
      take(i, std::nullopt);
      continue;
    }
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    size_t size = 0;
    if (words.size() != 3 || words[1] != "blob" || !absl::SimpleAtoi(words[2], &size)) {
      return ended(line);
    }
    if (size == 0) take(i, "");
    if (!contents_->Hear(size, [&](std::string_view piece) { take(i, piece); })) return ended(line);
    if (!contents_->HearLine(line)) return ended(line);
  }
  return true;
}

Or<std::vector<std::string>> Git::Modified() const {
  const Or<std::string> text =
      Run({"status", "--porcelain", "-z", "--no-renames", "--untracked-files=no"});
  if (!text) return text.problem();
  std::vector<std::string> paths;
  for (const std::string& entry : Zeros(*text)) {
    if (entry.size() > 3) paths.push_back(entry.substr(3));
  }
  return paths;
}

Or<std::vector<std::string>> Git::Uncommitted(const std::string& path) const {
  const Or<std::string> text = Run({"status", "--porcelain", "-z", "--no-renames",
                                    "--untracked-files=all", "--", Pathspec(path)});
  if (!text) return text.problem();
  std::vector<std::string> paths;
  for (const std::string& entry : Zeros(*text)) {
    if (entry.size() > 3) paths.push_back(entry.substr(3));
  }
  return paths;
}

}  // namespace gate::ctl
