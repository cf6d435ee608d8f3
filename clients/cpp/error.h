// From gRPC's status to an Error that a person can act on.
#ifndef CLIENTS_CPP_ERROR_H_
#define CLIENTS_CPP_ERROR_H_

#include <grpcpp/support/status.h>

#include "clients/cpp/gate/client.h"

namespace gate::client {

// Takes the details of google.rpc.Status apart; what is garbled there is left out.
Error Decode(const grpc::Status& status);

}  // namespace gate::client

#endif  // CLIENTS_CPP_ERROR_H_
