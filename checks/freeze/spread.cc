#include "checks/freeze/spread.h"

#include <cstdint>

#include "checks/proto_time.h"

namespace gate::freeze {
namespace {

// FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ ; each text ends with a byte that none holds.
void Add(std::string_view text, uint64_t& hash) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ 0xff) * 0x100000001b3;
}

// The finalizer of splitmix64 (Steele, Lea and Flood, 2014): FNV alone leaves the high bits of
// short texts alike.
uint64_t Mixed(uint64_t hash) {
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

}  // namespace

absl::Duration SpreadOf(const v1::FreezeWindow& window, std::string_view service,
                        std::string_view environment) {
  const int64_t seconds = absl::ToInt64Seconds(FromProto(window.jitter()));
  if (seconds <= 0) return absl::ZeroDuration();
  uint64_t hash = 0xcbf29ce484222325;
  Add(service, hash);
  Add(environment, hash);
  Add(window.id(), hash);
  return absl::Seconds(static_cast<int64_t>(Mixed(hash) % static_cast<uint64_t>(seconds)));
}

}  // namespace gate::freeze
