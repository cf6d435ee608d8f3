// What a gRPC call shows of who makes it. Included by gate/rpc/*.cc only.
#ifndef GATE_RPC_SHOWN_H_
#define GATE_RPC_SHOWN_H_

#include <grpcpp/server_context.h>

#include "gate/identity/identify.h"

namespace gate {

// Metadata "authorization" and "x-gate-actor", and the names of a client certificate that was
// verified; these are not looked for where nobody is asked (`open`).
Shown ShownBy(const grpc::CallbackServerContext& context, bool open);

}  // namespace gate

#endif  // GATE_RPC_SHOWN_H_
