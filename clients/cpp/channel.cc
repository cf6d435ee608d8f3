#include "clients/cpp/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

namespace gate::client {
namespace {

constexpr int kLargestAnswer = 64 << 20;

std::shared_ptr<grpc::ChannelCredentials> Credentials(const Options& options) {
  if (IsPlaintext(options)) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = options.ca_pem;
  ssl.pem_cert_chain = options.certificate_pem;
  ssl.pem_private_key = options.private_key_pem;
  return grpc::SslCredentials(ssl);
}

}  // namespace

bool IsLoopback(std::string_view address) {
  if (address.substr(0, 5) == "unix:") return true;
  if (address.substr(0, 5) == "ipv4:" || address.substr(0, 5) == "ipv6:") address.remove_prefix(5);
  if (address.substr(0, 1) == "[") {
    return address.substr(0, address.find(']') + 1) == "[::1]";
  }
  const std::string_view host = address.substr(0, address.rfind(':'));
  if (host == "localhost" || host == "::1") return true;
  // "127.0.0.1.example.com" is somebody else's.
  return host.substr(0, 4) == "127." &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool IsPlaintext(const Options& options) {
  if (options.security != Security::kAutomatic) return options.security == Security::kPlaintext;
  return options.ca_pem.empty() && options.certificate_pem.empty() && IsLoopback(options.address);
}

std::shared_ptr<grpc::Channel> OpenChannel(const Options& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kLargestAnswer);
  // Trying again is done by us: by the meaning of the call, not by its status alone.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  // A connection of our own: gRPC would share one with another client, and that one's backoff.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, IsLoopback(options.address) ? 0 : 1);
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  if (!options.application.empty()) arguments.SetUserAgentPrefix(options.application);
  return grpc::CreateCustomChannel(options.address, Credentials(options), arguments);
}

}  // namespace gate::client
