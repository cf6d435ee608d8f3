#include <array>
#include <cstdint>
#include <random>

#include "clients/cpp/gate/client.h"

namespace gate::client {

std::string NewRequestId() {
  static thread_local std::random_device device;
  const auto milliseconds =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                std::chrono::system_clock::now().time_since_epoch())
                                .count());
  std::array<uint8_t, 16> bytes{};
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<uint8_t>(milliseconds >> (40 - 8 * i));
  for (size_t i = 6; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(device());
  bytes[6] = static_cast<uint8_t>(0x70 | (bytes[6] & 0x0F));  // version 7 (RFC 9562, 5.7)
  bytes[8] = static_cast<uint8_t>(0x80 | (bytes[8] & 0x3F));  // variant
  static constexpr char kHex[] = "0123456789abcdef";
  std::string id;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
    id += kHex[bytes[i] >> 4];
    id += kHex[bytes[i] & 0x0F];
  }
  return id;
}

}  // namespace gate::client
