// The connection: credentials, keepalive, limits.
#ifndef CLIENTS_CPP_CHANNEL_H_
#define CLIENTS_CPP_CHANNEL_H_

#include <grpcpp/channel.h>

#include <memory>

#include "clients/cpp/gate/client.h"

namespace gate::client {

// Whether calls go out unencrypted under these options.
bool IsPlaintext(const Options& options);

std::shared_ptr<grpc::Channel> OpenChannel(const Options& options);

}  // namespace gate::client

#endif  // CLIENTS_CPP_CHANNEL_H_
