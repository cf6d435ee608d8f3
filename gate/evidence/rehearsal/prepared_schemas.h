// Data directories in which a schema is loaded already: loading a large one takes longer than all
// else of a rehearsal, and one release is rehearsed many times. The next rehearsal on the same text
// starts from a copy.
//
// They hold what the SQL of others has made, and serve nobody but who hands in the same SQL. Few
// are kept, and they are this process's own: their names say so, and whoever opens the folder next
// removes those of processes that are gone.
#ifndef GATE_EVIDENCE_REHEARSAL_PREPARED_SCHEMAS_H_
#define GATE_EVIDENCE_REHEARSAL_PREPARED_SCHEMAS_H_

#include <cstdint>
#include <list>
#include <memory>
#include <set>
#include <string>

#include "gate/base/mutex.h"
#include "gate/v1/rehearsal.pb.h"

namespace gate {

// What loading a schema came to.
struct LoadedSchema {
  google::protobuf::RepeatedPtrField<v1::LostCoverage> lost;
  std::set<std::string> roles;  // that were made for it
};

// One of them. Its files go with the last who uses it.
class PreparedSchema {
 public:
  PreparedSchema(std::string folder, uint64_t bytes, LoadedSchema loaded)
      : folder_(std::move(folder)), bytes_(bytes), loaded_(std::move(loaded)) {}
  ~PreparedSchema();
  PreparedSchema(const PreparedSchema&) = delete;
  PreparedSchema& operator=(const PreparedSchema&) = delete;

  const std::string& folder() const { return folder_; }  // the data directory
  uint64_t bytes() const { return bytes_; }
  const LoadedSchema& loaded() const { return loaded_; }

 private:
  const std::string folder_;
  const uint64_t bytes_;
  const LoadedSchema loaded_;
};

// Those of one version of PostgreSQL. Thread-safe.
class PreparedSchemas {
 public:
  explicit PreparedSchemas(uint64_t max_bytes) : max_bytes_(max_bytes) {}

  // By the digest of the schema's text; nullptr where there is none.
  std::shared_ptr<const PreparedSchema> Find(const std::string& digest) GATE_EXCLUDES(mu_);

  // Those that were not asked for longest make room. Nothing where there is one of that digest, or
  // where it is too large.
  void Keep(const std::string& digest, std::shared_ptr<const PreparedSchema> schema)
      GATE_EXCLUDES(mu_);

 private:
  struct Entry {
    std::string digest;
    std::shared_ptr<const PreparedSchema> schema;
  };

  const uint64_t max_bytes_;
  Mutex mu_;
  std::list<Entry> entries_ GATE_GUARDED_BY(mu_);  // the one last asked for first
};

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_PREPARED_SCHEMAS_H_
