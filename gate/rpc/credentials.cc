#include "gate/rpc/credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "gate/listen/tls.h"

namespace gate {
namespace {

// Reading two small files is cheap, and a rotated certificate should be seen at once.
constexpr unsigned kRefreshSeconds = 1;

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentialsOf(
    const config::v1::Listener& listener) {
  if (!listener.has_tls()) return grpc::InsecureServerCredentials();
  const config::v1::Tls& tls = listener.tls();
  if (absl::Status status = CheckTlsFiles(tls); !status.ok()) return status;

  namespace tls_api = grpc::experimental;
  auto files = std::make_shared<tls_api::FileWatcherCertificateProvider>(
      tls.private_key_file(), tls.certificate_file(), tls.client_ca_file(), kRefreshSeconds);
  tls_api::TlsServerCredentialsOptions options(files);
  options.watch_identity_key_cert_pairs();
  if (!tls.client_ca_file().empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(tls.client_certificate_optional()
                                      ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY
                                      : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return tls_api::TlsServerCredentials(options);
}

}  // namespace gate
