#include "gate/config/address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"
#include "gate/config/config.h"

namespace gate {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr char kForms[] =
    "write it as \"127.0.0.1:8443\", \"[::1]:8443\" or \"unix:/run/gate.sock\"";

// "[::1]:80" -> "::1" and "80"; both empty where there is no port.
struct HostAndPort {
  std::string host;
  std::string port;
};

HostAndPort Split(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view host = address.substr(0, colon);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  // An IPv6 address without brackets: its last group is no port.
  if (!brackets && host.find(':') != std::string_view::npos) return {};
  return {std::string(host), std::string(address.substr(colon + 1))};
}

// Host names as RFC 1123 has them, IPv4 among them, and IPv6 literals.
bool IsHost(const std::string& host) {
  in6_addr six;
  if (host.find(':') != std::string::npos) return inet_pton(AF_INET6, host.c_str(), &six) == 1;
  for (char c : host) {
    if (!absl::ascii_isalnum(c) && c != '.' && c != '-') return false;
  }
  return !host.empty() && host.size() <= 253;
}

}  // namespace

std::string AddressProblem(std::string_view address) {
  if (address.starts_with(kUnix)) {
    const std::string_view path = address.substr(kUnix.size());
    if (!path.starts_with('/'))
      return "the path of a unix socket is absolute: \"unix:/run/gate.sock\"";
    if (path.size() < sizeof(sockaddr_un::sun_path)) return "";
    return absl::StrCat("the path of a unix socket has at most ", sizeof(sockaddr_un::sun_path) - 1,
                        " bytes");
  }
  const HostAndPort parts = Split(address);
  if (parts.port.empty() || !IsHost(parts.host)) {
    return absl::StrCat(Quoted(address), " is no address; ", kForms);
  }
  int port = 0;
  const bool digits = parts.port.find_first_not_of("0123456789") == std::string::npos;
  if (digits && absl::SimpleAtoi(parts.port, &port) && port <= 65535) return "";
  return absl::StrCat(Quoted(parts.port), " is no port: 0 to 65535");
}

bool IsAnyPort(std::string_view address) {
  return !address.starts_with(kUnix) && Split(address).port == "0";
}

bool IsLocalAddress(std::string_view address) {
  if (address.starts_with(kUnix)) return true;
  const std::string host = Split(address).host;
  if (host == "localhost") return true;
  in_addr four;
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  in6_addr six;
  return inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

}  // namespace gate
