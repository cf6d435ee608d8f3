// A verdict record in the form in which both stores write it. Made on the thread of the caller, so
// that the threads that write have nothing to do but write.
#ifndef GATE_STORE_RECORD_H_
#define GATE_STORE_RECORD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/store/audit.h"
#include "gate/store/known_digests.h"
#include "gate/store/store.h"

namespace gate {

struct EncodedBlob {
  std::string digest;
  std::string content;  // a zstd frame
  int64_t month = 0;    // of what points to it (month.h)
};

// A flag that has to stay off.
struct EncodedWatch {
  std::string environment, flag, service, ticket, build;
  std::string watch;
};

struct EncodedRecord {
  std::string id;
  std::string request_id;
  std::string request_digest;
  int64_t create_time;  // microseconds since 1970
  std::string service;
  std::string environment;
  int decision;
  std::string verdict;
  std::vector<EncodedBlob> blobs;     // those that are not known to be stored
  std::vector<EncodedWatch> watches;  // of what is let go; no two of one key
  std::vector<std::string> consumes;  // ids of overrides, ascending, each once
  std::string consumer;               // the rollout, or the verdict where there is none
  EncodedAudit audit;

  size_t Bytes() const;
};

// OK for text that both databases take.
absl::Status CheckStoredText(std::string_view what, std::string_view text, size_t max_bytes);

// A blob's place among the known digests: it is stored anew for each month.
std::string KnownAs(const std::string& digest, int64_t month);

// INVALID_ARGUMENT for content that does not have its digest.
absl::StatusOr<EncodedBlob> EncodeBlob(const Blob& blob);

// INVALID_ARGUMENT for what must not be stored: a verdict without name, decision or request_id,
// text that a database would refuse or an index cannot hold, a blob that does not have its digest,
// a watch that does not name its flag, ticket or build, an override that is not a name.
absl::StatusOr<EncodedRecord> Encode(const VerdictRecord& record, KnownDigests& known);

// DATA_LOSS where the bytes are no verdict.
absl::StatusOr<v1::Verdict> DecodeVerdict(std::string_view bytes);

// Of one zstd frame. DATA_LOSS where it does not unpack to content with that digest.
absl::StatusOr<std::string> DecodeBlob(std::string_view digest, std::string_view frame);

// What is on record for a request_id.
struct StoredVerdict {
  std::string id;
  std::string request_digest;
  std::string verdict;
};

// What an append came to that found its request_id taken: the stored verdict where it was the same
// request, else ALREADY_EXISTS.
absl::StatusOr<Appended> ResolveTaken(const EncodedRecord& record, const StoredVerdict& stored);

// Whole microseconds since 1970, rounded down.
int64_t Micros(absl::Time time);

}  // namespace gate

#endif  // GATE_STORE_RECORD_H_
