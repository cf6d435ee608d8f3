// grpc.health.v1.Health/Check, by hand: Debian ships no health.proto, and of its messages we need
// one field.
#ifndef CLIENTS_CPP_HEALTH_H_
#define CLIENTS_CPP_HEALTH_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace gate::client {

// Asks for the whole server's health; `serving` is whether it says SERVING.
grpc::Status CheckHealth(grpc::Channel& channel, grpc::ClientContext& context, bool& serving);

}  // namespace gate::client

#endif  // CLIENTS_CPP_HEALTH_H_
