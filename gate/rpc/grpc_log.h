// gRPC's own messages (a handshake that failed, a socket that cannot be bound) as lines of our log.
#ifndef GATE_RPC_GRPC_LOG_H_
#define GATE_RPC_GRPC_LOG_H_

#include "gate/log/log.h"

namespace gate {

// One at a time; `log` outlives it. gRPC has one log for the whole process.
class GrpcLog {
 public:
  explicit GrpcLog(Logger& log);
  // From here on gRPC's messages go nowhere.
  ~GrpcLog();
  GrpcLog(const GrpcLog&) = delete;
  GrpcLog& operator=(const GrpcLog&) = delete;
};

}  // namespace gate

#endif  // GATE_RPC_GRPC_LOG_H_
