// Many waiting appends, one commit. Appends queue up; each writer thread takes as many as there
// are, up to a bound, and has its backend make them durable together. While one group is on its way
// to the disk the next one collects, so the load itself sets the size of the groups: one append
// alone waits for nobody, and sixty-four at once share an fsync.
#ifndef GATE_STORE_GROUP_COMMIT_H_
#define GATE_STORE_GROUP_COMMIT_H_

#include <chrono>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "gate/base/mutex.h"
#include "gate/store/known_digests.h"
#include "gate/store/record.h"
#include "gate/store/store.h"

namespace gate {

// One append on its way.
struct PendingAppend {
  EncodedRecord record;
  v1::Verdict verdict;
  Store::Done done;
  size_t bytes = 0;
  // What it came to; the backend sets it.
  absl::StatusOr<Appended> result = absl::UnknownError("not written");

  // The verdict given is the one on record. Once: it is handed on.
  void Won() { result = Appended{std::move(verdict), /*replayed=*/false}; }
};

// Says that the store is being closed, to whoever waits for something else. Thread-safe.
class Closing {
 public:
  void Announce() GATE_EXCLUDES(mu_);
  // Waits that long, or until the store is being closed: then true.
  bool WaitFor(std::chrono::milliseconds duration) GATE_EXCLUDES(mu_);

 private:
  Mutex mu_;
  CondVar changed_;
  bool announced_ GATE_GUARDED_BY(mu_) = false;
};

// A connection that writes groups. Each is used by one thread.
class GroupWriter {
 public:
  virtual ~GroupWriter() = default;

  // Makes the group durable and sets each result. Never reports success on a guess. Returns in
  // bounded time, and soon once `closing` is announced.
  virtual void Write(std::vector<PendingAppend>& group, Closing& closing) = 0;

  // Runs after the callers of a group have their answers: for what can wait.
  virtual void AfterReplies() {}
};

// Thread-safe. Its destructor writes what was accepted.
class GroupCommit {
 public:
  GroupCommit(std::vector<std::unique_ptr<GroupWriter>> writers, KnownDigests& known, int max_group,
              int max_waiting);
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  // As Store::Append.
  void Append(VerdictRecord record, Store::Done done) GATE_EXCLUDES(mu_);

  // RESOURCE_EXHAUSTED while an append would be refused.
  absl::Status HasRoom() GATE_EXCLUDES(mu_);

 private:
  void Run(GroupWriter& writer) GATE_EXCLUDES(mu_);
  // Waits for work; empty once there is none and none will come.
  std::vector<PendingAppend> NextGroup() GATE_EXCLUDES(mu_);
  absl::Status Reserve() GATE_EXCLUDES(mu_);
  void Unreserve() GATE_EXCLUDES(mu_);
  absl::Status CheckRoom() const GATE_REQUIRES(mu_);

  KnownDigests& known_;
  const size_t max_group_;
  const size_t max_waiting_;
  const std::vector<std::unique_ptr<GroupWriter>> writers_;
  Closing closing_;
  Mutex mu_;
  CondVar work_;
  std::deque<PendingAppend> queue_ GATE_GUARDED_BY(mu_);
  size_t waiting_ GATE_GUARDED_BY(mu_) = 0;        // in the queue, or being encoded for it
  size_t waiting_bytes_ GATE_GUARDED_BY(mu_) = 0;  // in the queue
  size_t idle_ GATE_GUARDED_BY(mu_) = 0;           // writer threads without work
  bool stopping_ GATE_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace gate

#endif  // GATE_STORE_GROUP_COMMIT_H_
