// How a gRPC listener is protected. Included by gate/rpc/*.cc only.
#ifndef GATE_RPC_CREDENTIALS_H_
#define GATE_RPC_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "gate/config/v1/config.pb.h"

namespace gate {

// Plain text without `tls`, else TLS whose files are read again when they change; with a client CA
// every client must present a certificate, or may, where the configuration says so.
// FAILED_PRECONDITION where a file cannot be used now.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentialsOf(
    const config::v1::Listener& listener);

}  // namespace gate

#endif  // GATE_RPC_CREDENTIALS_H_
