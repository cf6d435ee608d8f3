// Digests and ids.
#ifndef GATE_BASE_DIGEST_H_
#define GATE_BASE_DIGEST_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "google/protobuf/message_lite.h"

namespace gate {

// SHA-256 in lower-case hexadecimal, 64 characters.
std::string Sha256Hex(std::string_view bytes);

// The bytes of a message, the same on every run: map entries sorted.
std::string DeterministicBytes(const google::protobuf::MessageLite& message);

// A new id: 26 characters of Crockford's base 32, 48 bits of milliseconds then 80 of randomness
// (the ULID layout). Ids sort by time; ids of one process also by order within a millisecond.
// Thread-safe.
std::string NewId(absl::Time now);

}  // namespace gate

#endif  // GATE_BASE_DIGEST_H_
