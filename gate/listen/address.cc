#include "gate/listen/address.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace gate {
namespace {

constexpr std::string_view kUnix = "unix:";

absl::Status BadAddress(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(text), "\" is not an address to listen on: ", std::string(why),
                   "; write \"host:port\", \"[::1]:port\" or \"unix:/path\""));
}

}  // namespace

absl::StatusOr<Address> ParseAddress(std::string_view text) {
  Address address;
  if (text.starts_with(kUnix)) {
    address.unix_path = std::string(text.substr(kUnix.size()));
    // sockaddr_un has room for 107 characters.
    if (!address.unix_path.starts_with('/')) return BadAddress(text, "the path must be absolute");
    if (address.unix_path.size() > 107) return BadAddress(text, "the path is over 107 characters");
    return address;
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return BadAddress(text, "the port is missing");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return BadAddress(text, "an IPv6 address needs brackets");
  }
  if (host.empty()) return BadAddress(text, "the host is missing");
  const std::string port(text.substr(colon + 1));
  if (!absl::SimpleAtoi(port, &address.port) || address.port < 0 || address.port > 65535) {
    return BadAddress(text, "the port must be 0 to 65535");
  }
  address.host = std::string(host);
  return address;
}

std::string WithPort(std::string_view text, int port) {
  if (text.starts_with(kUnix)) return std::string(text);
  return absl::StrCat(std::string(text.substr(0, text.rfind(':') + 1)), port);
}

}  // namespace gate
