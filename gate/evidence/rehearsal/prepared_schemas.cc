#include "gate/evidence/rehearsal/prepared_schemas.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

namespace gate {
namespace {

constexpr size_t kMaxSchemas = 4;

}  // namespace

PreparedSchema::~PreparedSchema() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::shared_ptr<const PreparedSchema> PreparedSchemas::Find(const std::string& digest) {
  MutexLock lock(mu_);
  const auto found = std::ranges::find(entries_, digest, &Entry::digest);
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->schema;
}

void PreparedSchemas::Keep(const std::string& digest,
                           std::shared_ptr<const PreparedSchema> schema) {
  std::vector<Entry> dropped;  // Their files are removed without the lock.
  MutexLock lock(mu_);
  if (schema->bytes() > max_bytes_) return;
  if (std::ranges::find(entries_, digest, &Entry::digest) != entries_.end()) return;
  entries_.push_front({digest, std::move(schema)});
  uint64_t bytes = 0;
  for (const Entry& entry : entries_) bytes += entry.schema->bytes();
  while (bytes > max_bytes_ || entries_.size() > kMaxSchemas) {
    bytes -= entries_.back().schema->bytes();
    dropped.push_back(std::move(entries_.back()));
    entries_.pop_back();
  }
}

}  // namespace gate
