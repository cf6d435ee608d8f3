// Addresses of listeners: "host:port", "[::1]:port", "unix:/path".
#ifndef GATE_CONFIG_ADDRESS_H_
#define GATE_CONFIG_ADDRESS_H_

#include <string>
#include <string_view>

namespace gate {

// What is wrong with the address and how to write it, or "".
std::string AddressProblem(std::string_view address);

// Whether the port is 0: any that is free.
bool IsAnyPort(std::string_view address);

}  // namespace gate

#endif  // GATE_CONFIG_ADDRESS_H_
