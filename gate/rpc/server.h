// The gRPC server: every service of gate.v1, health and reflection, with bounds on messages,
// streams, connections and memory, over TLS where the configuration names certificates.
#ifndef GATE_RPC_SERVER_H_
#define GATE_RPC_SERVER_H_

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gate/api/api.h"
#include "gate/config/v1/config.pb.h"

namespace gate {

// gRPC locks with absl::Mutex, which Debian builds so that each lock looks for deadlocks: 6 % of a
// bare call's time, for bugs that are not ours to mend. Turns that off.
void IgnoreLockOrder();

class RpcServer {
 public:
  // Listens and serves. `listener` and `limits` are those of a configuration that was loaded
  // (gate/config/config.h): checked, with every default filled in. `api` outlives the server.
  // FAILED_PRECONDITION where the address is taken or the certificates cannot be used.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(Api& api,
                                                          const config::v1::Listener& listener,
                                                          const config::v1::Limits& limits);
  // As Drain without any time.
  ~RpcServer();
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  // "127.0.0.1:9443", with the port that was picked where the configuration says 0.
  const std::string& address() const;

  // From here on health says NOT_SERVING, and nobody can watch any more; calls are served as
  // before.
  void AnnounceEnd();

  // Takes no new calls, lets those in flight end, and cuts off what has not ended after `timeout`.
  void Drain(std::chrono::milliseconds timeout);

 private:
  struct Parts;
  explicit RpcServer(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace gate

#endif  // GATE_RPC_SERVER_H_
