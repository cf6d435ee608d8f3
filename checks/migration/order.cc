#include "checks/migration/order.h"

#include <algorithm>
#include <compare>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace gate::migration {
namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// The digits at the start of the text, without leading zeros; they leave it.
std::string_view TakeNumber(std::string_view& text) {
  const size_t end = std::min(
      static_cast<size_t>(std::ranges::find_if_not(text, IsDigit) - text.begin()), text.size());
  std::string_view number = text.substr(0, end);
  text.remove_prefix(end);
  while (number.size() > 1 && number[0] == '0') number.remove_prefix(1);
  return number;
}

// Numbers of any length by value, the rest by bytes.
std::strong_ordering CompareNumbers(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() <=> b.size() : a <=> b;
}

std::strong_ordering CompareNatural(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (IsDigit(a[0]) && IsDigit(b[0])) {
      const std::strong_ordering order = CompareNumbers(TakeNumber(a), TakeNumber(b));
      if (order != std::strong_ordering::equal) return order;
      continue;
    }
    // A folder's own files stand together: a/b before a-2/b.
    if ((a[0] == '/') != (b[0] == '/')) {
      return a[0] == '/' ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    if (a[0] != b[0]) return static_cast<unsigned char>(a[0]) <=> static_cast<unsigned char>(b[0]);
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() <=> b.size();
}

// The digits of 2024-01-31-235959, which Diesel writes so and compares without the dashes, as it
// has written them before; they leave the name. Else nothing.
std::string TakeDashedTime(std::string_view& name) {
  constexpr std::string_view kForm = "dddd-dd-dd-dddddd";
  if (name.size() < kForm.size()) return "";
  std::string digits;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'd' ? !IsDigit(name[i]) : name[i] != '-') return "";
    if (kForm[i] == 'd') digits += name[i];
  }
  if (name.size() > kForm.size() && IsDigit(name[kForm.size()])) return "";
  name.remove_prefix(kForm.size());
  return digits;
}

// The numbers that a name begins with: 12_a: {12}, 2024-01-31-a: {2024, 1, 31}, V1_2__a: {1, 2}.
std::vector<std::string> VersionOf(std::string_view name) {
  std::vector<std::string> version;
  std::string_view separators = "-.";
  if (name.size() > 1 && (name[0] == 'V' || name[0] == 'v') && IsDigit(name[1])) {
    name.remove_prefix(1);
    separators = "_.";
  }
  while (!name.empty() && IsDigit(name[0])) {
    std::string time = version.empty() ? TakeDashedTime(name) : "";
    version.push_back(time.empty() ? std::string(TakeNumber(name)) : std::move(time));
    const bool goes_on =
        name.size() > 1 && IsDigit(name[1]) && separators.find(name[0]) != std::string_view::npos;
    if (!goes_on) break;
    name.remove_prefix(1);
  }
  return version;
}

struct Position {
  std::string folder;
  std::string name;  // from the part that has the version on
  bool repeatable = false;
};

// The path's parts, without what does not count: "./", "//", "folder/../".
std::vector<absl::string_view> PartsOf(std::string_view path) {
  std::vector<absl::string_view> parts;
  if (path.starts_with("/")) parts.push_back("");
  for (const absl::string_view part :
       absl::StrSplit(absl::string_view(path.data(), path.size()), '/')) {
    const bool has_folder = !parts.empty() && !parts.back().empty() && parts.back() != "..";
    if (part.empty() || part == ".") continue;
    if (part == ".." && has_folder) {
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  return parts;
}

std::string TakeLast(std::vector<absl::string_view>& parts) {
  if (parts.empty()) return "";
  std::string last(parts.back());
  parts.pop_back();
  return last;
}

Position PositionOf(std::string_view path) {
  std::vector<absl::string_view> parts = PartsOf(path);
  Position position;
  position.name = TakeLast(parts);
  position.repeatable = position.name.starts_with("R__");
  const bool named_by_folder =
      !position.repeatable && VersionOf(position.name).empty() && !parts.empty() &&
      !VersionOf(std::string_view(parts.back().data(), parts.back().size())).empty();
  if (named_by_folder) position.name = TakeLast(parts) + "/" + position.name;
  position.folder = absl::StrJoin(parts, "/");
  return position;
}

std::strong_ordering CompareVersions(const std::vector<std::string>& a,
                                     const std::vector<std::string>& b) {
  if (a.empty() != b.empty()) return a.empty() <=> b.empty();
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end(),
                                                CompareNumbers);
}

// By the first thing in which they differ.
std::strong_ordering Compare(const RunKey& a, const RunKey& b) {
  if (a.folder != b.folder) {
    const auto order = CompareNatural(a.folder, b.folder);
    return order != 0 ? order : a.folder <=> b.folder;
  }
  if (a.repeatable != b.repeatable) return a.repeatable <=> b.repeatable;
  if (const auto order = CompareVersions(a.version, b.version); order != 0) return order;
  if (const auto order = CompareNatural(a.name, b.name); order != 0) return order;
  return a.name != b.name ? a.name <=> b.name : a.path <=> b.path;
}

}  // namespace

RunKey RunKeyOf(std::string_view path) {
  Position position = PositionOf(path);
  std::vector<std::string> version = VersionOf(position.name);
  return {std::move(position.folder), std::move(position.name), std::move(version),
          position.repeatable, std::string(path)};
}

bool operator<(const RunKey& a, const RunKey& b) { return Compare(a, b) < 0; }

bool RunsBefore(std::string_view a, std::string_view b) { return RunKeyOf(a) < RunKeyOf(b); }

std::string FolderOf(std::string_view path) { return PositionOf(path).folder; }

bool IsFirst(std::string_view path) {
  const std::string name = PositionOf(path).name;
  const std::vector<std::string> version = VersionOf(name);
  const auto ones = std::ranges::count(version, "1");
  const auto zeros = std::ranges::count(version, "0");
  if (!version.empty() && ones <= 1 && ones + zeros == std::ssize(version)) return true;
  std::string word;
  for (const char c : name + ".") {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      word += absl::ascii_tolower(static_cast<unsigned char>(c));
      continue;
    }
    if (word == "init" || word == "initial") return true;
    word.clear();
  }
  return false;
}

}  // namespace gate::migration
