// Certificates of an HTTPS server that are read again when their files change.
#ifndef GATE_HTTP_CERTIFICATES_H_
#define GATE_HTTP_CERTIFICATES_H_

#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gate/base/mutex.h"
#include "gate/config/v1/config.pb.h"

namespace gate {

// Thread-safe.
class Certificates {
 public:
  explicit Certificates(const config::v1::Tls& tls) : tls_(tls) {}

  // Makes every handshake of the context use what the files hold by then. The context does not
  // outlive this. FAILED_PRECONDITION where a file cannot be used now.
  absl::Status Install(SSL_CTX& context);

 private:
  struct Loaded;

  static int OnHandshake(SSL* ssl, void* self);
  std::shared_ptr<const Loaded> Current() GATE_EXCLUDES(mu_);
  static absl::Status Load(const config::v1::Tls& tls, std::shared_ptr<const Loaded>& loaded);

  const config::v1::Tls tls_;
  Mutex mu_;
  std::shared_ptr<const Loaded> loaded_ GATE_GUARDED_BY(mu_);
  std::string stamp_ GATE_GUARDED_BY(mu_);  // Of the files, when they were read.
  std::chrono::steady_clock::time_point looked_ GATE_GUARDED_BY(mu_);
};

}  // namespace gate

#endif  // GATE_HTTP_CERTIFICATES_H_
