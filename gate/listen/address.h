// Addresses to listen on: "host:port", "[v6]:port" or "unix:/path".
#ifndef GATE_LISTEN_ADDRESS_H_
#define GATE_LISTEN_ADDRESS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace gate {

struct Address {
  std::string host;       // without brackets; empty for a unix socket
  int port = 0;           // 0: any free one
  std::string unix_path;  // empty for a host
};

// INVALID_ARGUMENT says what is wrong with it.
absl::StatusOr<Address> ParseAddress(std::string_view text);

// The same address with the port that was picked; a unix socket stays as it is.
std::string WithPort(std::string_view text, int port);

}  // namespace gate

#endif  // GATE_LISTEN_ADDRESS_H_
