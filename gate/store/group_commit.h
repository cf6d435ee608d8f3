// Many waiting appends, one commit. Appends queue up; a thread takes as many as there are, up to a
// bound, and a free writer, and has it make them durable together. While one group is on its way
// to the disk the next one collects, so the load itself sets the size of the groups: one append
// alone waits for nobody, and sixty-four at once share an fsync. There is one thread more than
// there are writers, so that one group's callers get their answers while the next is written.
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

// A connection that writes groups. Each is used by one thread at a time.
class GroupWriter {
 public:
  virtual ~GroupWriter() = default;

  // Makes the group durable and sets each result. Never reports success on a guess. Returns in
  // bounded time, and soon once `closing` is announced.
  virtual void Write(std::vector<PendingAppend>& group, Closing& closing) = 0;

  // Whether it wants Tidy to be called before it writes on.
  virtual bool Untidy() const { return false; }
  // What can wait until the callers of a group have their answers, and does not wait longer.
  virtual void Tidy() {}
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
  // A group, and the writer that it has until it is given back.
  struct Assignment {
    std::vector<PendingAppend> group;
    GroupWriter* writer = nullptr;
  };

  void Run() GATE_EXCLUDES(mu_);
  // Waits for work and a writer for it; without a writer once no work is left and none will come.
  Assignment NextAssignment() GATE_EXCLUDES(mu_);
  void GiveBack(GroupWriter* writer) GATE_EXCLUDES(mu_);
  void Reply(std::vector<PendingAppend>& group);
  absl::Status Reserve() GATE_EXCLUDES(mu_);
  void Unreserve() GATE_EXCLUDES(mu_);
  absl::Status CheckRoom() const GATE_REQUIRES(mu_);

  KnownDigests& known_;
  const size_t max_group_;
  const size_t max_waiting_;
  const std::vector<std::unique_ptr<GroupWriter>> writers_;
  Closing closing_;
  Mutex mu_;
  CondVar work_;  // There is a group to write and a writer for it, or it is time to stop.
  std::vector<GroupWriter*> free_ GATE_GUARDED_BY(mu_);
  std::deque<PendingAppend> queue_ GATE_GUARDED_BY(mu_);
  size_t waiting_ GATE_GUARDED_BY(mu_) = 0;        // in the queue, or being encoded for it
  size_t waiting_bytes_ GATE_GUARDED_BY(mu_) = 0;  // in the queue
  size_t idle_ GATE_GUARDED_BY(mu_) = 0;           // threads that wait for work
  bool stopping_ GATE_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace gate

#endif  // GATE_STORE_GROUP_COMMIT_H_
