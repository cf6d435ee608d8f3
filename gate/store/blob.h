// Content that is stored once.
#ifndef GATE_STORE_BLOB_H_
#define GATE_STORE_BLOB_H_

#include <memory>
#include <string>

namespace gate {

// Content that is stored once under its SHA-256, however many verdicts point to it: an observation,
// a policy. Shared with whoever else holds it; immutable.
struct Blob {
  std::string digest;                          // Sha256Hex of *content
  std::shared_ptr<const std::string> content;  // uncompressed
};

}  // namespace gate

#endif  // GATE_STORE_BLOB_H_
