// A few connections that many threads read through.
#ifndef GATE_STORE_CONNECTION_POOL_H_
#define GATE_STORE_CONNECTION_POOL_H_

#include <memory>
#include <utility>
#include <vector>

#include "gate/base/mutex.h"

namespace gate {

// Thread-safe. Outlives its leases.
template <typename Connection>
class ConnectionPool {
 public:
  explicit ConnectionPool(std::vector<std::unique_ptr<Connection>> connections)
      : free_(std::move(connections)) {}

  // A connection that is the caller's until the lease ends.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    ~Lease() { pool_.Return(std::move(connection_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Connection& operator*() { return *connection_; }
    Connection* operator->() { return connection_.get(); }

   private:
    ConnectionPool& pool_;
    std::unique_ptr<Connection> connection_;
  };

  // Waits for a free one.
  Lease Take() GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    while (free_.empty()) returned_.Wait(mu_);
    std::unique_ptr<Connection> connection = std::move(free_.back());
    free_.pop_back();
    return Lease(*this, std::move(connection));
  }

 private:
  void Return(std::unique_ptr<Connection> connection) GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    free_.push_back(std::move(connection));
    returned_.NotifyOne();
  }

  Mutex mu_;
  CondVar returned_;
  std::vector<std::unique_ptr<Connection>> free_ GATE_GUARDED_BY(mu_);
};

}  // namespace gate

#endif  // GATE_STORE_CONNECTION_POOL_H_
