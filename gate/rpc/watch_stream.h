// Sends a watcher the events of a rollout, as they come.
//
// One thing at a time is under way: a look for new events on the pool, or a write. A wake while one
// is only makes the stream look once more. A watcher that reads slowly slows down nobody but
// itself: the next event is sent when the one before has gone out, and what happened meanwhile
// waits in the store.
#ifndef GATE_RPC_WATCH_STREAM_H_
#define GATE_RPC_WATCH_STREAM_H_

#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <deque>
#include <memory>

#include "gate/api/api.h"
#include "gate/base/mutex.h"
#include "gate/base/thread_pool.h"
#include "gate/rollout/feed.h"
#include "gate/v1/rollouts.pb.h"

namespace gate {

// Deletes itself.
class WatchStream final : public grpc::ServerWriteReactor<v1::WatchRolloutResponse> {
 public:
  // `api` and `pool` outlive it.
  WatchStream(Api& api, ThreadPool& pool, CallContext call, v1::WatchRolloutRequest request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override GATE_EXCLUDES(mu_);
  void OnDone() override { delete this; }

 private:
  void Wake() GATE_EXCLUDES(mu_);
  void Look() GATE_EXCLUDES(mu_);
  // Sends what is in `unsent_`, and looks for more when that is empty.
  void GoOn() GATE_EXCLUDES(mu_);

  Api& api_;
  ThreadPool& pool_;
  const CallContext call_;

  // Touched by whatever is under way.
  v1::WatchRolloutRequest request_;  // its after_sequence is that of the last event that was sent
  std::deque<v1::WatchRolloutResponse> unsent_;
  v1::WatchRolloutResponse sending_;
  bool ended_ = false;  // nothing comes behind what is unsent

  Mutex mu_;
  bool busy_ GATE_GUARDED_BY(mu_) = true;
  bool woken_ GATE_GUARDED_BY(mu_) = false;
  bool cancelled_ GATE_GUARDED_BY(mu_) = false;
  std::unique_ptr<RolloutFeed::Watch> watch_;  // First to go.
};

}  // namespace gate

#endif  // GATE_RPC_WATCH_STREAM_H_
