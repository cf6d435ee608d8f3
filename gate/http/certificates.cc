#include "gate/http/certificates.h"

#include <openssl/err.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "gate/listen/tls.h"

namespace gate {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

// Changes when a file is replaced or written.
std::string StampOf(const config::v1::Tls& tls) {
  std::string stamp;
  for (const std::string& path :
       {tls.certificate_file(), tls.private_key_file(), tls.client_ca_file()}) {
    struct stat status = {};
    if (!path.empty()) stat(path.c_str(), &status);
    absl::StrAppend(&stamp, status.st_ino, ".", status.st_size, ".", status.st_mtim.tv_sec, ".",
                    status.st_mtim.tv_nsec, " ");
  }
  return stamp;
}

}  // namespace

// A context that is never used for handshakes itself: it holds what handshakes take over.
struct Certificates::Loaded {
  std::unique_ptr<SSL_CTX, FreeContext> context;
};

absl::Status Certificates::Load(const config::v1::Tls& tls, std::shared_ptr<const Loaded>& loaded) {
  if (absl::Status status = CheckTlsFiles(tls); !status.ok()) return status;
  auto fresh = std::make_shared<Loaded>();
  fresh->context.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const context = fresh->context.get();
  const bool good =
      SSL_CTX_use_certificate_chain_file(context, tls.certificate_file().c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(context, tls.private_key_file().c_str(), SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_check_private_key(context) == 1 &&
      (tls.client_ca_file().empty() ||
       SSL_CTX_load_verify_file(context, tls.client_ca_file().c_str()) == 1);
  ERR_clear_error();
  if (!good) {
    return absl::FailedPreconditionError(
        absl::StrCat("the files of tls cannot be used together: ", tls.certificate_file(), ", ",
                     tls.private_key_file(), " ", tls.client_ca_file()));
  }
  loaded = std::move(fresh);
  return absl::OkStatus();
}

absl::Status Certificates::Install(SSL_CTX& context) {
  {
    MutexLock lock(mu_);
    stamp_ = StampOf(tls_);
    if (absl::Status status = Load(tls_, loaded_); !status.ok()) return status;
    looked_ = std::chrono::steady_clock::now();
  }
  SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
  // A resumed session would keep an identity that has been rotated away.
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
  SSL_CTX_set_cert_cb(&context, &Certificates::OnHandshake, this);
  if (!tls_.client_ca_file().empty()) {
    SSL_CTX_set_verify(&context,
                       tls_.client_certificate_optional()
                           ? SSL_VERIFY_PEER
                           : SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       nullptr);
  }
  return absl::OkStatus();
}

std::shared_ptr<const Certificates::Loaded> Certificates::Current() {
  MutexLock lock(mu_);
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < std::chrono::seconds(1)) return loaded_;
  looked_ = now;
  std::string stamp = StampOf(tls_);
  if (stamp == stamp_) return loaded_;
  // Files that do not fit together yet are tried again; until then the old ones serve.
  if (Load(tls_, loaded_).ok()) stamp_ = std::move(stamp);
  return loaded_;
}

int Certificates::OnHandshake(SSL* ssl, void* self) {
  const std::shared_ptr<const Loaded> loaded = static_cast<Certificates*>(self)->Current();
  SSL_CTX* const context = loaded->context.get();
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context, &chain);
  if (SSL_use_cert_and_key(ssl, SSL_CTX_get0_certificate(context), SSL_CTX_get0_privatekey(context),
                           chain, 1) != 1) {
    return 0;
  }
  SSL_set1_verify_cert_store(ssl, SSL_CTX_get_cert_store(context));
  return 1;
}

}  // namespace gate
