#include "checks/qa/words.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace gate::qa {
namespace {

constexpr size_t kShortRevision = 9;
constexpr size_t kNamedCases = 6;

}  // namespace

std::string Count(size_t count, std::string_view singular) {
  return absl::StrCat(count, " ", std::string(singular), count == 1 ? "" : "s");
}

std::string Short(std::string_view revision) {
  return std::string(revision.substr(0, kShortRevision));
}

std::string Enumerate(const std::vector<std::string>& things, size_t most) {
  if (things.size() == 1) return things[0];
  if (things.size() > most) {
    return absl::StrCat(absl::StrJoin(things.begin(), things.begin() + most, ", "), " and ",
                        things.size() - most, " more");
  }
  if (things.empty()) return "";
  return absl::StrCat(absl::StrJoin(things.begin(), things.end() - 1, ", "), " and ",
                      things.back());
}

std::string ByPlatform(const std::vector<const v1::QaCell*>& cells) {
  std::vector<std::pair<std::string, std::vector<std::string>>> platforms;
  for (const v1::QaCell* cell : cells) {
    auto at = std::ranges::find(platforms, cell->platform(),
                                &std::pair<std::string, std::vector<std::string>>::first);
    if (at == platforms.end()) at = platforms.insert(at, {cell->platform(), {}});
    at->second.push_back(cell->case_name());
  }
  std::vector<std::string> parts;
  for (const auto& [platform, cases] : platforms) {
    parts.push_back(absl::StrCat(Enumerate(cases, kNamedCases), " on ", platform));
  }
  return absl::StrJoin(parts, "; ");
}

std::string Name(const std::string& ticket) {
  return ticket.empty() ? "the commits without a ticket" : ticket;
}

std::string Capitalized(std::string text) {
  if (!text.empty()) text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return text;
}

}  // namespace gate::qa
