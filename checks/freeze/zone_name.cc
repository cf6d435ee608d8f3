#include "checks/freeze/zone_name.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace gate::freeze {
namespace {

struct Abbreviation {
  std::string_view name;
  std::string_view zone;
};

constexpr std::array<Abbreviation, 20> kAbbreviations = {{
    {"AEDT", "Australia/Sydney"},
    {"AEST", "Australia/Sydney"},
    {"BST", "Europe/London"},
    {"CDT", "America/Chicago"},
    {"CEST", "Europe/Berlin"},
    {"CST", "America/Chicago"},
    {"EASTERN", "America/New_York"},
    {"EDT", "America/New_York"},
    {"EST", "America/New_York"},
    {"HST", "Pacific/Honolulu"},
    {"IST", "Asia/Kolkata"},
    {"JST", "Asia/Tokyo"},
    {"KST", "Asia/Seoul"},
    {"MDT", "America/Denver"},
    {"MSK", "Europe/Moscow"},
    {"MST", "America/Denver"},
    {"PACIFIC", "America/Los_Angeles"},
    {"PDT", "America/Los_Angeles"},
    {"PST", "America/Los_Angeles"},
    {"Z", "UTC"},
}};

constexpr std::array<std::string_view, 9> kRegions = {"",         "America/",   "Europe/",
                                                      "Asia/",    "Australia/", "Africa/",
                                                      "Pacific/", "Atlantic/",  "Indian/"};

// absl would take the names of files and of the machine's own zone as well.
bool IsName(std::string_view name) {
  const bool letters = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '+' || c == '/';
  });
  return letters && !name.empty() && name.size() <= 64 && absl::ascii_isupper(name.front());
}

bool Exists(std::string_view name) {
  absl::TimeZone zone;
  return IsName(name) && absl::LoadTimeZone(absl::string_view(name.data(), name.size()), &zone);
}

std::string_view ZoneOfAbbreviation(std::string_view name) {
  const std::string upper = absl::AsciiStrToUpper(absl::string_view(name.data(), name.size()));
  for (const auto& [abbreviation, zone] : kAbbreviations) {
    if (abbreviation == upper) return zone;
  }
  return "";
}

// "america/NewYork", "New York" -> "America/New_York", "New_York".
std::string Respelled(std::string_view name) {
  std::string respelled;
  bool at_word = true;
  for (const char c : name) {
    const auto letter = static_cast<unsigned char>(c);
    const bool breaks = c == ' ' || c == '_' || c == '/';
    const bool humps = !at_word && absl::ascii_isupper(letter) &&
                       absl::ascii_islower(static_cast<unsigned char>(respelled.back()));
    if (humps) respelled.push_back('_');
    if (breaks) {
      respelled.push_back(c == '/' ? '/' : '_');
    } else {
      respelled.push_back(at_word ? absl::ascii_toupper(letter) : c);
    }
    at_word = breaks;
  }
  return respelled;
}

std::string Suggestion(std::string_view name) {
  if (const std::string_view zone = ZoneOfAbbreviation(name); !zone.empty()) {
    return std::string(zone);
  }
  std::string word(absl::StripAsciiWhitespace(absl::string_view(name.data(), name.size())));
  for (const std::string& spelling : {Respelled(word), Respelled(absl::AsciiStrToLower(word))}) {
    for (const std::string_view region : kRegions) {
      std::string candidate = absl::StrCat(std::string(region), spelling);
      if (Exists(candidate)) return candidate;
    }
  }
  return "";
}

}  // namespace

std::string ZoneIssue(std::string_view name) {
  if (name.empty()) return "is required: an IANA time zone, for example \"America/New_York\"";
  const std::string quoted = absl::StrCat("\"", std::string(name.substr(0, 64)), "\"");
  const bool fixed = name == "EST" || name == "MST" || name == "HST";
  if (fixed) {
    return absl::StrCat(quoted, " is one offset all the year, without summer time; did you mean \"",
                        std::string(ZoneOfAbbreviation(name)), "\"?");
  }
  if (Exists(name)) return "";
  const std::string suggestion = name.size() <= 64 ? Suggestion(name) : "";
  if (suggestion.empty()) {
    return absl::StrCat("unknown time zone ", quoted,
                        "; expected an IANA name, for example \"America/New_York\"");
  }
  return absl::StrCat("unknown time zone ", quoted, "; did you mean \"", suggestion, "\"?");
}

}  // namespace gate::freeze
