// absl::Status -> grpc::Status. Included by gate/rpc/*.cc only: gRPC's headers are large.
#ifndef GATE_RPC_STATUS_H_
#define GATE_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace gate {

// With every payload as a detail of google.rpc.Status, in the trailer grpc-status-details-bin.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace gate

#endif  // GATE_RPC_STATUS_H_
