#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "clients/gatectl/collect.h"

namespace gate::ctl {
namespace {

constexpr char kUsual[] = R"(\b[A-Z][A-Z0-9]+-[0-9]+\b)";

// Names of standards that look like tickets.
constexpr std::array<std::string_view, 12> kStandards = {
    "AES", "CVE", "HTTP", "IEEE", "ISO", "MD", "PEP", "RFC", "SHA", "TLS", "UTC", "UTF"};

bool IsStandard(std::string_view ticket) {
  const std::string_view prefix = ticket.substr(0, ticket.find('-'));
  return std::find(kStandards.begin(), kStandards.end(), prefix) != kStandards.end();
}

}  // namespace

Or<std::vector<std::string>> FindTickets(const std::string& text,
                                         const std::vector<std::string>& patterns) {
  std::vector<std::string> tickets;
  const std::vector<std::string> used =
      patterns.empty() ? std::vector<std::string>{kUsual} : patterns;
  for (const std::string& pattern : used) {
    RE2::Options options(RE2::Quiet);
    const RE2 expression(pattern, options);
    if (!expression.ok()) {
      return Problem{"E0203",
                     ".gate.yaml is wrong",
                     {absl::StrCat("ticket_patterns: \"", pattern, "\": ", expression.error())},
                     "",
                     "",
                     {}};
    }
    re2::StringPiece whole;
    for (size_t at = 0; at <= text.size() &&
                        expression.Match(text, at, text.size(), RE2::UNANCHORED, &whole, 1);) {
      const std::string ticket(whole.data(), whole.size());
      at = (whole.data() - text.data()) + std::max<size_t>(whole.size(), 1);
      if (ticket.empty() || (patterns.empty() && IsStandard(ticket))) continue;
      if (std::find(tickets.begin(), tickets.end(), ticket) == tickets.end()) {
        tickets.push_back(ticket);
      }
    }
  }
  return tickets;
}

}  // namespace gate::ctl
