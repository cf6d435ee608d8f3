// Stands between a client and a PostgreSQL server, and cuts the wire at the worst moment.
#ifndef TESTS_STORE_CUTTING_PROXY_H_
#define TESTS_STORE_CUTTING_PROXY_H_

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gate/base/mutex.h"
#include "tests/fakes/postgres_server.h"

namespace gate {

// Listens on a unix socket of its own and passes everything on. Thread-safe.
class CuttingProxy {
 public:
  explicit CuttingProxy(const PostgresServer& server);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  // The URL of a database, through the proxy.
  std::string Url(const std::string& database) const;

  enum class Cut {
    kNever,
    kBeforeCommit,  // what holds a COMMIT does not reach the server
    kAfterCommit,   // the server has committed, its answer does not reach the client
    kSilence,       // as kAfterCommit, but the connection stays open and silent
  };
  // For the next commit; then back to never.
  void CutNext(Cut cut) { cut_ = cut; }
  int cuts() const { return cuts_; }

 private:
  void Accept();
  void Serve(int client);
  // False where the connection is to be cut: `when` is the cut that this direction is for.
  bool Pass(int from, int to, Cut when);

  const std::string upstream_;
  TempFolder folder_;
  const int listener_;
  std::atomic<Cut> cut_ = Cut::kNever;
  std::atomic<int> cuts_ = 0;
  std::atomic<bool> stopping_ = false;
  Mutex mu_;
  std::vector<std::thread> connections_ GATE_GUARDED_BY(mu_);
  std::thread acceptor_;
};

}  // namespace gate

#endif  // TESTS_STORE_CUTTING_PROXY_H_
