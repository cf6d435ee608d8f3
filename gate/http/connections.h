// The threads of an HTTP server: one per open connection, so many and no more. Further connections
// are not accepted until one is free: they wait in the kernel and take nothing of ours.
#ifndef GATE_HTTP_CONNECTIONS_H_
#define GATE_HTTP_CONNECTIONS_H_

#include <httplib.h>

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "gate/base/mutex.h"

namespace gate {

// Thread-safe.
class Connections final : public httplib::TaskQueue {
 public:
  explicit Connections(int threads);

  // Blocks while all threads are taken; called by the thread that accepts.
  void enqueue(std::function<void()> connection) override GATE_EXCLUDES(mu_);
  // Serves what was accepted, then ends the threads.
  void shutdown() override GATE_EXCLUDES(mu_);

 private:
  void Run() GATE_EXCLUDES(mu_);

  Mutex mu_;
  CondVar changed_;
  size_t free_ GATE_GUARDED_BY(mu_);
  std::deque<std::function<void()>> accepted_ GATE_GUARDED_BY(mu_);
  bool stopping_ GATE_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace gate

#endif  // GATE_HTTP_CONNECTIONS_H_
