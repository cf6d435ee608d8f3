#include "clients/gatectl/qa_reports.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/gatectl/files.h"

namespace gate::ctl {
namespace {

namespace fs = std::filesystem;

// More than any build leaves; whoever searches all of a disk wants to hear of it.
constexpr int kMaxEntries = 200'000;
constexpr size_t kMaxCauses = 20;

using Names = std::vector<std::string>;

bool Matches(const Names& pattern, size_t at, const Names& path, size_t from) {
  if (at == pattern.size()) return from == path.size();
  if (pattern[at] == "**") {
    for (size_t next = from; next <= path.size(); ++next) {
      if (Matches(pattern, at + 1, path, next)) return true;
    }
    return false;
  }
  return from < path.size() && fnmatch(pattern[at].c_str(), path[from].c_str(), 0) == 0 &&
         Matches(pattern, at + 1, path, from + 1);
}

// The names of a pattern; "**/**" is "**".
Names Split(const std::string& path) {
  Names names;
  for (std::string name : Names(absl::StrSplit(path, '/', absl::SkipEmpty()))) {
    if (name == "." || (name == "**" && !names.empty() && names.back() == "**")) continue;
    names.push_back(std::move(name));
  }
  return names;
}

Problem NotFound(const std::string& path, std::string cause) {
  return {"E0202",
          absl::StrCat("cannot read ", path),
          {std::move(cause)},
          "",
          "",
          {"a test run that leaves no report proves nothing: did it run?"}};
}

// Files under `start` whose path from there the pattern matches.
Or<Names> Search(const std::string& start, const Names& pattern, const std::string& path) {
  Names found;
  std::error_code error;
  fs::recursive_directory_iterator entries(start, error);
  if (error) return NotFound(path, error.message());
  int seen = 0;
  for (const auto end = fs::recursive_directory_iterator(); entries != end;
       entries.increment(error)) {
    if (++seen > kMaxEntries) {
      return NotFound(path, absl::StrCat("there are more than ", kMaxEntries, " files under ",
                                         start, ": name a folder"));
    }
    const fs::directory_entry& entry = *entries;
    if (entry.path().filename() == ".git") entries.disable_recursion_pending();
    std::error_code gone;
    if (!entry.is_regular_file(gone)) continue;
    const std::string below = entry.path().lexically_relative(start);
    if (Matches(pattern, 0, Split(below), 0)) {
      found.push_back((fs::path(start) / below).string());
    }
  }
  // A folder that cannot be looked into may hold some.
  if (error) return NotFound(path, error.message());
  std::ranges::sort(found);
  return found;
}

}  // namespace

bool IsPattern(const std::string& path) { return path.find_first_of("*?[") != path.npos; }

Or<std::vector<std::string>> FindReports(const std::string& folder, const std::string& path) {
  // As it is written, "../reports" too: messages say what the user has said.
  const std::string begin = path.starts_with('/') ? "" : folder + "/";
  const std::string whole = begin + path;
  std::error_code error;
  const fs::file_status status = fs::status(whole, error);
  if (path == "-" || fs::is_regular_file(status)) return Names{path};
  std::string start = whole;
  Names pattern = {"**", "*.xml"};
  if (!fs::is_directory(status)) {
    if (!IsPattern(path)) return NotFound(path, "No such file or directory");
    // What stands before the first name with a pattern in it.
    const size_t first = begin.size() + path.find_first_of("*?[");
    start = whole.substr(0, whole.find_last_of('/', first) + 1);
    pattern = Split(whole.substr(start.size()));
  }
  Or<Names> found = Search(start, pattern, path);
  if (!found) return found;
  if (found->empty()) {
    return NotFound(path, fs::is_directory(status) ? "no *.xml is in it" : "nothing matches it");
  }
  for (std::string& one : *found) {
    if (one.starts_with(begin)) one.erase(0, begin.size());
  }
  return found;
}

Or<std::vector<ReportFile>> ReadReports(const std::string& folder,
                                        const std::vector<std::string>& paths) {
  std::vector<ReportFile> files;
  std::vector<std::string> causes;
  std::string wrong;
  for (const std::string& path : paths) {
    const Or<std::string> text = ReadFile(path == "-" ? path : RelativeTo(folder, path));
    if (!text) return text.problem();
    ReportFile& file = files.emplace_back();
    file.path = path;
    file.report = qa::ReadJunit(*text);
    for (const v1::QaCase& one : file.report.cases) file.counts.Add(one.outcome());
    for (const qa::JunitIssue& error : file.report.errors) {
      if (wrong.empty()) wrong = path;
      if (causes.size() < kMaxCauses) {
        const std::string line = error.line > 0 ? absl::StrCat(error.line, ": ") : " ";
        causes.push_back(absl::StrCat(path, ":", line, error.message));
      }
    }
  }
  if (!causes.empty()) return WrongFile(wrong, std::move(causes));
  return files;
}

std::optional<absl::Time> FinishedAt(const std::vector<ReportFile>& files, absl::Time now,
                                     absl::TimeZone zone) {
  std::optional<absl::Time> latest;
  const auto take = [&](absl::Time time) {
    if (time <= now) latest = std::max(latest.value_or(absl::InfinitePast()), time);
  };
  for (const ReportFile& file : files) {
    if (file.report.finished_at) take(*file.report.finished_at);
    if (!file.report.finished_by_clock) continue;
    const absl::Time clock = *file.report.finished_by_clock;
    take(clock);
    take(absl::FromCivil(absl::ToCivilSecond(clock, absl::UTCTimeZone()), zone));
  }
  return latest;
}

}  // namespace gate::ctl
