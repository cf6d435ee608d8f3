#include "checks/tickets/ticket_finder.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gate {
namespace {

constexpr char kUsual[] = R"(\b[A-Z][A-Z0-9]+-[0-9]+\b)";

// Names of standards that look like tickets.
constexpr std::array<std::string_view, 12> kStandards = {
    "AES", "CVE", "HTTP", "IEEE", "ISO", "MD", "PEP", "RFC", "SHA", "TLS", "UTC", "UTF"};

bool IsStandard(std::string_view ticket) {
  return std::ranges::find(kStandards, ticket.substr(0, ticket.find('-'))) != kStandards.end();
}

}  // namespace

absl::StatusOr<TicketFinder> TicketFinder::Make(const std::vector<std::string>& patterns) {
  TicketFinder finder;
  finder.usual_ = patterns.empty();
  const std::vector<std::string> used = finder.usual_ ? std::vector<std::string>{kUsual} : patterns;
  for (const std::string& pattern : used) {
    auto expression = std::make_unique<const RE2>(pattern, RE2::Quiet);
    if (!expression->ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("ticket_patterns: \"", pattern, "\": ", expression->error()));
    }
    finder.patterns_.push_back(std::move(expression));
  }
  return finder;
}

std::vector<std::string> TicketFinder::Find(std::string_view text) const {
  std::vector<std::string> tickets;
  const re2::StringPiece piece(text.data(), text.size());
  for (const auto& pattern : patterns_) {
    re2::StringPiece whole;
    for (size_t at = 0;
         at <= text.size() && pattern->Match(piece, at, text.size(), RE2::UNANCHORED, &whole, 1);) {
      const std::string ticket(whole.data(), whole.size());
      at = static_cast<size_t>(whole.data() - text.data()) + std::max<size_t>(whole.size(), 1);
      if (ticket.empty() || (usual_ && IsStandard(ticket))) continue;
      if (std::ranges::find(tickets, ticket) == tickets.end()) tickets.push_back(ticket);
    }
  }
  return tickets;
}

bool IsTicketKey(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](unsigned char c) {
    return absl::ascii_isalnum(c) ||
           std::string_view("._#/-").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

}  // namespace gate
