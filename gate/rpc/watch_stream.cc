#include "gate/rpc/watch_stream.h"

#include <utility>

#include "absl/status/status.h"
#include "gate/base/field_error.h"
#include "gate/rpc/status.h"

namespace gate {

WatchStream::WatchStream(Api& api, ThreadPool& pool, CallContext call,
                         v1::WatchRolloutRequest request)
    : api_(api), pool_(pool), call_(std::move(call)), request_(std::move(request)) {
  watch_ = api_.feed().Add(request_.name(), [this] { Wake(); });
  if (watch_ == nullptr) {
    Finish(
        ToGrpc(WithReason(absl::ResourceExhaustedError("too many rollouts are watched; try again"),
                          "TOO_MANY_WATCHES", 5)));
  } else if (!pool_.TrySchedule([this] { Look(); })) {
    Finish(ToGrpc(WithReason(absl::ResourceExhaustedError("too many calls are waiting; try again"),
                             "TOO_MANY_CALLS", 1)));
  }
}

void WatchStream::Wake() {
  MutexLock lock(mu_);
  if (busy_) {
    woken_ = true;
  } else {
    busy_ = pool_.TrySchedule([this] { Look(); });  // Else the next wake does it.
  }
}

void WatchStream::OnCancel() {
  {
    MutexLock lock(mu_);
    cancelled_ = true;
    if (busy_) return;
    busy_ = true;
  }
  Finish(grpc::Status::CANCELLED);
}

void WatchStream::OnWriteDone(bool ok) {
  if (!ok) return Finish(grpc::Status::CANCELLED);
  GoOn();
}

void WatchStream::Look() {
  bool cancelled = false;
  {
    MutexLock lock(mu_);
    woken_ = false;
    cancelled = cancelled_;
  }
  if (cancelled) return Finish(grpc::Status::CANCELLED);
  if (api_.feed().closed()) {
    return Finish(ToGrpc(WithReason(
        absl::UnavailableError("this gate ends; watch on from another one"), "ENDING", 1)));
  }
  auto looked = api_.WatchRollout(call_, request_);
  if (!looked.ok()) return Finish(ToGrpc(looked.status()));
  ended_ = looked->ended;
  for (v1::WatchRolloutResponse& event : looked->events) {
    request_.set_after_sequence(event.sequence());
    unsent_.push_back(std::move(event));
  }
  GoOn();
}

void WatchStream::GoOn() {
  if (!unsent_.empty()) {
    sending_ = std::move(unsent_.front());
    unsent_.pop_front();
    return StartWrite(&sending_);
  }
  if (ended_) return Finish(grpc::Status::OK);
  bool cancelled = false;
  {
    MutexLock lock(mu_);
    cancelled = cancelled_;
    if (!cancelled) {
      busy_ = woken_ && pool_.TrySchedule([this] { Look(); });
      return;
    }
  }
  Finish(grpc::Status::CANCELLED);
}

}  // namespace gate
