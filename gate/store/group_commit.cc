#include "gate/store/group_commit.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

// Bounds on memory, where evidence is bulky: of one commit, and of the queue.
constexpr size_t kMaxGroupBytes = 16 << 20;
constexpr size_t kMaxWaitingBytes = 256 << 20;
constexpr double kRetryAfterSeconds = 0.2;

}  // namespace

void Closing::Announce() {
  MutexLock lock(mu_);
  announced_ = true;
  changed_.NotifyAll();
}

bool Closing::WaitFor(std::chrono::milliseconds duration) {
  const auto deadline = std::chrono::steady_clock::now() + duration;
  MutexLock lock(mu_);
  while (!announced_ && changed_.WaitUntil(mu_, deadline)) {
  }
  return announced_;
}

GroupCommit::GroupCommit(std::vector<std::unique_ptr<GroupWriter>> writers, KnownDigests& known,
                         int max_group, int max_waiting)
    : known_(known),
      max_group_(max_group),
      max_waiting_(max_waiting),
      writers_(std::move(writers)) {
  threads_.reserve(writers_.size());
  for (const auto& writer : writers_) {
    threads_.emplace_back([this, &writer] { Run(*writer); });
  }
}

GroupCommit::~GroupCommit() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    work_.NotifyAll();
  }
  closing_.Announce();
  for (std::thread& thread : threads_) thread.join();
}

void GroupCommit::Append(VerdictRecord record, Store::Done done) {
  if (absl::Status status = Reserve(); !status.ok()) return done(std::move(status));
  auto encoded = Encode(record, known_);
  if (!encoded.ok()) {
    Unreserve();
    return done(encoded.status());
  }
  PendingAppend pending{*std::move(encoded), std::move(record.verdict), std::move(done)};
  pending.bytes = pending.record.Bytes();
  MutexLock lock(mu_);
  waiting_bytes_ += pending.bytes;
  queue_.push_back(std::move(pending));
  if (idle_ > 0) work_.NotifyOne();
}

absl::Status GroupCommit::HasRoom() {
  MutexLock lock(mu_);
  return CheckRoom();
}

absl::Status GroupCommit::Reserve() {
  MutexLock lock(mu_);
  absl::Status status = CheckRoom();
  if (status.ok()) ++waiting_;
  return status;
}

void GroupCommit::Unreserve() {
  MutexLock lock(mu_);
  --waiting_;
}

absl::Status GroupCommit::CheckRoom() const {
  if (stopping_) return absl::UnavailableError("the store is being closed");
  if (waiting_ < max_waiting_ && waiting_bytes_ < kMaxWaitingBytes) return absl::OkStatus();
  return WithReason(absl::ResourceExhaustedError(absl::StrCat("the store is behind: ", waiting_,
                                                              " verdicts wait to be written")),
                    "STORE_BEHIND", kRetryAfterSeconds);
}

void GroupCommit::Run(GroupWriter& writer) {
  for (;;) {
    std::vector<PendingAppend> group = NextGroup();
    if (group.empty()) return;
    writer.Write(group, closing_);
    for (PendingAppend& pending : group) {
      if (pending.result.ok()) {
        for (const EncodedBlob& blob : pending.record.blobs) known_.Add(blob.digest);
      }
      pending.done(std::move(pending.result));
    }
    writer.AfterReplies();
  }
}

std::vector<PendingAppend> GroupCommit::NextGroup() {
  std::vector<PendingAppend> group;
  MutexLock lock(mu_);
  while (queue_.empty() && !stopping_) {
    ++idle_;
    work_.Wait(mu_);
    --idle_;
  }
  size_t bytes = 0;
  while (!queue_.empty() && group.size() < max_group_ && bytes < kMaxGroupBytes) {
    bytes += queue_.front().bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  waiting_ -= group.size();
  waiting_bytes_ -= bytes;
  return group;
}

}  // namespace gate
