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
  for (const auto& writer : writers_) free_.push_back(writer.get());
  for (size_t i = 0; i <= writers_.size(); ++i) threads_.emplace_back([this] { Run(); });
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
  if (idle_ > 0 && !free_.empty()) work_.NotifyOne();
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

void GroupCommit::Run() {
  for (;;) {
    auto [group, writer] = NextAssignment();
    if (writer == nullptr) return;
    writer->Write(group, closing_);
    const bool untidy = writer->Untidy();
    if (!untidy) GiveBack(writer);
    Reply(group);
    if (untidy) {
      writer->Tidy();
      GiveBack(writer);
    }
  }
}

GroupCommit::Assignment GroupCommit::NextAssignment() {
  Assignment next;
  MutexLock lock(mu_);
  while (queue_.empty() ? !stopping_ : free_.empty()) {
    ++idle_;
    work_.Wait(mu_);
    --idle_;
  }
  if (queue_.empty()) return next;
  next.writer = free_.back();
  free_.pop_back();
  size_t bytes = 0;
  while (!queue_.empty() && next.group.size() < max_group_ && bytes < kMaxGroupBytes) {
    bytes += queue_.front().bytes;
    next.group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  waiting_ -= next.group.size();
  waiting_bytes_ -= bytes;
  if (stopping_ && queue_.empty()) work_.NotifyAll();  // Nobody waits for a writer any more.
  return next;
}

void GroupCommit::GiveBack(GroupWriter* writer) {
  MutexLock lock(mu_);
  free_.push_back(writer);
  if (idle_ > 0 && !queue_.empty()) work_.NotifyOne();
}

void GroupCommit::Reply(std::vector<PendingAppend>& group) {
  for (PendingAppend& pending : group) {
    if (pending.result.ok()) {
      for (const EncodedBlob& blob : pending.record.blobs) {
        known_.Add(KnownAs(blob.digest, blob.month));
      }
    }
    pending.done(std::move(pending.result));
  }
}

}  // namespace gate
