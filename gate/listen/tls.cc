#include "gate/listen/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace gate {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

absl::Status Unusable(const char* what, const std::string& path, std::string_view why) {
  ERR_clear_error();
  return absl::FailedPreconditionError(absl::StrCat(what, " ", path, ": ", std::string(why)));
}

absl::StatusOr<Owned<BIO>> Open(const char* what, const std::string& path) {
  errno = 0;
  Owned<BIO> file(BIO_new_file(path.c_str(), "r"));
  if (file == nullptr) {
    return Unusable(what, path,
                    absl::StrCat("cannot be read: ", std::strerror(errno),
                                 "; check the path and that this user may read it"));
  }
  return file;
}

absl::StatusOr<Owned<X509>> ReadCertificate(const char* what, const std::string& path) {
  auto file = Open(what, path);
  if (!file.ok()) return file.status();
  Owned<X509> certificate(PEM_read_bio_X509(file->get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    return Unusable(what, path, "holds no PEM certificate (-----BEGIN CERTIFICATE-----)");
  }
  return certificate;
}

// Never asks at the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

absl::StatusOr<Owned<EVP_PKEY>> ReadKey(const std::string& path) {
  constexpr char kWhat[] = "tls.private_key_file";
  auto file = Open(kWhat, path);
  if (!file.ok()) return file.status();
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(file->get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) {
    return Unusable(kWhat, path,
                    "holds no PEM private key without a password (-----BEGIN PRIVATE KEY-----)");
  }
  return key;
}

}  // namespace

absl::Status CheckTlsFiles(const config::v1::Tls& tls) {
  constexpr char kCertificate[] = "tls.certificate_file";
  auto certificate = ReadCertificate(kCertificate, tls.certificate_file());
  if (!certificate.ok()) return certificate.status();
  auto key = ReadKey(tls.private_key_file());
  if (!key.ok()) return key.status();
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    return Unusable(
        "tls.private_key_file", tls.private_key_file(),
        absl::StrCat("is not the key of the first certificate in ", tls.certificate_file(),
                     "; put the server's own certificate first in the chain"));
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificate->get())) <= 0) {
    return Unusable(kCertificate, tls.certificate_file(), "has expired; renew the certificate");
  }
  if (!tls.client_ca_file().empty()) {
    auto authority = ReadCertificate("tls.client_ca_file", tls.client_ca_file());
    if (!authority.ok()) return authority.status();
  }
  return absl::OkStatus();
}

}  // namespace gate
