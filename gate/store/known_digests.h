// Digests of blobs that are known to be stored, so that a policy or an observation that comes back
// in every evaluation costs no write, no compression and no look-up.
#ifndef GATE_STORE_KNOWN_DIGESTS_H_
#define GATE_STORE_KNOWN_DIGESTS_H_

#include <list>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "gate/base/mutex.h"

namespace gate {

// The `capacity` digests that were used last. Thread-safe.
class KnownDigests {
 public:
  explicit KnownDigests(size_t capacity) : capacity_(capacity) {}

  bool Contains(const std::string& digest) GATE_EXCLUDES(mu_);

  // Only for what is on disk.
  void Add(const std::string& digest) GATE_EXCLUDES(mu_);

  // For when the database may be another than before.
  void Clear() GATE_EXCLUDES(mu_);

 private:
  const size_t capacity_;
  Mutex mu_;
  std::list<std::string> by_use_ GATE_GUARDED_BY(mu_);  // last used first
  absl::flat_hash_map<std::string, std::list<std::string>::iterator> places_ GATE_GUARDED_BY(mu_);
};

}  // namespace gate

#endif  // GATE_STORE_KNOWN_DIGESTS_H_
