// Where verdicts, their evidence and the policies that judged them are kept: append-only, durable
// before the reply, shared by replicas where the implementation is PostgreSQL.
//
// Two implementations, sqlite.h and postgres.h, pass one contract suite
// (tests/store/contract_test.cc). Both commit in groups: evaluations that wait together share one
// fsync (group_commit.h).
//
// Errors: UNAVAILABLE where the store cannot be reached or is locked (trying again may help),
// RESOURCE_EXHAUSTED where it is full or the queue of waiting appends is, DATA_LOSS where what is
// stored cannot be read. After a failed fsync the process stops: what the kernel dropped cannot be
// written again, and nobody may be told ALLOW on the strength of it.
#ifndef GATE_STORE_STORE_H_
#define GATE_STORE_STORE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gate/v1/verdict.pb.h"

namespace gate {

// Content that is stored once under its SHA-256, however many verdicts point to it: an observation,
// a policy. Shared with whoever else holds it; immutable.
struct Blob {
  std::string digest;                          // Sha256Hex of *content
  std::shared_ptr<const std::string> content;  // uncompressed
};

// All that one evaluation leaves behind.
struct VerdictRecord {
  v1::Verdict verdict;         // with name and request_id
  std::string request_digest;  // Sha256Hex of the request without its request_id
  std::vector<Blob> blobs;
};

// What an append came to.
struct Appended {
  // The verdict on record: the one given, or the first one with its request_id.
  v1::Verdict verdict;
  // Whether an earlier append with that request_id won.
  bool replayed = false;
};

// Which verdicts to list. Empty or unset fields match all.
struct VerdictFilter {
  std::string service;
  std::string environment;
  v1::Decision decision = v1::DECISION_UNSPECIFIED;
  std::optional<absl::Time> start;  // inclusive
  std::optional<absl::Time> end;    // exclusive
};

// Thread-safe.
class Store {
 public:
  using Done = std::function<void(absl::StatusOr<Appended>)>;

  virtual ~Store() = default;

  // Keeps the record; `done` runs once, on a thread of the store, after it is on disk (or has
  // failed); on this thread where the record is refused at once. It must not block. ALREADY_EXISTS
  // (reason REQUEST_ID_REUSED) where request_id was used for another request. After UNAVAILABLE the
  // record may be there or not: the same request_id, asked again, finds out.
  virtual void Append(VerdictRecord record, Done done) = 0;

  // By id, the part of the name after "verdicts/". NOT_FOUND where there is none.
  virtual absl::StatusOr<v1::Verdict> GetVerdict(std::string_view id) = 0;

  // The verdict that was given to a request, where there is one: {verdict, request_digest}.
  struct Given {
    v1::Verdict verdict;
    std::string request_digest;
  };
  virtual absl::StatusOr<std::optional<Given>> FindRequest(std::string_view request_id) = 0;

  // At most `limit` verdicts, newest first, by create_time (in microseconds) and then by id.
  // `before` is the id of the last verdict of the page before, empty for the first page;
  // INVALID_ARGUMENT where there is no such verdict. Cost does not grow with what is stored.
  virtual absl::StatusOr<std::vector<v1::Verdict>> ListVerdicts(const VerdictFilter& filter,
                                                                std::string_view before,
                                                                int limit) = 0;

  // The uncompressed content. NOT_FOUND where there is none; DATA_LOSS where it does not have
  // that digest any more.
  virtual absl::StatusOr<std::string> GetBlob(std::string_view digest) = 0;

  // Creation time of the newest verdict; InfinitePast when there is none. A clock behind it has
  // stepped back.
  virtual absl::StatusOr<absl::Time> NewestVerdictTime() = 0;

  // Whether it can take an append now.
  virtual absl::Status Ready() = 0;
};

// Opens the store that a URL names, and brings its schema up to date under a lock:
// "sqlite:PATH" ("sqlite::memory:" is gone with the store) or "postgresql://…" (libpq's connection
// URI). INVALID_ARGUMENT names what is wrong with the URL; FAILED_PRECONDITION where the schema is
// newer than this program, or the server is set up so that commits may be lost.
struct StoreOptions {
  int write_connections = 2;  // PostgreSQL
  int max_group = 256;        // appends in one commit
  int max_waiting = 4096;     // appends that wait; beyond it RESOURCE_EXHAUSTED
};
absl::StatusOr<std::unique_ptr<Store>> OpenStore(std::string_view url, const StoreOptions& options);

}  // namespace gate

#endif  // GATE_STORE_STORE_H_
